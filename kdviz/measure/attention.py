"""Attention: where the layers of two models look.

Two views of what goes on inside. The maps of attention transfer say where a layer is active; the matrices of a
transformer say which token draws on which. How alike layers are, wherever they look, is in ``similarity.py``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..data.inputs import rows, tensors
from ..models.inference import Inputs, call, count, token_mask, uncompiled
from .attending import attending, watching
from .fidelity import Array
from .layers import (
    Layers,
    asking,
    batches,
    best_match,
    checked_inputs,
    chosen_layers,
    evenly_spaced,
    listed,
    of_examples,
    part_of,
    watch,
)

if TYPE_CHECKING:
    import pandas as pd

    from .saliency import Progress

Form = Literal["sum", "max"]
Heads = Literal["mean", "max", "min"]


@dataclass(frozen=True, eq=False)
class MapDistance:
    """How far apart two maps of each example are, each of L2 norm 1.

    Attributes
    ----------
    squared : ndarray of float64, shape (N,)
        ‖Q_a − Q_b‖² in [0, 2] where the maps have no negative value; 1 where only one of the two is 0 throughout.
    cosine : ndarray of float64, shape (N,)
        ⟨Q_a, Q_b⟩ in [-1, 1]; nan where either map is 0 throughout. Elsewhere squared = 2 − 2 · cosine.
    """

    squared: np.ndarray
    cosine: np.ndarray


@dataclass(frozen=True, eq=False)
class Attention:
    """The maps of two models, layer by layer, and how far they are apart.

    Attributes
    ----------
    teacher_maps, student_maps : dict of str to Tensor, shape (N, h, w)
        By layer, in order.
    squared, cosine : ndarray of float64, shape (T, S, N)
        As of :class:`MapDistance`, of each teacher layer, student layer and example.
    by_chance : ndarray of float64, shape (T, S)
        Median cosine of the student's map of an example with the teacher's map of the next one: what two maps share
        whatever they are of, where neighbours in X have nothing to do with each other. nan where there is one example.
    examples : ndarray of int64, shape (N,)
        Places of the examples in X.
    n_given : int
        How many examples X had.
    """

    teacher_maps: dict[str, Tensor] = field(repr=False)
    student_maps: dict[str, Tensor] = field(repr=False)
    squared: np.ndarray = field(repr=False)
    cosine: np.ndarray = field(repr=False)
    by_chance: np.ndarray = field(repr=False)
    examples: np.ndarray = field(repr=False)
    n_given: int

    @property
    def n(self) -> int:
        """How many examples were looked at."""
        return len(self.examples)

    @property
    def teacher_layers(self) -> tuple[str, ...]:
        """Names of the T layers."""
        return tuple(self.teacher_maps)

    @property
    def student_layers(self) -> tuple[str, ...]:
        """Names of the S layers."""
        return tuple(self.student_maps)

    def median(self) -> np.ndarray:
        """Return the median cosine of each teacher and student layer, shape (T, S); nan where there is none."""
        return _median(self.cosine)

    def nearest(self) -> dict[str, str]:
        """Return, for each student layer, the teacher layer with the highest median cosine.

        Student layers whose maps are 0 throughout are left out. Maps of few places, and smooth ones, are alike more
        easily: hold what is nearest against ``by_chance``.
        """
        return best_match(self.teacher_layers, self.student_layers, self.median())

    def frame(self) -> pd.DataFrame:
        """Return a table with a row for each teacher layer, student layer and example.

        Columns ``teacher_layer``, ``student_layer``, ``example`` (place in X), ``squared`` and ``cosine``.
        """
        import pandas as pd

        pairs = [(t, s, i) for t in self.teacher_layers for s in self.student_layers for i in self.examples.tolist()]
        table = pd.DataFrame(pairs, columns=["teacher_layer", "student_layer", "example"])
        return table.assign(squared=self.squared.ravel(), cosine=self.cosine.ravel())

    def sentence(self) -> str:
        """Return what was found, in words.

        >>> maps = {"relu1": torch.eye(3).expand(2, 3, 3)}
        >>> print(compare(maps, maps).sentence())
        The student's map after relu1 lies nearest to the teacher's after relu1 (median cosine 1.00); the last maps of
        both, the teacher's relu1 and the student's relu1, have a cosine of 1.00, and of 1.00 where the teacher's is of
        another example (medians of 2 examples).
        """
        median, nearest = self.median(), self.nearest()
        if not nearest:
            return f"Nothing can be said of {of_examples(self.n, self.n_given)}: one of each two maps is 0 throughout."
        student = list(nearest)[-1]
        row, column = self.teacher_layers.index(nearest[student]), self.student_layers.index(student)
        says = (
            f"The student's map after {student} lies nearest to the teacher's after {nearest[student]} "
            f"(median cosine {median[row, column]:.2f}); the last maps of both, the teacher's "
            f"{self.teacher_layers[-1]} and the student's {self.student_layers[-1]}, have "
        )
        if np.isnan(median[-1, -1]):
            says += "no cosine, as one is 0 throughout"
        else:
            says += f"a cosine of {median[-1, -1]:.2f}"
            if not np.isnan(self.by_chance[-1, -1]):
                says += f", and of {self.by_chance[-1, -1]:.2f} where the teacher's is of another example"
        return f"{says} (medians of {of_examples(self.n, self.n_given)})."


def activation_maps(
    model: nn.Module,
    X: Inputs,
    layers: Layers = None,
    *,
    form: Form = "sum",
    power: float = 2.0,
    batch_size: int = 64,
    progress: Progress | None = None,
) -> dict[str, Tensor]:
    """Return where layers of a convolutional network are active: one map for each layer and example, of L2 norm 1.

    Parameters
    ----------
    model : nn.Module
        Takes (B, ...); what it returns does not matter. It runs in eval mode where it lies; modes and hooks are
        afterwards as before. No other thread may train it meanwhile.
    X : Tensor, shape (N, ...)
        As of `Examples.inputs()`.
    layers : str or sequence of str, optional
        Names as in ``model.named_modules()`` of layers with outputs (B, C, h, w), h · w > 1. If None, the ends of the
        model's steps, see the notes, that give maps.
    form : {"sum", "max"}
        Sum or maximum over the channels.
    power : float
        p > 0. Larger ones leave less but the strongest places.
    batch_size : int
        Examples that the model sees at once.
    progress : callable, optional
        Called with (examples done, N) before each pass of the model and at the end; return False to stop.

    Returns
    -------
    dict of str to Tensor, shape (N, h, w)
        On the CPU; float32, or float64 where the layer's output is. A map that is 0 throughout stays so.

    Raises
    ------
    ValueError
        If there is no example, no such layer, a layer gives no map or a value is not finite.
    Cancelled
        If ``progress`` returned False; no half result is given.

    Notes
    -----
    With A_c the channels of a layer's output::

        sum  F(A) = Σ_c |A_c|^p        max  F(A) = max_c |A_c|^p        Q = F / ‖F‖₂

    The authors' code has the mean of the squares over the channels. It is "sum" with p = 2: the norm takes the number
    of channels away.

    A step begins at each part of the model with weights of two axes or more (a convolution, a block, a linear layer)
    and ends at its last part that has parameters or is an activation of torch.nn; pooling and flattening do not count.
    Parts are the model's children, where chains (nn.Sequential, nn.TransformerEncoder) and wrappers of a single module
    are opened. These are relu1 to relu5 of `convnet`, and relu, stage1_1, stage2_1, ... of `resnet`. A layer that runs
    more than once is seen as of its last run.

    References
    ----------
    Zagoruyko, Komodakis (2017), Paying More Attention to Attention, ICLR, arXiv:1612.03928.

    Examples
    --------
    >>> model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))
    >>> maps = activation_maps(model, torch.rand(5, 1, 6, 6))
    >>> {name: tuple(m.shape) for name, m in maps.items()}
    {'1': (5, 4, 4)}
    """
    return _activation_maps(model, X, layers, form, power, batch_size, progress, "model")


def attention_matrices(
    model: nn.Module, X: Inputs, *, batch_size: int = 64, progress: Progress | None = None
) -> dict[str, Tensor]:
    """Return the attention of each head of each attention layer, in the order they run.

    Parameters
    ----------
    model : nn.Module
        As of :func:`activation_maps`, with layers of `torch.nn.MultiheadAttention`, the transformers package or timm.
        Its answer stays the same, up to rounding: fused kernels are left, as they give no weights.
    X : Tensor, shape (N, ...)
        Whatever the model takes, images or whole numbers of tokens.
    batch_size : int
        Examples that the model sees at once.
    progress : callable, optional
        As of :func:`activation_maps`.

    Returns
    -------
    dict of str to Tensor, shape (N, heads, L, L)
        By the module's name; a second run of the same module is "name (2)". Rows are the tokens that look and sum to
        1, columns those looked at. Of attention to another sequence, (N, heads, L, S). On the CPU; float32, or float64
        where the model is: 4 · N · heads · L² bytes a layer.

    Raises
    ------
    ValueError
        If the model has or runs no such layer, there is no example, or a weight is not finite.
    Cancelled
        If ``progress`` returned False.

    Notes
    -----
    Head by head A = softmax(Q Kᵀ / √d), masks included and dropout left out. Where nn.TransformerEncoder is given a
    padding mask, its fast path gives 0 at hidden places, and without it they hold numbers without a meaning.

    References
    ----------
    Vaswani et al. (2017), Attention Is All You Need, arXiv:1706.03762.

    Examples
    --------
    >>> layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    >>> found = attention_matrices(layer, torch.rand(3, 5, 8))
    >>> {name: tuple(A.shape) for name, A in found.items()}
    {'self_attn': (3, 2, 5, 5)}
    """
    X = checked_inputs(X, batch_size)
    there = attending(model)
    if not there:
        raise ValueError(
            "the model has no attention layer that is known (torch.nn.MultiheadAttention, or those of the transformers "
            "and timm packages), and so no attention matrix; use activation_maps for a convolutional network, or "
            "kdviz.measure.saliency for any model"
        )
    parts: dict[str, list[Tensor]] = {}
    with asking(model), watching(model) as runs:
        for x in batches(model, X, batch_size, progress):
            runs.clear()
            call(uncompiled(model), x)
            for name, weights in _numbered(runs):
                parts.setdefault(name, []).append(_checked_weights(weights, name, count(x)))
    if not parts:
        raise ValueError(f"the model ran none of its attention layers ({listed(there)}); are they in use?")
    return {name: torch.cat(each) for name, each in parts.items()}


def rollout(
    matrices: Mapping[str, Tensor] | Sequence[Tensor], *, heads: Heads = "mean", residual: bool = True
) -> Tensor:
    """Return how much of each token at the input reaches each token at the output, through all layers.

    Parameters
    ----------
    matrices : mapping of str to Tensor or sequence of Tensor, each of shape (N, heads, L, L)
        Of self-attention, from the first layer to the last, as of :func:`attention_matrices`.
    heads : {"mean", "max", "min"}
        How the heads of a layer become one. The paper has the mean.
    residual : bool
        Whether half of each token comes from itself, past the attention.

    Returns
    -------
    Tensor of float64, shape (N, L, L)
        Rows are tokens of the output and sum to 1.

    Raises
    ------
    ValueError
        If there is no layer, shapes do not fit, a weight is negative or not finite, or a row has no weight left.

    Notes
    -----
    With W_l the heads' mean, maximum or minimum, rows divided by their sums::

        A_l = ½ W_l + ½ I   (W_l without the residual)        rollout = A_last ⋯ A_2 A_1

    A token whose heads share no place keeps itself alone under "min". Values, linear layers and normalisation are left
    out, so that this is a summary of the attention and no attribution of the answer.

    References
    ----------
    Abnar, Zuidema (2020), Quantifying Attention Flow in Transformers, ACL, arXiv:2005.00928.

    Examples
    --------
    >>> A = torch.tensor([[[[1.0, 0.0], [0.5, 0.5]]]])
    >>> rollout([A, A])
    tensor([[[1.0000, 0.0000],
             [0.4375, 0.5625]]], dtype=torch.float64)
    """
    if heads not in get_args(Heads):
        raise ValueError(f"heads must be one of {', '.join(get_args(Heads))}, got {heads!r}")
    layers = _checked_layers(matrices)
    rolled = torch.eye(layers[0][1].shape[-1], dtype=torch.float64).expand(len(layers[0][1]), -1, -1)  # (N, L, L)
    for name, weights in layers:
        rolled = _mixing(weights.double(), name, heads, residual) @ rolled
    return rolled


def patch_map(attention: Tensor, grid: tuple[int, int] | None = None, *, tokens: int = 1) -> Tensor:
    """Return the class token's attention to the patches as an image.

    Parameters
    ----------
    attention : Tensor, shape (N, L, L)
        As of :func:`rollout`, or of one head: ``matrices["block1.attention"][:, 0]``.
    grid : (int, int), optional
        Rows and columns h, w of patches, row by row. If None, a square.
    tokens : int
        How many tokens stand before the patches: 1 for a class token, 2 where a distillation token follows it. The
        first one's row is shown. 0 where there is none: then the mean over all rows.

    Returns
    -------
    Tensor, shape (N, h, w)
        Not scaled: its sum is the share that falls on patches.

    Raises
    ------
    ValueError
        If the shape does not fit or the patches do not fill the grid.

    Examples
    --------
    >>> patch_map(torch.tensor([[[0.2, 0.1, 0.3, 0.4, 0.0]] * 5]))
    tensor([[[0.1000, 0.3000],
             [0.4000, 0.0000]]])
    """
    if attention.ndim != 3 or attention.shape[1] != attention.shape[2] or not len(attention):
        raise ValueError(
            f"attention must have shape (examples, L, L), got {tuple(attention.shape)}; "
            "take rollout(matrices), or one head with matrices[name][:, head]"
        )
    patches = attention.shape[-1] - tokens
    if tokens < 0 or patches < 1:
        raise ValueError(f"tokens must be from 0 to {attention.shape[-1] - 1}, got {tokens}")
    side = math.isqrt(patches)
    height, width = (side, side) if grid is None else grid
    if height * width != patches or height < 1:
        asked = "a square" if grid is None else f"{height} × {width}"
        raise ValueError(
            f"the patches must fill {asked}, and {attention.shape[-1]} tokens less {tokens} before them are {patches}; "
            "give their rows and columns as grid, or another number of tokens"
        )
    seen = attention[:, 0] if tokens else attention.mean(1)  # (N, L)
    return seen[:, tokens:].reshape(-1, height, width)


def layer_maps(
    model: nn.Module,
    X: Inputs,
    *,
    head: int | None = None,
    accumulated: bool = False,
    batch_size: int = 64,
    progress: Progress | None = None,
) -> dict[str, Tensor]:
    """Return where each attention layer of a transformer looks, as an image of the patches.

    Parameters
    ----------
    model, X, batch_size, progress
        As of :func:`attention_matrices`.
    head : int, optional
        Which head. None, or one that a layer has not: the mean of its heads.
    accumulated : bool
        Whether each layer's map is the :func:`rollout` up to it.

    Returns
    -------
    dict of str to Tensor, shape (N, h, w)
        By layer. A class token, or a class and a distillation token, may stand before a square of patches. Of text,
        whole numbers (N, L), one row of tokens: h = 1, w = L, the mean over all tokens that look, without padding.

    Raises
    ------
    ValueError
        As of :func:`attention_matrices` and :func:`patch_map`.
    """
    matrices = attention_matrices(model, X, batch_size=batch_size, progress=progress)
    if accumulated:
        names = list(matrices)
        looks = {name: rollout({n: matrices[n] for n in names[: i + 1]}) for i, name in enumerate(names)}
    else:
        looks = {
            name: A[:, head] if head is not None and 0 <= head < A.shape[1] else A.mean(1)
            for name, A in matrices.items()
        }
    if not tensors(X)[0].is_floating_point():
        return {name: _token_map(A, token_mask(X, A.shape[-1])) for name, A in looks.items()}
    return {name: patch_map(A, tokens=_tokens_before(A.shape[-1])) for name, A in looks.items()}


def _token_map(attention: Tensor, mask: Tensor | None) -> Tensor:
    """Return how much is seen of each token, (N, 1, L): the mean over the rows that are tokens, not padding."""
    if mask is None:
        return attention.mean(1, keepdim=True)
    counts = mask.to(attention)[:, None]  # (N, 1, L)
    return counts @ attention / counts.sum(-1, keepdim=True).clamp_min(1)


def _tokens_before(length: int) -> int:
    """Return how many tokens stand before a square of patches: a class token, one for distillation, or none."""
    return next((tokens for tokens in (1, 2, 0) if math.isqrt(length - tokens) ** 2 == length - tokens > 0), 1)


def distance(a: Array, b: Array) -> MapDistance:
    """Return how far apart two maps of each example are, whatever their sizes.

    Parameters
    ----------
    a, b : array of float, shape (N, h, w)
        Of the same examples in the same order.

    Raises
    ------
    ValueError
        If the numbers of examples differ, there is none, or a value is not finite.

    Notes
    -----
    Where sizes differ, the larger map is averaged down to the smaller (adaptive average pooling, along each axis by
    itself), as in the authors' code: it compares what both can show, where enlarging would invent detail. Both are
    then divided by their L2 norms. With Q_a, Q_b of M places, the authors' code has the mean ‖Q_a − Q_b‖² / M for its
    loss, their paper ‖Q_a − Q_b‖; both follow from ``squared``.

    Maps without negative values always have something in common: hold a cosine against that of maps of different
    examples, as :class:`Attention` does.

    References
    ----------
    Zagoruyko, Komodakis (2017), Paying More Attention to Attention, ICLR, arXiv:1612.03928.

    Examples
    --------
    >>> found = distance([[[3.0, 0.0], [0.0, 4.0]]], [[[0.0, 0.0], [0.0, 2.0]]])
    >>> round(float(found.squared[0]), 4), round(float(found.cosine[0]), 4)
    (0.4, 0.8)
    """
    first, second = _maps(a, "a"), _maps(b, "b")
    if len(first) != len(second):
        raise ValueError(f"a and b must be maps of the same examples, got {len(first)} and {len(second)} of them")
    return _apart(first, second)


def compare(teacher_maps: Mapping[str, Tensor], student_maps: Mapping[str, Tensor]) -> Attention:
    """Compare maps that are at hand, each of a teacher's with each of a student's.

    Parameters
    ----------
    teacher_maps, student_maps : mapping of str to Tensor, shape (N, h, w)
        As of :func:`activation_maps`, or :func:`patch_map` of a transformer's layers. Of the same examples.

    Raises
    ------
    ValueError
        If there is no map, the numbers of examples differ or a value is not finite.
    """
    return _compare(dict(teacher_maps), dict(student_maps))


def attention(
    teacher: nn.Module,
    student: nn.Module,
    X: Inputs,
    teacher_layers: Layers = None,
    student_layers: Layers = None,
    *,
    form: Form = "sum",
    power: float = 2.0,
    limit: int = 500,
    batch_size: int = 64,
    progress: Progress | None = None,
) -> Attention:
    """Compare where the layers of a teacher and a student are active, each with each.

    Parameters
    ----------
    teacher, student, X, form, power, batch_size
        As of :func:`activation_maps`.
    teacher_layers, student_layers : str or sequence of str, optional
        As ``layers`` of :func:`activation_maps`.
    limit : int
        Most examples to look at; of more, that many evenly spaced ones.
    progress : callable, optional
        Called with (passes done, passes in all), a pass for each model and example; return False to stop.

    Raises
    ------
    ValueError, Cancelled
        As of :func:`activation_maps`.

    Examples
    --------
    >>> import kdviz as kd
    >>> found = attention(kd.models.convnet(4, seed=0), kd.models.convnet(2, seed=1), torch.rand(6, 1, 28, 28))
    >>> found.student_layers
    ('relu1', 'relu2', 'relu3', 'relu4', 'relu5')
    >>> found.cosine.shape
    (5, 5, 6)
    """
    chosen = evenly_spaced(checked_inputs(X, batch_size), limit)
    x, n = rows(X, torch.as_tensor(chosen)), len(chosen)
    maps = [
        _activation_maps(model, x, layers, form, power, batch_size, part_of(progress, done, 2 * n), who)
        for who, model, layers, done in (
            ("teacher", teacher, teacher_layers, 0),
            ("student", student, student_layers, n),
        )
    ]
    return _compare(maps[0], maps[1], chosen, count(X))


def _activation_maps(
    model: nn.Module,
    X: Inputs,
    layers: Layers,
    form: Form,
    power: float,
    batch_size: int,
    progress: Progress | None,
    who: str,
) -> dict[str, Tensor]:
    if form not in get_args(Form):
        raise ValueError(f"form must be one of {', '.join(get_args(Form))}, got {form!r}")
    if not (math.isfinite(power) and power > 0):
        raise ValueError(f"power must be a number above 0, got {power}")
    X = checked_inputs(X, batch_size)

    def keep(out: Tensor) -> Tensor:
        A = out.double().abs()  # (B, C, h, w)
        A = (A / _or_one(A.amax((1, 2, 3), keepdim=True))).pow(power)
        return _unit(A.sum(1) if form == "sum" else A.amax(1))

    def fit(shape: tuple[int, ...]) -> bool:
        return len(shape) == 4 and shape[2] * shape[3] > 1

    with asking(model):
        chosen = chosen_layers(model, X, layers, fit, "maps (examples, channels, height, width) of several places", who)
        return watch(model, X, chosen, keep, batch_size, progress, who)


def _numbered(runs: Sequence[tuple[str, Tensor]]) -> Iterator[tuple[str, Tensor]]:
    times: dict[str, int] = {}
    for name, weights in runs:
        times[name] = times.get(name, 0) + 1
        yield (name if times[name] == 1 else f"{name} ({times[name]})"), weights


def _checked_weights(weights: Tensor, name: str, n: int) -> Tensor:
    if weights.ndim != 4 or len(weights) != n:
        raise ValueError(
            f"the attention of {name!r} must be (examples, heads, L, L), got shape {tuple(weights.shape)} "
            f"for {n} example{'' if n == 1 else 's'}; within windows, or without a batch, it has no matrix an example"
        )
    if not bool(weights.isfinite().all()):
        raise ValueError(
            f"the attention of {name!r} must be finite, got nan; does a mask hide all places of an example?"
        )
    return weights.detach().to("cpu", torch.float64 if weights.dtype == torch.float64 else torch.float32, copy=True)


def _checked_layers(matrices: Mapping[str, Tensor] | Sequence[Tensor]) -> list[tuple[str, Tensor]]:
    layers = list(matrices.items()) if isinstance(matrices, Mapping) else [(str(i), m) for i, m in enumerate(matrices)]
    if not layers:
        raise ValueError("rollout needs the attention of at least one layer, got none")
    first = layers[0][1].shape
    for name, weights in layers:
        if weights.ndim != 4 or 0 in weights.shape or weights.shape[2] != weights.shape[3]:
            raise ValueError(
                f"layer {name!r} must have shape (examples, heads, L, L), got {tuple(weights.shape)}; "
                "leave out attention to another sequence"
            )
        if (len(weights), weights.shape[3]) != (first[0], first[3]):
            raise ValueError(
                f"layer {name!r} must be of the same examples and tokens as the first, {first[0]} and {first[3]}, "
                f"got {len(weights)} and {weights.shape[3]}"
            )
        if not bool((weights.isfinite() & (weights >= 0)).all()):
            raise ValueError(f"layer {name!r} must hold weights of 0 or more, got a negative one, nan or inf")
    return [(name, weights.detach().cpu()) for name, weights in layers]


def _mixing(weights: Tensor, name: str, heads: Heads, residual: bool) -> Tensor:
    """Return A_l of one layer, shape (N, L, L), rows of sum 1."""
    W = {"mean": lambda: weights.mean(1), "max": lambda: weights.amax(1), "min": lambda: weights.amin(1)}[heads]()
    W = W / _or_one(W.sum(-1, keepdim=True))
    if residual:
        W = W + torch.eye(W.shape[-1], dtype=W.dtype)
    total = W.sum(-1, keepdim=True)
    if not bool((total > 0).all()):
        raise ValueError(
            f"in layer {name!r} a token has no place that all heads share, and so no row; "
            'use heads="mean" or residual=True'
        )
    return W / total


def _maps(maps: Array, what: str) -> Tensor:
    m = torch.as_tensor(maps).detach().to("cpu", torch.float64)
    if m.ndim != 3 or m.numel() == 0:
        raise ValueError(f"{what} must be maps (examples, height, width) of at least one example, got {tuple(m.shape)}")
    if not bool(m.isfinite().all()):
        raise ValueError(f"{what} must be finite, got nan or inf")
    return m


def _apart(a: Tensor, b: Tensor) -> MapDistance:
    """Return the distances of two sets of maps in float64, the larger averaged down to the smaller."""
    size = (min(a.shape[1], b.shape[1]), min(a.shape[2], b.shape[2]))
    p, q = (_unit(F.adaptive_avg_pool2d(m.unsqueeze(1), size).squeeze(1)).flatten(1) for m in (a, b))  # (N, h·w)
    cosine = (p * q).sum(1).clamp(-1, 1)
    blank = (p == 0).all(1) | (q == 0).all(1)
    return MapDistance((p - q).square().sum(1).numpy(), cosine.masked_fill(blank, math.nan).numpy())


def _compare(
    teacher: dict[str, Tensor],
    student: dict[str, Tensor],
    examples: np.ndarray | None = None,
    n_given: int | None = None,
) -> Attention:
    sides = []
    for who, maps in (("teacher", teacher), ("student", student)):
        if not maps:
            raise ValueError(f"{who}_maps must hold the maps of at least one layer, got none")
        sides.append([_maps(m, f"the {who}'s maps of {name!r}") for name, m in maps.items()])
    counts = sorted({len(m) for side in sides for m in side})
    if len(counts) > 1:
        raise ValueError(f"all maps must be of the same examples, got {listed(map(str, counts))} of them")
    n = counts[0]
    pairs = [[_apart(t, s) for s in sides[1]] for t in sides[0]]
    by_chance = [[math.nan if n == 1 else _apart(t.roll(-1, 0), s).cosine for s in sides[1]] for t in sides[0]]
    return Attention(
        teacher_maps=teacher,
        student_maps=student,
        squared=np.array([[pair.squared for pair in row] for row in pairs]),
        cosine=np.array([[pair.cosine for pair in row] for row in pairs]),
        by_chance=_median(np.array(by_chance).reshape(len(teacher), len(student), -1)),
        examples=np.arange(n) if examples is None else examples,
        n_given=n if n_given is None else n_given,
    )


def _unit(maps: Tensor) -> Tensor:
    """Divide each map (h, w) by its L2 norm; 0 stays 0."""
    scaled = maps / _or_one(maps.abs().amax((1, 2), keepdim=True))  # squares neither vanish nor overflow
    return scaled / _or_one(scaled.square().sum((1, 2), keepdim=True).sqrt())


def _or_one(divisor: Tensor) -> Tensor:
    return torch.where(divisor == 0, 1.0, divisor)


def _median(values: np.ndarray) -> np.ndarray:
    """Return the median over the last axis without nan; nan where nothing else is there."""
    there = ~np.isnan(values).all(-1)
    found = np.full(values.shape[:-1], math.nan)
    found[there] = np.nanmedian(values[there], axis=-1)
    return found
