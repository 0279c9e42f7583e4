"""Text: Moby-Dick, character by character, and how a text becomes examples whose label is the next symbol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import torch

from kdviz.data.files import locate, unpack
from kdviz.data.memory import UNKNOWN, Examples, Splits
from kdviz.data.vocabulary import Vocabulary

LENGTH = 64  # tokens of a row
LONGEST = 4_096
MOBY_DICK_FILES = {
    "moby-dick.txt.gz": "51a5c93be0839b58f1e56e208a587b09f3c983f9e4257854a60783c4e88e712d",
    "pieces.json.gz": "892bdf39dd167516f2cd9b9625f2f242a235d29f37ef51e8fb91c2e5a9eb7285",
}
BETWEEN = "\f"  # chapters
PLAIN = str.maketrans({"—": "--", "*": "", "[": "(", "]": ")", "&": "and", "$": ""})


def moby_dick(length: int = LENGTH, vocabulary: Vocabulary | None = None) -> Splits:
    """Load Moby-Dick: the novel of 1851, character by character, in rows of `length`.

    Parameters
    ----------
    length : int
        Tokens that a model reads of a row; at each it predicts the next one. The rows follow each other.
    vocabulary : Vocabulary, optional
        Another one than that of the book's characters, such as :func:`pieces`. The name of the data then ends in its
        fingerprint, and a recipe must be given the data.

    Returns
    -------
    Splits
        Ids int64 (N, length), labels (N, length), ``.vocabulary`` of 78 symbols, or the one given. Of the 135
        chapters and the epilogue those whose number ends in 4 are for validation, those in 9 for the test, so that no
        row of them stands beside one that is learned from. `groups` holds the number of the chapter, 136 for the
        epilogue. Each chapter begins and ends with the special symbols; a line's end stands between paragraphs.

    Raises
    ------
    FileNotFoundError
        If the file is in none of the folders looked in.
    ValueError
        If the file is damaged, `length` is not from 1 to 4,096, or the vocabulary lacks a character of the book.

    References
    ----------
    Melville 1851, "Moby-Dick; or, The Whale".

    Examples
    --------
    >>> data = moby_dick()
    >>> data.vocabulary.decode(data.train.x[0])
    'Call me Ishmael. Some years ago--never mind how long precisely-'
    """
    return _moby_dick(checked_length(length), vocabulary)


@lru_cache(maxsize=2)
def _moby_dick(length: int, other: Vocabulary | None) -> Splits:
    chapters = moby_dick_chapters()
    vocabulary = Vocabulary.of(*chapters) if other is None else other
    train, validation, test = (
        rows(vocabulary, {n: text for n, text in enumerate(chapters, 1) if part_of(n) == part}, length, "chapter")
        for part in ("train", "validation", "test")
    )
    name = "moby-dick" if length == LENGTH else f"moby-dick-{length}"
    name += "" if vocabulary == Vocabulary.of(*chapters) else f"-{vocabulary.fingerprint[:8]}"
    return Splits(name, "Moby-Dick", vocabulary.symbols, train, validation, test, vocabulary=vocabulary)


def part_of(chapter: int) -> str:
    """Return which part a chapter is in, by its number."""
    return {4: "validation", 9: "test"}.get(chapter % 10, "train")


@lru_cache(maxsize=1)
def moby_dick_chapters() -> tuple[str, ...]:
    """Return the 135 chapters and the epilogue, without their headings, in plain characters.

    Raises
    ------
    FileNotFoundError, ValueError
        As :func:`moby_dick` does.
    """
    whole = _file("moby-dick.txt.gz").translate(PLAIN)
    return tuple(_paragraphs(chapter) for chapter in whole.split(BETWEEN))


@lru_cache(maxsize=1)
def pieces() -> Vocabulary:
    """Return a vocabulary of 512 pieces of words, learned from Moby-Dick by byte-pair encoding.

    It needs the library ``tokenizers``: ``pip install "kdviz[text]"``. A piece may begin with the space before a word.

    Raises
    ------
    ImportError
        If the library is not installed.
    FileNotFoundError, ValueError
        As :func:`moby_dick` does.

    References
    ----------
    Sennrich, Haddow, Birch 2016, "Neural Machine Translation of Rare Words with Subword Units".
    """
    return Vocabulary.of_tokenizer(_file("pieces.json.gz"))


def _file(name: str) -> str:
    folder = locate("moby-dick", MOBY_DICK_FILES)
    if folder is None:
        raise FileNotFoundError(
            f"the text of Moby-Dick was not found: put {' and '.join(MOBY_DICK_FILES)} into a folder moby-dick and set "
            "KDVIZ_DATASETS to the folder above it"
        )
    return unpack(folder / name, MOBY_DICK_FILES[name]).decode("utf-8")


def _paragraphs(chapter: str) -> str:
    """Leave out the heading, and set paragraphs apart by one line's end."""
    lines = [" ".join(line.split()) for line in chapter.split("\n")]
    return "\n".join(line for line in lines[1:] if line)


