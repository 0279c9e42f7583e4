"""Bias: whether a model treats groups of people, or of pictures, alike, and whether a student takes that over.

For each model and each way to form groups (sex, race, age band, stroke thickness, and pairs of them): how often each
group is chosen and how often it is wrongly treated, how far the groups lie apart, and what of the distance between
student and teacher the noise of the examples leaves standing. The rates are fairlearn's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from .confidence import check_confidence
from .fidelity import Array
from .groups import MOST_GROUPS, missing, share, to_numpy
from .wilson import wilson

if TYPE_CHECKING:
    import pandas as pd

Metric = Literal["demographic_parity_difference", "equalized_odds_difference", "accuracy_difference"]
Ratio = Literal["demographic_parity_ratio", "equalized_odds_ratio", "accuracy_ratio"]
Verdict = Literal["inherited", "amplified", "mended", "none found", "too few to say"]
RateName = Literal["accuracy", "error_rate", "selection_rate", "true_positive_rate", "false_positive_rate"]

RATES: tuple[RateName, ...] = get_args(RateName)
SMALL = 30  # members; of fewer, a rate says little
BLOCK = 2**20  # counts held together in the bootstrap
MEANS = {
    "demographic_parity_difference": "demographic-parity difference",
    "equalized_odds_difference": "equalised-odds difference",
    "accuracy_difference": "gap in accuracy",
}
PARTS: dict[str, tuple[RateName, ...]] = {
    "demographic_parity": ("selection_rate",),
    "equalized_odds": ("true_positive_rate", "false_positive_rate"),
    "accuracy": ("accuracy",),
}


@dataclass(frozen=True)
class Rate:
    """A share of the members of a group, with Wilson's interval.

    Attributes
    ----------
    value, low, high : float
        nan where n = 0.
    n : int
        How many members the share is of: for a true-positive rate those with the positive label.
    """

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Interval:
    """A number with its bootstrap percentile interval; nan where it is not defined."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Gap:
    """How far the groups lie apart in one metric.

    Attributes
    ----------
    value, low, high : float
        Highest rate − lowest rate, with its bootstrap percentile interval; nan where fewer than one group has a rate.
    chance : float
        What groups of these sizes would stay below in ``confidence`` of all cases if all had the same rate.
    rate : str
        The rate that the groups lie apart in; "" where the gap is not defined.
    highest, lowest : str
        The groups at both ends.
    rests_on : int
        How many examples the rate of the smaller of these two groups is of; 0 where fewer than two groups have a rate.
    """

    value: float
    low: float
    high: float
    chance: float
    rate: str
    highest: str
    lowest: str
    rests_on: int

    @property
    def clear(self) -> bool:
        """Whether the groups lie further apart than chance puts groups with the same rate."""
        return self.value > self.chance


@dataclass(frozen=True)
class Group:
    """The rates of one model in one group.

    Attributes
    ----------
    name : str
    n : int
        Members with a known label.
    small : bool
        Fewer than 30.
    accuracy, error_rate, selection_rate, true_positive_rate, false_positive_rate : Rate
        The last three are nan where there is no positive class.
    """

    name: str
    n: int
    small: bool
    accuracy: Rate
    error_rate: Rate
    selection_rate: Rate
    true_positive_rate: Rate
    false_positive_rate: Rate


