"""Times on this machine: of a model's answer to one example, and of whatever is to be estimated."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from ..models.inference import call
from ..models.looking import evaluating

REPEATS = 30
WARM = 3  # first passes, which allocate what later ones reuse
FEW = 3  # calls of which the quickest counts


def latency_ms(model: nn.Module, inputs: Any, repeats: int = REPEATS) -> float:
    """Return the median time of a forward pass, in milliseconds.

    Parameters
    ----------
    model : nn.Module
        In eval mode for the time being; its mode is put back.
    inputs : Tensor of shape (B, ...), or what the model takes
        One batch; of one example for the latency of an answer.
    repeats : int
        Passes that are timed, at least 1.

    Raises
    ------
    ValueError
        If ``repeats`` is below 1.

    Notes
    -----
    On as many threads as torch uses now. It is a number of this machine and of what else runs on it: the median leaves
    out single interruptions, not a machine that is busy all the time. Models of one architecture differ by noise alone.

    Examples
    --------
    >>> latency_ms(nn.Linear(4, 2), torch.zeros(1, 4)) > 0
    True
    """
    if repeats < 1:
        raise ValueError(f"repeats must be at least 1, got {repeats}")
    seconds = []
    with evaluating(model), torch.no_grad():
        for i in range(WARM + repeats):
            begun = time.perf_counter()
            call(model, inputs)
            if i >= WARM:
                seconds.append(time.perf_counter() - begun)
    return 1000 * statistics.median(seconds)


def shortest(work: Callable[[], object]) -> float:
    """Return the seconds of the quickest of a few calls, after one to get warm; the others met something else.

    >>> shortest(lambda: None) < 1
    True
    """
    work()
    seconds = []
    for _ in range(FEW):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)
