"""What a run came to: the numbers that settle a preset's bet, measured on the runs themselves."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from ...data import Examples
from ...data.faults import are_pictures
from ...data.planted import with_shortcut
from ...distill import Distillation
from ...distill.schemes.omitted_class import best_shift, with_raised
from ...measure import Paired, PairedErrors, paired
from ...measure.error_words import in_errors, worth
from ...models import inference
from ...widgets.scene import BIAS_SLIDER
from ...words import number
from ..views.wall import stops

IDENTICAL = "identical"
TORN = 0.2  # a teacher whose second choice has at least this probability has two peaks
LOOKED_AT = 1000  # validation examples
Z = 1.96
WITHOUT_MADE_UP = 1807  # errors of the student of made-up-digits: `python benchmarks/presets.py --drawn-alone`


@dataclass(frozen=True)
class Facts:
    """Finished runs in numbers; errors are those on the test set.

    Attributes
    ----------
    examples : int
        Labelled test examples.
    errors : dict of str to int
        After the last step, by role ("student", "twin", "smoothed", "teacher").
    best : dict of str to int
        At the best step on validation data, by role.
    against : dict of str to PairedErrors
        Student − twin on the same test examples, by the twin's role.
    seeds : sequence of dict of str to int
        Errors by role, seed by seed, where the run was repeated.
    same : tuple of str
        Roles of twins that are the student itself: every weight is equal.
    usual : int
        The student's errors in a run of the default.
    agreement : float or None
        Share of the test examples on which student and teacher give the same answer.
    temperature : float
    measured : dict of str to float
        What the preset measured besides; see ``MEASURES``.
    """

    examples: int
    errors: Mapping[str, int]
    best: Mapping[str, int] = field(default_factory=dict)
    against: Mapping[str, PairedErrors] = field(default_factory=dict)
    seeds: Sequence[Mapping[str, int]] = ()
    same: tuple[str, ...] = ()
    usual: int = 0
    agreement: float | None = None
    temperature: float = 1.0
    measured: Mapping[str, float] = field(default_factory=dict)

    def difference(self, role: str = "twin") -> Paired | PairedErrors | None:
        """Return student − twin: over the seeds, where there are several; else on this run's test examples."""
        pairs = [(one["student"], one[role]) for one in self.seeds if {"student", role} <= set(one)]
        if len(pairs) > 1:
            return paired([student - twin for student, twin in pairs])
        return self.against.get(role)

    def figures(self) -> dict[str, str]:
        """Return the numbers for the places of a sentence, as a reader sees them."""
        shown = {name: number(value) for name, value in self.errors.items()}
        shown |= {f"{role}_best": number(value) for role, value in self.best.items()}
        shown |= {"n": number(self.examples), "seeds": number(len(self.seeds)), "usual": number(self.usual)}
        shown |= {"guessing": number(round(0.9 * self.examples)), "T": number(self.temperature, ".3g")}
        for role in ("twin", "smoothed"):
            if (difference := self.difference(role)) is not None:
                shown |= {f"beside_{role}": in_errors(difference), f"worth_{role}": worth(difference)}
        if self.agreement is not None:
            shown["agreement"] = number(self.agreement, ".1%")
        return shown | {name: WRITTEN[name](value) for name, value in self.measured.items()}


# Which of a preset's answers a run gives


def beside_the_twin(facts: Facts) -> str:
    """Return "fewer", "same" or "more" errors than the twin's; "identical" where it is the student; "" without one."""
    return _beside(facts, "twin")


def beside_the_smoothed_twin(facts: Facts) -> str:
    """Return what :func:`beside_the_twin` does of the twin that learned from smoothed labels."""
    return _beside(facts, "smoothed")


def _beside(facts: Facts, role: str) -> str:
    if role in facts.same:
        return IDENTICAL
    difference = facts.difference(role)
    return "" if difference is None else {"fewer": "fewer", "more": "more"}.get(difference.verdict, "same")


