"""Where answers are collected: under whose name, in which folder, how many, and what becomes of hostile ones."""

from __future__ import annotations

import json
import os
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdviz.app import collected
from kdviz.app.collected import Answered, Collected, Learner, NotCollectedError, folder_name, named
from kdviz.lessons import gradebook, kept

ADA, OTHER_ADA = Learner("Ada", "a" * 16), Learner("Ada", "b" * 16)


def rows(folder: Path) -> list[tuple[str, str, object]]:
    return [(row["learner"], row["part"], row["answer"]) for row in gradebook.rows(folder, marked=False)]


def test_each_answer_is_there_at_once_under_its_learners_name(tmp_path: Path) -> None:
    answers = Collected(tmp_path / "class")
    assert answers.counts() == (0, [])
    for part, answer in {"cold": "The label alone", "hot": [0.5, 0.5]}.items():
        assert answers.put(ADA, "temperature", part, answer) == "Ada"
    assert answers.put(OTHER_ADA, "temperature", "cold", "Nothing") == "Ada-2", "a name is not a person"
    again = Collected(tmp_path / "class")  # the server was started anew
    again.put(OTHER_ADA, "temperature", "cold", "Its own first choice alone, the wrong one")
    again.put(OTHER_ADA, "loss", "first", 3)
    assert sorted(rows(answers.folder)) == [
        ("Ada", "cold", "The label alone"),
        ("Ada", "hot", [0.5, 0.5]),
        ("Ada-2", "cold", "Its own first choice alone, the wrong one"),
        ("Ada-2", "first", 3),
    ]
    expected = [Answered("loss", "first", 1), Answered("temperature", "cold", 2), Answered("temperature", "hot", 1)]
    assert again.counts() == (2, expected) == answers.counts()
    assert (tmp_path / "class").stat().st_mode & 0o077 == 0 or os.name == "nt"


def test_the_same_answer_once_more_changes_nothing_and_submitted_ones_stand(tmp_path: Path) -> None:
    answers = Collected(tmp_path)
    for value in ("4", "4", "5"):
        answers.put(ADA, "sums", "first", value)
    assert answers.submit(ADA, "sums") == answers.submit(ADA, "sums") == "Ada"
    answers.put(ADA, "sums", "first", "5")
    answers.put(ADA, "sums", "last", "6")  # what a page brings back comes in any order
    with pytest.raises(NotCollectedError, match=collected.FINAL):
        answers.put(ADA, "sums", "first", "4")
    found, submitted, _ = kept.read(tmp_path / "Ada/sums.answers.json")
    assert found["first"].answer == "5" and found["first"].tries == 2 and set(found) == {"first", "last"} and submitted


def test_many_of_one_name_at_the_same_time_have_a_folder_each(tmp_path: Path) -> None:
    answers = [Collected(tmp_path) for _ in range(4)]  # as many servers
    learners = [Learner("Ada", f"{n:016d}") for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda n: answers[n % 4].put(learners[n], "sums", "first", n), range(40)))
    assert len(set(names)) == 40
    assert sorted(rows(tmp_path)) == sorted((name, "first", n) for n, name in enumerate(names))


def test_a_user_of_a_hub_is_known_and_has_the_folder_that_their_notebooks_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert collected.of_hub() is None
    monkeypatch.setenv(collected.HUB_USER, "ada")
    user = collected.of_hub()
    assert user is not None and user.of_hub
    Collected(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["ada"], "all that the user's server need write to"
    kept.KeptAnswers("sums", tmp_path / "ada").put("first", "in a notebook")
    assert Collected(tmp_path).put(user, "sums", "last", "on a page") == "ada"
    assert Collected(tmp_path).put(Learner("ada", "a" * 16), "sums", "first", "somebody else") == "ada-2"
    assert ("ada", "first", "in a notebook") in rows(tmp_path) and ("ada", "last", "on a page") in rows(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "a/b\\c",
        "C:\\x",
        "nul",
        "x.answers.json",
        ".hidden",
        "=1+1",
        "\u202eada",
        "a\x00b",
        "x" * 60,
    ],
)
def test_a_hostile_name_is_a_folder_of_the_class(name: str, tmp_path: Path) -> None:
    (tmp_path / "class").mkdir()
    answers = Collected(tmp_path / "class")
    place = answers.put(Learner(named(name), "a" * 16), "sums", "first", "4")
    assert [path.name for path in tmp_path.iterdir()] == ["class"]
    assert [path.name for path in answers.folder.iterdir()] == [place]
    assert rows(answers.folder) == [(place, "first", "4")]


