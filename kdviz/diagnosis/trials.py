"""The small study: the run again with other numbers, and its twin with as many tries, within a budget.

Everything is judged on the part held out for choosing (validation data); the test set is not used.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from .. import models
from ..data import Splits
from ..data.memory import balanced_order
from ..distill import Cancelled, Distillation, NonFiniteLossError, Schedule
from ..models import inference
from .again import again
from .findings import NotLookedAt

if TYPE_CHECKING:
    from .case import Case

FEWEST_ARMS = 4  # fewer show too little; arms are shortened to make room for them
FEWEST_STEPS = 50
TIMED_STEPS = 10
TEMPERATURES = (1.0, 2.0, 4.0, 8.0, 20.0)
WIDE = 3.0  # factor by which larger and smaller learning rates are tried
FEWER_LABELS = 10
FEWEST_A_CLASS = 5  # labels left for a class when most are taken away
MORE_SEEDS = 2
BUDGET_S = 20.0

Changes = Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Arm:
    """One run of the small study.

    Attributes
    ----------
    role : {"student", "twin"}
    changes : dict of str to float
        How it differs from the run: temperature, alpha, learning_rate, labels (how many) or seed; empty if it does not.
    steps : int
    wrong : ndarray of bool
        Whether it is wrong on each held-out example; None if its loss became non-finite.
    """

    role: str
    changes: Changes
    steps: int
    wrong: np.ndarray | None

    @property
    def errors(self) -> int | None:
        return None if self.wrong is None else int(self.wrong.sum())

    @property
    def axis(self) -> str:
        """The name of the changed setting, or an empty string."""
        return next(iter(self.changes), "")

    def to_dict(self) -> dict[str, Any]:
        """Return the arm as a dict ready for JSON."""
        held_out = None if self.wrong is None else len(self.wrong)
        return {"role": self.role, **self.changes, "steps": self.steps, "errors": self.errors, "examples": held_out}


class Budget:
    """What the study may cost: optimizer steps, or seconds at the pace of the first ones."""

    def __init__(self, steps: int | None, seconds: float) -> None:
        self.steps, self._seconds, self._start = steps, seconds, time.perf_counter()
        self.done = 0

    def paced(self, seconds_a_step: float) -> None:
        """Convert the seconds to steps, once the pace is known."""
        if self.steps is None:
            left = self._seconds - (time.perf_counter() - self._start)
            self.steps = self.done + max(0, int(left / max(seconds_a_step, 1e-9)))

    @property
    def left(self) -> int:
        assert self.steps is not None, "paced() must be called first"
        return self.steps - self.done


def study(case: Case, budget: Budget, progress: Callable[[int, int], bool | None]) -> str:
    """Train arms until the budget is spent, the most informative first; return what was left out, in a sentence.

    Raises
    ------
    NotLookedAt
        If nothing can be studied.
    Cancelled
        If ``progress`` returned False; finished arms are kept.
    """
    run = case.need_run()
    case.need_trained()
    _ = case.held_out
    if run.data.train.labelled == 0:
        raise NotLookedAt("The transfer set has no label, so there is no twin to compare with.")
    try:
        first = run.branch(0)
    except ValueError as error:
        raise NotLookedAt(f"No small study: {error}.") from None
    _take_pace(first, budget)
    length = run.steps_done
    if budget.left < FEWEST_ARMS * length:
        length = max(0, budget.left // FEWEST_ARMS)
        if length < min(run.steps_done, max(FEWEST_STEPS, run.steps_per_epoch // 4)):
            raise NotLookedAt(
                f"No small study: {budget.steps:,} steps are too few for {FEWEST_ARMS} arms of this run; "
                "pass a larger budget_s or budget."
            )
    case.length = length
    short = "" if length == run.steps_done else f" Arms were trained for {length:,} of {run.steps_done:,} steps."
    left_out = []
    for role, changes in _plan(case):
        steps = _steps(case, changes)
        if budget.left < steps:
            left_out.append(_in_words(role, changes))
            continue
        case.arms.append(_trained(case, role, changes, steps, budget, progress))
    tried = f"The small study tried {len(case.arms)} arms, judged on {case.held_out} data.{short}"
    return tried + (f" Left out for lack of budget: {', '.join(left_out)}." if left_out else "")


def _take_pace(first: Distillation, budget: Budget) -> None:
    """Time a few steps, not counting the first, which asks the teacher and warms up."""
    first.step()
    start = time.perf_counter()
    for _ in range(TIMED_STEPS):
        first.step()
    first.history.flush()
    budget.done += 1 + TIMED_STEPS
    budget.paced((time.perf_counter() - start) / TIMED_STEPS)


def _plan(case: Case) -> Iterator[tuple[str, Changes]]:
    """Yield role and changes of the arms, the most informative first; student and twin take turns."""
    run = case.need_run()
    cut = case.length < run.steps_done
    if cut or not case.has("twin"):
        yield "twin", {}
    if cut:
        yield "student", {}
    tries: dict[str, list[Changes]] = {"student": _student_tries(case), "twin": _twin_tries(run)}
    while any(tries.values()):
        for role in ("student", "twin"):
            if tries[role]:
                yield role, tries[role].pop(0)
    if _gain_shown(case):
        return
    labels = run.data.train.labelled // FEWER_LABELS
    if labels >= FEWEST_A_CLASS * len(run.data.classes) and run.data.train.y.ndim == 1:
        yield from (("student", {"labels": labels}), ("twin", {"labels": labels}))
    if case.length == run.steps_done:
        for i in range(1, MORE_SEEDS + 1):
            seed = run.settings.seed + i
            yield from (("student", {"seed": seed}), ("twin", {"seed": seed}))


def _gain_shown(case: Case) -> bool:
    try:
        return case.trial_difference(case.reference("student"), case.reference("twin")).verdict == "fewer"
    except NotLookedAt:
        return False


def _student_tries(case: Case) -> list[Changes]:
    run = case.need_run()
    tries: list[Changes] = []
    if "temperature" in run.editable:
        now = case.now("temperature")
        others = [t for t in TEMPERATURES if max(t / now, now / t) >= 1.9]
        warmer, colder = [t for t in others if t > now], [t for t in others if t < now]
        chosen = [*warmer[1:2], *colder[-1:], *warmer[:1]] if len(warmer) > 1 else [*warmer, *colder[::-1]]
        tries += [{"temperature": t} for t in chosen[:2]]
    if not isinstance(run.learning_rate, Schedule):
        rate = case.now("learning_rate")
        tries += [{"learning_rate": _round(rate / WIDE)}, {"learning_rate": _round(rate * WIDE)}]
    if "alpha" in run.editable:
        now = case.now("alpha")
        tries.append({"alpha": 0.5 if now >= 0.7 else 0.9})
    return tries


def _twin_tries(run: Distillation) -> list[Changes]:
    """Return other learning rates for the twin: smaller, larger, and larger by the ratio of the first gradients."""
    if isinstance(run.learning_rate, Schedule):
        return []
    rate = float(run.learning_rate)
    larger = [WIDE, WIDE**2]
    pull = _pull(run)
    if pull > 2 * WIDE**2:
        larger.append(pull)
    return [{"learning_rate": _round(rate * factor)} for factor in (*larger, 1 / WIDE)]


def _pull(run: Distillation) -> float:
    """Return the student's first gradient norm over that of the labels alone."""
    from ..measure.gradients import term_gradients

    of_student, of_twin = term_gradients(run.branch(0)), term_gradients(run.twin())
    return sum(of_student.norms) / max(sum(of_twin.norms), 1e-12)


