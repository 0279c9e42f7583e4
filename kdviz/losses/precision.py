"""The precision that a loss is computed in: float32 at least, inside ``torch.autocast`` too."""

from __future__ import annotations

import types
from collections.abc import Callable
from contextlib import ExitStack
from functools import update_wrapper
from typing import Any, ParamSpec, TypeVar, cast

import torch
from torch import Tensor

Given = ParamSpec("Given")
Value = TypeVar("Value")


def at_least_float32(z: Tensor) -> Tensor:
    """Return ``z``, converted to float32 from half precision.

    >>> at_least_float32(torch.zeros(1, dtype=torch.bfloat16)).dtype, at_least_float32(torch.zeros(1).double()).dtype
    (torch.float32, torch.float64)
    """
    return z.float() if z.dtype in (torch.bfloat16, torch.float16) else z


def outside_autocast(loss: Callable[Given, Value]) -> Callable[Given, Value]:
    """Return a loss that is the same inside ``torch.autocast``, which would run its matrix products in half precision.

    A model's outputs inside autocast are in half precision; the loss on them is computed in float32. Most losses are
    small differences of large sums, which would be lost.

    >>> @outside_autocast
    ... def squared(x):
    ...     return x @ x
    >>> x = torch.tensor([1 + 2**-9])
    >>> with torch.autocast("cpu", torch.bfloat16):
    ...     (x @ x).dtype, squared(x).item() == (1 + 2**-9) ** 2
    (torch.bfloat16, True)
    """
    run = _without_autocast

    def computed(*args: Any, **kwargs: Any) -> Any:
        return run(loss, args, kwargs)

    # With the loss's own globals, since doctest uses them to find the module of a function's examples.
    globals_ = loss.__globals__
    made = types.FunctionType(computed.__code__, globals_, computed.__name__, None, computed.__closure__)
    return cast("Callable[Given, Value]", update_wrapper(made, loss))


def _without_autocast(loss: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    tensors = [given for given in (*args, *kwargs.values()) if isinstance(given, Tensor)]
    kinds = {given.device.type for given in tensors}
    on = [kind for kind in kinds if torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)]
    if not on:
        return loss(*args, **kwargs)
    with ExitStack() as off:
        for kind in on:
            off.enter_context(torch.autocast(kind, enabled=False))
        value = loss(*args, **kwargs)
    if isinstance(value, Tensor):
        _backward_without_autocast(value, tensors, on)
    return value


def _backward_without_autocast(value: Tensor, given: list[Tensor], kinds: list[str]) -> None:
    """Make the nodes between a loss and its arguments run outside autocast, if backward is called inside it.

    Torch sets the caller's state before each node, so switching it off here lasts for one node.
    """

    def switch_off(_: Any) -> None:
        for kind in kinds:
            torch.set_autocast_enabled(kind, False)

    seen = {tensor.grad_fn for tensor in given} | {None}
    ahead = [value.grad_fn]
    while ahead:
        node = ahead.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if node.next_functions:  # else it is a leaf, which only accumulates
            node.register_prehook(switch_off)
        ahead.extend(following for following, _ in node.next_functions)
