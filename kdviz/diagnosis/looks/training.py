"""How the training went: ended too early, or unstable."""

from __future__ import annotations

import math

import numpy as np

from ...distill import Evaluation
from ...words import mark
from ..case import Case
from ..findings import Finding, NotLookedAt, look
from .roles import FAULTY

FEWEST = 5  # evaluations that a curve needs
FEW = 100  # steps: below, a falling NLL is enough, since errors fluctuate
FALLING = 0.05  # of errors and NLL, over the last quarter of the steps: a curve that has not converged
FALLING_YET_HELPED = 0.08  # the same where there is no missing gain to explain
JUMP = 3.0  # standard errors of a count by which errors may rise from one evaluation to the next
JUMPS = 2
WORSE = 0.15  # of the fewest errors: it ended worse than its best step
FIRST = 1  # the step whose loss is the reference
CLIMB = 1.2  # times the loss of the first step


def _curve(case: Case) -> list[Evaluation]:
    """Return the evaluations on validation data, by step."""
    run = case.need_run()
    case.need_trained()
    points = sorted(run.history.evaluated("validation"), key=lambda e: e.step)
    points = [e for e in points if e.step > 0]
    if len(points) < FEWEST:
        raise NotLookedAt(
            f"The run has {len(points)} evaluations on validation data, and {FEWEST} are needed to see whether it had "
            "converged: train with evaluate=True."
        )
    return points


@look(mark("Too few steps"), unless=(*FAULTY, "unsteady"))
def too_few_steps(case: Case) -> Finding | None:
    points, run = _curve(case), case.need_run()
    end = points[-1].step
    before = [e for e in points if 0.65 * end < e.step <= 0.75 * end] or points[-2:-1]
    last = [e for e in points if e.step > 0.9 * end]
    errors = [float(np.mean([e.errors for e in some])) for some in (before, last)]
    nll = [float(np.mean([e.nll for e in some])) for some in (before, last)]
    fell, nll_fell = ((was - now) / max(was, 1e-12) for was, now in (errors, nll))
    bar = FALLING_YET_HELPED if _helped(case) else FALLING
    clearly = fell >= bar and errors[0] - errors[1] >= math.sqrt(errors[0])
    if nll_fell < bar or not (clearly or run.steps_done < FEW):
        return None
    epochs = max(1, round(run.steps_done / run.steps_per_epoch))
    sentence = (
        f"Training ended too early: over the last quarter of its {run.steps_done:,} steps the NLL on "
        f"{points[-1].examples:,} validation examples was still falling, from {nll[0]:.3g} to {nll[1]:.3g} (errors "
        f"from {errors[0]:,.0f} to {errors[1]:,.0f}); train longer."
    )
    evidence = {"steps": run.steps_done, "NLL before": nll[0], "NLL at the end": nll[1]}
    evidence |= {"errors before": errors[0], "errors at the end": errors[1]}
    lab = case.lab(epochs=2 * run.settings.epochs)
    return Finding("too_few_steps", "cause", sentence, evidence, "likely", f"run.train(epochs={epochs})", lab)


def _helped(case: Case) -> bool:
    try:
        return case.gain.verdict == "fewer"
    except NotLookedAt:
        return True  # unknown: then there is no missing gain to explain


@look(mark("Unstable training"), unless=FAULTY)
def unsteady(case: Case) -> Finding | None:
    points, rate = _curve(case), case.now("learning_rate")
    errors = np.array([e.errors for e in points], dtype=float)
    half = errors[len(errors) // 2 - 1 :]
    jumps = int((np.diff(half) > JUMP * np.sqrt(half[:-1] + 1)).sum())
    best, last, climbed = errors.min(), errors[-1], _climbed(case)
    ended_badly = last - best > max(JUMP * math.sqrt(best + 1), WORSE * best)
    if jumps < JUMPS and not ended_badly and climbed < CLIMB:
        return None
    lower = float(f"{rate / 10:.1g}")
    where = points[int(errors.argmin())].step
    signs = [
        f"its loss rose to {climbed:.2g} times that of the first step" if climbed >= CLIMB else "",
        f"errors on validation data jumped {jumps} times in its second half" if jumps >= JUMPS else "",
        f"it ended with {last:,.0f} errors after a best of {best:,.0f} (run.at({where}))" if ended_badly else "",
    ]
    sentence = (
        f"Training is unstable: {', '.join(sign for sign in signs if sign)}; lower the learning rate ({rate:g}), or "
        "stop early."
    )
    evidence = {
        "loss over that of the first step": climbed,
        "jumps": jumps,
        "errors at the end": float(last),
        "fewest errors": float(best),
        "learning rate": rate,
    }
    lab = case.lab(learning_rate=lower)
    return Finding("unsteady", "cause", sentence, evidence, "likely", case.edited(learning_rate=lower), lab)


def _climbed(case: Case) -> float:
    """Return the highest of ten means of the loss over that of the first step; 0 where edits or schedules move it."""
    run = case.need_run()
    loss = run.history.column("loss")
    if run.history.edits or run.settings.objective.scheduled or len(loss) < 10 * FIRST:
        return 0.0
    later = [part.mean() for part in np.array_split(loss[FIRST:], 10)]
    return float(max(later) / max(loss[:FIRST].mean(), 1e-12))
