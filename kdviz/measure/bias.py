"""Bias: whether a model treats groups of people, or of pictures, alike, and whether a student inherits that.

For each model and each grouping (sex, race, age band, stroke thickness, and pairs of them): how often each group is
selected and how often it is misclassified, how far apart the groups are, and whether student and teacher differ beyond
sampling noise. The rates are fairlearn's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..data.missing import missing
from . import gap_interval, group_rates
from .confidence import check_confidence
from .disparity import (
    MEANS,
    PARTS,
    RATES,
    SMALL,
    Bias,
    Comparison,
    Disparity,
    Gap,
    Group,
    Interval,
    Metric,
    Rate,
    RateName,
    Verdict,
    both_of,
    examples_of,
    few_members,
)
from .fidelity import Array
from .groups import MOST_GROUPS, share, to_numpy
from .wilson import wilson

__all__ = [
    "MEANS",
    "RATES",
    "SMALL",
    "Bias",
    "Comparison",
    "Disparity",
    "Gap",
    "Group",
    "Interval",
    "Metric",
    "Rate",
    "RateName",
    "Verdict",
    "bias",
    "few_members",
    "verdict",
]

NO_INTERVAL = math.nan, math.nan
TWIN = "twin"  # the model that verdicts are beside
Hits = Mapping[RateName, tuple[np.ndarray, np.ndarray]]  # numerator and denominator of each rate


def bias(
    predictions: Mapping[str, Array],
    y: Array,
    groups: Mapping[str, ArrayLike],
    positive: int | None = 1,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
    intersect: bool = True,
    by_fairlearn: bool = True,
) -> Bias:
    """Measure how each model treats each group, and how far apart the groups are.

    Parameters
    ----------
    predictions : mapping of str to int, shape (N,)
        Predicted classes of each model, such as "teacher", "twin" and "student", on the same examples.
    y : int, shape (N,)
        True classes; -1 if unknown, which leaves the example out.
    groups : mapping of str to shape (N,)
        The group of each example, one entry per grouping: words, whole numbers or a pandas Categorical. None or NaN
        leaves the example out of that grouping. Cut continuous values with :func:`kdviz.measure.groups.bands`.
    positive : int or None
        The positive class; predicting it counts as selection. None if there is no such class (digits): then there are
        only accuracies and error rates.
    confidence : float
        Level of all intervals, in (0, 1).
    resamples : int
        Draws for each candidate of an interval, and for ``chance``; at least 1.
    seed : int
    intersect : bool
        Also form each pair of groupings, named "sex & race", with groups such as "Female & Black".
    by_fairlearn : bool
        Let fairlearn compute the rates. False counts them here: the same numbers, some ten times faster, for a page
        that follows a model during training.

    Raises
    ------
    ValueError
        If shapes or dtypes do not fit, nothing is left to measure, or a setting is out of range.

    Notes
    -----
    With h the prediction and A the group, the gaps are largest − smallest over all groups of::

        demographic_parity_difference   P(h = 1 | A)
        equalized_odds_difference       P(h = 1 | A, y = 1) and P(h = 1 | A, y = 0), the larger of both gaps
        accuracy_difference             P(h = y | A)

    and the ratios are smallest / largest (the smaller of both for the odds). The values are those of fairlearn with one
    exception: a group without a positive (negative) label has no true-positive (false-positive) rate; here it is nan
    and left out with a note, while fairlearn counts it as 0. A ratio 0/0 is left out as well.

    The largest − the smallest of several rates is never below 0 and biased upwards, the more so the more alike the
    groups are: percentile bootstrap intervals cover the truth in as few as 26 of 100 cases. The intervals of gaps,
    ratios and differences between models here are inverted tests, see :mod:`kdviz.measure.gap_interval`: each contains
    the values that the data do not reject. Simulated with 2 to 14 groups of 30 to 2,000 and with equal and unequal
    rates, 89 to 99 of 100 intervals at 95 % cover the truth; more do where a group of some 30 has hardly any error, as
    they must with any method. If a gap rests on fewer than 30 examples of a group, no claim is made: its interval is
    nan, and the verdict is "too few to say". Models are compared on the same examples, so that what both find hard
    cancels out. The examples are the only source of noise considered: for the noise between training seeds see
    :func:`kdviz.measure.paired`.

    Whether a gap is more than noise is judged by ``chance``, the ``confidence`` quantile of the gap between groups of
    these sizes that all have the pooled rate. With many groupings and metrics, one in twenty is above it by chance.

    References
    ----------
    Hardt, Price, Srebro (2016), Equality of Opportunity in Supervised Learning, NeurIPS, arXiv:1610.02413. Weerts et
    al. (2023), Fairlearn: Assessing and Improving Fairness of AI Systems, JMLR 24. Wilson (1927), Probable Inference,
    JASA 22. Chuang, Lai (2000), Hybrid resampling methods for confidence intervals, Statistica Sinica 10.

    Examples
    --------
    >>> y = np.tile([0, 1], 400)
    >>> sex = np.repeat(["Female", "Male"], 400)
    >>> teacher = np.where((sex == "Female") & (np.arange(800) % 4 == 1), 0, y)  # misses half of the women's positives
    >>> result = bias({"teacher": teacher, "student": y}, y, {"sex": sex})
    >>> result.of("teacher", "sex").gaps["equalized_odds_difference"].value, result.of("teacher", "sex").worst.name
    (0.5, 'Female')
    >>> print(verdict(result, "sex"))
    Smaller than the teacher's: by sex, the student's equalized-odds difference is 0.000 (95 % CI 0.000 to 0.0...), the
    teacher's 0.500 (95 % CI 0.4... to 0.5...); student − teacher is −0.500 (95 % CI −0.5... to −0.4...); expected by
    chance: up to 0.0...
    """
    check_confidence(confidence)
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, such as 1000, got {resamples}")
    labels, choices = _checked(predictions, y, positive)
    if not groups:
        raise ValueError("groups is empty: pass at least one grouping, such as {'sex': data.test.groups['sex']}")
    notes: list[str] = []
    n, known = len(labels), labels >= 0
    if not known.any():
        raise ValueError(f"none of the {n:,} examples has a known label (0 or more): there is nothing to measure")
    if not known.all():
        notes.append(f"{examples_of(n - int(known.sum()))} without a known label left out.")
    groupings = _groupings(groups, n, known, intersect, notes)
    labels, choices = labels[known], {name: choice[known] for name, choice in choices.items()}
    options = _Options(positive, confidence, resamples, seed, by_fairlearn)
    disparities: dict[tuple[str, str], Disparity] = {}
    differences: dict[tuple[str, str, str, str], Interval] = {}
    for grouping, (names, codes) in groupings.items():
        inside = codes >= 0
        if grouping in groups and not inside.all():
            notes.append(f"{examples_of(int((~inside).sum()))} in no group of {grouping} left out.")
        of_models = {m: c[inside] for m, c in choices.items()}
        cells = group_rates.cells_of(codes[inside], labels[inside], of_models, positive)
        for i, model in enumerate(choices):
            disparities[model, grouping] = _disparity(model, grouping, names, cells, i, options)
        for (i, a), (j, b) in combinations(enumerate(choices), 2):
            gaps = disparities[a, grouping].gaps, disparities[b, grouping].gaps
            both = group_rates.hits_of_both(cells, i, j)
            for metric in gaps[0]:
                d = _difference(metric, (gaps[0][metric], gaps[1][metric]), cells, (i, j), both, options)
                differences[b, a, grouping, metric] = d
                differences[a, b, grouping, metric] = Interval(-d.value, -d.high, -d.low)
    names_of = tuple(choices), tuple(groupings)
    return Bias(*names_of, len(labels), positive, confidence, resamples, disparities, differences, tuple(notes))


def verdict(
    bias: Bias, grouping: str, metric: Metric | None = None, subject: str = "student", reference: str = "teacher"
) -> str:
    """Return one sentence on what became of the reference's gap in the subject.

    Parameters
    ----------
    bias : Bias
        The measured bias of both models on the same examples.
    grouping : str
    metric : {"equalized_odds_difference", "demographic_parity_difference", "accuracy_difference"}, optional
        By default the first, or the last if there is no positive class.
    subject, reference : str
        Names of the models.

    Returns
    -------
    str
        Begins with "Larger than the teacher's", "Like the teacher's", "Smaller than the teacher's", "No gap found" or
        "Too few examples to say"; see `Comparison.verdict`. Where the twin is among the models, with what it shows.

    Raises
    ------
    ValueError
        If a name is unknown.

    Notes
    -----
    Sharing the teacher's gap does not show that it was inherited: both models learned from the same data. Only the
    twin, the same student trained without a teacher, shows what the teacher did.
    """
    twin = bias.compare(grouping, metric, subject, TWIN) if TWIN in set(bias.models) - {subject, reference} else None
    return bias.compare(grouping, metric, subject, reference).sentence(twin)


@dataclass(frozen=True)
class _Options:
    positive: int | None
    confidence: float
    resamples: int
    seed: int
    by_fairlearn: bool

    @property
    def draws(self) -> tuple[float, int, int]:
        return self.confidence, self.resamples, self.seed


def _apart(rates: Mapping[RateName, np.ndarray]) -> dict[str, np.ndarray]:
    """Return gaps and ratios by name, reduced over the last axis (groups); nan rates are ignored."""
    result = {}
    for measure, parts in PARTS.items():
        if parts[0] not in rates:
            continue
        high = [np.fmax.reduce(rates[part], axis=-1) for part in parts]
        low = [np.fmin.reduce(rates[part], axis=-1) for part in parts]
        result[f"{measure}_difference"] = np.fmax.reduce([h - w for h, w in zip(high, low, strict=True)])
        result[f"{measure}_ratio"] = np.fmin.reduce([share(w, h) for h, w in zip(high, low, strict=True)])
    return result


def _by_chance(hits: Hits, options: _Options) -> dict[str, float]:
    """Return the quantile of each gap between groups of these sizes that have the same rate; hits and sizes (G,)."""
    random = np.random.default_rng([options.seed, 1])
    rates = {}
    for name, (k, of) in hits.items():
        pooled = k.sum() / of.sum() if of.sum() else 0.0
        rates[name] = share(random.binomial(of, pooled, size=(options.resamples, len(of))), of)
    gaps = {measure: values for measure, values in _apart(rates).items() if measure.endswith("_difference")}
    return {measure: float(np.quantile(values, options.confidence)) for measure, values in gaps.items()}


def _disparity(
    model: str, grouping: str, names: Sequence[str], cells: group_rates.Cells, which: int, options: _Options
) -> Disparity:
    """Return the disparity of the model with index ``which`` in the cells over one grouping."""
    hits = {name: (k[which], of) for name, (k, of) in group_rates.hits_of(cells).items()}  # (G,) each
    by_group = (
        group_rates.by_fairlearn(cells, which)
        if options.by_fairlearn
        else {name: share(*counted) for name, counted in hits.items()}
    )
    apart, chance = _apart(by_group), _by_chance(hits, options)
    gaps, ratios = {}, {}
    for measure, parts in PARTS.items():
        gap, ratio = f"{measure}_difference", f"{measure}_ratio"
        if gap not in apart:
            continue
        ends = _ends(parts, names, by_group, hits)
        counts = _counts(parts, hits)
        enough = ends[-1] >= SMALL  # with fewer no claim is made
        low, high = gap_interval.of_gap(counts, *options.draws) if enough else NO_INTERVAL
        gaps[gap] = Gap(float(apart[gap]), low, high, chance[gap], *ends)
        some = enough and any(part.hits.any() for part in counts)  # else all ratios are 0/0
        low, high = gap_interval.of_ratio(counts, *options.draws) if some else NO_INTERVAL
        ratios[ratio] = Interval(float(apart[ratio]), low, high)
    members = _members(names, by_group, hits, options.confidence)
    notes = []
    for rate, kind in (("true_positive_rate", "positive"), ("false_positive_rate", "negative")):
        without = [group.name for group in members if options.positive is not None and getattr(group, rate).n == 0]
        if without:
            notes.append(f"No {kind} label, so no {rate.replace('_', ' ')}: {', '.join(without)}.")
    return Disparity(model, grouping, members, gaps, ratios, options.confidence, tuple(notes))


def _difference(
    metric: str,
    gaps: tuple[Gap, Gap],
    cells: group_rates.Cells,
    which: tuple[int, int],
    both: Mapping[RateName, np.ndarray],
    options: _Options,
) -> Interval:
    """Return the gap of the second of two models − that of the first."""
    value = gaps[1].value - gaps[0].value
    if min(gap.rests_on for gap in gaps) < SMALL:
        return Interval(value, *NO_INTERVAL)
    parts = PARTS[metric.removesuffix("_difference")]
    hits = group_rates.hits_of(cells)
    first, second = (_counts(parts, {name: (k[i], of) for name, (k, of) in hits.items()}) for i in which)
    of_both = [both[name] for name in parts if _comparable(hits[name][1])]
    return Interval(value, *gap_interval.of_difference(first, second, of_both, *options.draws))


def _counts(parts: Sequence[RateName], hits: Hits) -> list[gap_interval.Counts]:
    """Return the counts behind a metric, one entry for each rate that at least two groups have."""
    return [gap_interval.Counts(*hits[name]) for name in parts if _comparable(hits[name][1])]


def _comparable(of: np.ndarray) -> bool:
    return int((of > 0).sum()) >= 2


def _members(
    names: Sequence[str],
    by_group: Mapping[RateName, np.ndarray],
    hits: Hits,
    confidence: float,
) -> tuple[Group, ...]:
    right, n = hits["accuracy"]
    values = {**by_group, "error_rate": 1 - by_group["accuracy"]}
    counted: dict[RateName, tuple[np.ndarray, np.ndarray]] = {**hits, "error_rate": (n - right, n)}

    def rate(name: RateName, i: int) -> Rate:
        if name not in counted:
            return Rate(math.nan, math.nan, math.nan, 0)
        k, of = (int(numbers[i]) for numbers in counted[name])
        return Rate(float(values[name][i]), *wilson(k, of, confidence), of)

    sizes = enumerate(zip(names, n.tolist(), strict=True))
    return tuple(Group(name, size, size < SMALL, *(rate(r, i) for r in RATES)) for i, (name, size) in sizes)


def _ends(
    parts: Sequence[RateName],
    names: Sequence[str],
    rates: Mapping[RateName, np.ndarray],
    hits: Hits,
) -> tuple[str, str, str, int]:
    """Return the rate with the largest gap, the groups at both ends, and the smaller of their denominators."""
    widest: tuple[float, RateName] | None = None
    for part in parts:
        defined = rates[part][~np.isnan(rates[part])]
        if len(defined) >= 2 and (widest is None or np.ptp(defined) > widest[0]):
            widest = float(np.ptp(defined)), part
    if widest is None:
        return "", "", "", 0
    part = widest[1]
    high, low = int(np.nanargmax(rates[part])), int(np.nanargmin(rates[part]))
    of = hits[part][1]
    if high == low:  # all rates are equal: the gap rests on the smallest group
        return part, names[high], names[low], int(of[of > 0].min())
    return part, names[high], names[low], int(min(of[high], of[low]))


def _checked(
    predictions: Mapping[str, Array], y: Array, positive: int | None
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    labels = to_numpy(y)
    if labels.ndim != 1 or labels.size == 0 or labels.dtype.kind not in "iu":
        raise ValueError(
            f"y must hold one class index per example, at least one, got {labels.dtype} of shape {labels.shape}"
        )
    if labels.min() < -1:
        raise ValueError(f"y must be 0 or more, or -1 where the class is unknown, got {labels.min()}")
    if positive is not None and positive < 0:
        raise ValueError(f"positive must be a class index, 0 or more, or None for no such class, got {positive}")
    if not predictions:
        raise ValueError("predictions is empty: pass at least one model, such as {'student': logits.argmax(1)}")
    choices = {}
    for name, predicted in predictions.items():
        choice = to_numpy(predicted)
        if choice.shape != labels.shape or choice.dtype.kind not in "iu":
            raise ValueError(
                f"predictions of {name!r} must be {len(labels):,} class indices, one per example, got {choice.dtype} "
                f"of shape {choice.shape}: for logits pass logits.argmax(1)"
            )
        choices[name] = choice.astype(np.int64)
    return labels.astype(np.int64), choices


def _groupings(
    groups: Mapping[str, ArrayLike], n: int, known: np.ndarray, intersect: bool, notes: list[str]
) -> dict[str, tuple[list[str], np.ndarray]]:
    """Return the names of the groups with members, and the group of each known example (-1: none)."""
    coded = {name: _coded(name, values, n, known) for name, values in groups.items()}
    if not intersect:
        return coded
    for (a, (names_a, codes_a)), (b, (names_b, codes_b)) in combinations(list(coded.items()), 2):
        if both_of(a, b) in coded:  # passed as a grouping of its own
            continue
        inside = (codes_a >= 0) & (codes_b >= 0)
        both = codes_a * len(names_b) + codes_b
        occurring = np.unique(both[inside])
        if not 1 <= len(occurring) <= MOST_GROUPS:
            why = "no example belongs to a group of both" if not len(occurring) else f"more than {MOST_GROUPS} groups"
            notes.append(f"{both_of(a, b)} left out: {why}.")
            continue
        names = [both_of(names_a[i], names_b[j]) for i, j in (divmod(c, len(names_b)) for c in occurring.tolist())]
        coded[both_of(a, b)] = names, np.where(inside, np.searchsorted(occurring, both), -1)
    return coded


def _coded(grouping: str, values: ArrayLike, n: int, known: np.ndarray) -> tuple[list[str], np.ndarray]:
    categories = getattr(getattr(values, "cat", values), "categories", None)  # of a pandas Categorical or a Series
    v = to_numpy(values)
    if v.shape != (n,):
        raise ValueError(f"grouping {grouping!r} must have one entry for each of {n:,} examples, got shape {v.shape}")
    v = v[known]
    absent = missing(v)
    if absent.all():
        raise ValueError(
            f"no example with a known label belongs to a group of {grouping!r}: there is nothing to measure"
        )
    different = set(v[~absent].tolist())
    if len(different) > MOST_GROUPS:
        raise ValueError(
            f"expected at most {MOST_GROUPS:,} groups in grouping {grouping!r}, got {len(different):,}: "
            "cut numbers into bands with bands(values)"
        )
    ordered = [c for c in categories if c in different] if categories is not None else _in_order(different)
    whole = v.dtype.kind == "f" and all(value.is_integer() for value in ordered)  # whole numbers with a NaN among them
    names = [str(int(value) if whole else value) for value in ordered]
    if len(set(names)) < len(names):
        raise ValueError(
            f"grouping {grouping!r} has different groups with the same name: pass only words or only numbers"
        )
    code = {value: i for i, value in enumerate(ordered)}
    return names, np.array([-1 if m else code[x] for x, m in zip(v.tolist(), absent, strict=True)], dtype=np.int64)


def _in_order(values: set[Any]) -> list[Any]:
    """Sort numbers, and words that begin with one ("17 to 28"), by size, and other words alphabetically."""
    begins = {value: re.match(r"[-−]?\d+(\.\d+)?(e[-+]?\d+)?", str(value)) for value in values}
    if all(begins.values()):
        return sorted(values, key=lambda v: (float(begins[v][0].replace("−", "-")), str(v)))  # type: ignore[index]
    return sorted(values, key=str)
