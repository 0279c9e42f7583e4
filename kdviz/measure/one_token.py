"""One token of each text: models that answer token by token, asked as classifiers.

Tokens of one text are alike, and intervals that count each of them as an example are far too narrow. One token drawn at
random of each text is an example of its own, and everything that is measured of classifiers can be measured of it: how
sure, how alike, where they look.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..data import Examples, Splits
from ..data.token_signs import around
from ..losses.labels import UNLABELLED
from ..models.at_token import AT, IDS, AtToken
from ..models.inference import Progress, described, pieces, token_ids, token_mask

SEED = 0  # of the places that are drawn
TEXT = "text"  # the column that shows a text and its place


def answers(
    model: nn.Module, examples: Examples, *, who: str, batch_size: int = 500, progress: Progress | None = None
) -> Tensor | None:
    """Return a model's logits (N, C); None, after the first batch, of one that answers token by token."""
    parts: list[Tensor] = []
    with closing(pieces(model, examples, who=who, batch_size=batch_size, progress=progress)) as answered:
        for _, logits in answered:
            if logits.ndim == 3:
                return None
            parts.append(logits)
    return torch.cat(parts)


def by_token(asked: Mapping[str, Tensor | None]) -> bool:
    """Return whether models answer token by token; raise if only some do."""
    silent = [who for who, logits in asked.items() if logits is None]
    if silent and len(silent) < len(asked):
        other = next(who for who in asked if who not in silent)
        raise ValueError(
            f"the {silent[0]} answers for each token and the {other} once an example; both must answer the same "
            "question: pass models with the same kind of head"
        )
    return bool(silent)


def asked_at(models: Mapping[str, nn.Module], examples: Examples) -> dict[str, nn.Module]:
    """Return models that answer token by token as models that answer at the place of :func:`one_token`."""
    return {who: AtToken(model, alone=isinstance(examples.x, Tensor)) for who, model in models.items()}


def one_token(examples: Examples, *, vocabulary: Any = None, seed: int = SEED) -> Examples:
    """Return one token of each text as an example: the text, the place ``at`` (M, 1), and the label there.

    Parameters
    ----------
    examples : Examples
        Tokens (N, L), alone or named, with labels (N, L), -1 where nothing is to be predicted; or without any.
    vocabulary : Vocabulary, optional
        For the column "text", which shows the text around the place.
    seed : int
        Of the draw: each token of a text that has a label is as likely; without one each that the mask lets count.

    Returns
    -------
    Examples
        Of the M texts with such a token.

    Raises
    ------
    ValueError
        If the tokens are held in a tuple or are none, there is one label a text, or the mask lets no token count.

    Examples
    --------
    >>> ids, y = torch.tensor([[4, 5, 6], [7, 8, 0]]), torch.tensor([[-1, 6, -1], [-1, -1, -1]])
    >>> found = one_token(Examples(ids, y))
    >>> found.x["at"][0].tolist(), found.y.tolist(), found.groups["text"][0]
    ([1], [6, -1], '4 5 ⟨?⟩')
    """
    if isinstance(examples.x, tuple):
        raise ValueError(
            "texts must be one tensor of tokens or named ones, such as input_ids and attention_mask, got several in "
            "order; name them"
        )
    if examples.y.ndim == 1 and bool((examples.y != UNLABELLED).any()):
        raise ValueError(
            "the models answer token by token and the labels are one an example; give labels of shape "
            "(examples, tokens), -100 or -1 where a token has none"
        )
    named: Any = {IDS: examples.x} if isinstance(examples.x, Tensor) else dict(examples.x)
    ids = token_ids(named)
    if ids is None:
        raise ValueError(
            "one token of each text is drawn, and the inputs hold no tokens, whole numbers of shape (texts, tokens), "
            f"got {described(examples.x)}; for models that answer at each place of something else use "
            "kd.measure.sequences(student, data, other=teacher)"
        )
    counts = _countable(named, examples.y, ids)
    if len(examples) and not bool(counts.any()):
        raise ValueError(
            f"no token of {len(examples):,} texts counts, as the attention_mask leaves all of them out, or all that "
            "have a label; the mask must be 1 where a token counts"
        )
    draw = torch.rand(ids.shape, generator=torch.Generator().manual_seed(seed)).masked_fill(~counts, -1)
    kept = counts.any(1).nonzero().flatten()
    at = draw.argmax(1)[kept]
    y = examples.y[kept].gather(1, at[:, None])[:, 0] if examples.y.ndim == 2 else examples.y[kept]
    ids = ids[kept]
    following = _predicts_the_next(ids, at, y)
    shown = [
        around(row, place, vocabulary, following=following)
        for row, place in zip(ids.tolist(), at.tolist(), strict=True)
    ]
    groups = {name: np.asarray(values)[kept.numpy()] for name, values in examples.groups.items()}
    x = {name: part[kept] for name, part in named.items()}
    return Examples({**x, AT: at[:, None]}, y, {TEXT: np.array(shown, dtype=object), **groups})


def one_token_of(data: Splits) -> Splits:
    """Return the same of each part of a data set."""
    train, validation, test = (
        one_token(part, vocabulary=data.vocabulary) for part in (data.train, data.validation, data.test)
    )
    return Splits(data.name, data.title, data.classes, train, validation, test, vocabulary=data.vocabulary)


def _countable(named: Mapping[str, Tensor], y: Tensor, ids: Tensor) -> Tensor:
    counts = torch.ones(ids.shape, dtype=torch.bool)
    mask = token_mask(named, ids.shape[1])
    if mask is not None:
        counts &= mask.cpu()
    if y.ndim == 2:
        known = y != UNLABELLED
        counts &= known | ~known.any(1, keepdim=True)
    return counts


def _predicts_the_next(ids: Tensor, at: Tensor, y: Tensor) -> bool:
    """Return whether most labels are the token after their place: that of a decoder, not a hidden one's."""
    known = (at + 1 < ids.shape[1]) & (y != UNLABELLED)
    if not bool(known.any()):
        return True
    after = ids[known].gather(1, at[known, None] + 1)[:, 0]
    return bool((after == y[known]).double().mean() > 0.5)
