"""The temperature that fits: by how much a model's logits are to be divided for its confidence to be right."""

from __future__ import annotations

import math
import warnings

import torch
import torch.nn.functional as F
from torch import Tensor

from .fidelity import Array, labelled

TEMPERATURE_BOUNDS = (0.01, 100.0)


def fit_temperature(logits: Array, y: Array) -> float:
    """Return the temperature T for which σ(logits / T) gives these labels the highest likelihood.

    Parameters
    ----------
    logits : Tensor or array, shape (N, C)
        Of examples that the model was not trained on, C ≥ 2.
    y : Tensor or array of int, shape (N,)
        True classes; -1 marks an example whose class is not known, which is left out.

    Returns
    -------
    float
        T in [0.01, 100]: above 1 for an over-confident model. 1.0 where the logits of no example differ, since then
        all T are equal.

    Raises
    ------
    ValueError
        If shapes or labels do not fit, no example has a label, or a logit is not finite.

    Warns
    -----
    UserWarning
        If the best T is not within the bounds, which are then returned: 0.01 where all examples are right (the lower
        T, the better), 100 where the logits do no better than chance.

    Notes
    -----
    With β = 1/T the mean negative log-likelihood is convex in β, and its derivative is E_p[z] − z_y, the mean over the
    examples of the expected logit less that of the true class. It rises with β, by the variance of z under p, so it has
    at most one root: Newton's method finds it, with a bisection wherever a step would leave the bracket. A common
    factor changes no first choice: accuracy stays what it was.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger (2017), On Calibration of Modern Neural Networks, ICML, arXiv:1706.04599.

    Examples
    --------
    >>> logits, y = torch.tensor([[2.0, 0.0]]).repeat(4, 1), torch.tensor([0, 0, 0, 1])
    >>> round(fit_temperature(logits, y), 4), round(2 / math.log(3), 4)  # three to one
    (1.8205, 1.8205)
    """
    z, labels = labelled(logits, y)
    centred = z - z.max(dim=1, keepdim=True).values  # (n, C); the same likelihood, and nothing overflows
    if not centred.any():
        return 1.0
    of_y = centred.gather(1, torch.from_numpy(labels).unsqueeze(1))
    target, (coldest, hottest) = of_y.mean().item(), TEMPERATURE_BOUNDS
    low, high = 1 / hottest, 1 / coldest
    if _slope(centred, target, high)[0] <= 0:
        why = "the best T lies below it" if of_y.any() else "all examples are right, so the likelihood rises as T falls"
        warnings.warn(f"temperature is at its lower bound {coldest:g}: {why}", UserWarning, stacklevel=2)
        return coldest
    if _slope(centred, target, low)[0] >= 0:
        why = "the best T lies above it, or the logits do no better than chance"
        warnings.warn(f"temperature is at its upper bound {hottest:g}: {why}", UserWarning, stacklevel=2)
        return hottest
    beta = 1.0
    while high - low > 1e-14 * high:
        slope, curvature = _slope(centred, target, beta)
        step = slope / curvature if curvature > 0 else math.inf
        if abs(step) <= 1e-13 * beta:
            break
        low, high = (beta, high) if slope < 0 else (low, beta)
        beta = beta - step if low < beta - step < high else math.sqrt(low * high)
    return 1 / beta


def _slope(centred: Tensor, of_y: float, beta: float) -> tuple[float, float]:
    """Return first and second derivative by β of the mean negative log-likelihood of σ(β z)."""
    p = F.softmax(beta * centred, dim=1)
    mean = (p * centred).sum(1)
    return mean.mean().item() - of_y, (p * (centred - mean.unsqueeze(1)) ** 2).sum(1).mean().item()
