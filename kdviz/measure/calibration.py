"""Calibration: whether a model is right as often as its confidence claims.

Of the predictions made with probability 0.8, about 80 in 100 should be right. A student learns its probabilities from
the teacher's, so it may inherit what is wrong with them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import torch.nn.functional as F

from ..words import mark, number, t
from .calibration_interval import (
    Bins,
    mce_if_calibrated,
    mean_deviation,
    of_ece,
    of_mce,
    of_overconfidence,
    of_skewed_mean,
)
from .confidence import check_confidence
from .fidelity import Array, first_choice, labelled
from .groups import quantile_edges
from .temperature import TEMPERATURE_BOUNDS, fit_temperature
from .wilson import wilson

__all__ = [
    "TEMPERATURE_BOUNDS",
    "BrierParts",
    "Calibration",
    "Interval",
    "ReliabilityBin",
    "calibration",
    "fit_temperature",
    "inherited",
    "points",
]

Strategy = Literal["width", "mass"]
STRATEGIES: tuple[Strategy, ...] = ("width", "mass")
BLOCK = 2**20  # numbers processed at once, class by class
FEWEST = 10  # right predictions, and wrong ones, that the interval of a mean score needs


class Interval(NamedTuple):
    """Ends of an interval; nan if there is none."""

    low: float
    high: float


NO_INTERVAL = Interval(math.nan, math.nan)


@dataclass(frozen=True)
class ReliabilityBin:
    """The examples whose confidence lies in (low, high].

    Attributes
    ----------
    low, high : float
        Edges of the bin. The first bin includes its lower edge too.
    count : int
        Number of examples; if 0, the numbers below are nan.
    confidence : float
        Mean probability of the predicted class.
    accuracy : float
        Share of correct predictions.
    accuracy_interval : Interval
        Wilson's interval for the accuracy.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float
    accuracy_interval: Interval


@dataclass(frozen=True)
class BrierParts:
    """The Brier score in four parts that add up to it, up to rounding.

    Attributes
    ----------
    reliability : float
        Mean squared distance between predicted and observed frequencies, bin by bin; 0 is best.
    resolution : float
        Variance of the observed frequencies between bins; the larger the better, and it is subtracted.
    uncertainty : float
        A property of the labels alone, 1 − Σ_c f_c² with the share f_c of class c: the score of always predicting
        these shares.
    within : float
        What the bins hide: the variance of the probabilities within bins minus twice their covariance with the
        outcomes. Negative if the model correctly separates examples of one bin.
    """

    reliability: float
    resolution: float
    uncertainty: float
    within: float

    @property
    def total(self) -> float:
        """The Brier score: reliability − resolution + uncertainty + within."""
        return self.reliability - self.resolution + self.uncertainty + self.within


