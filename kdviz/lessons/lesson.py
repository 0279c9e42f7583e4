"""A lesson: what it asks, in order; what was answered, which is kept; and when it is told what is right."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ..words import t, tn
from . import telling
from .exercises import Checked, Exercise
from .kept import LONGEST_PART, Kept, KeptAnswers, shared
from .predictions import Drawn
from .questions import Asked, Number, finite
from .reply import Reply

if TYPE_CHECKING:
    import pandas as pd

    from .shown import Shown

Made = Asked | Exercise
COLUMNS = ("lesson", "part", "kind", "answer", "right", "distance", "tries", "at")
PASSED = "passed"  # what is kept of an exercise: {"passed": checks passed, "of": checks}
BY_NBGRADER = "NBGRADER_EXECUTION"  # nbgrader sets it while it marks or validates; a cell that raises has no points
QUIZ, FINISH = " quiz", " finish"  # under which what is shown of these is remembered


class part:  # noqa: N801  # a decorator
    """Marks a method of a lesson that makes one of its parts; made when it is first asked for, and kept.

    Parameters
    ----------
    quiz : bool
        Whether it belongs to the quiz at the end.
    """

    def __init__(self, make: Callable[[Any], Made] | None = None, *, quiz: bool = False) -> None:
        self.quiz, self.name = quiz, ""
        self.make: Callable[[Any], Made] | None = None
        if make is not None:
            self(make)

    def __call__(self, make: Callable[[Any], Made]) -> part:
        self.make = make
        self.__doc__ = make.__doc__
        return self

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, lesson: Lesson | None, owner: type) -> Any:
        return self if lesson is None else lesson.part(self.name)


class Lesson:
    """A lesson of questions, predictions and exercises. Everything works without a page, with plain values.

    Parameters
    ----------
    name : str, optional
        For the file of answers; by default the class's.
    tell : {"at-once", "submitted", "never"}, optional
        When it is told what is right; by default at once. ``KDVIZ_TELL`` and a page's link (``?tell=never``) can only
        tell less.
    folder : path, optional
        Where answers are kept; by default beside the notebook. See ``kdviz.lessons.kept.KeptAnswers``.
    kept : KeptAnswers, optional
        Answers that are there already, in place of those in a folder.

    Examples
    --------
    >>> import tempfile
    >>> from kdviz.lessons import Choice
    >>> lesson = Lesson("sums", folder=tempfile.mkdtemp())
    >>> lesson.add("first", Choice("2 + 2?", {"4": "So it is.", "5": "Count again."}, right="4"))
    >>> print(lesson.answer("first", "4"))
    Right. So it is.
    >>> lesson.score
    (1, 1)

    A lesson with parts of its own is a class:

    >>> class Sums(Lesson):
    ...     name = "sums"
    ...     @part
    ...     def first(self):
    ...         return Choice("2 + 2?", {"4": "So it is.", "5": "Count again."}, right="4")
    >>> Sums(folder=tempfile.mkdtemp()).parts
    ('first',)
    """

    name: ClassVar[str] = ""

    def __init__(
        self,
        name: str = "",
        *,
        tell: str | None = None,
        folder: str | Path | None = None,
        kept: KeptAnswers | None = None,
    ) -> None:
        self._tell = telling.way(tell)
        self.kept = KeptAnswers(name or type(self).name, folder) if kept is None else kept
        self._declared = _declared(type(self))
        self._made: dict[str, Made] = {}
        self._quiz = [one for one, declared in self._declared.items() if declared.quiz]
        self._shown: dict[str, Shown] = {}

    @property
    def tell(self) -> str:
        """When it is told what is right: "at-once", "submitted" or "never"."""
        return self._tell

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of all parts, in order."""
        return tuple(dict.fromkeys([*self._declared, *self._made]))

    def add(self, name: str, made: Made, *, quiz: bool = False) -> None:
        """Add a part, or put another in its place."""
        if not isinstance(made, Asked | Exercise):
            raise TypeError(f"a part must be a question, a prediction or an Exercise, got {type(made).__name__}")
        if not isinstance(name, str) or not 0 < len(name) <= LONGEST_PART:
            raise ValueError(f"a part's name must be a text of 1 to {LONGEST_PART} characters, got {name!r:.60}")
        self._made[name] = made
        if quiz and name not in self._quiz:
            self._quiz.append(name)

    def part(self, name: str) -> Made:
        """Return a part by its name.

        Raises
        ------
        ValueError
            If there is none; the sentence names those that there are.
        """
        if name not in self._made:
            declared = self._declared.get(name)
            if declared is None or declared.make is None:
                names = ", ".join(self.parts) or t("none")
                raise ValueError(t("this lesson has no part {name}; it has {names}", name=repr(name), names=names))
            self._made[name] = declared.make(self)
        return self._made[name]

    # Asking

    def ask(self, name: str, *, opens: Any = None) -> Shown:
        """Show a question or a prediction: as the last line of a cell it is drawn.

        Parameters
        ----------
        name : str
        opens : panel, optional
            Shown below it once it has been answered.
        """
        from .shown import Shown

        self.question(name)
        return self._drawn(name, Shown(self, [name], opens=opens))

    def quiz(self) -> Shown:
        """Show the quiz: its questions one below the other, then what :meth:`finish` shows."""
        from .shown import Shown

        if not self._quiz:
            raise ValueError(t("this lesson has no quiz"))
        for name in self._quiz:
            self.question(name)
        return self._drawn(QUIZ, Shown(self, list(self._quiz), finish=True))

    def finish(self) -> Shown:
        """Show how much has been answered, how much is right once that is told, and the button that submits it all.

        The quiz ends with the same; a lesson without one has it as its last cell.
        """
        from .shown import Shown

        return self._drawn(FINISH, Shown(self, [], finish=True))

    def _drawn(self, name: str, shown: Shown) -> Shown:
        """Remember what is shown, in place of what was."""
        if name in self._shown:
            self._shown[name].close()
        self._shown[name] = shown
        return shown

    @property
    def asked(self) -> tuple[str, ...]:
        """The names of the questions and predictions that are shown, in order."""
        return tuple(dict.fromkeys(name for shown in self._shown.values() for name in shown.names))

    def answer(self, name: str, answer: Any) -> Reply:
        """Answer a question by hand, as the page does it, and return what is said to it.

        The first answer stands where it is told at once what is right; else it can be changed until :meth:`submit`.
        The same answer once more, as when a notebook runs again, changes nothing.

        Raises
        ------
        ValueError
            If it cannot be an answer, or one stands.
        """
        asked = self.question(name)
        value = asked.checked(answer)
        kept = self.given(name)
        if kept is not None and asked.checked(kept.answer) == value:
            return self.reply(name)
        if not self.open(name):
            if kept is None:
                raise ValueError(t("the answers have been submitted; lesson.reset() forgets them all"))
            raise ValueError(t("{name} has been answered, and the first answer stands", name=repr(name)))
        self.kept.put(name, value)
        self._refresh()
        return self.reply(name)

    def given(self, name: str) -> Kept | None:
        """Return the answer that is kept; None where there is none, or it is no answer to this question any more."""
        asked, kept = self.question(name), self.kept.get(name)
        try:
            if kept is not None:
                asked.checked(kept.answer)
        except ValueError:  # a file that was written by hand, or by another version of the lesson
            return None
        return kept

    def open(self, name: str) -> bool:
        """Whether a question can be answered, or answered anew."""
        return not self.kept.submitted and (self.tell != telling.AT_ONCE or self.given(name) is None)

    def reply(self, name: str) -> Reply:
        """Return what is said to the answer that is kept; nothing where there is none, or it is not told yet."""
        asked, kept = self.question(name), self.given(name)
        if kept is None:
            return Reply("")
        if not self.told:
            return Reply(t("Your answer is kept."))
        return asked.reply(kept.answer)

    @property
    def told(self) -> bool:
        """Whether it is told now what is right."""
        return self.tell == telling.AT_ONCE or (self.tell == telling.SUBMITTED and bool(self.kept.submitted))

    def see(self, name: str, truth: Any) -> Reply:
        """Give a prediction, or a number, the truth that a run has brought, and return how far the answer lies from it.

        Parameters
        ----------
        name : str
        truth : float, array or sequence of float
            As the part takes it.
        """
        asked = self.question(name)
        if isinstance(asked, Drawn):
            self._made[name] = asked.seen(truth)
        elif isinstance(asked, Number):
            self._made[name] = replace(asked, right=finite(truth))
        else:
            raise ValueError(t("{name} knows what is right: nothing is to be seen later", name=repr(name)))
        self._refresh()
        return self.reply(name)

    def submit(self) -> str:
        """Make the answers final; then it is told what is right, unless ``tell`` is "never". Return a sentence."""
        self.kept.submit()
        self._refresh()
        n = len(self.rows())
        done = tn("{n} answer of {all} is submitted.", "{n} answers of {all} are submitted.", n, all=len(self.parts))
        right, of = self.score
        return f"{done} {t('{right} of {of} are right.', right=right, of=of)}" if self.told and of else done

    def reset(self) -> None:
        """Forget all answers of this lesson."""
        self.kept.clear()
        self._refresh()

    # Exercises

    def check(self, name: str, submitted: Any) -> Checked:
        """Hold what was written against an exercise's checks, and keep how many passed, until :meth:`submit`.

        What is wrong is said whatever ``tell`` is: an exercise is worked on until it is right.

        Parameters
        ----------
        name : str
        submitted : any
            The function or the value that the exercise asks for.

        Returns
        -------
        Checked
            True where all checks passed: a grader writes ``assert lesson.check("softmax", softmax)``.

        Raises
        ------
        AssertionError
            While nbgrader marks or validates, and nowhere else: with the sentences, where a check fails.
        """
        exercise = self.part(name)
        if not isinstance(exercise, Exercise):
            raise ValueError(t("{name} is no exercise; answer it with lesson.answer", name=repr(name)))
        found = exercise.checked(submitted)
        if not found and shared():  # nothing can be written there
            return replace(found, asked=exercise.text)
        if not self.kept.submitted:
            self.kept.put(name, {PASSED: found.passed, "of": found.n})
        if not found and os.environ.get(BY_NBGRADER):
            raise AssertionError(str(found))
        return found

    # What became of it

    def answers(self) -> pd.DataFrame:
        """Return all answers, a row each: lesson, part, kind, answer, right, distance, tries, at (UTC).

        ``right`` and ``distance`` are missing where nothing is right or wrong, and where it is not to be told.
        """
        import pandas as pd

        return pd.DataFrame(self.rows(), columns=list(COLUMNS))

    def rows(self, *, told: bool | None = None) -> list[dict[str, Any]]:
        """Return what :meth:`answers` shows, as dicts; ``told=True``: with what is right, for who marks."""
        tells = self.told if told is None else told
        return [self.row(name, told=tells) for name in self.parts if self.kept.get(name) is not None]

    @property
    def score(self) -> tuple[int, int]:
        """How many answers are right, and how many of those given can be; exercises count where all checks passed.

        What is not to be told, or not yet, does not count.
        """
        marks = [row["right"] for row in self.rows() if row["right"] is not None]
        return sum(marks), len(marks)

    def row(self, name: str, *, told: bool = True) -> dict[str, Any]:
        """Return what became of one part that has been answered, as a row of :meth:`answers`."""
        made, kept = self.part(name), self.kept[name]
        row = {
            "lesson": self.kept.lesson,
            "part": name,
            "kind": getattr(made, "kind", "exercise"),
            "answer": kept.answer,
        }
        right, distance = None, None
        if isinstance(made, Exercise):
            given = kept.answer if isinstance(kept.answer, Mapping) else {}
            right = given.get(PASSED) == len(made.checks)
        elif told:
            try:
                reply = made.reply(kept.answer)
            except ValueError:  # a file that was written by hand, or by another version
                reply = Reply("")
            right, distance = reply.right, reply.distance
        return {**row, "right": right, "distance": distance, "tries": kept.tries, "at": kept.at}

    def question(self, name: str) -> Asked:
        """Return a question or a prediction by its name; an exercise is none."""
        made = self.part(name)
        if not isinstance(made, Asked):
            raise ValueError(t("{name} is an exercise; check it with lesson.check", name=repr(name)))
        return made

    def _refresh(self) -> None:
        for shown in self._shown.values():
            shown.refresh()

    def close(self) -> None:
        """Close what is shown."""
        for shown in self._shown.values():
            shown.close()
        self._shown.clear()


def _declared(kind: type) -> Mapping[str, part]:
    """Return the parts that a class and those it stands on declare, in order."""
    found: dict[str, part] = {}
    for base in reversed(kind.__mro__):
        found |= {name: one for name, one in vars(base).items() if isinstance(one, part)}
    return found


def names_of(kind: type[Lesson]) -> Sequence[str]:
    """Return the names of a lesson's parts without making them."""
    return list(_declared(kind))
