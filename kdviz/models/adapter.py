"""An adapter for models that return more than logits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn


class LogitsOf(nn.Module):
    """A model that returns a tuple, a dict or an object, as one that returns its logits alone.

    Parameters
    ----------
    module : nn.Module
        Its weights are shared, not copied.
    which : int or str
        Place in the tuple, key of the dict or name of the attribute that holds the logits.

    Examples
    --------
    >>> import torch
    >>> class Two(nn.Module):
    ...     def forward(self, x):
    ...         return {"logits": x.sum(1, keepdim=True), "features": x}
    >>> LogitsOf(Two(), "logits")(torch.ones(1, 3))
    tensor([[3.]])
    """

    def __init__(self, module: nn.Module, which: int | str = 0) -> None:
        super().__init__()
        self.module = module
        self.which = which

    @property
    def kdviz_wraps(self) -> nn.Module:
        """The module whose names the layers have."""
        return self.module

    def forward(self, *inputs: Any, **named: Any) -> Tensor:
        """Return the logits (B, C) for ``inputs``.

        Raises
        ------
        ValueError
            If the model's answer has no such part.
        """
        answer: Any = self.module(*inputs, **named)
        try:
            if isinstance(self.which, str) and not isinstance(answer, Mapping):
                return getattr(answer, self.which)
            return answer[self.which]
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            has = f"the keys {', '.join(map(str, answer))}" if isinstance(answer, Mapping) else type(answer).__name__
            raise ValueError(f"the model's answer has no part {self.which!r}; it is {has}") from error
