"""What a model makes of each sequence: its surprise, and its hits, added up over the tokens that count."""

from __future__ import annotations

from contextlib import closing
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..data import Examples
from ..losses.labels import UNLABELLED
from ..models.inference import ROWS_AT_ONCE, Progress, pieces
from .tokens import positions

__all__ = ["PerSequence", "counted", "per_sequence"]


class PerSequence(NamedTuple):
    """Sums over each of N sequences."""

    nll: Tensor  # (N,) float64: −Σ log p(token), in nats
    tokens: Tensor  # (N,) int64: how many tokens have a label
    hits: Tensor  # (N,) int64: how many of them are the first choice


def counted(examples: Examples, chosen: slice, logits: Tensor) -> Tensor:
    """Return which positions of some examples have something to predict, bool (B, L)."""
    y = examples.y[chosen]
    if logits.ndim != 3 or y.ndim != 2:
        raise ValueError(
            "sequences need logits (examples, tokens, symbols) with labels (examples, tokens), got logits of shape "
            f"{tuple(logits.shape)} and labels of shape {tuple(y.shape)}"
        )
    places = positions(examples.inputs(chosen), logits, y)
    if isinstance(places, slice):
        return torch.ones_like(y, dtype=torch.bool)
    assert places is not None, "logits (B, L, V) have places"
    counts = torch.zeros(y.numel(), dtype=torch.bool)
    counts[places] = True
    return counts.view_as(y)


def per_sequence(
    model: nn.Module,
    examples: Examples,
    *,
    who: str = "model",
    batch_size: int = ROWS_AT_ONCE,
    progress: Progress | None = None,
) -> PerSequence:
    """Return the sums of each sequence, in eval mode and without gradient; logits are held for one batch at a time.

    Parameters
    ----------
    model : nn.Module
        Logits (B, L, V).
    examples : Examples
        N of them, with labels (N, L).
    who : str
        The name of the model in messages.
    batch_size, progress
        Called with (done, total) after each batch; return False to stop.

    Raises
    ------
    ValueError
        If logits or labels are not token by token.
    """
    parts = []
    with closing(pieces(model, examples, who=who, batch_size=batch_size, progress=progress)) as answered:
        for chosen, logits in answered:
            counts = counted(examples, chosen, logits) & (examples.y[chosen] != UNLABELLED)
            y = examples.y[chosen].clamp(min=0)
            log_p = logits.log_softmax(-1).gather(-1, y[..., None])[..., 0].double()
            hits = (logits.argmax(-1) == y) & counts
            parts.append((-log_p.masked_fill(~counts, 0).sum(1), counts.sum(1), hits.sum(1)))
    return PerSequence(*(torch.cat(column) for column in zip(*parts, strict=True)))
