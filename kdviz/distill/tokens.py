"""Tokens: logits (B, L, V) as rows (M, V), those that a mask lets count, so that each loss sees plain rows."""

from __future__ import annotations

import torch
from torch import Tensor

from ..losses.labels import UNLABELLED
from ..models.inference import Inputs, token_mask

__all__ = ["flat_labels", "flattened", "positions"]


def positions(inputs: Inputs, logits: Tensor) -> Tensor | None:
    """Return the places that count among B·L tokens, int64 (M,); None for logits (B, C), where all rows do.

    Tokens that ``attention_mask`` (or ``mask``) hides do not count; without such an input all do.
    """
    if logits.ndim == 2:
        return None
    mask = token_mask(inputs, logits.shape[1])
    if mask is None:
        return torch.arange(logits.shape[0] * logits.shape[1], device=logits.device)
    return mask.flatten().nonzero().flatten().to(logits.device)


def flattened(logits: Tensor, places: Tensor | None) -> Tensor:
    """Return logits (B, L, V) as (M, V); logits (B, C) as they are."""
    return logits if places is None else logits.flatten(0, 1).index_select(0, places)


def flat_labels(y: Tensor, places: Tensor | None) -> Tensor:
    """Return labels (B, L), or one of each example (B,) for all of its tokens, as (M,); labels of (B, C) as they are.

    Raises
    ------
    ValueError
        If there is one label per example and the model answers token by token.
    """
    if places is None:
        if y.ndim != 1:
            raise ValueError(
                f"labels have shape (examples, {y.shape[1]}) and the model answers one class per example; "
                "use a model with logits (examples, tokens, classes), or one label per example"
            )
        return y
    if y.ndim == 1:
        if bool((y != UNLABELLED).any()):
            raise ValueError(
                "the model answers token by token and the labels are one an example; give labels of shape "
                "(examples, tokens), -100 or -1 where a token has none"
            )
        return y.new_full((len(places),), UNLABELLED)
    return y.flatten().index_select(0, places.to(y.device))
