"""Certified radius: what a model answers under normal noise, and how far no change can turn that answer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ...models.inference import Cancelled, Progress, ask, fitted
from ...models.looking import evaluating
from ...models.randomness import mix
from ..wilson import wilson

ABSTAINS = -1


@dataclass(frozen=True)
class Certified:
    """What the smoothed model answers, and within which radius that is certain.

    Attributes
    ----------
    answer : array of int64, shape (N,)
        The class; -1 where it abstains.
    radius : array of float64, shape (N,)
        In L2; 0 where it abstains.
    lower : array of float64, shape (N,)
        Lower bound of the probability of the answer under noise.
    sd : float
        Of the noise.
    alpha : float
        The share of answers whose radius may be wrong, at most.
    draws : int
        Noisy copies of each input that the bound rests on.
    """

    answer: np.ndarray
    radius: np.ndarray
    lower: np.ndarray
    sd: float
    alpha: float
    draws: int

    def accuracy(self, y: Tensor, radius: float = 0.0, confidence: float = 0.95) -> tuple[float, float, float]:
        """Return the share that is answered right with a certified radius of at least this, with Wilson's interval."""
        right = (self.answer == np.asarray(y)) & (self.radius >= radius)
        hits, n = int(right.sum()), len(right)
        return hits / n, *wilson(hits, n, confidence)


def certify(
    model: nn.Module,
    x: Tensor,
    sd: float,
    *,
    draws: int = 1000,
    first: int = 100,
    alpha: float = 0.001,
    seed: int = 0,
    batch_size: int = 1000,
    progress: Progress | None = None,
) -> Certified:
    """Return the answers of the smoothed model and their certified radius (Cohen et al., CERTIFY).

    Parameters
    ----------
    model : nn.Module
        Any classifier; no gradient is needed.
    x : Tensor of floats, shape (N, ...)
    sd : float
        σ > 0 of the noise, in the units of the inputs. The noisy inputs are not cut off.
    draws : int
        Noisy copies that the bound is computed from: n.
    first : int
        Others, that the class is chosen by: n₀.
    alpha : float
        In (0, 1): for each input the probability that what is certified does not hold, at most.
    seed : int
    batch_size : int
        Noisy copies a forward pass.
    progress : callable, optional
        Called with (done, total) inputs; return False to stop with ``Cancelled``.

    Raises
    ------
    ValueError
        In one sentence.

    Notes
    -----
    The smoothed model answers the class that is the most probable under x + N(0, σ² I). With p the one-sided
    Clopper-Pearson lower bound of its probability at 1 − alpha, no change shorter than σ Φ⁻¹(p) in L2 turns the answer;
    where p ≤ 1/2 it abstains.

    References
    ----------
    Cohen, Rosenfeld, Kolter (2019), Certified Adversarial Robustness via Randomized Smoothing, ICML, arXiv:1902.02918.

    Examples
    --------
    >>> line = nn.Linear(1, 2)
    >>> _ = line.weight.data.copy_(torch.tensor([[1.0], [-1.0]])), line.bias.data.zero_()
    >>> found = certify(line, torch.tensor([[0.5], [0.001]]), 0.5)  # the border is 0
    >>> found.answer.tolist(), bool(found.radius[0] < 0.5)
    ([0, -1], True)
    """
    for name, count in (("draws", draws), ("first", first), ("batch_size", batch_size)):
        if not (isinstance(count, int) and count >= 1):
            raise ValueError(f"{name} must be a whole number >= 1, got {count!r}")
    if not (math.isfinite(sd) and sd > 0):
        raise ValueError(f"sd must be a finite number > 0, got {sd}")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, such as 0.001, got {alpha}")
    if not isinstance(x, Tensor) or not x.is_floating_point():
        raise ValueError("noise is added to inputs of floats: pass one tensor of them")
    answers, lower = np.full(len(x), ABSTAINS), np.zeros(len(x))
    with evaluating(model), torch.no_grad():
        for i in range(len(x)):
            draw = torch.Generator().manual_seed(mix(seed, i))
            guess = _counts(model, x[i], sd, first, draw, batch_size).argmax()
            hits = int(_counts(model, x[i], sd, draws, draw, batch_size)[guess])
            lower[i] = clopper_pearson_lower(hits, draws, alpha)
            if lower[i] > 0.5:
                answers[i] = int(guess)
            if progress is not None and progress(i + 1, len(x)) is False:
                raise Cancelled(f"stopped after {i + 1:,} of {len(x):,} inputs")
    from scipy.special import ndtri

    radius = np.where(answers == ABSTAINS, 0.0, sd * ndtri(np.clip(lower, 0.5, None)))
    return Certified(answers, radius, lower, float(sd), alpha, draws)


def clopper_pearson_lower(hits: int, n: int, alpha: float) -> float:
    """Return the lower end of Clopper and Pearson's one-sided interval at 1 − ``alpha`` for a share of hits in n.

    >>> round(clopper_pearson_lower(100, 100, 0.001), 4)
    0.9333
    """
    from scipy.special import betaincinv

    return 0.0 if hits == 0 else float(betaincinv(hits, n - hits + 1, alpha))


def _counts(
    model: nn.Module, x: Tensor, sd: float, draws: int, generator: torch.Generator, batch_size: int
) -> np.ndarray:
    """Return how often each class comes first among noisy copies of one input."""
    total: np.ndarray | None = None
    for start in range(0, draws, batch_size):
        many = min(batch_size, draws - start)
        noisy = x + sd * torch.randn((many, *x.shape), generator=generator, dtype=x.dtype).to(x.device)
        z = ask(model, fitted(noisy, model), who="model")
        found = torch.bincount(z.argmax(1), minlength=z.shape[1]).cpu().numpy()
        total = found if total is None else total + found
    assert total is not None
    return total


def largest_radius(sd: float, draws: int, alpha: float) -> float:
    """Return the largest radius that so many draws can certify, where all have the same answer.

    >>> round(largest_radius(0.5, 1000, 0.001), 3)
    1.231
    """
    from scipy.special import ndtri

    return float(sd * ndtri(clopper_pearson_lower(draws, draws, alpha)))
