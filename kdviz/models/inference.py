"""One door to a model: all of kdviz runs models here, whatever their inputs and outputs.

Inputs are a tensor, a dict of tensors (passed by name) or a tuple of tensors (passed in order). Logits are returned as
a tensor whatever the model wraps them in; ambiguous outputs, and exceptions of the model, become one sentence: which
model, its input, and what to do.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from kdviz.data.inputs import Inputs, each, tensors
from kdviz.models.foreign import CannotAnswerError
from kdviz.models.looking import evaluating
from kdviz.models.randomness import seeded

if TYPE_CHECKING:
    from kdviz.data import Examples

Progress = Callable[[int, int], "bool | None"]

ROWS_AT_ONCE = 128  # examples per forward pass: large enough to be fast, small enough to be interrupted within a second
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
MASKS = ("attention_mask", "mask")  # inputs with these names mark the tokens that count


class Cancelled(Exception):  # noqa: N818 (asked for, not gone wrong)
    """A long computation was stopped on request; nothing was changed."""


def device_of(model: nn.Module) -> torch.device:
    """Return the device of the model's first parameter or buffer, or the CPU without any."""
    for held in (model.parameters(), model.buffers()):
        for tensor in held:
            return tensor.device
    return torch.device("cpu")


def dtype_of(model: nn.Module) -> torch.dtype | None:
    """Return the dtype of the model's first floating-point weight, None without any."""
    for held in (model.parameters(), model.buffers()):
        for tensor in held:
            if tensor.dtype in FLOATS:
                return tensor.dtype
    return None


def bare(model: nn.Module) -> nn.Module:
    """Return the innermost module, which defines the dotted names of a model's layers.

    It is the one inside kdviz's own wrappers, ``torch.compile`` and ``nn.DataParallel``. It shares all weights, and
    runs layer by layer, so that hooks are called.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(4, 2))
    >>> bare(nn.DataParallel(net)) is net
    True
    """
    while True:
        inside: Any = None
        if isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
            inside = model.module
        else:
            inside = getattr(model, "_orig_mod", getattr(model, "kdviz_wraps", None))
        if not isinstance(inside, nn.Module):
            return model
        model = inside


def uncompiled(model: nn.Module) -> nn.Module:
    """Return an equivalent model that runs layer by layer: hooks on a compiled graph may never be called."""
    inner: Any = getattr(model, "_orig_mod", None)
    return uncompiled(inner) if isinstance(inner, nn.Module) else model


def count(inputs: Inputs) -> int:
    """Return the number of examples in the inputs."""
    return tensors(inputs)[0].shape[0]  # a program that is followed for any number has no len


def fitted(inputs: Inputs, model: nn.Module) -> Any:
    """Return inputs on the model's device: floats in the model's dtype, integers unchanged."""
    return moved(inputs, device_of(model), dtype_of(model))


def moved(inputs: Inputs, device: torch.device, dtype: torch.dtype | None) -> Any:
    """Return inputs on a device; floating-point ones in ``dtype``, if given."""
    if isinstance(inputs, Tensor):
        return inputs.to(device, dtype) if dtype is not None and inputs.is_floating_point() else inputs.to(device)
    return each(inputs, lambda tensor: moved(tensor, device, dtype))


def described(inputs: Inputs) -> str:
    """Describe inputs, per example.

    >>> described(torch.zeros(8, 4)), described({"ids": torch.zeros(8, 5, dtype=torch.int64)})
    ('float32 inputs of shape (4,)', 'inputs ids (int64, shape (5,))')
    """
    if isinstance(inputs, Tensor):
        return f"{_dtype(inputs)} inputs of shape {tuple(inputs.shape[1:])}"
    names = inputs.items() if isinstance(inputs, Mapping) else enumerate(inputs)
    return "inputs " + ", ".join(f"{name} ({_dtype(t)}, shape {tuple(t.shape[1:])})" for name, t in names)


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


_NAMES: WeakKeyDictionary[nn.Module, frozenset[str] | None] = WeakKeyDictionary()


def names_taken(model: nn.Module) -> frozenset[str] | None:
    """Return the argument names of a model's ``forward``; None where it accepts any."""
    if getattr(model, "takes_any", False):
        return None
    if model not in _NAMES:
        try:
            parameters = inspect.signature(bare(model).forward).parameters.values()
        except (TypeError, ValueError, AttributeError):
            _NAMES[model] = None
        else:
            named = frozenset(p.name for p in parameters if p.kind is not p.VAR_POSITIONAL)
            _NAMES[model] = None if any(p.kind is p.VAR_KEYWORD for p in parameters) else named
    return _NAMES[model]


def left_out(model: nn.Module, inputs: Inputs) -> tuple[str, ...]:
    """Return the named inputs that the model does not accept, where it accepts some of them."""
    names = names_taken(model)
    if not isinstance(inputs, Mapping) or names is None or not names & set(inputs):
        return ()
    return tuple(name for name in inputs if name not in names)