@dataclass(frozen=True)
class Disparity:
    """One model over the groups of one grouping.

    Attributes
    ----------
    model, grouping : str
    groups : tuple of Group
        In the order of their names; numbers in order of size.
    gaps : Mapping of str to Gap
        By name of the difference.
    ratios : Mapping of str to Interval
        Lowest rate / highest rate, by name of the ratio.
    confidence : float
    notes : tuple of str
        Sentences on what was left out.
    """

    model: str
    grouping: str
    groups: tuple[Group, ...]
    gaps: Mapping[str, Gap]
    ratios: Mapping[str, Interval]
    confidence: float
    notes: tuple[str, ...]

    @property
    def worst(self) -> Group:
        """The group with the lowest accuracy; of equals the larger one."""
        return min(self.groups, key=lambda group: (group.accuracy.value, -group.n))

    def group(self, name: str) -> Group:
        """Return one group; raise a one-sentence ``ValueError`` where nobody belongs to it."""
        for group in self.groups:
            if group.name == name:
                return group
        names = ", ".join(group.name for group in self.groups)
        raise ValueError(f"no example belongs to the group {name!r} of {self.grouping!r}; it has {names}")

    def sentence(self) -> str:
        """Say the worst group and the gaps, and which groups are too small."""
        a = self.worst.accuracy
        says = (
            f"By {self.grouping}, {self.model} is right least often for {self.worst.name}: {a.value:.1%} of {a.n:,} "
            f"({self.confidence:.0%} interval {a.low:.1%} to {a.high:.1%})"
        )
        told = [name for name in self.gaps if name != "accuracy_difference"] or list(self.gaps)
        gaps = [f"{MEANS[name]} {_figures(self.gaps[name])}" for name in told]
        small = [f"{group.name} (n = {group.n})" for group in self.groups if group.small]
        warns = f" Fewer than {SMALL} members, so that their rates say little: {', '.join(small)}." if small else ""
        return " ".join([f"{says}; {', '.join(gaps)}.{warns}", *self.notes])


@dataclass(frozen=True)
class Comparison:
    """One gap in two models, with the paired interval of the difference.

    Attributes
    ----------
    grouping, metric : str
    subject, reference : str
        Names of the models.
    subject_gap, reference_gap : Gap
    difference : Interval
        Gap of the subject − gap of the reference; both models see each resample of the examples.
    confidence : float
    """

    grouping: str
    metric: str
    subject: str
    reference: str
    subject_gap: Gap
    reference_gap: Gap
    difference: Interval
    confidence: float

    @property
    def rests_on(self) -> int:
        """The fewest examples that a rate is of at either end of either gap."""
        return min(self.subject_gap.rests_on, self.reference_gap.rests_on)

    @property
    def verdict(self) -> Verdict:
        """What may be said of the subject's gap beside the reference's.

        ===============  ============================================================================================
        amplified        the difference lies above 0, and the subject's gap is more than chance gives
        mended           the difference lies below 0, and the reference's gap is more than chance gives
        inherited        the difference holds 0, and both gaps are more than chance gives
        none found       neither gap is more than chance gives, and the difference does not lie above 0
        too few to say   anything else, and whenever a gap rests on fewer than 30 examples
        ===============  ============================================================================================
        """
        subject, reference = self.subject_gap.clear, self.reference_gap.clear
        if self.rests_on < SMALL:
            return "too few to say"
        if self.difference.low > 0:
            return "amplified" if subject else "too few to say"
        if self.difference.high < 0 and reference:
            return "mended"
        if subject and reference:
            return "inherited"
        return "too few to say" if subject or reference else "none found"

    def sentence(self) -> str:
        """Return the verdict with its figures, as one sentence."""
        word, s, r, d = self.verdict, self.subject_gap, self.reference_gap, self.difference
        if min(s.rests_on, r.rests_on) == 0:
            return (
                f"Too few to say: by {self.grouping}, fewer than two groups have what the {MEANS[self.metric]} needs."
            )
        figures = (
            f"by {self.grouping}, the {MEANS[self.metric]} is {_figures(s)} with {self.subject} and {_figures(r)} with "
            f"{self.reference}; {self.subject} − {self.reference} is {d.value:+.3f} ({self.confidence:.0%} interval "
            f"{d.low:+.3f} to {d.high:+.3f})"
        ).replace("-0.000", "+0.000")
        why: dict[Verdict, str] = {
            "inherited": "both lie above chance, and the interval of the difference holds 0",
            "amplified": "the interval of the difference lies above 0",
            "mended": "the interval of the difference lies below 0"
            + (f", though {self.subject} still lies above chance" if s.clear else ""),
            "none found": "neither lies above chance",
            "too few to say": f"a gap rests on a group with {_examples(self.rests_on)}, fewer than {SMALL}"
            if self.rests_on < SMALL
            else "the examples do not tell both gaps from chance and from one another",
        }
        return f"{word.capitalize()}: {figures}: {why[word]}."


