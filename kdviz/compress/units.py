"""Whole units and channels taken away: what is left is an ordinary, smaller network, which takes less time."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..models.architecture import build, rebuildable
from ..models.looking import put_modes
from .checks import check_share


@dataclass(frozen=True)
class Group:
    """Units that stand and fall together: of one layer, or of all that write to one residual stream.

    Attributes
    ----------
    writers : tuple of (str, str)
        Layers whose outputs they are, each with the normalization behind it or "".
    readers : tuple of str
        Layers that take them as inputs.
    """

    writers: tuple[tuple[str, str], ...]
    readers: tuple[str, ...]


def without_units(model: nn.Module, share: float) -> nn.Module:
    """Return a smaller network, without the units whose weights are smallest.

    Parameters
    ----------
    model : nn.Module
        One of kdviz's perceptrons, convolutional or residual networks, as :func:`kdviz.models.build` makes them.
        Unchanged.
    share : float
        Of the units of each hidden layer, or of the channels of each convolution, from 0 to below 1; one is left in any
        case.

    Returns
    -------
    Network
        In training mode, with an ``.architecture`` of its own: it can be built, saved and taught as any other.

    Raises
    ------
    ValueError
        If the share is out of range, or the network is of another kind.

    Notes
    -----
    A unit's size is the norm of the weights that lead into it (multiplied by the scale of the normalization behind)
    times the norm of those that lead out of it. Of a residual stream the channels go that are smallest over all layers
    that write to it. The small network computes what :func:`units_at_zero` of the same share does, to rounding.

    References
    ----------
    Li, Kadav, Durdanovic, Samet, Graf (2017), Pruning Filters for Efficient ConvNets, ICLR, arXiv:1608.08710.

    Examples
    --------
    >>> from kdviz import models
    >>> without_units(models.mlp((8, 4), inputs=4, classes=3), 0.75).architecture["hidden"]
    [2, 1]
    """
    groups, kept, architecture = _chosen(model, share)
    small = build(architecture, seed=getattr(model, "seed", 0)).to(next(model.parameters()).dtype)
    outputs = {layer: index for group, index in zip(groups, kept, strict=True) for layer in _named(group)}
    inputs = {layer: index for group, index in zip(groups, kept, strict=True) for layer in group.readers}
    with torch.no_grad():
        for name, tensor in small.state_dict().items():
            layer, _, what = name.rpartition(".")
            old = model.state_dict()[name]
            if layer in outputs and old.ndim:
                old = old[outputs[layer]]
            if layer in inputs and what == "weight":
                old = old[:, inputs[layer]]
            tensor.copy_(old)
    return small.train()


def units_at_zero(model: nn.Module, share: float) -> nn.Module:
    """Return a copy of the same size whose smallest units give nothing: those that :func:`without_units` takes away.

    Parameters and errors as there.

    Examples
    --------
    >>> from kdviz import models
    >>> units_at_zero(models.mlp((8,), inputs=4, classes=3), 0.75).linear1.weight.any(1).sum().item()
    2
    """
    groups, kept, _ = _chosen(model, share)
    made = copy.deepcopy(model).requires_grad_(True)
    put_modes(made, {name: True for name, _ in made.named_modules()})
    with torch.no_grad():
        for group, index in zip(groups, kept, strict=True):
            for layer in _named(group):
                module = made.get_submodule(layer)
                for parameter in module.parameters():
                    gone = torch.ones(len(parameter), dtype=torch.bool)
                    gone[index] = False
                    parameter[gone] = 0
    return made


def _chosen(model: nn.Module, share: float) -> tuple[list[Group], list[Tensor], dict[str, Any]]:
    """Return the groups of units, which units of each are kept, in order, and the architecture without the others."""
    share = check_share("share", share)
    architecture = rebuildable(_as_float(model))
    grouped = None if architecture is None else _GROUPS.get(architecture["name"])
    if grouped is None or architecture is None:
        what = architecture["name"] if architecture else type(model).__name__
        raise ValueError(
            f"units can be taken from an mlp, a convnet or a resnet as kdviz builds them, got {what}; "
            "use kd.compress.pruned or kd.compress.low_rank"
        )
    groups = list(grouped(architecture))
    scores = [_scores(model, group) for group in groups]
    if architecture["name"] == "mlp":
        counts = [_left(len(score), share) for score in scores]
        smaller = {**architecture, "hidden": counts}
    else:
        width = architecture["width"]
        smaller = {**architecture, "width": _left(width, share)}
        counts = [len(score) // width * smaller["width"] for score in scores]
    kept = [score.topk(count).indices.sort().values for score, count in zip(scores, counts, strict=True)]
    return groups, kept, smaller


def _left(units: int, share: float) -> int:
    return max(1, round(units * (1 - share)))


def _as_float(model: nn.Module) -> nn.Module:
    """Return the model, or a copy in float32 of one in another precision, whose description holds as well."""
    return model if next(model.parameters()).dtype == torch.float32 else copy.deepcopy(model).float()


def _named(group: Group) -> Iterator[str]:
    for layer, norm in group.writers:
        yield layer
        if norm:
            yield norm


def _scores(model: nn.Module, group: Group) -> Tensor:
    """Return the size of each unit of a group, (units,)."""
    into = torch.stack([_squared(model, layer, norm) for layer, norm in group.writers]).sum(0)
    each = [_weight(model, layer).transpose(0, 1).flatten(1).square().sum(1) for layer in group.readers]
    return (into * torch.stack(each).sum(0)).sqrt()


def _squared(model: nn.Module, layer: str, norm: str) -> Tensor:
    squared = _weight(model, layer).flatten(1).square().sum(1)
    if norm:
        behind: Any = model.get_submodule(norm)
        squared = squared * behind.weight.detach().square() / (behind.running_var + behind.eps)
    return squared


def _weight(model: nn.Module, layer: str) -> Tensor:
    weight = model.get_submodule(layer).weight
    assert isinstance(weight, Tensor)
    return weight.detach()


# Which layers of an architecture belong together


def _of_mlp(architecture: dict[str, Any]) -> Iterator[Group]:
    depth = len(architecture["hidden"])
    for i in range(1, depth + 1):
        yield Group(((f"linear{i}", ""),), (f"linear{i + 1}" if i < depth else "logits",))


def _of_convnet(architecture: dict[str, Any]) -> Iterator[Group]:
    depth = architecture.get("depth", 5)
    for i in range(1, depth + 1):
        yield Group(((f"conv{i}", f"norm{i}"),), (f"conv{i + 1}" if i < depth else "logits",))


def _of_resnet(architecture: dict[str, Any]) -> Iterator[Group]:
    """The channels within each block, and the stream of each stage, to which all its blocks add."""
    writers: list[tuple[str, str]] = [("stem", "norm")]
    readers: list[str] = []
    for stage, blocks in enumerate(architecture["blocks"], start=1):
        for block in range(1, blocks + 1):
            name = f"stage{stage}_{block}"
            first = [f"{name}.conv1"]
            if stage > 1 and block == 1:  # a new stream begins, beside a shortcut out of the old one
                yield Group(tuple(writers), (*readers, *first, f"{name}.shortcut.0"))
                writers, readers = [(f"{name}.shortcut.0", f"{name}.shortcut.1")], []
            else:
                readers += first
            yield Group(((f"{name}.conv1", f"{name}.norm1"),), (f"{name}.conv2",))
            writers.append((f"{name}.conv2", f"{name}.norm2"))
    yield Group(tuple(writers), (*readers, "logits"))


_GROUPS = {"mlp": _of_mlp, "convnet": _of_convnet, "resnet": _of_resnet}
