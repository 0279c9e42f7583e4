"""The answers of a class as one CSV: who, what, right or wrong; what a learner can put into a file does no harm."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest

import kdviz as kd
from kdviz.lessons import catalogue, gradebook
from kdviz.lessons.kept import ENDING, KeptAnswers

AT = "2026-01-31T12:00:00+00:00"


def handed_in(path: Path, answers: dict, lesson: str | None = None, **more) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = {part: {"answer": answer, "at": AT, "tries": 1} for part, answer in answers.items()}
    content = {"version": 1, "lesson": lesson or path.name.removesuffix(ENDING), "submitted": "", "answers": rows}
    path.write_text(json.dumps(content | more), encoding="utf-8")
    return path


def table(folder: Path, **options) -> list[dict[str, str]]:
    text = io.StringIO()
    counts = gradebook.write_csv(folder, text, **options)
    rows = list(csv.DictReader(io.StringIO(text.getvalue())))
    assert counts == (len(rows), sum(row["trouble"] != "" for row in rows))
    return rows


def test_a_class_is_one_table_with_who_what_and_whether_it_is_right(tmp_path: Path) -> None:
    lesson = kd.lessons.begin("temperature", folder=tmp_path / "ada" / "week 2")
    lesson.answer("squared", lesson.squared.right)
    lesson.answer("hot", lesson.hot.truth)
    lesson.check("soften", lambda z, T: (z / T).softmax(-1))
    lesson.submit()
    other = kd.lessons.begin("temperature", folder=tmp_path / "grün 學", tell="never")
    other.answer("softer", list(reversed(other.softer.items)))
    other.check("soften", lambda z, T: z)
    rows = table(tmp_path)
    names = ["learner", "lesson", "part", "kind", "answer", "right", "distance", "tries", "at", "submitted", "trouble"]
    assert list(rows[0]) == names
    assert [(r["learner"], r["part"], r["kind"], r["right"]) for r in rows] == [
        ("ada/week 2", "squared", "choice", "True"),
        ("ada/week 2", "hot", "bars", "True"),
        ("ada/week 2", "soften", "exercise", "True"),
        ("grün 學", "softer", "order", "False"),
        ("grün 學", "soften", "exercise", "False"),
    ]
    assert rows[0]["submitted"] == lesson.kept.submitted and rows[3]["submitted"] == ""
    assert json.loads(rows[1]["answer"]) == pytest.approx(lesson.hot.truth) and float(rows[1]["distance"]) < 1e-9
    unmarked = table(tmp_path, marked=False)
    assert {(r["kind"], r["right"], r["distance"]) for r in unmarked} == {("", "", "")}
    assert [r["answer"] for r in unmarked] == [r["answer"] for r in rows]


def test_a_hidden_answer_is_marked_whatever_the_server_tells(tmp_path: Path, monkeypatch) -> None:
    handed_in(tmp_path / "ada" / f"temperature{ENDING}", {"cold": "The label alone"})
    monkeypatch.setenv("KDVIZ_TELL", "never")
    assert table(tmp_path)[0]["right"] == "False"


@pytest.mark.parametrize(
    ("place", "learner"),
    [
        ("ada/temperature", "ada"),
        ("temperature", ""),
        ("ada_17_temperature", "ada_17"),
        ("week 2/Ada Lovelace - temperature", "week 2/Ada Lovelace"),
        ("ada/temperature (1)", "ada"),
    ],
)
def test_a_learner_is_the_folder_or_what_stands_before_the_lesson(place: str, learner: str, tmp_path: Path) -> None:
    handed_in(tmp_path / f"{place}{ENDING}", {"cold": "The label alone"}, "temperature")
    (row,) = table(tmp_path)
    assert (row["learner"], row["lesson"], row["right"]) == (learner, "temperature", "False")


def test_a_broken_file_is_a_row_and_the_others_are_read(tmp_path: Path) -> None:
    handed_in(tmp_path / "ada" / f"temperature{ENDING}", {"cold": "The label alone"})
    for name, text in {"bob": "{", "cyd": "[]", "dan": json.dumps({"version": 9})}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / f"temperature{ENDING}").write_text(text)
    (tmp_path / "eve").mkdir()
    (tmp_path / "eve" / f"temperature{ENDING}").symlink_to(tmp_path / "nowhere")
    (tmp_path / "eve" / f"._temperature{ENDING}").write_bytes(b"\0what some archives add")
    os.mkfifo(tmp_path / "eve" / f"pipe{ENDING}")
    found = {(row["learner"], row["lesson"]): row["trouble"] for row in table(tmp_path)}
    assert found == {
        ("ada", "temperature"): "",
        ("bob", "temperature"): "it is not JSON",
        ("cyd", "temperature"): "it holds no answers of version 1",
        ("dan", "temperature"): "it holds no answers of version 1",
        ("eve", "temperature"): "No such file or directory",
        ("eve", "pipe"): "it is no file",
    }
    assert (tmp_path / "bob" / f"temperature{ENDING}").read_text() == "{", "what was handed in stays as it is"
    assert not list(tmp_path.rglob("*.unreadable"))


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_nothing_of_a_learner_becomes_a_formula_of_a_spreadsheet(sign: str, tmp_path: Path) -> None:
    text = f"{sign}cmd|' /C calc'!A0"
    path = handed_in(tmp_path / "x" / f"mine{ENDING}", {text: text, "b": [text]}, submitted=text)
    path.parent.rename(tmp_path / text.replace("/", ":"))
    for row in table(tmp_path):
        assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
        assert text in json.loads(row["answer"]) and row["submitted"] == f"'{text}".replace("\r", " ")


def test_odd_answers_and_names_stay_one_row_each(tmp_path: Path) -> None:
    odd = {"cold": {"passed": 1}, "softer": "T = 1", "soften": "all", "hot": [1e300] * 10, "no such part": None}
    handed_in(tmp_path / "a\nb" / f"temperature{ENDING}", {**odd, "second": "\ud800", "squared": 'a",\n"b'})
    bytes_name = os.fsdecode(b"gr\xfcn")
    handed_in(tmp_path / bytes_name / f"temperature{ENDING}", {"cold": "The label alone"})
    rows = table(tmp_path)
    assert [row["part"] for row in rows[:7]] == [*odd, "second", "squared"]
    assert {row["right"] for row in rows[:7]} == {"", "False"} and rows[0]["learner"] == "a\nb"
    json.dumps(rows[7]).encode("utf-8")
    assert json.loads(rows[6]["answer"]) == 'a",\n"b'


def test_a_lesson_that_cannot_be_marked_here_says_so(tmp_path: Path, monkeypatch) -> None:
    class NeedsItsNotebook(kd.lessons.Lesson):
        name = "needy"

        @kd.lessons.part
        def run(self):
            return self.no_such_run

        @kd.lessons.part
        def fine(self):
            return kd.lessons.Number("?", 2)

    monkeypatch.setattr(catalogue, "names", lambda: ("needy",))
    monkeypatch.setattr(catalogue, "kind", lambda _: NeedsItsNotebook)
    handed_in(tmp_path / "ada" / f"needy{ENDING}", {"run": 1, "fine": 2})
    first, second = table(tmp_path)
    assert first["trouble"].startswith("it could not be marked: AttributeError") and first["right"] == ""
    assert (second["trouble"], second["right"]) == ("", "True")


def test_a_lesson_of_ones_own_is_listed_without_marks(tmp_path: Path) -> None:
    own = KeptAnswers("mine", tmp_path / "ada")
    own.put("first", "so")
    (row,) = table(tmp_path)
    assert (row["lesson"], row["part"], row["answer"], row["right"]) == ("mine", "first", '"so"', "")


def test_a_folder_without_answers_is_one_sentence(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(FileNotFoundError, match=r"^there are no files of answers \(\*.answers.json\) in "):
            table(folder)
