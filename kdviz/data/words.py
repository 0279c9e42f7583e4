"""Single words: given names, letter by letter, and English words with their sounds."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import numpy as np

from kdviz.data.files import locate, unpack
from kdviz.data.memory import Examples, Splits
from kdviz.data.text import answers
from kdviz.data.vocabulary import Vocabulary

GIVEN_NAMES_FILES = {
    "female.txt.gz": "f2ee53b7adf88a44c0ffaa5aa549e749ac6bd95e813cb68213145276b8efd8c9",
    "male.txt.gz": "35cf3ca775b204f7a67a6a25f651e7149ea0f0d22ffad9d366e680fe948ca38e",
}
SPELLING_FILES = {"words.txt.gz": "3f2510e21fb7c9f50687374a133e279c6f8aa7fdfaa85682f545743cda5b762f"}


@lru_cache(maxsize=1)
def given_names() -> Splits:
    """Load given names of English-speaking countries, letter by letter: 8,420 names.

    Returns
    -------
    Splits
        Ids int64 (N, 16) of begin and name, padded on the right; labels are the letters and the end. ``.vocabulary`` of
        56 symbols. `groups` holds the list that a name is on: "female", "male" or "both". A tenth each of the names is
        for validation and the test, drawn with a fixed seed.

    Raises
    ------
    FileNotFoundError
        If a file is in none of the folders looked in.
    ValueError
        If a file is damaged.

    References
    ----------
    Ward 1996, "Moby Words II", in the public domain.
    """
    folder = _folder("given-names", "given names", GIVEN_NAMES_FILES)
    lists = {file.split(".")[0]: _lines(folder, file, sha256) for file, sha256 in GIVEN_NAMES_FILES.items()}
    female, male = (
        {name for name in found if re.fullmatch("[A-Z][a-z]*(-[A-Z][a-z]*)?", name)} for found in lists.values()
    )
    every = np.array(sorted(female | male))
    vocabulary = Vocabulary.of(*every)
    of = np.array(["both" if n in female & male else "female" if n in female else "male" for n in every.tolist()])
    length = max(map(len, every.tolist())) + 1
    train, validation, test = (
        _of_list(vocabulary, every[some].tolist(), of[some], length) for some in _drawn(len(every))
    )
    return Splits("given-names", "Given names", vocabulary.symbols, train, validation, test, vocabulary=vocabulary)


@lru_cache(maxsize=1)
def spelling() -> Splits:
    """Load spelling: an English word is the prompt, its sounds are the answer: "whale=" and " W EY L". 13,324 words.

    Returns
    -------
    Splits
        Ids int64 (N, 27), padded on the right; labels are the sounds and the end. ``groups["prompt"]`` counts begin,
        letters and "=". ``.vocabulary`` holds the letters, "=", and 39 sounds, each written with a space before it. A
        tenth each of the words is for validation and the test, drawn with a fixed seed.

    Raises
    ------
    FileNotFoundError
        If the file is in none of the folders looked in.
    ValueError
        If the file is damaged.

    Notes
    -----
    The words are those of Moby-Dick that the dictionary knows, of 2 to 12 letters; of several pronunciations the first,
    without stress.

    References
    ----------
    Carnegie Mellon University 1993-2015, "The CMU Pronouncing Dictionary".

    Examples
    --------
    >>> data = spelling()
    >>> data.vocabulary.decode(data.train.x[0])
    'abandon= AH B AE N D AH N'
    """
    folder = _folder("spelling", "spelling", SPELLING_FILES)
    ((file, sha256),) = SPELLING_FILES.items()
    pairs = [line.split(maxsplit=1) for line in _lines(folder, file, sha256)]
    asked = np.array([f"{word.lower()}=" for word, _ in pairs])
    said = np.array(["".join(f" {sound.rstrip('012')}" for sound in line.split()) for _, line in pairs])
    sounds = sorted({f" {sound}" for answer in said.tolist() for sound in answer.split()})
    vocabulary = Vocabulary([*"abcdefghijklmnopqrstuvwxyz", "=", *sounds])
    length = max(len(a) + s.count(" ") for a, s in zip(asked.tolist(), said.tolist(), strict=True)) + 1
    train, validation, test = (
        answers(vocabulary, asked[some].tolist(), said[some].tolist(), length) for some in _drawn(len(pairs))
    )
    return Splits("spelling", "Spelling and sound", vocabulary.symbols, train, validation, test, vocabulary=vocabulary)


def _of_list(vocabulary: Vocabulary, names: list[str], of: np.ndarray, length: int) -> Examples:
    made = answers(vocabulary, [""] * len(names), names, length)
    return Examples(made.x, made.y, {"list": of})


def _folder(name: str, what: str, files: dict[str, str]) -> Path:
    folder = locate(name, files)
    if folder is None:
        raise FileNotFoundError(
            f"the files of {what} were not found: put {' and '.join(files)} into a folder {name} and set "
            "KDVIZ_DATASETS to the folder above it"
        )
    return folder


def _lines(folder: Path, file: str, sha256: str) -> list[str]:
    return unpack(folder / file, sha256).decode("ascii").split("\n")[:-1]


def _drawn(count: int) -> list[np.ndarray]:
    """Draw which of so many words are learned from, which are for validation and which for the test."""
    order = np.random.RandomState(0).permutation(count)
    return [np.sort(some) for some in np.split(order, [count - 2 * (count // 10), count - count // 10])]
