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
Verdict = Literal["inherited", "amplified", "reduced", "none found", "too few to say"]
RateName = Literal["accuracy", "error_rate", "selection_rate", "true_positive_rate", "false_positive_rate"]

RATES: tuple[RateName, ...] = get_args(RateName)
SMALL = 30  # members; with fewer, a rate is too uncertain
MEANS = {
    "demographic_parity_difference": mark("demographic-parity difference"),
    "equalized_odds_difference": mark("equalized-odds difference"),
    "accuracy_difference": mark("gap in accuracy"),
}
VERDICTS: dict[str, str] = {
    "inherited": mark("Inherited"),
    "amplified": mark("Amplified"),
    "reduced": mark("Reduced"),
    "none found": mark("None found"),
    "too few to say": mark("Too few to say"),
}
REASONS: dict[str, str] = {
    "inherited": mark("both are beyond chance, and the interval of the difference includes 0"),
    "amplified": mark("the interval of the difference is above 0"),
    "reduced": mark("the interval of the difference is below 0"),
    "none found": mark("neither is beyond chance"),
    "too few to say": mark("there are too few examples to separate the gaps from chance and from each other"),
}
WITH_ARTICLE = {"student": mark("the student"), "teacher": mark("the teacher"), "twin": mark("the twin")}
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
            gaps=", ".join(f"{t(MEANS[name])} {_figures(self.gaps[name], self.confidence)}" for name in names),
        )
        return " ".join(filter(None, [figures, few_members(self.groups), *self.notes]))


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
        amplified        the interval of the difference is above 0, and the subject's gap is beyond chance
        reduced          the interval of the difference is below 0, and the reference's gap is beyond chance
        inherited        the interval of the difference includes 0, and both gaps are beyond chance
        none found       neither gap is beyond chance, and the interval of the difference is not above 0
        too few to say   anything else, and whenever a gap rests on fewer than 30 examples
        ===============  ============================================================================================
        """
        subject, reference = self.subject_gap.clear, self.reference_gap.clear
        if self.rests_on < SMALL:
            return "too few to say"
        if self.difference.low > 0:
            return "amplified" if subject else "too few to say"
        if self.difference.high < 0 and reference:
            return "reduced"
        if subject and reference:
            return "inherited"
        return "too few to say" if subject or reference else "none found"

    def sentence(self, *, articles: bool = False) -> str:
        """Return the verdict with its figures, as one sentence; with ``articles`` it says "the student"."""
        reason = self.reason(articles=articles)
        return t("{verdict}: {reason}", verdict=t(VERDICTS[self.verdict]), reason=reason)

    def reason(self, *, articles: bool = False) -> str:
        """Return the figures of the verdict and what they show, without the verdict."""
        metric = t(MEANS[self.metric])
        if self.rests_on == 0:
            text = mark("by {grouping}, fewer than two groups have what the {metric} needs.")
            return t(text, grouping=self.grouping, metric=metric)
        who, other = (_called(model, articles) for model in (self.subject, self.reference))
        return t(
            "by {grouping}, the {metric} is {gap} with {who} and {other_gap} with {other}; {subject} − {reference} is "
            "{difference}: {why}.",
            grouping=self.grouping,
            metric=metric,
            gap=_figures(self.subject_gap, self.confidence),
            other_gap=_figures(self.reference_gap, self.confidence),
            who=who,
            other=other,
            subject=t(self.subject),
            reference=t(self.reference),
            difference=_signed(self.difference, self.confidence),
            why=self._why(who),
        )

    def _why(self, who: str) -> str:
        if self.rests_on < SMALL:
            text = mark("a gap rests on a group with {examples}, fewer than {n}")
            return t(text, examples=examples_of(self.rests_on), n=SMALL)
        if self.verdict == "reduced" and self.subject_gap.clear:
            return t("the interval of the difference is below 0, though {who} is still beyond chance", who=who)
        return t(REASONS[self.verdict])


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


def _called(model: str, article: bool) -> str:
    return t(WITH_ARTICLE[model]) if article and model in WITH_ARTICLE else t(model)


def beside_twin(c: Comparison) -> list[str]:
    """Return a sentence on the comparison with the twin; none if a gap is undefined."""
    if c.rests_on == 0:
        return []
    who = _called(c.subject, article=True)
    if c.rests_on < SMALL:
        why = t("a gap rests on fewer than {n} examples of a group, so nothing follows", n=SMALL)
    elif c.difference.low > 0:
        why = t("the interval is above 0, so {who}'s gap is larger than its twin's", who=who)
    elif c.difference.high < 0:
        why = t("the interval is below 0, so {who}'s gap is smaller than its twin's", who=who)
    else:
        why = t("the interval includes 0, so these examples do not separate the two gaps")
    return [
        t(
            "The twin, trained without the teacher, has {gap}; {subject} − twin is {difference}: {why}.",
            gap=_figures(c.reference_gap, c.confidence),
            subject=t(c.subject),
            difference=_signed(c.difference, c.confidence),
            why=why,
        )
    ]


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
    value, chance = number(gap.value, ".3f"), number(gap.chance, ".3f")
    if math.isnan(gap.low):
        text = mark("{value} (no interval from {examples}; chance gives up to {chance})")
        return t(text, value=value, examples=examples_of(gap.rests_on), chance=chance)
    return t(
        "{value} ({level} CI {low} to {high}; chance gives up to {chance})",
        value=value,
        level=percent(confidence),
        low=number(gap.low, ".3f"),
        high=number(gap.high, ".3f"),
        chance=chance,
    )


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
