"""Relations of a batch, and whose neighbors are kept."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from kdviz import losses
from kdviz.measure.relations import kept, matrix, neighbors, recall, relations


def drawn(seed, *shape, far=0.0):
    return np.random.default_rng(seed).normal(size=shape) + far


@pytest.mark.parametrize("far", [0.0, 1e4], ids=["near", "far from 0"])
def test_neighbors_and_distances_are_those_of_scikit_learn(far):
    features = drawn(0, 150, 12, far=far)
    near = neighbors(features, 5)
    search = NearestNeighbors(n_neighbors=6, algorithm="brute").fit(features - features.mean(0))
    distances, found = search.kneighbors(features - features.mean(0))
    assert (near == found[:, 1:]).all()
    ours = np.linalg.norm(features[near] - features[:, None], axis=2)
    assert np.abs(ours - distances[:, 1:]).max() < 1e-9
    apart = matrix(features, "distance")
    scale = apart[0, near[0, 0]] / distances[0, 1]
    assert np.abs(np.take_along_axis(apart, near, 1) - scale * distances[:, 1:]).max() < 1e-9


def test_recall_and_kept_neighbors_by_hand():
    rng = np.random.default_rng(1)
    features, other, y = rng.normal(size=(60, 4)), rng.normal(size=(60, 4)), rng.integers(0, 3, 60)
    near, theirs = neighbors(features, 5), neighbors(other, 5)
    for k in (1, 5):
        by_hand = [any(y[j] == y[i] for j in near[i][:k]) for i in range(60)]
        assert recall(near, y, k) == pytest.approx(np.mean(by_hand), abs=1e-12)
        shared = [len(set(near[i][:k]) & set(theirs[i][:k])) / k for i in range(60)]
        assert kept(near, theirs, k) == pytest.approx(np.mean(shared), abs=1e-12)
    assert kept(near, near, 5) == 1
    alone = np.append(y[:-1], 9)
    assert recall(near, alone, 1) == pytest.approx(np.mean([alone[near[i, 0]] == alone[i] for i in range(59)]))
    assert np.isnan(recall(near, np.arange(60), 1))


def test_matrices_are_those_that_the_losses_compare():
    s, t = drawn(2, 20, 5), drawn(3, 20, 8)
    y = np.arange(20) % 4
    found = relations(s, t, y, "distance")
    d = torch.from_numpy(found.difference)
    theirs = losses.relational_distance(*(torch.from_numpy(x[found.order]) for x in (s, t)))
    assert torch.where(d.abs() <= 1, d.square() / 2, d.abs() - 0.5).mean().item() == pytest.approx(theirs.item(), 1e-9)
    assert (np.diff(found.labels) >= 0).all() and (y[found.order] == found.labels).all()
    alike = relations(s, t, y)
    unit = s[found.order] / np.linalg.norm(s[found.order], axis=1, keepdims=True)
    assert np.abs(alike.student - unit @ unit.T).max() < 1e-12
    assert relations(3 * s, s, y).agreement == pytest.approx(1.0)
    same, others = alike.means()["student"]
    pairs = [(i, j) for i in range(20) for j in range(20) if i != j]
    own = [alike.student[i, j] for i, j in pairs if found.labels[i] == found.labels[j]]
    assert same == pytest.approx(np.mean(own)) and others != same


def test_what_does_not_fit_is_said():
    x = drawn(0, 6, 2)
    for call, said in (
        (lambda: neighbors(x, 6), r"k must lie between 1 and 5 for 6 examples, got 6"),
        (lambda: matrix(x, "angle"), "kind must be one of similarity, distance"),
        (lambda: matrix(np.full((2, 2), np.nan)), "must be finite"),
        (lambda: relations(x, x[:5], np.zeros(6)), "must be of the same examples"),
        (lambda: recall(neighbors(x, 1), np.zeros(6), 2), "2 neighbors of each example or more"),
    ):
        with pytest.raises(ValueError, match=said):
            call()