@dataclass(frozen=True)
class Calibration:
    """How well a model is calibrated, over the labelled examples.

    Attributes
    ----------
    n : int
        Number of labelled examples.
    strategy : {"width", "mass"}
        How the bins were cut.
    bins : tuple of ReliabilityBin
        By confidence, lowest first, including empty ones.
    accuracy, mean_confidence : float
        Share of correct predictions; mean probability of the predicted class.
    overconfidence : float
        mean_confidence − accuracy; below 0 the model is under-confident.
    ece, mce : float
        Expected and maximum calibration error: mean (by count) and maximum over the bins of |accuracy − confidence|.
    classwise_ece : float
        The same for the probability of each class, each time over all examples; mean over classes.
    brier : float
        Multiclass form, the sum over classes of squared differences: from 0 to 2, for two classes twice the binary one.
    brier_parts : BrierParts
    nll : float
        Mean negative log-likelihood, in nats.
    ece_if_calibrated, mce_if_calibrated, classwise_ece_if_calibrated : float
        The mean for a perfectly calibrated model with these confidences; the second is nan without resamples.
    ece_interval, mce_interval : Interval
        For the error with the true accuracies of these bins; nan without resamples, or for a single example.
    overconfidence_interval : Interval
        nan for a single example.
    brier_interval, nll_interval : Interval
        nan if fewer than 10 predictions are right or fewer than 10 wrong: no claim is made then.
    confidence : float
        Nominal coverage of the intervals.
    histogram : tuple of int
        Examples by confidence in as many bins of equal width from 0 to 1, whatever the strategy.
    """

    n: int
    strategy: Strategy
    bins: tuple[ReliabilityBin, ...] = field(repr=False)
    accuracy: float
    mean_confidence: float
    overconfidence: float
    overconfidence_interval: Interval
    ece: float
    ece_interval: Interval
    ece_if_calibrated: float
    mce: float
    mce_interval: Interval
    mce_if_calibrated: float
    classwise_ece: float
    classwise_ece_if_calibrated: float
    brier: float
    brier_interval: Interval
    brier_parts: BrierParts
    nll: float
    nll_interval: Interval
    confidence: float
    histogram: tuple[int, ...] = field(repr=False)

    @property
    def edges(self) -> tuple[float, ...]:
        """The edges of the bins, one more than there are bins."""
        return (self.bins[0].low, *(b.high for b in self.bins))

    def sentence(self) -> str:
        """Return the result in words.

        >>> import torch
        >>> logits, y = torch.tensor([[2.0, 0.0]]).repeat(200, 1), torch.tensor([0, 1]).repeat(100)
        >>> print(calibration(logits, y).sentence())
        The model is over-confident: over 200 examples its mean confidence is 0.881 and its accuracy 0.500, a difference
        of +38.1 points (95 % CI +31.2 to +44.9); the calibration error (ECE) is 0.381 (95 % CI 0.310 to 0.452), where a
        perfectly calibrated model with these confidences would show 0.018.
        """
        verdict = {
            "over": "The model is over-confident",
            "under": "The model is under-confident",
            "neither": "These examples show neither over- nor under-confidence",
            "unknown": "Without an interval nothing can be said about over-confidence",
        }[_leaning(self)]
        return (
            f"{verdict}: over {self.n:,} example{'' if self.n == 1 else 's'} its mean confidence is "
            f"{self.mean_confidence:.3f} and its accuracy {self.accuracy:.3f}, a difference of {points(self)}; "
            f"the calibration error (ECE) is {self.ece:.3f}{_ece_ends(self)}, where a perfectly calibrated model with "
            f"these confidences would show {self.ece_if_calibrated:.3f}."
        )


