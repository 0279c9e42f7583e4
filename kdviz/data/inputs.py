"""What a model is given: one tensor, several by name, or several in order; N examples first in each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

import torch
from torch import Tensor

Inputs: TypeAlias = Tensor | Mapping[str, Tensor] | tuple[Tensor, ...]
Index: TypeAlias = Tensor | slice | None
T = TypeVar("T")


def tensors(x: Inputs) -> tuple[Tensor, ...]:
    """List the tensors of `x`, in order."""
    if isinstance(x, Tensor):
        return (x,)
    return tuple(x.values()) if isinstance(x, Mapping) else x


def named(x: Inputs) -> Iterator[tuple[str, Tensor]]:
    """Give each tensor of `x` with what it is called in a sentence: "" where it is the only one."""
    if isinstance(x, Tensor):
        yield "", x
    elif isinstance(x, Mapping):
        yield from x.items()
    else:
        yield from ((f"input {i}", tensor) for i, tensor in enumerate(x))


def each(x: Inputs, change: Callable[[Tensor], Tensor]) -> Any:
    """Change each tensor of `x`, and keep how they are held together.

    >>> each({"ids": torch.zeros(2, 3)}, lambda ids: ids + 1)["ids"].shape
    torch.Size([2, 3])
    """
    if isinstance(x, Tensor):
        return change(x)
    if isinstance(x, Mapping):
        return {name: change(tensor) for name, tensor in x.items()}
    return tuple(change(tensor) for tensor in x)


def rows(x: Inputs, index: Index) -> Any:
    """Give the examples at `index`: a view for None or a slice, a copy for a LongTensor."""
    return each(x, lambda tensor: rows_of(tensor, index))


def rows_of(tensor: Tensor, index: Index) -> Tensor:
    """Give the rows of one tensor at `index`."""
    if index is None:
        return tensor
    if isinstance(index, slice):
        return tensor[index]
    return tensor.index_select(0, index)


def ready(tensor: Tensor, *, alone: bool, copied: bool) -> Tensor:
    """Give rows as a model takes them: float32, pixels in [0, 1], integers and truth values as they are.

    Parameters
    ----------
    tensor : Tensor, shape (B, ...)
    alone : bool
        It is the only input; then uint8 is pixels whatever its shape. Among several, uint8 of two axes is no picture.
    copied : bool
        The rows are a copy already, that nobody else holds.
    """
    if is_pixels(tensor, alone=alone):
        return tensor.to(torch.float32).mul_(1 / 255)
    kind = torch.float32 if tensor.is_floating_point() else tensor.dtype
    return tensor.to(kind, copy=not copied)


def is_pixels(tensor: Tensor, *, alone: bool) -> bool:
    """Say whether `inputs` scales the tensor to [0, 1]."""
    return tensor.dtype == torch.uint8 and (alone or tensor.ndim >= 3)


def described(x: Inputs) -> str:
    """Say name, shape of one example and dtype, as a model gets them.

    >>> described({"input_ids": torch.zeros(2, 5).long(), "mask": torch.zeros(2, 5).bool()})
    'input_ids (5,) int64, mask (5,) bool'
    """
    alone = isinstance(x, Tensor)
    return ", ".join(f"{name} {_described(tensor, alone)}".strip() for name, tensor in named(x))


def _described(tensor: Tensor, alone: bool) -> str:
    as_float = tensor.is_floating_point() or is_pixels(tensor, alone=alone)
    return f"{tuple(tensor.shape[1:])} {'float32' if as_float else str(tensor.dtype).removeprefix('torch.')}"


def nbytes(x: Inputs) -> int:
    """Count the bytes that the tensors of `x` take."""
    return sum(tensor.nbytes for tensor in tensors(x))
