"""Distances of maps, and two models compared layer by layer."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import kdviz as kd
from kdviz.measure.attention import (
    activation_maps,
    attention,
    attention_matrices,
    compare,
    distance,
    patch_map,
    rollout,
)

from ..small_models import convolutional, drawn, encoder, images


def pooled_by_loop(m: np.ndarray, h: int, w: int) -> np.ndarray:
    """Adaptive average pooling: place y of h is the mean of rows floor(y H / h) to ceil((y + 1) H / h)."""
    H, W = m.shape
    found = np.zeros((h, w))
    for y in range(h):
        for x in range(w):
            rows = range(y * H // h, -(-(y + 1) * H // h))
            columns = range(x * W // w, -(-(x + 1) * W // w))
            values = [m[a, b] for a in rows for b in columns]
            found[y, x] = sum(values) / len(values)
    return found


@pytest.mark.parametrize(("size_a", "size_b"), [((4, 4), (4, 4)), ((7, 7), (3, 3)), ((2, 6), (5, 4)), ((1, 3), (3, 1))])
def test_distances_are_of_pooled_and_normalised_maps(size_a, size_b):
    a, b = drawn(3, *size_a).abs(), drawn(3, *size_b, seed=1).abs()
    found = distance(a, b)
    h, w = min(size_a[0], size_b[0]), min(size_a[1], size_b[1])
    for i in range(3):
        p, q = pooled_by_loop(a[i].numpy(), h, w).ravel(), pooled_by_loop(b[i].numpy(), h, w).ravel()
        p, q = p / math.sqrt(sum(p * p)), q / math.sqrt(sum(q * q))
        assert found.squared[i] == pytest.approx(sum((u - v) ** 2 for u, v in zip(p, q, strict=True)), abs=1e-9)
        assert found.cosine[i] == pytest.approx(sum(u * v for u, v in zip(p, q, strict=True)), abs=1e-9)


def test_a_map_of_0_has_no_cosine():
    a = torch.stack([torch.zeros(2, 2), torch.zeros(2, 2), torch.ones(2, 2)])
    b = torch.stack([torch.zeros(2, 2), torch.ones(2, 2), torch.ones(2, 2)])
    found = distance(a, b)
    assert found.squared.tolist() == [0, 1, 0]
    assert np.isnan(found.cosine).tolist() == [True, True, False] and found.cosine[2] == 1


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 6), st.floats(1e-100, 1e100))
def test_a_map_is_at_0_from_itself_at_any_scale(seed, h, w, scale):
    a = drawn(2, h, w, seed=seed)
    same, scaled = distance(a, a), distance(a, a * scale)
    assert (same.squared == 0).all()
    np.testing.assert_allclose(same.cosine, 1, atol=1e-12)
    np.testing.assert_allclose(scaled.cosine, 1, atol=1e-12)
    np.testing.assert_allclose(scaled.squared, 0, atol=1e-12)


# Two models


def test_attention_holds_the_distance_of_each_pair_of_layers():
    teacher, student, X = convolutional(), convolutional(seed=1), images(6)
    found = attention(teacher, student, X, batch_size=4)
    maps = [activation_maps(model, X) for model in (teacher, student)]
    assert found.squared.shape == found.cosine.shape == (2, 2, 6)
    for i, t in enumerate(maps[0].values()):
        for j, s in enumerate(maps[1].values()):
            each = distance(t, s)
            np.testing.assert_allclose(found.squared[i, j], each.squared, atol=1e-12)
            np.testing.assert_allclose(found.cosine[i, j], each.cosine, atol=1e-12)
            others = [distance(t[[(k + 1) % 6]], s[[k]]).cosine[0] for k in range(6)]
            assert found.by_chance[i, j] == pytest.approx(np.median(others), abs=1e-12)
    table = found.frame()
    assert len(table) == 24
    row = table[(table.teacher_layer == "6") & (table.student_layer == "2") & (table.example == 4)]
    assert row.cosine.item() == found.cosine[1, 0, 4] and row.squared.item() == found.squared[1, 0, 4]
    for student_layer, teacher_layer in found.nearest().items():
        j = found.student_layers.index(student_layer)
        assert found.teacher_layers.index(teacher_layer) == np.median(found.cosine[:, j], axis=-1).argmax()


def test_more_examples_than_the_limit_are_evenly_spaced():
    X = images(9)
    found = attention(convolutional(), convolutional(), X, limit=5)
    assert found.examples.tolist() == [0, 2, 4, 6, 8] and (found.n, found.n_given) == (5, 9)
    assert "(medians of 5 of 9 examples)" in found.sentence()
    assert sorted(set(found.frame().example)) == [0, 2, 4, 6, 8]


def test_maps_of_0_are_left_out_and_told():
    blank, full = torch.zeros(3, 2, 2), torch.ones(3, 2, 2)
    found = compare({"a": full}, {"x": full, "y": blank})
    assert found.nearest() == {"x": "a"}
    assert "the last maps of both, the teacher's a and the student's y, have no cosine, as one is 0" in found.sentence()
    nothing = compare({"a": blank}, {"x": blank})
    assert nothing.nearest() == {} and nothing.sentence().startswith("Nothing can be said from 3 examples")
    assert (nothing.squared == 0).all()


def test_one_example():
    X = images(1)
    found = attention(convolutional(), convolutional(seed=1), X)
    assert found.n == 1 and np.isnan(found.by_chance).all() and np.isfinite(found.cosine).all()
    assert "another example" not in found.sentence() and "(medians of 1 example)" in found.sentence()
    assert attention_matrices(encoder(), drawn(1, 5, 8))["layers.0.self_attn"].shape == (1, 2, 5, 5)


def test_transformers_are_compared_by_patches():
    X = torch.rand(3, 1, 28, 28)
    maps = []
    for depth in (3, 2):
        found = attention_matrices(kd.models.vit(16, depth, 2), X)
        steps = list(found)
        maps.append({name: patch_map(rollout({k: found[k] for k in steps[: i + 1]})) for i, name in enumerate(steps)})
    assert compare(*maps).cosine.shape == (3, 2, 3)
    assert maps[0]["block3.attention"].shape == (3, 7, 7)


@pytest.mark.parametrize(("name", "data"), [("mnist-convnet", "mnist"), ("fashion-resnet", "mnist")])
def test_shipped_models_on_real_images_against_themselves(name, data):
    model, X = kd.models.pretrained(name), getattr(kd.data, data)().test.inputs(slice(0, 40))
    found = attention(model, model, X)
    diagonal = np.arange(len(found.teacher_layers))
    assert (found.squared[diagonal, diagonal] == 0).all()
    np.testing.assert_allclose(found.cosine[diagonal, diagonal], 1, atol=1e-12)
    one = activation_maps(model, X, found.teacher_layers[-1])[found.teacher_layers[-1]]
    assert len({tuple(m.flatten().tolist()) for m in one}) == 40, "each digit has a map of its own"


def test_the_maps_need_neither_jupyter_nor_plotly():
    code = (
        "import sys, torch, kdviz as kd; m = kd.models.convnet(2)\n"
        "kd.measure.attention.attention(m, m, torch.rand(2, 1, 8, 8)).sentence()\n"
        "print(*(n for n in ('plotly', 'ipywidgets', 'captum', 'anywidget') if n in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"


# What does not fit
