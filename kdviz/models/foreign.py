"""What a model that is no network has in common with others: no parameters, no gradient, answers on the CPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from kdviz.data.inputs import Inputs, each, tensors


class CannotAnswerError(ValueError):
    """A sentence on why a model cannot answer, with the way out in it."""


class Foreign(nn.Module):
    """A module without parameters that asks something else.

    It can teach and be compared; having no gradient, it cannot learn. Nothing of it is copied.
    """

    differentiable = False
    title: str

    def __init__(self) -> None:
        super().__init__()
        self.training = False

    def forward(self, *inputs: Any, **named: Any) -> Tensor:
        """Return logits (B, C) for a batch: a tensor, several of them, or named ones."""
        batch: Any = named or (inputs[0] if len(inputs) == 1 else inputs)
        with torch.no_grad():
            logits = self.answer(batch)
        device, dtype = _place_of(batch)
        return logits.to(device, dtype)

    def answer(self, batch: Any) -> Tensor:
        """Return logits (B, C) on the CPU."""
        raise NotImplementedError

    def extra_repr(self) -> str:
        return self.title


def rows_of(batch: Inputs) -> int:
    """Return how many examples a batch holds."""
    return len(tensors(batch)[0])


def array(part: Tensor) -> np.ndarray:
    """Return a tensor as an array on the CPU; bfloat16, which numpy has not, as float32."""
    part = part.detach().cpu()
    return (part.float() if part.dtype == torch.bfloat16 else part).numpy()


def numbers(answer: Any) -> Tensor:
    """Return an answer, a tensor, an array or rows of numbers, as a tensor on the CPU without gradient.

    Raises
    ------
    TypeError, ValueError, RuntimeError
        As torch and numpy say it, if these are no numbers.
    """
    if not isinstance(answer, Tensor) and hasattr(answer, "__array__"):
        answer = np.array(answer)  # a copy: torch warns of arrays that may only be read
    return torch.as_tensor(answer).detach().cpu()


def as_arrays(batch: Inputs) -> Any:
    """Return a batch of arrays in the structure in which the tensors came."""
    return each(batch, array)  # type: ignore[arg-type]


def _place_of(batch: Inputs) -> tuple[torch.device, torch.dtype]:
    """Return where the answers belong, and in which precision: that of the inputs, but float32 at least."""
    parts = tensors(batch)
    return parts[0].device, torch.float64 if any(part.dtype == torch.float64 for part in parts) else torch.float32