@dataclass(frozen=True)
class Bias:
    """All models over all groupings.

    Attributes
    ----------
    models, groupings : tuple of str
        In the order given; pairs of groupings ("sex & race") come last.
    n : int
        Examples with a known label.
    positive : int or None
        The positive class.
    confidence : float
    resamples : int
    disparities : Mapping of (model, grouping) to Disparity
    differences : Mapping of (subject, reference, grouping, metric) to Interval
        For all pairs of models.
    notes : tuple of str
        Sentences on what was left out.
    """

    models: tuple[str, ...]
    groupings: tuple[str, ...]
    n: int
    positive: int | None
    confidence: float
    resamples: int
    disparities: Mapping[tuple[str, str], Disparity]
    differences: Mapping[tuple[str, str, str, str], Interval]
    notes: tuple[str, ...]

    def of(self, model: str, grouping: str) -> Disparity:
        """Return one model over the groups of one grouping."""
        _one_of("model", model, self.models)
        _one_of("grouping", grouping, self.groupings)
        return self.disparities[model, grouping]

    def compare(
        self, grouping: str, metric: Metric | None = None, subject: str = "student", reference: str = "teacher"
    ) -> Comparison:
        """Return one gap in two models; :func:`verdict` says the same in words."""
        _one_of("grouping", grouping, self.groupings)
        _one_of("subject", subject, self.models)
        _one_of("reference", reference, self.models)
        if subject == reference:
            raise ValueError(f"subject and reference must be two models, got {subject!r} for both")
        name = metric or ("accuracy_difference" if self.positive is None else "equalized_odds_difference")
        a, b = self.of(subject, grouping).gaps, self.of(reference, grouping).gaps
        _one_of("metric", name, tuple(a))
        difference = self.differences[subject, reference, grouping, name]
        return Comparison(grouping, name, subject, reference, a[name], b[name], difference, self.confidence)

    def sentence(self) -> str:
        """Say the worst group and the gaps of each model, grouping by grouping, without the pairs of groupings."""
        pairs = {_both(a, b) for a, b in combinations(self.groupings, 2)}
        single = [grouping for grouping in self.groupings if grouping not in pairs]
        said = [self.of(model, grouping).sentence() for grouping in single for model in self.models]
        return " ".join([*said, *self.notes])

    def frame(self) -> pd.DataFrame:
        """Return all numbers as a tidy table.

        Returns
        -------
        DataFrame
            Columns ``model`` ("student − teacher" for a paired difference), ``grouping``, ``group`` ("" for what is
            about all groups), ``measure``, ``value``, ``low``, ``high``, ``chance`` (nan but for gaps), ``n`` (what a
            rate is of, or a gap rests on; missing for other rows) and ``small``.
        """
        import pandas as pd

        rows: list[tuple[Any, ...]] = []
        rates = RATES if self.positive is not None else RATES[:2]
        for (model, grouping), disparity in self.disparities.items():
            for group in disparity.groups:
                for name in rates:
                    r: Rate = getattr(group, name)
                    rows.append((model, grouping, group.name, name, r.value, r.low, r.high, math.nan, r.n, group.small))
            for measure, g in disparity.gaps.items():
                small = g.rests_on < SMALL
                rows.append((model, grouping, "", measure, g.value, g.low, g.high, g.chance, g.rests_on, small))
            for measure, i in disparity.ratios.items():
                rows.append((model, grouping, "", measure, i.value, i.low, i.high, math.nan, None, False))
        for (subject, reference, grouping, measure), i in self.differences.items():
            if self.models.index(subject) > self.models.index(reference):  # once a pair, the later one as the subject
                both = f"{subject} − {reference}"
                rows.append((both, grouping, "", measure, i.value, i.low, i.high, math.nan, None, False))
        columns = ["model", "grouping", "group", "measure", "value", "low", "high", "chance", "n", "small"]
        return pd.DataFrame(rows, columns=columns).astype({"n": "Int64"})


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
    """Measure how each model treats each group, and how far the groups lie apart.

    Parameters
    ----------
    predictions : mapping of str to int, shape (N,)
        Predicted classes of each model, such as "teacher", "twin" and "student", on the same examples.
    y : int, shape (N,)
        True classes; -1 where the class is not known, which leaves the example out.
    groups : mapping of str to shape (N,)
        The group of each example, grouping by grouping: words, whole numbers or a pandas Categorical. None or NaN
        leaves the example out of that grouping. Cut what is continuous with :func:`kdviz.measure.groups.bands`.
    positive : int or None
        The class that counts as chosen; all others count as not chosen. None where there is no such class (digits):
        then there are accuracies and error rates only.
    confidence : float
        Of all intervals, in (0, 1).
    resamples : int
        Of the bootstrap, at least 1.
    seed : int
    intersect : bool
        Form each pair of groupings too, named "sex & race", with groups such as "Female & Black".
    by_fairlearn : bool
        Have fairlearn compute the rates. False counts them here: the same numbers, some ten times sooner, for a page
        that follows a model while it learns.

    Raises
    ------
    ValueError
        If shapes or dtypes do not fit, nothing is left to measure, or a setting is out of range.

    Notes
    -----
    With h the prediction and A the group, the gaps are the largest less the smallest over all groups of::

        demographic_parity_difference   P(h = 1 | A)
        equalized_odds_difference       P(h = 1 | A, y = 1) and P(h = 1 | A, y = 0), the larger of both gaps
        accuracy_difference             P(h = y | A)

    and the ratios are smallest / largest (the smaller of both for the odds). The values are those of fairlearn with one
    exception: a group without a positive (negative) label has no true-positive (false-positive) rate; here it is nan
    and left out with a note, while fairlearn counts it as 0. A ratio 0/0 is left out as well.

    A resample draws the examples anew with replacement; as only counts matter it is one multinomial draw over the cells
    group × label × predictions of all models. All models see each resample, so the intervals of differences between
    models are paired. The groups' sizes vary as well. The intervals take the examples as the only source of noise:
    another seed of the training is a matter for :func:`kdviz.measure.paired`.

    A largest less a smallest rate is never below 0 and, by chance, nearly always above, in the resamples more so than
    in the data: its percentile interval hardly ever reaches 0, and is widened here to hold the value where it would
    not. Whether a gap is more than noise is therefore asked of ``chance``: the gap that groups of these sizes stay
    below with probability ``confidence`` if all have the rate of the whole. With many groupings and metrics, one in
    twenty lies above it by chance.

    References
    ----------
    Hardt, Price, Srebro (2016), Equality of Opportunity in Supervised Learning, NeurIPS, arXiv:1610.02413. Weerts et
    al. (2023), Fairlearn: Assessing and Improving Fairness of AI Systems, JMLR 24. Wilson (1927), Probable Inference,
    JASA 22. Efron, Tibshirani (1993), An Introduction to the Bootstrap.

    Examples
    --------
    >>> y = np.tile([0, 1], 400)
    >>> sex = np.repeat(["Female", "Male"], 400)
    >>> teacher = np.where((sex == "Female") & (np.arange(800) % 4 == 1), 0, y)  # misses half of the women's positives
    >>> found = bias({"teacher": teacher, "student": y}, y, {"sex": sex})
    >>> found.of("teacher", "sex").gaps["equalized_odds_difference"].value, found.of("teacher", "sex").worst.name
    (0.5, 'Female')
    >>> print(verdict(found, "sex"))
    Mended: by sex, the equalised-odds difference is 0.000 (0.000 to 0.000; chance gives up to 0.000) with student and
    0.500 (0.4... to 0.5...; chance gives up to 0.0...) with teacher; student − teacher is -0.500 (95% interval -0.5...
    to -0.4...): the interval of the difference lies below 0.
    """
    check_confidence(confidence)
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, such as 1000, got {resamples}")
    labels, choices = _checked(predictions, y, positive)
    if not groups:
        raise ValueError("groups holds no grouping: give at least one, such as {'sex': data.test.groups['sex']}")
    notes: list[str] = []
    n, known = len(labels), labels >= 0
    if not known.any():
        raise ValueError(f"none of the {n:,} examples has a known label (0 or more): there is nothing to measure")
    if not known.all():
        notes.append(f"{_examples(n - int(known.sum()))} without a known label left out.")
    groupings = _groupings(groups, n, known, intersect, notes)
    labels, choices = labels[known], {name: choice[known] for name, choice in choices.items()}
    asked = _Asked(positive, confidence, resamples, seed, by_fairlearn)
    disparities: dict[tuple[str, str], Disparity] = {}
    differences: dict[tuple[str, str, str, str], Interval] = {}
    for grouping, (names, codes) in groupings.items():
        inside = codes >= 0
        if grouping in groups and not inside.all():
            notes.append(f"{_examples(int((~inside).sum()))} in no group of {grouping} left out.")
        cells = _cells(codes[inside], labels[inside], {m: c[inside] for m, c in choices.items()}, positive)
        drawn = _bootstrap(cells, resamples, seed)
        for i, model in enumerate(choices):
            disparities[model, grouping] = _disparity(model, grouping, names, cells, i, drawn, asked)
        for (i, a), (j, b) in combinations(enumerate(choices), 2):
            for metric in disparities[a, grouping].gaps:
                apart = disparities[b, grouping].gaps[metric].value - disparities[a, grouping].gaps[metric].value
                found = _percentiles(apart, drawn[metric][j] - drawn[metric][i], confidence)
                differences[b, a, grouping, metric] = found
                differences[a, b, grouping, metric] = Interval(-found.value, -found.high, -found.low)
    names_of = tuple(choices), tuple(groupings)
    return Bias(*names_of, len(labels), positive, confidence, resamples, disparities, differences, tuple(notes))


