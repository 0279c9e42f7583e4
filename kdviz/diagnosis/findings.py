"""Findings, and the decorator that declares a function as the look for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from ..measure import Paired, PairedErrors
    from .case import Case

Severity = Literal["fault", "cause", "doubt"]
Confidence = Literal["certain", "likely", "possible"]

SEVERITIES: tuple[Severity, ...] = ("fault", "cause", "doubt")
CONFIDENCES: tuple[Confidence, ...] = ("certain", "likely", "possible")


@dataclass(frozen=True)
class Finding:
    """One reason why a teacher may not have helped.

    Attributes
    ----------
    name : str
        The look that found it, such as "too_few_steps".
    severity : {"fault", "cause", "doubt"}
        A fault to correct before anything else counts; a cause of what was seen; a reason to doubt that anything can be
        concluded.
    sentence : str
        What was found, with its numbers, and what to do.
    evidence : dict
        The numbers by name.
    confidence : {"certain", "likely", "possible"}
    try_code : str
        Python that tries the remedy, with the names ``kd`` and ``run``, or without a run ``teacher``, ``student``
        and ``data``; empty where code cannot help.
    lab : dict or None
        The Lab's choices with that change, if the Lab can show the run.
    """

    name: str
    severity: Severity
    sentence: str
    evidence: Mapping[str, Any]
    confidence: Confidence
    try_code: str = ""
    lab: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def title(self) -> str:
        """Its heading on pages."""
        return LOOKS[self.name].title

    @property
    def try_link(self) -> str:
        """The query string that opens the Lab with the change, such as "?T=20"; "?" for the Lab's defaults, empty where
        the Lab cannot show it."""
        if self.lab is None:
            return ""
        try:  # the Lab's links lie above: reached by the package's lazy names
            return str(import_module("kdviz.panels.lab.link").to_query(self.lab)) or "?"
        except (ImportError, ValueError):  # no Jupyter here, or not offered by the Lab
            return ""

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as a dict ready for JSON."""
        return {
            "name": self.name,
            "title": self.title,
            "severity": self.severity,
            "sentence": self.sentence,
            "evidence": dict(self.evidence),
            "confidence": self.confidence,
            "try_code": self.try_code,
            "try_link": self.try_link,
        }


def signed(number: float) -> str:
    """Return a difference as a whole number with its sign.

    >>> signed(-104.2), signed(3.0), signed(0.2)
    ('−104', '+3', '0')
    """
    rounded = round(number)
    return f"{'−' if rounded < 0 else '+' if rounded > 0 else ''}{abs(rounded):,}"


def interval(d: Paired | PairedErrors) -> str:
    """Return the interval of a difference, such as "95 % CI −12 to −3"."""
    return f"{100 * d.confidence:.3g} % CI {signed(d.low)} to {signed(d.high)}"


class NotLookedAt(Exception):  # noqa: N818 (nothing went wrong)
    """A look was not possible; the message states in one sentence what was missing."""


class Look(NamedTuple):
    """A declared look."""

    name: str
    title: str
    find: Callable[[Case], Finding | None]
    studied: bool
    unless: tuple[str, ...]


LOOKS: dict[str, Look] = {}


def in_order() -> list[Look]:
    """Return all looks, each after those that it may be a mere consequence of."""
    placed: dict[str, Look] = {}
    while len(placed) < len(LOOKS):
        ready = [one for one in LOOKS.values() if one.name not in placed and set(one.unless) <= set(placed)]
        if not ready:
            raise ValueError(f"these looks wait for one another: {', '.join(set(LOOKS) - set(placed))}")
        placed.update((one.name, one) for one in ready)
    return list(placed.values())


def look(
    title: str, *, studied: bool = False, unless: tuple[str, ...] = ()
) -> Callable[[Callable[[Case], Finding | None]], Callable[[Case], Finding | None]]:
    """Declare a function as a look, under its own name.

    Parameters
    ----------
    title : str
        Heading of the finding on pages.
    studied : bool
        Whether it needs the small study.
    unless : tuple of str
        Findings that this one would be a mere consequence of: the look is skipped if any of them was found.
    """

    def declare(find: Callable[[Case], Finding | None]) -> Callable[[Case], Finding | None]:
        name = find.__name__
        LOOKS[name] = Look(name, title, find, studied, unless)
        return find

    return declare
