"""Disparity: how one model treats each group, how far apart the groups are, and how the gaps of two models compare."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal, get_args

from ..words import mark, number, t, tn

if TYPE_CHECKING:
    import pandas as pd

Metric = Literal["demographic_parity_difference", "equalized_odds_difference", "accuracy_difference"]
Ratio = Literal["demographic_parity_ratio", "equalized_odds_ratio", "accuracy_ratio"]
Verdict = Literal["larger", "like", "smaller", "none found", "too few to say"]
Beside = Literal["larger", "like", "smaller", "none"]
RateName = Literal["accuracy", "error_rate", "selection_rate", "true_positive_rate", "false_positive_rate"]

RATES: tuple[RateName, ...] = get_args(RateName)
SMALL = 30  # members; with fewer, a rate is too uncertain
MEANS = {
    "demographic_parity_difference": mark("demographic-parity difference"),
    "equalized_odds_difference": mark("equalized-odds difference"),
    "accuracy_difference": mark("gap in accuracy"),
}
VERDICTS: dict[tuple[Verdict, Beside], str] = {  # beside the reference, and beside the twin where there is one
    ("larger", "none"): mark("Larger than {reference}"),
    ("larger", "larger"): mark("Larger than {reference} and the twin's"),
    ("larger", "like"): mark("Larger than {reference}, like the twin's"),
    ("larger", "smaller"): mark("Larger than {reference}, smaller than the twin's"),
    ("like", "none"): mark("Like {reference}"),
    ("like", "larger"): mark("Like {reference}, larger than the twin's"),
    ("like", "like"): mark("Like {reference} and the twin's"),
    ("like", "smaller"): mark("Like {reference}, smaller than the twin's"),
    ("smaller", "none"): mark("Smaller than {reference}"),
    ("smaller", "larger"): mark("Smaller than {reference}, larger than the twin's"),
    ("smaller", "like"): mark("Smaller than {reference}, like the twin's"),
    ("smaller", "smaller"): mark("Smaller than {reference} and the twin's"),
    ("none found", "none"): mark("No gap found"),
    ("none found", "larger"): mark("No gap found, though larger than the twin's"),
    ("none found", "like"): mark("No gap found, like the twin's"),
    ("none found", "smaller"): mark("No gap found, smaller than the twin's"),
    ("too few to say", "none"): mark("Too few examples to say"),
}
OWNED = {"student": mark("the student's"), "teacher": mark("the teacher's"), "twin": mark("the twin's")}
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
        nan if n = 0.
    n : int
        The denominator: for a true-positive rate the members with the positive label.
    """

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Interval:
    """A number with its interval; nan if undefined, or if no claim is made."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Gap:
    """How far apart the groups are in one metric.

    Attributes
    ----------
    value : float
        Highest rate − lowest rate; nan if no group has a rate.
    low, high : float
        Ends of its interval; nan if it rests on fewer than 30 examples, when no claim is made.
    chance : float
        The ``confidence`` quantile of the gap between groups of these sizes that all have the same rate.
    rate : str
        The rate with the largest gap; "" if the gap is undefined.
    highest, lowest : str
        The groups at both ends.
    rests_on : int
        The smaller denominator of the two rates at the ends; 0 if fewer than two groups have a rate.
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
        """Whether the gap is larger than chance gives groups with the same rate."""
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
        The last three are nan if there is no positive class.
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
        Sentences about what was left out.
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
        """The group with the lowest accuracy; the larger one of a tie."""
        return min(self.groups, key=lambda group: (group.accuracy.value, -group.n))

    def group(self, name: str) -> Group:
        """Return one group; raise a ``ValueError`` if nobody belongs to it."""
        for group in self.groups:
            if group.name == name:
                return group
        names = ", ".join(group.name for group in self.groups)
        raise ValueError(f"expected a group of {self.grouping!r} with members ({names}), got {name!r}")

    def sentence(self) -> str:
        """Return the worst group and the gaps in words, and which groups are too small."""
        a = self.worst.accuracy
        names = [name for name in self.gaps if name != "accuracy_difference"] or list(self.gaps)
        figures = t(
            "By {grouping}, {model} has its lowest accuracy for {group}: {accuracy} of {n} ({level} CI {low} to "
            "{high}); {gaps}.",
            grouping=self.grouping,
            model=self.model,
            group=self.worst.name,
            accuracy=_share(a.value),
            n=number(a.n),
            level=percent(self.confidence),
            low=_share(a.low),
            high=_share(a.high),
            gaps="; ".join(self._gap_in_words(name) for name in names),
        )
        return " ".join(filter(None, [figures, few_members(self.groups), *self.notes]))

    def _gap_in_words(self, name: str) -> str:
        gap = self.gaps[name]
        figures, chance = _figures(gap, self.confidence), number(gap.chance, ".3f")
        return t("{metric} {figures}, by chance up to {chance}", metric=t(MEANS[name]), figures=figures, chance=chance)


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
        """The smallest denominator of a rate at either end of either gap."""
        return min(self.subject_gap.rests_on, self.reference_gap.rests_on)

    @property
    def verdict(self) -> Verdict:
        """How the subject's gap compares with the reference's.

        ===============  ============================================================================================
        larger           the interval of the difference is above 0, and the subject's gap is beyond chance
        smaller          the interval of the difference is below 0, and the reference's gap is beyond chance
        like             the interval of the difference includes 0, and both gaps are beyond chance
        none found       neither gap is beyond chance, and the interval of the difference is not above 0
        too few to say   anything else, and whenever a gap rests on fewer than 30 examples
        ===============  ============================================================================================
        """
        subject, reference = self.subject_gap.clear, self.reference_gap.clear
        if self.rests_on < SMALL:
            return "too few to say"
        if self.difference.low > 0:
            return "larger" if subject else "too few to say"
        if self.difference.high < 0 and reference:
            return "smaller"
        if subject and reference:
            return "like"
        return "too few to say" if subject or reference else "none found"

    @property
    def side(self) -> Beside:
        """On which side of the reference's gap the subject's lies, as far as the interval of the difference tells."""
        if self.rests_on < SMALL or math.isnan(self.difference.low):
            return "none"
        return "larger" if self.difference.low > 0 else "smaller" if self.difference.high < 0 else "like"

    def headline(self, twin: Comparison | None = None) -> str:
        """Return the verdict in words; with the comparison with the twin, both in one."""
        verdict = self.verdict
        beside: Beside = "none" if twin is None or verdict == "too few to say" else twin.side
        return t(VERDICTS[verdict, beside], reference=_owned(self.reference))

    def sentence(self, twin: Comparison | None = None) -> str:
        """Return the verdict with its figures, as one sentence; with the comparison with the twin, beside both."""
        return t("{verdict}: {reason}", verdict=self.headline(twin), reason=self.reason(twin))

    def reason(self, twin: Comparison | None = None) -> str:
        """Return the figures of the verdict, without the verdict."""
        metric = t(MEANS[self.metric])
        if self.rests_on == 0:
            text = mark("by {grouping}, fewer than two groups have what the {metric} needs.")
            return t(text, grouping=self.grouping, metric=metric)
        told: dict[str, Any] = {
            "grouping": self.grouping,
            "metric": metric,
            "owner": _owned(self.subject),
            "gap": _figures(self.subject_gap, self.confidence),
            "other": _owned(self.reference),
            "other_gap": _figures(self.reference_gap, self.confidence),
            "subject": t(self.subject),
            "reference": t(self.reference),
            "difference": _signed(self.difference, self.confidence),
            "chance": number(max(self.subject_gap.chance, self.reference_gap.chance), ".3f"),
        }
        if twin is None or twin.rests_on == 0:
            text = mark(
                "by {grouping}, {owner} {metric} is {gap}, {other} {other_gap}; {subject} − {reference} is "
                "{difference}; expected by chance: up to {chance}"
            )
        else:
            told["twin_gap"] = _figures(twin.reference_gap, twin.confidence)
            told["twin_difference"] = _signed(twin.difference, twin.confidence)
            text = mark(
                "by {grouping}, {owner} {metric} is {gap}, {other} {other_gap} and the twin's {twin_gap}; {subject} − "
                "{reference} is {difference}, {subject} − twin {twin_difference}; expected by chance: up to {chance}"
            )
        reason, why = t(text, **told), self._why()
        return t("{reason}; {why}.", reason=reason, why=why) if why else t("{reason}.", reason=reason)

    def _why(self) -> str:
        """Return what else decides the verdict, besides the figures."""
        if self.rests_on < SMALL:
            text = mark("a gap rests on a group with {examples}, fewer than {n}")
            return t(text, examples=examples_of(self.rests_on), n=SMALL)
        if self.verdict == "too few to say":
            return t("these examples do not tell the gaps from chance and from each other")
        if self.verdict == "smaller" and self.subject_gap.clear:
            return t("{owner} is still beyond chance", owner=_owned(self.subject))
        return ""


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
        Sentences about what was left out.
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
        one_of("model", model, self.models)
        one_of("grouping", grouping, self.groupings)
        return self.disparities[model, grouping]

    def compare(
        self, grouping: str, metric: Metric | None = None, subject: str = "student", reference: str = "teacher"
    ) -> Comparison:
        """Return one gap in two models; :func:`verdict` puts it in words."""
        one_of("grouping", grouping, self.groupings)
        one_of("subject", subject, self.models)
        one_of("reference", reference, self.models)
        if subject == reference:
            raise ValueError(f"subject and reference must be different models, got {subject!r} for both")
        name = metric or ("accuracy_difference" if self.positive is None else "equalized_odds_difference")
        a, b = self.of(subject, grouping).gaps, self.of(reference, grouping).gaps
        one_of("metric", name, tuple(a))
        difference = self.differences[subject, reference, grouping, name]
        return Comparison(grouping, name, subject, reference, a[name], b[name], difference, self.confidence)

    def sentence(self) -> str:
        """Return each model's worst group and gaps in words, grouping by grouping, leaving out pairs of groupings."""
        pairs = {both_of(a, b) for a, b in combinations(self.groupings, 2)}
        single = [grouping for grouping in self.groupings if grouping not in pairs]
        each = [self.of(model, grouping).sentence() for grouping in single for model in self.models]
        return " ".join([*each, *self.notes])

    def frame(self) -> pd.DataFrame:
        """Return all numbers as a tidy table.

        Returns
        -------
        DataFrame
            Columns ``model`` ("student − teacher" for a paired difference), ``grouping``, ``group`` ("" for rows about
            all groups), ``measure``, ``value``, ``low``, ``high``, ``chance`` (nan except for gaps), ``n`` (the
            denominator of a rate, or what a gap rests on; missing in other rows) and ``small``.
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
            if self.models.index(subject) > self.models.index(reference):  # once per pair, the later one as the subject
                both = f"{subject} − {reference}"
                rows.append((both, grouping, "", measure, i.value, i.low, i.high, math.nan, None, False))
        columns = ["model", "grouping", "group", "measure", "value", "low", "high", "chance", "n", "small"]
        return pd.DataFrame(rows, columns=columns).astype({"n": "Int64"})


def _owned(model: str) -> str:
    return t(OWNED[model]) if model in OWNED else t("{name}'s", name=model)


def few_members(groups: Sequence[Group]) -> str:
    """Return a sentence that names the groups with too few members, empty if there are none."""
    small = [f"{group.name} (n = {group.n})" for group in groups if group.small]
    if not small:
        return ""
    return t("Fewer than {n} members, so their rates are uncertain: {groups}.", n=SMALL, groups=", ".join(small))


def both_of(a: str, b: str) -> str:
    return f"{a} & {b}"


def examples_of(count: int) -> str:
    return tn("{n} example", "{n} examples", count, n=number(count))


def percent(confidence: float) -> str:
    """Return a confidence level as text.

    >>> percent(0.95), percent(0.999)
    ('95 %', '99.9 %')
    """
    return f"{number(100 * confidence, 'g')} %"


def _share(rate: float) -> str:
    return number(rate, ".1%").replace("\u202f", "")


def _figures(gap: Gap, confidence: float) -> str:
    value = number(gap.value, ".3f")
    if math.isnan(gap.low):
        return t("{value} (no interval from {examples})", value=value, examples=examples_of(gap.rests_on))
    low, high = number(gap.low, ".3f"), number(gap.high, ".3f")
    return t("{value} ({level} CI {low} to {high})", value=value, level=percent(confidence), low=low, high=high)


def _signed(difference: Interval, confidence: float) -> str:
    value, low, high = (_with_sign(end) for end in (difference.value, difference.low, difference.high))
    if math.isnan(difference.low):
        return t("{value} (no interval)", value=value)
    return t("{value} ({level} CI {low} to {high})", value=value, level=percent(confidence), low=low, high=high)


def _with_sign(value: float) -> str:
    return number(round(value, 3) + 0.0, "+.3f")


def one_of(what: str, name: str, names: Sequence[str]) -> None:
    if name not in names:
        raise ValueError(f"{what} must be one of {', '.join(map(repr, names))}, got {name!r}")
