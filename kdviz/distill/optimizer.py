"""Optimisers by name, fused where the device allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import torch
from torch import nn

OptimizerFactory = Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]

BY_NAME: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": partial(torch.optim.SGD, momentum=0.9, nesterov=True),
}


def make_optimizer(
    kind: str | OptimizerFactory, parameters: list[nn.Parameter], learning_rate: float
) -> torch.optim.Optimizer:
    """Return an optimiser over ``parameters``.

    Parameters
    ----------
    kind : {"adam", "adamw", "sgd"} or callable
        A name ("sgd" has Nesterov momentum 0.9), or a function of the parameters; the run then sets its learning rate.
    parameters : list of nn.Parameter
    learning_rate : float
        > 0.
    """
    if callable(kind):
        return kind(parameters)
    if kind not in BY_NAME:
        raise ValueError(f"optimizer must be one of {', '.join(BY_NAME)} or a function of parameters, got {kind!r}")
    try:
        return BY_NAME[kind](parameters, lr=learning_rate, fused=True)
    except RuntimeError:  # a device or dtype without fused kernels
        return BY_NAME[kind](parameters, lr=learning_rate)
