"""Bits a character: what lets models of different vocabularies be compared, on the text itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from ..models.inference import ask
from ..models.looking import evaluating
from ..models.sequences import check_vocabularies
from .sequence_interval import Interval, ratio

AT_ONCE = 64  # windows in a batch


@dataclass(frozen=True)
class Characters:
    """The surprise of models of text, by character.

    Attributes
    ----------
    each : dict of str to Interval
        Bits a character of each model.
    differences : dict of str to Interval
        That of each further model minus that of the first, text by text.
    n, characters : int
        How many texts, and how long they are together.
    """

    each: Mapping[str, Interval]
    differences: Mapping[str, Interval]
    n: int
    characters: int


def bits_a_character(
    models: Mapping[str, tuple[nn.Module, Any]], texts: Sequence[str], *, confidence: float = 0.95
) -> Characters:
    """Measure models, each with its own vocabulary, on the same texts.

    Parameters
    ----------
    models : dict of str to (nn.Module, Vocabulary)
        By what they are called; the first is what the others are compared with. Logits (B, L, V).
    texts : sequence of str
    confidence : float
        In (0, 1).

    Returns
    -------
    Characters

    Raises
    ------
    ValueError
        If there is no text, a text is empty, a vocabulary has no symbol for it, or is not that of its model.

    Notes
    -----
    A text is read as begin, its symbols, end, in windows of the model's ``context``, each of which begins anew: a short
    context costs bits. The surprise of all symbols, the end included, is divided by the characters of the text, which
    are the same for all. Intervals are by text (:mod:`kdviz.measure.sequence_interval`).

    Examples
    --------
    >>> from kdviz.data import Vocabulary
    >>> from kdviz.models import gru
    >>> letters, syllables = Vocabulary("ab"), Vocabulary(["a", "b", "ab"])
    >>> both = {"letters": (gru(letters, 4), letters), "syllables": (gru(syllables, 4), syllables)}
    >>> found = bits_a_character(both, ["abab", "baab", "a"])
    >>> list(found.each), found.characters, found.differences["syllables"].n
    (['letters', 'syllables'], 9, 3)
    """
    if not models or not len(texts) or not all(texts):
        raise ValueError("bits a character need one model or more, and texts of one character or more")
    lengths = np.array([len(text) for text in texts], dtype=np.float64)
    for name, (model, vocabulary) in models.items():
        check_vocabularies({f"model {name!r}": model}, vocabulary)
    bits = {name: _bits(model, vocabulary, texts) for name, (model, vocabulary) in models.items()}
    first, *others = bits
    return Characters(
        {name: ratio(found, lengths, confidence) for name, found in bits.items()},
        {name: ratio(bits[name] - bits[first], lengths, confidence) for name in others},
        len(texts),
        int(lengths.sum()),
    )


def _bits(model: nn.Module, vocabulary: Any, texts: Sequence[str]) -> np.ndarray:
    """Return the surprise of each text, in bits."""
    context = int(getattr(model, "context", 2**31 - 1))
    whole = [vocabulary.encode(text, begin=True, end=True) for text in texts]
    windows = [(i, k) for i, ids in enumerate(whole) for k in range(0, len(ids) - 1, context)]
    found = np.zeros(len(texts))
    for start in range(0, len(windows), AT_ONCE):
        some = windows[start : start + AT_ONCE]
        parts = [whole[i][k : k + context + 1] for i, k in some]
        longest = max(map(len, parts)) - 1
        x = torch.full((len(parts), longest), int(vocabulary.pad))
        y = torch.full((len(parts), longest), -1)
        for row, part in enumerate(parts):
            x[row, : len(part) - 1], y[row, : len(part) - 1] = torch.tensor(part[:-1]), torch.tensor(part[1:])
        with evaluating(model), torch.no_grad():
            log_p = ask(model, x, who="model").cpu().log_softmax(-1)
        nll = -log_p.gather(-1, y.clamp(min=0)[..., None])[..., 0].double().masked_fill(y < 0, 0).sum(1)
        np.add.at(found, [i for i, _ in some], nll.numpy() / math.log(2))
    return found
