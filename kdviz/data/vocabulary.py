"""Vocabularies: which symbols a text is made of, and their numbers."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from kdviz import outside

PAD, BEGIN, END = "<pad>", "<begin>", "<end>"
SPECIAL = (PAD, BEGIN, END)


class Vocabulary:
    """The symbols of a text and their numbers, the token ids: characters, or the pieces of a tokenizer.

    Parameters
    ----------
    symbols : iterable of str
        The characters, each once; a symbol may be longer than one character. They are numbered in this order, after
        the three special symbols "<pad>", "<begin>" and "<end>".

    Attributes
    ----------
    symbols : tuple of str
        All symbols; the id of one is its index. They are the class names of data made with this vocabulary.
    pad, begin, end : int
        Ids of the special symbols: fills a short row up, stands before a text, and ends it.
    fingerprint : str
        16 hexadecimal digits, the same for the same symbols: two vocabularies with the same fingerprint can be used
        for one another.

    Raises
    ------
    ValueError
        If there is no symbol, or one is empty, special, or given twice.

    Examples
    --------
    >>> letters = Vocabulary.of("a cab")
    >>> letters.symbols
    ('<pad>', '<begin>', '<end>', ' ', 'a', 'b', 'c')
    >>> letters.encode("cab"), letters.decode([1, 6, 4, 5, 2, 0])
    ([6, 4, 5], 'cab')
    """

    pad, begin, end = 0, 1, 2

    def __init__(self, symbols: Iterable[str]) -> None:
        own = tuple(symbols)
        if not own:
            raise ValueError("a vocabulary must have at least 1 symbol, got none")
        for symbol in own:
            if not isinstance(symbol, str) or not symbol:
                raise ValueError(f"symbols must be texts of at least 1 character, got {symbol!r}")
            if symbol in SPECIAL:
                raise ValueError(f"{', '.join(SPECIAL)} are in each vocabulary, got {symbol!r}: leave it out")
        if len(set(own)) < len(own):
            twice = next(symbol for symbol in own if own.count(symbol) > 1)
            raise ValueError(f"symbols must differ from each other, got {twice!r} twice")
        self.symbols: tuple[str, ...] = (*SPECIAL, *own)
        self._tokenizer: Any = None

    @classmethod
    def of(cls, *texts: str) -> Vocabulary:
        """Build the vocabulary of the characters that occur in texts, in the order of their code points."""
        return cls(sorted(set().union(*texts)))

    @classmethod
    def of_tokenizer(cls, tokenizer: Any, *, pad: str = PAD, begin: str = BEGIN, end: str = END) -> Vocabulary:
        """Build a vocabulary around a tokenizer of the Hugging Face library ``tokenizers``.

        Parameters
        ----------
        tokenizer : tokenizers.Tokenizer, Path or str
            The tokenizer, one of transformers that is built on it, the path of its JSON file, or the JSON itself. A
            character that belongs to none of its symbols is an error when a text is encoded, whether it has a symbol
            for the unknown or not.
        pad, begin, end : str
            Which of its symbols are the special ones.

        Raises
        ------
        ImportError
            If the library is not installed.
        ValueError
            If the file is no tokenizer, or a special symbol is not in it.
        """
        found = _tokenizer(tokenizer)
        numbers: dict[str, int] = found.get_vocab(with_added_tokens=True)
        for what, symbol in (("pad", pad), ("begin", begin), ("end", end)):
            if symbol not in numbers:
                raise ValueError(
                    f"{what} must be one of the tokenizer's {len(numbers):,} symbols, got {symbol!r}: train it with "
                    f"this special token, or pass {what}= as it is called there"
                )
        if sorted(numbers.values()) != list(range(len(numbers))):
            raise ValueError(f"the tokenizer must number its symbols 0 to {len(numbers) - 1} without a gap")
        made = cls.__new__(cls)
        made.symbols = tuple(sorted(numbers, key=numbers.__getitem__))
        made.pad, made.begin, made.end = numbers[pad], numbers[begin], numbers[end]
        made._tokenizer = found
        return made

    def __len__(self) -> int:
        return len(self.symbols)

    def __repr__(self) -> str:
        kind = "characters" if self._tokenizer is None else "pieces of a tokenizer"
        return f"Vocabulary({len(self)} symbols, {kind}, {self.fingerprint})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and other.fingerprint == self.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @cached_property
    def fingerprint(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the symbols, and of the tokenizer's file."""
        whole = [list(self.symbols), self.pad, self.begin, self.end]
        if self._tokenizer is not None:
            whole.append(json.loads(self._tokenizer.to_str()))
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:16]

    def encode(self, text: str, *, begin: bool = False, end: bool = False) -> list[int]:
        """Return the ids of a text's symbols.

        Parameters
        ----------
        text : str
            Where several symbols fit, the longest is taken.
        begin, end : bool
            Put the special symbol before the text, or after it.

        Raises
        ------
        ValueError
            If a character belongs to no symbol.
        """
        if not isinstance(text, str):
            raise TypeError(f"text must be a str, got {type(text).__name__}")
        ids = self._of_symbols(text) if self._tokenizer is None else self._of_tokenizer(text)
        return [self.begin] * begin + ids + [self.end] * end

    def decode(self, ids: Iterable[int], *, special: bool = False) -> str:
        """Return the text of ids, up to the first end; padding and begin are left out.

        Parameters
        ----------
        ids : iterable of int
            A list or a tensor (L,).
        special : bool
            Write all special symbols as they are called, "<end>", and what follows them.

        Raises
        ------
        ValueError
            If an id is none of this vocabulary.
        """
        numbers = ids.tolist() if hasattr(ids, "tolist") else [int(i) for i in ids]
        for number in numbers:
            if not 0 <= number < len(self):
                raise ValueError(
                    f"ids must be from 0 to {len(self) - 1}, the symbols of this vocabulary, got {number}: the text "
                    "was made with another vocabulary"
                )
        if special:
            return "".join(self.symbols[i] for i in numbers)
        if self.end in numbers:
            numbers = numbers[: numbers.index(self.end)]
        numbers = [i for i in numbers if i not in (self.pad, self.begin)]
        if self._tokenizer is not None:
            return str(self._tokenizer.decode(numbers))
        return "".join(self.symbols[i] for i in numbers)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {symbol: i for i, symbol in enumerate(self.symbols) if i > 2}

    @cached_property
    def _longest(self) -> re.Pattern[str] | None:
        """Finds the longest symbol at a place; None where all are single characters."""
        own = sorted(self._numbers, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, own))) if len(own[0]) > 1 else None

    def _of_symbols(self, text: str) -> list[int]:
        numbers = self._numbers
        if self._longest is None:
            try:
                return [numbers[symbol] for symbol in text]
            except KeyError as error:
                raise self._unknown(text, text.index(error.args[0])) from None
        ids, at = [], 0
        while at < len(text):
            found = self._longest.match(text, at)
            if found is None:
                raise self._unknown(text, at)
            ids.append(numbers[found.group()])
            at = found.end()
        return ids

    def _of_tokenizer(self, text: str) -> list[int]:
        encoded = self._tokenizer.encode(text, add_special_tokens=False)
        unknown = getattr(self._tokenizer.model, "unk_token", None)
        at = 0
        special = {self.pad, self.begin, self.end}  # the library reads "<end>" in a text as the end itself
        for symbol, i, (start, stop) in zip(encoded.tokens, encoded.ids, encoded.offsets, strict=True):
            if i in special or (unknown is not None and symbol == unknown):
                raise self._unknown(text, start)
            self._check_between(text, at, start)
            at = max(at, stop)
        self._check_between(text, at, len(text))
        return list(encoded.ids)

    def _check_between(self, text: str, start: int, stop: int) -> None:
        """Raise if the tokenizer left something out but space."""
        for at in range(start, stop):
            if not text[at].isspace():
                raise self._unknown(text, at)

    def _unknown(self, text: str, at: int) -> ValueError:
        held = "".join(symbol for symbol in self.symbols[3:] if len(symbol) == 1)
        known = f", which are {held!r} and longer ones" if len(held) < len(self) - 3 else f": {held!r}"
        known = f" of this vocabulary{known}" if self._tokenizer is None else " of this tokenizer"
        return ValueError(
            f"text must be written in the symbols{known}; got {text[at]!r} at character {at}: replace it, or leave it "
            "out"
        )


def _tokenizer(anything: Any) -> Any:
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise ImportError(
            'a vocabulary of pieces needs the library tokenizers, which is not installed: pip install "kdviz[text]"'
        ) from error
    anything = getattr(anything, "backend_tokenizer", anything)  # of transformers
    if isinstance(anything, Tokenizer):
        return Tokenizer.from_str(anything.to_str())  # so that nobody changes it
    text = str(anything)
    is_json = text.lstrip().startswith("{")
    try:
        whole = text if is_json else Path(text).read_text(encoding="utf-8")
        return Tokenizer.from_str(whole)
    except Exception as error:  # the library raises a bare Exception
        shown = text[:80] if is_json else text
        raise ValueError(f"{shown!r} is no tokenizer of the library tokenizers: {outside.reason(error)}") from error
