"""Temperature scaling: the number to divide a model's logits by so that its confidence is right."""

from __future__ import annotations

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
        Logits of examples that the model was not trained on, C ≥ 2.
    y : Tensor or array of int, shape (N,)
        True classes; -1 marks an unknown class, and the example is left out.

    Returns
    -------
    float
        T in [0.01, 100]: above 1 for an over-confident model. 1.0 if the logits of no example differ, since then all T
        are equivalent.

    Raises
    ------
    ValueError
        If shapes or labels do not fit, no example has a label, or a logit is not finite.

    Warns
    -----
    UserWarning
        If the best T is outside the bounds, in which case the bound is returned: 0.01 if all examples are right (the
        lower T, the better), 100 if the logits do no better than chance.

    Notes
    -----
    With β = 1/T the mean negative log-likelihood is convex in β, and its derivative is E_p[z] − z_y, the mean over the
    examples of the expected logit − that of the true class. It increases with β, by the variance of z under p, so it
    has at most one root, which Brent's method finds. A common factor changes no prediction, so accuracy stays the same.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger (2017), On Calibration of Modern Neural Networks, ICML, arXiv:1706.04599.

    Examples
    --------
    >>> logits, y = torch.tensor([[2.0, 0.0]]).repeat(4, 1), torch.tensor([0, 0, 0, 1])
    >>> round(fit_temperature(logits, y), 4)  # 2 / log 3: three to one
    1.8205
    """
    from scipy.optimize import brentq

    z, labels = labelled(logits, y)
    centred = z - z.max(dim=1, keepdim=True).values  # (n, C); the same likelihood, and nothing overflows
    if not centred.any():
        return 1.0
    of_y = centred.gather(1, torch.from_numpy(labels).unsqueeze(1))
    target, (coldest, hottest) = of_y.mean().item(), TEMPERATURE_BOUNDS
    low, high = 1 / hottest, 1 / coldest
    if _slope(centred, target, high) <= 0:
        why = "the best T lies below it" if of_y.any() else "all examples are right, so the likelihood rises as T falls"
        warnings.warn(f"temperature is at its lower bound {coldest:g}: {why}", UserWarning, stacklevel=2)
        return coldest
    if _slope(centred, target, low) >= 0:
        why = "the best T lies above it, or the logits do no better than chance"
        warnings.warn(f"temperature is at its upper bound {hottest:g}: {why}", UserWarning, stacklevel=2)
        return hottest
    return 1 / brentq(lambda beta: _slope(centred, target, beta), low, high, xtol=1e-300, rtol=1e-15)


def _slope(centred: Tensor, of_y: float, beta: float) -> float:
    """Return the derivative by β of the mean negative log-likelihood of σ(β z)."""
    return (F.softmax(beta * centred, dim=1) * centred).sum(1).mean().item() - of_y
