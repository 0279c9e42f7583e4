"""What two models answer to the same examples: logits, batch by batch, checked and told in sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from ..data import Examples
from ..distill.teacher import Cancelled, device_of
from ..models.looking import evaluating

Progress = Callable[[int, int], bool | None]


def answers(
    model: nn.Module, examples: Examples, *, who: str, batch_size: int = 500, progress: Progress | None = None
) -> Tensor:
    """Return a model's logits on all examples, in eval mode and without gradient; its mode is put back.

    Parameters
    ----------
    model : nn.Module
        Any classifier that answers (B, C), on any device.
    examples : Examples
        N examples. One batch at a time is made float32 and moved to the model's device.
    who : str
        What messages call the model.
    progress : callable, optional
        Called with (done, total) after each batch; return False to stop.

    Returns
    -------
    Tensor of float32 or float64, shape (N, C)
        On the CPU.

    Raises
    ------
    TypeError
        If the model is no module or returns no tensor.
    ValueError
        If there is no example, or the model's answers are of a shape that does not fit, or not numbers.
    Cancelled
        If ``progress`` returned False.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"the {who} must be a torch.nn.Module, got {type(model).__name__}")
    if not len(examples):
        raise ValueError("there is no example to compare on; the data, or the filter on them, are empty")
    device = device_of(model)
    parts: list[Tensor] = []
    with evaluating(model), torch.no_grad():
        for start in range(0, len(examples), batch_size):
            inputs = examples.inputs(slice(start, start + batch_size))
            parts.append(_logits(model, inputs.to(device), who).cpu())
            done = start + len(inputs)
            if progress is not None and progress(done, len(examples)) is False:
                raise Cancelled(f"stopped after {done:,} of {len(examples):,} answers of the {who}")
    logits = torch.cat(parts)
    wrong = int((~logits.isfinite().all(1)).sum())
    if wrong:
        raise ValueError(
            f"the {who} answers {wrong:,} of {len(logits):,} examples with logits that are not finite; "
            "look at its weights and at the scale of the inputs"
        )
    return logits if logits.dtype == torch.float64 else logits.float()


def _logits(model: nn.Module, inputs: Tensor, who: str) -> Tensor:
    shape = tuple(inputs.shape[1:])
    try:
        logits: object = model(inputs)
    except (RuntimeError, TypeError) as error:
        reason = " ".join(str(error).split())[:120]
        raise ValueError(f"the {who} cannot answer float32 inputs of shape {shape} ({reason})") from error
    if isinstance(logits, Mapping):
        key = "logits" if "logits" in logits else next(iter(logits), "logits")
        raise TypeError(
            f"the {who} returned a dict with {', '.join(map(str, logits))} and a tensor of logits is expected: "
            f"pass kd.models.LogitsOf(model, {key!r})"
        )
    if isinstance(logits, tuple | list):
        raise TypeError(
            f"the {who} returned {len(logits)} things and a tensor of logits is expected: "
            "pass kd.models.LogitsOf(model, 0), or the place of the logits among them"
        )
    if not isinstance(logits, Tensor):
        raise TypeError(
            f"the {who} returned a {type(logits).__name__} and a tensor of logits is expected: "
            "pass kd.models.LogitsOf(model, 'logits'), or the attribute that holds them"
        )
    if logits.ndim != 2 or len(logits) != len(inputs):
        raise ValueError(
            f"the {who} returned shape {tuple(logits.shape)} for {len(inputs)} examples and ({len(inputs)}, classes) "
            "is expected"
        )
    if logits.shape[1] < 2:
        raise ValueError(
            f"the {who} answers with one column and two or more classes are expected; "
            "a sigmoid's logit z becomes two classes as (0, z)"
        )
    return logits
