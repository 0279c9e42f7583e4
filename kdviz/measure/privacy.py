"""Privacy: can one tell from a model's answers which examples it was trained on?

Membership inference gives each example a score, and asks how well the scores of those that were trained on (members)
can be told from those that were not. The loss alone is one score; it is calibrated by what models that have not seen
the example find easy or hard about it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
import torch.nn.functional as F

from ..words import mark, number, t
from .auc import auc, checked
from .auc import auc_difference as auc_difference_of
from .confidence import check_confidence
from .fidelity import Array
from .named import named

if TYPE_CHECKING:
    import pandas as pd

AT = 0.01  # the share of false ones at which true ones are told
LEAKS = mark(
    "An attack on the {who} tells members from others: AUC {auc} ({level} CI {low} to {high}); at {at} false ones it "
    "finds {tpr} of the members ({tpr_low} to {tpr_high})."
)
SILENT = mark(
    "No leak of the {who} found: AUC {auc} ({level} CI {low} to {high}), and 0.5 is guessing; at {at} false ones the "
    "attack finds {tpr} of the members ({tpr_low} to {tpr_high})."
)
LESS = mark(
    "The {who} leaks less than the {other}: its AUC is {size} lower ({level} CI {low} to {high} on the same examples)."
)
MORE = mark(
    "The {who} leaks more than the {other}: its AUC is {size} higher ({level} CI {low} to {high} on the same examples)."
)
ALIKE = mark("Whether the {who} leaks more or less than the {other} is within the noise ({level} CI {low} to {high}).")


@dataclass(frozen=True, eq=False)
class Membership:
    """How well an attack tells members from others.

    Attributes
    ----------
    auc, auc_low, auc_high : float
        The probability that a member's score is above another's, a tie half; its interval. 0.5 is guessing.
    tpr, tpr_low, tpr_high : float
        The share of members found where the share of others taken for members is at most ``at``; its interval.
    at : float
    members, others : int
        How many examples.
    confidence : float
    false_positive_rate, true_positive_rate : ndarray of float64
        The ROC curve, from (0, 0) to (1, 1), a point for each distinct score.
    """

    auc: float
    auc_low: float
    auc_high: float
    tpr: float
    tpr_low: float
    tpr_high: float
    at: float
    members: int
    others: int
    confidence: float
    false_positive_rate: np.ndarray = field(repr=False)
    true_positive_rate: np.ndarray = field(repr=False)

    @property
    def leaks(self) -> bool:
        """Whether the attack is better than guessing: an interval lies above it."""
        return self.auc_low > 0.5 or self.tpr_low > self.at

    def sentence(self, who: str = "student") -> str:
        """Return the result in words; ``who`` is "teacher", "student" or "twin", or a name."""
        text = LEAKS if self.leaks else SILENT
        rates = {name: _percent(getattr(self, name)) for name in ("tpr", "tpr_low", "tpr_high", "at")}
        auc = {
            "auc": number(self.auc, ".3f"),
            "low": number(self.auc_low, ".3f"),
            "high": number(self.auc_high, ".3f"),
        }
        return t(text, who=named(who), level=number(self.confidence, ".0%"), **auc, **rates)


@dataclass(frozen=True)
class AUCDifference:
    """The AUC of one attack − that of another on the same examples, with DeLong's interval."""

    value: float
    low: float
    high: float
    confidence: float

    @property
    def verdict(self) -> Literal["more", "less", "within the noise"]:
        return "more" if self.low > 0 else "less" if self.high < 0 else "within the noise"

    def sentence(self, who: str = "student", other: str = "twin") -> str:
        """Return the result in words."""
        names = {"who": named(who), "other": named(other), "level": number(self.confidence, ".0%")}
        low, high = self.low, self.high
        if self.verdict == "within the noise":
            return t(ALIKE, **names, low=number(low, "+.3f"), high=number(high, "+.3f"))
        low, high = (low, high) if self.verdict == "more" else (-high, -low)
        size = number(abs(self.value), ".3f")
        text = MORE if self.verdict == "more" else LESS
        return t(text, **names, size=size, low=number(low, ".3f"), high=number(high, ".3f"))