def verdict(
    bias: Bias, grouping: str, metric: Metric | None = None, subject: str = "student", reference: str = "teacher"
) -> str:
    """Say in one sentence what became of the reference's gap in the subject.

    Parameters
    ----------
    bias : Bias
        Of both models on the same examples.
    grouping : str
    metric : {"equalized_odds_difference", "demographic_parity_difference", "accuracy_difference"}, optional
        The first one by default; the last where there is no positive class.
    subject, reference : str
        Names of the models.

    Returns
    -------
    str
        Begins with "Inherited", "Amplified", "Mended", "None found" or "Too few to say"; see `Comparison.verdict`.

    Raises
    ------
    ValueError
        If a name is not there.

    Notes
    -----
    That a student has its teacher's gap does not show that it has it from the teacher: both have learnt from the same
    data. Ask for the reference "twin" as well, the student's like trained without a teacher.
    """
    return bias.compare(grouping, metric, subject, reference).sentence()


def with_articles(sentence: str) -> str:
    """Say "the student" where a sentence of this subject gives the bare name.

    >>> with_articles("0.2 with student and 0.1 with teacher")
    '0.2 with the student and 0.1 with the teacher'
    """
    for who in ("student", "teacher", "twin"):
        sentence = sentence.replace(f" with {who}", f" with the {who}").replace(f"though {who} ", f"though the {who} ")
    return sentence


