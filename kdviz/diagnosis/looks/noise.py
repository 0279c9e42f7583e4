"""Whether anything could have been seen: seeds and examples enough for the difference looked for."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...measure import paired
from ...words import mark
from ..case import Case
from ..findings import Confidence, Finding, interval, look, signed
from ..power import examples_needed, power, seeds_needed
from .roles import FAULTY

FEWEST_SEEDS = 3
MANY = 1_000_000


def _pairs(case: Case) -> list[tuple[float, float]]:
    """Return errors of student and twin, seed by seed: those given, else those of the run and the study."""
    if case.pairs:
        return list(case.pairs)
    found = [(float(case.reference("student").sum()), float(case.reference("twin").sum()))]
    seeds: dict[float, dict[str, float]] = {}
    for arm in case.arms:
        if arm.axis == "seed" and arm.errors is not None:
            seeds.setdefault(arm.changes["seed"], {})[arm.role] = float(arm.errors)
    return found + [(p["student"], p["twin"]) for p in seeds.values() if len(p) == 2]


@look(mark("Too few seeds"), unless=FAULTY)
def too_few_seeds(case: Case) -> Finding | None:
    case.need_trained()
    pairs = _pairs(case)
    n, wanted = len(pairs), case.looked_for * sum(twin for _, twin in pairs) / len(pairs)
    if wanted == 0:
        return None
    if n == 1:
        return _one_seed(case, wanted)
    difference = paired([student - twin for student, twin in pairs])
    sd = max(difference.sd, 0.5)
    needed = seeds_needed(wanted, sd)
    if difference.verdict in ("fewer", "more") or (needed is not None and needed <= n) or difference.low > -wanted:
        return None  # seen, or seen not to be there
    told = f"about {needed:,} seeds" if needed is not None else "more seeds than can be run"
    sentence = (
        f"Too few seeds: over {n} of them the difference from the twin is {signed(difference.mean)} errors "
        f"({interval(difference)}), and its standard deviation from seed to seed is "
        f"{difference.sd:.1f}; {told} would show a difference of {wanted:.0f} errors ({case.looked_for:.0%} of the "
        f"twin's) four times in five, {n} do in {power(n, wanted, sd):.0%}."
    )
    evidence = {
        "seeds": n,
        "difference": difference.mean,
        "standard deviation": difference.sd,
        "difference looked for": wanted,
        "seeds needed": needed,
    }
    confidence: Confidence = "likely" if n >= FEWEST_SEEDS else "possible"
    return Finding("too_few_seeds", "doubt", sentence, evidence, confidence, _study_code(case, needed))


def _one_seed(case: Case, wanted: float) -> Finding | None:
    """One seed alone: how far seeds move the difference is not known, but examples alone move it so far."""
    gain = case.gain
    if gain.verdict != "within the noise" or gain.low > -wanted:
        return None
    sd = math.sqrt(gain.only_a + gain.only_b + 1)
    needed = seeds_needed(wanted, sd)
    told = f"about {needed:,} seeds" if needed is not None else "more seeds than can be run"
    sentence = (
        f"One seed cannot show it: the difference from the twin is {signed(gain.mean)} errors on {case.sample} "
        f"({interval(gain)}); if seeds move it by {sd:.0f}, as other examples would, {told} "
        f"show a difference of {wanted:.0f} ({case.looked_for:.0%} of the twin's errors) four times in five."
    )
    evidence = {"seeds": 1, "difference": gain.mean, "low": gain.low, "high": gain.high, "seeds needed": needed}
    return Finding("too_few_seeds", "doubt", sentence, evidence, "possible", _study_code(case, needed))


def _study_code(case: Case, needed: int | None) -> str:
    """Return a study over seeds, with the parts of the run that have no name handed over."""
    run = case.run
    if run is None or needed is None:
        return ""
    recipe = run.recipe
    own = []
    if recipe.teacher is None and recipe.objective.needs_teacher:
        own.append("teacher=run.teacher.module")
    if recipe.student is None:
        own.append("student=run.at(0)")
    own.append("data=run.data")
    seeds = max(FEWEST_SEEDS, min(needed, 20))
    return f'study = kd.Study({{"run": run.recipe}}, seeds={seeds}, {", ".join(own)})\nstudy.run()\nstudy.table()'


@look(mark("Too few test examples"), unless=FAULTY)
def too_few_examples(case: Case) -> Finding | None:
    gain = case.gain
    error = case.error("twin")
    if gain.verdict != "within the noise" or gain.low > -case.looked_for * error * gain.n:
        return None
    apart = (gain.only_a + gain.only_b) / gain.n
    if error == 0 or apart == 0:
        return None
    needed = examples_needed(min(1.0, case.looked_for), error=error, apart=apart)
    part = "test" if case.counts("test") else case.held_out
    there = case.counts(part)
    if needed <= there:
        return None
    sentence = (
        f"Too few {part} examples: {there:,} of them cannot show a difference of {case.looked_for:.0%} of the twin's "
        f"errors; about {min(needed, MANY):,} would, four times in five (twin {error:.1%} wrong; on {apart:.1%} of the "
        "examples just one of the two is)."
    )
    evidence = {"examples": there, "examples needed": needed, "twin error": error, "just one of the two wrong": apart}
    code = f"kd.diagnosis.examples_needed(0.2, error={error:.4f}, apart={apart:.4f})  # for a difference of 20%"
    return Finding("too_few_examples", "doubt", sentence, evidence, "likely", code)


def check_pairs(pairs: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Return pairs of errors as tuples of floats; raise in one sentence unless they are."""
    try:
        told = tuple((float(student), float(twin)) for student, twin in pairs)
    except (TypeError, ValueError):
        raise TypeError(f"seeds must be pairs of errors (student, twin), one a seed, got {pairs!r}") from None
    if not all(math.isfinite(v) and v >= 0 for pair in told for v in pair):
        raise ValueError(f"seeds must be pairs of errors >= 0, got {pairs!r}")
    return told
