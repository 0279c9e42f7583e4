"""Probes, drawings in two dimensions, and layers over training, against scikit-learn, scipy and planted layers."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from scipy.spatial import procrustes
from sklearn.decomposition import PCA
from torch import nn

from kdviz.measure import representation as r
from kdviz.measure.relations import kept, neighbors
from kdviz.models.inference import Cancelled

GENERATOR = torch.Generator().manual_seed(0)
X = torch.randn(300, 6, generator=GENERATOR, dtype=torch.float64)
Y = (X[:, 0] > 0).long()


def test_two_components_are_those_of_pca_and_turning_is_procrustes():
    student = X @ torch.randn(6, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = r.embedding(X, student)
    own, other = (PCA(2).fit(each.numpy()) for each in (X, student))
    shares = [float(one.explained_variance_ratio_.sum()) for one in (own, other)]
    assert found.explained == pytest.approx(tuple(shares), abs=1e-12)
    drawn = own.transform(X.numpy())
    drawn /= np.linalg.norm(drawn)
    np.testing.assert_allclose(np.abs(found.teacher), np.abs(drawn), atol=1e-10)
    _, _, disparity = procrustes(drawn, other.transform(student.numpy()))
    assert found.rest == pytest.approx(disparity, abs=1e-10)
    assert np.linalg.norm(found.student) == pytest.approx(1)


def test_a_layer_that_is_the_teachers_turned_and_mirrored_is_drawn_the_same():
    turn, _ = torch.linalg.qr(torch.randn(6, 6, generator=torch.Generator().manual_seed(2), dtype=torch.float64))
    turn[:, 0] *= -1
    found = r.embedding(X * torch.tensor([3.0, 2, 1, 1, 1, 1]), 7 * (X * torch.tensor([3.0, 2, 1, 1, 1, 1])) @ turn + 5)
    np.testing.assert_allclose(found.student, found.teacher, atol=1e-10)
    assert found.rest < 1e-10 and "leaves 0" in found.sentence()


def test_a_probe_reads_what_a_layer_holds_and_nothing_else():
    held = r.probe(X, Y, layer="hidden")
    assert held.low > 0.85 and (held.trained, held.held_out) == (150, 150)
    assert held.sentence("teacher").startswith("A linear probe reads the class from the teacher's layer hidden on 9")
    nothing = r.probe(X[:, 1:], Y)
    assert nothing.low < 0.5 < nothing.high, "features that say nothing are not learned by heart"


def model(width=5, seed=0):
    generator = torch.Generator().manual_seed(seed)
    made = nn.Sequential(nn.Linear(6, width), nn.ReLU(), nn.BatchNorm1d(width), nn.Linear(width, 2)).double()
    with torch.no_grad():
        for p in made.parameters():
            p.copy_(torch.randn(p.shape, generator=generator, dtype=torch.float64))
    return made


def test_over_training_a_layer_that_becomes_the_teachers_is_followed_there():
    teacher = model(8, 1).eval()
    own = r.features(teacher, X)
    assert list(own) == ["2", "3"] and r.last_hidden(own) == "2"

    def mixed(share):
        one = copy.deepcopy(model(8, 2)).eval()
        with torch.no_grad():
            for p, q in zip(one.parameters(), teacher.parameters(), strict=True):
                p.lerp_(q, share)
        return one

    found = r.over_training(own["2"], ((k, mixed(k / 4)) for k in range(5)), X, total=5)
    assert found.steps.tolist() == [0, 1, 2, 3, 4]
    assert found.cka[-1] == pytest.approx(1) and found.kept[-1] == 1 and found.cka[0] < 0.9
    assert found.kept[0] < found.kept[-1] and found.by_chance == 10 / 299
    near = neighbors(own["2"].numpy(), 10)
    assert found.kept[0] == kept(neighbors(r.features(mixed(0), X)["2"].numpy(), 10), near, 10)
    assert list(found.frame().columns) == ["step", "cka", "kept"]


def test_a_look_leaves_modes_and_buffers():
    one = model().train()
    before = copy.deepcopy(one.state_dict())
    r.features(one, X)
    assert one.training and all(torch.equal(v, one.state_dict()[k]) for k, v in before.items())
    assert not any(part._forward_hooks for part in one.modules())


def test_what_does_not_fit_is_said_in_a_sentence():
    for call, says in (
        (lambda: r.probe(X, Y[:3]), r"shapes \(N, D\) and \(N,\), got \(300, 6\) and \(3,\)"),
        (lambda: r.probe(X, Y, held_out=1), "held_out must lie between 0 and 1"),
        (lambda: r.probe(X, Y * 0), "a probe needs two classes"),
        (lambda: r.embedding(X, X[:9]), "both layers must be of the same examples, got 300 and 9"),
        (lambda: r.embedding(X[:2], X[:2]), r"the teacher's layer must be finite .* N ≥ 3, got shape \(2, 6\)"),
        (lambda: r.over_training(X, [], X), "needs at least one step and student"),
    ):
        with pytest.raises(ValueError, match=says):
            call()
    with pytest.raises(Cancelled):
        r.over_training(X, [(0, model())], X, progress=lambda done, total: False)
