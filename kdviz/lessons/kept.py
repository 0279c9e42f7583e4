"""Where answers are kept: a small JSON file beside the notebook, written whole after each answer.

It holds plain values only, so that a learner can read it, a lecturer can collect it, and nothing in it is ever run.
"""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..whole_files import write_whole
from ..words import t

VERSION = 1
ENDING = ".answers.json"
FOLDER = "KDVIZ_ANSWERS"  # environment: another folder than the notebook's
MOST_BYTES = 2**20
NAME = re.compile(r"[\w-]{1,60}", re.ASCII)
LONGEST_PART = 100  # characters of a part's name
MOST_TRIES = 10**9


@dataclass(frozen=True)
class Kept:
    """One answer.

    Attributes
    ----------
    answer : any JSON value
    at : str
        When it was given, in ISO 8601 and UTC.
    tries : int
        How often an exercise was checked, or an answer changed.
    """

    answer: Any
    at: str
    tries: int = 1


class KeptAnswers:
    """The answers of one lesson, in a file or, where none can be had, in memory.

    Parameters
    ----------
    lesson : str
        Its name.
    folder : path, optional
        By default ``KDVIZ_ANSWERS``, else the kernel's folder, which is the notebook's.
    rows : dict of str to Kept, optional
        Answers by part that were read already; then there is no file.

    Attributes
    ----------
    path : pathlib.Path or None
        None under Voila, whose visitors share a folder: there the browser keeps each one's answers.
    note : str
        Why a file could not be read or written, in a sentence; else empty.
    """

    def __init__(
        self, lesson: str, folder: str | Path | None = None, *, rows: Mapping[str, Kept] | None = None
    ) -> None:
        if not NAME.fullmatch(lesson):
            raise ValueError(f"a lesson's name must be letters, digits, - and _, at most 60, got {lesson!r}")
        self.lesson = lesson
        self._unread = self._unwritten = ""
        nowhere = rows is not None or (folder is None and shared())
        self.path = None if nowhere else _folder(folder) / f"{lesson}{ENDING}"
        self._rows: dict[str, Kept] = dict(rows or {})
        self.submitted = ""  # when, in ISO 8601; empty before
        self._seen: tuple[int, ...] | None = None  # the file as it was when last read or written
        self._read()

    def __getitem__(self, part: str) -> Kept:
        return self._rows[part]

    def get(self, part: str) -> Kept | None:
        return self._rows.get(part)

    @property
    def note(self) -> str:
        return " ".join(filter(None, [self._unread, self._unwritten]))

    @property
    def is_written(self) -> bool:
        """Whether what was put last is in the file."""
        return self.path is not None and not self._unwritten

    @property
    def all(self) -> Mapping[str, Kept]:
        """All answers by part, in the order in which they were first given."""
        return dict(self._rows)

    def put(self, part: str, answer: Any) -> None:
        """Keep an answer, in place of an earlier one."""
        self._read()
        before = self._rows.get(part)
        self._rows[part] = Kept(answer, now(), 1 if before is None else before.tries + 1)
        self._write()

    def drop(self, part: str) -> None:
        """Forget an answer."""
        self._read()
        if self._rows.pop(part, None) is not None:
            self._write()

    def clear(self) -> None:
        """Forget all answers."""
        self._rows.clear()
        self.submitted = ""
        self._write()

    def submit(self) -> None:
        """Write down that the answers are final."""
        self._read()
        self.submitted = self.submitted or now()
        self._write()

    def _read(self) -> None:
        """Take what is in the file if another kernel has written it, or it has not been read yet."""
        if self.path is None or (signature := _signature(self.path)) in (None, self._seen):
            return
        try:
            self._rows, self.submitted, _ = read(self.path)
            self._seen = signature
        except (OSError, ValueError) as error:
            why = (error.strerror if isinstance(error, OSError) else None) or str(error)
            aside = _set_aside(self.path)
            places = {"name": self.path.name, "why": why}
            if aside is None:
                self.path = None
                self._unread = t(
                    "The answers in {name} could not be read: {why}. Yours last as long as this kernel.", **places
                )
            else:
                kept = {**places, "aside": aside.name}
                self._unread = t("The answers in {name} could not be read: {why}; it is kept as {aside}.", **kept)

    def _write(self) -> None:
        if self.path is None:
            return
        rows = {part: asdict(one) for part, one in self._rows.items()}
        content = {"version": VERSION, "lesson": self.lesson, "submitted": self.submitted, "answers": rows}
        text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.path, text.encode("utf-8", "backslashreplace"))  # of half a character, JSON's own escape
            self._seen, self._unwritten = _signature(self.path), ""
        except OSError as error:
            why = error.strerror or str(error)
            self._unwritten = t(
                "Your answers could not be written to {name}: {why}. They last as long as this kernel.",
                name=self.path.name,
                why=why,
            )