def loss_score(logits: Array, y: Array) -> np.ndarray:
    """Return the score of the loss attack: minus the cross-entropy of each example; high for members.

    Parameters
    ----------
    logits : Tensor or array, shape (N, C)
    y : Tensor or array of int, shape (N,)
        The labels, as they were trained on.

    Returns
    -------
    ndarray of float64, shape (N,)

    Raises
    ------
    ValueError
        If shapes do not fit, an example has no label, or a logit is not a number.

    Notes
    -----
    Yeom et al. call an example a member if its loss is below a threshold; sweeping the threshold gives the ROC curve.

    References
    ----------
    Yeom, Giacomelli, Fredrikson, Jha (2018), Privacy Risk in Machine Learning, CSF, arXiv:1709.01604.

    Examples
    --------
    >>> loss_score(torch.tensor([[0.0, 0.0], [9.0, 0.0]]), torch.tensor([0, 1])).round(3).tolist()
    [-0.693, -9.0]
    """
    z, labels = torch.as_tensor(logits).detach().cpu().double(), torch.as_tensor(y).detach().cpu()
    if z.ndim != 2 or labels.shape != z.shape[:1]:
        raise ValueError(
            f"logits and y must have shapes (N, C) and (N,), got {tuple(z.shape)} and {tuple(labels.shape)}"
        )
    if not len(z) or bool(((labels < 0) | (labels >= z.shape[1])).any()):
        raise ValueError(f"y must be the class of each example, from 0 to {z.shape[1] - 1}; leave out those without")
    if bool(z.isnan().any()):
        raise ValueError("logits must be numbers, got nan")
    return -F.cross_entropy(z, labels.long(), reduction="none").numpy()


def calibrated_score(score: np.ndarray, references: Sequence[np.ndarray]) -> np.ndarray:
    """Return a score less what reference models give the same examples on average.

    Parameters
    ----------
    score : ndarray, shape (N,)
        Such as :func:`loss_score` of the model that is attacked.
    references : sequence of ndarray, shape (N,)
        The same of models that were trained on none of these examples, at least one.

    Returns
    -------
    ndarray of float64, shape (N,)

    Raises
    ------
    ValueError
        If there is no reference, or the shapes differ.

    Notes
    -----
    An easy example has a low loss in every model, and a hard one a high loss even in the model that was trained on it;
    the difference is what training on it did. Reference models are best of the attacked one's kind, trained on other
    examples of the same source.

    References
    ----------
    Watson, Guo, Cormode, Sablayrolles (2022), On the Importance of Difficulty Calibration in Membership Inference
    Attacks, ICLR, arXiv:2111.08440.
    """
    own = np.asarray(score, dtype=np.float64)
    others = [np.asarray(one, dtype=np.float64) for one in references]
    if not others or any(one.shape != own.shape for one in others):
        shapes = ", ".join(str(one.shape) for one in others) or "none"
        raise ValueError(f"references must be one or more scores of shape {own.shape}, got {shapes}")
    return own - np.mean(others, axis=0)


