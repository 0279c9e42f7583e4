"""Layers: which layers of a model to look at, and their outputs for examples."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules import activation

from ..data.inputs import each, rows, tensors
from ..distill.taps import modules_by_name
from ..models.inference import (
    Cancelled,
    Inputs,
    bare,
    call,
    cannot_answer,
    count,
    fitted,
    uncompiled,
)
from ..models.looking import evaluating, of_this_thread
from ..words import number, t, tn

if TYPE_CHECKING:
    from .saliency import Progress

Layers = str | Sequence[str] | None
Shapes = dict[str, tuple[int, ...]]
Keep = Callable[[Tensor], Tensor]

OPENED = (nn.Sequential, nn.ModuleList, nn.TransformerEncoder)  # chains of layers rather than layers
ACTIVATIONS = tuple(getattr(activation, name) for name in activation.__all__ if name != "MultiheadAttention")


def chosen_layers(
    model: nn.Module, X: Inputs, layers: Layers, fit: Callable[[tuple[int, ...]], bool], what: str, who: str
) -> list[str]:
    """Return the layers to look at, those named or the ends of the model's steps, once their outputs are checked."""
    shapes = _shapes(model, X)
    fitting = [name for name, shape in shapes.items() if shape[:1] == (1,) and fit(shape)]
    own = dict(bare(model).named_modules(remove_duplicate=False))
    if layers is None:
        ends = _ends(model, shapes)
        suitable = [name for name in ends if name in fitting]
        if not suitable:
            raise ValueError(
                f"the {who} must have layers that return {what}, and the ends of its steps ({listed(ends)}) do not; "
                + (
                    f"name others, such as {listed(name for name in fitting if name in own)}"
                    if fitting
                    else "use attention_matrices for a transformer, or kdviz.measure.saliency for any model"
                )
            )
        return suitable
    named = _named(model, layers, who)
    for name in named:
        if name not in fitting:
            got = f"got shape {shapes[name]} for one example" if name in shapes else "but it did not run or gave none"
            raise ValueError(
                f"the {who}'s layer {name!r} must return {what}, {got}; those that do are "
                f"{listed(n for n in fitting if n in own)}"
            )
    return named


def watch(
    model: nn.Module,
    X: Inputs,
    layers: Sequence[str],
    keep: Keep,
    batch_size: int,
    progress: Progress | None,
    who: str,
) -> dict[str, Tensor]:
    """Return what ``keep`` makes of each layer's output, over all examples."""
    seen: dict[str, Tensor] = {}
    parts: dict[str, list[Tensor]] = {name: [] for name in layers}
    modules = modules_by_name(model)

    def hook(name: str) -> Callable[..., None]:
        def look(module: nn.Module, inputs: Any, out: Any) -> None:
            if not bool(out.isfinite().all()):
                raise ValueError(f"the output of the {who}'s layer {name!r} must be finite, got nan or inf")
            dtype = torch.float64 if out.dtype == torch.float64 else torch.float32
            seen[name] = keep(out.detach()).to("cpu", dtype, copy=True)  # the next layer may write into it

        return of_this_thread(look)

    with ExitStack() as hooks:
        for name in layers:
            hooks.callback(modules[name].register_forward_hook(hook(name)).remove)
        for x in batches(model, X, batch_size, progress):
            _run(model, x, who)
            for name in layers:
                if len(seen[name]) != count(x):
                    raise ValueError(
                        f"the {who}'s layer {name!r} must return (examples, ...), "
                        f"got {len(seen[name])} for {count(x)} examples"
                    )
                parts[name].append(seen[name])
    return {name: torch.cat(parts.pop(name)) for name in layers}


@contextmanager
def asking(model: nn.Module) -> Iterator[None]:
    """Run a model in eval mode and without gradients, in a way that modules with hooks can follow.

    PyTorch keeps layers with hooks off their fast path. But an encoder with a padding mask passes its layers nested
    tensors, which only the fast path accepts, so that is switched off.
    """
    with evaluating(model), torch.no_grad(), ExitStack() as undo:
        for module in model.modules():
            if isinstance(module, nn.TransformerEncoder) and getattr(module, "use_nested_tensor", False):
                undo.callback(setattr, module, "use_nested_tensor", module.use_nested_tensor)
                module.use_nested_tensor = False
        yield


def checked_inputs(X: Inputs, batch_size: int) -> Inputs:
    """Return X detached, once it is known to be finite examples."""
    if not isinstance(X, Tensor | Mapping | tuple):
        raise ValueError(f"X must be a tensor, as returned by Examples.inputs(), got {type(X).__name__}")
    for part in tensors(X):
        if part.ndim < 2 or part.numel() == 0:
            raise ValueError(f"X must have shape (examples, ...) with at least one example, got {tuple(part.shape)}")
        if not bool(part.isfinite().all()):
            raise ValueError("X must be finite, got nan or inf; leave these examples out")
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    return each(X, Tensor.detach)


