"""The temperature, and logits softened by it."""

from __future__ import annotations

import math

import torch.nn.functional as F
from torch import Tensor

from .reductions import paired

NEEDED = "both must be (batch, classes) over the same classes"
FAR = 100.0  # above this temperature a divergence, which shrinks as 1/T² before its factor T², is lost in float32


def log_softened(z: Tensor, temperature: float) -> Tensor:
    """Return log σ_T(z) over the last dimension, with σ_T(z) = softmax(z / T).

    >>> import torch
    >>> log_softened(torch.tensor([2.0, 0.0]), 2.0).exp()
    tensor([0.7311, 0.2689])
    """
    return F.log_softmax(z / temperature, dim=-1)


def weighted_log_ratio(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Return p (log p − log q) class by class, 0 where p is 0, whatever q is: the summands of KL(p ‖ q).

    Where p is 0 there is no gradient either. Where only q is 0 it is infinite, as is KL(p ‖ q).

    >>> import torch
    >>> p, q = torch.tensor([0.5, 0.5, 0.0, 0.0]), torch.tensor([0.5, 0.25, 0.25, 0.0])
    >>> weighted_log_ratio(p.log(), q.log())  # 0, ½ ln 2, and twice 0 · log 0
    tensor([0.0000, 0.3466, 0.0000, 0.0000])
    """
    p = log_p.exp()
    return p * (log_p - log_q).masked_fill(p == 0, 0)


def softened_pair(s: Tensor, t: Tensor, temperature: float, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Check the arguments and return log σ_T(s) and log σ_T(t), the latter detached; in float64 above T = 100."""
    check_temperature(temperature)
    s, t = paired(s, t, mask, "logits", NEEDED)
    if temperature > FAR and s.device.type != "mps":  # which has no float64
        s, t = s.double(), t.double()
    return log_softened(s, temperature), log_softened(t, temperature)  # (B, C) each


def check_temperature(temperature: float) -> None:
    """Raise a one-sentence ``ValueError`` unless ``temperature`` is a finite number above 0.

    >>> check_temperature(-1.0)
    Traceback (most recent call last):
        ...
    ValueError: temperature must be a finite number > 0, got -1.0
    """
    if not (math.isfinite(temperature) and temperature > 0):
        raise ValueError(f"temperature must be a finite number > 0, got {temperature}")
