"""What the Methods page says: sentences on errors and on the pull of the terms. None claims more than the runs show."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ...distill import Distillation, Edit, Runner
from ...measure.error_words import TWIN, against
from ...measure.gradients import TermGradients
from ...words import mark, number, t
from ..live import status_text
from ..live.roster import difference_row, paired_on_test

ROLES = ("student", "hinton", "twin")
NAMES = {"hinton": mark("Hinton KD"), "twin": mark("Twin, no teacher")}
OTHER = {"hinton": mark("Hinton’s soft targets"), "twin": TWIN["twin"]}
BESIDE = {
    "hinton": mark("the one taught by soft targets {errors}"),
    "twin": mark("the twin without a teacher {errors}"),
}
TERMS = {"hard": mark("labels"), "soft": mark("soft targets")}
LEARNING = {
    1: mark("One student learns from the same batches, one step each in turn."),
    2: mark("Two students learn from the same batches, one step each in turn."),
    3: mark("Three students learn from the same batches, one step each in turn."),
}
ERRORS = {
    "test": mark("On {n} test examples the student taught by {method} makes {errors} errors, {others}."),
    "validation": mark(
        "After step {step}, on {n} validation examples, the student taught by {method} makes {errors} errors, {others}."
    ),
}
ONE_SEED = mark(
    "One seed only: others would change these numbers. It shows how the terms behave, not which method is best."
)
AS_HARD = 1.1  # below this ratio two pulls are called equal
RIGHT_ANGLE, SAME_WAY = 0.1, 0.7  # cosines that words are found for
STRENGTHS = {
    "equal": mark("Step {step}: {term} pulls about as hard as {other}, and {direction}."),
    "harder": mark("Step {step}: {term} pulls {ratio} times as hard as {other}, and {direction}."),
    "weaker": mark("Step {step}: {term} pulls {ratio} as hard as {other}, and {direction}."),
}
DIRECTIONS = {
    "apart": mark("nearly at right angles to them (cosine {cosine})"),
    "partly with": mark("partly the same way (cosine {cosine})"),
    "partly against": mark("partly against them (cosine {cosine})"),
    "much with": mark("much the same way (cosine {cosine})"),
    "much against": mark("nearly against them (cosine {cosine})"),
}


def status(runner: Runner, *, outdated: bool = False) -> str:
    """Return the status line for a runner's state; ``outdated``: other choices were made since its runs."""
    if runner.state == "running" and not runner.message:
        return t(LEARNING[len(runner.runs)])
    return status_text.status(runner, outdated=outdated)


def edit_text(edit: Edit, letters: Mapping[str, str]) -> str:
    """Return an edit in a few characters: "λ = 5", "T = 8"; ``letters``: what stands for it, by its name in the run."""
    return f"{letters.get(edit.name, edit.name)} = {status_text.value_text(edit)}"


def errors_sentence(runs: Mapping[str, Distillation], title: str) -> str:
    """Return one sentence on how the runs stand, by role: on test data at the end, else on validation.

    ``title`` is what the method is called, or both are.

    At the end it says what the differences are worth: each with the interval that the test examples allow.
    """
    split = "test" if all(run.history.evaluated("test") for run in runs.values()) else "validation"
    latest = {role: run.history.evaluated(split)[-1] for role, run in runs.items() if run.history.evaluated(split)}
    if "student" not in latest:
        return ""
    own = latest["student"]
    others = [t(BESIDE[role], errors=number(e.errors)) for role, e in latest.items() if role != "student"]
    if own.teacher_errors is not None:
        others.append(t("the teacher {errors}", errors=number(own.teacher_errors)))
    figures = {"step": number(own.step), "n": number(own.examples), "errors": number(own.errors)}
    sentence = t(ERRORS[split], method=title, others=", ".join(others), **figures)
    if split == "validation":
        return sentence
    verdicts = [against(t(OTHER[role]), difference) for role, difference in paired_on_test(runs).items()]
    return " ".join([sentence, *verdicts, t(ONE_SEED)])


def against_twin(runs: Mapping[str, Distillation]) -> dict[str, Any]:
    """Return the difference in test errors, student − twin, for ``LearningCurves.against``; empty before the end."""
    pair = {role: run for role, run in runs.items() if role in ("student", "twin") and run.history.evaluated("test")}
    if len(pair) < 2:
        return {}
    found = paired_on_test(pair)["twin"]
    return difference_row(found, [found.mean], pair["student"].settings.seed)


def term_titles(names: Sequence[str]) -> list[str]:
    """Return what a reader calls the terms of an objective, from their names in the history.

    >>> term_titles(("hard", "attention_transfer"))
    ['labels', 'attention transfer']
    """
    return [t(TERMS.get(name, name.replace("_", " "))) for name in names]


def pull_sentence(found: TermGradients, place: int) -> str:
    """Return one sentence on how hard the term at ``place`` pulls beside the labels, or the other, and which way.

    >>> found = TermGradients(9, ("hard", "hint"), (2.0, 0.1), (1.0, 10.0), (0.5, 1.5), ((1.0, 0.05), (0.05, 1.0)))
    >>> pull_sentence(found, 1)
    'Step 9: the hint term pulls 3 times as hard as the labels, and nearly at right angles to them (cosine 0.05).'
    """
    titles = [t("the labels") if name == "hard" else t("the {term} term", term=_title(name)) for name in found.names]
    step = number(found.step)
    if len(titles) == 1:
        return t("Step {step}: there is one term only, and nothing pulls beside it.", step=step)
    labels = found.names.index("hard") if "hard" in found.names else place
    other = labels if labels != place else next(at for at in range(len(titles)) if at != place)
    pull, beside = found.norms[place], found.norms[other]
    names = {"step": step, "term": titles[place], "other": titles[other]}
    if not pull or not beside or not math.isfinite(pull + beside):
        lengths = {"length": number(pull, ".3g"), "beside": number(beside, ".3g")}
        return t(
            "Step {step}: {term} gives a gradient of length {length}, {other} one of {beside}.", **names, **lengths
        )
    ratio, cosine = pull / beside, found.cosines[place][other]
    text = STRENGTHS["equal" if max(ratio, 1 / ratio) < AS_HARD else "harder" if ratio > 1 else "weaker"]
    size = number(ratio, ".2g" if ratio > 1 else ".1%")
    direction = t(DIRECTIONS[_direction(cosine)], cosine=number(cosine, ".2f"))
    return t(text, **names, ratio=size, direction=direction)


def _title(name: str) -> str:
    return term_titles([name])[0]


def _direction(cosine: float) -> str:
    if abs(cosine) < RIGHT_ANGLE:
        return "apart"
    return ("partly " if abs(cosine) < SAME_WAY else "much ") + ("with" if cosine > 0 else "against")
