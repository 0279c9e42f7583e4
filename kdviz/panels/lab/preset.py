"""A preset: a way for the Lab to open, with a bet that a run settles, and sentences that more than one of them uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...words import mark
from . import outcome
from .choices import Choices
from .outcome import IDENTICAL, Facts

FEWER_SAME_MORE = {"fewer": mark("Fewer"), "same": mark("No clear difference"), "more": mark("More")}
HELPS = {"fewer": mark("It helps"), "same": mark("No clear difference"), "more": mark("It hurts")}
ERRORS_BESIDE_TWIN = mark("{student} errors of {n}; its twin without a teacher {twin}.")
ERRORS_ALONE = mark("It made {student}.")
FREE = ("epochs", "smoothing")  # a preset's bet stands where a reader changes these


@dataclass(frozen=True)
class Reason:
    """A sentence on a run for each way it can turn out; ``by`` says which, and nothing is said where there is none."""

    by: Callable[[Facts], str]
    texts: Mapping[str, str]


USUAL_REASON = Reason(
    outcome.beside_the_twin,
    {
        "fewer": mark("Against its twin: {beside_twin}, {worth_twin}. Only the teacher differs between the two."),
        "same": mark("Against its twin: {beside_twin}. It {worth_twin}; other seeds can tell more."),
        "more": mark("Against its twin: {beside_twin}, {worth_twin}. This teacher was no help to this student."),
        IDENTICAL: mark("All {weights} weights of student and twin are equal, bit for bit: they are one network."),
    },
)


CLEAR = mark("Against its twin: {beside_twin}, {worth_twin}.")
UNCLEAR = mark("Against its twin: {beside_twin}; it {worth_twin}.")
BESIDE_THE_TWIN = Reason(outcome.beside_the_twin, {"fewer": CLEAR, "same": UNCLEAR, "more": CLEAR})


@dataclass(frozen=True)
class Preset:
    """A way for the Lab to open.

    Attributes
    ----------
    name, title : str
        For links; and the question in two or three words, for the reader.
    question : str
        What to bet on before Train is pressed; it gives no answer away.
    choices : dict
        What differs from the default :class:`kdviz.panels.lab.choices.Choices`.
    view : str
        The view that the page opens with: "one", "many" or "draw".
    look : str
        Where on the page to look; never what will be seen there.
    answers : dict of str to str
        What can be answered, by the name of the outcome that makes it right; empty where the student's test errors are
        to be guessed.
    settle : callable
        Returns the name of the outcome of a run; "" where the run leaves it open.
    fact : str
        What the run came to, for who was right or wrong.
    why : tuple of Reason
        Sentences on it, with the run's own numbers.
    next : str
        Name of the preset to go on with; "" is the default.
    measures : tuple of str
        What is measured for it besides; see :data:`kdviz.panels.lab.outcome.MEASURES`.
    seeds : int
        How many seeds settle it.
    two_peaks : bool
        Whether it opens with the example whose two likeliest classes the teacher finds most alike.
    pictures : bool
        Whether the weights of the student's units are shown with the answer.

    Examples
    --------
    >>> Preset("eight", "Eight?", "Is it?", {"units": 8}, "one", "the curves.").changed({"units": 16}, set())
    True
    """

    name: str
    title: str
    question: str
    choices: dict[str, Any]
    view: str
    look: str
    answers: Mapping[str, str] = field(default_factory=lambda: FEWER_SAME_MORE)
    settle: Callable[[Facts], str] = outcome.beside_the_twin
    fact: str = ERRORS_BESIDE_TWIN
    why: tuple[Reason, ...] = (USUAL_REASON,)
    next: str = ""
    measures: tuple[str, ...] = ()
    seeds: int = 1
    two_peaks: bool = False
    pictures: bool = False

    def changed(self, trained: Mapping[str, Any], edited: set[str]) -> bool:
        """Whether a run was trained otherwise than the question says."""
        meant = Choices(**self.choices).to_dict()
        names = {*self.choices, *(["kind", "temperature_course"] if self.name else [])} - set(FREE)
        return any(trained.get(name, meant[name]) != meant[name] or name in edited for name in names)