def batches(model: nn.Module, X: Inputs, batch_size: int, progress: Progress | None) -> Iterator[Any]:
    """Yield the examples in batches, on the model's device and in its precision, and report progress."""
    total = count(X)
    for start in range(0, total, batch_size):
        _report(progress, start, total)
        yield fitted(rows(X, slice(start, start + batch_size)), model)
    _report(progress, total, total)


def _run(model: nn.Module, x: Inputs, who: str) -> None:
    """Run a model uncompiled, so that the hooks of its layers run."""
    try:
        call(uncompiled(model), x)
    except (ValueError, Cancelled):
        raise
    except Exception as error:
        raise cannot_answer(error, who, model, x) from error


def _report(progress: Progress | None, done: int, total: int) -> None:
    if progress is not None and progress(done, total) is False:
        raise Cancelled(f"stopped after {done} of {total} examples")


def part_of(progress: Progress | None, before: int, total: int) -> Progress | None:
    """Return the progress callback of one part of the work, after ``before`` that is done already."""
    return None if progress is None else lambda done, _: progress(before + done, total)


def evenly_spaced(X: Inputs, limit: int) -> np.ndarray:
    """Return the indices of at most ``limit`` examples, evenly spaced from the first to the last."""
    if limit < 1:
        raise ValueError(f"limit must be at least 1, got {limit}")
    return np.linspace(0, count(X) - 1, min(limit, count(X))).round().astype(np.int64)


def _shapes(model: nn.Module, X: Inputs) -> Shapes:
    """Return the shape of each module's output tensor for one example."""
    seen: Shapes = {}

    def hook(name: str) -> Callable[..., None]:
        def keep(module: nn.Module, inputs: Any, out: Any) -> None:
            if isinstance(out, Tensor):
                seen[name] = tuple(out.shape)

        return of_this_thread(keep)

    with ExitStack() as hooks:
        for name, module in modules_by_name(model).items():
            hooks.callback(module.register_forward_hook(hook(name)).remove)
        _run(model, fitted(rows(X, slice(0, 1)), model), "model")
    seen.pop("", None)  # the model itself has no name
    return seen


def _ends(model: nn.Module, shapes: Shapes) -> list[str]:
    """Return the last layer of each step of the model, in order; see the notes of :func:`activation_maps`."""
    ends: list[str] = []
    for name, module in _chain(bare(model)):
        weights = [p.ndim for p in module.parameters()]
        if name not in shapes:
            continue
        if max(weights, default=0) >= 2:
            ends.append(name)
        elif ends and (weights or isinstance(module, ACTIVATIONS)):
            ends[-1] = name
    return ends


def _chain(model: nn.Module, before: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Yield the parts of a model, chains and wrappers opened."""
    for name, child in model.named_children():
        full = f"{before}{name}"
        children = list(child.children())
        if children and (isinstance(child, OPENED) or len(children) == 1):
            yield from _chain(child, f"{full}.")
        else:
            yield full, child


def _named(model: nn.Module, layers: str | Sequence[str], who: str) -> list[str]:
    """Return the requested names, each once."""
    names = list(dict.fromkeys([layers] if isinstance(layers, str) else layers))
    if not names:
        raise ValueError("layers must name at least one layer, got none; leave it out for the default")
    modules = [name for name in modules_by_name(model) if name]
    for name in names:
        if name not in modules:
            near = difflib.get_close_matches(str(name), modules, n=3, cutoff=0.5)
            has = f"near it are {', '.join(near)}" if near else f"it has {listed(modules)}"
            raise ValueError(f"layer must be a module of the {who} by its dotted name, got {name!r}; {has}")
    return names


def best_match(rows: Sequence[str], columns: Sequence[str], matrix: np.ndarray) -> dict[str, str]:
    """Return, for each column that has a number, the row with its largest, the first of a tie."""
    has_number = ~np.isnan(matrix).all(0)
    best = np.where(np.isnan(matrix), -np.inf, matrix).argmax(0)
    return {name: rows[row] for name, row, some in zip(columns, best, has_number, strict=True) if some}


def listed(names: Iterable[str], most: int = 12) -> str:
    """Return names as text for a sentence, shortened if there are many."""
    names = list(names)
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "") or "none"


def of_examples(n: int, of: int) -> str:
    """Return how many examples a number is of, and of how many they were taken."""
    if n == of:
        return tn("{n} example", "{n} examples", n, n=number(n))
    return t("{n} of {total} examples", n=number(n), total=number(of))
