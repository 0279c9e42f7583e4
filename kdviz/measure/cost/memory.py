"""How much memory a model needs at the busiest moment of a forward pass."""

from __future__ import annotations

from typing import Any
from weakref import ref

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary

from ...data.inputs import Inputs, nbytes, tensors
from ...models import inference
from ...models.looking import evaluating
from .sizes import held_bytes


def peak_bytes(model: nn.Module, inputs: Inputs) -> int:
    """Return weights, buffers, and the largest sum of input and intermediate results that are alive at once, in bytes.

    Parameters
    ----------
    model : nn.Module
        In eval mode for the time being, without gradients; left as it was.
    inputs : Tensor of shape (B, ...), or what the model takes

    Notes
    -----
    Counted from torch's own operations: each storage from the operation that makes it until nothing refers to it. What
    an operation takes for itself within its kernel is not seen: a convolution on a CPU copies its input and output into
    another order, which can double the intermediate results. Neither is the program, which is far larger than a small
    model.

    Examples
    --------
    >>> peak_bytes(nn.Linear(3, 2), torch.zeros(5, 3)) == 4 * (8 + 15 + 10)  # weights, input, output
    True
    """
    x = inference.fitted(inputs, model)
    held = [*model.parameters(), *model.buffers()]
    with evaluating(model), torch.no_grad(), _Live([*held, *tensors(x)]) as live:
        inference.call(model, x)
    return held_bytes(model) + nbytes(x) + live.peak


class _Live(TorchDispatchMode):
    """Counts the bytes of storages that operations make, from then until they are freed."""

    def __init__(self, known: list[Tensor]) -> None:
        super().__init__()
        self.now = self.peak = 0
        self.known = {tensor.untyped_storage().data_ptr() for tensor in known if tensor.layout == torch.strided}
        self.seen: WeakIdKeyDictionary = WeakIdKeyDictionary()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, Tensor) and tensor.layout == torch.strided:
                self._add(tensor.untyped_storage())
        return out

    def _add(self, storage: torch.UntypedStorage) -> None:
        if storage in self.seen or storage.data_ptr() in self.known:
            return
        size = storage.nbytes()
        self.now += size
        self.peak = max(self.peak, self.now)
        self.seen[storage] = ref(storage, lambda _: self._free(size))

    def _free(self, size: int) -> None:
        self.now -= size