def call(model: nn.Module, inputs: Inputs) -> Any:
    """Return the model's raw output for inputs of any kind.

    A dict is passed by name, as far as ``forward`` has such arguments. A ``forward`` with none of the names gets the
    dict itself, or the only tensor in it.
    """
    if isinstance(inputs, Tensor):
        return model(inputs)
    if not isinstance(inputs, Mapping):
        return model(*inputs)
    names = names_taken(model)
    if names is None:
        return model(**inputs)
    accepted = {name: tensor for name, tensor in inputs.items() if name in names}
    if accepted:
        return model(**accepted)
    return model(next(iter(inputs.values())) if len(inputs) == 1 else inputs)


def logits_of(answer: Any, who: str, examples: int) -> Tensor:
    """Return the logits in a model's output: (B, C), or (B, L, C) for tokens.

    Parameters
    ----------
    answer : Any
        A tensor; an object with ``logits`` (a key or an attribute); or a tuple, list or dict with one tensor. A single
        number z per example becomes two classes as (0, z): its sigmoid is the probability of the second.
    who : str
        The name of the model in messages.
    examples : int
        How many examples the input has, B.

    Raises
    ------
    TypeError, ValueError
        In one sentence, if the output is ambiguous or the shape does not fit.
    """
    logits = found_in(answer, who)
    if logits.ndim == 1 and logits.shape[0] == examples and examples > 1:
        logits = logits.unsqueeze(1)
    if logits.ndim not in (2, 3) or logits.shape[0] != examples:
        raise ValueError(
            f"the {who} returned shape {tuple(logits.shape)} for {examples} example{'' if examples == 1 else 's'}, "
            f"expected ({examples}, classes)"
        )
    if not logits.is_floating_point():
        raise TypeError(
            f"the {who} returned {_dtype(logits)} numbers, expected floating-point logits; for a model that only "
            "returns classes use kd.schemes.black_box"
        )
    return two_classes(logits) if logits.shape[-1] == 1 else logits


def two_classes(logits: Tensor) -> Tensor:
    """Make two classes of a single number z, (..., 1): the logits (0, z)."""
    return torch.cat((torch.zeros_like(logits), logits), dim=-1)


def found_in(answer: Any, who: str) -> Tensor:
    """Return the tensor of logits in a model's output, as it is; raise in one sentence where it is ambiguous."""
    if isinstance(answer, Tensor):
        return answer
    named = answer.get("logits") if isinstance(answer, Mapping) else getattr(answer, "logits", None)
    if isinstance(named, Tensor):
        return named
    parts: Mapping[Any, Any] | None = None
    if isinstance(answer, Mapping):
        parts = answer
    elif isinstance(answer, tuple | list):
        parts = dict(enumerate(answer))
    if parts is None:
        raise TypeError(
            f"the {who} returned a {type(answer).__name__}, expected a tensor of logits; "
            "pass kd.wrap(model, output=function), where the function maps its output to the logits"
        )
    tensors = {name: value for name, value in parts.items() if isinstance(value, Tensor) and value.is_floating_point()}
    if len(tensors) == 1:
        return next(iter(tensors.values()))
    kind = f"a dict with {', '.join(map(str, parts))}" if isinstance(answer, Mapping) else f"{len(parts)} things"
    example = next(iter(tensors or parts or [0]))
    raise TypeError(
        f"the {who} returned {kind}, expected a tensor of logits; "
        f"pass kd.wrap(model, output={example!r}), or the one that holds them"
    )


def cannot_answer(error: Exception, who: str, model: nn.Module, inputs: Inputs) -> ValueError:
    """Return a sentence on the exception that a model raised for some inputs, with a fitting remedy."""
    reason = " ".join(str(error).split())
    reason = reason if len(reason) <= 160 else reason[:157] + "..."
    raised = f"{type(error).__name__}: {reason}" if reason else type(error).__name__
    names = names_taken(model)
    if isinstance(inputs, Mapping) and names is not None and not names & set(inputs):
        remedy = f"its forward takes {', '.join(sorted(names)) or 'nothing'}; rename the inputs, or"
    else:
        remedy = "pass data of the shape and dtype that it was made for, or"
        if isinstance(inputs, Tensor) and not inputs.is_floating_point():
            remedy = "integers are treated as tokens: pass X.float() if they are not, or"
    return ValueError(
        f"the {who} cannot process {described(inputs)} ({raised}); {remedy} pass kd.wrap(model, inputs=function) to "
        "convert them"
    )


