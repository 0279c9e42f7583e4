"""Experiments: studies that are shipped as JSON, with the question they ask and what the paper reports.

``kdviz run hinton-2015`` runs one by name. ``experiment("hinton-2015").study()`` gives its study.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any

from ..distill import Recipe, schema
from ..distill.live import LIVE, LiveNumber
from ..distill.methods import METHODS
from ..distill.objective_schema import SEED, SIZE
from ..distill.recipe import WRITTEN
from ..distill.schema import AnyOf, Anything, Distinct, Kind, ListOf, MapOf, Number, OneOf, Record, Text, Whole, or_null
from . import compression as compression  # a program of its own, which is declared there
from . import faulty as _faulty  # noqa: F401  # declares programs
from .arms import RECIPE_FIELDS, grid
from .encoders import distilbert_small as distilbert_small  # declares its program
from .programs import PROGRAMS
from .robustness import robustness_arrives as robustness_arrives  # declares its program
from .study import Study
from .word_methods import word_methods as word_methods  # declares its program

VERSION = 1
QUICK_LABELS = 500  # and one epoch, one seed: to see whether it runs, not what it shows

MOST_ARMS = 10_000


@dataclass(frozen=True)
class Experiment:
    """A study with a question.

    Attributes
    ----------
    name, title : str
    question : str
        One sentence that its table answers.
    source : str
        The paper it follows.
    paper : tuple of (str, str)
        Names and values of the paper's results.
    differs : str
        How it differs from the paper.
    seeds : tuple of int
    base : Recipe
        What all arms have in common.
    arms : mapping of str to Recipe
        By name; empty for a grid, and for a league, whose arms are tuned first.
    grid : mapping of str to sequence
        Values by axis, in place of arms.
    league : mapping or None
        What :mod:`kdviz.study.league` makes the arms from.
    watched_class : int or None
        The class whose errors are also counted separately.
    program : mapping or None
        In place of arms, the name of a function of :mod:`kdviz.study.programs` and its arguments.
    against : mapping of str to str
        What an arm is compared with in place of its twin: another arm, by name.
    guess : str
        The row of its table that readers guess the outcome of; empty for the first that is compared with another.
    opens : str
        A page and its link that show a run like these live, such as ``lab.ipynb?preset=hinton``.
    shows : tuple of {"weights", "kept"}
        Further columns of its table: weights, and the share of the teacher's accuracy that is kept.
    """

    name: str
    title: str
    question: str
    source: str
    paper: tuple[tuple[str, str], ...]
    differs: str
    seeds: tuple[int, ...]
    base: Recipe
    arms: Mapping[str, Recipe]
    grid: Mapping[str, Any]
    league: Mapping[str, Any] | None = None
    watched_class: int | None = None
    program: Mapping[str, Any] | None = None
    against: Mapping[str, str] = field(default_factory=dict)
    guess: str = ""
    opens: str = ""
    shows: tuple[str, ...] = ()

    def study(self) -> Study:
        """Return the study, nothing of it done yet.

        Raises
        ------
        ValueError
            If it is a league, whose arms are chosen on validation data first: :func:`kdviz.study.league.tuned`, or a
            program, which is run by :func:`kdviz.study.programs.results`.
        """
        if self.program is not None:
            raise ValueError(f"{self.name} is a program and no study of arms; kdviz run {self.name} runs it")
        if self.league is not None:
            raise ValueError(f"{self.name} is a league, whose arms are tuned first; kdviz run {self.name} does both")
        if self.grid:
            return Study.grid(self.base, seeds=self.seeds, **self.grid)
        return Study(self.arms, seeds=self.seeds)

    def quick(self) -> Experiment:
        """Return the same with few labels, one epoch and one seed: it shows that all of it runs, and nothing else."""
        return replace(
            self,
            seeds=self.seeds[:1],
            base=_shortened(self.base),
            arms={name: _shortened(recipe) for name, recipe in self.arms.items()},
        )


def names() -> tuple[str, ...]:
    """Return the names of the experiments that come with kdviz.

    >>> "hinton-2015" in names()
    True
    """
    return tuple(sorted(f.name.removesuffix(".json") for f in _shipped().iterdir() if f.name.endswith(".json")))


def experiment(name: str | Path) -> Experiment:
    """Return an experiment by name, or from a JSON file given as a ``Path``.

    Raises
    ------
    FileNotFoundError, ValueError
        In one sentence, if there is none of that name, or the file does not describe one.

    Examples
    --------
    >>> hinton = experiment("hinton-2015")
    >>> list(hinton.arms), hinton.paper[1]
    (['2×800 distilled at T = 20'], ('2×800 alone', '146'))
    """
    if isinstance(name, Path):
        return _read(name.stem, schema.read(name, "an experiment"))
    if name not in names():
        raise ValueError(f"an experiment must be one of {', '.join(names())}, or a Path to a JSON file, got {name!r}")
    return _read(name, schema.parse((_shipped() / f"{name}.json").read_bytes(), "an experiment"))


def _shipped() -> Any:
    return resources.files("kdviz.study") / "shipped"


def _read(name: str, written: Any) -> Experiment:
    needed = {"version", "title", "question", "seeds", "base"}
    if not isinstance(written, dict) or written.get("version") != VERSION or not needed <= set(written):
        raise ValueError(f"the experiment {name} must be of version {VERSION} and have {', '.join(sorted(needed))}")
    unknown = set(written) - {*_WRITTEN.needed, *_WRITTEN.optional}
    if unknown:
        raise ValueError(f"the experiment {name} has {', '.join(sorted(unknown))[:100]}, which kdviz does not know")
    if sum(kind in written for kind in ("arms", "grid", "methods", "program")) != 1:
        raise ValueError(f"the experiment {name} must have one of arms, grid, methods and program")
    _WRITTEN.check(written, "experiment")
    if ("methods" in written) != ("tuning_seed" in written):
        raise ValueError(f"the experiment {name} must have both methods and tuning_seed, or neither")
    read = Experiment(
        name=name,
        title=written["title"],
        question=written["question"],
        source=written.get("source", ""),
        paper=tuple((what, how_much) for what, how_much in written.get("paper", ())),
        differs=written.get("differs", ""),
        seeds=tuple(written["seeds"]),
        base=Recipe.from_dict(written["base"], "experiment.base"),
        arms={arm: _changed(written["base"], changes, arm) for arm, changes in written.get("arms", {}).items()},
        grid=written.get("grid", {}),
        league={**written["methods"], "tuning_seed": written["tuning_seed"]} if "methods" in written else None,
        watched_class=written.get("watched_class"),
        program=written.get("program"),
        against=written.get("against", {}),
        guess=written.get("guess", ""),
        opens=written.get("opens", ""),
        shows=tuple(written.get("shows", ())),
    )
    _check_grid(read)
    if read.against:
        known = [arm.name for arm in read.study().arms]
        strange = next((name for pair in read.against.items() for name in pair if name not in known), None)
        if strange is not None:
            raise ValueError(f"experiment.against must name arms, {', '.join(known)}, got {schema.shown(strange)}")
    return read


def _changed(base: dict[str, Any], changes: dict[str, Any], arm: str) -> Recipe:
    unknown = set(changes) - set(RECIPE_FIELDS)
    if unknown:
        raise ValueError(f"the arm {arm} changes {', '.join(sorted(unknown))}, and a recipe has none")
    return Recipe.from_dict({**base, **changes}, f"experiment.arms[{schema.shown(arm)}]")


def _check_grid(read: Experiment) -> None:
    """Raise in one sentence unless the axes of a grid fit, and there are no more arms than a study can do."""
    arms = math.prod(len(values) for values in read.grid.values())
    if arms > MOST_ARMS:
        raise ValueError(f"experiment.grid must have at most {MOST_ARMS:,} arms, got {arms:,}")
    for axis, values in read.grid.items():
        kind = _AXES.get(axis) or WRITTEN.optional.get(axis) or WRITTEN.needed.get(axis) or Anything()
        ListOf(kind).check(values, f"experiment.grid.{axis}")
    if read.grid:
        try:
            grid(read.base, read.grid)
        except (ValueError, TypeError) as error:
            raise ValueError(f"experiment.grid does not fit its base: {' '.join(str(error).split())}") from None


def _number(live: LiveNumber) -> Number:
    return Number(above=live.least) if live.above else Number(least=live.least, most=live.most)


_AXES: dict[str, Kind] = {
    **{name: _number(live) for name, live in LIVE.items()},
    "hidden": AnyOf((SIZE, ListOf(SIZE, longest=1000))),
}
_SENTENCE = Text()
_SEEDS = ListOf(SEED, fewest=1, longest=1000)
_FACTORS = ListOf(Number(least=0), fewest=1, longest=1000)
_LEAGUE = Record(
    {
        "names": AnyOf((OneOf(("all",)), ListOf(OneOf(tuple(METHODS)), fewest=1, longest=len(METHODS)))),
        "alphas": ListOf(Number(least=0, most=1), fewest=1, longest=1000),
        "factors": _FACTORS,
    }
)
_PROGRAM = Record({"name": OneOf(tuple(PROGRAMS))}, {"arguments": MapOf(Anything())})
_WRITTEN = Record(
    {
        **{"version": OneOf((VERSION,)), "title": _SENTENCE, "question": _SENTENCE},
        **{"seeds": Distinct(_SEEDS), "base": MapOf(Anything())},
    },
    {
        **{"source": _SENTENCE, "differs": _SENTENCE},
        "paper": ListOf(ListOf(_SENTENCE, fewest=2, longest=2), longest=1000),
        "arms": MapOf(MapOf(Anything()), fewest=1, longest=MOST_ARMS),
        "grid": MapOf(ListOf(Anything(), fewest=1, longest=MOST_ARMS), fewest=1, longest=20),
        **{"methods": _LEAGUE, "tuning_seed": SEED, "watched_class": or_null(Whole(most=1_000_000))},
        "against": MapOf(_SENTENCE, longest=MOST_ARMS),
        **{"program": _PROGRAM, "guess": _SENTENCE, "opens": _SENTENCE},
        "shows": Distinct(ListOf(OneOf(("weights", "kept")), longest=2)),
    },
)


def _shortened(recipe: Recipe) -> Recipe:
    draw = {**(recipe.draw or {}), "count": min((recipe.draw or {}).get("count", QUICK_LABELS), QUICK_LABELS)}
    return replace(recipe, draw=draw, epochs=1)