def over_seeds(least: int) -> Callable[[Facts], str]:
    """Return what settles a bet as :func:`beside_the_twin` does, but only once there are so many seeds."""
    return lambda facts: beside_the_twin(facts) if len(facts.seeds) >= least else ""


def share_removed(line: float) -> Callable[[Facts], str]:
    """Return what says whether "none", "some" (up to ``line``) or "many" of the twin's errors are gone.

    It says "" where the interval of the difference holds the line, so that another test set could say otherwise.
    """

    def settle(facts: Facts) -> str:
        difference = facts.difference()
        if difference is None:
            return ""
        if difference.verdict != "fewer":
            return "none"
        seeds = [one["twin"] for one in facts.seeds if "twin" in one]
        twin = float(np.mean(seeds)) if len(seeds) > 1 else float(facts.errors["twin"])
        if difference.low < -line * twin < difference.high:
            return ""
        return "many" if -difference.mean > line * twin else "some"

    return settle


def beside_the_usual(facts: Facts) -> str:
    """Return whether the student makes "fewer", about the "same" or "more" errors than a run of the default did."""
    return apart(facts.errors["student"], facts.usual)


def apart(errors: float, others: float) -> str:
    """Return whether one count of errors is "fewer" or "more" than another, or the "same" for all that chance can do.

    The two come from different runs, so that nothing pairs them: the interval is that of two independent counts.

    >>> apart(269, 460), apart(460, 479), apart(617, 479)
    ('fewer', 'same', 'more')
    """
    difference, noise = errors - others, Z * math.sqrt(errors + others)
    return "same" if abs(difference) <= noise else "fewer" if difference < 0 else "more"


def room_or_teaching(facts: Facts) -> str:
    """Return "room" where the student stays further behind its teacher than the teacher's help moves it."""
    if not {"twin", "teacher"} <= set(facts.errors):
        return ""
    behind = facts.errors["student"] - facts.errors["teacher"]
    return "room" if behind > 2 * abs(facts.errors["student"] - facts.errors["twin"]) else "teaching"


def who_teaches(facts: Facts) -> str:
    """Return which term of the loss has two thirds of the gradient or more: "teacher", "labels"; else "both"."""
    share = facts.measured.get("soft_share")
    if share is None:
        return ""
    return "teacher" if share > 2 / 3 else "labels" if share < 1 / 3 else "both"


def peaks(facts: Facts) -> str:
    """Return whether the student keeps less than four fifths of the teacher's lesser peak: "one" peak; or "both"."""
    m = facts.measured
    if not m.get("torn"):
        return ""
    return "one" if m["lesser_student"] < 0.8 * m["lesser_teacher"] else "both"


def of_the_omitted(facts: Facts) -> str:
    """Return how many examples of the omitted class the student knows: "none", "few" (under half) or "most"."""
    m = facts.measured
    if not m.get("of_class"):
        return ""
    return "none" if m["known"] == 0 else "few" if 2 * m["known"] < m["of_class"] else "most"


def raised(facts: Facts) -> str:
    """Return "more" where a bias gives the omitted class back beyond what chance can, else "same"."""
    m = facts.measured
    if not m.get("of_class"):
        return ""
    return "more" if apart(m["known_raised"], m["known"]) == "more" else "same"


def misled(facts: Facts) -> str:
    """Return who follows a wrong mark more often, "student" or "twin", or "alike"; "" where it was not measured."""
    m = facts.measured
    if not {"misled", "misled_twin"} <= set(m):
        return ""
    return {"fewer": "twin", "more": "student", "same": "alike"}[apart(m["misled"], m["misled_twin"])]


def became_its_teacher(facts: Facts) -> str:
    """Return "yes" where the student agrees with its teacher on 19 of 20 examples and makes as many errors."""
    alike = apart(facts.errors["student"], facts.errors.get("teacher", 0)) == "same"
    return "yes" if alike and (facts.agreement or 0) >= 0.95 else "no"


