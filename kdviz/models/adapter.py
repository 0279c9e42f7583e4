"""An adapter for models that return more than logits."""

from __future__ import annotations

from torch import nn

from kdviz.models.wrap import Wrapped


class LogitsOf(Wrapped):
    """A model that returns a tuple, a dict or an object, wrapped to return only its logits.

    The same as ``kd.wrap(module, output=which)``.

    Parameters
    ----------
    module : nn.Module
        Its weights are shared, not copied.
    which : int or str
        Index in the tuple, key of the dict or name of the attribute that holds the logits.

    Examples
    --------
    >>> import torch
    >>> class Two(nn.Module):
    ...     def forward(self, x):
    ...         return {"logits": 2 * x, "features": x}
    >>> LogitsOf(Two(), "logits")(torch.ones(1, 3))
    tensor([[2., 2., 2.]])
    """

    def __init__(self, module: nn.Module, which: int | str = 0) -> None:
        super().__init__(module, output=which)
