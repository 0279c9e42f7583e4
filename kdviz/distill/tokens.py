"""Tokens: logits (B, L, V) as rows (M, V), those where something is to be predicted, so that a loss sees plain rows.

A position counts where the inputs' mask lets it (``attention_mask`` or ``mask``; without one, everywhere) and where
there is something to predict: a label of -1 (or -100) is that of padding, or of a prompt. A sequence without a single
label is one whose labels are unknown: all of its positions count, for a teacher can speak of each.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..losses.labels import UNLABELLED
from ..models.inference import Inputs, token_mask

__all__ = ["EVERYWHERE", "Places", "flat_labels", "flattened", "places_in", "positions"]

EVERYWHERE = slice(None)
Places = Tensor | slice | None  # (M,) of B·L places; all of them; None for logits (B, C)


def positions(inputs: Inputs, logits: Tensor, y: Tensor | None = None) -> Places:
    """Return the places that count among B·L tokens, int64 (M,), or ``EVERYWHERE``; None for logits (B, C).

    Parameters
    ----------
    inputs : Tensor, dict or tuple
        B examples.
    logits : Tensor, shape (B, C) or (B, L, V)
    y : Tensor of int64, shape (B,) or (B, L), optional
        Labels; -1 where there is nothing to predict.
    """
    if logits.ndim == 2:
        return None
    return places_in(token_mask(inputs, logits.shape[1]), y, logits.device)


def places_in(mask: Tensor | None, y: Tensor | None, device: torch.device | None = None) -> Tensor | slice:
    """Return the places among B·L that a mask (B, L) lets count and where labels (B, L) have something to predict.

    >>> y = torch.tensor([[-1, 5, 7, -1], [-1, -1, -1, -1]])
    >>> places_in(None, y)
    tensor([1, 2, 4, 5, 6, 7])
    """
    counts = None if mask is None else mask.bool()
    if y is not None and y.ndim == 2:
        known = y != UNLABELLED
        if not bool(known.all()):
            wanted = (known | ~known.any(1, keepdim=True)).to("cpu" if counts is None else counts.device)
            counts = wanted if counts is None else counts & wanted
    if counts is None:
        return EVERYWHERE
    return counts.flatten().nonzero().flatten().to(device)


def flattened(logits: Tensor, places: Places) -> Tensor:
    """Return logits (B, L, V) as (M, V); logits (B, C) as they are."""
    if places is None:
        return logits
    rows = logits.flatten(0, 1)
    return rows if isinstance(places, slice) else rows.index_select(0, places)


def flat_labels(y: Tensor, places: Places, tokens: int | None = None) -> Tensor:
    """Return labels (B, L), or one of each example (B,) for all of its tokens, as (M,); labels of (B, C) as they are.

    Parameters
    ----------
    y : Tensor of int64, shape (B,) or (B, L)
    places : Tensor, slice or None
        Of :func:`positions`.
    tokens : int, optional
        L; needed where all places count and there is one label an example.

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
        count = len(y) * (tokens or 1) if isinstance(places, slice) else len(places)
        return y.new_full((count,), UNLABELLED)
    return y.flatten() if isinstance(places, slice) else y.flatten().index_select(0, places.to(y.device))