def beside_twin(c: Comparison) -> list[str]:
    """Say in one sentence what a comparison with the twin shows; nothing where a gap is not defined."""
    if min(c.subject_gap.rests_on, c.reference_gap.rests_on) == 0:
        return []
    t, d = c.reference_gap, c.difference
    if c.rests_on < SMALL:
        why = f"a gap rests on fewer than {SMALL} examples of a group, so nothing follows"
    elif d.low > 0:
        why = f"the interval lies above 0, so the {c.subject}'s gap is larger than its twin's"
    elif d.high < 0:
        why = f"the interval lies below 0, so the {c.subject}'s gap is smaller than its twin's"
    else:
        why = "the interval holds 0, so these examples do not tell the two gaps apart"
    says = (
        f"The twin, taught without the teacher, has {t.value:.3f} ({t.low:.3f} to {t.high:.3f}; chance gives up to "
        f"{t.chance:.3f}); {c.subject} − twin is {d.value:+.3f} ({c.confidence:.0%} interval {d.low:+.3f} to "
        f"{d.high:+.3f}): {why}."
    )
    return [says.replace("-0.000", "+0.000")]


@dataclass(frozen=True)
class _Asked:
    positive: int | None
    confidence: float
    resamples: int
    seed: int
    by_fairlearn: bool


@dataclass(frozen=True)
class _Cells:
    """Counts of examples that are alike in group, label and all predictions, sorted by group."""

    counts: np.ndarray  # (K,)
    starts: np.ndarray  # (G,), the first cell of each group
    y: np.ndarray  # (K,), whether the label is the positive class
    chosen: np.ndarray  # (M, K), whether the model says the positive class
    right: np.ndarray  # (M, K)
    positive: bool


