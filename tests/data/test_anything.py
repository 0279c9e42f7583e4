"""Whatever `splits` is given, it ends in parts that can be used or in one sentence of its own."""

from __future__ import annotations

import decimal
import random
import traceback
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader

from kdviz.data import Splits, splits

TRIES = 400
DTYPES = ("f4", "f8", "i8", "u1", "?", "O", "U", "S", "M8[D]", "m8[h]", "c8", "u4", "f2", ">f4")
OBJECTS = (None, 1, 0, 1.5, "a", float("nan"), True, pd.NA, [1], {}, b"x", decimal.Decimal(1))
CLASSES = (2, 3, ("a", "b"), (0, 1), ("-1", "1"), 10**9, 0, -1, True, "ab", (1.5, 2), [None, 1], 2.0)
NAMES = ("a", "labels", "x", "y", "input_ids", "text")


class Maker:
    """Makes data of all kinds, sensible and not, from a seed."""

    def __init__(self, seed: int) -> None:
        self.random, self.numpy = random.Random(seed), np.random.RandomState(seed)

    def array(self, count: int) -> np.ndarray:
        kind = self.random.choice(DTYPES if self.random.random() < 0.5 else ("f4", "i8"))
        shape = (count, *(self.random.randrange(5) for _ in range(self.random.choice((0, 1, 1, 1, 2, 3)))))
        numbers = self.numpy.randint(self.random.choice((-2, -1, 0, 0)), self.random.choice((1, 2, 3, 4, 10)), shape)
        if kind == "O":
            pool = self.random.sample(OBJECTS, self.random.randint(1, 4))
            made = np.empty(shape, dtype=object)
            for at in np.ndindex(shape):
                made[at] = self.random.choice(pool)
            return made
        made = numbers.astype("U").astype("S") if kind == "S" else numbers.astype(kind)
        if made.dtype.kind == "f" and made.size and self.random.random() < 0.2:
            made.flat[0] = self.random.choice((np.nan, np.inf))
        return made

    def part(self, count: int) -> Any:
        array = self.array(count)
        ways = [
            lambda: array,
            lambda: torch.from_numpy(array.astype("f4")) if array.dtype.kind in "iuf" else array,
            lambda: torch.from_numpy(array.astype("i8")) if array.dtype.kind in "iu" else array,
            array.tolist,
            lambda: tuple(array.tolist()),
            lambda: {self.random.choice(NAMES): self.array(count) for _ in range(self.random.randrange(4))},
            lambda: tuple(self.array(count) for _ in range(self.random.randrange(4))),
            lambda: pd.DataFrame({name: list(self.array(count)) for name in self.random.sample("abcy", 2)}),
            lambda: pd.Series(list(array)),
            lambda: pd.Categorical([str(one) for one in array.ravel().tolist()][:count]),
            lambda: self.random.choice((None, 3, "x", [], (), {}, range(count), set(), np.float64(1), torch.tensor(1))),
        ]
        return self.random.choice(ways)()

    def items(self, count: int) -> list[Any]:
        make = self.random.choice((
            lambda: (self.part(3), self.random.choice((0, 1, "a", None, 1.5))),
            lambda: self.part(3),
            lambda: {"x": self.part(3), "label": self.random.randrange(3)},
        ))  # fmt: skip
        return [make() for _ in range(count)] if self.random.random() < 0.5 else [make()] * count

    def data(self) -> Any:
        count = self.random.choice((0, 1, 2, 5, 20, 30, 40))
        return self.random.choice((
            lambda: (self.part(count), self.part(count)),
            lambda: (self.part(count), self.numpy.randint(0, 3, count)),
            lambda: self.part(count),
            lambda: self.items(count),
            lambda: DataLoader(self.items(max(count, 1)), self.random.choice((1, 4)), shuffle=True),
            lambda: iter(self.items(count)),
            lambda: {"train": self.part(count), "test": self.part(count)},
        ))()  # fmt: skip

    def arguments(self) -> dict[str, Any]:
        some = {
            "classes": CLASSES,
            "label": ("y", "x", 0, -1, 5, 1.5),
            "limit": (1, 5),
            "copies": ("drop",),
            "validation": (0.5, 3, float("nan"), -1, None),
        }
        return {name: self.random.choice(values) for name, values in some.items() if self.random.random() < 0.15}


def parts_or_sentence(data: Any, arguments: dict[str, Any]) -> Splits | Exception:
    try:
        return splits(data, **arguments)
    except (TypeError, ValueError) as error:
        return error


@pytest.mark.parametrize("seed", range(4))
def test_anything_ends_in_parts_or_in_one_sentence(seed: int) -> None:
    maker = Maker(seed)
    made = 0
    for _ in range(TRIES):
        data, arguments = maker.data(), maker.arguments()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = parts_or_sentence(data, arguments)
        if isinstance(found, Exception):
            where = traceback.extract_tb(found.__traceback__)[-1].filename.replace("\\", "/")
            assert "/kdviz/data/" in where and "\n" not in str(found), f"{where}: {found}"
            continue
        assert all(w.category is UserWarning and "\n" not in str(w.message) for w in caught)
        made += 1
        for part in (found.train, found.validation, found.test):
            assert part.take(slice(0, 1)).inputs() is not None and len(part.fingerprint()) == 64
            assert int(part.y.max()) < len(found.classes)
    assert made > TRIES // 100
