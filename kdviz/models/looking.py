"""Running a model without changing it: modes, parameters and buffers are the same afterwards, bit for bit.

And without hearing others: a hook may be called in several threads, such as that of a run and that of an open page.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any
from warnings import warn

import torch
from torch import Tensor, nn

COPIED_BYTES = 256 * 2**20  # of weights and buffers to copy beforehand; above this, writes are only detected


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put a model into eval mode within the block; then restore each of its modules, parameters and buffers.

    Modules with a fixed mode (``torch.export``) are left alone. Writes of a forward pass into buffers, which happen
    even in eval mode (observers of quantization), are undone.

    Examples
    --------
    >>> model = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout())
    >>> _ = model[0].eval()
    >>> with evaluating(model):
    ...     print([module.training for module in model])
    [False, False]
    >>> [module.training for module in model]
    [False, True]
    """
    before = modes(model)
    held = _Held(model)
    switch(model, training=False)
    try:
        yield
    finally:
        put_modes(model, before)
        held.put_back()


def of_this_thread(hook: Callable[..., Any]) -> Callable[..., Any]:
    """Return a hook that hears only what this thread asks; what others ask the same model meanwhile is left alone.

    Examples
    --------
    >>> heard, model = [], nn.Identity()
    >>> _ = model.register_forward_hook(of_this_thread(lambda *_: heard.append("here")))
    >>> other = threading.Thread(target=model, args=(1,))
    >>> other.start(); other.join()
    >>> model(2), heard
    (2, ['here'])
    """
    here = threading.get_ident()

    @wraps(hook)
    def heard(*given: Any, **named: Any) -> Any:
        return hook(*given, **named) if threading.get_ident() == here else None

    return heard


def modes(model: nn.Module) -> dict[str, bool]:
    """Return which modules are in training mode, by dotted name."""
    return {name: bool(getattr(module, "training", False)) for name, module in model.named_modules()}


def put_modes(model: nn.Module, before: Mapping[str, bool]) -> None:
    """Restore the modes that :func:`modes` returned."""
    if before.get("", False) != model.training:
        switch(model, training=before.get("", False))  # its own method may do more than set a flag
    for name, module in model.named_modules():
        if name in before and getattr(module, "training", before[name]) != before[name]:
            module.training = before[name]


def switch(model: nn.Module, *, training: bool) -> None:
    """Put a model into a mode, except parts whose mode is fixed."""
    try:
        model.train(training)
    except (NotImplementedError, AttributeError, RuntimeError):
        for module in model.modules():
            if not mode_is_fixed(module) and hasattr(module, "training"):
                module.training = training


def mode_is_fixed(module: nn.Module) -> bool:
    """Whether the mode of a module cannot be switched: a program of ``torch.export``, or a frozen TorchScript."""
    return "train" in vars(module) or "eval" in vars(module) or not hasattr(module, "training")


def in_training(model: nn.Module) -> bool:
    """Whether any part of a model with a switchable mode is in training mode."""
    fixed: set[int] = {id(part) for module in model.modules() if mode_is_fixed(module) for part in module.modules()}
    return any(bool(getattr(m, "training", False)) for m in model.modules() if id(m) not in fixed)


class _Held:
    """A copy of a model's parameters and buffers."""

    def __init__(self, model: nn.Module) -> None:
        self.found = list(_slots(model))
        room = COPIED_BYTES
        self.copies: list[Tensor | None] = []
        for _, _, tensor in sorted(self.found, key=lambda slot: isinstance(slot[2], nn.Parameter)):
            room -= bytes_of(tensor)
            self.copies.append(tensor.detach().clone() if room >= 0 else None)
        self.found.sort(key=lambda slot: isinstance(slot[2], nn.Parameter))
        self.versions = [_version(tensor) for _, _, tensor in self.found]
        self.absent = [(slots, name) for slots, name in _empty_slots(model)]

    def put_back(self) -> None:
        lost = []
        for (slots, name, tensor), copy, version in zip(self.found, self.copies, self.versions, strict=True):
            if slots.get(name) is not tensor:
                slots[name] = tensor
            if copy is None:
                lost += [name] if _version(tensor) != version else []
            elif not same_bits(tensor, copy):
                overwrite(tensor, copy)
        for slots, name in self.absent:
            if slots.get(name) is not None:
                slots[name] = None
        if lost:
            warn(
                f"running the model wrote into {lost[0]}, which is too large to restore "
                f"(over {COPIED_BYTES // 2**20} MB); pass a model that leaves its weights alone in eval mode",
                stacklevel=4,
            )


def _slots(model: nn.Module) -> Iterator[tuple[Any, str, Tensor]]:
    """Yield the location of each parameter and buffer: its dictionary, its name there, and itself."""
    for module in model.modules():
        if isinstance(module, torch.jit.ScriptModule):
            here: dict[str, Any] = dict(module.named_parameters(recurse=False))
            here |= dict(module.named_buffers(recurse=False))
            yield from ((here, name, tensor) for name, tensor in here.items())
            continue
        for slots in (module._parameters, module._buffers):
            for name, tensor in slots.items():
                if tensor is not None and not nn.parameter.is_lazy(tensor):
                    yield slots, name, tensor


def _empty_slots(model: nn.Module) -> Iterator[tuple[Any, str]]:
    for module in model.modules():
        if not isinstance(module, torch.jit.ScriptModule):
            yield from ((module._buffers, name) for name, tensor in module._buffers.items() if tensor is None)


def _version(tensor: Tensor) -> int:
    try:
        return tensor._version
    except RuntimeError:  # an inference tensor counts no writes
        return -1


def bytes_of(tensor: Tensor) -> int:
    """Return the memory of a tensor in bytes, including sparse ones."""
    if tensor.layout == torch.strided:
        return tensor.nbytes
    return sum(part.nbytes for part in parts_of(tensor))


def parts_of(tensor: Tensor) -> tuple[Tensor, ...]:
    """Return the dense tensors that a tensor consists of: itself, or indices and values of a sparse one."""
    if tensor.is_quantized:
        return (tensor.int_repr(),)
    if tensor.layout == torch.strided:
        return (tensor,)
    if tensor.layout == torch.sparse_coo:
        one = tensor.detach().coalesce()
        return one.indices(), one.values()
    if tensor.layout in (torch.sparse_csr, torch.sparse_bsr):
        return tensor.crow_indices(), tensor.col_indices(), tensor.values()
    return tensor.ccol_indices(), tensor.row_indices(), tensor.values()


def octets(tensor: Tensor) -> Tensor:
    """Return the bytes of a dense tensor, shape (bytes,), on the CPU."""
    return tensor.detach().cpu().contiguous().view(-1).view(torch.uint8)


def same_bits(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors have the same shape and the same bits; NaN equals NaN."""
    if a.shape != b.shape or a.dtype != b.dtype or a.layout != b.layout:
        return False
    return all(
        p.shape == q.shape and (torch.equal(p, q) or torch.equal(octets(p), octets(q)))
        for p, q in zip(parts_of(a.detach()), parts_of(b.detach()), strict=True)
    )


def overwrite(tensor: Tensor, with_: Tensor) -> None:
    """Write ``with_`` into ``tensor``, which may have grown or shrunk meanwhile."""
    with torch.no_grad():
        if tensor.layout == torch.strided and tensor.shape != with_.shape:
            tensor.resize_(with_.shape)
        tensor.copy_(with_)
