"""Adapters for models whose outputs are not the logits of the classes in their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


class _Over(nn.Module):
    """A model with something done to its answers; its weights are shared, not copied."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        self.training = module.training

    @property
    def kdviz_wraps(self) -> nn.Module:
        """The module whose names the layers have."""
        return self.module


class Reordered(_Over):
    """A model with its outputs in another order, for one whose classes are not in the order of the labels.

    Parameters
    ----------
    module : nn.Module
        Answers with a tensor (B, C). Its weights are shared, not copied.
    order : sequence of int, length C
        For each class the output that means it; each output once.

    Examples
    --------
    >>> Reordered(nn.Identity(), [2, 0, 1])(torch.tensor([[0.1, 0.2, 0.7]]))
    tensor([[0.7000, 0.1000, 0.2000]])
    """

    order: Tensor

    def __init__(self, module: nn.Module, order: Sequence[int]) -> None:
        super().__init__(module)
        if sorted(order) != list(range(len(order))):
            raise ValueError(f"order must hold each output from 0 to {len(order) - 1} once, got {list(order)}")
        self.register_buffer("order", torch.tensor(list(order), dtype=torch.int64))

    def forward(self, *inputs: Any, **named: Any) -> Tensor:
        """Return the logits (B, C), column c that of class c.

        Raises
        ------
        ValueError
            If the model does not have one output for each place in the order.
        """
        logits = self.module(*inputs, **named)
        if logits.shape[-1] != len(self.order):
            raise ValueError(f"order names {len(self.order)} outputs and the model has {logits.shape[-1]}")
        return logits[..., self.order]


class LogOf(_Over):
    """A model that ends in a softmax, as one that answers with logits: the logarithm of its probabilities.

    The softmax of these is what the model answers, so nothing is lost but what its own rounding took: a probability of
    0 counts as the smallest number of its dtype.

    Parameters
    ----------
    module : nn.Module
        Answers with probabilities (B, C). Its weights are shared, not copied.

    Examples
    --------
    >>> LogOf(nn.Softmax(dim=1))(torch.tensor([[1.0, 3.0]])).softmax(1)
    tensor([[0.1192, 0.8808]])
    """

    def forward(self, *inputs: Any, **named: Any) -> Tensor:
        """Return log-probabilities (B, C)."""
        p = self.module(*inputs, **named)
        return p.clamp(min=torch.finfo(p.dtype).tiny).log()


class LogitOf(_Over):
    """A model that ends in a sigmoid, as one that answers with logits: log(p / (1 − p)) of each output.

    Parameters
    ----------
    module : nn.Module
        Answers with numbers in [0, 1], shape (B, C) or (B, 1). Its weights are shared, not copied.

    Examples
    --------
    >>> LogitOf(nn.Sigmoid())(torch.tensor([[-2.0, 3.0]]))
    tensor([[-2.0000, 3.0000]])
    """

    def forward(self, *inputs: Any, **named: Any) -> Tensor:
        """Return logits of the shape that the model answers with, finite also where it says 0 or 1."""
        p = self.module(*inputs, **named)
        return torch.logit(p, eps=torch.finfo(p.dtype).eps / 2)
