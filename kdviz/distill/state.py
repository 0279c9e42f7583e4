"""A module's state: all that must be restored so that it continues unchanged, and a test whether that is enough.

``state_dict()`` omits non-persistent buffers and may hold values that are not tensors; ``copy.deepcopy`` fails for
tensors with a history and gives TorchScript modules weights that cannot be trained.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ..data.inputs import each
from ..models.inference import Inputs, answer, device_of
from ..models.looking import overwrite, same_bits
from .randomness import seeded


class State(NamedTuple):
    """The state of a module."""

    tensors: dict[str, Tensor]  # parameters and buffers by dotted name, including those that state_dict() omits
    extra: dict[str, Any]  # entries of state_dict() that are not tensors


def capture(module: nn.Module) -> State:
    """Return a copy of all parameters, buffers and extra state of a module."""
    held = module.state_dict()
    tensors = {name: value.detach().clone() for name, value in held.items() if isinstance(value, Tensor)}
    extra = {name: copy.deepcopy(value) for name, value in held.items() if not isinstance(value, Tensor)}
    for name, buffer in _not_persistent(module, held).items():
        tensors[name] = buffer.detach().clone()
    return State(tensors, extra)


def restore(module: nn.Module, tensors: dict[str, Tensor], extra: dict[str, Any] | None = None) -> None:
    """Restore the state that :func:`capture` returned; the copies are unchanged."""
    held = module.state_dict()
    beside = _not_persistent(module, held)
    own = {name: value for name, value in tensors.items() if name in held or name not in beside}
    module.load_state_dict({**own, **copy.deepcopy(extra or {})})
    for name, buffer in beside.items():
        if name in tensors:
            overwrite(buffer, tensors[name])
    absent = tensors.keys() - held.keys() - beside.keys()
    assert not absent, f"load_state_dict refuses {absent}"


def _not_persistent(module: nn.Module, held: dict[str, Any]) -> dict[str, Tensor]:
    return {name: buffer for name, buffer in module.named_buffers(remove_duplicate=False) if name not in held}


def copied(module: nn.Module) -> nn.Module:
    """Return a copy of a module with weights of its own, in the same mode.

    Raises
    ------
    Exception
        Any exception that copying the module's own parts raises.
    """
    memo: dict[int, Any] = {}
    for part in module.modules():
        if isinstance(part, torch.jit.ScriptModule):
            if id(part) not in memo:
                memo[id(part)] = _script_copied(part)
            continue
        for value in vars(part).values():  # a weight recomputed at each call, by weight_norm for instance
            if isinstance(value, Tensor) and not value.is_leaf:
                memo[id(value)] = value.detach().clone()
    return memo[id(module)] if id(module) in memo else copy.deepcopy(module, memo)


def _script_copied(module: torch.jit.ScriptModule) -> nn.Module:
    held = io.BytesIO()
    torch.jit.save(module, held)
    held.seek(0)
    return torch.jit.load(held)


class Replay(NamedTuple):
    """Whether a student's past can be replayed, bit for bit."""

    lost: str = ""  # the reason why not, as the end of a sentence; empty if it can
    everywhere: bool = False  # whether forward passes draw from Python's or numpy's generators


def rehearse(student: nn.Module, few: Inputs, train: Callable[[nn.Module], None]) -> Replay:
    """Test, on a temporary copy, whether capture and restore are enough for a student.

    Parameters
    ----------
    student : nn.Module
        Left unchanged.
    few : inputs of at least two examples
        On the student's device.
    train : callable
        Puts a copy of the student into the mode it is trained in.
    """
    try:
        other = copied(student)
    except Exception as error:
        return Replay(f"it cannot be copied ({_cause(error)})")
    try:
        state = capture(other)
        restore(other, *state)
        if not _like(capture(other), state):
            return Replay("its state differs after it is restored")
    except Exception as error:
        return Replay(f"its state cannot be restored ({_cause(error)})")
    train(other)
    reason = "its output differs after its state is restored, so it keeps something in plain attributes or elsewhere"
    for everywhere in (False, True):
        if _answers_twice(other, state, few, everywhere=everywhere):
            return Replay(everywhere=everywhere)
    return Replay(reason)


def _answers_twice(model: nn.Module, state: State, few: Inputs, *, everywhere: bool) -> bool:
    device = device_of(model)
    outcomes = []
    for _ in range(2):
        restore(model, *state)
        with torch.no_grad(), seeded(0, device, everywhere=everywhere):
            first, second = (answer(model, each(few, Tensor.clone), who="student") for _ in range(2))
            outcomes.append((first, second, capture(model)))
            for _ in range(3):  # five in all, to detect a student that alternates
                answer(model, each(few, Tensor.clone), who="student")
    (a, b, after), (c, d, again) = outcomes
    if device.type == "cpu":
        return same_bits(a, c) and same_bits(b, d) and _like(after, again)
    return bool(torch.allclose(a, c, atol=1e-5) and torch.allclose(b, d, atol=1e-5))


def _like(a: State, b: State) -> bool:
    return a.tensors.keys() == b.tensors.keys() and all(same_bits(a.tensors[k], b.tensors[k]) for k in a.tensors)


def _cause(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"
