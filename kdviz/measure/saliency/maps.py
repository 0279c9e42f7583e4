"""Saliency maps by captum's methods: which parts of an input a model's prediction rests on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...models.inference import Inputs, count, dtype_of
from ...models.looking import evaluating
from ..fidelity import Array
from .asking import (
    Asking,
    Progress,
    at_least_one,
    baseline_of,
    check_classes,
    checked,
    explained_part,
    generators,
    part_of,
)
from .layer import GradCamLayer, check_differentiable, chosen_layer, output_of


def saliency(
    model: nn.Module,
    X: Inputs,
    target: Array,
    method: str = "gradient",
    *,
    batch_size: int = 64,
    baseline: float | Tensor = 0.0,
    steps: int = 32,
    samples: int = 16,
    noise: float = 0.15,
    window: int | Sequence[int] | None = None,
    layer: str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Tensor:
    """Return a map for each example: how much each of its values supports the target class, judged by the logit.

    Parameters
    ----------
    model : nn.Module
        Takes (B, ...) and returns logits (B, C). It runs in eval mode on its own device; modes, flags, gradients,
        buffers and hooks are restored. No other thread may train it meanwhile.
    X : Tensor of floating point, shape (N, ...), of whole numbers (N, L), or a dict or tuple of such
        As returned by `Examples.inputs()`. With four or more axes it is images (N, channels, height, width); whole
        numbers are tokens, explained through the model's embedding. Of several parts the floating-point one is
        explained, else ``input_ids`` or the first that is not a mask.
    target : array of int, shape (N,)
        The classes to explain: the true ones, or a teacher's prediction, ``teacher(X).argmax(1)``.
    method : str
        One of ``METHODS``.
    batch_size : int
        Maximum number of examples that the model sees at once, including steps, samples and windows.
    baseline : float or Tensor of the shape of one example
        The neutral input, for integrated gradients, occlusion and feature ablation. For tokens the id of one, such as
        the tokenizer's ``pad_token_id``.
    steps : int
        Points on the path of integrated gradients.
    samples, noise : int, float
        Noisy copies of each example for smoothed gradients, and the standard deviation of the noise in units of the
        input (of its range, if pixels go from 0 to 1).
    window : int or sequence of int, optional
        Size of the occluded window along each spatial axis (all channels). It moves by half its size. If None, a
        seventh of each side of images (4×4 of 28×28), else one value.
    layer : str, optional
        Name of the layer for Grad-CAM, as in ``model.named_modules()``; if None, the deepest convolution, or the
        deepest layer of patches of a vision transformer. :func:`grad_cam_layer` returns which.
    seed : int
        Seed of the noise. The noise of an example depends on its content and this seed: it is the same in any batch
        and at any index. torch's own generators are not touched.
    progress : callable, optional
        Called with (examples done, N) before each pass of the model and after each batch; return False to stop.

    Returns
    -------
    Tensor, shape of X, or of the part of it that is explained
        On the CPU; float32, or float64 if the model is. Signed. Grad-CAM gives all channels the same map. Where a
        gradient is nan or inf, so is the map. For tokens (N, L): summed over the embedding, or for plain and smoothed
        gradients its Euclidean norm, which has no sign.

    Raises
    ------
    ValueError
        If there is no example, X or a logit is not finite, or anything else does not fit.
    Cancelled
        If ``progress`` returned False; no partial result is returned.
    ImportError
        If captum is not installed.

    Notes
    -----
    With f the target's logit, x the example and b the baseline::

        gradient              ∂f/∂x
        input_x_gradient      x · ∂f/∂x
        integrated_gradients  (x − b) · ∫₀¹ ∂f/∂x (b + α (x − b)) dα, by Gauss-Legendre; sums to f(x) − f(b)
        smooth_gradient       mean of ∂f/∂x (x + ε), ε ~ N(0, noise²)
        occlusion             f(x) − f(x with a window at b), averaged over the windows that cover the value
        grad_cam              Σ_k a_k · mean(∂f/∂a_k) of feature maps a, bilinearly enlarged, without the paper's ReLU
        feature_ablation      f(x) − f(x with one value at b)

    References
    ----------
    Simonyan et al. 2014, arXiv:1312.6034. Sundararajan et al. 2017, arXiv:1703.01365 (integrated gradients). Smilkov et
    al. 2017, arXiv:1706.03825 (smoothed). Zeiler, Fergus 2014, arXiv:1311.2901 (occlusion). Selvaraju et al. 2017,
    arXiv:1610.02391 (Grad-CAM). Kokhlikyan et al. 2020, Captum, arXiv:2009.07896.

    Examples
    --------
    >>> model = nn.Linear(3, 2)
    >>> X = torch.tensor([[1.0, 2.0, 3.0]])
    >>> maps = saliency(model, X, torch.tensor([1]), "input_x_gradient")
    >>> torch.equal(maps, X * model.weight.detach()[1])
    True
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    X, classes = checked(X, target)
    at_least_one(batch_size=batch_size, steps=steps, samples=samples)
    if not (math.isfinite(noise) and noise >= 0):
        raise ValueError(f"noise must be a standard deviation of 0 or more, got {noise}")
    ask = Asking(model, X, progress)
    hides = method in ("occlusion", "feature_ablation")
    maps = []
    with evaluating(model), torch.inference_mode(False), torch.enable_grad():
        first, beside = ask.batch(X, slice(0, 1))
        check_classes(ask(first, *beside), classes)
        chosen = None
        if method == "grad_cam":
            chosen = chosen_layer(ask, first, beside, int(classes[0]), layer)
        if ask.tokens and not hides:
            first, beside = ask.embedded(first, beside), (*beside, first)
        if not hides and chosen is None:
            check_differentiable(ask, first, beside, int(classes[0]))
        blank = _blank(ask, baseline, first, beside, hides)
        settings = _Settings(blank, steps, samples, noise, _window(window, first.shape), chosen, seed, batch_size)
        for start in range(0, count(X), batch_size):
            x, beside = ask.batch(X, slice(start, start + batch_size))
            if ask.tokens and not hides:
                x, beside = ask.embedded(x, beside), (*beside, x)
            t = classes[start : start + batch_size].to(x.device)
            part = _BY_NAME[method](ask, x, beside, t, settings)
            if ask.tokens and not hides:  # (B, L, D) to (B, L)
                part = part.norm(dim=2) if method in ("gradient", "smooth_gradient") else part.sum(2)
            maps.append(part.detach().to("cpu", torch.float64 if dtype_of(model) == torch.float64 else torch.float32))
            ask.done += len(x)
            ask.tell()
    return torch.cat(maps)


