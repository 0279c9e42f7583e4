"""A study in words that call no noise a gain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..measure.error_words import PERCENT, TWIN, against
from .comparison import Comparison, compare
from .jobs import Role

if TYPE_CHECKING:
    from .study import Study


def sentences(study: Study) -> list[str]:
    """Return what a study has shown so far; see :meth:`kdviz.Study.sentences`."""
    last = [compare(study, arm) for arm in study.arms]
    shown = [found for found in last if found.errors["student"]]
    roles: tuple[Role, ...] = ("twin", "smoothed") if study.smoothing else ("twin",)
    told = [_what_it_is(study, shown)]
    for found in shown:
        told.append(_of_arm(found, compare(study, found.arm, "best"), roles))
    told += _by_chance(shown)
    told += _chosen(study)
    told += [f"{found.arm.name}, seed {seed}, failed: {why}." for found in last for seed, why in found.failed.items()]
    told += [f"The {role} of {arm}, seed {seed}, failed: {why}." for arm, role, seed, why in study.failed_twins]
    if study.left:
        told.append(f"{study.left:,} of {study.total:,} runs are still to do; study.run(folder) goes on with them.")
    return told


def title(found: Sequence[Comparison]) -> str:
    """Return one sentence on how many arms differ from their twins beyond the noise."""
    differences = [d for one in found if (d := one.difference()) is not None]
    compared = [d for d in differences if d.n > 1]
    if not differences:
        return "No arm has a twin to be compared with yet"
    if not compared:
        return "One seed: what the noise between seeds is, it cannot say"
    counts = {word: sum(d.verdict == word for d in compared) for word in ("fewer", "more", "within the noise")}
    told = f"{counts['fewer']} with fewer test errors than the twin, {counts['more']} with more"
    fewest, most = min(d.n for d in compared), max(d.n for d in compared)
    seeds = f"{most} seeds" if fewest == most else f"{fewest} to {most} seeds"
    noise = f"{counts['within the noise']} within the noise (95{PERCENT} CIs, {seeds})"
    return f"Of {count(len(compared), 'arm')}, {told}, {noise}"


def _what_it_is(study: Study, shown: Sequence[Comparison]) -> str:
    size = f"{count(len(study.arms), 'arm')}, {count(len(study.seeds), 'seed')}"
    if not shown:
        return f"{size}: no run has finished yet."
    what = f"{size}: errors on {max(found.examples for found in shown):,} test examples"
    if not any(found.errors["twin"] for found in shown):
        return f"{what}."
    return f"{what}; each student stands beside its twin, which has the same start, seed, batches and budget."


def _of_arm(last: Comparison, best: Comparison, roles: Sequence[Role]) -> str:
    seeds = count(len(last.errors["student"]), "seed")
    teacher = "" if last.teacher_errors is None else f", its teacher {last.teacher_errors:,}"
    told = [f"{last.arm.name}: {spread(last)} test errors after the last step ({seeds}){teacher}."]
    told += [_beside(last, role) for role in roles if last.errors[role]]
    if best.errors == last.errors:
        return " ".join([*told, "At the best epoch on validation data: the same."])
    if best.errors["student"]:
        told.append(f"At the best epoch on validation data: {spread(best)}.")
        told += [_beside(best, role) for role in roles if best.errors[role]]
    return " ".join(told)


def _beside(found: Comparison, role: Role) -> str:
    """Say what the difference to a twin is worth."""
    d = found.difference(role)
    if d is None:
        return f"No seed has both the student and its {TWIN[role]}."
    return against(f"{TWIN[role]}, {spread(found, role)}", d)


def _by_chance(shown: Sequence[Comparison]) -> list[str]:
    """Say what many comparisons at once are worth."""
    compared = sum(1 for found in shown if (d := found.difference()) is not None and d.n > 1)
    if compared < 2:
        return []
    return [
        f"{compared} arms are compared, each at 95{PERCENT}: were no arm different from its twin, chance alone would "
        f"call about {0.05 * compared:.2g} of them different."
    ]


def _chosen(study: Study) -> list[str]:
    arm = study.choice("last")
    if arm is None or len(study.arms) == 1:
        return []
    found = compare(study, arm, split="validation")
    where = f"{found.mean():,.1f} of {found.examples:,} on average"
    return [f"Chosen on validation data, with the fewest errors there after the last step ({where}): {arm.name}."]


def spread(found: Comparison, role: Role = "student") -> str:
    """Return mean ± standard deviation of the errors over seeds; the mean alone for one seed."""
    mean, sd = found.mean(role), found.sd(role)
    return f"{mean:,.0f}" if len(found.errors[role]) < 2 else f"{mean:,.0f} ± {sd:,.0f}"


def count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
