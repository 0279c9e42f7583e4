"""The wheel in an empty environment: built, installed with all it asks for, its Lab trained from there."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

TRAIN = """
import kdviz as kd
lab = kd.panels.Lab(labels=100, units=8, epochs=2)
lab.command("train")
assert lab.wait("finished"), lab.status
print(kd.__file__, lab.run.steps_done, sep="\\n")
lab.close()
"""


@pytest.mark.full
@pytest.mark.timeout(600)
def test_the_wheel_in_an_empty_environment_trains_the_lab(repository: Path, tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(repository)]
    subprocess.run(build, check=True, capture_output=True)
    wheel = next(tmp_path.glob("kdviz-*.whl"))
    venv.create(tmp_path / "empty", with_pip=True)
    python = tmp_path / "empty" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "KDVIZ", "VIRTUAL_ENV"))}
    pins = str(repository / "constraints.txt")
    install = [str(python), "-m", "pip", "install", "--quiet", "-c", pins, f"{wheel}[app]"]
    done = subprocess.run(install, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    done = subprocess.run([str(python), "-c", TRAIN], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    where, steps = done.stdout.split()[-2:]
    assert Path(where).is_relative_to(tmp_path / "empty")
    assert int(steps) == 2
