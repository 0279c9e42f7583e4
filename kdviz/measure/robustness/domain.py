"""Out of domain: how sure models are of pictures not theirs, and whether that tells these from their own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from ...data import Examples
from ...models import inference
from ...models.inference import Progress
from ...words import number
from ..confidence import check_confidence, normal_quantile

Score = Literal["confidence", "entropy", "energy", "logit"]
SCORES: tuple[Score, ...] = ("confidence", "entropy", "energy", "logit")


@dataclass(frozen=True)
class Auroc:
    """The probability that an example of the domain has a higher score than one from outside, ties counted half.

    Attributes
    ----------
    value, low, high : float
        With its interval.
    inside, outside : int
        How many examples of each kind.
    """

    value: float
    low: float
    high: float
    inside: int
    outside: int


@dataclass(frozen=True)
class Outside:
    """The scores of several models inside and outside their domain.

    Attributes
    ----------
    inside, outside : dict of str to array of float64, shape (N,) and (M,)
        By model; higher is more at home.
    score : str
    confidence : float
        Of the intervals.
    """

    inside: Mapping[str, np.ndarray]
    outside: Mapping[str, np.ndarray]
    score: Score
    confidence: float = 0.95

    def auroc(self, model: str) -> Auroc:
        """Return how well a model's score tells its domain from the other."""
        return auroc(self.inside[model], self.outside[model], self.confidence)

    def difference(self, model: str, other: str) -> tuple[float, float, float]:
        """Return AUROC of a model − that of another with DeLong's interval, both on the same examples."""
        mine, theirs = (_placements(self.inside[who], self.outside[who]) for who in (model, other))
        value = float(mine[0].mean() - theirs[0].mean())
        z = normal_quantile(self.confidence)
        half = z * math.sqrt(sum(_variance(a - b) for a, b in zip(mine, theirs, strict=True)))
        return value, max(-1.0, value - half), min(1.0, value + half)

    def histogram(self, model: str, bins: int = 20) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return edges, and the share of the examples inside and outside in each bin, over the range of both."""
        both = np.concatenate((self.inside[model], self.outside[model]))
        ends = (0.0, 1.0) if self.score == "confidence" else (float(both.min()), float(both.max()))
        edges = np.histogram_bin_edges(both, bins, ends)
        inside, outside = (np.histogram(v, edges)[0] / len(v) for v in (self.inside[model], self.outside[model]))
        return edges, inside, outside

    def sentences(self) -> list[str]:
        """Return how sure each model is of both, and whether that tells them apart."""
        lines = []
        for model in self.inside:
            a = self.auroc(model)
            told = f"The {model} tells them apart with an AUROC of {a.value:.3f} (95 % CI {a.low:.3f} to {a.high:.3f})"
            if self.score == "confidence":
                sure, strange = (number(float(v[model].mean()), ".0%") for v in (self.inside, self.outside))
                told += f"; it is {sure} sure of its own, {strange} of the others"
            lines.append(f"{told}.")
        return lines


def outside(
    models: Mapping[str, nn.Module],
    inside: Examples,
    others: Examples,
    *,
    score: Score = "confidence",
    confidence: float = 0.95,
    progress: Progress | None = None,
) -> Outside:
    """Return how at home several models are with examples of their domain, and with others.

    Parameters
    ----------
    models : mapping of str to nn.Module
    inside, others : Examples
        Of the models' own domain and of another, in the same form. Labels are not needed.
    score : {"confidence", "entropy", "energy", "logit"}
        See :func:`scores`.
    confidence : float
        Of the intervals.
    progress : callable, optional
        Called with (done, total); return False to stop with ``Cancelled``.

    Raises
    ------
    ValueError
        If the score is unknown, or the examples have not the same form.

    """
    check_confidence(confidence)
    _check_score(score)
    if inside.shape != others.shape:
        raise ValueError(
            f"both kinds of examples must have one form, got {inside.describe()} and {others.describe()}: bring the "
            "others to the size of the models' own"
        )
    total = len(models) * (len(inside) + len(others))
    found: tuple[dict[str, np.ndarray], dict[str, np.ndarray]] = ({}, {})
    before = 0
    for name, model in models.items():
        for kept, part in zip(found, (inside, others), strict=True):
            start = before

            def told(done: int, _: int, start: int = start) -> bool | None:
                return None if progress is None else progress(start + done, total)

            z = inference.logits(model, part, who=name, progress=told, finite=True)
            kept[name] = scores(z, score)
            before += len(part)
    return Outside(*found, score, confidence)


def scores(logits: Tensor, score: Score = "confidence") -> np.ndarray:
    """Return how at home a model is with each example, higher for more; float64, shape (N,).

    Parameters
    ----------
    logits : Tensor, shape (N, C)
    score : {"confidence", "entropy", "energy", "logit"}
        The probability of the first choice at T = 1; minus the entropy of all probabilities, in nats; the log of the
        sum of exp of the logits (minus the energy); the largest logit.

    Raises
    ------
    ValueError
        If the score is unknown.

    References
    ----------
    Hendrycks, Gimpel (2017), A Baseline for Detecting Misclassified and Out-of-Distribution Examples, ICLR,
    arXiv:1610.02136. Liu, Wang, Owens, Li (2020), Energy-based Out-of-distribution Detection, arXiv:2010.03759.
    Hendrycks et al. (2022), Scaling Out-of-Distribution Detection for Real-World Settings, arXiv:1911.11132.

    Examples
    --------
    >>> scores(torch.tensor([[0.0, 0.0]]), "entropy").round(4).tolist()
    [-0.6931]
    """
    z = logits.double()
    if score == "entropy":
        values = -torch.special.entr(z.softmax(1)).sum(1)
    elif score == "confidence":
        values = z.softmax(1).amax(1)
    else:
        values = z.logsumexp(1) if _check_score(score) == "energy" else z.amax(1)
    return values.cpu().numpy()


def _check_score(score: Score) -> Score:
    if score not in SCORES:
        raise ValueError(f"score must be one of {', '.join(SCORES)}, got {score!r}")
    return score


def auroc(inside: np.ndarray, others: np.ndarray, confidence: float = 0.95) -> Auroc:
    """Return the area under the ROC curve of two samples of scores, with its interval.

    Parameters
    ----------
    inside, others : array, shape (N,) and (M,)
        Scores; those inside should be higher.
    confidence : float

    Raises
    ------
    ValueError
        If a sample has fewer than two finite scores.

    Notes
    -----
    The wider of two intervals: DeLong's on the scale of the logit, and Newcombe's method 5, whose variance is a
    function of the area alone, so that it has a width where the samples do not overlap. Simulated with normal scores,
    one sample as wide as the other or twice, at areas of 0.7 to 0.995 and 50 or 200 scores each, 94.8 to 99.8 of 100
    intervals at 95 % hold the truth.

    References
    ----------
    DeLong, DeLong, Clarke-Pearson (1988), Biometrics 44. Newcombe (2006), Confidence intervals for an effect size
    measure based on the Mann-Whitney statistic, part 2, Statistics in Medicine 25.

    Examples
    --------
    >>> found = auroc(np.array([0.9, 0.8, 0.7, 0.4]), np.array([0.1, 0.2, 0.3, 0.5]))
    >>> found.value
    0.9375
    """
    check_confidence(confidence)
    a, b = (np.asarray(v, dtype=np.float64) for v in (inside, others))
    if min(len(a), len(b)) < 2 or not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("an AUROC needs two or more finite scores of each kind")
    own, theirs = _placements(a, b)
    value, z = float(own.mean()), normal_quantile(confidence)
    low, high = _newcombe(value, len(a), len(b), z)
    if 0 < value < 1:
        half = z * math.sqrt(_variance(own) + _variance(theirs)) / (value * (1 - value))
        middle = math.log(value / (1 - value))
        low, high = min(low, _expit(middle - half)), max(high, _expit(middle + half))
    return Auroc(value, low, high, len(a), len(b))


def _expit(v: float) -> float:
    return 1 / (1 + math.exp(-v))


def _placements(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each of both samples the share of the other one that lies on the right side of it, ties half."""
    sorted_a, sorted_b = np.sort(a), np.sort(b)
    below = (np.searchsorted(sorted_b, a, "left") + np.searchsorted(sorted_b, a, "right")) / (2 * len(b))
    above = 1 - (np.searchsorted(sorted_a, b, "left") + np.searchsorted(sorted_a, b, "right")) / (2 * len(a))
    return below, above


def _variance(placements: np.ndarray) -> float:
    return float(placements.var(ddof=1)) / len(placements)


def _newcombe(value: float, m: int, n: int, z: float) -> tuple[float, float]:
    """Return the areas θ from which the observed one is z standard deviations of θ away."""
    half = (m + n) / 2 - 1

    def apart(theta: float) -> float:
        spread = theta * (1 - theta) * (1 + half * ((1 - theta) / (2 - theta) + theta / (1 + theta))) / (m * n)
        return abs(theta - value) - z * math.sqrt(max(spread, 0.0))

    def border(inner: float, outer: float) -> float:
        for _ in range(60):
            middle = (inner + outer) / 2
            inner, outer = (inner, middle) if apart(middle) > 0 else (middle, outer)
        return (inner + outer) / 2

    return (0.0 if value == 0 else border(value, 0.0)), (1.0 if value == 1 else border(value, 1.0))
