"""What is counted of models on text, row by row."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ...data import Examples
from ...distill.per_sequence import per_sequence
from ...measure.attending import attending, watching
from ...measure.paired import PairedErrors, paired_errors
from ...measure.sequence_interval import Interval, ratio, share
from ...models.inference import answer, pieces
from ...models.looking import evaluating


def surprises(model: nn.Module, examples: Examples) -> tuple[Tensor, Tensor]:
    """Return the surprise of each row's tokens, in bits (N,), and how many they are (N,)."""
    bits, counts = [], []
    for chosen, logits in pieces(model, examples, who="model"):
        y = examples.y[chosen]
        log_p = logits.double().log_softmax(-1).gather(-1, y.clamp(min=0)[..., None])[..., 0]
        bits.append(-(log_p * (y >= 0)).sum(1) / math.log(2))
        counts.append((y >= 0).sum(1))
    return torch.cat(bits), torch.cat(counts)


def mean_bits(model: nn.Module, examples: Examples) -> float:
    """Return the bits a token of a model on examples."""
    bits, counts = surprises(model, examples)
    return float(bits.sum() / counts.sum())


def difference(student: nn.Module, twin: nn.Module, examples: Examples) -> Interval:
    """Return the difference in bits a token, student − twin, with its 95 % interval over rows."""
    (own, counts), (theirs, _) = surprises(student, examples), surprises(twin, examples)
    known = counts > 0
    return ratio((own - theirs)[known].numpy(), counts[known].numpy())


@dataclass(frozen=True)
class Answered:
    """Tasks that are answered right as a whole, by student and twin.

    Attributes
    ----------
    student, twin : Interval
        The share that is right.
    difference : PairedErrors
        Of the tasks that are answered wrongly, student − twin.
    """

    student: Interval
    twin: Interval
    difference: PairedErrors


def answered(student: nn.Module, twin: nn.Module, tasks: Examples) -> Answered:
    """Return how many tasks student and twin answer right, each with its 95 % interval over tasks."""
    own, theirs = _right(student, tasks), _right(twin, tasks)
    own_share, their_share = (share(right, np.ones(len(right))) for right in (own, theirs))
    return Answered(own_share, their_share, paired_errors(~own, ~theirs))


def share_of(value: float, n: int) -> Interval:
    """Return a share of n tasks with its 95 % interval."""
    return share(np.arange(n) < round(value * n), np.ones(n))


def _right(model: nn.Module, tasks: Examples) -> np.ndarray:
    found = per_sequence(model, tasks)
    known = found.tokens > 0
    right: np.ndarray = (found.hits == found.tokens)[known].numpy()
    return right


def heads(model: nn.Module, ids: Tensor) -> list[tuple[str, int, Tensor]]:
    """Return where each head of a model looks in a text (L,): its layer, its number from 1, the weights (L, L).

    Row i holds what the prediction after token i looks at. A model without attention has none.
    """
    if not attending(model):
        return []
    with evaluating(model), torch.no_grad(), watching(model) as runs:
        answer(model, ids[None], who="model")
    return [(layer, i, head) for layer, weights in runs for i, head in enumerate(weights[0], start=1)]