def read(path: Path) -> tuple[dict[str, Kept], str, str]:
    """Return the answers in a file by part, when they were submitted (empty: not yet), and the lesson's name.

    Raises
    ------
    FileNotFoundError
    ValueError
        If it is not what :class:`KeptAnswers` writes; as the end of a sentence.
    """
    known = path.stat()
    if not stat.S_ISREG(known.st_mode):
        raise ValueError(t("it is no file"))
    if known.st_size > MOST_BYTES:
        raise ValueError(t("it has more than {n} MB", n=MOST_BYTES // 2**20))
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError):
        raise ValueError(t("it is not JSON")) from None
    if (
        not isinstance(content, dict)
        or content.get("version") != VERSION
        or not isinstance(content.get("answers"), dict)
    ):
        raise ValueError(t("it holds no answers of version {version}", version=VERSION))
    submitted, lesson = content.get("submitted", ""), content.get("lesson")
    rows = {part: _row(part, row) for part, row in content["answers"].items()}
    named = lesson if isinstance(lesson, str) and NAME.fullmatch(lesson) else path.name.removesuffix(ENDING)
    return rows, submitted if isinstance(submitted, str) else "", named


def shared() -> bool:
    """Whether this kernel stands behind a page of Voila, where many learners share one folder."""
    warm = "VOILA_PREHEAT" in os.environ  # started before there is a page
    return warm or os.environ.get("SERVER_SOFTWARE", "").startswith("voila")


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _folder(folder: str | Path | None) -> Path:
    chosen = Path(folder or os.environ.get(FOLDER) or ".").expanduser()
    try:
        return chosen.absolute()  # a notebook may go to another folder later
    except OSError:  # the kernel's folder is gone
        return chosen


def _row(part: str, row: Any) -> Kept:
    known = isinstance(row, dict) and 0 < len(part) <= LONGEST_PART and isinstance(row.get("at"), str)
    tries = row.get("tries", 1) if known else None
    if not known or "answer" not in row or type(tries) is not int or not 0 < tries < MOST_TRIES:
        raise ValueError(t("it has {part}, which is no answer", part=repr(part)[:60]))
    return Kept(row["answer"], row["at"], tries)


def _no_constant(text: str) -> Any:
    raise ValueError(text)


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(text)
    return value


def _signature(path: Path) -> tuple[int, ...] | None:
    """What changes when a file is written; None where there is none, or it cannot be known."""
    try:
        known = path.stat()
    except OSError:
        return None
    return known.st_mtime_ns, known.st_size, known.st_ino


def _set_aside(path: Path) -> Path | None:
    """Move what cannot be read out of the way, beside what was moved before; None where that cannot be done."""
    for n in range(1, 1000):
        aside = path.with_name(f"{path.name}.unreadable{'' if n == 1 else f'-{n}'}")
        if not os.path.lexists(aside):
            try:
                return path.replace(aside)
            except OSError:
                return None
    return None
