"""Other draws of a selection: the rows are those selected, however often one selects."""

from __future__ import annotations

import torch
from torch import Tensor

from kdviz.data import Examples
from kdviz.data.redrawn import labels_of, selected


class Shifted:
    """Row i of draw s is i + 100 s, and so is its label."""

    def __call__(self, index: Tensor, seed: int) -> Tensor:
        return (index[:, None] + 100 * seed).float()

    def labels(self, index: Tensor, seed: int) -> Tensor:
        return index[:, None] + 100 * seed


def test_a_selection_of_a_selection_draws_its_own_rows():
    twice = selected(selected(Shifted(), slice(10, 20), 50), torch.tensor([3, 1]), 10)
    assert twice(torch.tensor([0, 1]), 2).flatten().tolist() == [213, 211]
    assert labels_of(twice)(torch.tensor([1]), 3).item() == 311


def test_labels_are_stored_ones_where_the_draw_has_none():
    plain = selected(lambda index, seed: index[:, None].float(), slice(0, 3), 3)
    assert labels_of(plain) is None
    examples = Examples(torch.zeros(5, 1), torch.arange(5), redraw=lambda index, seed: index[:, None] + 0.5)
    x, y = examples.take(slice(2, 5)).drawn(torch.tensor([2, 0]), 7)
    assert x.flatten().tolist() == [4.5, 2.5] and y.tolist() == [4, 2]
    assert examples.fixed().drawn(torch.tensor([1]), 7)[0].item() == 0