def _cells(codes: np.ndarray, y: np.ndarray, choices: Mapping[str, np.ndarray], positive: int | None) -> _Cells:
    is_positive = y == positive if positive is not None else np.zeros(len(y), dtype=bool)
    none = np.zeros(len(y), dtype=bool)
    chosen = np.stack([c == positive if positive is not None else none for c in choices.values()])
    right = np.stack([c == y for c in choices.values()])
    key = codes * 2 + is_positive
    for c, r in zip(chosen, right, strict=True):  # dense after each model: any number of models fits
        key = np.unique(key * 4 + c * 2 + r, return_inverse=True)[1]
    _, first, counts = np.unique(key, return_index=True, return_counts=True)
    starts = np.unique(codes[first], return_index=True)[1]
    return _Cells(counts, starts, is_positive[first], chosen[:, first], right[:, first], positive is not None)


def _hits(cells: _Cells, counts: np.ndarray) -> dict[RateName, tuple[np.ndarray, np.ndarray]]:
    """Return what each rate counts (M, R, G) and what it is a share of (R, G), for counts of shape (R, K)."""

    def by_group(mask: np.ndarray) -> np.ndarray:
        return np.add.reduceat(counts * mask, cells.starts, axis=1)

    def of_models(masks: np.ndarray) -> np.ndarray:
        return np.stack([by_group(mask) for mask in masks])

    n = by_group(np.ones(len(cells.y), dtype=bool))
    hits: dict[RateName, tuple[np.ndarray, np.ndarray]] = {"accuracy": (of_models(cells.right), n)}
    if cells.positive:
        positives = by_group(cells.y)
        hits["selection_rate"] = of_models(cells.chosen), n
        hits["true_positive_rate"] = of_models(cells.chosen & cells.y), positives
        hits["false_positive_rate"] = of_models(cells.chosen & ~cells.y), n - positives
    return hits


def _apart(rates: Mapping[RateName, np.ndarray]) -> dict[str, np.ndarray]:
    """Return gaps and ratios by name, the last axis (groups) gone; nan rates are left out."""
    found = {}
    for measure, parts in PARTS.items():
        if parts[0] not in rates:
            continue
        high = [np.fmax.reduce(rates[part], axis=-1) for part in parts]
        low = [np.fmin.reduce(rates[part], axis=-1) for part in parts]
        found[f"{measure}_difference"] = np.fmax.reduce([h - w for h, w in zip(high, low, strict=True)])
        found[f"{measure}_ratio"] = np.fmin.reduce([share(w, h) for h, w in zip(high, low, strict=True)])
    return found


def _bootstrap(cells: _Cells, resamples: int, seed: int) -> dict[str, np.ndarray]:
    """Return gaps and ratios of all models on resamples of the examples, each (M, resamples)."""
    random, n = np.random.default_rng(seed), int(cells.counts.sum())
    blocks = []
    rows = max(1, BLOCK // len(cells.counts))
    for start in range(0, resamples, rows):
        counts = random.multinomial(n, cells.counts / n, size=min(rows, resamples - start))  # (R, K)
        blocks.append(_apart({name: share(hits, of) for name, (hits, of) in _hits(cells, counts).items()}))
    return {name: np.concatenate([block[name] for block in blocks], axis=1) for name in blocks[0]}


def _by_chance(hits: Mapping[RateName, tuple[np.ndarray, np.ndarray]], asked: _Asked) -> dict[str, float]:
    """Return the gaps that groups of these sizes stay below if all have the same rate; hits and sizes (G,)."""
    random = np.random.default_rng([asked.seed, 1])
    rates = {}
    for name, (k, of) in hits.items():
        pooled = k.sum() / of.sum() if of.sum() else 0.0
        rates[name] = share(random.binomial(of, pooled, size=(asked.resamples, len(of))), of)
    gaps = {measure: values for measure, values in _apart(rates).items() if measure.endswith("_difference")}
    return {measure: float(np.quantile(values, asked.confidence)) for measure, values in gaps.items()}


def _percentiles(value: float, draws: np.ndarray, confidence: float) -> Interval:
    """Return the percentile interval, widened to hold the value; nan where either is not defined."""
    draws = draws[~np.isnan(draws)]
    if math.isnan(value) or not len(draws):
        return Interval(value, math.nan, math.nan)
    low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2]).tolist()
    return Interval(value, min(low, value), max(high, value))


