"""Adapters for models whose outputs are not the logits of the classes in their order: short ways to `kdviz.wrap`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from kdviz.models.foreign import CannotAnswerError
from kdviz.models.wrap import Wrapped, tensor_in


class Reordered(Wrapped):
    """A model with its outputs in another order, for one whose classes are not in the order of the labels.

    The same as ``kd.wrap(module, classes=order)``, but that no output may be left out.

    Parameters
    ----------
    module : nn.Module
        Answers with logits (B, C). Its weights are shared, not copied.
    order : sequence of int, length C
        For each class the output that means it; each output once.

    Examples
    --------
    >>> Reordered(nn.Identity(), [2, 0, 1])(torch.tensor([[0.1, 0.2, 0.7]]))
    tensor([[0.7000, 0.1000, 0.2000]])
    """

    def __init__(self, module: nn.Module, order: Sequence[int]) -> None:
        if sorted(order) != list(range(len(order))):
            raise ValueError(f"order must hold each output from 0 to {len(order) - 1} once, got {list(order)}")
        super().__init__(module, classes=order)

    def in_order(self, logits: Tensor) -> Tensor:
        """Return the columns in the order of the classes."""
        if self.classes is not None and logits.shape[-1] != len(self.classes):
            raise CannotAnswerError(f"order names {len(self.classes)} outputs and the model has {logits.shape[-1]}")
        return super().in_order(logits)


class LogOf(Wrapped):
    """A model that ends in a softmax, as one that answers with logits: the logarithm of its probabilities.

    The softmax of these is what the model answers, so nothing is lost but what its own rounding took: a probability of
    0 counts as the smallest number of its dtype. The same as ``kd.wrap(module, probabilities=True)``.

    Parameters
    ----------
    module : nn.Module
        Answers with probabilities (B, C). Its weights are shared, not copied.

    Examples
    --------
    >>> LogOf(nn.Softmax(dim=1))(torch.tensor([[1.0, 3.0]])).softmax(1)
    tensor([[0.1192, 0.8808]])
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__(module, probabilities=True)


class LogitOf(Wrapped):
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

    def __init__(self, module: nn.Module) -> None:
        super().__init__(module, output=_logit)


def _logit(given: Any) -> Tensor:
    """Return logits of the shape that a model answers with, finite also where it says 0 or 1."""
    p = tensor_in(given)
    return torch.logit(p, eps=torch.finfo(p.dtype).eps / 2)