def _round(number: float) -> float:
    return float(f"{number:.1g}")


def _steps(case: Case, changes: Changes) -> int:
    """Return how many steps an arm trains; with a tenth of the labels an epoch has a tenth of the steps."""
    if "labels" not in changes:
        return case.length
    return min(case.length, max(200, case.length // FEWER_LABELS))


def _trained(
    case: Case,
    role: str,
    changes: Changes,
    steps: int,
    budget: Budget,
    progress: Callable[[int, int], bool | None],
) -> Arm:
    """Train one arm and return it, judged on the held-out examples."""
    arm = made(case.need_run(), role, changes)
    try:
        while arm.steps_done < steps:
            arm.step()
            budget.done += 1
            if progress(budget.done, max(budget.steps or 0, budget.done)) is False:
                raise Cancelled("the small study was stopped")
        arm.finish()
    except NonFiniteLossError:
        return Arm(role, changes, steps, None)
    if role == "twin" and not changes and steps == case.need_run().steps_done:
        case.models.setdefault("twin", arm.student)  # now the other looks have a twin too
    return Arm(role, changes, steps, case.judged(arm.student, role))


def made(run: Distillation, role: str, changes: Changes) -> Distillation:
    """Return an untrained arm."""
    edits = {name: value for name, value in changes.items() if name not in ("labels", "seed")}
    if "labels" in changes:
        run = again(run, data=_fewer(run.data, int(changes["labels"])))
    if "seed" in changes:
        run = _seeded(run, int(changes["seed"]))
    if role == "student":
        return run.branch(0, **edits)
    twin = run.twin()
    if edits:
        twin.history.edits[:] = [edit for edit in twin.history.edits if edit.name not in edits]
        twin.edit(**edits)
    return twin


def _fewer(data: Splits, labels: int) -> Splits:
    """Return the data with this many labelled training examples, and no others."""
    chosen = balanced_order(data.train.y.numpy(), 0)[:labels]
    return replace(data, train=data.train.take(np.sort(chosen)), draw=None)


def _seeded(run: Distillation, seed: int) -> Distillation:
    """Return the run with another seed: other batches, and other initial weights if kdviz can build the student."""
    architecture = getattr(run.student, "architecture", None)
    if architecture is None or run.recipe.student is None:
        return again(run, seed=seed)
    fresh = models.build(architecture, seed=seed)
    device = inference.device_of(run.student)
    return again(run, seed=seed, student=fresh.to(device, torch.float64 if _double(run) else torch.float32))


def _double(run: Distillation) -> bool:
    return inference.dtype_of(run.student) == torch.float64


def _in_words(role: str, changes: Changes) -> str:
    what = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in changes.items())
    return f"{role} with {what}" if what else f"unchanged {role}"
