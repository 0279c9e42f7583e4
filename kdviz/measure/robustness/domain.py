"""Out of domain: how sure models are of pictures not theirs, and whether that tells these from their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from ...data import Examples
from ...models import inference
from ...models.inference import Progress
from ...words import mark, number, t
from ..auc import AUC, auc, auc_difference
from ..confidence import check_confidence
from ..named import named

Score = Literal["confidence", "entropy", "energy", "logit"]
APART = mark("The {who} tells them apart with an AUROC of {value} ({level} CI {low} to {high}).")
SURE = mark(
    "The {who} tells them apart with an AUROC of {value} ({level} CI {low} to {high}); it is {own} sure of its own, "
    "{strange} of the others."
)
SCORES: tuple[Score, ...] = ("confidence", "entropy", "energy", "logit")


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

    def auroc(self, model: str) -> AUC:
        """Return the AUC of a model's score: examples of its domain are the positives, the others the negatives."""
        return auc(self.inside[model], self.outside[model], self.confidence)

    def difference(self, model: str, other: str) -> tuple[float, float, float]:
        """Return AUROC of a model − that of another with DeLong's interval, both on the same examples."""
        mine, theirs = ((self.inside[who], self.outside[who]) for who in (model, other))
        return auc_difference(mine, theirs, self.confidence)

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
            area = {name: number(getattr(a, name), ".3f") for name in ("value", "low", "high")}
            told = {"who": named(model), "level": number(self.confidence, ".0%"), **area}
            if self.score == "confidence":
                own, strange = (number(float(v[model].mean()), ".0%") for v in (self.inside, self.outside))
                lines.append(t(SURE, **told, own=own, strange=strange))
            else:
                lines.append(t(APART, **told))
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
