"""Nearest neighbours, wherever the points lie."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from kdviz.data.neighbours import Points
from kdviz.data.transfer import _weights

from .transfers import columns_far_from_0


@pytest.mark.parametrize("name", columns_far_from_0())
def test_neighbours_are_those_that_scikit_learn_finds(name):
    rows = columns_far_from_0()[name]
    extent = np.ptp(rows, axis=0)
    moved = (rows - rows.min(0)) / np.where(extent > 0, extent, 1)
    theirs = NearestNeighbors(n_neighbors=2, algorithm="kd_tree").fit(moved).kneighbors(moved)[1][:, 1]
    points = Points(rows * _weights(rows, [], table=True))
    assert (points.all_nearest() == theirs).all()
    assert [points.nearest(i) for i in range(50)] == theirs[:50].tolist()


def test_points_that_move_are_found_where_they_are():
    random = np.random.RandomState(1)
    rows = 1e5 + random.random_sample((60, 4))
    points = Points(rows)
    for _ in range(40):
        i = random.randint(60)
        rows[i] = 1e5 + random.random_sample(4)
        points.move(i, rows[i])
        far = ((rows - rows[(j := random.randint(60))]) ** 2).sum(1)
        far[j] = np.inf
        assert points.nearest(j) == far.argmin()


def test_fixed_neighbours_are_the_nearest_in_the_set():
    x = torch.randn(200, 6, generator=torch.Generator().manual_seed(0))
    far = torch.cdist(x.double(), x.double()).fill_diagonal_(float("inf"))
    assert torch.equal(torch.from_numpy(Points(x.numpy()).all_nearest()), far.argmin(1))


def test_examples_alike_are_each_other_s_neighbours():
    rows = np.repeat(1e6 + np.random.RandomState(0).random_sample((20, 3)), 2, 0)
    assert (Points(rows).all_nearest() == np.arange(40) + np.tile([1, -1], 20)).all()
