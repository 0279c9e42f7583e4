"""Optimizers by name, fused where the device allows."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import torch
from torch import nn

OptimizerFactory = Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]

BY_NAME: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": partial(torch.optim.SGD, momentum=0.9, nesterov=True),
}


def make_optimizer(
    kind: str | OptimizerFactory,
    parameters: list[nn.Parameter],
    learning_rate: float,
    weight_decay: float | None = None,
) -> torch.optim.Optimizer:
    """Return an optimizer over ``parameters``.

    Parameters
    ----------
    kind : {"adam", "adamw", "sgd"} or callable
        A name ("sgd" has Nesterov momentum 0.9), or a function of the parameters. The learning rates of its groups keep
        their ratios; the run sets the largest.
    parameters : list of nn.Parameter
    learning_rate : float
        > 0.
    weight_decay : float, optional
        For an optimizer by name; "adamw" takes this share times the learning rate off each weight, the others add it
        times the weight to the gradient. None: as PyTorch has it, 0.01 of "adamw" and 0 of the others.
    """
    if callable(kind):
        return kind(parameters)
    if kind not in BY_NAME:
        raise ValueError(f"optimizer must be one of {', '.join(BY_NAME)} or a function of parameters, got {kind!r}")
    given = {"lr": learning_rate} | ({} if weight_decay is None else {"weight_decay": weight_decay})
    try:
        return BY_NAME[kind](parameters, **given, fused=True)
    except RuntimeError:  # a device or dtype without fused kernels
        return BY_NAME[kind](parameters, **given)


def usual_rate(kind: str | OptimizerFactory, student: nn.Module) -> float:
    """Return the learning rate of an optimizer made by a function, the largest of its groups'; else 1e-3."""
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


def group_settings(optimizer: torch.optim.Optimizer) -> list[dict[str, Any]]:
    """Return the contents of each group except its parameters and its learning rate, which the run sets.

    >>> sgd = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9)
    >>> group_settings(sgd)[0]["momentum"]
    0.9
    """
    return [
        {name: copy.deepcopy(value) for name, value in group.items() if name not in ("params", "lr")}
        for group in optimizer.param_groups
    ]


def changed(now: list[dict[str, Any]], before: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Return, by group, the entries that changed: some optimizers keep their progress or a step size there.

    >>> changed([{"beta": 0.9, "seen": 3}], [{"beta": 0.9, "seen": 0}])
    {0: {'seen': 3}}
    """
    changes = {}
    for i, (group, start) in enumerate(zip(now, before, strict=True)):
        differs = {name: value for name, value in group.items() if not _same(value, start.get(name, _ABSENT))}
        if differs:
            changes[i] = differs
    return changes


_ABSENT = object()


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, torch.Tensor) or isinstance(b, torch.Tensor):
        return isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor) and torch.equal(a, b)
    return bool(a == b)