def _disparity(
    model: str,
    grouping: str,
    names: Sequence[str],
    cells: _Cells,
    which: int,
    drawn: Mapping[str, np.ndarray],
    asked: _Asked,
) -> Disparity:
    """Return the model at place ``which`` of cells and draws over one grouping."""
    hits = {name: (k[which, 0], of[0]) for name, (k, of) in _hits(cells, cells.counts[None]).items()}  # (G,) each
    by_group = (
        _fairlearn(cells, which) if asked.by_fairlearn else {name: share(*counted) for name, counted in hits.items()}
    )
    apart, chance = _apart(by_group), _by_chance(hits, asked)
    gaps, ratios = {}, {}
    for measure, value in apart.items():
        interval = _percentiles(float(value), drawn[measure][which], asked.confidence)
        if measure in chance:
            ends = _ends(measure, names, by_group, hits)
            gaps[measure] = Gap(interval.value, interval.low, interval.high, chance[measure], *ends)
        else:
            ratios[measure] = interval
    members = _members(names, by_group, hits, asked.confidence)
    notes = []
    for rate, kind in (("true_positive_rate", "positive"), ("false_positive_rate", "negative")):
        without = [group.name for group in members if asked.positive is not None and getattr(group, rate).n == 0]
        if without:
            notes.append(f"Without a {kind} label, so without a {rate.replace('_', ' ')}: {', '.join(without)}.")
    return Disparity(model, grouping, members, gaps, ratios, asked.confidence, tuple(notes))


def _members(
    names: Sequence[str],
    by_group: Mapping[RateName, np.ndarray],
    hits: Mapping[RateName, tuple[np.ndarray, np.ndarray]],
    confidence: float,
) -> tuple[Group, ...]:
    right, n = hits["accuracy"]
    values = {**by_group, "error_rate": 1 - by_group["accuracy"]}
    counted = {**hits, "error_rate": (n - right, n)}

    def rate(name: RateName, i: int) -> Rate:
        if name not in counted:
            return Rate(math.nan, math.nan, math.nan, 0)
        k, of = (int(numbers[i]) for numbers in counted[name])
        return Rate(float(values[name][i]), *wilson(k, of, confidence), of)

    sizes = enumerate(zip(names, n.tolist(), strict=True))
    return tuple(Group(name, size, size < SMALL, *(rate(r, i) for r in RATES)) for i, (name, size) in sizes)


def _fairlearn(cells: _Cells, which: int) -> dict[RateName, np.ndarray]:
    """Return fairlearn's rates of one model by group, each (G,); nan where nothing is there to take a share of.

    Each cell is one row that weighs as much as it has examples: fairlearn takes seconds for some ten thousand rows.
    """
    from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
    from sklearn.metrics import accuracy_score

    def accuracy(y: Any, right: np.ndarray, sample_weight: np.ndarray) -> float:
        return float(accuracy_score(np.ones(len(right), dtype=int), right, sample_weight=sample_weight))

    def of_positives(y: np.ndarray, chosen: np.ndarray, sample_weight: np.ndarray) -> float:
        return float(true_positive_rate(y, chosen, sample_weight, pos_label=1)) if y.any() else math.nan

    def of_negatives(y: np.ndarray, chosen: np.ndarray, sample_weight: np.ndarray) -> float:
        return float(false_positive_rate(y, chosen, sample_weight, pos_label=1)) if not y.all() else math.nan

    def by_group(metrics: dict[str, Any], said: np.ndarray) -> dict[RateName, np.ndarray]:
        found = MetricFrame(
            metrics=metrics,
            y_true=cells.y.astype(int),
            y_pred=said.astype(int),
            sensitive_features=np.repeat(np.arange(len(cells.starts)), np.diff([*cells.starts, len(cells.y)])),
            sample_params={name: {"sample_weight": cells.counts} for name in metrics},
        ).by_group
        return {name: found[name].to_numpy(dtype=np.float64) for name in RATES if name in metrics}

    rates = by_group({"accuracy": accuracy}, cells.right[which])
    if cells.positive:
        chosen = {
            "selection_rate": selection_rate,
            "true_positive_rate": of_positives,
            "false_positive_rate": of_negatives,
        }
        rates |= by_group(chosen, cells.chosen[which])
    return rates


