"""Copies of rows are counted by inputs of any kind."""

from __future__ import annotations

import torch

import kdviz as kd
from kdviz.data import Examples


def test_copies_are_counted_by_inputs_of_any_kind():
    ids = torch.arange(12).reshape(6, 2)
    y = torch.zeros(6, dtype=torch.int64)
    one, other = Examples({"ids": ids, "mask": ids > 3}, y), Examples({"ids": ids[3:], "mask": ids[3:] > 3}, y[3:])
    assert kd.diagnosis.shared_rows(one, other).tolist() == [False] * 3 + [True] * 3
    zeros = Examples(torch.tensor([[0.0, 1.0]]), y[:1]), Examples(torch.tensor([[-0.0, 1.0]]), y[:1])
    assert kd.diagnosis.shared_rows(*zeros).tolist() == [True]
