"""One door to a model: all of kdviz asks models here, whatever they take and however they answer.

Inputs are a tensor, a dict of tensors (handed over by name) or a tuple of tensors (handed over in order). Logits come
back as a tensor whatever the model wraps them in; what cannot be read without a guess, and whatever the model raises,
is one sentence that says who, what it was given, and what to do.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
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

ROWS_AT_ONCE = 128  # examples a forward pass: large enough to be fast, small enough to be interrupted within a second
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
MASKS = ("attention_mask", "mask")  # inputs by these names say which tokens count


class Cancelled(Exception):  # noqa: N818 (asked for, not gone wrong)
    """Someone asked for a stop while a long computation was under way; nothing was changed."""


def device_of(model: nn.Module) -> torch.device:
    """Return the device of the model's first parameter or buffer, or the CPU without any."""
    for held in (model.parameters(), model.buffers()):
        for tensor in held:
            return tensor.device
    return torch.device("cpu")


def dtype_of(model: nn.Module) -> torch.dtype | None:
    """Return what the model computes in: the dtype of its first floating-point weight, None without any."""
    for held in (model.parameters(), model.buffers()):
        for tensor in held:
            if tensor.dtype in FLOATS:
                return tensor.dtype
    return None


def bare(model: nn.Module) -> nn.Module:
    """Return the module whose dotted names the layers of a model have.

    That is the one inside kdviz's own wrappers, ``torch.compile`` and ``nn.DataParallel``. It shares all weights, and
    runs layer by layer, so that hooks see what passes.

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
    """Return a model that runs layer by layer and answers alike: hooks on a compiled graph may never be called."""
    inner: Any = getattr(model, "_orig_mod", None)
    return uncompiled(inner) if isinstance(inner, nn.Module) else model


def count(inputs: Inputs) -> int:
    """Return how many examples inputs hold."""
    return len(tensors(inputs)[0])


def fitted(inputs: Inputs, model: nn.Module) -> Any:
    """Return inputs where the model lies: floats in the dtype it computes in, whole numbers as they are."""
    return moved(inputs, device_of(model), dtype_of(model))


def moved(inputs: Inputs, device: torch.device, dtype: torch.dtype | None) -> Any:
    """Return inputs on a device; floating-point ones in ``dtype``, if there is one."""
    if isinstance(inputs, Tensor):
        return inputs.to(device, dtype) if dtype is not None and inputs.is_floating_point() else inputs.to(device)
    return each(inputs, lambda tensor: moved(tensor, device, dtype))


def described(inputs: Inputs) -> str:
    """Return inputs in words, one example each.

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
    """Return the names that a model's ``forward`` takes; None where it takes any."""
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
    """Return the named inputs that the model does not take, where it takes some of them."""
    names = names_taken(model)
    if not isinstance(inputs, Mapping) or names is None or not names & set(inputs):
        return ()
    return tuple(name for name in inputs if name not in names)


def call(model: nn.Module, inputs: Inputs) -> Any:
    """Return what the model answers to inputs of any kind, as it answers it.

    A dict goes in by name: those of its parts that ``forward`` takes. A ``forward`` that takes none of the names gets
    the dict itself, or the one tensor in it.
    """
    if isinstance(inputs, Tensor):
        return model(inputs)
    if not isinstance(inputs, Mapping):
        return model(*inputs)
    names = names_taken(model)
    if names is None:
        return model(**inputs)
    known = {name: tensor for name, tensor in inputs.items() if name in names}
    if known:
        return model(**known)
    return model(next(iter(inputs.values())) if len(inputs) == 1 else inputs)


def logits_of(answer: Any, who: str, examples: int) -> Tensor:
    """Return the logits in a model's answer: (B, C), or (B, L, C) of tokens.

    Parameters
    ----------
    answer : Any
        A tensor; something with ``logits`` in it (a dict, or an attribute); or a tuple, list or dict with one tensor.
        One number z an example becomes two classes as (0, z): its sigmoid is the second one's probability.
    who : str
        What messages call the model.
    examples : int
        How many were asked about, B.

    Raises
    ------
    TypeError, ValueError
        In one sentence, where it is not clear which part holds them or the shape does not fit.
    """
    logits = answer if isinstance(answer, Tensor) else _found_in(answer, who)
    if logits.ndim == 1 and len(logits) == examples and examples > 1:
        logits = logits.unsqueeze(1)
    if logits.ndim not in (2, 3) or len(logits) != examples:
        raise ValueError(
            f"the {who} returned shape {tuple(logits.shape)} for {examples} example{'' if examples == 1 else 's'}, "
            f"expected ({examples}, classes)"
        )
    if not logits.is_floating_point():
        raise TypeError(
            f"the {who} returned {_dtype(logits)} numbers, expected floating-point logits; of a model that names "
            "classes alone learn by kd.schemes.black_box"
        )
    if logits.shape[-1] == 1:
        logits = torch.cat((torch.zeros_like(logits), logits), dim=-1)
    return logits