@pytest.mark.parametrize("name", ["", "..", "/", " \n", "\u202e", "x" * 61, None, 5, ["ada"]], ids=repr)
def test_what_is_no_name_is_refused(name: object) -> None:
    with pytest.raises(NotCollectedError, match=collected.NAME):
        named(name)


@given(st.text(max_size=80))
def test_any_name_makes_one_plain_part_of_a_path(text: str) -> None:
    try:
        name = named(text)
    except NotCollectedError:
        return
    folder = folder_name(name)
    assert 0 < len(folder.encode()) <= collected.LONGEST_BYTES + 1
    assert folder == folder.strip(" -") and not set(folder) & set('./\\:*?"<>|\x00')
    assert not any(unicodedata.category(one).startswith("C") for one in name)


@pytest.mark.parametrize(
    ("lesson", "part", "answer"),
    [
        ("../ada", "first", "4"),
        ("sums", "", "4"),
        ("sums", "x" * 101, "4"),
        ("sums", "first", None),
        ("sums", "first", {"passed": 5}),
        ("sums", "first", True),
        ("sums", "first", float("nan")),
        ("sums", "first", [[["deep"]]]),
        ("sums", "first", [0] * 401),
        ("sums", "first", "x" * 25_000),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_answer_is_not_written(lesson: str, part: str, answer: object, tmp_path: Path) -> None:
    answers = Collected(tmp_path)
    with pytest.raises(ValueError, match="must"):
        answers.put(ADA, lesson, part, answer)
    assert list(tmp_path.rglob(f"*{kept.ENDING}")) == []


def test_nobody_fills_the_disk_and_what_was_taken_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Collected(tmp_path)
    for n in range(24):
        answers.put(ADA, "sums", f"part {n}", "x" * 20_000)
    with pytest.raises(NotCollectedError, match=collected.FULL):
        [answers.put(ADA, "sums", f"part {n}", "x" * 20_000) for n in range(24, 80)]
    assert 24 <= len(rows(tmp_path)) < 60
    assert sum(path.stat().st_size for path in tmp_path.rglob("*")) < 1.1 * collected.MOST_BYTES
    monkeypatch.setattr(collected, "MOST_FILES", 3)
    with pytest.raises(NotCollectedError, match=collected.FULL):
        [answers.put(OTHER_ADA, f"lesson-{n}", "first", "4") for n in range(5)]
    assert len(list((tmp_path / "Ada-2").iterdir())) == 3
    monkeypatch.setattr(collected, "MOST_LEARNERS", 2)
    with pytest.raises(NotCollectedError, match=collected.FULL):
        answers.joins(Learner("Eve", "e" * 16))
    assert answers.joins(OTHER_ADA) == "Ada-2", "who is there goes on"


def test_a_folder_that_cannot_be_written_to_is_one_sentence_and_a_damaged_file_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"answers cannot be written to .*: give another folder"):
        Collected(tmp_path / "file")
    answers = Collected(tmp_path / "class")
    answers.put(ADA, "sums", "first", "4")
    place = answers.folder / "Ada/sums.answers.json"
    place.write_text("{")
    assert answers.counts() == (1, [])
    answers.put(ADA, "sums", "last", "6")
    assert rows(answers.folder) == [("Ada", "last", "6")]
    assert place.with_name(f"{place.name}.unreadable").read_text() == "{"
    assert json.loads((answers.folder / "Ada/learner.json").read_text())["name"] == "Ada"
