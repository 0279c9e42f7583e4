"""Features in a common layout, and normalized to length 1: vectors (B, D), tokens (B, L, D) and maps (B, C, H, W)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .precision import at_least_float32

REGRESSOR = 'give the term a regressor ("linear" for vectors and tokens, "conv" for maps)'
DIRECTIONLESS = 1e-12  # a vector of at most this length counts as 0, without a direction


def unit(x: Tensor, dim: int) -> Tensor:
    """Return ``x`` divided by its L2 norm over ``dim``; a vector of zeros stays 0 and gets no gradient.

    Dividing by max(‖x‖, 1e-12), as is usual, multiplies the gradient of a vector of zeros by 1e12.

    >>> unit(torch.tensor([[3.0, 4.0], [0.0, 0.0]]), 1)
    tensor([[0.6000, 0.8000],
            [0.0000, 0.0000]])
    """
    norm = torch.linalg.vector_norm(x, dim=dim, keepdim=True)
    nonzero = norm > DIRECTIONLESS
    return x * (nonzero / torch.where(nonzero, norm, 1))


def sides(F_s: Tensor, F_t: Tensor, ranks: Sequence[int], name: str, *, detach: bool = True) -> tuple[Tensor, Tensor]:
    """Return features of the same examples in one dtype, float32 at least, the teacher's detached.

    >>> sides(torch.zeros(2, 3), torch.zeros(4, 3), (2,), "gram")
    Traceback (most recent call last):
        ...
    ValueError: gram needs features of the same examples on both sides, got shapes (2, 3) and (4, 3)
    """
    if F_s.ndim not in ranks or F_t.ndim != F_s.ndim:
        kinds = " or ".join(("(B, D)", "(B, L, D)", "(B, C, H, W)")[rank - 2] for rank in ranks)
        raise ValueError(f"{name} needs {kinds} on both sides, got {shapes(F_s, F_t)}; tap other layers or {REGRESSOR}")
    if len(F_s) != len(F_t):
        raise ValueError(f"{name} needs features of the same examples on both sides, got {shapes(F_s, F_t)}")
    F_s = at_least_float32(F_s)
    return F_s, (F_t.detach() if detach else F_t).to(F_s.dtype)


def embeddings(e_s: Tensor, e_t: Tensor, name: str, *, detach: bool = True) -> tuple[Tensor, Tensor]:
    """Return features of the same examples as vectors (B, D_s) and (B, D_t), ready like those of :func:`sides`.

    >>> [e.shape for e in embeddings(torch.zeros(2, 3, 4, 4), torch.zeros(2, 5), "contrastive")]
    [torch.Size([2, 48]), torch.Size([2, 5])]
    """
    if min(e_s.ndim, e_t.ndim) < 2:
        raise ValueError(f"{name} needs (B, D) or (B, ...) on both sides, got {shapes(e_s, e_t)}; tap other layers")
    return sides(e_s.flatten(1), e_t.flatten(1), (2,), name, detach=detach)


def shapes(F_s: Tensor, F_t: Tensor) -> str:
    """Return both shapes as text, for an error.

    >>> shapes(torch.zeros(2, 3), torch.zeros(2, 4))
    'shapes (2, 3) and (2, 4)'
    """
    return f"shapes {tuple(F_s.shape)} and {tuple(F_t.shape)}"


def channel_maps(features: Tensor) -> Tensor:
    """Return features as (B, C, N): each channel over its positions.

    >>> channel_maps(torch.zeros(2, 7, 3)).shape, channel_maps(torch.zeros(2, 3, 4, 5)).shape
    (torch.Size([2, 3, 7]), torch.Size([2, 3, 20]))
    """
    if features.ndim == 2:
        return features.unsqueeze(2)
    return features.transpose(1, 2) if features.ndim == 3 else features.flatten(2)


def pooled_alike(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return two stacks of maps (B, C, H, W) at the smaller height and the smaller width of both.

    >>> [maps.shape for maps in pooled_alike(torch.zeros(2, 3, 8, 8), torch.zeros(2, 5, 4, 4))]
    [torch.Size([2, 3, 4, 4]), torch.Size([2, 5, 4, 4])]
    """
    size = (min(a.shape[2], b.shape[2]), min(a.shape[3], b.shape[3]))
    a, b = (maps if maps.shape[2:] == size else F.adaptive_avg_pool2d(maps, size) for maps in (a, b))
    return a, b