def _found_in(answer: Any, who: str) -> Tensor:
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
            "pass kd.wrap(model, output=function), where the function takes its answer and returns the logits"
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
    """Return a sentence on what a model raised for some inputs, with the way out that fits it."""
    reason = " ".join(str(error).split())
    reason = reason if len(reason) <= 160 else reason[:157] + "..."
    said = f"{type(error).__name__}: {reason}" if reason else type(error).__name__
    names = names_taken(model)
    if isinstance(inputs, Mapping) and names is not None and not names & set(inputs):
        mend = f"its forward takes {', '.join(sorted(names)) or 'nothing'}; rename the inputs, or"
    else:
        mend = "give it data of the shape and dtype that it was made for, or"
        if isinstance(inputs, Tensor) and not inputs.is_floating_point():
            mend = "whole numbers are taken for tokens: pass X.float() if they are none, or"
    return ValueError(
        f"the {who} cannot answer {described(inputs)} ({said}); {mend} pass kd.wrap(model, inputs=function) to change "
        "them on their way in"
    )


def answer(model: nn.Module, inputs: Inputs, *, who: str) -> Tensor:
    """Return a model's logits as it gives them: its own mode, device, dtype and gradient.

    Raises
    ------
    ValueError, TypeError
        In one sentence, with what the model raised as its cause.
    """
    try:
        given = call(model, inputs)
    except Cancelled:
        raise
    except CannotAnswerError as error:
        raise ValueError(f"the {who} cannot answer: {error}") from error
    except Exception as error:
        raise cannot_answer(error, who, model, inputs) from error
    return logits_of(given, who, count(inputs))


def ask(model: nn.Module, inputs: Inputs, *, who: str) -> Tensor:
    """Return a model's logits for inputs anywhere, where the model lies; float64 if it computes so, else float32."""
    logits = answer(model, fitted(inputs, model), who=who)
    return logits if logits.dtype == torch.float64 else logits.float()


def pieces(
    model: nn.Module,
    examples: Examples,
    *,
    who: str,
    batch_size: int = ROWS_AT_ONCE,
    progress: Progress | None = None,
) -> Iterator[tuple[slice, Tensor]]:
    """Yield which examples, and the model's logits for them on the CPU, one batch after the other.

    Parameters and errors as in :func:`logits`.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"the {who} must be a torch.nn.Module, got {type(model).__name__}; pass kd.wrap(model)")
    if not len(examples):
        raise ValueError("there is no example to ask about; the data, or the filter on them, are empty")
    device = device_of(model)
    with evaluating(model), torch.no_grad():
        for start in range(0, len(examples), batch_size):
            done = min(start + batch_size, len(examples))
            chosen = slice(start, done)
            with seeded(start, device, everywhere=True):  # a model that draws in eval mode answers alike each time
                given = ask(model, examples.inputs(chosen), who=who).cpu()
            yield chosen, given
            if progress is not None and progress(done, len(examples)) is False:
                raise Cancelled(f"stopped after {done:,} of {len(examples):,} answers of the {who}")


def logits(
    model: nn.Module,
    examples: Examples,
    *,
    who: str = "model",
    batch_size: int = ROWS_AT_ONCE,
    progress: Progress | None = None,
    finite: bool = False,
) -> Tensor:
    """Return a model's logits on all examples, in eval mode and without gradient; the model is left as it was.

    Parameters
    ----------
    model : nn.Module
        Any classifier, on any device and in any dtype.
    examples : Examples
        N examples. One batch at a time is moved to the model's device.
    who : str
        What messages call the model.
    progress : callable, optional
        Called with (done, total) after each batch; return False to stop.
    finite : bool
        Refuse answers that are NaN or +∞, or −∞ in all classes. (−∞ in some says that they cannot be.)

    Returns
    -------
    Tensor of float32 or float64, shape (N, C), or (N, L, C) of tokens
        On the CPU.

    Raises
    ------
    TypeError, ValueError
        In one sentence, if the model cannot answer, its answers do not fit or are not numbers.
    Cancelled
        If ``progress`` returned False.
    """
    given = torch.cat([part for _, part in pieces(model, examples, who=who, batch_size=batch_size, progress=progress)])
    if finite:
        check_finite(given, who)
    return given


def check_finite(given: Tensor, who: str) -> None:
    """Raise unless logits (N, C) are numbers: NaN and +∞ are none, nor is −∞ in all classes."""
    wrong = int((given.isnan() | (given == torch.inf)).any(-1).logical_or((given == -torch.inf).all(-1)).sum())
    if wrong:
        raise ValueError(
            f"the {who} answers {wrong:,} of {given.shape[:-1].numel():,} examples with logits that are not finite; "
            "look at its weights and at the scale of the inputs"
        )


def token_mask(inputs: Inputs, length: int) -> Tensor | None:
    """Return which tokens count, bool (B, L), if the inputs say so."""
    if isinstance(inputs, Mapping):
        for name in MASKS:
            if name in inputs and inputs[name].shape[1:] == (length,):
                return inputs[name].bool()
    return None
