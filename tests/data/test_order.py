"""Orders in which examples are drawn: in turns, or in proportion."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kdviz.data.memory import balanced_order, proportional_order

LABELS = hnp.arrays(np.int64, st.integers(1, 60), elements=st.integers(-1, 4))


@given(LABELS, st.integers(0, 5))
def test_balanced_order_visits_each_labelled_example_once_and_in_turns(y: np.ndarray, seed: int) -> None:
    order = balanced_order(y, seed)
    assert sorted(order) == list(np.flatnonzero(y >= 0))
    sizes = np.bincount(y[order], minlength=5)
    for count in range(len(order) + 1):
        taken = np.bincount(y[order[:count]], minlength=5)
        open_classes = taken[taken < sizes]  # classes that have not run out
        assert open_classes.size == 0 or taken.max() - open_classes.min() <= 1


@given(LABELS, st.integers(0, 5))
def test_proportional_order_keeps_the_proportions(y: np.ndarray, seed: int) -> None:
    order = proportional_order(y, seed)
    assert sorted(order) == list(range(len(y)))
    share = np.bincount(y + 1, minlength=6) / len(y)
    for count in range(len(y) + 1):
        taken = np.bincount(y[order[:count]] + 1, minlength=6)
        assert np.abs(taken - share * count).max() <= 3