def passes(method: str, X: Inputs, **options: Any) -> int:
    """Return about how many forward passes the map of one example takes; a backward pass counts as two.

    >>> passes("gradient", torch.zeros(1, 1, 28, 28)), passes("occlusion", torch.zeros(1, 1, 28, 28))
    (3, 170)
    """
    shape = part_of(X, explained_part(X)).shape
    if method == "integrated_gradients":
        return 3 * int(options.get("steps", 32))
    if method == "smooth_gradient":
        return 3 * int(options.get("samples", 16))
    if method == "feature_ablation":
        return 1 + math.prod(shape[1:])
    if method == "occlusion":
        sizes, strides = _window(options.get("window"), shape)
        places = [math.ceil((n - size) / step) + 1 for n, size, step in zip(shape[1:], sizes, strides, strict=True)]
        return 1 + math.prod(places)
    return 3


def _blank(ask: Asking, baseline: float | Tensor, x: Tensor, beside: tuple[Tensor, ...], hides: bool) -> float | Tensor:
    """Return the neutral input: a number or an example, a token's id, or that token's embedding."""
    if not ask.tokens:
        return baseline_of(baseline, x)
    ids = x if hides else beside[-1]
    token = torch.as_tensor(baseline).to(ids.device, ids.dtype)
    blank = token.expand(1, *ids.shape[1:]).contiguous()
    return blank if hides else ask.embedded(blank, ())


@dataclass(frozen=True, eq=False)
class _Settings:
    baseline: float | Tensor
    steps: int
    samples: int
    noise: float
    window: tuple[tuple[int, ...], tuple[int, ...]]
    layer: GradCamLayer | None
    seed: int
    batch_size: int


def _captum() -> Any:
    try:
        import captum.attr
    except ImportError as error:
        raise ImportError('saliency maps need captum: pip install "kdviz[app]"') from error
    return captum.attr


def _gradient(ask: Asking, x: Tensor, beside: tuple[Tensor, ...], t: Tensor, settings: _Settings) -> Tensor:
    more = beside or None
    return _captum().Saliency(ask.call).attribute(x.requires_grad_(), t, abs=False, additional_forward_args=more)


def _input_x_gradient(ask: Asking, x: Tensor, beside: tuple[Tensor, ...], t: Tensor, settings: _Settings) -> Tensor:
    more = beside or None
    return _captum().InputXGradient(ask.call).attribute(x.requires_grad_(), t, additional_forward_args=more)


def _integrated_gradients(ask: Asking, x: Tensor, beside: tuple[Tensor, ...], t: Tensor, settings: _Settings) -> Tensor:
    return (
        _captum()
        .IntegratedGradients(ask.call)
        .attribute(
            x,
            settings.baseline,
            t,
            additional_forward_args=beside or None,
            n_steps=settings.steps,
            internal_batch_size=settings.batch_size,
        )
    )


