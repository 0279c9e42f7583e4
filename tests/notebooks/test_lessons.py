"""Every lesson runs to its end without a page, quickly, and every solution passes every check.

One of the students' versions runs in a kernel, all else in this process. The full mode, minutes for all:
``KDVIZ_FULL=1 pytest -n 0 -m full tests/notebooks/test_lessons.py``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
import torch
from ipywidgets import Widget
from nbclient import NotebookClient

from kdviz.lessons import Exercise, Lesson, kept, quick

from .in_process import run

COURSE = Path(__file__).resolve().parents[2] / "notebooks" / "course"
FULL = sorted((COURSE.parent / "solutions").glob("*.ipynb"))
IN_A_KERNEL = "02-temperature"  # a student's version

MORE = {
    "02-temperature": """
for T, size in sizes.items():
    by_hand = T * ((s / T).softmax(1) - (t / T).softmax(1)).norm().item() / len(s)
    assert abs(size - by_hand) < 1e-6, T
assert sizes[8] / sizes[1] > 5 > 2 > sizes[16] / sizes[8], "it grows, then levels off"
"""
}  # what has to hold in a lesson's own names when it has run


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Answers are kept in a folder of the test's, and nothing of one lesson stays for the next."""
    monkeypatch.setenv(kept.FOLDER, str(tmp_path))
    monkeypatch.chdir(COURSE)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    yield
    Widget.close_all()
    torch.set_rng_state(state)
    torch.set_num_threads(threads)


def lessons_in(names: dict) -> Lesson:
    (lesson,) = {id(one): one for one in names.values() if isinstance(one, Lesson)}.values()
    return lesson


def check(path: Path) -> None:
    lesson = lessons_in(run(path, MORE.get(path.stem, "")))
    exercises = [name for name in lesson.parts if isinstance(lesson.part(name), Exercise)]
    assert len(exercises) >= 2
    for name in exercises:
        n = len(lesson.part(name).checks)
        assert lesson.kept.get(name) is not None, f"{name} is checked in the notebook"
        assert lesson.kept[name].answer == {"passed": n, "of": n}, name
    lesson.close()


@pytest.mark.parametrize("path", FULL, ids=lambda path: path.stem)
def test_a_lesson_runs_quickly_to_its_end_and_its_solutions_pass(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(quick.VARIABLE, "1")
    check(path)


@pytest.mark.full
@pytest.mark.timeout(900)
@pytest.mark.parametrize("path", FULL, ids=lambda path: path.stem)
def test_a_lesson_runs_in_full_to_its_end_and_its_solutions_pass(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(quick.VARIABLE, raising=False)
    check(path)


def test_a_students_version_runs_to_its_end_in_a_kernel_with_nothing_written_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(quick.VARIABLE, "1")
    notebook = nbformat.read(COURSE / f"{IN_A_KERNEL}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=280, resources={"metadata": {"path": str(COURSE)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert any("application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in outputs)
    texts = [output.data["text/plain"] for output in outputs if "text/plain" in output.get("data", {})]
    nothing = [text for text in texts if "There is nothing to check yet." in text]
    assert len(nothing) >= 2 and not [text for text in texts if "checks passed" in text and text not in nothing]
    assert len(list(tmp_path.glob(f"*{kept.ENDING}"))) == 1, "what came of the checks is kept"


@pytest.mark.full
@pytest.mark.timeout(900)
@pytest.mark.parametrize("path", [path for path in FULL if path.stem != IN_A_KERNEL], ids=lambda path: path.stem)
def test_a_students_version_runs_to_its_end_with_nothing_written_yet(path: Path, monkeypatch) -> None:
    monkeypatch.setenv(quick.VARIABLE, "1")
    lesson = lessons_in(run(COURSE / path.name))
    answers = [lesson.kept[name].answer for name in lesson.parts if isinstance(lesson.part(name), Exercise)]
    assert {answer["passed"] for answer in answers} == {0}
    assert os.environ[kept.FOLDER] == str(lesson.kept.path.parent)
