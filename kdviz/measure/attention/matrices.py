"""Attention matrices of a transformer: which token attends to which."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, get_args

import torch
from torch import Tensor, nn

from ...data.inputs import tensors
from ...models.inference import Inputs, call, count, token_mask, uncompiled
from ..attending import attending, watching
from ..layers import asking, batches, checked_inputs, listed
from .maps import or_one

if TYPE_CHECKING:
    from ..saliency import Progress

Heads = Literal["mean", "max", "min"]


def attention_matrices(
    model: nn.Module, X: Inputs, *, batch_size: int = 64, progress: Progress | None = None
) -> dict[str, Tensor]:
    """Return the attention of each head of each attention layer, in the order they run.

    Parameters
    ----------
    model : nn.Module
        See :func:`activation_maps`; with layers of `torch.nn.MultiheadAttention`, the transformers package or timm.
        Fused kernels, which return no weights, are bypassed; the model's output stays the same, up to rounding.
    X : Tensor, shape (N, ...)
        Whatever the model takes, images or whole numbers of tokens.
    batch_size : int
        Examples that the model sees at once.
    progress : callable, optional
        See :func:`activation_maps`.

    Returns
    -------
    dict of str to Tensor, shape (N, heads, L, L)
        By the module's name; a second run of the same module is "name (2)". Rows are the attending tokens and sum to 1,
        columns those attended to. For attention to another sequence, (N, heads, L, S). On the CPU; float32, or float64
        if the model is: 4 · N · heads · L² bytes per layer.

    Raises
    ------
    ValueError
        If the model has or runs no such layer, there is no example, or a weight is not finite.
    Cancelled
        If ``progress`` returned False.

    Notes
    -----
    Head by head A = softmax(Q Kᵀ / √d), with masks and without dropout. If nn.TransformerEncoder gets a padding mask,
    its fast path returns 0 at masked positions; without it they hold meaningless numbers.

    References
    ----------
    Vaswani et al. (2017), Attention Is All You Need, arXiv:1706.03762.

    Examples
    --------
    >>> layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    >>> matrices = attention_matrices(layer, torch.rand(3, 5, 8))
    >>> {name: tuple(A.shape) for name, A in matrices.items()}
    {'self_attn': (3, 2, 5, 5)}
    """
    X = checked_inputs(X, batch_size)
    layers = attending(model)
    if not layers:
        raise ValueError(
            "the model has no known attention layer (torch.nn.MultiheadAttention, or those of the transformers and "
            "timm packages), and so no attention matrix; use activation_maps for a convolutional network, or "
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
        raise ValueError(f"the model ran none of its attention layers ({listed(layers)}); are they in use?")
    return {name: torch.cat(each) for name, each in parts.items()}


def rollout(
    matrices: Mapping[str, Tensor] | Sequence[Tensor], *, heads: Heads = "mean", residual: bool = True
) -> Tensor:
    """Return how much of each token at the input reaches each token at the output, through all layers.

    Parameters
    ----------
    matrices : mapping of str to Tensor or sequence of Tensor, each of shape (N, heads, L, L)
        Self-attention from the first layer to the last, from :func:`attention_matrices`.
    heads : {"mean", "max", "min"}
        How the heads of a layer are combined. The paper takes the mean.
    residual : bool
        Whether half of each token comes from itself, through the residual connection.

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

    Under "min", a token whose heads share no position attends only to itself. Values, linear layers and normalization
    are ignored, so this is a summary of the attention, not an attribution of the prediction.

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
        From :func:`rollout`, or of one head: ``matrices["block1.attention"][:, 0]``.
    grid : (int, int), optional
        Rows and columns h, w of patches, row by row. If None, a square.
    tokens : int
        Number of tokens before the patches: 1 for a class token, 2 if a distillation token follows it. The row of the
        first is shown. With 0, the mean over all rows.

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
        shape = "a square" if grid is None else f"{height} × {width}"
        raise ValueError(
            f"the patches must fill {shape}, got {patches} ({attention.shape[-1]} tokens minus {tokens} before them); "
            "pass their rows and columns as grid, or another number of tokens"
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
        See :func:`attention_matrices`.
    head : int, optional
        Which head. If None, or if a layer has no such head: the mean of its heads.
    accumulated : bool
        Whether each layer's map is the :func:`rollout` up to it.

    Returns
    -------
    dict of str to Tensor, shape (N, h, w)
        By layer. A class token, or a class and a distillation token, may precede a square of patches. For text, whole
        numbers (N, L), one row of tokens: h = 1, w = L, the mean over all attending tokens, without padding.

    Raises
    ------
    ValueError
        As :func:`attention_matrices` and :func:`patch_map`.
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
    return {name: patch_map(A, tokens=tokens_before(A.shape[-1])) for name, A in looks.items()}


def text_matrices(
    model: nn.Module, X: Inputs, *, accumulated: bool = False, batch_size: int = 64, progress: Progress | None = None
) -> tuple[dict[str, Tensor], Tensor]:
    """Return which token attends to which in text, without padding, head by head or rolled out.

    Parameters
    ----------
    model, X, batch_size, progress
        See :func:`attention_matrices`; X are whole numbers (N, L), alone or named.
    accumulated : bool
        The :func:`rollout` up to each layer, as of one head.

    Returns
    -------
    dict of str to Tensor, shape (N, heads, L, L)
        By layer; 0 in the rows and columns of padding.
    Tensor of bool, shape (N, L)
        Which tokens are no padding: those that the inputs' mask lets count.
    """
    matrices = attention_matrices(model, X, batch_size=batch_size, progress=progress)
    if accumulated:
        names = list(matrices)
        matrices = {
            name: rollout({n: matrices[n] for n in names[: i + 1]})[:, None].float() for i, name in enumerate(names)
        }
    length = next(iter(matrices.values())).shape[-1]
    mask = token_mask(X, length)
    counts = torch.ones(count(X), length, dtype=torch.bool) if mask is None else mask.cpu()
    pairs = (counts[:, :, None] & counts[:, None, :])[:, None]  # (N, 1, L, L)
    return {name: A * pairs for name, A in matrices.items()}, counts


def _token_map(attention: Tensor, mask: Tensor | None) -> Tensor:
    """Return how much attention each token gets, (N, 1, L): the mean over the rows that are tokens, not padding."""
    if mask is None:
        return attention.mean(1, keepdim=True)
    counts = mask.to(attention)[:, None]  # (N, 1, L)
    return counts @ attention / counts.sum(-1, keepdim=True).clamp_min(1)


def tokens_before(length: int) -> int:
    """Return the number of tokens before a square of patches: a class token, one for distillation, or none."""
    return next((tokens for tokens in (1, 2, 0) if math.isqrt(length - tokens) ** 2 == length - tokens > 0), 1)


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
    W = W / or_one(W.sum(-1, keepdim=True))
    if residual:
        W = W + torch.eye(W.shape[-1], dtype=W.dtype)
    total = W.sum(-1, keepdim=True)
    if not bool((total > 0).all()):
        raise ValueError(
            f"in layer {name!r} a token has no position that all heads attend to, and so no row; "
            'use heads="mean" or residual=True'
        )
    return W / total
