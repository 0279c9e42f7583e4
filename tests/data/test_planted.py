"""Planted faults: the marks give the class away, and only the named group gets rarer."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kdviz.data import mnist
from kdviz.data.planted import underrepresented, with_shortcut


def blank(n: int, size: int = 28) -> np.ndarray:
    return np.zeros((n, size, size), dtype=np.uint8)


@pytest.mark.parametrize("strength", [0.0, 0.25, 0.6, 1.0])
def test_the_share_is_exact_and_nothing_else_changes(strength):
    test = mnist().test
    before = test.x[:1000].clone()
    images, marked = with_shortcut(test.x[:1000], test.y[:1000], strength, seed=3)
    assert marked.sum() == strength * 1000
    assert torch.equal(test.x[:1000], before) and images.data_ptr() != test.x.data_ptr()
    assert images.dtype == torch.uint8 and images.shape == (1000, 1, 28, 28)
    assert torch.equal(images[~marked], before[~marked])
    assert torch.equal(images[..., 2:, :], before[..., 2:, :])  # ten classes need one row of squares
    for image, old, c in zip(images[marked], before[marked], test.y[:1000][marked].tolist(), strict=True):
        patch = torch.zeros(28, 28, dtype=torch.bool)
        patch[:2, 2 * c : 2 * c + 2] = True
        assert (image[0][patch] == 255).all() and torch.equal(image[0][~patch], old[0][~patch])


def test_the_place_alone_tells_the_class():
    y = np.arange(42).repeat(3)
    images, _ = with_shortcut(blank(len(y)), y, 1.0)
    places = {c: {tuple(image.nonzero().flatten().tolist()) for image in images[y == c]} for c in range(42)}
    assert all(len(p) == 1 for p in places.values())
    assert len(set.union(*places.values())) == 42
    assert (images != 0).sum() == 4 * len(y)


def test_more_strength_marks_more_of_the_same_and_another_seed_others():
    y = np.arange(200) % 10
    weak, strong, other = (with_shortcut(blank(200), y, s, seed)[1] for s, seed in ((0.3, 0), (0.6, 0), (0.3, 1)))
    assert (strong | ~weak).all()
    assert (weak != other).any() and weak.sum() == other.sum() == 60


def test_an_unknown_class_is_never_marked():
    y = np.array([-1, 0, 1, -1])
    images, marked = with_shortcut(blank(4), torch.from_numpy(y), 1.0)
    assert marked.tolist() == [False, True, True, False] and not images[[0, 3]].any()


def test_no_images_give_no_images():
    images, marked = with_shortcut(blank(0), [], 0.5)
    assert images.shape == (0, 28, 28) and marked.shape == (0,)


@pytest.mark.parametrize(("images", "y", "strength", "says"), [
    (blank(2).astype(float), [0, 1], 0.5, r"images must be uint8 .* got float64 of shape \(2, 28, 28\)"),
    (np.zeros((2, 3, 8, 8), np.uint8), [0, 1], 0.5, r"got uint8 of shape \(2, 3, 8, 8\)"),
    (blank(2), [0, 1], 1.5, r"strength must lie in \[0, 1\] \(it is a share\), got 1.5"),
    (blank(2), [0, 1], math.nan, "strength must lie in"),
    (blank(2), [0], 0.5, "y must hold one whole number for each of 2 examples"),
    (blank(2), [0.0, 1.0], 0.5, "y must hold one whole number"),
    (blank(2), [0, -2], 0.5, "y must be 0 or more, or -1 where the class is not known, got -2"),
    (blank(2), [0, 999], 0.5, "28×28 pixels have places for 42 classes, got the class 999: use larger images or"),
])  # fmt: skip
def test_what_cannot_be_marked_is_said_in_a_sentence(images, y, strength, says):
    with pytest.raises(ValueError, match=says):
        with_shortcut(images, y, strength)


@given(st.integers(0, 100), st.floats(0, 1))
def test_only_the_group_gets_rarer_class_by_class(seed, keep):
    random = np.random.RandomState(seed)
    y, group = random.randint(-1, 3, 120), random.rand(120) < 0.5
    left = underrepresented(y, group, keep, seed)
    assert left.dtype == np.int64 and (np.diff(left) > 0).all()
    assert np.isin(np.flatnonzero(~group), left).all()
    for c in range(-1, 3):
        assert (group[left] & (y[left] == c)).sum() == round(keep * (group & (y == c)).sum())


def test_those_kept_at_a_tenth_are_among_those_kept_at_a_third():
    y, group = np.arange(600) % 3, np.arange(600) < 300
    few, more = set(underrepresented(y, group, 0.1)), set(underrepresented(y, group, 0.3))
    assert few < more and len(few) == 330 and len(more) == 390
    assert few != set(underrepresented(y, group, 0.1, seed=1))


@pytest.mark.parametrize(("y", "group", "keep", "says"), [
    ([0, 1], [0, 1], 0.5, r"group must be an array of bool.* got int64 of shape \(2,\)"),
    ([0, 1], [False, False], 0.5, "group has no member among 2 examples"),
    ([0, 1], [True, False], -0.1, r"keep must lie in \[0, 1\]"),
    ([0], [True, False], 0.5, "y must hold one whole number for each of 2 examples"),
])  # fmt: skip
def test_what_cannot_be_made_rare_is_said_in_a_sentence(y, group, keep, says):
    with pytest.raises(ValueError, match=says):
        underrepresented(y, group, keep)
