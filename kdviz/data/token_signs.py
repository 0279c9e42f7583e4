"""Tokens as a reader sees them, one by one and around the place that a model is asked about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kdviz.data.vocabulary import BEGIN, END, PAD

SIGNS = {PAD: "·", BEGIN: "▸", END: "■"}
BLANKS = {" ": "␣", "\n": "⏎", "\t": "⇥", "Ġ": "␣", "Ċ": "⏎", "▁": "␣"}  # the last three as tokenizers write them
SHOWN = 24  # tokens on a side of the place


def signs_of(ids: Sequence[int], vocabulary: Any = None) -> list[str]:
    """Return the tokens as they stand alone: special ones and blanks as signs; numbers without a vocabulary.

    >>> from kdviz.data.vocabulary import Vocabulary
    >>> signs_of([1, 4, 3, 2], Vocabulary.of("a b"))
    ['▸', 'a', '␣', '■']
    >>> signs_of([17])
    ['17']
    """
    if vocabulary is None:
        return [str(i) for i in ids]
    symbols = vocabulary.symbols
    return [_sign(symbols[i]) if 0 <= i < len(symbols) else str(i) for i in ids]


def _sign(symbol: str) -> str:
    if symbol in SIGNS:
        return SIGNS[symbol]
    return "".join(BLANKS.get(one, one) for one in symbol)


def around(ids: Sequence[int], at: int, vocabulary: Any = None, *, following: bool) -> str:
    """Return a text with a mark at one place: after it, where the next token is predicted, or around a hidden one.

    >>> around([5, 6, 7], 1, following=True), around([5, 6, 7], 1, following=False)
    ('5 6 ⟨?⟩', '5 ⟨6⟩ 7')
    """
    left = ids[max(0, at + (1 if following else 0) - SHOWN) : at + (1 if following else 0)]
    more = "… " if len(left) == SHOWN and at >= SHOWN else ""
    if following:
        return f"{more}{_text(left, vocabulary)}{_gap(vocabulary)}⟨?⟩"
    right = ids[at + 1 : at + 1 + SHOWN]
    own = signs_of([ids[at]], vocabulary)[0]
    gap = _gap(vocabulary)
    return f"{more}{_text(left, vocabulary)}{gap}⟨{own}⟩{gap}{_text(right, vocabulary)}".strip()


def _gap(vocabulary: Any) -> str:
    """Return what stands between tokens: nothing between characters."""
    return "" if vocabulary is not None and all(len(s) == 1 for s in vocabulary.symbols if s not in SIGNS) else " "


def _text(ids: Sequence[int], vocabulary: Any) -> str:
    return " ".join(map(str, ids)) if vocabulary is None else str(vocabulary.decode(ids)).replace("\n", "⏎")