def calibration(
    logits: Array,
    y: Array,
    bins: int = 15,
    strategy: Strategy = "width",
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Calibration:
    """Measure whether a model is right as often as its confidence claims.

    Parameters
    ----------
    logits : Tensor or array, shape (N, C)
        C ≥ 2. For another temperature T, pass logits / T.
    y : Tensor or array of int, shape (N,)
        True classes; -1 marks an unknown class, and the example is left out.
    bins : int
        At least 1.
    strategy : {"width", "mass"}
        Bins of equal width from 0 to 1, or cut at quantiles, so that each holds about equally many examples; with many
        equal confidences some of these have zero width and are empty.
    confidence : float
        Level of all intervals, in (0, 1).
    resamples : int
        Draws for each candidate of the intervals of ECE and MCE; 0 for no such intervals.
    seed : int
        Seed of the draws.

    Returns
    -------
    Calibration

    Raises
    ------
    ValueError
        If shapes, labels or settings do not fit, no example has a label, or a logit is not finite.

    Notes
    -----
    In float64. A bin includes its upper edge, as in Guo et al. and scikit-learn's ``calibration_curve``; torchmetrics'
    bins include the lower one, and give a confidence of exactly 1 its own bin. With n_b of N examples in bin b::

        ECE = Σ_b n_b/N |acc_b − conf_b|        MCE = max_b |acc_b − conf_b|
        classwise ECE = 1/C Σ_c Σ_b n_cb/N |f_cb − p̄_cb|
        Brier = 1/N Σ_i Σ_c (p_ic − o_ic)²,  o_ic = 1 for the true class, else 0

    n_cb counts the examples with p_ic in bin b, p̄_cb is their mean p_ic and f_cb their share of class c; for equal
    mass each class has its own edges. On these bins the Brier score splits exactly, class by class, into::

        reliability = Σ_cb n_cb/N (p̄_cb − f_cb)²    resolution = Σ_cb n_cb/N (f_cb − f_c)²
        uncertainty = Σ_c f_c (1 − f_c)              within = Σ_cb n_cb/N (Var_cb(p) − 2 Cov_cb(p, o))
        Brier = reliability − resolution + uncertainty + within

    Murphy's three parts are exact only if all p in a bin are equal; the last part is that of Stephenson et al.

    The ECE of a finite sample is biased upwards, even for a well calibrated model. It is therefore accompanied by the
    mean ECE of a perfectly calibrated model with the same confidences (binomial numbers of right predictions, bin by
    bin). Its interval is an inverted test, see :mod:`kdviz.measure.calibration_interval`: for the ECE, and the MCE,
    with the true accuracies of these bins, given these confidences. It contains the observed ECE, and 0 if that may be
    chance. The interval of mean confidence − accuracy combines Wilson's with that of the mean confidence; those of
    Brier score and NLL are Hall's for skewed means, given at least 10 right and 10 wrong predictions: with fewer
    errors, which make up most of these scores, no method covers the truth. Simulated with 10 to 10,000 examples, 89 to
    100 of 100 intervals at 95 % do. The classwise ECE has no interval, as its bins depend on one another.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger (2017), On Calibration of Modern Neural Networks, ICML, arXiv:1706.04599. Kull et al.
    (2019), Beyond temperature scaling, NeurIPS, arXiv:1910.12656 (classwise ECE). Brier (1950), Monthly Weather Review
    78. Murphy (1973), J. Applied Meteorology 12. Stephenson, Coelho, Jolliffe (2008), Two Extra Components in the Brier
    Score Decomposition, Weather and Forecasting 23. Wilson (1927), JASA 22. Bröcker, Smith (2007), Increasing the
    Reliability of Reliability Diagrams, Weather and Forecasting 22 (the ECE of a calibrated model).

    Examples
    --------
    >>> import torch
    >>> logits, y = torch.tensor([[2.0, 0.0]]).repeat(200, 1), torch.tensor([0, 1]).repeat(100)
    >>> c = calibration(logits, y)
    >>> round(c.mean_confidence, 3), c.accuracy, round(c.ece, 3), round(c.overconfidence, 3)
    (0.881, 0.5, 0.381, 0.381)
    >>> round(c.brier, 3), round(c.brier_parts.reliability, 3), round(c.brier_parts.uncertainty, 3)
    (0.79, 0.29, 0.5)
    """
    check_confidence(confidence)
    _check_settings(bins, strategy, resamples)
    z, labels = labelled(logits, y)
    log_p = F.log_softmax(z, dim=1)
    p, choice, each = log_p.exp().numpy(), first_choice(z), np.arange(len(labels))
    nll = -log_p.numpy()[each, labels]
    conf, right = p[each, choice], choice == labels
    brier = (p**2).sum(1) - 2 * p[each, labels] + 1  # Σ_c (p_c − o_c)²

    edges = _edges(conf, bins, strategy)
    bin_of = np.searchsorted(edges[1:-1], conf)
    table = _reliability(edges, bin_of, conf, right, confidence)
    gap = conf - right
    gaps = np.bincount(bin_of, weights=gap, minlength=bins)  # n_b (conf_b − acc_b)
    classwise, by_chance, parts = _by_class(p, labels, bins, strategy)
    filled = _filled(bin_of, conf, right, bins)
    draws = confidence, resamples, seed
    several, drawn = len(labels) > 1, len(labels) > 1 and resamples > 0
    skewed = min(int(right.sum()), int((~right).sum())) >= FEWEST
    equal = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], conf)
    return Calibration(
        n=len(labels),
        strategy=strategy,
        bins=table,
        accuracy=float(right.mean()),
        mean_confidence=float(conf.mean()),
        overconfidence=float(gap.mean()),
        overconfidence_interval=Interval(*of_overconfidence(conf, right, confidence)) if several else NO_INTERVAL,
        ece=float(np.abs(gaps).sum() / len(labels)),
        ece_interval=Interval(*of_ece(filled, *draws)) if drawn else NO_INTERVAL,
        ece_if_calibrated=float(mean_deviation(filled.count, filled.confidence).sum() / len(labels)),
        mce=max(abs(b.accuracy - b.confidence) for b in table if b.count),
        mce_interval=Interval(*of_mce(filled, *draws)) if drawn else NO_INTERVAL,
        mce_if_calibrated=mce_if_calibrated(filled, resamples, seed) if resamples else math.nan,
        classwise_ece=classwise,
        classwise_ece_if_calibrated=by_chance,
        brier=float(brier.mean()),
        brier_interval=Interval(*of_skewed_mean(brier, confidence)) if skewed else NO_INTERVAL,
        brier_parts=parts,
        nll=float(nll.mean()),
        nll_interval=Interval(*of_skewed_mean(nll, confidence)) if skewed else NO_INTERVAL,
        confidence=confidence,
        histogram=tuple(np.bincount(equal, minlength=bins).tolist()),
    )


