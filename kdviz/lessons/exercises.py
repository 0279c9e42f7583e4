"""Exercises as plain values: what a learner writes is held against properties, and each that fails is a sentence.

A check is a function that takes what was submitted and returns what is wrong with it, or nothing:

>>> def sums_to_one(softmax):
...     p = softmax([0.0, 1.0], 1.0)
...     return "" if abs(sum(p) - 1) < 1e-6 else f"the probabilities must sum to 1, got {sum(p):.3g}: divide by it."
>>> exercise = Exercise("Write softmax(z, T).", (sums_to_one,))
>>> print(exercise.checked(lambda z, T: [1.0, 1.0]))
0 of 1 check passed.
✗ the probabilities must sum to 1, got 2: divide by it.
"""

from __future__ import annotations

import contextlib
import functools
import html
import sysconfig
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from ..words import t, tn

Check = Callable[[Any], str | None]
NOT_OWN = tuple({*map(sysconfig.get_path, ("stdlib", "purelib", "platlib")), str(Path(__file__).parents[1])})


class WrongFormError(ValueError):
    """What a learner's function returned cannot be looked at; its text is the sentence that a check would return."""


@dataclass(frozen=True)
class Checked:
    """What came of the checks; true where all passed, so that a grader can write ``assert lesson.check(...)``.

    Attributes
    ----------
    n, passed : int
        Checks that there are, and those passed.
    sentences : tuple of str
        What is wrong; empty where nothing is.
    asked : str
        What to write, where it is shown in place of that: on a page, where nothing can be written.
    """

    n: int
    passed: int
    sentences: tuple[str, ...] = ()
    asked: str = ""

    def __bool__(self) -> bool:
        return self.passed == self.n

    @property
    def text(self) -> str:
        """The count, in a sentence."""
        return tn("{passed} of {n} check passed.", "{passed} of {n} checks passed.", self.n, passed=self.passed)

    def __str__(self) -> str:
        return "\n".join([self.text, *(f"✗ {one}" for one in self.sentences)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the sentences as a list that is read out and needs no colour."""
        if self.asked:
            return f'<div class="kd-exercise"><p>{html.escape(self.asked)}</p></div>'
        rows = "".join(f"<li>{html.escape(one)}</li>" for one in self.sentences)
        mark, look = ("✓", "kd-passed") if self else ("✗", "kd-not-passed")
        listed = f"<ul>{rows}</ul>" if rows else ""
        return f'<div class="kd-checked {look}"><p>{mark} {html.escape(self.text)}</p>{listed}</div>'


@dataclass(frozen=True)
class Exercise:
    """Something to write: a function, or a value.

    Parameters
    ----------
    text : str
        What to write, with the name and what goes in and out.
    checks : sequence of callable
        Each takes what was submitted and returns what is wrong, in a sentence that says why; nothing where it is right.
        The first that fails ends the list: what comes after it would fail for the same reason.
    """

    text: str
    checks: Sequence[Check]

    def __post_init__(self) -> None:
        if not self.checks:
            raise ValueError("an exercise needs at least one check")

    def checked(self, submitted: Any) -> Checked:
        """Return what came of the checks. What the learner's own code raises is a sentence as well."""
        if _is_empty(submitted):
            return Checked(len(self.checks), 0, (t("There is nothing to check yet."),))
        lent = Lent()
        tried = lent.to(submitted) if isinstance(submitted, FunctionType) else submitted
        for passed, check in enumerate(self.checks):
            try:
                wrong = check(tried)
            except NotImplementedError:
                wrong = t("There is nothing to check yet.")
            except WrongFormError as error:
                wrong = str(error)
            except (Exception, SystemExit) as error:  # whatever a learner's code may raise
                wrong = _raised(error)
            finally:
                lent.give_back()
            if wrong:
                return Checked(len(self.checks), passed, (wrong,))
        return Checked(len(self.checks), len(self.checks))


def _is_empty(submitted: Any) -> bool:
    """Whether nothing was written, or a gap was left open in values."""
    values = submitted.values() if isinstance(submitted, dict) else submitted
    gaps = isinstance(values, list | tuple) or values is not submitted
    return submitted is None or submitted is Ellipsis or (gaps and any(one is Ellipsis for one in values))


class Lent:
    """What checks hand to a learner's function: what it changes in place is as before for the next check and try."""

    def __init__(self) -> None:
        self._before: list[tuple[Any, Any]] = []

    def to(self, function: FunctionType) -> Callable[..., Any]:
        """Return the function so that what it is called with is remembered."""

        @functools.wraps(function)
        def lending(*given: Any, **named: Any) -> Any:
            self._before += [(one, copy) for one in [*given, *named.values()] if (copy := _copied(one)) is not None]
            return function(*given, **named)

        return lending

    def give_back(self) -> None:
        """Put everything back as it was, the first that was handed out last."""
        while self._before:
            one, before = self._before.pop()
            if isinstance(one, dict):
                one.clear()
                one.update(before)
            elif isinstance(one, list):
                one[:] = before
            elif isinstance(one, np.ndarray):
                if one.flags.writeable:
                    one[...] = before
            else:
                with contextlib.suppress(RuntimeError):  # a view that cannot be written to
                    one.data.copy_(before)


def _copied(value: Any) -> Any:
    """Return a copy of what can be changed in place; None of all else."""
    if hasattr(value, "detach") and hasattr(value, "clone"):  # a tensor, without torch
        return value.detach().clone()
    return value.copy() if isinstance(value, np.ndarray | list | dict) else None


def _raised(error: BaseException) -> str:
    """Say what was raised, and in which line of the learner's own code, where that can be told."""
    frames = traceback.extract_tb(error.__traceback__)[2:]  # behind this module and the check
    own = [frame.line for frame in frames if frame.line and not frame.filename.startswith((*NOT_OWN, "<frozen"))]
    try:
        message = str(error).strip().split("\n")[0][:200]
    except Exception:
        message = ""
    name = type(error).__name__
    raised = f"{name}: {message}" if message else name
    if own:
        return t("Your code raised {raised} (in “{line}”).", raised=raised, line=own[-1])
    return t("What you wrote cannot be used as the exercise asks: {raised}.", raised=raised.rstrip("."))
