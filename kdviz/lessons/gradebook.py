"""The answers of a class: ``kdviz answers FOLDER`` finds what learners have handed in and writes it as one CSV."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from ..whole_files import write_whole
from . import catalogue, kept
from .lesson import COLUMNS, Lesson

NAMES = ("learner", *COLUMNS, "submitted", "trouble")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the beginning of one


def rows(folder: Path, *, marked: bool = True) -> Iterator[dict[str, Any]]:
    """Yield a row for each answer in a folder: the learner, and what :meth:`Lesson.answers` has.

    A learner is the folder that a file of answers lies in, as it lies below ``folder``; where all files lie in one, as
    many course systems hand them out, what stands before the lesson in the file's name. A file that cannot be read
    yields one row, whose ``trouble`` says why; the others are read all the same.

    Parameters
    ----------
    folder : path
    marked : bool
        Whether ``right`` and ``distance`` are worked out anew, for lessons that come with kdviz. What a learner's file
        says of exercises (checks passed) is taken as it stands: a grader runs the notebook again.

    Raises
    ------
    FileNotFoundError
        If there are no files of answers.
    """
    files = sorted(path for path in folder.rglob(f"*{kept.ENDING}") if not path.name.startswith("."))
    if not files:
        raise FileNotFoundError(f"there are no files of answers (*{kept.ENDING}) in {folder}")
    known: dict[str, Lesson] = {}
    for path in files:
        place, name = path.parent.relative_to(folder).as_posix(), path.name.removesuffix(kept.ENDING)
        try:
            answers, submitted, lesson = kept.read(path)
        except (OSError, ValueError) as error:
            why = (error.strerror if isinstance(error, OSError) else None) or str(error)
            yield {"learner": _learner(place, name, name), "lesson": name, "trouble": why}
            continue
        own = {"learner": _learner(place, name, lesson), "submitted": submitted}
        if marked and lesson in catalogue.names() and lesson not in known:
            known[lesson] = catalogue.kind(lesson)(kept=kept.KeptAnswers(lesson, rows={}))
        for part, one in answers.items():
            yield {**own, **_row(known.get(lesson), lesson, part, one)}


def write_csv(folder: Path, target: TextIO, *, marked: bool = True) -> tuple[int, int]:
    """Write the answers in a folder as CSV and return how many rows there are, and how many of them have a trouble.

    An answer stands as JSON.
    """
    writer = csv.DictWriter(target, NAMES, restval="", lineterminator="\n")
    writer.writeheader()
    count = troubled = 0
    for row in rows(folder, marked=marked):
        writer.writerow({name: _cell(name, value) for name, value in row.items()})
        count += 1
        troubled += row["trouble"] != ""
    return count, troubled


def run(folder: Path, out: Path | None, *, marked: bool) -> int:
    """Do what ``kdviz answers`` does, and return its exit status."""
    text = io.StringIO()
    count, troubled = write_csv(folder, text, marked=marked)
    if out is None:
        print(text.getvalue(), end="")
    else:
        write_whole(out, text.getvalue())
    if troubled:
        rows_of = "1 row" if troubled == 1 else f"{troubled} rows"
        whose = "its" if troubled == 1 else "their"
        print(f"{rows_of} of {count} could not be read or marked; {whose} last column says why", file=sys.stderr)
    return 0


def _learner(place: str, name: str, lesson: str) -> str:
    """Return who has handed a file in.

    >>> _learner("ada", "temperature", "temperature"), _learner(".", "ada_17_temperature", "temperature")
    ('ada', 'ada_17')
    """
    before = name.removesuffix(lesson).rstrip(" _-.") if name.endswith(lesson) else ""
    return "/".join(one for one in (place, before) if one not in (".", ""))


def _row(lesson: Lesson | None, name: str, part: str, one: kept.Kept) -> Mapping[str, Any]:
    plain = {"lesson": name, "part": part, "answer": one.answer, "tries": one.tries, "at": one.at, "trouble": ""}
    if lesson is None or part not in lesson.parts:
        return plain
    lesson.kept = kept.KeptAnswers(name, rows={part: one})
    try:
        return {**plain, **lesson.row(part)}
    except Exception as error:  # a lesson that needs what its notebook has made
        return {**plain, "trouble": f"it could not be marked: {type(error).__name__}: {error}"}


def _cell(name: str, value: Any) -> str:
    """Return a value as a cell: an answer as JSON, a text never as a formula that a spreadsheet would run.

    >>> _cell("learner", "=1+1"), _cell("answer", {"passed": 2}), _cell("right", None)
    ("'=1+1", '{"passed": 2}', '')
    """
    if value is None and name != "answer":
        return ""
    text = json.dumps(value, ensure_ascii=False) if name == "answer" else str(value)
    text = text.encode("utf-8", "backslashreplace").decode()  # half a character, or a name that is no UTF-8
    quoted = f"'{text}" if name != "answer" and isinstance(value, str) and text.startswith(FORMULA) else text
    return quoted.replace("\r", " ")  # alone it would end a row