def _ends(
    name: str,
    names: Sequence[str],
    rates: Mapping[RateName, np.ndarray],
    hits: Mapping[RateName, tuple[np.ndarray, np.ndarray]],
) -> tuple[str, str, str, int]:
    """Return the rate that makes a gap, the groups at both ends, and the smaller number that their rates are of."""
    widest: tuple[float, RateName] | None = None
    for part in PARTS[name.removesuffix("_difference")]:
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
            f"y must hold one class index for each of at least one example, got {labels.dtype} of shape {labels.shape}"
        )
    if labels.min() < -1:
        raise ValueError(f"y must be 0 or more, or -1 where the class is not known, got {labels.min()}")
    if positive is not None and positive < 0:
        raise ValueError(f"positive must be a class index, 0 or more, or None where there is none, got {positive}")
    if not predictions:
        raise ValueError("predictions holds no model: give at least one, such as {'student': logits.argmax(1)}")
    choices = {}
    for name, given in predictions.items():
        choice = to_numpy(given)
        if choice.shape != labels.shape or choice.dtype.kind not in "iu":
            raise ValueError(
                f"predictions of {name!r} must be {len(labels):,} class indices, one an example, got {choice.dtype} of "
                f"shape {choice.shape}: for logits give logits.argmax(1)"
            )
        choices[name] = choice.astype(np.int64)
    return labels.astype(np.int64), choices


def _groupings(
    groups: Mapping[str, ArrayLike], n: int, known: np.ndarray, intersect: bool, notes: list[str]
) -> dict[str, tuple[list[str], np.ndarray]]:
    """Return the names of the groups that have a member, and the group of each known example (-1: none)."""
    found = {name: _coded(name, values, n, known) for name, values in groups.items()}
    if not intersect:
        return found
    for (a, (names_a, codes_a)), (b, (names_b, codes_b)) in combinations(list(found.items()), 2):
        if _both(a, b) in found:  # given as a grouping of its own
            continue
        inside = (codes_a >= 0) & (codes_b >= 0)
        both = codes_a * len(names_b) + codes_b
        there = np.unique(both[inside])
        if not 1 <= len(there) <= MOST_GROUPS:
            why = "no example belongs to a group of both" if not len(there) else f"more than {MOST_GROUPS} groups"
            notes.append(f"{_both(a, b)} left out: {why}.")
            continue
        names = [_both(names_a[i], names_b[j]) for i, j in (divmod(c, len(names_b)) for c in there.tolist())]
        found[_both(a, b)] = names, np.where(inside, np.searchsorted(there, both), -1)
    return found


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
            f"grouping {grouping!r} has {len(different):,} groups, at most {MOST_GROUPS:,} are measured: "
            "cut numbers into bands with bands(values)"
        )
    ordered = [c for c in categories if c in different] if categories is not None else _in_order(different)
    whole = v.dtype.kind == "f" and all(value.is_integer() for value in ordered)  # whole numbers with a NaN among them
    names = [str(int(value) if whole else value) for value in ordered]
    if len(set(names)) < len(names):
        raise ValueError(
            f"grouping {grouping!r} has different groups with the same name: give words, or numbers, alone"
        )
    code = {value: i for i, value in enumerate(ordered)}
    return names, np.array([-1 if m else code[x] for x, m in zip(v.tolist(), absent, strict=True)], dtype=np.int64)


def _in_order(values: set[Any]) -> list[Any]:
    """Sort numbers, and words that begin with one ("17 to 28"), by size, and other words by the alphabet."""
    begins = {value: re.match(r"[-−]?\d+(\.\d+)?(e[-+]?\d+)?", str(value)) for value in values}
    if all(begins.values()):
        return sorted(values, key=lambda v: (float(begins[v][0].replace("−", "-")), str(v)))  # type: ignore[index]
    return sorted(values, key=str)


def _both(a: str, b: str) -> str:
    return f"{a} & {b}"


def _examples(count: int) -> str:
    return f"{count:,} example{'' if count == 1 else 's'}"


def _figures(gap: Gap) -> str:
    return f"{gap.value:.3f} ({gap.low:.3f} to {gap.high:.3f}; chance gives up to {gap.chance:.3f})"


def _one_of(what: str, given: str, there: Sequence[str]) -> None:
    if given not in there:
        raise ValueError(f"{what} must be one of {', '.join(map(repr, there))}, got {given!r}")
