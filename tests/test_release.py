"""What a release is made of agrees with itself: version, requirements, workflows, tools, and SECURITY.md."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

import kdviz as kd
from tests.typed_program import program

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ADDRESS = "https://github.com/kdviz/kdviz"
NAMES_OF_CONDA = {"pytorch": "torch", "jupyter_server": "jupyter-server"}


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def pythons() -> list[str]:
    return re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))


def test_version_and_address_are_the_same_everywhere():
    cited, recipe = read("CITATION.cff"), read("recipe/recipe.yaml")
    assert {PROJECT["version"], cited["version"], recipe["context"]["version"]} == {kd.__version__}
    about = recipe["about"]
    assert {cited["url"], cited["repository-code"], about["homepage"], PROJECT["urls"]["Repository"]} == {ADDRESS}
    assert all(address.startswith(ADDRESS) for address in PROJECT["urls"].values())
    assert cited["license"] == PROJECT["license"] == about["license"]


def test_the_recipe_asks_for_what_the_project_asks_for():
    recipe = read("recipe/recipe.yaml")
    asked = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["app"]]
    python, *run = sorted(recipe["requirements"]["run"], key=lambda line: not line.startswith("python "))
    bound = python.removeprefix("python ").replace("${{ python_min }}", recipe["context"]["python_min"])
    assert bound == PROJECT["requires-python"]
    named = [re.match(r"(\S+)(?: (.+))?", line).groups() for line in run]
    known = {(NAMES_OF_CONDA.get(name, name), bound or "") for name, bound in named}
    wanted = [Requirement(line) for line in asked]
    told = {(name, str(Requirement(name + bound).specifier)) for name, bound in known}
    assert told == {(one.name, str(one.specifier)) for one in wanted} and len(run) == len(asked)
    made = dict(line.split(" = ") for line in recipe["build"]["python"]["entry_points"])
    assert made == PROJECT["scripts"]


def test_workflows_run_the_gate_on_every_python_that_is_named():
    gate = read(".github/workflows/ci.yml")["jobs"]["gate"]
    assert gate["strategy"]["matrix"]["python"] == pythons()
    assert "bash .ci/run" in [step.get("run") for step in gate["steps"]]
    table = (ROOT / "docs" / "versions.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| Python \| ([\d., ]+) \|", table, re.MULTILINE) and all(
        re.search(rf"^\| Python \| [^|]*{re.escape(one)}\b", table, re.MULTILINE) for one in pythons()
    )
    for name in ("ci", "release"):
        jobs = read(f".github/workflows/{name}.yml")["jobs"].values()
        for script in re.findall(r"bash (\S+)", " ".join(step.get("run", "") for job in jobs for step in job["steps"])):
            assert os.access(ROOT / script, os.X_OK), script
            subprocess.run(["bash", "-n", str(ROOT / script)], check=True)


def test_a_release_is_made_of_the_tag_that_names_its_version():
    steps = read(".github/workflows/release.yml")["jobs"]["build"]["steps"]
    script = next(step["run"] for step in steps if step.get("name") == "The tag names the version")
    for tag, is_its in {f"v{PROJECT['version']}": True, f"v{PROJECT['version']}.1": False, "": False}.items():
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        done = subprocess.run(["bash", "-e", "-c", script], cwd=ROOT, env={"PATH": path, "TAG": tag})
        assert (done.returncode == 0) is is_its, tag


def test_hooks_use_the_versions_that_the_gate_uses():
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    hooks = read(".pre-commit-config.yaml")["repos"][0]["hooks"]
    asked = [name for hook in hooks for name in hook["additional_dependencies"]]
    assert {name for name in asked if name.startswith("ruff==")} <= set(pinned) and len(asked) == 3


def test_every_form_of_an_issue_can_be_filled_in():
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml"):
        form = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert {"name", "description", "body"} <= set(form)
        assert len({field["id"] for field in form["body"]}) == len(form["body"])


def unpickling(tree: ast.AST) -> list[str]:
    """Return the calls of a program that would run what a file says."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        call, given = ast.unparse(node.func), {one.arg: ast.unparse(one.value) for one in node.keywords}
        unsafe = re.fullmatch(r"(c?pickle|cloudpickle|dill|joblib|marshal|shelve)\.(loads?|open|Unpickler)", call)
        if unsafe or call in {"eval", "exec", "yaml.load"} or given.get("allow_pickle") == "True":
            found.append(call)
        if call == "torch.load" and given.get("weights_only") != "True":
            found.append(call)
    return found


@pytest.mark.parametrize("text", ["pickle.load(f)", "torch.load(f)", "np.load(f, allow_pickle=True)", "eval(x)"])
def test_what_would_run_a_file_is_recognized(text):
    assert unpickling(ast.parse(text))
    assert not unpickling(ast.parse("torch.load(f, weights_only=True)\nmodel.eval()\npickle.dumps(x)"))


def test_nothing_that_kdviz_opens_is_unpickled():
    found = {
        path.relative_to(ROOT).as_posix(): calls
        for path in (ROOT / "kdviz").rglob("*.py")
        if (calls := unpickling(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert found == {}


def test_a_typed_program_runs_as_mypy_reads_it(tmp_path):
    assert 0 < program(tmp_path / "run") < 9_500
