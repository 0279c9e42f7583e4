"""A student initialized with layers of its teacher."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import nn

NUMBERED = re.compile(r"^(.*?)(\d+)(\..*)?$")


def inherit(student: nn.Module, teacher: nn.Module, layers: Mapping[str, str] | None = None) -> nn.Module:
    """Initialize a student with its teacher's weights: every other block, and all with the same name and shape.

    Parameters
    ----------
    student : nn.Module
        Changed in place.
    teacher : nn.Module
        Left unchanged; weights are copied.
    layers : mapping of str to str, optional
        The teacher's layer for each layer of the student, by dotted module name. By default block i of n in the student
        gets block 1 + (i − 1)·(m // n) of m in the teacher: with a teacher twice as deep, every other one from the
        first on. Blocks are numbered layers at the top of a model, or in an ``nn.ModuleList`` anywhere in it.

    Returns
    -------
    nn.Module
        The student.

    Raises
    ------
    ValueError
        If a layer does not exist, or weights have different shapes.

    Notes
    -----
    DistilBERT takes one layer out of two from its teacher and has the same width; its authors' script takes layers 0,
    2, 4, 7, 9 and 11 of 12, where the rule here gives 0, 2, 4, 6, 8 and 10. Weights outside the named layers are copied
    where name and shape are the same (embeddings, the last linear layer), and left alone elsewhere.

    References
    ----------
    Sanh, Debut, Chaumond, Wolf (2019), DistilBERT, a distilled version of BERT, arXiv:1910.01108, section 3.

    Examples
    --------
    >>> from kdviz.models import vit
    >>> teacher, student = vit(16, 4, 2), vit(16, 2, 2, seed=1)
    >>> inherit(student, teacher).block2.expand.weight.equal(teacher.block3.expand.weight)
    True
    """
    layers = every_other(student, teacher) if layers is None else layers
    ours, theirs = student.state_dict(), teacher.state_dict()
    for name, other in layers.items():
        _check_layer(name, ours, "student")
        _check_layer(other, theirs, "teacher")
    taken = 0
    with torch.no_grad():
        for name, weight in ours.items():
            layer = next((one for one in layers if name.startswith(f"{one}.")), None)
            source = theirs.get(name if layer is None else layers[layer] + name[len(layer) :])
            if source is not None and source.shape == weight.shape:
                weight.copy_(source)
                taken += 1
            elif layer is not None:
                got = "none" if source is None else str(tuple(source.shape))
                raise ValueError(
                    f"the student's {name} has shape {tuple(weight.shape)} and the teacher's {layers[layer]} has {got} "
                    "there; a student that inherits layers must have its teacher's width"
                )
    if not taken:
        raise ValueError("student and teacher have no weight of the same name and shape; name layers that correspond")
    return student


def every_other(student: nn.Module, teacher: nn.Module) -> dict[str, str]:
    """Return which numbered block of the teacher each block of the student corresponds to, evenly from the first on."""
    ours, theirs = _blocks(student), _blocks(teacher)
    pairs: dict[str, str] = {}
    for kind, mine in ours.items():
        yours = theirs.get(kind, [])
        if len(mine) > 1 and len(yours) > len(mine):
            pairs |= {name: yours[i * (len(yours) // len(mine))] for i, name in enumerate(mine)}
    return pairs


def _blocks(model: nn.Module) -> dict[str, list[str]]:
    """Return the numbered layers with weights at the top of a model and in its lists, by name without the number."""
    found: dict[str, list[str]] = {}
    lists = [(f"{name}.", module) for name, module in model.named_modules() if name and type(module) is nn.ModuleList]
    for prefix, parent in (("", model), *lists):
        for name, child in parent.named_children():
            numbered = NUMBERED.match(name)
            if numbered is not None and any(True for _ in child.parameters()):
                found.setdefault(prefix + numbered.group(1), []).append(prefix + name)
    return found


def _check_layer(name: str, weights: Mapping[str, object], who: str) -> None:
    if not any(weight.startswith(f"{name}.") for weight in weights):
        raise ValueError(f"the {who} has no layer {name!r} with weights to inherit")
