"""Layers of low rank: one large matrix becomes the product of two thin ones, by its singular values."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn

from ..distill.schemes import trainable_copy


def low_rank(model: nn.Module, rank: int | None = None, *, energy: float | None = None) -> nn.Module:
    """Return a copy of a network whose linear and convolutional layers are products of two thinner ones.

    Parameters
    ----------
    model : nn.Module
        Unchanged.
    rank : int, optional
        Of each layer, at least 1.
    energy : float, optional
        In place of a rank: the share of the squared singular values that each layer keeps, above 0, up to 1.

    Returns
    -------
    nn.Module
        In training mode. Each replaced layer is an ``nn.Sequential`` of ``down`` and ``up`` under the same name.

    Raises
    ------
    ValueError
        If not one of the two is given, it is out of range, or no layer would have fewer weights.

    Notes
    -----
    W ≈ U_r Σ_r V_rᵀ, the best approximation of that rank in the squared error (Eckart, Young 1936); ``down`` is
    Σ_r^½ V_rᵀ and ``up`` is U_r Σ_r^½. A convolution (c_out, c_in, k, k) is taken as a matrix c_out × c_in·k·k: r
    filters of the same size, then a 1×1 convolution. A layer stays as it is where the product would have no fewer
    weights, and so do those with groups and those of attention. Zeros that were held (:func:`~kdviz.compress.pruned`)
    are not in the product.

    References
    ----------
    Denton, Zaremba, Bruna, LeCun, Fergus (2014), arXiv:1404.0736; Jaderberg, Vedaldi, Zisserman (2014),
    arXiv:1405.3866.

    Examples
    --------
    >>> from kdviz import models
    >>> ranks(low_rank(models.mlp((64,)), 8))
    {'linear1': 8, 'logits': 8}
    """
    if (rank is None) == (energy is None):
        raise ValueError(f"either a rank or an energy is needed, got rank {rank!r} and energy {energy!r}")
    if rank is not None and (isinstance(rank, bool) or not hasattr(rank, "__index__") or rank < 1):
        raise ValueError(f"rank must be a whole number from 1, got {rank!r}")
    if energy is not None and not (isinstance(energy, int | float) and 0 < energy <= 1):
        raise ValueError(f"energy must be a number above 0, up to 1, got {energy!r}")
    made = trainable_copy(model)
    for parameter in made.parameters():
        parameter.requires_grad_(True)
    replaced = 0
    for name, layer in list(made.named_modules()):
        if not name or not _divisible(layer):
            continue
        pair = _pair(layer, rank, energy)
        if pair is not None:
            parent, _, own = name.rpartition(".")
            made.get_submodule(parent)._modules[own] = pair
            replaced += 1
    if not replaced:
        how = f"rank {rank}" if energy is None else f"an energy of {energy:g}"
        raise ValueError(f"no layer of the {type(model).__name__} has fewer weights at {how}; choose a smaller one")
    made.__dict__.pop("architecture", None)
    return made.train()


def _divisible(layer: nn.Module) -> bool:
    return type(layer) is nn.Linear or (type(layer) is nn.Conv2d and layer.groups == 1)


def _pair(layer: Any, rank: int | None, energy: float | None) -> nn.Sequential | None:
    """Return the two layers that stand for one, or None where they would have no fewer weights."""
    w = layer.weight.detach()
    matrix = w.flatten(1) if w.dtype in (torch.float32, torch.float64) else w.flatten(1).float()  # (out, in · k · k)
    out, into = matrix.shape
    u, s, v = torch.linalg.svd(matrix, full_matrices=False)
    r = _rank_of(s, energy) if energy is not None else min(int(rank or 1), len(s))
    if r * (out + into) >= out * into:
        return None
    root = s[:r].sqrt()
    down, up = root[:, None] * v[:r], u[:, :r] * root
    bias = layer.bias is not None
    if isinstance(layer, nn.Conv2d):
        how: dict[str, Any] = {name: getattr(layer, name) for name in ("stride", "padding", "dilation", "padding_mode")}
        first: Any = nn.Conv2d(layer.in_channels, r, layer.kernel_size, bias=False, **how)  # type: ignore[arg-type]
        second: Any = nn.Conv2d(r, out, 1, bias=bias)
    else:
        first, second = nn.Linear(into, r, bias=False), nn.Linear(r, out, bias=bias)
    made = nn.Sequential(OrderedDict(down=first, up=second)).to(w.device, w.dtype)
    with torch.no_grad():
        for own, matrix in ((first.weight, down), (second.weight, up)):
            own.copy_(matrix.reshape(own.shape))
        if bias:
            second.bias.copy_(layer.bias)
    return made


def _rank_of(s: Tensor, energy: float) -> int:
    """Return the smallest rank whose squared singular values are that share of all."""
    kept = s.square().cumsum(0) / s.square().sum().clamp(min=torch.finfo(s.dtype).tiny)
    return min(len(s), int((kept < energy - 1e-12).sum()) + 1)


def ranks(model: nn.Module) -> dict[str, int]:
    """Return the rank of each layer that :func:`low_rank` replaced, by its name."""
    found: dict[str, int] = {}
    for name, module in model.named_modules():
        if isinstance(module, nn.Sequential) and list(module._modules) == ["down", "up"]:
            down: Any = module.get_submodule("down")
            found[name] = len(down.weight)
    return found
