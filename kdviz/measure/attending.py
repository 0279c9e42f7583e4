"""Attention layers: which modules of a transformer attend, and how to see the weights that they fuse away.

Three kinds are known: PyTorch's ``nn.MultiheadAttention``, those of the transformers package, and those of timm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import Tensor, nn

from ..models.inference import bare
from ..models.looking import of_this_thread

Runs = list[tuple[str, Tensor]]

HEADS = ("num_heads", "num_attention_heads", "n_heads", "n_head")


def attending(model: nn.Module) -> dict[str, int]:
    """Return how many heads each attention layer of a model has, by its dotted name; 0 where it does not say.

    Examples
    --------
    >>> from kdviz import models
    >>> attending(models.vit(width=8, depth=2, heads=2))
    {'block1.attention': 2, 'block2.attention': 2}
    >>> attending(models.mlp((8,)))
    {}
    """
    modules = dict(bare(model).named_modules())
    return {name: _heads(modules[name]) for name in (*_of_torch(model), *_of_transformers(model), *_of_timm(model))}


@contextmanager
def watching(model: nn.Module) -> Iterator[Runs]:
    """Collect the weights (B, heads, L, S) of each attention layer that runs in the block, in the order they run.

    Fused kernels, which never make these weights, are left for the time of the block; the answers stay the same up to
    rounding.
    """
    runs: Runs = []
    modules = dict(bare(model).named_modules())
    with ExitStack() as undo:
        for name in _of_torch(model):
            before, after = _weights_hooks(name, runs)
            undo.callback(modules[name].register_forward_pre_hook(before, with_kwargs=True).remove)
            undo.callback(modules[name].register_forward_hook(after, with_kwargs=True, prepend=True).remove)
        for whole in _pretrained(model).values():
            undo.enter_context(_eager(whole))
        for name in _of_transformers(model):
            undo.callback(modules[name].register_forward_hook(_second_output(name, runs)).remove)
        for name in _of_timm(model):
            undo.callback(setattr, modules[name], "fused_attn", modules[name].fused_attn)
            modules[name].fused_attn = False
            dropout: Any = modules[name].attn_drop
            undo.callback(dropout.register_forward_pre_hook(_first_input(name, runs)).remove)
        yield runs


def _of_torch(model: nn.Module) -> list[str]:
    return [name for name, module in bare(model).named_modules() if isinstance(module, nn.MultiheadAttention)]


def _of_timm(model: nn.Module) -> list[str]:
    """Return modules that drop some of their weights, unless they fuse that: ``fused_attn`` says which."""
    return [
        name
        for name, module in bare(model).named_modules()
        if isinstance(getattr(module, "fused_attn", None), bool)
        and isinstance(getattr(module, "attn_drop", None), nn.Module)
    ]


def _of_transformers(model: nn.Module) -> list[str]:
    """Return the innermost modules called attention of models that can be told how to attend."""
    found = []
    for prefix, whole in _pretrained(model).items():
        names = {name for name, module in whole.named_modules() if type(module).__name__.endswith("Attention")}
        inner = [name for name in names if not any(other.startswith(f"{name}.") for other in names)]
        found += [f"{prefix}{name}" for name, _ in whole.named_modules() if name in inner]
    own = set(_of_torch(model))
    return [name for name in found if name not in own]


def _pretrained(model: nn.Module) -> dict[str, nn.Module]:
    """Return the outermost models of the transformers package, by the prefix of their layers' names."""
    found: dict[str, nn.Module] = {}
    for name, module in bare(model).named_modules():
        inside = any(not prefix or f"{name}.".startswith(prefix) for prefix in found)
        if not inside and callable(getattr(module, "set_attn_implementation", None)):
            found[f"{name}." if name else ""] = module
    return found


@contextmanager
def _eager(model: Any) -> Iterator[None]:
    before = model.config._attn_implementation
    if before == "eager":
        yield
        return
    try:
        model.set_attn_implementation("eager")
    except (ValueError, ImportError) as error:
        raise ValueError(
            f"a {type(model).__name__} cannot attend without its fused kernel ({error}); "
            "use kdviz.measure.saliency, which works for any model"
        ) from error
    try:
        yield
    finally:
        model.set_attn_implementation(before)


def _heads(module: nn.Module) -> int:
    for holder in (module, getattr(module, "config", None)):
        for name in HEADS:
            heads = getattr(holder, name, None)
            if isinstance(heads, int):
                return heads
    return 0


def _second_output(name: str, runs: Runs) -> Callable[..., None]:
    def after(module: nn.Module, inputs: Any, out: Any) -> None:
        if isinstance(out, tuple) and len(out) > 1 and isinstance(out[1], Tensor) and out[1].ndim == 4:
            runs.append((name, out[1]))

    return of_this_thread(after)


def _first_input(name: str, runs: Runs) -> Callable[..., None]:
    def before(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        if isinstance(inputs[0], Tensor) and inputs[0].ndim == 4:
            runs.append((name, inputs[0]))

    return of_this_thread(before)


def _weights_hooks(name: str, runs: Runs) -> tuple[Callable[..., Any], Callable[..., Any]]:
    asked: list[tuple[bool, bool]] = []

    def before(module: nn.Module, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
        by_place, by_name = list(args), dict(kwargs)
        flags = []
        for flag, place, wanted in (("need_weights", 4, True), ("average_attn_weights", 6, False)):
            if len(by_place) > place:
                flags.append(by_place[place])
                by_place[place] = wanted
            else:
                flags.append(by_name.get(flag, True))
                by_name[flag] = wanted
        asked.append((flags[0], flags[1]))
        return tuple(by_place), by_name

    def after(module: nn.Module, args: tuple, kwargs: dict[str, Any], out: tuple[Tensor, Tensor]) -> tuple:
        answer, weights = out  # weights: (B, heads, L, S)
        runs.append((name, weights))
        needed, averaged = asked.pop()
        return answer, (weights.mean(-3) if averaged else weights) if needed else None

    return of_this_thread(before), of_this_thread(after)
