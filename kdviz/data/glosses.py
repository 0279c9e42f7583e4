"""Definitions: what is defined, an animal, a plant, food ...? Labelled lines of WordNet, and more without a label."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch

from kdviz.data.files import locate, unpack
from kdviz.data.masking import masked
from kdviz.data.memory import Examples, Splits
from kdviz.data.wordpiece import WordPieces

DEFINITIONS_FILES = {
    "definitions.tsv.gz": "71949f49fc19095a162bd8aba6425be117e1a6dadedd3a955e2c633c20b188ba",
    "pieces.txt.gz": "cc8cd533b9df90773a9b91e5963726a3f056ebd4b192376d60fc208679f44e25",
}
KINDS = ("act", "animal", "artifact", "body", "communication", "food", "plant", "substance")
LENGTH = 24  # tokens of a row; nine definitions in ten fit, the others are cut

Row = Sequence[str]  # part, class, word, definition


def definitions() -> Splits:
    """Load the definitions: of what kind is the thing that is defined? 5,600 / 720 / 1,520 lines, eight kinds.

    Loaded once a process; later calls give the same object.

    Returns
    -------
    Splits
        Inputs ``input_ids`` and ``attention_mask`` of shape (N, 24), int64, as an encoder takes them: [CLS], word
        pieces, [SEP], padding. `groups` holds the word that is defined and its definition. Each kind has as many lines.

    Raises
    ------
    FileNotFoundError
        If the files are in none of the folders looked in.
    ValueError
        If a file is damaged.

    References
    ----------
    Fellbaum (ed.) 1998, "WordNet: An Electronic Lexical Database"; WordNet 3.0, Princeton University, 2006.
    """
    return _definitions()


def masked_definitions() -> Splits:
    """Load the definitions for masked language modeling: 17,600 / 720 / 1,520 lines; the classes are the word pieces.

    What is learned from are the lines of :func:`definitions` and 12,000 more, whose kind is not given. See
    :func:`kdviz.data.masked`.

    Raises
    ------
    FileNotFoundError, ValueError
        As for :func:`definitions`.
    """
    return _masked()


def word_pieces() -> WordPieces:
    """Return the vocabulary of the definitions: 1,500 word pieces.

    Raises
    ------
    FileNotFoundError, ValueError
        As for :func:`definitions`.

    Examples
    --------
    >>> word_pieces().decode(word_pieces().encode("A large flightless bird"))
    'a large flightless bird'
    """
    return _pieces()


@cache
def _pieces() -> WordPieces:
    return WordPieces(_content("pieces.txt.gz").splitlines())


@cache
def _definitions() -> Splits:
    train, validation, test = (_examples(_rows(part)) for part in ("train", "validation", "test"))
    return Splits("definitions", "WordNet definitions", KINDS, train, validation, test, vocabulary=_pieces())


@cache
def _masked() -> Splits:
    whole = _definitions()
    train = _examples([*_rows("train"), *_rows("more")])
    parts = train, whole.validation, whole.test
    return masked(parts, _pieces(), name="definitions-masked", title="WordNet definitions, masked")


def _content(file: str) -> str:
    folder = locate("definitions", DEFINITIONS_FILES)
    if folder is None:
        raise FileNotFoundError(
            "the files of the definitions were not found: put definitions.tsv.gz and pieces.txt.gz into a folder "
            "definitions and set KDVIZ_DATASETS to the folder above it"
        )
    return unpack(folder / file, DEFINITIONS_FILES[file]).decode("ascii")


def _rows(part: str) -> list[Row]:
    rows = (line.split("\t") for line in _content("definitions.tsv.gz").splitlines())
    return [row for row in rows if row[0] == part]


def _examples(rows: Sequence[Row]) -> Examples:
    _, kinds, words, texts = zip(*rows, strict=True)
    tokens = _pieces().rows(texts, LENGTH)
    y = torch.tensor([KINDS.index(kind) if kind else -1 for kind in kinds])
    return Examples(tokens._asdict(), y, {"word": np.array(words), "definition": np.array(texts)})