# What is measured besides


@dataclass(frozen=True)
class Group:
    """The finished runs by role, what was seen on the way, and the class left out (-1: none)."""

    runs: Mapping[str, Distillation]
    gradients: Sequence[tuple[float, float]] = ()
    omitted: int = -1

    @property
    def student(self) -> Distillation:
        return self.runs["student"]


def shares_of_gradient(group: Group) -> dict[str, float]:
    """Return the teacher's share of the two gradients' lengths, on average over the run, and what T² would make it."""
    if not group.gradients:
        return {}
    square = float(group.student.objective.value("temperature")) ** 2  # type: ignore[arg-type]
    without = [soft / (soft + hard) for soft, hard in group.gradients]
    with_it = [square * soft / (square * soft + hard) for soft, hard in group.gradients]
    return {
        "soft_share": float(np.mean(without)),
        "hard_share": 1 - float(np.mean(without)),
        "soft_share_t2": float(np.mean(with_it)),
        "moments": float(len(without)),
    }


def flatness(group: Group) -> dict[str, float]:
    """Return the teacher's lowest and highest probability of an example at T, each on average, and that at T = 1."""
    run = group.student
    assert run.teacher is not None
    z = inference.logits(run.teacher.module, run.data.validation.take(slice(0, LOOKED_AT))).float()
    soft = (z / float(run.objective.value("temperature"))).softmax(1)  # type: ignore[arg-type]
    return {
        "lowest": float(soft.min(1).values.mean()),
        "highest": float(soft.max(1).values.mean()),
        "logits_apart": float((z.max(1).values - z.min(1).values).mean()),
    }


def lesser_peaks(group: Group) -> dict[str, float]:
    """Return what each model gives the lesser of the teacher's two likeliest classes, where the teacher is torn."""
    run = group.student
    assert run.teacher is not None
    looked = run.data.validation
    top = run.teacher.logits(looked).float().softmax(1).topk(2)
    torn = torch.nonzero(top.values[:, 1] >= TORN).flatten()
    if not len(torn):
        return {"torn": 0.0}
    chosen, both = looked.take(torn), top.indices[torn]
    given = {"lesser_teacher": float(top.values[torn, 1].mean())}
    for role in ("student", "twin"):
        if role in group.runs:
            p = inference.logits(group.runs[role].student, chosen).float().softmax(1)
            given[f"lesser_{role}"] = float(p.gather(1, both).min(1).values.mean())
    return {"torn": float(len(torn)), **given}


def omitted_class(group: Group) -> dict[str, float]:
    """Return how many test examples of the omitted class are known, without a bias and with the best one."""
    if group.omitted < 0:
        return {}
    run, c = group.student, group.omitted
    test = run.data.test
    tested = inference.logits(run.student, test)
    validation = run.data.validation
    labelled = validation.y >= 0
    bias = best_shift(
        inference.logits(run.student, validation)[labelled], validation.y[labelled], c, stops(list(BIAS_SLIDER))
    )
    found = {"of_class": float((test.y == c).sum()), "bias": bias}
    found |= {"known": float(_known(tested, test.y, c, 0)), "known_raised": float(_known(tested, test.y, c, bias))}
    if "twin" in group.runs:
        found["known_twin"] = float(_known(inference.logits(group.runs["twin"].student, test), test.y, c, 0))
    return found


def misled_by_marks(group: Group) -> dict[str, float]:
    """Return for how many test examples each model says the class of a mark that is another one's than the example's.

    Examples to which it gives that class without the mark do not count.
    """
    run = group.student
    test, classes = run.data.test, len(run.data.classes)
    if not are_pictures(run.data) or run.teacher is None:
        return {}
    wrong = (test.y + 1) % classes
    marked = Examples(with_shortcut(test.x, wrong, 1.0)[0], test.y)
    asked = {"misled_teacher": run.teacher.module, "misled": run.student}
    if "twin" in group.runs:
        asked["misled_twin"] = group.runs["twin"].student
    return {name: float(_follows(model, test, marked, wrong)) for name, model in asked.items()}


