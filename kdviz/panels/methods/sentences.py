"""What the Methods page says: sentences on errors and on the pull of the terms. None claims more than the runs show."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ...distill import Distillation, Edit, Runner
from ...distill.methods import Method
from ...measure.error_words import TWIN, TWIN_IN_PROSE, against
from ...measure.gradients import TermGradients
from ..live import status_text
from ..live.roster import paired_on_test

ROLES = ("student", "hinton", "twin")
NAMES = {"hinton": "Hinton KD", "twin": "Twin, no teacher"}
OTHER = {"hinton": "Hinton’s soft targets", "twin": TWIN["twin"]}
WHO = {"hinton": "the one taught by soft targets", "twin": f"the {TWIN_IN_PROSE['twin']}"}
AS_HARD = 1.1  # below this ratio two pulls are called equal
RIGHT_ANGLE, SAME_WAY = 0.1, 0.7  # cosines that words are found for


def status(runner: Runner, *, outdated: bool = False) -> str:
    """Return the status line for a runner's state; ``outdated``: other choices were made since its runs."""
    if runner.state == "running" and not runner.message:
        many = {1: "One student learns", 2: "Two students learn", 3: "Three students learn"}[len(runner.runs)]
        return f"{many} from the same batches, one step each in turn."
    return status_text.status(runner, outdated=outdated)


def edit_text(edit: Edit) -> str:
    """Return an edit in a few characters: "λ = 5", "T = 8"."""
    symbol = "T" if edit.name.endswith("temperature") else "α" if edit.name == "alpha" else "λ"
    return f"{symbol} = {edit.value:.3g}"


def errors_sentence(runs: Mapping[str, Distillation], chosen: Method) -> str:
    """Return one sentence on how the runs stand, by role: on test data at the end, else on validation.

    At the end it says what the differences are worth: each with the interval that the test examples allow.
    """
    split = "test" if all(run.history.evaluated("test") for run in runs.values()) else "validation"
    latest = {role: run.history.evaluated(split)[-1] for role, run in runs.items() if run.history.evaluated(split)}
    if "student" not in latest:
        return ""
    own = latest["student"]
    beside = [f"{WHO[role]} {e.errors:,}" for role, e in latest.items() if role != "student"]
    teacher = [f"the teacher {own.teacher_errors:,}"] if own.teacher_errors is not None else []
    where = f"On {own.examples:,} {split} examples"
    if split == "validation":
        where = f"After step {own.step:,}, on {own.examples:,} validation examples,"
    told = (
        f"{where} the student taught by {chosen.title} makes {own.errors:,} errors, {', '.join([*beside, *teacher])}."
    )
    if split == "validation":
        return told
    verdicts = " ".join(against(OTHER[role], difference) for role, difference in paired_on_test(runs).items())
    return f"{told} {verdicts} It is one seed: another one moves these figures too."


def term_titles(names: Sequence[str]) -> list[str]:
    """Return what a reader calls the terms of an objective, from their names in the history.

    >>> term_titles(("hard", "attention_transfer"))
    ['labels', 'attention transfer']
    """
    return [{"hard": "labels", "soft": "soft targets"}.get(name, name.replace("_", " ")) for name in names]


def pull_sentence(found: TermGradients, place: int) -> str:
    """Return one sentence on how hard the term at ``place`` pulls beside the other, and which way.

    >>> found = TermGradients(9, ("hard", "hint"), (2.0, 0.1), (1.0, 10.0), (0.5, 1.5), ((1.0, 0.05), (0.05, 1.0)))
    >>> pull_sentence(found, 1)
    'Step 9: the hint term pulls 3 times as hard as the labels, and nearly at right angles to them (cosine 0.05).'
    """
    titles = ["the labels" if t == "labels" else f"the {t} term" for t in term_titles(found.names)]
    if len(titles) == 1:
        return f"Step {found.step:,}: there is one term only, and nothing pulls beside it."
    other = 1 - place
    pull, beside = found.norms[place], found.norms[other]
    start = f"Step {found.step:,}: {titles[place]}"
    if not pull or not beside or not math.isfinite(pull + beside):
        return f"{start} gives a gradient of length {pull:.3g}, {titles[other]} one of {beside:.3g}."
    return f"{start} {_strength(pull / beside)} as {titles[other]}, and {_direction(found.cosines[place][other])}."


def _strength(ratio: float) -> str:
    if max(ratio, 1 / ratio) < AS_HARD:
        return "pulls about as hard"
    return f"pulls {ratio:.2g} times as hard" if ratio > 1 else f"pulls {ratio:.1%} as hard".replace("%", "\u202f%")


def _direction(cosine: float) -> str:
    size = abs(cosine)
    if size < RIGHT_ANGLE:
        way = "nearly at right angles to them"
    elif size < SAME_WAY:
        way = "partly the same way" if cosine > 0 else "partly against them"
    else:
        way = "much the same way" if cosine > 0 else "nearly against them"
    return f"{way} (cosine {cosine:.2f})".replace("-", "−")