def inherited(teacher: Calibration, student: Calibration) -> str:
    """Return one sentence on whether a student shares its teacher's over-confidence.

    Parameters
    ----------
    teacher, student : Calibration
        On the same examples, with intervals of the same level.

    Raises
    ------
    ValueError
        If the numbers of examples, or the confidences, differ.

    Notes
    -----
    A model's confidence exceeds (falls short of) its accuracy if the whole interval of their difference is above
    (below) 0. The sentence describes both models; it neither explains nor ranks them: that would need the interval of
    the difference, or a twin trained without the teacher.

    Examples
    --------
    >>> import torch
    >>> y = torch.tensor([0, 0, 0, 1]).repeat(100)
    >>> t, s = (calibration(torch.tensor([[gap, 0.0]]).repeat(400, 1), y) for gap in (3.0, 2.0))
    >>> print(inherited(t, s).replace("\u00a0", " "))
    On 400 labelled examples: the student’s confidence exceeds its accuracy by 13.1 points (95 % CI 9.1 to 17.5); the
    teacher’s confidence exceeds its accuracy by 20.3 points (95 % CI 16.3 to 24.7).
    """
    if teacher.n != student.n:
        raise ValueError(
            f"teacher and student must be measured on the same examples, got {teacher.n:,} and {student.n:,}"
        )
    if teacher.confidence != student.confidence:
        raise ValueError(
            "teacher and student must have intervals of the same confidence, "
            f"got {teacher.confidence} and {student.confidence}"
        )
    start = t("On {n} labelled examples:", n=number(teacher.n))
    return f"{start} {_gap_in_words(student, t('student'))}; {_gap_in_words(teacher, t('teacher'))}."


def _gap_in_words(c: Calibration, who: str) -> str:
    """Return whether a model is surer than it is right, in percentage points; no claim where the interval holds 0."""
    low, high = (100 * end for end in c.overconfidence_interval)
    gap = 100 * c.overconfidence
    told = {"who": who, "level": f"{number(100 * c.confidence, 'g')}\u00a0%"}
    if math.isnan(low):
        text = mark("the {who}’s confidence − accuracy is {points} points (no interval)")
        return t(text, who=who, points=_with_sign(gap))
    sized = {"points": number(abs(gap), ".1f")} | told
    if low > 0:
        text = mark("the {who}’s confidence exceeds its accuracy by {points} points ({level} CI {low} to {high})")
        return t(text, low=number(low, ".1f"), high=number(high, ".1f"), **sized)
    if high < 0:
        text = mark("the {who}’s confidence is below its accuracy by {points} points ({level} CI {low} to {high})")
        return t(text, low=number(-high, ".1f"), high=number(-low, ".1f"), **sized)
    text = mark(
        "the {who}’s confidence matches its accuracy within the noise ({points} points, {level} CI {low} to {high})"
    )
    return t(text, points=_with_sign(gap), low=_with_sign(low), high=_with_sign(high), **told)


def _with_sign(points: float) -> str:
    return number(round(points, 1) + 0.0, "+.1f")


def _edges(values: np.ndarray, bins: int, strategy: Strategy) -> np.ndarray:
    """Return bin edges along the last axis: shape (bins + 1,), or (classes, bins + 1) for (classes, N) and mass."""
    if strategy == "width":
        return np.linspace(0, 1, bins + 1)
    return quantile_edges(np.sort(values, axis=-1), bins)


