"""Answers that ``kdviz serve --answers FOLDER`` collects: ``FOLDER/LEARNER/LESSON.answers.json``, as they are given.

A learner's folder is that of the browser, or of the hub's user, that first gave the name: another who gives the same
one gets a folder of their own (``ada-2``), and is told so. Nothing of these files is ever sent to a lesson's page.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kdviz.lessons import kept
from kdviz.whole_files import write_whole

PATH = "kdviz/answers"  # at which the server takes them
HUB_USER = "JUPYTERHUB_USER"
LEARNER = "learner.json"  # in each folder: the name as it was given, and whose it is
LONGEST = 60  # characters of a name
LONGEST_BYTES = 200  # of a folder's name; a file system takes 255
MOST_LEARNERS = 500
MOST_ALIKE = 99  # learners of one name
MOST_FILES = 60  # of a learner
MOST_BYTES = 2**20  # of a learner
MOST_ANSWER = 24 * 1024  # bytes of an answer as JSON
MOST_PARTS = 200  # of a lesson
MOST_VALUES = 400  # numbers or texts in one answer
KEY = re.compile(r"[\w-]{16,64}", re.ASCII)
RESERVED = re.compile(r"(CON|PRN|AUX|NUL|COM\d|LPT\d)", re.ASCII)  # on Windows, whatever follows a dot

NAME, FULL, FINAL, UNWRITTEN = "name", "full", "final", "unwritten"  # what can be wrong; learner.js has the sentences


class NotCollectedError(Exception):
    """An answer that cannot be taken.

    Attributes
    ----------
    why : str
        ``NAME``, ``FULL``, ``FINAL`` or ``UNWRITTEN``.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Learner:
    """Who answers.

    Attributes
    ----------
    name : str
        As it was given.
    key : str
        What no other has: the browser's secret; of a hub's user nothing more than the name.
    of_hub : bool
        Whether a hub has looked who it is. Such a one has also the folder that their notebooks have made.
    """

    name: str
    key: str = ""
    of_hub: bool = False

    @property
    def owner(self) -> str:
        """What is written down of the key."""
        return hashlib.sha256((f"hub {self.name}" if self.of_hub else f"browser {self.key}").encode()).hexdigest()


@dataclass(frozen=True)
class Answered:
    """How many have answered one question.

    Attributes
    ----------
    lesson, part : str
    learners : int
    """

    lesson: str
    part: str
    learners: int


def named(given: object) -> str:
    """A name on one line, without what cannot be seen.

    Raises
    ------
    NotCollectedError
        If nothing of it is a letter or a digit, or it is too long.

    Examples
    --------
    >>> named("  Ada \\n Lovelace\\u202e ")
    'Ada Lovelace'
    """
    text = unicodedata.normalize("NFC", given) if isinstance(given, str) else ""
    seen = "".join(" " if one.isspace() else one for one in text[: 4 * LONGEST] if one.isspace() or _visible(one))
    name = " ".join(seen.split())
    if len(text) > 4 * LONGEST or not 0 < len(name) <= LONGEST or not any(one.isalnum() for one in name):
        raise NotCollectedError(NAME)
    return name


def _visible(letter: str) -> bool:
    return unicodedata.category(letter)[0] != "C"


def of_hub() -> Learner | None:
    """The user whom a JupyterHub has let in, where this server is one of a hub's."""
    name = os.environ.get(HUB_USER, "")
    try:
        return Learner(named(name), of_hub=True) if name else None
    except NotCollectedError:
        return None


def folder_name(name: str) -> str:
    """A name as a folder that any file system takes, below the one that it is in.

    Examples
    --------
    >>> folder_name("Ada O'Neill"), folder_name("../../etc/passwd"), folder_name("nul.txt"), folder_name("=1+1")
    ("Ada O'Neill", 'etc_passwd', 'nul_txt_', '1_1')
    """
    safe = re.sub("_+", "_", "".join(one if _plain(one) else "_" for one in name))
    while len(safe.encode()) > LONGEST_BYTES:
        safe = safe[:-1]
    safe = safe.strip(" _-'’") or "learner"
    return f"{safe}_" if RESERVED.fullmatch(safe.partition("_")[0].upper()) else safe


def _plain(letter: str) -> bool:
    return letter in " -'’" or unicodedata.category(letter)[0] in "LMN"


def is_answer(value: Any) -> bool:
    """Whether a value is what a question is answered with: a text, a number, or a list of these or of lists of them."""
    values = value if isinstance(value, list) else [value]
    flat = [one for row in values for one in (row if isinstance(row, list) else [row])]
    return len(flat) <= MOST_VALUES and all(type(one) in (str, int) or _is_finite(one) for one in flat)


def _is_finite(value: Any) -> bool:
    return isinstance(value, float) and math.isfinite(value)


