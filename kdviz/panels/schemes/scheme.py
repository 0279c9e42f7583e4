"""What the page knows of a scheme: its words, its diagram, its runs and what is drawn of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from ...data import Examples
from ...distill import RunName
from ...distill.schemes import PUBLISHED, Published
from ...words import mark, number, t
from .drawings import Drawing
from .lane import Lane
from .setting import Setting
from .text_setting import OFFERS, of_text

FAMILIES = ("online", "rows", "self", "several", "place", "answers", "budget", "text")
KINDS = ("teacher", "student", "peer", "data", "other")
LANES = {"hinton": RunName(mark("Offline distillation"), {}), "twin": RunName(mark("Twin, no teacher"), {})}
HOLDS = {  # what examples are
    "images": mark("images of one class each"),
    "tasks": mark("prompts with their answers"),
    "text": mark("running text"),
    "masked": mark("lines with hidden words"),
    "kinds": mark("lines of one kind each"),
}
BUDGET = {
    "one": mark("Equal budget: the scheme, offline distillation and the twin take {total} steps each."),
    "shared": mark(
        "Equal budget: {total} steps of single networks each. The scheme shares them out to {n} networks; offline "
        "distillation and the twin give all of them to one student."
    ),
}


@dataclass(frozen=True)
class Party:
    """One box of a diagram.

    Attributes
    ----------
    name : str
        Names it in arrows.
    title : str
        For a reader, with :func:`kdviz.words.mark`.
    kind : str
        One of ``KINDS``: how it is drawn.
    column, row : int
        Its place, from the upper left.
    """

    name: str
    title: str
    kind: str
    column: int
    row: int = 0


@dataclass(frozen=True)
class Phase:
    """One stretch of time of a diagram: who teaches whom now, and what is said of it."""

    says: str
    arrows: tuple[tuple[str, str], ...]  # from, to


@dataclass(frozen=True)
class Option:
    """Something of a scheme that can be chosen before its run: a few values, each with its text.

    Attributes
    ----------
    title : str
    values : dict of str to str
        What can be chosen, by the name that links have for it: its text, marked where it has words.
    usual : str
    """

    title: str
    values: Mapping[str, str]
    usual: str


@dataclass(eq=False)
class Course:
    """One run of the page: a scheme beside offline distillation and the twin, and what was seen on the way.

    Attributes
    ----------
    lanes : dict of str to Lane
        By role: "student" (the scheme's), "hinton" (offline distillation), "twin", and others that the scheme adds.
    budget : str
        How the steps are shared out, in a sentence for the reader.
    extra : dict
        What the scheme's own drawings need besides.
    once : dict
        What ``look`` found once and for all, as JSON can hold it.
    seen : list of (int, dict)
        What ``look`` found, by the scheme's step; as JSON can hold it.
    recorded : bool
        Whether it was run before, and only what was seen of it is here.
    """

    setting: Setting
    lanes: dict[str, Lane]
    budget: str
    extra: dict[str, Any] = field(default_factory=dict)
    seen: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    finished: bool = False
    once: dict[str, Any] = field(default_factory=dict)
    recorded: bool = False

    @property
    def own(self) -> Lane:
        """The scheme's lane."""
        return self.lanes["student"]

    @property
    def examples(self) -> Examples:
        """What the view's numbers are counted on: validation examples, test examples at the end."""
        return self.setting.data.test if self.finished else self.setting.data.validation

    def look(self, what: Mapping[str, Any]) -> None:
        """Keep what was seen at the scheme's present step, in place of what was seen at it before."""
        step = self.own.steps_done
        self.seen = [*((at, found) for at, found in self.seen if at < step), (step, dict(what))]

    def to_dict(self) -> dict[str, Any]:
        """Return what was seen of the runs, for JSON; the runs themselves are not in it."""
        lanes = {role: lane.to_dict() for role, lane in self.lanes.items()}
        return {"lanes": lanes, "seen": self.seen, "once": self.once, "finished": self.finished}

    def restore(self, said: Mapping[str, Any]) -> None:
        """Take what ``to_dict`` returned of a course that began as this one; it can be shown, and not gone on with."""
        for role, lane in self.lanes.items():
            lane.restore(said["lanes"][role])
        self.seen = [(int(step), dict(found)) for step, found in said["seen"]]
        self.once, self.finished, self.recorded = dict(said["once"]), bool(said["finished"]), True

    def wrong(self, model: nn.Module) -> int:
        """How many errors a model makes on ``examples``."""
        return self.setting.wrong(model, self.examples)


@dataclass(frozen=True, eq=False)
class Scheme:
    """All about a scheme; texts with :func:`kdviz.words.mark`.

    Attributes
    ----------
    name : str
        In links; that of its file.
    title, says, source, misses : str
        What it is called, what it does in one sentence, authors and year, and what the page does not show of it.
    family : str
        One of ``FAMILIES``.
    acronyms : tuple of str
        What else it is found by.
    file : str
        The module of :mod:`kdviz.distill.schemes` whose source is shown; ``../terms/on_policy`` is one beside it.
    parties, phases
        The diagram.
    begin : callable
        Returns a :class:`Course` at its start, of a setting and the options chosen.
    look : callable
        Returns what is seen of a course at an evaluation; quick.
    draw : callable
        Returns the drawings of what was seen.
    phase : callable
        Returns which phase of the diagram a stage of the scheme's lane belongs to.
    options : dict of str to Option
    setting : dict
        Arguments of :meth:`Setting.of` that differ from the usual ones.
    data : str
        What it runs on: "images", or as :mod:`.text_setting` has it.
    formula : str
        LaTeX; empty for none. One of a published method for text is that method's.
    published : str
        Name of :data:`kdviz.schemes.PUBLISHED`, where the settings of the paper have one.
    elsewhere : (str, str) or None
        For runs that the Lab cannot show: the page and link that shows something like them, and what that is.
    """

    name: str
    title: str
    family: str
    acronyms: tuple[str, ...]
    says: str
    source: str
    misses: str
    file: str
    parties: tuple[Party, ...]
    phases: tuple[Phase, ...]
    begin: Callable[[Setting, Mapping[str, str]], Course]
    look: Callable[[Course], dict[str, Any]]
    draw: Callable[[Course], list[Drawing]]
    phase: Callable[[int], int] = lambda stage: stage
    options: Mapping[str, Option] = field(default_factory=dict)
    setting: Mapping[str, Any] = field(default_factory=dict)
    data: str = "images"
    formula: str = ""
    published: str = ""
    elsewhere: tuple[str, str] | None = None

    @property
    def paper(self) -> Published | None:
        """The published method that it is, with the settings of its paper."""
        return PUBLISHED[self.published] if self.published else None

    @property
    def latex(self) -> str:
        """Its formula, or that of the published method that it is."""
        return self.formula or (self.paper.formula if self.paper is not None else "")

    def of_page(self, *, epochs: int | None, seed: int) -> Setting:
        """Return the page's setting for it."""
        if self.data in OFFERS:
            return of_text(self.data, epochs=epochs, seed=seed, **self.setting)
        return Setting.of(epochs=epochs, seed=seed, **self.setting)

    def check(self, setting: Setting) -> None:
        """Raise a ``ValueError`` of one sentence if it cannot run on a setting."""
        if setting.holds != self.data:
            wanted, given = t(HOLDS[self.data]), t(HOLDS[setting.holds])
            raise ValueError(
                t("the scheme {scheme} runs on {wanted}, and this setting holds {given}; choose another scheme",
                  scheme=self.name, wanted=wanted, given=given)
            )  # fmt: skip

    def phase_at(self, stage: int) -> int:
        """Return the diagram's phase while a stage of the scheme's lane is under way."""
        return min(max(0, self.phase(stage)), len(self.phases) - 1)

    def chosen(self, options: Mapping[str, str]) -> dict[str, str]:
        """Return the value of every option: those given, else the usual ones.

        Raises
        ------
        ValueError
            In one sentence, if there is no such option or value.
        """
        for name, value in options.items():
            if name not in self.options:
                there = ", ".join(self.options) or t("none")
                wanted = {"scheme": self.name, "names": there, "value": repr(name)}
                raise ValueError(t("the scheme {scheme} has the options {names}, got {value}", **wanted))
            if value not in self.options[name].values:
                there = ", ".join(self.options[name].values)
                wanted = {"name": t("{name} of {scheme}", name=name, scheme=self.name), "value": repr(value)}
                raise ValueError(t("{name} must be one of {names}, got {value}", names=there, **wanted))
        return {name: options.get(name, option.usual) for name, option in self.options.items()}


def budget(total: int, networks: int = 1) -> str:
    """Return how the steps of a course are shared out, in a sentence."""
    return t(BUDGET["shared" if networks > 1 else "one"], total=number(total), n=number(networks))


def beside(own: Lane, **others: Lane) -> dict[str, Lane]:
    """Return the lanes of a course: the scheme's, offline distillation and the twin at equal budget, and others, which
    may take the place of these two."""
    setting, total = own.setting, own.total_steps
    plain = {
        "hinton": Lane(setting, (setting.offline(total) for _ in range(1)), [total], cost=1.3, name=LANES["hinton"]),
        "twin": Lane(setting, (setting.twin(total) for _ in range(1)), [total], name=LANES["twin"]),
    }
    return {"student": own, **plain, **others}


def by_steps(course: Course, names: Sequence[str]) -> dict[str, tuple[list[int], list[float]]]:
    """Return what was seen under several names, each with its steps."""
    lines: dict[str, tuple[list[int], list[float]]] = {}
    for name in names:
        points = [(step, float(found[name])) for step, found in course.seen if found.get(name) is not None]
        lines[name] = ([step for step, _ in points], [value for _, value in points])
    return lines