def membership(members: np.ndarray, others: np.ndarray, *, at: float = AT, confidence: float = 0.95) -> Membership:
    """Return how well scores tell members from others.

    Parameters
    ----------
    members, others : ndarray, shapes (M,) and (N,)
        Scores of examples that were trained on, and of others of the same source; at least two of each.
    at : float
        The share of others that may be taken for members where the share of members found is told, in (0, 1).
    confidence : float
        In (0, 1).

    Raises
    ------
    ValueError
        In one sentence, if there are too few scores, one is not a number, or ``at`` or ``confidence`` is out of range.

    Notes
    -----
    The AUC and its interval are those of :func:`kdviz.measure.auc.auc`, members being the positives.

    The true positives at ``at`` rest on the threshold, which the others estimate, and on the members above it. The
    interval takes both into account: order statistics of the others hold the true threshold, and Clopper and Pearson's
    interval the share of members above each, all four ends at a quarter of the error. It covers at least
    ``confidence``, whatever the distributions: in simulations 99 to 100 of 100 times at 95 %. With fewer than some 3 /
    ``at`` others no score is known to be beyond the threshold, and the lower end is 0.

    References
    ----------
    Carlini, Chien, Nasr, Song, Terzis, Tramèr (2022), Membership
    Inference Attacks From First Principles, S&P, arXiv:2112.03570: why true positives at few false ones are what
    counts.

    Examples
    --------
    >>> found = membership(np.arange(50.0) + 40, np.arange(50.0))
    >>> found.auc, found.tpr, found.leaks
    (0.98, 0.8, True)
    """
    check_confidence(confidence)
    if not 0 < at < 1:
        raise ValueError(f"at must lie between 0 and 1, such as {AT}, got {at}")
    pos, neg = checked(members, "members"), checked(others, "others")
    area = auc(pos, neg, confidence)
    fpr, tpr = _roc(pos, neg)
    found = float(tpr[np.searchsorted(fpr, at + 1e-12, side="right") - 1])
    ends = _tpr_interval(pos, neg, at, confidence)
    return Membership(area.value, area.low, area.high, found, *ends, at, len(pos), len(neg), confidence, fpr, tpr)


def auc_difference(
    first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray], confidence: float = 0.95
) -> AUCDifference:
    """Return the AUC of ``first`` − that of ``second``, scores of the same examples, with DeLong's paired interval.

    Parameters
    ----------
    first, second : pair of ndarray, shapes (M,) and (N,)
        Scores of the members and of the others, the same examples in the same order.
    confidence : float

    Raises
    ------
    ValueError
        As for :func:`membership`, or if the numbers of examples differ.
    """
    return AUCDifference(*auc_difference_of(first, second, confidence), confidence)


def frame(found: dict[str, Membership], attack: str) -> pd.DataFrame:
    """Return the numbers of models by name as rows of ``model``, ``measure``, ``value``, ``low``, ``high``."""
    import pandas as pd

    rows = []
    for who, one in found.items():
        rows.append((who, f"AUC, {attack}", one.auc, one.auc_low, one.auc_high))
        at = f"true positives at {100 * one.at:g} % false ones, {attack}"
        rows.append((who, at, one.tpr, one.tpr_low, one.tpr_high))
    return pd.DataFrame(rows, columns=["model", "measure", "value", "low", "high"])


def _roc(pos: np.ndarray, neg: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the false and the true positive rates, from (0, 0) on, a point for each distinct score."""
    at = np.unique(np.concatenate([pos, neg]))[::-1]
    fpr = (len(neg) - np.searchsorted(np.sort(neg), at, side="left")) / len(neg)
    tpr = (len(pos) - np.searchsorted(np.sort(pos), at, side="left")) / len(pos)
    return np.concatenate([[0.0], fpr]), np.concatenate([[0.0], tpr])


def _tpr_interval(pos: np.ndarray, neg: np.ndarray, at: float, confidence: float) -> tuple[float, float]:
    """Return ends for the share of members above the others' true threshold; see :func:`membership`."""
    from scipy.special import bdtr, betaincinv

    level, m, n = (1 - confidence) / 4, len(pos), len(neg)
    ordered = np.sort(neg)[::-1]  # the highest first
    # of n others Bin(n, at) lie above the true threshold; so it lies between these two order statistics
    above = bdtr(np.arange(n + 1), n, at)
    fewest, most = (int(np.searchsorted(above, q)) for q in (level, 1 - level))
    # at least `fewest` lie above it: it is at most the fewest-th highest. The lower end counts members above that.
    strict = ordered[fewest - 1] if fewest >= 1 else math.inf
    loose = ordered[most] if most < n else -math.inf
    surely, perhaps = int((pos > strict).sum()), int((pos >= loose).sum())
    low = float(betaincinv(surely, m - surely + 1, level)) if surely else 0.0
    high = float(betaincinv(perhaps + 1, m - perhaps, 1 - level)) if perhaps < m else 1.0
    return low, high


def _percent(share: float) -> str:
    return number(share, ".1%" if 0 < share < 0.995 and round(100 * share, 1) % 1 else ".0%")