def answer(model: nn.Module, inputs: Inputs, *, who: str) -> Tensor:
    """Return a model's logits in its own mode, device and dtype, with gradient.

    Raises
    ------
    ValueError, TypeError
        In one sentence, with the model's exception as its cause.
    """
    try:
        output = call(model, inputs)
    except Cancelled:
        raise
    except CannotAnswerError as error:
        raise ValueError(f"the {who} cannot process its input: {error}") from error
    except Exception as error:
        raise cannot_answer(error, who, model, inputs) from error
    return logits_of(output, who, count(inputs))


def ask(model: nn.Module, inputs: Inputs, *, who: str) -> Tensor:
    """Return a model's logits, on its device, for inputs on any device; in float64 if it uses that, else float32."""
    logits = answer(model, fitted(inputs, model), who=who)
    return logits if logits.dtype == torch.float64 else logits.float()


def pieces(
    model: nn.Module,
    examples: Examples,
    *,
    who: str,
    batch_size: int = ROWS_AT_ONCE,
    progress: Progress | None = None,
) -> Generator[tuple[slice, Tensor], None, None]:
    """Yield slices of the examples and the model's logits for them on the CPU, batch by batch.

    Parameters and errors as in :func:`logits`.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"the {who} must be a torch.nn.Module, got {type(model).__name__}; pass kd.wrap(model)")
    if not len(examples):
        raise ValueError("expected at least one example, got none; the data, or the filter on them, are empty")
    device = device_of(model)
    with evaluating(model):
        for start in range(0, len(examples), batch_size):
            done = min(start + batch_size, len(examples))
            chosen = slice(start, done)
            # Without gradient here alone: whoever iterates keeps their own mode. Repeatable if the model draws.
            with torch.no_grad(), seeded(start, device, everywhere=True):
                part = ask(model, examples.inputs(chosen), who=who).cpu()
            yield chosen, part
            if progress is not None and progress(done, len(examples)) is False:
                raise Cancelled(f"stopped after {done:,} of {len(examples):,} outputs of the {who}")


def logits(
    model: nn.Module,
    examples: Examples,
    *,
    who: str = "model",
    batch_size: int = ROWS_AT_ONCE,
    progress: Progress | None = None,
    finite: bool = False,
) -> Tensor:
    """Return a model's logits on all examples, in eval mode and without gradient; the model is left unchanged.

    Parameters
    ----------
    model : nn.Module
        Any classifier, on any device and in any dtype.
    examples : Examples
        N examples. One batch at a time is moved to the model's device.
    who : str
        The name of the model in messages.
    progress : callable, optional
        Called with (done, total) after each batch; return False to stop.
    finite : bool
        Raise on logits that are NaN or +∞, or −∞ in all classes. (−∞ in some classes rules them out.)

    Returns
    -------
    Tensor of float32 or float64, shape (N, C), or (N, L, C) of tokens
        On the CPU.

    Raises
    ------
    TypeError, ValueError
        In one sentence, if the model fails, or its outputs do not fit or are not numbers.
    Cancelled
        If ``progress`` returned False.
    """
    z = torch.cat([part for _, part in pieces(model, examples, who=who, batch_size=batch_size, progress=progress)])
    if finite:
        check_finite(z, who)
    return z


def no_answer(z: Tensor) -> Tensor:
    """Return which rows of logits (..., C) say nothing: nan or +∞ in a class, or −∞ in all."""
    return (z.isnan() | (z == torch.inf)).any(-1) | (z == -torch.inf).all(-1)


def check_finite(z: Tensor, who: str) -> None:
    """Raise if logits (N, C) contain NaN or +∞, or −∞ in all classes of an example."""
    wrong = int(no_answer(z).sum())
    if wrong:
        raise ValueError(
            f"the {who} has logits that are not finite for {wrong:,} of {z.shape[:-1].numel():,} examples; "
            "check its weights and the scale of the inputs"
        )


def token_ids(inputs: Inputs) -> Tensor | None:
    """Return the tokens (B, L) of a text: the inputs named input_ids, else the first that are no mask; None of others.

    >>> ids = torch.tensor([[5, 2, 9]])
    >>> token_ids({"attention_mask": torch.ones_like(ids), "input_ids": ids}).tolist()
    [[5, 2, 9]]
    """
    named = inputs if isinstance(inputs, Mapping) else dict(enumerate(tensors(inputs)))
    parts: dict[Any, Tensor] = {name: part for name, part in named.items() if name not in MASKS}
    if not parts or any(part.is_floating_point() for part in parts.values()):
        return None
    ids = parts.get("input_ids", next(iter(parts.values())))
    return ids if ids.ndim == 2 and ids.dtype not in (torch.bool, torch.uint8) else None


def token_mask(inputs: Inputs, length: int) -> Tensor | None:
    """Return which tokens count, bool (B, L), if the inputs contain a mask."""
    if isinstance(inputs, Mapping):
        for name in MASKS:
            if name in inputs and inputs[name].shape[1:] == (length,):
                return inputs[name].bool()
    return None