def checked_length(length: int) -> int:
    """Return a row's length; raise unless it is a whole number from 1 to 4,096."""
    if isinstance(length, bool) or not isinstance(length, int | np.integer) or not 1 <= length <= LONGEST:
        raise ValueError(f"length must be a whole number of tokens from 1 to {LONGEST:,}, got {length!r}")
    return int(length)


def rows(vocabulary: Vocabulary, texts: dict[int, str], length: int, group: str) -> Examples:
    """Cut texts into rows of `length` that follow each other; the label at each place is the next symbol.

    Parameters
    ----------
    vocabulary : Vocabulary
    texts : dict of int to str
        By their number, which goes into `groups`. Each is begun and ended by the special symbols.
    length : int
    group : str
        Name of the column of numbers.

    Returns
    -------
    Examples
        Ids (N, length) and labels (N, length); the last row of each text is padded, its labels with -1.
    """
    x, y, numbers = [], [], []
    for number, text in texts.items():
        ids = np.array(vocabulary.encode(text, begin=True, end=True), dtype=np.int64)
        count = -(-(len(ids) - 1) // length)
        read = np.full(count * length, vocabulary.pad)
        following = np.full(count * length, UNKNOWN)
        read[: len(ids) - 1], following[: len(ids) - 1] = ids[:-1], ids[1:]
        x.append(read.reshape(count, length))
        y.append(following.reshape(count, length))
        numbers += [number] * count
    return Examples(
        torch.from_numpy(np.concatenate(x)), torch.from_numpy(np.concatenate(y)), {group: np.array(numbers)}
    )


def answers(
    vocabulary: Vocabulary,
    prompts: Sequence[str],
    texts: Sequence[str],
    length: int,
    groups: Mapping[str, np.ndarray] | None = None,
) -> Examples:
    """Make examples of prompts and what a model should answer; only the answer, up to its end, is a label.

    Parameters
    ----------
    vocabulary : Vocabulary
    prompts, texts : sequence of str
        N prompts, such as "12+34=", and their answers, "46".
    length : int
        Tokens of a row, L; the longest pair must fit.
    groups : mapping, optional
        Further columns, (N,).

    Returns
    -------
    Examples
        Ids (N, L) of begin, prompt and answer, padded on the right; labels -1 on the prompt and the padding.
        ``groups["prompt"]`` counts the tokens before the answer, so that ``x[i, :prompt]`` is what a model is given.
    """
    asked = [vocabulary.encode(prompt, begin=True) for prompt in prompts]
    whole = [start + vocabulary.encode(text, end=True) for start, text in zip(asked, texts, strict=True)]
    longest = max(map(len, whole)) - 1
    if longest > length:
        raise ValueError(f"length must be at least {longest}, what the longest pair takes, got {length}")
    x = np.full((len(whole), length), vocabulary.pad, dtype=np.int64)
    y = np.full((len(whole), length), UNKNOWN, dtype=np.int64)
    for i, (start, ids) in enumerate(zip(asked, whole, strict=True)):
        x[i, : len(ids) - 1] = ids[:-1]
        y[i, len(start) - 1 : len(ids) - 1] = ids[len(start) :]
    columns = {"prompt": np.array([len(start) for start in asked]), **(groups or {})}
    return Examples(torch.from_numpy(x), torch.from_numpy(y), columns)
