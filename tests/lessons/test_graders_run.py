"""Lesson 2 marked by nbgrader and by otter-grader: ``pip install -e ".[test-graders]"``, else left out."""

from __future__ import annotations

import csv
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from kdviz.lessons import graders, student

FULL = Path(__file__).resolve().parents[2] / "notebooks" / "solutions"
NAME = "02-temperature"
WRONG = "def gradient(s, t, T):\n    return (s / T).softmax(-1) - (t / T).softmax(-1)"


def without(package: str) -> pytest.MarkDecorator:
    missing = importlib.util.find_spec(package) is None
    return pytest.mark.skipif(missing, reason=f"{package} is not installed: pip install -e .[test-graders]")


@pytest.fixture
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the full lesson, and an environment in which it runs quickly and keeps nothing of the user's."""
    folder = tmp_path / "full"
    folder.mkdir()
    (folder / f"{NAME}.ipynb").write_bytes((FULL / f"{NAME}.ipynb").read_bytes())
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)  # nbgrader calls alembic
    monkeypatch.setenv("KDVIZ_QUICK", "1")
    monkeypatch.setenv("KDVIZ_ANSWERS", str(tmp_path / "answers"))
    (tmp_path / "home").mkdir()
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    return folder


@pytest.mark.timeout(900)
@without("nbgrader")
def test_nbgrader_releases_the_lesson_and_marks_it(full: Path, tmp_path: Path) -> None:
    course = tmp_path / "course"
    graders.nbgrader_written(full, course / "source" / "kd", points=3)

    def nbgrader(*arguments: str) -> None:
        command = [sys.executable, "-m", "nbgrader", *arguments, f"--CourseDirectory.root={course}"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=course, env=os.environ, timeout=800)
        assert done.returncode == 0, done.stderr[-3000:]

    nbgrader("generate_assignment", "kd", "--create")
    release = course / "release" / "kd" / f"{NAME}.ipynb"
    assert "BEGIN SOLUTION" not in release.read_text(encoding="utf-8")
    source = nbformat.read(course / "source" / "kd" / f"{NAME}.ipynb", as_version=4)
    solved = {c.metadata.nbgrader.grade_id: c.source for c in source.cells if "nbgrader" in c.metadata}
    half = {name: WRONG if "def gradient" in text else text for name, text in solved.items()}
    for learner, written in (("right", solved), ("half", half), ("nothing", {})):
        notebook = nbformat.read(release, as_version=4)
        for cell in notebook.cells:
            cell.source = written.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
        place = course / "submitted" / learner / "kd"
        place.mkdir(parents=True)
        nbformat.write(notebook, place / f"{NAME}.ipynb")
    nbgrader("autograde", "kd", "--Execute.timeout=300")
    nbgrader("export", f"--CsvExportPlugin.to={tmp_path / 'grades.csv'}")
    with (tmp_path / "grades.csv").open() as file:
        scores = {row["student_id"]: (float(row["score"]), float(row["max_score"])) for row in csv.DictReader(file)}
    assert scores == {"nothing": (0, 6), "half": (3, 6), "right": (6, 6)}
    marked = nbformat.read(course / "autograded" / "half" / "kd" / f"{NAME}.ipynb", as_version=4)
    errors = [output for cell in marked.cells for output in cell.get("outputs", ()) if output.output_type == "error"]
    assert [error.ename for error in errors] == ["AssertionError"], "all else ran to its end"
    assert "The factor is T" in errors[0].evalue


CHECKED = """
import otter
grader = otter.Notebook(tests_dir={tests!r})
results = {{name: grader.check(name) for name in {names!r}}}
print({{name: (result.score, result.possible) for name, result in results.items()}})
print(repr(results["gradient"]))
"""


@pytest.mark.timeout(900)
@without("otter")
def test_otters_own_notebook_marks_the_lesson(full: Path, tmp_path: Path) -> None:
    release = tmp_path / "release"
    written = graders.otter_written(full, release, points=2)
    tests = release / "tests" / NAME
    assert sorted(path.name for path in written) == [f"{NAME}.ipynb", "gradient.py", "soften.py"]

    def outcome(notebook: nbformat.NotebookNode) -> str:
        checks = CHECKED.format(tests=str(tests), names=["soften", "gradient"])
        notebook.cells.append(nbformat.v4.new_code_cell(checks))
        resources = {"metadata": {"path": str(release)}}
        NotebookClient(notebook, timeout=800, kernel_name="python3", resources=resources).execute()
        return "".join(output.text for output in notebook.cells[-1].outputs if output.output_type == "stream")

    solved = student.full(full / f"{NAME}.ipynb")
    assert "{'soften': (2, 2), 'gradient': (2, 2)}" in outcome(solved)
    empty = outcome(nbformat.read(release / f"{NAME}.ipynb", as_version=4))
    assert "{'soften': (0, 2), 'gradient': (0, 2)}" in empty and "There is nothing to check yet." in empty
    half = student.full(full / f"{NAME}.ipynb")
    for cell in half.cells:
        if "def gradient" in cell.source:
            cell.source = WRONG
    told = outcome(half)
    assert "{'soften': (2, 2), 'gradient': (0, 2)}" in told and "The factor is T" in told
