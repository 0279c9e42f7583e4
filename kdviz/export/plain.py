"""A model as the code of a plain module: its layers as constructors, its forward as it was followed."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import torch
from torch import Tensor, fx, nn

from ..models.inference import uncompiled
from ..models.looking import evaluating

NAMES = {"torch": torch, "nn": nn, "F": nn.functional}


class Plain(NamedTuple):
    """A class ``Student`` as text, and the weights that belong to it."""

    code: str
    state: dict[str, Tensor]


def plain(model: nn.Module, inputs: Tensor) -> Plain:
    """The code of a module that computes what a model does.

    Parameters
    ----------
    model : nn.Module
        Not changed.
    inputs : Tensor of shape (B, ...)
        Examples on which code and model must agree.

    Raises
    ------
    ValueError
        If its forward cannot be followed, or a layer's ``repr`` does not make the same layer again.

    Examples
    --------
    >>> print(plain(nn.Sequential(nn.Linear(4, 2), nn.ReLU()), torch.zeros(1, 4)).code)
    class Student(nn.Module):
        def __init__(self):
            super().__init__()
            self.add_module('0', nn.Linear(in_features=4, out_features=2, bias=True))
            self.add_module('1', nn.ReLU())
    <BLANKLINE>
        def forward(self, input):
            input_1 = input
            _0 = getattr(self, "0")(input_1)
            _1 = getattr(self, "1")(_0)
            return _1
    """
    model = copy.deepcopy(uncompiled(model))
    try:
        graph = fx.symbolic_trace(model.train()).graph
        layers, state = _layers(model, graph)
        code = "\n".join(["class Student(nn.Module):", *_indented(layers, 4), "", *_indented(_forward(graph), 4)])
        space: dict[str, Any] = dict(NAMES)
        exec(compile(code, "student", "exec"), space)  # what was written, to see whether it is right
        again = space["Student"]().to(inputs.dtype)
        again.load_state_dict(state)
        with evaluating(again), evaluating(model), torch.no_grad():
            same = torch.equal(again(inputs), model(inputs))
    except Exception as error:
        lines = str(error).strip().splitlines()
        raise ValueError(f"{_refusal(model)}: {lines[0] if lines else type(error).__name__}") from error
    if not same:
        raise ValueError(f"{_refusal(model)}: what it does depends on more than its layers")
    return Plain(code, state)


def _layers(model: nn.Module, graph: fx.Graph) -> tuple[list[str], dict[str, Tensor]]:
    """The lines of ``__init__``, and the weights of what they make."""
    lines = ["def __init__(self):", "    super().__init__()"]
    holders: set[str] = set()
    state: dict[str, Tensor] = {}
    for node in graph.nodes:
        name = str(node.target)
        if node.op not in ("call_module", "get_attr"):
            continue
        *above, last = name.split(".")
        for depth in range(1, len(above) + 1):
            holder = ".".join(above[:depth])
            if holder not in holders:
                holders.add(holder)
                lines.append("    " + _assigned(above[: depth - 1], above[depth - 1], "nn.Module()"))
        if name in holders:
            continue
        holders.add(name)
        if node.op == "call_module":
            layer = model.get_submodule(name)
            lines.append("    " + _assigned(above, last, _constructor(layer)))
            state |= {f"{name}.{key}": value for key, value in layer.state_dict().items()}
        else:
            held = fx.graph_module._get_attr(model, name)
            kind = "nn.Parameter(torch.empty{})" if isinstance(held, nn.Parameter) else "torch.empty{}"
            made = kind.format(tuple(held.shape))
            if isinstance(held, nn.Parameter):
                lines.append("    " + _assigned(above, last, made))
            else:
                lines.append(f"    {_place(above)}.register_buffer({last!r}, {made})")
            state[name] = held.detach()
    return lines, {name: value.detach().clone() for name, value in state.items()}


def _assigned(above: list[str], last: str, made: str) -> str:
    if last.isidentifier():
        return f"{_place(above)}.{last} = {made}"
    return f"{_place(above)}.add_module({last!r}, {made})"


def _place(above: list[str]) -> str:
    place = "self"
    for name in above:
        place = f"{place}.{name}" if name.isidentifier() else f"getattr({place}, {name!r})"
    return place


def _constructor(layer: nn.Module) -> str:
    """The call that makes a layer: what its ``repr`` says, for PyTorch's own."""
    if isinstance(layer, nn.MultiheadAttention):
        options = {"dropout": layer.dropout, "bias": layer.in_proj_bias is not None, "batch_first": layer.batch_first}
        given = ", ".join(f"{name}={value!r}" for name, value in options.items())
        return f"nn.MultiheadAttention({layer.embed_dim}, {layer.num_heads}, {given})"
    return f"nn.{layer!r}"


def _forward(graph: fx.Graph) -> list[str]:
    """The lines of ``forward``, without what only frees memory."""
    lines = graph.python_code("self").src.strip().splitlines()
    return [line.split(";")[0].rstrip() for line in lines if line.strip()]


def _indented(lines: list[str], spaces: int) -> list[str]:
    return [" " * spaces + line for line in lines]


def _refusal(model: nn.Module) -> str:
    return f"{type(model).__name__} cannot be written as plain layers"