def settled_by_class(group: Group) -> dict[str, float]:
    """Return which share of how the teacher's answers at T differ its first choice accounts for, in training."""
    run = group.student
    temperature = run.objective.value("temperature")
    if run.teacher is None or not isinstance(temperature, int | float):
        return {}
    z = run.teacher.logits(run.data.train).float()
    soft, first = (z / temperature).softmax(1), z.argmax(1)
    means = torch.stack([soft[first == c].mean(0) for c in range(soft.shape[1])])
    within, whole = ((soft - about).square().sum() for about in (means[first], soft.mean(0)))
    return {"class_share": float(1 - within / whole)}


def _follows(model: nn.Module, plain: Examples, marked: Examples, wrong: Tensor) -> int:
    before, after = (inference.logits(model, examples).argmax(1) for examples in (plain, marked))
    return int(((after == wrong) & (before != wrong)).sum())


def weights_alike(group: Group) -> dict[str, float]:
    """Return how many weights the student has, which an identical twin shares."""
    return {"weights": float(sum(p.numel() for p in group.student.student.parameters()))}


MEASURES: Mapping[str, Callable[[Group], dict[str, float]]] = {
    "gradients": shares_of_gradient,
    "flatness": flatness,
    "lesser_peaks": lesser_peaks,
    "omitted_class": omitted_class,
    "weights": weights_alike,
    "misled": misled_by_marks,
    "class_share": settled_by_class,
    "drawn_alone": lambda _: {"drawn_alone": float(WITHOUT_MADE_UP)},
}
_SHARE: Callable[[float], str] = lambda value: number(value, ".0%")  # noqa: E731
_COUNT: Callable[[float], str] = lambda value: number(round(value))  # noqa: E731
_TWO: Callable[[float], str] = lambda value: number(value, ".2f")  # noqa: E731
WRITTEN: Mapping[str, Callable[[float], str]] = {
    **dict.fromkeys(("soft_share", "hard_share", "soft_share_t2", "class_share"), _SHARE),
    **dict.fromkeys(("moments", "torn", "of_class", "known", "known_raised", "known_twin", "weights"), _COUNT),
    **dict.fromkeys(("misled", "misled_twin", "misled_teacher", "drawn_alone"), _COUNT),
    **dict.fromkeys(("lesser_teacher", "lesser_student", "lesser_twin"), _TWO),
    **dict.fromkeys(("lowest", "highest"), lambda value: number(value, ".3f")),
    "logits_apart": lambda value: number(value, ".0f"),
    "bias": lambda value: number(value, "g"),
}


def _known(logits: Tensor, labels: Tensor, c: int, bias: float) -> int:
    return int(((with_raised(logits, c, bias).argmax(1) == c) & (labels == c)).sum())


def same_network(one: nn.Module, other: nn.Module) -> bool:
    """Whether two modules have the same weights and buffers, bit for bit.

    >>> same_network(nn.Linear(2, 2), nn.Linear(2, 2))
    False
    """
    a, b = one.state_dict(), other.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def first_layer_pictures(student: nn.Module, shape: tuple[int, ...], most: int = 16) -> np.ndarray | None:
    """Return the weights of each unit of the first layer as a picture, (units, height, width); None where they are not.

    They are a perceptron's on pictures of one channel, and few enough to be looked at.
    """
    first = next((p for p in student.parameters() if p.ndim >= 2), None)
    if first is None or first.ndim != 2 or len(shape) != 3 or shape[0] != 1 or first.shape[1] != math.prod(shape):
        return None
    return first.detach().float().numpy().reshape(-1, *shape[1:]) if first.shape[0] <= most else None
