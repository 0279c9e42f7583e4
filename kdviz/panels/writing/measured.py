"""What is counted of models on text, row by row."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ...data import Examples
from ...measure.attending import attending, watching
from ...measure.sequence_interval import Interval, ratio
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


def heads(model: nn.Module, ids: Tensor) -> list[tuple[str, int, Tensor]]:
    """Return where each head of a model looks in a text (L,): its layer, its number from 1, the weights (L, L).

    Row i holds what the prediction after token i looks at. A model without attention has none.
    """
    if not attending(model):
        return []
    with evaluating(model), torch.no_grad(), watching(model) as runs:
        answer(model, ids[None], who="model")
    return [(layer, i, head) for layer, weights in runs for i, head in enumerate(weights[0], start=1)]
