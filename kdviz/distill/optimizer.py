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
        A name ("sgd" has Nesterov momentum 0.9), or a function of the parameters. Its groups keep their learning rates
        in proportion to one another; the run sets the largest.
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


def usual_rate(kind: str | OptimizerFactory, student: nn.Module) -> float:
    """Return the learning rate that an optimiser made by a function has, the largest of its groups'; else 1e-3."""
    if isinstance(kind, str):
        return 1e-3
    made = kind([p for p in student.parameters() if p.requires_grad])
    return max(float(group["lr"]) for group in made.param_groups)


def shares(optimizer: torch.optim.Optimizer) -> list[float]:
    """Return the learning rate of each group over the largest one.

    >>> first, second = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))
    >>> shares(torch.optim.SGD([{"params": [first], "lr": 0.25}, {"params": [second], "lr": 0.5}]))
    [0.5, 1.0]
    """
    rates = [float(group["lr"]) for group in optimizer.param_groups]
    largest = max(rates)
    return [rate / largest if largest > 0 else 1.0 for rate in rates]