def _smooth_gradient(ask: Asking, x: Tensor, beside: tuple[Tensor, ...], t: Tensor, settings: _Settings) -> Tensor:
    # captum's NoiseTunnel draws for the batch as a whole: an example's map would depend on its neighbours.
    drawn_from = generators(x, settings.seed)
    total = torch.zeros_like(x)
    for _ in range(settings.samples):
        noise = torch.stack([torch.randn(x.shape[1:], generator=g) for g in drawn_from]).to(x.device, x.dtype)
        total += _gradient(ask, x + settings.noise * noise, beside, t, settings)
    return total / settings.samples


def _occlusion(ask: Asking, x: Tensor, beside: tuple[Tensor, ...], t: Tensor, settings: _Settings) -> Tensor:
    if ask.tokens:
        return _hiding_tokens(ask, x, beside, t, settings)
    shape, strides = settings.window
    return (
        _captum()
        .Occlusion(ask.call)
        .attribute(
            x,
            shape,
            strides,
            settings.baseline,
            t,
            additional_forward_args=beside or None,
            perturbations_per_eval=max(1, settings.batch_size // len(x)),
        )
    )


def _grad_cam(ask: Asking, x: Tensor, beside: tuple[Tensor, ...], t: Tensor, settings: _Settings) -> Tensor:
    layer = settings.layer
    assert layer is not None
    with output_of(layer) as seen:
        f = ask(x.requires_grad_(), *beside).gather(1, t.unsqueeze(1)).sum()
    (g,) = torch.autograd.grad(f, seen[-1:])
    a, g = layer.maps(seen[-1]), layer.maps(g)  # (B, K, h, w)
    small = (g.mean((2, 3), keepdim=True) * a).sum(1, keepdim=True).detach()  # (B, 1, h, w)
    return F.interpolate(small, tuple(x.shape[2:]), mode="bilinear").expand(x.shape)


def _feature_ablation(ask: Asking, x: Tensor, beside: tuple[Tensor, ...], t: Tensor, settings: _Settings) -> Tensor:
    if ask.tokens:
        return _hiding_tokens(ask, x, beside, t, replace(settings, window=((1,), (1,))))
    return (
        _captum()
        .FeatureAblation(ask.call)
        .attribute(
            x,
            settings.baseline,
            t,
            additional_forward_args=beside or None,
            perturbations_per_eval=max(1, settings.batch_size // len(x)),
        )
    )


def _hiding_tokens(ask: Asking, x: Tensor, beside: tuple[Tensor, ...], t: Tensor, settings: _Settings) -> Tensor:
    """Return how much the logit falls when the baseline's token fills a window, averaged over the windows."""
    (size,), (stride,) = settings.window
    length = x.shape[1]
    blank = torch.as_tensor(settings.baseline).expand_as(x)
    before = ask(x, *beside).detach().gather(1, t.unsqueeze(1)).squeeze(1)
    total, covered = torch.zeros(x.shape, dtype=before.dtype, device=x.device), torch.zeros(length, device=x.device)
    for start in range(0, length - size + stride, stride):
        hidden = torch.zeros(length, dtype=torch.bool, device=x.device)
        hidden[start : start + size] = True
        after = ask(torch.where(hidden, blank, x), *beside).detach().gather(1, t.unsqueeze(1)).squeeze(1)
        total[:, hidden] += (before - after).unsqueeze(1)
        covered[hidden] += 1
    return total / covered


_BY_NAME: dict[str, Callable[[Asking, Tensor, tuple[Tensor, ...], Tensor, _Settings], Tensor]] = {
    "gradient": _gradient,
    "input_x_gradient": _input_x_gradient,
    "integrated_gradients": _integrated_gradients,
    "smooth_gradient": _smooth_gradient,
    "occlusion": _occlusion,
    "grad_cam": _grad_cam,
    "feature_ablation": _feature_ablation,
}
METHODS = tuple(_BY_NAME)


def _window(window: int | Sequence[int] | None, shape: torch.Size) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the window of occlusion and its strides, channels first if there are any."""
    channels, sides = (shape[1:2], shape[2:]) if len(shape) >= 4 else (shape[:0], shape[1:])
    if window is None:
        each = tuple(max(1, round(side / 7)) if channels else 1 for side in sides)
    else:
        each = (window,) * len(sides) if isinstance(window, int) else tuple(int(w) for w in window)
    if len(each) != len(sides) or any(not 1 <= w <= side for w, side in zip(each, sides, strict=True)):
        raise ValueError(f"window must fit into {tuple(sides)}, a number from 1 for each axis, got {window}")
    return (*channels, *each), (*channels, *(max(1, w // 2) for w in each))
