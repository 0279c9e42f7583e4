"""How the training went: ended too early, or unsteady."""

from __future__ import annotations

import math

import numpy as np

from ...distill import Evaluation
from ..case import Case
from ..findings import Finding, NotLookedAt, look
from .roles import FAULTY

FEWEST = 5  # evaluations that a curve needs
FALLING = 0.05  # of errors and NLL, over the last quarter of the steps: a curve that has not come to rest
FALLING_YET_HELPED = 0.08  # the same where there is no missing gain to explain
JUMP = 3.0  # standard errors of a count by which errors may rise from one evaluation to the next
JUMPS = 2


def _curve(case: Case) -> list[Evaluation]:
    """Return the evaluations on validation data, by step."""
    run = case.need_run()
    case.need_trained()
    points = sorted(run.history.evaluated("validation"), key=lambda e: e.step)
    points = [e for e in points if e.step > 0]
    if len(points) < FEWEST:
        raise NotLookedAt(
            f"The run has {len(points)} evaluations on validation data and {FEWEST} are needed to see whether it had "
            "come to rest: train with evaluate=True."
        )
    return points


@look("Too few steps", unless=FAULTY)
def too_few_steps(case: Case) -> Finding | None:
    points, run = _curve(case), case.need_run()
    end = points[-1].step
    before = [e for e in points if 0.65 * end < e.step <= 0.75 * end] or points[-2:-1]
    last = [e for e in points if e.step > 0.9 * end]
    errors = [float(np.mean([e.errors for e in some])) for some in (before, last)]
    nll = [float(np.mean([e.nll for e in some])) for some in (before, last)]
    fell, nll_fell = ((was - now) / max(was, 1e-12) for was, now in (errors, nll))
    bar = FALLING_YET_HELPED if _helped(case) else FALLING
    if fell < bar or nll_fell < bar or errors[0] - errors[1] < math.sqrt(errors[0]):
        return None
    epochs = max(1, round(run.steps_done / run.steps_per_epoch))
    sentence = (
        f"The training ended too early: over the last quarter of its {run.steps_done:,} steps the errors on "
        f"{points[-1].examples:,} validation examples still fell from {errors[0]:,.0f} to {errors[1]:,.0f}; train "
        "longer."
    )
    evidence = {"steps": run.steps_done, "errors before": errors[0], "errors at the end": errors[1]}
    lab = case.lab(epochs=2 * run.settings.epochs)
    return Finding("too_few_steps", "cause", sentence, evidence, "likely", f"run.train(epochs={epochs})", lab)


def _helped(case: Case) -> bool:
    try:
        return case.gain.verdict == "fewer"
    except NotLookedAt:
        return True  # nobody knows: then nothing is to be explained


@look("Unsteady training", unless=FAULTY)
def unsteady(case: Case) -> Finding | None:
    points = _curve(case)
    errors = np.array([e.errors for e in points], dtype=float)
    half = errors[len(errors) // 2 - 1 :]
    rises = np.diff(half)
    jumps = int((rises > JUMP * np.sqrt(half[:-1] + 1)).sum())
    best, last = errors.min(), errors[-1]
    ended_badly = last - best > max(JUMP * math.sqrt(best + 1), 0.15 * best)
    if jumps < JUMPS and not ended_badly:
        return None
    rate = case.now("learning_rate")
    lower = float(f"{rate / 3:.1g}")
    where = points[int(errors.argmin())].step
    sentence = (
        f"The training is unsteady: in its second half errors on validation data leapt up {jumps} times beyond the "
        f"noise, and it ended with {last:,.0f} after a best of {best:,.0f} at step {where:,}; lower the learning rate "
        f"({rate:g}), or take the student as it was then, run.at({where})."
    )
    evidence = {"leaps": jumps, "errors at the end": float(last), "fewest errors": float(best), "learning rate": rate}
    lab = case.lab(learning_rate=lower)
    return Finding("unsteady", "cause", sentence, evidence, "likely", case.edited(learning_rate=lower), lab)
