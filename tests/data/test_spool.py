"""Examples that come one after the other: from memory or from a file, they are the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset

import kdviz.data
from kdviz.data import spool


def test_what_does_not_fit_into_memory_is_read_from_a_file_and_is_the_same(monkeypatch):
    X, y = np.random.default_rng(0).random((500, 7), np.float32), np.arange(500) % 3
    loader = DataLoader(Pairs(X, y), batch_size=32)
    held = kdviz.data.examples(loader)
    monkeypatch.setattr(spool, "CHUNK", 1000)
    monkeypatch.setattr(spool, "MOST_IN_MEMORY", 5000)
    found = []
    mapped = spool.mapped
    monkeypatch.setattr(spool, "mapped", lambda *args: found.append(mapped(*args)) or found[0])
    filed = kdviz.data.examples(loader)
    assert filed.x.data_ptr() == found[0].data_ptr()
    assert filed.fingerprint() == held.fingerprint()
    assert torch.equal(filed.inputs(slice(3, 9)), held.inputs(slice(3, 9)))


@pytest.mark.parametrize("most", [10, 10**9])
def test_examples_of_two_shapes_are_refused_in_a_sentence(monkeypatch, most):
    monkeypatch.setattr(spool, "CHUNK", 1)
    monkeypatch.setattr(spool, "MOST_IN_MEMORY", most)
    with pytest.raises(ValueError, match=r"all examples must have one shape.*, got \(3,\) and \(4,\)"):
        kdviz.data.examples(Ragged())


class Pairs(Dataset):
    def __init__(self, X, y):
        self.X, self.y = X, y

    def __len__(self):
        return len(self.X)

    def __getitem__(self, i):
        return self.X[i], self.y[i]


class Ragged(IterableDataset):
    def __iter__(self):
        yield np.zeros(3, np.float32), 0
        yield np.zeros(4, np.float32), 1
