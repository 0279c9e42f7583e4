"""The bias part of a report: which groups are compared, the sentences about them, and the tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from ..data import Examples
from ..measure.bias import MEANS, SMALL, Bias, Comparison, Gap, Metric, Rate, bias, few_members
from ..measure.groups import MOST_CROSSED, comparable, to_numpy
from ..measure.one_token import TEXT
from ..models.at_token import AT

if TYPE_CHECKING:
    import pandas as pd

Groups = Mapping[str, ArrayLike] | Sequence[str] | Literal["all"] | None
NO_FAIRLEARN = 'bias needs fairlearn: pip install "kdviz[app]"'
COLUMNS = {
    "accuracy": "accuracy",
    "selection_rate": "selection rate",
    "true_positive_rate": "true-positive rate",
    "false_positive_rate": "false-positive rate",
}
SHORT = {
    "demographic_parity_difference": "demographic parity",
    "equalized_odds_difference": "equalized odds",
    "accuracy_difference": "accuracy",
}


def measured(
    logits: Mapping[str, Tensor],
    part: Examples,
    groups: Mapping[str, Any],
    positive: int | Literal["auto"] | None,
    *,
    asked: bool,
) -> tuple[Bias | None, tuple[str, ...]]:
    """Return the bias of all models over the groups, and sentences about what was left out or cut.

    If it cannot be measured, that is an error only if it was ``asked`` for.
    """
    class_ = _positive(positive, logits["teacher"].shape[1])
    if not groups:
        return None, ()
    if not part.labelled:
        return None, ("No example has a label: whom the models fail is unknown.",) if asked else ()
    if find_spec("fairlearn") is None:
        if asked:
            raise ImportError(NO_FAIRLEARN)
        return None, (f"Not measured: {NO_FAIRLEARN}.",)
    kept, notes = comparable(groups, part.y)
    if not kept:
        return None, tuple(notes)
    order = sorted(logits, key=("teacher", "twin", "student").index)  # differences: student − twin
    predictions = {who: logits[who].argmax(1) for who in order}
    result = bias(predictions, part.y, kept, class_, intersect=len(kept) <= MOST_CROSSED)
    return result, (*notes, *result.notes)


def _positive(positive: int | Literal["auto"] | None, classes: int) -> int | None:
    if positive == "auto":
        return 1 if classes == 2 else None
    if positive is not None and not (isinstance(positive, int | np.integer) and 0 <= positive < classes):
        raise ValueError(
            f"positive must be a class index below {classes}, the number of classes, or None if no class is positive, "
            f"got {positive!r}"
        )
    return None if positive is None else int(positive)


def given(groups: Groups, part: Examples) -> dict[str, Any]:
    """Return the requested groupings by name, each with one entry per example."""
    if groups is None:
        shown = TEXT if isinstance(part.x, Mapping) and AT in part.x else None  # the text that a token is of
        return {name: values for name, values in part.groups.items() if name != shown}
    if not isinstance(groups, Iterable) or (isinstance(groups, str) and groups != "all"):
        raise ValueError(
            f'groups must be a dict of values by name, a DataFrame, a list of names or "all", got {groups!r}: '
            f"for a column of the data pass groups=[{str(groups)!r}]"
        )
    if isinstance(groups, str):
        groups = list(part.groups)
        if not groups:
            raise ValueError('the data have no groups: pass groups={"name": values} instead of groups="all"')
    if isinstance(groups, Mapping) or hasattr(groups, "columns"):
        named: Any = groups  # a DataFrame iterates over its columns like a mapping
        return {str(name): _whole(str(name), values, len(part)) for name, values in named.items()}
    names = list(groups)
    unknown = [name for name in names if not isinstance(name, str) or name not in part.groups]
    if unknown:
        expected = f"expected one of {', '.join(part.groups)}" if part.groups else "the data have no groups"
        raise ValueError(f'{expected}, got {unknown[0]!r}; for any other groups pass groups={{"name": values}}')
    return {name: part.groups[name] for name in names}


def _whole(name: str, values: Any, n: int) -> Any:
    shape = to_numpy(values).shape
    if shape != (n,):
        got = f"{shape[0]:,}" if len(shape) == 1 else f"shape {shape}"
        raise ValueError(
            f"groups[{name!r}] must have {n:,} entries, one for each compared example (for Splits: the test part), "
            f"got {got}"
        )
    return values


def pairs(found: Bias) -> list[str]:
    """Return the groupings that are pairs of two others."""
    crossed = {f"{a} & {b}" for a, b in combinations(found.groupings, 2)}
    return [grouping for grouping in found.groupings if grouping in crossed]


def singles(found: Bias) -> list[str]:
    """Return the groupings that are not pairs of others."""
    crossed = pairs(found)
    return [grouping for grouping in found.groupings if grouping not in crossed]


def gaps_measured(found: Bias) -> list[str]:
    """Return the measured gaps in words."""
    return [MEANS[metric] for metric in found.of("student", found.groupings[0]).gaps]


def sentences(found: Bias, grouping: str) -> list[str]:
    """Return what became of the teacher's gap in one grouping; unless it is a pair, also on the twin and the groups."""
    lines = [found.compare(grouping).sentence(_beside_twin(found, grouping))]
    if grouping in pairs(found):
        return lines
    lines += _ends(found, grouping)
    student = found.of("student", grouping)
    if small := few_members(student.groups):
        lines.append(small)
    return lines + list(student.notes)


