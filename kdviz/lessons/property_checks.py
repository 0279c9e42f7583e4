"""Properties that a learner's function is held against in several lessons, and what such checks are written with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..words import number
from .exercises import WrongFormError

Function = Callable[..., Any]


def tensor_of(value: Any, shape: Sequence[int]) -> Tensor:
    """Return what a function returned as a tensor.

    Raises
    ------
    WrongFormError
        If it is no numbers, or of another shape: in a sentence.
    """
    if value is None:
        raise WrongFormError("The function returns nothing: end it with return.")
    if value is Ellipsis or value is NotImplemented:
        raise NotImplementedError
    try:
        found = torch.as_tensor(value).detach()
    except (TypeError, ValueError, RuntimeError):
        raise WrongFormError(f"It must return numbers, got {type(value).__name__}.") from None
    if tuple(found.shape) != tuple(shape):
        raise WrongFormError(f"It must return the shape {tuple(shape)}, got {tuple(found.shape)}.")
    if found.is_complex():
        raise WrongFormError("It must return real numbers, got complex ones.")
    return found.double()


def listed(values: Any) -> str:
    """Return a few numbers as a reader wants them: ``0.12, 0.88``."""
    flat = np.asarray(torch.as_tensor(values).detach(), dtype=float).ravel()
    return ", ".join(number(one, ".3g") for one in flat[:8]) + (" …" if flat.size > 8 else "")


def mistake(given: Tensor, mistakes: Mapping[str, Any]) -> str:
    """Return what is said of the first known mistake whose result was given; nothing where it is none of them.

    Parameters
    ----------
    given : Tensor
        As :func:`tensor_of` returns it.
    mistakes : dict of str to number or Tensor
        The result of each mistake by its sentence.

    Examples
    --------
    >>> mistake(torch.tensor(4.0), {"You added.": 5.0, "You doubled.": 4.0})
    'You doubled.'
    """
    for sentence, result in mistakes.items():
        wrong = torch.as_tensor(result).detach().double()
        if wrong.shape == given.shape and torch.allclose(given.double(), wrong, rtol=1e-4, atol=1e-6):
            return sentence
    return ""


def sums_to_one(softmax: Function) -> str:
    """Hold ``softmax(logits, T)`` against what every distribution is."""
    given = tensor_of(softmax(torch.tensor([1.0, 2.0, 3.0]), 1.0), (3,))
    if bool((given < 0).any()) and abs(float(given.exp().sum()) - 1) <= 1e-5:
        return "These are logarithms of probabilities: take softmax, not log_softmax."
    if bool((given < 0).any()):
        return f"Probabilities are never negative, got {listed(given)}."
    if not abs(float(given.sum()) - 1) <= 1e-5:
        return f"The probabilities must sum to 1, got {float(given.sum()):.3g}: divide by the sum of exp."
    return ""
