"""Rows that occur more than once: copies of training rows in a test part make a model look better than it is."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np
from torch import Tensor

from kdviz.data.filed import chunks, octets
from kdviz.data.inputs import nbytes, tensors
from kdviz.data.memory import Examples

WORDS = 2**27  # of 8 bytes, that are looked at in all (1 GB); of larger data each few words of a row
SAID = 0.01  # of a part, from which on copies are told


def keys(parts: Iterable[Examples]) -> list[np.ndarray]:
    """Give a number for each row of each part, uint64, equal where all inputs are; by chance once in 10^12 tables.

    Of parts beyond 1 GB in all, a regular selection of each row is looked at.
    """
    given = list(parts)
    words = sum(len(part) * max(1, nbytes(part.few()) // 8) for part in given)
    every = max(1, -(-words // WORDS))
    return [_keys(part, every) for part in given]


def _keys(part: Examples, every: int) -> np.ndarray:
    held, at = part.held()
    total = np.zeros(len(part), dtype=np.uint64)
    for number, tensor in enumerate(tensors(held)):
        start = 0
        for some in chunks(tensor, at):
            found = _mixed(some, every, number)
            total[start : start + len(found)] += found
            start += len(found)
    return total


def _mixed(some: Tensor, every: int, number: int) -> np.ndarray:
    """Mix the bytes of each row into a number: SplitMix64 of each word and its place, added up."""
    rows = octets(some).numpy().reshape(len(some), some.nbytes // len(some))
    words = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 8))).view(np.uint64)[:, ::every]  # (B, W)
    places = np.arange(1, words.shape[1] + 1, dtype=np.uint64) + np.uint64(number << 40)
    with np.errstate(over="ignore"):
        mixed = words + places * np.uint64(0x9E3779B97F4A7C15)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed ^= mixed >> np.uint64(shift)
            mixed *= np.uint64(factor)
        mixed ^= mixed >> np.uint64(31)
        return mixed.sum(1, dtype=np.uint64)


def without_copies(parts: dict[str, Examples]) -> dict[str, Examples]:
    """Keep one of the rows that are alike: in the test part, else in the validation part, and a labelled one."""
    order = [part for part in ("test", "validation", "train") if part in parts]
    taken: set[int] = set()
    kept: dict[str, Examples] = {}
    for part, found in zip(order, keys(parts[part] for part in order), strict=True):
        known = parts[part].known.tolist()
        first: dict[int, int] = {}
        for i, key in enumerate(found.tolist()):
            if key not in taken and (key not in first or (known[i] and not known[first[key]])):
                first[key] = i
        taken |= first.keys()
        kept[part] = parts[part].take(np.array(sorted(first.values()), dtype=np.int64))
    return kept


def say_copies(train: Examples, validation: Examples, test: Examples) -> None:
    """Warn where rows of the validation or test part are among the training rows too."""
    learnt, *others = keys((train, validation, test))
    counts = []
    for name, found in zip(("validation", "test"), others, strict=True):
        count = int(np.isin(found, learnt).sum())
        if count and count >= SAID * len(found):
            counts.append(f"{count:,} of {len(found):,} {name} rows")
    if counts:
        warnings.warn(
            f"{' and '.join(counts)} are copies of training rows, so that errors are counted on what was learned by "
            'heart; pass kd.data.splits(data, copies="drop") to keep one of each',
            stacklevel=2,
        )
