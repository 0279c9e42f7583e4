"""The temperature, and answers softened by it."""

from __future__ import annotations

import math

import torch.nn.functional as F
from torch import Tensor


def log_softened(z: Tensor, temperature: float) -> Tensor:
    """Return log σ_T(z) over the last dimension, with σ_T(z) = softmax(z / T).

    >>> import torch
    >>> log_softened(torch.tensor([2.0, 0.0]), 2.0).exp()
    tensor([0.7311, 0.2689])
    """
    return F.log_softmax(z / temperature, dim=-1)


def check_temperature(temperature: float) -> None:
    """Raise a one-sentence ``ValueError`` unless ``temperature`` is a finite number above 0.

    >>> check_temperature(-1.0)
    Traceback (most recent call last):
        ...
    ValueError: temperature must be a finite number > 0, got -1.0
    """
    if not (math.isfinite(temperature) and temperature > 0):
        raise ValueError(f"temperature must be a finite number > 0, got {temperature}")