def _reliability(
    edges: np.ndarray, bin_of: np.ndarray, conf: np.ndarray, right: np.ndarray, confidence: float
) -> tuple[ReliabilityBin, ...]:
    bins = len(edges) - 1
    count = np.bincount(bin_of, minlength=bins).tolist()
    conf_sum = np.bincount(bin_of, weights=conf, minlength=bins).tolist()
    hits = np.bincount(bin_of, weights=right, minlength=bins).tolist()
    table = []
    for low, high, n, s, k in zip(edges[:-1].tolist(), edges[1:].tolist(), count, conf_sum, hits, strict=True):
        mean_conf, accuracy = (s / n, k / n) if n else (math.nan, math.nan)
        table.append(ReliabilityBin(low, high, n, mean_conf, accuracy, Interval(*wilson(k, n, confidence))))
    return tuple(table)


def _by_class(p: np.ndarray, labels: np.ndarray, bins: int, strategy: Strategy) -> tuple[float, float, BrierParts]:
    """Return classwise ECE, its mean if calibrated, and the Brier score's parts, from the bins of each class's p."""
    n, classes = p.shape
    error = by_chance = reliability = resolution = uncertainty = within = 0.0
    rows = max(1, BLOCK // n)
    for start in range(0, classes, rows):
        of = np.ascontiguousarray(p[:, start : start + rows].T)  # (k, n)
        k = len(of)
        edges = _edges(of, bins, strategy)
        if strategy == "width":
            bin_of = np.searchsorted(edges[1:-1], of)
        else:
            bin_of = np.stack([np.searchsorted(edge[1:-1], row) for edge, row in zip(edges, of, strict=True)])
        bin_of += bins * np.arange(k)[:, None]
        true = np.arange(start, start + k)[:, None] == labels  # (k, n)
        share = true.mean(1, keepdims=True)  # f_c

        flat, size = bin_of.ravel(), k * bins
        count = np.bincount(flat, minlength=size)
        some = np.maximum(count, 1)
        mean_p = np.bincount(flat, weights=of.ravel(), minlength=size) / some
        mean_o = np.bincount(flat, weights=true.ravel(), minlength=size) / some
        weight = count / n
        a, b = of - mean_p[bin_of], true - mean_o[bin_of]  # deviations within the bins
        error += float((weight * np.abs(mean_p - mean_o)).sum())
        by_chance += float(mean_deviation(some, mean_p)[count > 0].sum() / n)
        reliability += float((weight * (mean_p - mean_o) ** 2).sum())
        resolution += float((weight.reshape(k, bins) * (mean_o.reshape(k, bins) - share) ** 2).sum())
        uncertainty += float((share * (1 - share)).sum())
        within += float((a * (a - 2 * b)).sum() / n)
    return error / classes, by_chance / classes, BrierParts(reliability, resolution, uncertainty, within)


def _filled(bin_of: np.ndarray, conf: np.ndarray, right: np.ndarray, bins: int) -> Bins:
    """Return the bins that hold examples."""
    count = np.bincount(bin_of, minlength=bins)
    filled = count > 0
    means = [np.bincount(bin_of, weights=each, minlength=bins)[filled] / count[filled] for each in (conf, right)]
    each = np.cumsum(filled)[bin_of] - 1  # the index of each example's bin among those filled
    spread = np.bincount(each, weights=(conf - means[0][each]) ** 2) / count[filled]
    return Bins(count[filled], means[0], means[1], spread)


def _leaning(c: Calibration) -> Literal["over", "under", "neither", "unknown"]:
    low, high = c.overconfidence_interval
    if math.isnan(low):
        return "unknown"
    return "over" if low > 0 else "under" if high < 0 else "neither"


def points(c: Calibration) -> str:
    """Return mean confidence − accuracy in percentage points, with its interval, in words."""
    low, high = c.overconfidence_interval
    if math.isnan(low):
        return f"{_signed(c.overconfidence)} points (no interval)"
    return f"{_signed(c.overconfidence)} points ({100 * c.confidence:g} % CI {_signed(low)} to {_signed(high)})"


def _signed(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "−")


def _ece_ends(c: Calibration) -> str:
    low, high = c.ece_interval
    return "" if math.isnan(low) else f" ({100 * c.confidence:g} % CI {low:.3f} to {high:.3f})"


def _check_settings(bins: int, strategy: str, resamples: int) -> None:
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
    if strategy not in STRATEGIES:
        raise ValueError(f"strategy must be one of {', '.join(STRATEGIES)}, got {strategy!r}")
    if resamples < 0:
        raise ValueError(f"resamples must be at least 0 (0: no intervals), got {resamples}")
