"""Whether there were enough seeds and examples to show the difference worth finding."""

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
    """Return the errors of student and twin, seed by seed: those given, else those of the run and the study."""
    if case.pairs:
        return list(case.pairs)
    of_run = [(float(case.reference("student").sum()), float(case.reference("twin").sum()))]
    seeds: dict[float, dict[str, float]] = {}
    for arm in case.arms:
        if arm.axis == "seed" and arm.errors is not None:
            seeds.setdefault(arm.changes["seed"], {})[arm.role] = float(arm.errors)
    return of_run + [(p["student"], p["twin"]) for p in seeds.values() if len(p) == 2]


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
        return None  # shown, or shown to be absent
    sentence = (
        f"Too few seeds: over {n} of them, student − twin is {signed(difference.mean)} errors "
        f"({interval(difference)}) with a standard deviation of {difference.sd:.1f} between seeds; "
        f"{_seeds(needed)} would show a difference of {wanted:.0f} errors ({case.looked_for:.0%} of the "
        f"twin's) with a power of 80%, {n} do with {power(n, wanted, sd):.0%}."
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
    """Return the finding for a single seed: the noise between seeds is unknown, that of sampling stands in for it."""
    gain = case.gain
    if gain.verdict != "within the noise" or gain.low > -wanted:
        return None
    sd = math.sqrt(gain.only_a + gain.only_b + 1)
    needed = seeds_needed(wanted, sd)
    sentence = (
        f"One seed cannot show it: student − twin is {signed(gain.mean)} errors on {case.sample} "
        f"({interval(gain)}); if the standard deviation between seeds is {sd:.0f}, as that of sampling is, "
        f"{_seeds(needed)} would show a difference of {wanted:.0f} ({case.looked_for:.0%} of the twin's errors) with a "
        "power of 80%."
    )
    evidence = {"seeds": 1, "difference": gain.mean, "low": gain.low, "high": gain.high, "seeds needed": needed}
    return Finding("too_few_seeds", "doubt", sentence, evidence, "possible", _study_code(case, needed))


def _seeds(needed: int | None) -> str:
    return f"about {needed:,} seeds" if needed is not None else "more seeds than can be run"


def _study_code(case: Case, needed: int | None) -> str:
    """Return the code of a study over seeds; parts of the run without a name are passed as objects."""
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
    available = case.counts(part)
    if needed <= available:
        return None
    sentence = (
        f"Too few {part} examples: {available:,} cannot show a difference of {case.looked_for:.0%} of the twin's "
        f"errors; about {min(needed, MANY):,} would, with a power of 80% (error rate of the twin {error:.1%}; on "
        f"{apart:.1%} of the examples exactly one of the two is wrong)."
    )
    evidence = {"examples": available, "examples needed": needed, "twin error": error}
    evidence["exactly one of the two wrong"] = apart
    code = f"kd.diagnosis.examples_needed(0.2, error={error:.4f}, apart={apart:.4f})  # for a difference of 20%"
    return Finding("too_few_examples", "doubt", sentence, evidence, "likely", code)


def check_pairs(pairs: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Return pairs of errors as tuples of floats; raise an error in one sentence unless they are."""
    try:
        numbers = tuple((float(student), float(twin)) for student, twin in pairs)
    except (TypeError, ValueError):
        raise TypeError(f"seeds must be pairs of errors (student, twin), one per seed, got {pairs!r}") from None
    if not all(math.isfinite(v) and v >= 0 for pair in numbers for v in pair):
        raise ValueError(f"seeds must be pairs of errors >= 0, got {pairs!r}")
    return numbers
