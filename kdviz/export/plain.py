"""A model as the code of a plain module: its layers as constructors, its forward as it was followed."""

from __future__ import annotations

import ast
import copy
from typing import NamedTuple

import torch
from torch import Tensor, fx, nn

from ..models.inference import uncompiled
from ..models.looking import evaluating


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
        layers = _layers(model, graph)
        again = fx.GraphModule(layers.module, graph).to(inputs.dtype)
        state = {name: value.detach().clone() for name, value in model.state_dict().items() if name in layers.state}
        again.load_state_dict(state)
        with evaluating(again), evaluating(model), torch.no_grad():
            same = torch.equal(again(inputs), model(inputs))
    except Exception as error:
        lines = str(error).strip().splitlines()
        raise ValueError(f"{_refusal(model)}: {lines[0] if lines else type(error).__name__}") from error
    if not same:
        raise ValueError(f"{_refusal(model)}: what it does depends on more than its layers")
    code = ["class Student(nn.Module):", *_indented(layers.lines, 4), "", *_indented(_forward(graph), 4)]
    return Plain("\n".join(code), state)


class _Layers(NamedTuple):
    """The lines of ``__init__``, and what they make."""

    lines: list[str]
    module: nn.Module

    @property
    def state(self) -> frozenset[str]:
        return frozenset(self.module.state_dict())


def _layers(model: nn.Module, graph: fx.Graph) -> _Layers:
    lines, root = ["def __init__(self):", "    super().__init__()"], nn.Module()
    done: set[str] = set()
    for node in graph.nodes:
        name = str(node.target)
        if node.op not in ("call_module", "get_attr") or name in done:
            continue
        *above, last = name.split(".")
        holder = root
        for depth, part in enumerate(above):
            if ".".join(above[: depth + 1]) not in done:
                done.add(".".join(above[: depth + 1]))
                holder.add_module(part, nn.Module())
                lines.append("    " + _assigned(above[:depth], part, "nn.Module()"))
            holder = holder.get_submodule(part)
        done.add(name)
        if node.op == "call_module":
            text = _constructor(model.get_submodule(name))
            holder.add_module(last, _made(text))
            lines.append("    " + _assigned(above, last, f"nn.{text}"))
            continue
        held = getattr(model.get_submodule(".".join(above)), last)
        empty = f"torch.empty{tuple(held.shape)}"
        if isinstance(held, nn.Parameter):
            holder.register_parameter(last, nn.Parameter(torch.empty(held.shape)))
            lines.append("    " + _assigned(above, last, f"nn.Parameter({empty})"))
        else:
            holder.register_buffer(last, torch.empty(held.shape))
            lines.append(f"    {_place(above)}.register_buffer({last!r}, {empty})")
    return _Layers(lines, root)


def _made(text: str) -> nn.Module:
    """The layer that a constructor makes, whose arguments are plain values."""
    call = ast.parse(text, mode="eval").body
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise ValueError(f"{text.splitlines()[0]} is no constructor of a layer")
    given = {str(option.arg): ast.literal_eval(option.value) for option in call.keywords}
    made = getattr(nn, call.func.id)(*map(ast.literal_eval, call.args), **given)
    assert isinstance(made, nn.Module)
    return made


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
        return f"MultiheadAttention({layer.embed_dim}, {layer.num_heads}, {given})"
    return repr(layer)


def _forward(graph: fx.Graph) -> list[str]:
    """The lines of ``forward``, without what only frees memory."""
    lines = graph.python_code("self").src.strip().splitlines()
    return [line.split(";")[0].rstrip() for line in lines if line.strip()]


def _indented(lines: list[str], spaces: int) -> list[str]:
    return [" " * spaces + line for line in lines]


def _refusal(model: nn.Module) -> str:
    return f"{type(model).__name__} cannot be written as plain layers"