def _beside_twin(found: Bias, grouping: str, metric: Metric | None = None) -> Comparison | None:
    return found.compare(grouping, metric, reference="twin") if "twin" in found.models else None


def verdict(found: Bias, grouping: str, metric: Metric | None = None) -> str:
    """Return the student's gap beside its teacher's, and its twin's if there is one, in a few words."""
    said = found.compare(grouping, metric).headline(_beside_twin(found, grouping, metric))
    return said[:1].lower() + said[1:]


def headline(found: Bias) -> str:
    """Return one sentence on all groupings that are not pairs."""
    compared = [found.compare(grouping) for grouping in singles(found)]
    if len(compared) == 1:
        return sentences(found, compared[0].grouping)[0]
    by_verdict: dict[str, list[str]] = {}
    for c in compared:
        by_verdict.setdefault(verdict(found, c.grouping), []).append(c.grouping)
    enough = [c for c in compared if c.rests_on >= SMALL]
    verdicts = "; ".join(f"{said}, by {_and(names)}" for said, names in by_verdict.items())
    sentence = f"Bias (the student's {MEANS[compared[0].metric]}): {verdicts}"
    if not enough:
        return f"{sentence}."
    most = max(enough, key=lambda c: c.subject_gap.value)
    s, r = most.subject_gap, most.reference_gap
    few = " of those with enough examples" if len(enough) < len(compared) else ""
    return (
        f"{sentence}; the student's largest gap{few}, by {most.grouping}, is {s.value:.3f} ({_ci(most.confidence)} "
        f"{_ends_of(s)}), the teacher's is {r.value:.3f} ({_ends_of(r)})."
    )


def _ends(found: Bias, grouping: str) -> list[str]:
    """Return a sentence that names the groups at both ends of the gap, model by model."""
    metric = found.compare(grouping).metric
    ends = []
    for who in found.models:
        gap = found.of(who, grouping).gaps[metric]
        if gap.rests_on and gap.value > 0:
            low, high = (getattr(found.of(who, grouping).group(name), gap.rate) for name in (gap.lowest, gap.highest))
            ends.append(
                f"the {_plural(gap.rate)} of {gap.lowest} ({low.value:.3f} of {low.n:,}) and {gap.highest} "
                f"({high.value:.3f} of {high.n:,}) with the {who}"
            )
    return [f"Furthest apart are {'; '.join(ends)}."] if ends else []


def _plural(rate: str) -> str:
    return "accuracies" if rate == "accuracy" else f"{COLUMNS[rate]}s"


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def frame(found: Bias) -> pd.DataFrame:
    """Return all numbers as rows of subject, measure, model, group, value, low, high."""
    import pandas as pd

    table = found.frame()
    table["subject"] = "bias, " + table["grouping"]
    table["group"] = table["group"].where(table["group"] != "", None)
    chance = table[table["chance"].notna()]
    chance = chance.assign(measure=chance["measure"] + ", by chance", value=chance["chance"], low=None, high=None)
    members = table[(table["measure"] == "accuracy") & (table["model"] == "student")]
    members = members.assign(measure="n", model="all", value=members["n"].astype("float64"), low=None, high=None)
    columns = ["subject", "measure", "model", "group", "value", "low", "high"]
    parts = [part[columns].astype({"low": "float64", "high": "float64"}) for part in (members, table, chance)]
    return pd.concat(parts, ignore_index=True)


def rates_table(found: Bias, grouping: str, most: int) -> pd.DataFrame:
    """Return the rates of each group and model as text, for the ``most`` largest groups."""
    import pandas as pd

    columns = list(COLUMNS)[: 1 if found.positive is None else None]
    largest = sorted(found.of("student", grouping).groups, key=lambda group: -group.n)[:most]
    shown = {group.name for group in largest}
    rows = [
        {"group": group.name, "n": group.n, "model": who}
        | {COLUMNS[name]: _share(getattr(found.of(who, grouping).group(group.name), name)) for name in columns}
        for group in found.of("student", grouping).groups
        if group.name in shown
        for who in found.models
    ]
    return pd.DataFrame(rows)


def gaps_table(found: Bias) -> pd.DataFrame:
    """Return the gaps of all groupings and models as text, with the verdict on student against teacher."""
    import pandas as pd

    rows = []
    for grouping in found.groupings:
        for metric in (metric for metric in get_args(Metric) if metric in found.of("student", grouping).gaps):
            c = found.compare(grouping, metric)
            gaps = {who: found.of(who, grouping).gaps[metric] for who in found.models}
            row = {"grouping": grouping, "gap": SHORT[metric], "verdict": verdict(found, grouping, metric)}
            row |= {who: f"{g.value:.3f} ({_ends_of(g)})" for who, g in gaps.items()}
            row["chance"] = f"up to {max(g.chance for g in gaps.values()):.3f}"
            rows.append(row | {"smallest n": f"{c.rests_on:,}"})
    return pd.DataFrame(rows)


def _ci(confidence: float) -> str:
    return f"{100 * confidence:g} % CI"


def _ends_of(gap: Gap) -> str:
    return "no interval" if math.isnan(gap.low) else f"{gap.low:.3f} to {gap.high:.3f}"


def _share(rate: Rate) -> str:
    return f"{rate.value:.3f} ({rate.low:.3f} to {rate.high:.3f})" if rate.n else "unknown"
