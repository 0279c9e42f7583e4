"""Pairing: which layers of two models are at the same stage, so that a term can compare them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from ..data.inputs import Inputs
from ..models.encoders import MaskedHead
from ..models.ensemble import Ensemble
from ..models.transformer import FirstTokens, TwoHeads
from .taps import probe

Pair = tuple[str, str]  # the student's layer, the teacher's


@dataclass(frozen=True)
class LayerPairs:
    """Layers of a student and a teacher that correspond, the student's first in each pair.

    Attributes
    ----------
    maps : tuple of pairs
        Layers that output maps (B, C, H, W), from the first to the last stage; a stage ends where the maps get smaller.
    vectors : tuple of pairs
        Layers that output vectors (B, D), except the logits.
    tokens : tuple of pairs
        Blocks that output tokens (B, L, D).
    embeddings : pair or None
        The layers that output the tokens before the first block.
    attention : tuple of pairs
        Modules of attention with equally many heads and tokens on both sides.
    features : pair or None
        The inputs of the layers that output the logits.
    members : tuple of str
        The layers of an ensemble of teachers that output each one's logits. Such a teacher has no other pairs.
    token : str or None
        The layer of the student that outputs the logits of a distillation token.
    """

    maps: tuple[Pair, ...] = ()
    vectors: tuple[Pair, ...] = ()
    tokens: tuple[Pair, ...] = ()
    embeddings: Pair | None = None
    attention: tuple[Pair, ...] = ()
    features: Pair | None = None
    members: tuple[str, ...] = ()
    token: str | None = None

    @property
    def blocks(self) -> tuple[Pair, ...]:
        """The pairs of tokens; if there are none, those of maps; if there are none, those of vectors."""
        return self.tokens or self.maps or self.vectors


def layer_pairs(student: nn.Module, teacher: nn.Module, example: Inputs) -> LayerPairs:
    """Return the layers of two models that correspond.

    Parameters
    ----------
    student, teacher : nn.Module
        Run in eval mode and without gradient.
    example : Tensor, shape (B, ...), or a dict or tuple of tensors
        A batch in the format of both models.

    Returns
    -------
    LayerPairs
        The last stages are paired with each other, then the ones before; where one model has more, its first are
        omitted. Blocks of tokens are paired evenly: with twice the blocks in the teacher, every second one.

    Examples
    --------
    >>> import torch
    >>> from kdviz import models
    >>> pairs = layer_pairs(models.convnet(4), models.resnet(8), torch.zeros(2, 1, 28, 28))
    >>> pairs.maps
    (('relu2', 'stage1_1'), ('relu4', 'stage2_1'), ('relu5', 'stage3_1'))
    >>> pairs.features
    ('flatten', 'flatten')
    """
    token = next((f"{n}.teacher_head" for n, m in student.named_modules() if isinstance(m, TwoHeads)), None)
    if isinstance(teacher, Ensemble):
        return LayerPairs(members=tuple(f"members.{k}" for k in range(len(teacher.members))), token=token)
    ours, theirs = _shapes(student, example), _shapes(teacher, example)
    rows = _tokens(student, ours), _tokens(teacher, theirs)
    return LayerPairs(
        maps=_from_the_end(_ends(ours, 4), _ends(theirs, 4)),
        vectors=_from_the_end(_ends(ours, 2)[:-1], _ends(theirs, 2)[:-1]),
        tokens=_evenly(rows[0][1:], rows[1][1:]),
        embeddings=(rows[0][0], rows[1][0]) if rows[0] and rows[1] else None,
        attention=_attention(ours, theirs),
        features=_features(ours, theirs),
        token=token,
    )


def _shapes(model: nn.Module, example: Inputs) -> dict[str, tuple[int, ...]]:
    """Return the output shapes of the model's top-level layers, from the first with weights on; layers inside blocks
    are omitted."""
    shapes = {name: tap.shape for name, tap in probe(model, example).items() if name and tap.runs == 1}
    modules = dict(model.named_modules())
    weighted = [any(True for _ in modules[n].parameters()) for n in shapes if not n.endswith(":scores")]
    unweighted = weighted.index(True) if True in weighted else 0
    layers = list(shapes.items())[unweighted:]
    shapes = {n: s for n, s in layers if not isinstance(modules.get(n), nn.Dropout)}  # the identity in eval mode
    inner = {name for name in shapes if any(name.startswith(f"{other}.") for other in shapes)}
    scored = {name: shape for name, shape in shapes.items() if name.endswith(":scores")}
    return {name: shape for name, shape in shapes.items() if name not in inner} | scored


def _ends(shapes: Mapping[str, tuple[int, ...]], rank: int) -> list[str]:
    """Return the last layer of each stage among those that output maps (rank 4) or vectors (rank 2).

    A stage ends where the size of the maps, or the width of the vectors, changes.
    """
    of_rank = [(name, shape) for name, shape in shapes.items() if len(shape) == rank and not name.endswith(":scores")]
    ends: list[str] = []
    for at, (name, shape) in enumerate(of_rank):
        after = of_rank[at + 1][1] if at + 1 < len(of_rank) else None
        size = shape[2:] if rank == 4 else shape[1:]
        if after is None or (after[2:] if rank == 4 else after[1:]) != size:
            ends.append(name)
    return [name for name in ends if rank != 4 or shapes[name][2:] != (1, 1)]


def _tokens(model: nn.Module, shapes: Mapping[str, tuple[int, ...]]) -> list[str]:
    """Return the layers that output tokens; normalizations between and after the blocks, and heads, are omitted.

    Where a model has its blocks in an ``nn.ModuleList``, as the transformers package has, they are the blocks.
    """
    modules = dict(model.named_modules())
    others = nn.LayerNorm | FirstTokens | MaskedHead
    found = [n for n, shape in shapes.items() if len(shape) == 3 and not isinstance(modules[n], others)]
    listed = [n for n in found if isinstance(modules.get(n.rpartition(".")[0]), nn.ModuleList)]
    return [*found[:1], *(n for n in listed if n not in found[:1])] if listed else found


def _from_the_end(ours: list[str], theirs: list[str]) -> tuple[Pair, ...]:
    count = min(len(ours), len(theirs))
    return tuple(zip(ours[len(ours) - count :], theirs[len(theirs) - count :], strict=True))


def _evenly(ours: list[str], theirs: list[str]) -> tuple[Pair, ...]:
    """Pair layer i of n with layer ⌈i·m/n⌉ of m, as TinyBERT's uniform map does."""
    count = min(len(ours), len(theirs))
    if count == 0:
        return ()
    mine = [ours[-(-(i + 1) * len(ours) // count) - 1] for i in range(count)]
    yours = [theirs[-(-(i + 1) * len(theirs) // count) - 1] for i in range(count)]
    return tuple(zip(mine, yours, strict=True))


def _attention(ours: Mapping[str, tuple[int, ...]], theirs: Mapping[str, tuple[int, ...]]) -> tuple[Pair, ...]:
    sides = [[name for name in shapes if name.endswith(":scores")] for shapes in (ours, theirs)]
    pairs = _evenly(*sides)
    return tuple(
        (s.removesuffix(":scores"), t.removesuffix(":scores")) for s, t in pairs if ours[s][1:] == theirs[t][1:]
    )


def _features(ours: Mapping[str, tuple[int, ...]], theirs: Mapping[str, tuple[int, ...]]) -> Pair | None:
    names = [_before_the_logits(shapes) for shapes in (ours, theirs)]
    return None if None in names else (str(names[0]), str(names[1]))


def _before_the_logits(shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    vectors = [name for name, shape in shapes.items() if len(shape) == 2]
    return vectors[-2] if len(vectors) > 1 else None
