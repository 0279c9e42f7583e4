"""The common base of models that are not torch modules: no parameters, no gradient, computed on the CPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from kdviz.data.inputs import Inputs, each, tensors


class CannotAnswerError(ValueError):
    """A model cannot process its input; the message says why and what to do."""


class Foreign(nn.Module):
    """A module without parameters that calls another kind of model.

    It can teach and be compared; without a gradient, it cannot learn. It is never copied.
    """

    differentiable = False
    title: str

    def __init__(self) -> None:
        super().__init__()
        self.training = False

    def forward(self, *inputs: Any, **named: Any) -> Tensor:
        """Return logits (B, C) for a batch: a tensor, several tensors, or named ones."""
        batch: Any = named or (inputs[0] if len(inputs) == 1 else inputs)
        with torch.no_grad():
            logits = self.answer(batch)
        device, dtype = _device_and_dtype_of(batch)
        return logits.to(device, dtype)

    def answer(self, batch: Any) -> Tensor:
        """Return logits (B, C) on the CPU."""
        raise NotImplementedError

    def extra_repr(self) -> str:
        return self.title


def rows_of(batch: Inputs) -> int:
    """Return the number of examples in a batch."""
    return len(tensors(batch)[0])


def array(part: Tensor) -> np.ndarray:
    """Return a tensor as an array on the CPU; bfloat16, which numpy lacks, as float32."""
    part = part.detach().cpu()
    return (part.float() if part.dtype == torch.bfloat16 else part).numpy()


def numbers(answer: Any) -> Tensor:
    """Return an answer, a tensor, an array or rows of numbers, as a tensor on the CPU without gradient.

    Raises
    ------
    TypeError, ValueError, RuntimeError
        From torch or numpy, if these are not numbers.
    """
    if not isinstance(answer, Tensor) and hasattr(answer, "__array__"):
        answer = np.array(answer)  # a copy: torch warns about read-only arrays
    return torch.as_tensor(answer).detach().cpu()


def as_arrays(batch: Inputs) -> Any:
    """Return a batch as arrays in the same structure."""
    return each(batch, array)  # type: ignore[arg-type]


def _device_and_dtype_of(batch: Inputs) -> tuple[torch.device, torch.dtype]:
    """Return the device and the dtype for the outputs: those of the inputs, but float32 at least."""
    parts = tensors(batch)
    return parts[0].device, torch.float64 if any(part.dtype == torch.float64 for part in parts) else torch.float32
