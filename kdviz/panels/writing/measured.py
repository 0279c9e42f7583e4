"""What is counted of models on text, row by row."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ...data import Examples
from ...measure.sequence_interval import Interval, ratio
from ...models.inference import pieces


def surprises(model: nn.Module, examples: Examples) -> tuple[Tensor, Tensor]:
    """Return the surprise of each row's tokens, in bits (N,), and how many they are (N,)."""
    bits, counts = [], []
    for chosen, logits in pieces(model, examples, who="model"):
        y = examples.y[chosen]
        log_p = logits.double().log_softmax(-1).gather(-1, y.clamp(min=0)[..., None])[..., 0]
        bits.append(-(log_p * (y >= 0)).sum(1) / math.log(2))
        counts.append((y >= 0).sum(1))
    return torch.cat(bits), torch.cat(counts)


def difference(student: nn.Module, twin: nn.Module, examples: Examples) -> Interval:
    """Return the difference in bits a token, student − twin, with its 95 % interval over rows."""
    (own, counts), (theirs, _) = surprises(student, examples), surprises(twin, examples)
    known = counts > 0
    return ratio((own - theirs)[known].numpy(), counts[known].numpy())
