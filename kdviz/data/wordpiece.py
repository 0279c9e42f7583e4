"""Word pieces: words that are frequent as they are, all others in pieces, as BERT reads them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from kdviz.data.vocabulary import Vocabulary

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = re.compile(r"\w+|[^\w\s]")  # a run of letters and digits, or one sign
LONGEST = 100  # letters of a word that is cut into pieces


class Tokens(NamedTuple):
    """Rows of tokens of equal length, as an encoder takes them."""

    input_ids: Tensor  # (N, L) int64, padded on the right
    attention_mask: Tensor  # (N, L) int64, 1 where there is a token


class WordPieces(Vocabulary):
    """A vocabulary of word pieces: a word is cut from the left, each time at the longest piece that is known.

    Parameters
    ----------
    symbols : sequence of str
        The pieces, the id of each being its place; one that goes on with a word begins with "##". [PAD], [UNK], [CLS],
        [SEP] and [MASK] must be among them.

    Attributes
    ----------
    symbols : tuple of str
    pad, unknown, begin, end, mask : int
        The ids of [PAD], [UNK], [CLS], [SEP] and [MASK].

    Raises
    ------
    ValueError
        If a special symbol is missing, or a symbol stands there twice.

    Notes
    -----
    Text is read in lower case and without accents, and split at blanks and signs. Then WordPiece's greedy search: the
    longest piece that begins the word, the longest that goes on with it, and so on; a word that cannot be cut so, or is
    longer than 100 letters, is [UNK]. On plain English that is what BERT's own tokenizer gives; it also splits at the
    signs "_" and does not join Chinese characters, which is left out here.

    References
    ----------
    Devlin, Chang, Lee, Toutanova (2019), BERT, NAACL, arXiv:1810.04805. Wu et al. (2016), arXiv:1609.08144.

    Examples
    --------
    >>> pieces = WordPieces([*SPECIAL, "bird", "flight", "##less", "a"])
    >>> pieces.encode("A flightless bird!")
    [8, 6, 7, 5, 1]
    >>> pieces.decode([2, 8, 6, 7, 5, 3, 0])
    'a flightless bird'
    """

    def __init__(self, symbols: Sequence[str]) -> None:
        self.symbols = tuple(symbols)
        self._tokenizer = None
        self._ids = {symbol: i for i, symbol in enumerate(self.symbols)}
        if len(self._ids) < len(self.symbols):
            twice = next(symbol for i, symbol in enumerate(self.symbols) if self._ids[symbol] != i)
            raise ValueError(f"each symbol of a vocabulary must stand there once, got {twice!r} twice")
        missing = [symbol for symbol in SPECIAL if symbol not in self._ids]
        if missing:
            raise ValueError(f"a vocabulary of word pieces must hold {', '.join(SPECIAL)}, and lacks {missing[0]}")
        self.pad, self.unknown, self.begin, self.end, self.mask = (self._ids[symbol] for symbol in SPECIAL)

    def __repr__(self) -> str:
        return f"WordPieces({len(self):,} symbols, {self.fingerprint})"

    def encode(self, text: str, *, begin: bool = False, end: bool = False) -> list[int]:
        """Return the ids of the pieces of a text, with [CLS] before it and [SEP] after it where asked for."""
        if not isinstance(text, str):
            raise TypeError(f"text must be a str, got {type(text).__name__}")
        plain = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn")
        ids = [piece for word in WORDS.findall(plain) for piece in self._cut(word)]
        return [self.begin] * begin + ids + [self.end] * end

    def _cut(self, word: str) -> list[int]:
        found: list[int] = []
        start = 0
        while start < len(word) <= LONGEST:
            front = "##" if start else ""
            ends = range(len(word), start, -1)
            end = next((end for end in ends if front + word[start:end] in self._ids), 0)
            if not end:
                return [self.unknown]
            found.append(self._ids[front + word[start:end]])
            start = end
        return found or [self.unknown]

    def decode(self, ids: Iterable[int], *, special: bool = False) -> str:
        """Return the text of ids, pieces joined to words, up to the first [SEP]; [PAD] and [CLS] are left out.

        Parameters
        ----------
        ids : iterable of int
            A list or a tensor (L,).
        special : bool
            Write all symbols, the special ones too.
        """
        shown = list(map(int, ids))
        if not special:
            shown = shown[: shown.index(self.end)] if self.end in shown else shown
            shown = [i for i in shown if i not in (self.pad, self.begin)]
        return " ".join(self.symbols[i] for i in shown).replace(" ##", "").removeprefix("##")

    def rows(self, texts: Sequence[str], length: int) -> Tokens:
        """Return texts as rows of an encoder: [CLS], the pieces, [SEP], padding; longer ones are cut.

        Parameters
        ----------
        texts : sequence of str
            N of them.
        length : int
            L, the tokens of a row, at least 3.

        Examples
        --------
        >>> WordPieces([*SPECIAL, "bird", "a"]).rows(["a bird", "a a a a"], 5).input_ids
        tensor([[2, 6, 5, 3, 0],
                [2, 6, 6, 6, 3]])
        """
        if length < 3:
            raise ValueError(f"length must be at least 3, for [CLS], a piece and [SEP], got {length}")
        ids = torch.full((len(texts), length), self.pad)
        for row, text in zip(ids, texts, strict=True):
            tokens = [self.begin, *self.encode(text)[: length - 2], self.end]
            row[: len(tokens)] = torch.tensor(tokens)
        return Tokens(ids, (ids != self.pad).long())
