"""Activation maps: where the layers of a convolutional network are active."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, get_args

import torch
from torch import Tensor, nn

from ...models.inference import Inputs
from ..layers import Layers, asking, checked_inputs, chosen_layers, watch

if TYPE_CHECKING:
    from ..saliency import Progress

Form = Literal["sum", "max"]


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
        Takes (B, ...); its output does not matter. It runs in eval mode on its own device; modes and hooks are
        restored. No other thread may train it meanwhile.
    X : Tensor, shape (N, ...)
        As returned by `Examples.inputs()`.
    layers : str or sequence of str, optional
        Names as in ``model.named_modules()`` of layers with outputs (B, C, h, w), h · w > 1. If None, the ends of the
        model's steps that return maps, see the notes.
    form : {"sum", "max"}
        Sum or maximum over the channels.
    power : float
        p > 0. The larger, the more the strongest positions dominate.
    batch_size : int
        Examples that the model sees at once.
    progress : callable, optional
        Called with (examples done, N) before each pass of the model and at the end; return False to stop.

    Returns
    -------
    dict of str to Tensor, shape (N, h, w)
        On the CPU; float32, or float64 if the layer's output is. A map that is 0 throughout stays 0.

    Raises
    ------
    ValueError
        If there is no example, no such layer, a layer returns no map or a value is not finite.
    Cancelled
        If ``progress`` returned False; no partial result is returned.

    Notes
    -----
    With A_c the channels of a layer's output::

        sum  F(A) = Σ_c |A_c|^p        max  F(A) = max_c |A_c|^p        Q = F / ‖F‖₂

    The authors' code takes the mean of the squares over the channels, which is "sum" with p = 2: the norm cancels the
    number of channels.

    A step begins at each part of the model with weights of two axes or more (a convolution, a block, a linear layer)
    and ends at its last part that has parameters or is an activation of torch.nn; pooling and flattening do not count.
    Parts are the model's children, where chains (nn.Sequential, nn.TransformerEncoder) and wrappers of a single module
    are opened. These are relu1 to relu5 of `convnet`, and relu, stage1_1, stage2_1, ... of `resnet`. Of a layer that
    runs more than once, the last run counts.

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
    return maps_of(model, X, layers, form, power, batch_size, progress, "model")


def maps_of(
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
        A = (A / or_one(A.amax((1, 2, 3), keepdim=True))).pow(power)
        return unit(A.sum(1) if form == "sum" else A.amax(1))

    def fit(shape: tuple[int, ...]) -> bool:
        return len(shape) == 4 and shape[2] * shape[3] > 1

    with asking(model):
        chosen = chosen_layers(model, X, layers, fit, "maps (examples, channels, height, width) larger than 1 × 1", who)
        return watch(model, X, chosen, keep, batch_size, progress, who)


def unit(maps: Tensor) -> Tensor:
    """Divide each map (h, w) by its L2 norm; 0 stays 0."""
    scaled = maps / or_one(maps.abs().amax((1, 2), keepdim=True))  # squares neither vanish nor overflow
    return scaled / or_one(scaled.square().sum((1, 2), keepdim=True).sqrt())


def or_one(divisor: Tensor) -> Tensor:
    return torch.where(divisor == 0, 1.0, divisor)
