"""One door for whatever people call their data."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    default_collate,
)

from kdviz.data import examples, splits

from .forms import IDS, PAIRS, PLAIN, Items, N, Stream, X, Y


def joined(items: list[Any]) -> Any:
    return default_collate(items)


class Own:
    """A data set that is of no class of torch's."""

    def __len__(self) -> int:
        return N

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        return X[i], int(Y[i])


BATCHES = [(X[i : i + 8], Y[i : i + 8]) for i in range(0, N, 8)]


FORMS = {
    "list of pairs": lambda: PAIRS,
    "loader of a list": lambda: DataLoader(PAIRS, batch_size=7, shuffle=True),
    "generator": lambda: (pair for pair in PAIRS),
    "generator of batches": lambda: (pair for pair in BATCHES),
    "stream of batches": lambda: DataLoader(Stream(BATCHES), batch_size=None),
    "stream": lambda: Stream(PAIRS),
    "loader of a stream with a collate_fn": lambda: DataLoader(Stream(PAIRS), 7, collate_fn=joined),
    "loader of batches by index": lambda: DataLoader(
        TensorDataset(X, Y), sampler=BatchSampler(range(N), 7, False), batch_size=None
    ),
    "own class": Own,
    "loader of workers": lambda: DataLoader(Items(lambda i: PAIRS[i]), 7, num_workers=2),
    "drop_last": lambda: DataLoader(Items(lambda i: PAIRS[i]), 7, collate_fn=joined, drop_last=True),
    "named, with x": lambda: Items(lambda i: {"x": X[i], "y": int(Y[i])}),
    "concatenated": lambda: ConcatDataset([TensorDataset(X[:9], Y[:9]), TensorDataset(X[9:], Y[9:])]),
    "loader with numpy": lambda: DataLoader(Items(lambda i: (X[i].numpy(), np.int64(Y[i])))),
    "one-element labels": lambda: Items(lambda i: (X[i], Y[i : i + 1])),
    "loader of parts": lambda: DataLoader(Subset(TensorDataset(X, Y), range(N)), sampler=SubsetRandomSampler(range(N))),
}


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_give_the_same_examples(form: str) -> None:
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    assert examples(FORMS[form]()).fingerprint() == PLAIN
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states[1:]


NAMED = {
    "data set": lambda: Items(lambda i: {"input_ids": IDS[i], "attention_mask": IDS[i] > 0, "labels": int(Y[i])}),
    "loader": lambda: DataLoader(
        Items(lambda i: {"input_ids": IDS[i], "attention_mask": IDS[i] > 0, "label": int(Y[i])}), 7, shuffle=True
    ),
    "pairs": lambda: Items(lambda i: ({"input_ids": IDS[i], "attention_mask": IDS[i] > 0}, int(Y[i]))),
    "stream": lambda: Stream(
        [{"input_ids": i, "attention_mask": i > 0, "y": int(y)} for i, y in zip(IDS, Y, strict=True)]
    ),
    "list": lambda: [{"input_ids": i, "attention_mask": i > 0, "target": y} for i, y in zip(IDS, Y, strict=True)],
    "collated": lambda: DataLoader(
        list(range(N)),
        7,
        collate_fn=lambda at: {"input_ids": IDS[at], "attention_mask": IDS[at] > 0, "labels": Y[at]},
    ),
}


@pytest.mark.parametrize("form", NAMED)
def test_named_inputs_come_from_all_forms(form: str) -> None:
    data = splits(NAMED[form]())
    assert data.train.describe() == "input_ids (4,) int64, attention_mask (4,) bool"
    assert data.train.fingerprint() == splits(({"input_ids": IDS, "attention_mask": IDS > 0}, Y)).train.fingerprint()
