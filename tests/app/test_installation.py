"""What is promised about installing: constraints, Binder's files, the wheel."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest


def pinned(repository: Path) -> dict[str, str]:
    lines = (repository / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pairs}


def test_constraints_pin_all_that_the_project_asks_for(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    held = ("app", "docs", "export", "test", "test-foreign")
    named = [*project["dependencies"], *(name for extra in held for name in extras[extra])]
    asked = {re.split(r"[\[<>=]", name)[0].lower() for name in named}
    assert asked - {"kdviz"} <= set(pinned(repository))
    assert pinned(repository)["torch"] == "2.13.0"


def test_constraints_name_versions_only(repository: Path) -> None:
    text = (repository / "constraints.txt").read_text()
    assert not re.search(r"://|@|file:|\+", text)


def test_binder_uses_the_constraints_and_the_tested_python(repository: Path) -> None:
    binder = repository / "binder"
    lines = (binder / "requirements.txt").read_text().splitlines()
    assert (binder / "requirements.txt").parent.joinpath("../constraints.txt").resolve().is_file()
    assert {"--constraint ../constraints.txt", "torch==2.13.0", "-e .[app]"} <= set(lines)
    assert (binder / "runtime.txt").read_text().strip() == "python-3.11"


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_binder_scripts_are_sound(repository: Path, name: str) -> None:
    script = repository / "binder" / name
    assert os.access(script, os.X_OK)
    assert "set -e" in script.read_text().splitlines()
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_binder_start_runs_the_command_and_makes_the_template_known(repository: Path, tmp_path: Path) -> None:
    code = (
        "import json, sys; from voila.paths import collect_template_paths as c; "
        "from jupyter_core.paths import jupyter_config_path as p; "
        "print(json.dumps([c(['voila', 'nbconvert'], 'kdviz', prune=True)[0], p()[0], sys.argv[1:]]))"
    )
    command = [str(repository / "binder" / "start"), sys.executable, "-c", code, "an argument"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    template, settings, arguments = json.loads(done.stdout)
    assert (Path(template) / "index.html.j2").is_file()
    assert (Path(settings) / "jupyter_server_config.json").is_file()
    assert (Path(settings) / "jupyter_server_config.py").is_file()
    assert arguments == ["an argument"]


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(folder),
        str(repository),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("kdviz-*.whl"))


def test_wheel_carries_data_template_and_widgets(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "kdviz/data/files/mnist/train-images-idx3-ubyte.gz",
        "kdviz/data/files/adult/adult.data.gz",
        "kdviz/data/files/fashion-mnist/train-images-idx3-ubyte.gz",
        "kdviz/app/jupyter/voila/templates/kdviz/index.html.j2",
        "kdviz/app/jupyter/voila/templates/kdviz/static/page.js",
        "kdviz/__init__.pyi",
        "kdviz/py.typed",
        "kdviz/report/templates/page.html",
        "kdviz/widgets/soft_targets/view.js",
        "kdviz/widgets/shared/theme.css",
        "kdviz/app/notebooks/dashboards/lab.ipynb",
        "kdviz/app/notebooks/course/02-temperature.ipynb",
    } <= names
    assert not [name for name in names if name.startswith(("tests/", "notebooks/", "datasets/"))]
    assert not [name for name in names if "solutions" in name], "they are for those who teach"
    assert wheel.stat().st_size < 75e6, "a package index takes up to 100 MB"


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel, and sees this environment's other packages."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
    ]
    subprocess.run([*pip, str(wheel)], check=True)
    purelib = subprocess.run(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    # A path named in a .pth file has its own .pth files left alone: the clone stays out of sight.
    Path(purelib, "others.pth").write_text(sysconfig.get_path("purelib"))
    return python


def in_wheel(python: Path, folder: Path, code: str) -> str:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "KDVIZ", "JUPYTER"))
    }
    done = subprocess.run(
        [str(python), "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_installed_wheel_is_the_one_that_is_imported(installed: Path, tmp_path: Path, repository: Path) -> None:
    where = Path(in_wheel(installed, tmp_path, "import kdviz; print(kdviz.__file__)"))
    assert repository not in where.parents


def test_installed_wheel_loads_its_data(installed: Path, tmp_path: Path) -> None:
    code = "import kdviz as kd; print(*(len(kd.data.load(name).test) for name in ('mnist', 'fashion-mnist', 'adult')))"
    assert in_wheel(installed, tmp_path, code) == "10000 10000 16281"


def test_installed_wheel_finds_its_notebooks_and_template(installed: Path, tmp_path: Path) -> None:
    code = (
        "from kdviz.app import places; places.make_template_known(); "
        "from voila.paths import collect_template_paths as c; "
        "print(places.lab().is_file(), c(['voila', 'nbconvert'], 'kdviz', prune=True)[0])"
    )
    found, template = in_wheel(installed, tmp_path, code).split(maxsplit=1)
    assert found == "True"
    assert Path(template).is_relative_to(installed.parents[1])


def test_voila_finds_the_template_of_the_wheel_by_itself(installed: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from voila.paths import collect_template_paths as c; "
        "print(sys.prefix, c(['voila', 'nbconvert'], 'kdviz', prune=True)[0], sep='\\n')"
    )
    prefix, template = in_wheel(installed, tmp_path, code).splitlines()
    assert Path(template) == Path(prefix, "share/jupyter/voila/templates/kdviz")
    assert (Path(template) / "static" / "page.js").is_file()


@pytest.mark.parametrize("command", ["kdviz --version", "jupyter-kdviz --help", "python -m kdviz --version"])
def test_commands_of_the_installed_wheel_answer(command: str, installed: Path, tmp_path: Path) -> None:
    name, *arguments = command.split()
    program = installed.with_name(name + installed.suffix) if name != "python" else installed
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "KDVIZ", "JUPYTER"))
    }
    done = subprocess.run(
        [str(program), *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(("kdviz 0", "usage: kdviz serve"))


def test_the_lab_of_the_installed_wheel_is_made(installed: Path, tmp_path: Path) -> None:
    code = "import kdviz as kd; lab = kd.panels.Lab(); print(type(lab.view).__module__); lab.close()"
    assert in_wheel(installed, tmp_path, code).splitlines()[-1].startswith(("ipywidgets", "kdviz.widgets"))
