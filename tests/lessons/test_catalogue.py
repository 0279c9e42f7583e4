"""The lessons of the course: each is found by its name, and each of its parts can be made, asked and replied to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import kdviz as kd
from kdviz.lessons import catalogue

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks" / "solutions"


@pytest.mark.parametrize("name", catalogue.names())
def test_a_lesson_is_begun_by_its_name_which_its_notebook_has_too(name: str, tmp_path: Path) -> None:
    lesson = kd.lessons.begin(name, folder=tmp_path, tell="never")
    assert lesson.kept.lesson == name and lesson.tell == "never" and len(lesson.parts) >= 3
    assert type(lesson).__doc__ and lesson.rows() == []
    begun = f'kd.lessons.begin(\\"{name}\\"'
    texts = [path.read_text(encoding="utf-8") for path in NOTEBOOKS.glob("*.ipynb")]
    (text,) = (one for one in texts if begun in one)
    used = set(re.findall(r'lesson\.(?:ask|check|see)\(\\"(\w+)\\"', text))
    assert used <= set(lesson.parts), "the notebook asks for parts that there are"
    quiz = {part for part in lesson.parts if part not in used}
    assert not quiz or "lesson.quiz()" in text


@pytest.mark.parametrize("name", ["", "no", "../temperature", "temperature.py", "__init__"])
def test_another_name_is_answered_with_those_that_there_are(name: str) -> None:
    with pytest.raises(ValueError, match=rf"^there is no lesson {re.escape(repr(name))}; there are .*temperature"):
        kd.lessons.begin(name)