class Collected:
    """The answers of a class, in a folder.

    Parameters
    ----------
    folder : path
        Made where it is not there yet, for nobody else on the machine to read.

    Raises
    ------
    ValueError
        If it cannot be written to.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).expanduser().absolute()
        user = of_hub()  # whose server may have no more than their own folder there
        place = self.folder / folder_name(user.name) if user else self.folder
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(place / ".written", b"").unlink(missing_ok=True)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise ValueError(f"answers cannot be written to {folder} ({why}): give another folder") from None
        self._one_at_a_time = threading.Lock()
        self._counted: dict[Path, tuple[tuple[int, int], str, tuple[str, ...]]] = {}

    def joins(self, learner: Learner) -> str:
        """The name of a learner's folder, which is made where it is not there yet.

        Raises
        ------
        NotCollectedError
            If there are too many learners, in all or of this name.
        """
        with self._one_at_a_time:
            return self._place(learner).name

    def put(self, learner: Learner, lesson: str, part: str, answer: Any) -> str:
        """Keep an answer at once, in place of an earlier one, and return the name of the learner's folder.

        Raises
        ------
        NotCollectedError
            If there is no room for it, or the lesson's answers have been submitted and this one differs.
        ValueError
            If it is no answer.
        """
        written = json.dumps(answer, ensure_ascii=False, indent=1, allow_nan=False) if is_answer(answer) else ""
        if not written or len(written.encode("utf-8", "replace")) > MOST_ANSWER:
            raise ValueError("an answer must be a text, a number or a list of these, of 24 KB at most")
        if not 0 < len(part) <= kept.LONGEST_PART:
            raise ValueError(f"a part's name must have 1 to {kept.LONGEST_PART} characters, got {len(part)}")
        with self._one_at_a_time:
            place, answers = self._answers(learner, lesson)
            before = answers.get(part)
            if before is not None and before.answer == answer:
                return place.name
            if before is not None and answers.submitted:
                raise NotCollectedError(FINAL)
            self._has_room(place, lesson, 2 * len(written) + 1000)
            if before is None and len(answers.all) >= MOST_PARTS:
                raise NotCollectedError(FULL)
            answers.put(part, answer)
            return self._written(place, answers)

    def submit(self, learner: Learner, lesson: str) -> str:
        """Write down that a learner's answers of a lesson are final, and return the name of the learner's folder."""
        with self._one_at_a_time:
            place, answers = self._answers(learner, lesson)
            if answers.submitted:
                return place.name
            self._has_room(place, lesson, 1000)
            answers.submit()
            return self._written(place, answers)

    def counts(self) -> tuple[int, list[Answered]]:
        """How many learners have a folder, and how many of them have answered each question."""
        files = sorted(self.folder.glob(f"*/*{kept.ENDING}"))
        self._counted = {path: known for path, known in self._counted.items() if path in set(files)}
        found: Counter[tuple[str, str]] = Counter()
        for path in files:
            _, lesson, parts = self._parts(path)
            found.update((lesson, part) for part in parts)
        rows = [Answered(lesson, part, n) for (lesson, part), n in found.items()]
        return sum(1 for _ in self.folder.glob(f"*/{LEARNER}")), sorted(rows, key=lambda row: row.lesson)

    def _parts(self, path: Path) -> tuple[tuple[int, int], str, tuple[str, ...]]:
        """What a file has answers to; read again where it has changed."""
        try:
            state = path.stat()
            signature = (state.st_mtime_ns, state.st_ino)
            if path not in self._counted or self._counted[path][0] != signature:
                answers, _, lesson = kept.read(path)
                self._counted[path] = (signature, lesson, tuple(answers))
            return self._counted[path]
        except (OSError, ValueError):  # the table says what is wrong with it
            return (0, 0), "", ()

    def _answers(self, learner: Learner, lesson: str) -> tuple[Path, kept.KeptAnswers]:
        place = self._place(learner)
        return place, kept.KeptAnswers(lesson, place)

    def _place(self, learner: Learner) -> Path:
        """The folder of a learner: the first of this name that is theirs, or that nobody has."""
        name = folder_name(learner.name)
        for n in range(1, MOST_ALIKE + 1):
            place = self.folder / (name if n == 1 else f"{name}-{n}")
            known = _known(place)
            if known is not None and known.get("owner") == learner.owner:
                return place
            if known is None and (learner.of_hub or not place.exists()) and self._make(place, learner):
                return place
        raise NotCollectedError(FULL)

    def _make(self, place: Path, learner: Learner) -> bool:
        """Make a folder, unless another process was quicker."""
        if sum(1 for _ in self.folder.iterdir()) >= MOST_LEARNERS:  # and whatever else lies there
            raise NotCollectedError(FULL)
        about = {"name": learner.name, "owner": learner.owner}
        try:
            place.mkdir(exist_ok=learner.of_hub)
            write_whole(place / LEARNER, json.dumps(about, ensure_ascii=False) + "\n")
        except FileExistsError:
            return False
        except OSError:
            raise NotCollectedError(UNWRITTEN) from None
        return True

    def _has_room(self, place: Path, lesson: str, more: int) -> None:
        sizes = [path.stat().st_size for path in place.iterdir()]
        new = not (place / f"{lesson}{kept.ENDING}").exists()
        if sum(sizes) + more > MOST_BYTES or len(sizes) + new > MOST_FILES:
            raise NotCollectedError(FULL)

    @staticmethod
    def _written(place: Path, answers: kept.KeptAnswers) -> str:
        if not answers.is_written:
            raise NotCollectedError(UNWRITTEN)
        return place.name


def _known(place: Path) -> Mapping[str, Any] | None:
    """What is written down of the learner of a folder; None where there is nothing."""
    try:
        with (place / LEARNER).open(encoding="utf-8") as file:
            about = json.loads(file.read(4096))
    except (OSError, ValueError):
        return None
    return about if isinstance(about, dict) else None
