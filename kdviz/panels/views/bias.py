"""Bias: how teacher, student and the other runs of the page treat the groups of the validation examples."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...data import Examples, Splits
from ...distill.teacher import weight_hash
from ...measure import bias as measured
from ...measure.groups import MOST_CROSSED, comparable, slant, stroke_thickness
from ...measure.proxies import Proxy, best_proxy, is_input
from ...measure.wilson import wilson
from ...models import inference
from ...widgets import Scene
from ...widgets.bias import RATES, Bias
from ...words import mark, number, t
from ..live.roster import Entry
from .controller import ViewController
from .counted import UNDER_WAY, how_many
from .frontier import frontier

RESAMPLES = 1000  # as in a report
RESAMPLES_LIVE = 400  # half a second for three models on Adult, so that the numbers keep up with a run
DIGITS = 6
PROXY = mark(
    "No model here is given {column}, and a gap can come about all the same: “{attribute}” alone tells it right for "
    "{right} of these examples; the most frequent group makes up {base}."
)
TEACHER, STUDENT = "teacher", "student"
TWINS = ("twin", "smoothed")


class BiasController(ViewController):
    """Rates and gaps of all models on the page, over all groupings of the validation examples at once.

    The student is as it is at the cursor, and so is each other run that has come so far; one that has not is as it is
    now, and a branch that begins later is left out.

    Attributes
    ----------
    widget : kdviz.widgets.Bias
    """

    view = "bias"
    widget: Bias

    _of: _Opened | None = None

    def make_widget(self, scene: Scene) -> Bias:
        return Bias(scene=scene)

    def open(self, data: Splits) -> None:
        if self._of is None or self._of.validation is not data.validation:
            self._of = _Opened(data)
            self.widget.update(found={}, frontier={})

    @property
    def offered(self) -> bool:
        return self._of is not None and bool(self._of.part.groups or _has_strokes(self._of.part))

    def make(self, teacher: nn.Module, student: nn.Module, examples: Examples) -> dict[str, Any]:
        of = self._of
        if of is None or not of.part.labelled:
            raise ValueError(t("none of the validation examples has a label: whom the models fail is not known"))
        groups, notes = of.groups
        if not groups:
            raise ValueError(notes[0] if notes else t("the examples come in no groups"))
        shown = self.scene.shown_run or STUDENT
        entries = {entry.key: entry for entry in self._runs()}
        said, steps = self._answers(of, teacher, student, shown, entries)
        found = measured.bias(
            said,
            of.part.y,
            groups,
            1 if of.classes == 2 else None,
            resamples=RESAMPLES_LIVE if self.scene.state in UNDER_WAY else RESAMPLES,
            intersect=len(groups) <= MOST_CROSSED,
            by_fairlearn=False,
        )
        runs = _Runs(shown, entries, steps, learns=self.scene.total_steps > 0)
        told = {**_told(found, runs), "accuracy": _accuracy(found, said, of.part.y), "notes": notes}
        return {"found": {**told, "proxies": of.proxies}, "frontier": frontier(of.data.name)}

    def _answers(
        self, of: _Opened, teacher: nn.Module, student: nn.Module, shown: str, entries: Mapping[str, Entry]
    ) -> tuple[dict[str, Tensor], dict[str, int | None]]:
        """Return what each model says, its predicted classes, and after which step."""
        at = self.scene.step
        said: dict[Hashable, Tensor] = {}
        answers, steps = {}, {}

        def ask(who: str, step: int | None, key: Hashable, model: nn.Module | Callable[[], nn.Module]) -> None:
            if key not in of.said:
                asked = model if isinstance(model, nn.Module) else model()
                of.said[key] = inference.logits(asked, of.part).argmax(1)
            answers[who] = said[key] = of.said[key]
            steps[who] = step

        ask(TEACHER, None, weight_hash(teacher), teacher)
        for key, entry in entries.items():
            done = entry.run.steps_done
            if key == shown:
                ask(key, done if at is None else min(at, done), weight_hash(student), student)
            elif at is None or at >= done:
                now, done = _now(entry)
                ask(key, done, (key, done), now)
            elif at >= (entry.start or 0):
                ask(key, at, (key, at), partial(entry.run.at, at))
        if shown not in answers:
            ask(shown, None, weight_hash(student), student)
        of.said = said  # of what is not shown any more nothing is kept
        return answers, steps


def _now(entry: Entry) -> tuple[nn.Module, int]:
    """Return a copy of a run's student, and its step."""
    with entry.run.lock:
        return copy.deepcopy(entry.run.student).eval(), entry.run.steps_done


