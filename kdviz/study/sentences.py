"""A study in sentences that call no noise a gain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..measure.error_words import PERCENT, TWIN, against
from .comparison import Comparison, compare
from .jobs import Role

if TYPE_CHECKING:
    from .study import Study


def sentences(study: Study) -> list[str]:
    """Return the results so far in words; see :meth:`kdviz.Study.sentences`."""
    last = [compare(study, arm) for arm in study.arms]
    shown = [comparison for comparison in last if comparison.errors["student"]]
    roles: tuple[Role, ...] = ("twin", "smoothed") if study.smoothing else ("twin",)
    lines = [_what_it_is(study, shown)]
    for comparison in shown:
        lines.append(_of_arm(comparison, compare(study, comparison.arm, "best"), roles))
    lines += _by_chance(shown)
    lines += _chosen(study)
    lines += [f"{arm.arm.name}, seed {seed}, failed: {why}." for arm in last for seed, why in arm.failed.items()]
    lines += [f"The {role} of {arm}, seed {seed}, failed: {why}." for arm, role, seed, why in study.failed_twins]
    if study.left:
        lines.append(f"{study.left:,} of {study.total:,} runs are still to do; study.run(folder) continues with them.")
    return lines


def title(found: Sequence[Comparison]) -> str:
    """Return one sentence on how many arms differ from their twins beyond the noise."""
    differences = [d for one in found if (d := one.difference()) is not None]
    compared = [d for d in differences if d.n > 1]
    if not differences:
        return "No arm has a twin to be compared with yet"
    if not compared:
        return "One seed: the noise between seeds is unknown"
    counts = {word: sum(d.verdict == word for d in compared) for word in ("fewer", "more", "within the noise")}
    beyond = f"{counts['fewer']} with fewer test errors than the twin, {counts['more']} with more"
    fewest, most = min(d.n for d in compared), max(d.n for d in compared)
    seeds = f"{most} seeds" if fewest == most else f"{fewest} to {most} seeds"
    noise = f"{counts['within the noise']} within the noise (95{PERCENT} CIs, {seeds})"
    return f"Of {count(len(compared), 'arm')}, {beyond}, {noise}"


def _what_it_is(study: Study, shown: Sequence[Comparison]) -> str:
    size = f"{count(len(study.arms), 'arm')}, {count(len(study.seeds), 'seed')}"
    if not shown:
        return f"{size}: no run has finished yet."
    what = f"{size}: errors on {max(found.examples for found in shown):,} test examples"
    if not any(found.errors["twin"] for found in shown):
        return f"{what}."
    return f"{what}; each student is compared with its twin, which has the same start, seed, batches and budget."


def _of_arm(last: Comparison, best: Comparison, roles: Sequence[Role]) -> str:
    seeds = count(len(last.errors["student"]), "seed")
    teacher = "" if last.teacher_errors is None else f", its teacher {last.teacher_errors:,}"
    lines = [f"{last.arm.name}: {spread(last)} test errors after the last step ({seeds}){teacher}."]
    lines += [_beside(last, role) for role in roles if last.errors[role]]
    if best.errors == last.errors:
        return " ".join([*lines, "At the best epoch on validation data: the same."])
    if best.errors["student"]:
        lines.append(f"At the best epoch on validation data: {spread(best)}.")
        lines += [_beside(best, role) for role in roles if best.errors[role]]
    return " ".join(lines)


def _beside(found: Comparison, role: Role) -> str:
    """Return the sentence on the difference from a twin."""
    d = found.difference(role)
    if d is None:
        return f"No seed has both the student and {TWIN[role]}."
    return against(f"{TWIN[role]}, {spread(found, role)}", d)


def _by_chance(shown: Sequence[Comparison]) -> list[str]:
    """Return how many differences to expect by chance among several comparisons."""
    compared = sum(1 for found in shown if (d := found.difference()) is not None and d.n > 1)
    if compared < 2:
        return []
    return [
        f"{compared} arms are compared, each at 95{PERCENT}: if no arm differed from its twin, chance alone would "
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
