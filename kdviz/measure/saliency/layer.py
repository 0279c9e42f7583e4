"""Grad-CAM's layer: the deepest that keeps an image's spatial layout and that the prediction depends on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ...distill.taps import modules_by_name
from ...models.inference import Inputs, bare
from ...models.looking import evaluating, of_this_thread
from ..fidelity import Array
from .asking import Asking, checked


@dataclass(frozen=True, eq=False)
class GradCamLayer:
    """The layer whose maps Grad-CAM weights.

    Attributes
    ----------
    name : str
        Its dotted name.
    module : nn.Module
    tokens : int or None
        Number of tokens before the patches in the layer's output (B, L, D); None if it returns maps (B, C, h, w).
    note : str
        A note on reading the map; may be empty.
    """

    name: str
    module: nn.Module
    tokens: int | None = None
    note: str = ""

    def maps(self, out: Tensor) -> Tensor:
        """Return the layer's output as maps (B, C, h, w)."""
        if self.tokens is None:
            return out
        patches = out[:, self.tokens :]
        side = math.isqrt(patches.shape[1])
        return patches.transpose(1, 2).unflatten(2, (side, side))


def grad_cam_layer(model: nn.Module, X: Inputs, target: Array, layer: str | None = None) -> GradCamLayer:
    """Return the layer that Grad-CAM uses, without computing a map.

    Parameters
    ----------
    model, X, target, layer
        See :func:`saliency`. Only the first example is used.

    Raises
    ------
    ValueError
        If the model has no such layer.
    """
    X, classes = checked(X, target)
    ask = Asking(model, X, None)
    with evaluating(model), torch.inference_mode(False), torch.enable_grad():
        x, beside = ask.batch(X, slice(0, 1))
        return chosen_layer(ask, x, beside, int(classes[0]), layer)


def chosen_layer(ask: Asking, x: Tensor, beside: tuple[Tensor, ...], target: int, layer: str | None) -> GradCamLayer:
    """Return the named layer, or the deepest with a spatial layout that the target's logit depends on.

    Convolutions keep the layout, and so do the tokens of a vision transformer after those before its patches. A
    transformer that reads only its class token depends on the patches of its last block's input, not of its output.
    """
    if x.ndim != 4:
        raise ValueError(
            f"Grad-CAM needs images (examples, channels, height, width), got examples of shape {tuple(x.shape[1:])}"
        )
    modules = modules_by_name(ask.model)
    if layer is not None and layer not in modules:
        names = [name for name in dict(bare(ask.model).named_modules()) if name]
        raise ValueError(f"layer must be one of {', '.join(names)}, got {layer!r}")
    attends = any(_attends(module) for module in modules.values())
    watched = {layer: modules[layer]} if layer is not None else dict(bare(ask.model).named_modules())
    with _watching(watched) as seen:
        f = ask(x.requires_grad_(), *beside)[0, target]
    found = [(name, out, _tokens(name, modules[name], out, attends, layer)) for name, out in seen.items()]
    found = [(name, out, tokens) for name, out, tokens in found if tokens is not _NO_PLACES and out.requires_grad]
    if not found:
        raise ValueError(
            f"Grad-CAM needs a layer that returns maps (examples, channels, height, width), and {layer!r} returns none"
            if layer is not None
            else "Grad-CAM needs a convolution (nn.Conv2d), or patches of an image as tokens, and the model ran none; "
            'name another layer that returns maps, or use "gradient" or "integrated_gradients"'
        )
    gradients = _gradients(f, x, [out for _, out, _ in found])
    reached = [
        (name, out, tokens)
        for (name, out, tokens), g in zip(found, gradients, strict=True)
        if g is not None and (tokens is None or bool((g[:, tokens:] != 0).any()))
    ]
    if not reached:
        raise ValueError("the model's logits do not depend on the layer that Grad-CAM uses; name another layer")
    wide = [each for each in reached if each[2] is not None or each[1].shape[2] * each[1].shape[3] > 1] or reached
    known: dict[Any, int] = {}
    name, _, tokens = max(wide, key=lambda each: _depth(each[1].grad_fn, known))
    note = ""
    if attends and tokens is None and layer is None:
        note = "it runs before the model's attention, as no later layer keeps the image's layout"
    return GradCamLayer(name, modules[name], tokens, note)


_NO_PLACES = -1


def _tokens(name: str, module: nn.Module, out: Tensor, attends: bool, layer: str | None) -> int | None:
    """Return the number of tokens before a square of patches; None for maps, ``_NO_PLACES`` for anything else."""
    if out.ndim == 4:
        return None if layer is not None or isinstance(module, nn.Conv2d) else _NO_PLACES
    if out.ndim != 3 or not attends or not name:
        return _NO_PLACES
    length = out.shape[1]
    for before in (1, 2, 0):
        if length - before > 1 and math.isqrt(length - before) ** 2 == length - before:
            return before
    return _NO_PLACES


def _attends(module: nn.Module) -> bool:
    return isinstance(module, nn.MultiheadAttention) or type(module).__name__.endswith(("Attention", "Attn"))


def check_differentiable(ask: Asking, x: Tensor, beside: tuple[Tensor, ...], target: int) -> None:
    """Raise unless the target's logit has a gradient with respect to the explained part."""
    _gradients(ask(x.requires_grad_(), *beside)[0, target], x, [])


def _gradients(f: Tensor, x: Tensor, others: list[Tensor]) -> list[Tensor | None]:
    found: list[Tensor | None] = [None] * (1 + len(others))
    if f.requires_grad:
        found = list(torch.autograd.grad(f, [x, *others], allow_unused=True))
    if found[0] is None:
        raise ValueError(
            "the model's logits have no gradient with respect to its input; use occlusion or feature_ablation"
        )
    return found[1:]


@contextmanager
def _watching(modules: dict[str, nn.Module]) -> Iterator[dict[str, Tensor]]:
    """Keep the outputs of layers, in the order run."""
    seen: dict[str, Tensor] = {}

    def keep(name: str) -> Any:
        def hook(module: nn.Module, _: Any, out: Any) -> None:
            first = out[0] if isinstance(out, tuple | list) and len(out) else out
            if isinstance(first, Tensor):
                seen.pop(name, None)
                seen[name] = first

        return of_this_thread(hook)

    hooks = [module.register_forward_hook(keep(name)) for name, module in modules.items()]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def output_of(layer: GradCamLayer) -> Iterator[list[Tensor]]:
    """Keep a layer's output; later layers get a copy, so that none of them writes into it."""
    seen: list[Tensor] = []

    def hook(module: nn.Module, _: Any, out: Any) -> Any:
        several = isinstance(out, tuple | list)
        first = out[0] if several else out
        seen.append(first)
        return type(out)((first.clone(), *out[1:])) if several else first.clone()

    handle = layer.module.register_forward_hook(of_this_thread(hook))
    try:
        yield seen
    finally:
        handle.remove()


def _depth(node: Any, known: dict[Any, int]) -> int:
    """Return the number of operations on the longest path to a node of the graph.

    A residual block's shortcut runs after its convolutions, so the one that ran last is not always the deepest.
    """
    stack = [node]
    while stack:
        before = [other for other, _ in stack[-1].next_functions if other is not None]
        missing = [other for other in before if other not in known]
        if missing:
            stack.extend(missing)
        else:
            known[stack.pop()] = 1 + max((known[other] for other in before), default=0)
    return known[node]
