"""Examples in many forms, all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import Dataset, IterableDataset

from kdviz.data import Examples

N = 60


X = torch.randn(N, 5, generator=torch.Generator().manual_seed(0))


Y = torch.arange(N) % 3


IDS = torch.arange(N * 4).view(N, 4)


PLAIN = Examples(X, Y).fingerprint()


class Items(Dataset):
    """Gives what a function makes of each index."""

    def __init__(self, make: Any, count: int = N) -> None:
        self.make, self.count = make, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, i: int) -> Any:
        return self.make(i)


class Stream(IterableDataset):
    def __init__(self, items: Any) -> None:
        self.items = items

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)


PAIRS = [(x, int(y)) for x, y in zip(X, Y, strict=True)]
