"""Kept answers: a small file that survives restarts, damage, other kernels and folders that cannot be written."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdviz.lessons import kept
from kdviz.lessons.kept import KeptAnswers

ROW = {"answer": "a", "at": "2026-01-31T12:00:00+00:00", "tries": 1}


def file_in(folder: Path) -> Path:
    return folder / "sums.answers.json"


def content(**changes) -> str:
    return json.dumps({"version": 1, "lesson": "sums", "submitted": "", "answers": {"first": ROW}} | changes)


def test_answers_come_back_after_a_restart(tmp_path: Path) -> None:
    answers = KeptAnswers("sums", tmp_path)
    assert not file_in(tmp_path).exists(), "nothing is written before there is an answer"
    answers.put("first", ["a", 1.5, [0, 1]])
    answers.put("second", "grün 學生")
    answers.put("first", "b")
    answers.submit()
    again = KeptAnswers("sums", tmp_path)
    assert again.all == answers.all and again.submitted == answers.submitted != ""
    assert (list(again.all), again["first"].answer, again["first"].tries) == (["first", "second"], "b", 2)
    assert again["first"].at.endswith("+00:00") and again.note == ""
    assert "grün 學生" in file_in(tmp_path).read_text(encoding="utf-8"), "a person can read it"
    assert [p.name for p in tmp_path.iterdir()] == ["sums.answers.json"]
    again.drop("first")
    assert list(KeptAnswers("sums", tmp_path).all) == ["second"]
    again.clear()
    assert (KeptAnswers("sums", tmp_path).all, KeptAnswers("sums", tmp_path).submitted) == ({}, "")


def test_the_folder_is_the_notebooks_or_as_the_environment_says(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(kept.FOLDER, raising=False)
    answers = KeptAnswers("sums")
    monkeypatch.chdir("/")
    answers.put("first", "a")
    assert file_in(tmp_path).is_file(), "also where the notebook has gone elsewhere"
    monkeypatch.setenv(kept.FOLDER, str(tmp_path / "of" / "all"))
    KeptAnswers("sums").put("first", "a")
    assert file_in(tmp_path / "of" / "all").is_file(), "a folder is made"
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.13")
    assert KeptAnswers("sums").path is None and KeptAnswers("sums").all == {}, "visitors share no file"


DAMAGED = {
    "empty": "",
    "cut": content()[:-20],
    "binary": "\0\1\2",
    "a list": "[]",
    "another version": content(version=2),
    "no answers": content(answers=None),
    "answers in a list": content(answers=[ROW]),
    "a row that is none": content(answers={"first": "a"}),
    "a row without a time": content(answers={"first": {"answer": "a"}}),
    "a row without an answer": content(answers={"first": {"at": "now"}}),
    "no tries": content(answers={"first": {**ROW, "tries": 0}}),
    "tries in words": content(answers={"first": {**ROW, "tries": "many"}}),
    "half tries": content(answers={"first": {**ROW, "tries": True}}),
    "a part without a name": content(answers={"": ROW}),
    "a part with a long name": content(answers={"a" * 101: ROW}),
    "NaN": content(answers={"first": {**ROW, "answer": float("nan")}}),
    "infinity": content().replace('"a"', "1e999"),
    "a number of many digits": content().replace('"a"', "1" * 5000),
    "deep": content().replace('"a"', "[" * 100_000 + "]" * 100_000),
    "large": content().replace('"a"', '"' + "a" * 2**20 + '"'),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_file_that_cannot_be_read_is_set_aside_and_told(name: str, tmp_path: Path) -> None:
    file_in(tmp_path).write_text(DAMAGED[name], encoding="utf-8")
    answers = KeptAnswers("sums", tmp_path)
    told = answers.note
    assert told.startswith("The answers in sums.answers.json could not be read: it ") and told.count(".") <= 6
    assert told.endswith("; it is kept as sums.answers.json.unreadable.")
    answers.put("first", "b")
    assert answers.note == told, "told as long as the kernel runs"
    assert (tmp_path / "sums.answers.json.unreadable").read_text(encoding="utf-8") == DAMAGED[name]
    assert KeptAnswers("sums", tmp_path)["first"].answer == "b" and KeptAnswers("sums", tmp_path).note == ""


def test_what_was_set_aside_before_stays(tmp_path: Path) -> None:
    for text in ("one", "two", "three"):
        file_in(tmp_path).write_text(text)
        KeptAnswers("sums", tmp_path)
    aside = sorted(tmp_path.iterdir())
    assert [p.read_text() for p in aside] == ["one", "two", "three"]
    assert [p.name.rpartition(".")[2] for p in aside] == ["unreadable", "unreadable-2", "unreadable-3"]


def test_a_folder_or_a_pipe_of_that_name_is_set_aside_too(tmp_path: Path) -> None:
    file_in(tmp_path).mkdir()
    assert "it is no file" in KeptAnswers("sums", tmp_path).note
    os.mkfifo(file_in(tmp_path))
    assert "it is no file" in KeptAnswers("sums", tmp_path).note


def test_where_nothing_can_be_written_answers_last_as_long_as_the_kernel(tmp_path: Path) -> None:
    nowhere = tmp_path / "file"
    nowhere.write_text("no folder")
    answers = KeptAnswers("sums", nowhere)
    assert answers.note == ""
    answers.put("first", "a")
    answers.put("second", "b")
    sentence = "Your answers could not be written to sums.answers.json: .+. They last as long as this kernel."
    assert re.fullmatch(sentence, answers.note)
    assert [one.answer for one in answers.all.values()] == ["a", "b"]
    nowhere.unlink()
    answers.put("third", "c")
    assert answers.note == "" and list(KeptAnswers("sums", nowhere).all) == ["first", "second", "third"], "nothing lost"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only_is_told_and_loses_nothing(tmp_path: Path) -> None:
    KeptAnswers("sums", tmp_path).put("first", "a")
    before = file_in(tmp_path).read_bytes()
    tmp_path.chmod(0o500)
    try:
        answers = KeptAnswers("sums", tmp_path)
        answers.put("second", "b")
        assert "Permission denied. They last as long as this kernel." in answers.note
        assert list(answers.all) == ["first", "second"] and file_in(tmp_path).read_bytes() == before
    finally:
        tmp_path.chmod(0o700)


def test_a_damaged_file_that_cannot_be_moved_is_not_written_over(tmp_path: Path, monkeypatch) -> None:
    file_in(tmp_path).write_text("precious")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    answers = KeptAnswers("sums", tmp_path)
    answers.put("first", "a")
    assert answers.note.endswith("it is not JSON. Yours last as long as this kernel.")
    assert file_in(tmp_path).read_text() == "precious" and answers["first"].answer == "a"


def test_two_kernels_of_one_notebook_lose_no_answer_of_each_other(tmp_path: Path) -> None:
    one, other = KeptAnswers("sums", tmp_path), KeptAnswers("sums", tmp_path)
    one.put("first", "a")
    other.put("second", "b")
    one.put("third", "c")
    assert list(KeptAnswers("sums", tmp_path).all) == ["first", "second", "third"] == list(one.all)
    file_in(tmp_path).write_text("damaged meanwhile")
    one.put("fourth", "d")
    assert list(KeptAnswers("sums", tmp_path).all) == ["first", "second", "third", "fourth"]


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=20),
        st.recursive(
            st.none()
            | st.text(alphabet=st.characters(), max_size=9)
            | st.floats(allow_nan=False, allow_infinity=False),
            st.lists,
            max_leaves=5,
        ),
        max_size=4,
    )
)
def test_any_plain_value_survives(tmp_path_factory, answers: dict) -> None:
    folder = tmp_path_factory.mktemp("any")
    first = KeptAnswers("sums", folder)
    for part, answer in answers.items():
        first.put(part, answer)
    again = KeptAnswers("sums", folder)
    assert again.note == "" and {part: one.answer for part, one in again.all.items()} == answers


def test_half_a_character_from_a_page_survives_as_well(tmp_path: Path) -> None:
    KeptAnswers("sums", tmp_path).put("first", "\ud800")
    assert KeptAnswers("sums", tmp_path)["first"].answer == "\ud800"


@pytest.mark.parametrize("name", ["", "../sums", "a/b", "sums.json", "ä", "a" * 61, "a b", "sums\n"])
def test_a_lesson_has_a_name_that_can_be_a_file(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^a lesson's name must be letters, digits, - and _, at most 60, got "):
        KeptAnswers(name, tmp_path)