class _Opened:
    """The examples of one data set, their groups once they are asked for, and what models said of them last."""

    def __init__(self, data: Splits) -> None:
        self.data, self.validation, self.classes = data, data.validation, len(data.classes)
        self.part = self.validation.take(slice(0, how_many(self.validation, self.classes)))
        self.said: dict[Hashable, Tensor] = {}  # by the weights, or by the run and its step

    @cached_property
    def groups(self) -> tuple[dict[str, Any], list[str]]:
        return comparable(self.part.groups or _strokes(self.part), self.part.y)

    @cached_property
    def proxies(self) -> dict[str, str]:
        """What the inputs tell of a group column that is none of them, in a sentence, by the column."""
        told = {}
        for column in self.part.groups:
            proxy = None if is_input(self.data, column) else best_proxy(self.part, self.data.features, column)
            if proxy is not None:
                told[column] = t(PROXY, **_shares(proxy), column=column, attribute=proxy.attribute)
        return told


@dataclass(frozen=True)
class _Runs:
    """The runs of the page: which is shown, and after which step each is compared."""

    shown: str
    entries: Mapping[str, Entry]
    steps: Mapping[str, int | None]
    learns: bool  # whether the page trains at all: two given models have no steps

    @property
    def twin(self) -> str:
        """The key of the student's twin, if it is compared and not the one shown."""
        twins = (key for key, e in self.entries.items() if e.role == "twin" and key in self.steps)
        return next((key for key in twins if key != self.shown), "")


def _shares(proxy: Proxy) -> dict[str, str]:
    return {name: number(getattr(proxy, name), ".0%") for name in ("right", "base")}


def _has_strokes(part: Examples) -> bool:
    return part.single and part.x.dtype == torch.uint8 and len(part.shape) == 3 and part.shape[0] == 1


def _strokes(part: Examples) -> dict[str, np.ndarray]:
    if not _has_strokes(part):
        return {}
    return {t("stroke thickness (px)"): stroke_thickness(part.x), t("slant (°)"): slant(part.x)}


def _accuracy(found: measured.Bias, said: Mapping[str, Tensor], y: Tensor) -> dict[str, list[float | None]]:
    """Return the share of examples that each model gets right, with Wilson's interval."""
    right = {who: int((choice == y)[y >= 0].sum()) for who, choice in said.items()}
    return {who: _numbers(k / found.n, *wilson(k, found.n, found.confidence)) for who, k in right.items()}


def _told(found: measured.Bias, runs: _Runs) -> dict[str, Any]:
    """Return all numbers as the widget takes them."""
    return {
        "n": found.n,
        "positive": found.positive,
        "confidence": found.confidence,
        "resamples": found.resamples,
        "models": [{"id": who, "step": runs.steps[who]} for who in found.models],
        "groupings": [_grouping(found, name, runs) for name in found.groupings],
    }


def _grouping(found: measured.Bias, name: str, runs: _Runs) -> dict[str, Any]:
    """Return the groups of one grouping, the rates of each, the gaps between them, and what is said of those."""
    of = {who: found.of(who, name) for who in found.models}
    first = of[TEACHER]
    rates = RATES if found.positive is not None else RATES[-1:]
    return {
        "name": name,
        "groups": [{"name": group.name, "n": group.n} for group in first.groups],
        "rates": {
            rate: {who: [_rate(getattr(group, rate)) for group in one.groups] for who, one in of.items()}
            for rate in rates
        },
        "gaps": {metric: {who: _gap(one.gaps[metric]) for who, one in of.items()} for metric in first.gaps},
        "said": {metric: _said(found, name, metric, runs) for metric in first.gaps},
        "notes": list(first.notes),
    }


def _said(found: measured.Bias, grouping: str, metric: Any, runs: _Runs) -> dict[str, str]:
    """Return the verdict on the student shown beside its teacher and its twin, and the figures of it."""
    entry = runs.entries.get(runs.shown)
    role = entry.role if entry is not None else STUDENT
    name = entry.name if entry is not None and role == "branch" else "twin" if role in TWINS else STUDENT
    c = replace(found.compare(grouping, metric, runs.shown, TEACHER), subject=name)
    if entry is not None and entry.run.teacher is None:
        nothing = t("The twin has no teacher, so it can inherit nothing.")
        if role not in TWINS:
            nothing = t("{name} has no teacher, so it can inherit nothing.", name=name)
        reason = c.reason()
        return {"verdict": "", "why": f"{nothing} {reason[:1].upper()}{reason[1:]}"}
    if runs.learns and not runs.steps[runs.shown]:
        return {"verdict": "", "why": t("Nothing has been learned yet: these gaps are those of random weights.")}
    if not runs.twin:
        return {"verdict": c.headline(), "why": c.reason()}
    twin = replace(found.compare(grouping, metric, runs.shown, runs.twin), subject=name, reference="twin")
    return {"verdict": c.headline(twin), "why": c.reason(twin)}


def _gap(gap: measured.Gap) -> dict[str, Any]:
    value, low, high, chance = _numbers(gap.value, gap.low, gap.high, gap.chance)
    return {"value": value, "low": low, "high": high, "chance": chance, "rests_on": gap.rests_on}


def _rate(rate: measured.Rate) -> list[float | int | None]:
    return [*_numbers(rate.value, rate.low, rate.high), rate.n]


def _numbers(*values: float) -> list[float | None]:
    """Return numbers as JSON can hold them."""
    return [None if math.isnan(value) else round(value, DIGITS) for value in values]
