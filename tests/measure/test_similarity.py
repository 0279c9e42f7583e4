"""Similarity of layers: against the definition by HSIC, and what is said of it."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import kdviz as kd
from kdviz.measure import similarity
from kdviz.measure.similarity import Correspondence, cka_by_chance, correspondence, linear_cka

from .small_models import Unused, convolutional, drawn, images, with_nan


def hsic(K: np.ndarray, L: np.ndarray) -> float:
    n = len(K)
    H = np.eye(n) - np.ones((n, n)) / n
    return float(np.trace(K @ H @ L @ H)) / (n - 1) ** 2


def cka_by_hsic(X: torch.Tensor, Y: torch.Tensor) -> float:
    x, y = X.flatten(1).double().numpy(), Y.flatten(1).double().numpy()
    K, L = x @ x.T, y @ y.T
    return hsic(K, L) / math.sqrt(hsic(K, K) * hsic(L, L))


def unbiased_hsic(K: np.ndarray, L: np.ndarray) -> float:
    """Song et al. (2012), equation 5, as it is printed: the diagonals are 0."""
    n, one = len(K), np.ones(len(K))
    K, L = K - np.diag(np.diag(K)), L - np.diag(np.diag(L))
    cross = (
        np.trace(K @ L) + (one @ K @ one) * (one @ L @ one) / ((n - 1) * (n - 2)) - 2 / (n - 2) * (one @ K @ L @ one)
    )
    return float(cross) / (n * (n - 3))


def debiased_cka(X: torch.Tensor, Y: torch.Tensor) -> float:
    x, y = X.flatten(1).double().numpy(), Y.flatten(1).double().numpy()
    K, L = x @ x.T, y @ y.T  # of features that are not centred
    return unbiased_hsic(K, L) / math.sqrt(unbiased_hsic(K, K) * unbiased_hsic(L, L))


def test_debiased_cka_is_that_of_the_unbiased_hsic_in_each_form():
    a = {"narrow": drawn(12, 3) + 5, "wide": drawn(12, 4, 3, 3, seed=1) - 2, "square": drawn(12, 12, seed=2)}
    b = {"narrow": drawn(12, 5, seed=3), "wide": (a["narrow"] @ drawn(3, 40, seed=4)).tanh(), "very": drawn(12, 5000)}
    expected = [[debiased_cka(x, y) for y in b.values()] for x in a.values()]
    np.testing.assert_allclose(linear_cka(a, b), expected, rtol=0, atol=1e-9)


def test_independent_features_are_not_alike_however_many_there_are():
    x, y = {"x": drawn(200, 3136)}, {"y": drawn(200, 3136, seed=1)}
    assert linear_cka(x, y, debiased=False)[0, 0] > 0.9
    assert abs(linear_cka(x, y)[0, 0]) < 0.02
    assert linear_cka(x, x)[0, 0] == pytest.approx(1, abs=1e-12)
    found = [linear_cka({"x": drawn(20, 50, seed=i)}, {"y": drawn(20, 50, seed=-i)})[0, 0] for i in range(1, 300)]
    assert abs(np.mean(found)) < 4 * np.std(found) / math.sqrt(len(found))  # neither above nor below 0 on average


@pytest.mark.parametrize("debiased", [True, False])
@pytest.mark.parametrize("d", [3, 60])
def test_chance_is_what_independent_features_reach(debiased, d):
    chance = cka_by_chance({"x": drawn(30, d)}, {"y": drawn(30, d, seed=-1)}, debiased=debiased, shuffles=300)[0, 0]
    found = [
        linear_cka({"x": drawn(30, d, seed=i)}, {"y": drawn(30, d, seed=-i)}, debiased=debiased)[0, 0]
        for i in range(1, 400)
    ]
    assert chance == pytest.approx(np.quantile(found, 0.95), abs=0.05)
    assert chance <= 0.2 or not debiased


def test_chance_goes_by_columns_of_many_examples_too(monkeypatch):
    x, y = {"x": drawn(30, 4), "wide": drawn(30, 40)}, {"y": drawn(30, 5, seed=1), "v": drawn(30, 50, seed=1)}
    by_products = cka_by_chance(x, y)
    monkeypatch.setattr(similarity, "BY_PRODUCTS", 0)
    np.testing.assert_allclose(cka_by_chance(x, y), by_products, atol=1e-12)


def test_a_correspondence_that_is_chance_is_said():
    X = drawn(40, 6, dtype=torch.float32)
    teacher, student = (torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.ReLU()) for _ in range(2))
    found = correspondence(teacher, student, X)
    assert found.by_chance is not None and found.by_chance.shape == found.matrix.shape
    assert "; shuffled examples give up to 0." in found.sentence()
    noise = dataclasses.replace(found, by_chance=np.ones_like(found.matrix))
    layer = found.student_layers[-1]
    assert "No more similar than shuffled examples: the best match of " in noise.sentence() and noise.is_chance(
        noise.best()[layer], layer
    )
    without = correspondence(teacher, student, X, shuffles=0, debiased=False)
    assert without.by_chance is None and "linear CKA, not debiased, " in without.sentence()
    assert without.frame().by_chance.isna().all() and not found.frame().by_chance.isna().any()


def test_features_of_which_nothing_is_left_have_no_number():
    """Four points whose products but for the diagonal are all equal have no unbiased HSIC."""
    X = torch.eye(4, dtype=torch.float64)
    assert np.isnan(linear_cka({"x": X}, {"y": drawn(4, 2)})).all()
    assert linear_cka({"x": X}, {"y": drawn(4, 2)}, debiased=False)[0, 0] > 0


def test_cka_is_hsic_with_centring_matrices_in_each_form():
    a = {"narrow": drawn(12, 3) + 5, "wide": drawn(12, 4, 3, 3, seed=1) - 2, "square": drawn(12, 12, seed=2)}
    b = {"narrow": drawn(12, 5, seed=3), "wide": (a["narrow"] @ drawn(3, 40, seed=4)).tanh(), "very": drawn(12, 5000)}
    found = linear_cka(a, b, debiased=False)
    expected = [[cka_by_hsic(x, y) for y in b.values()] for x in a.values()]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
    assert found.min() < 0.5 < found.max()


@given(st.integers(0, 10**6), st.integers(5, 20), st.integers(1, 12), st.integers(1, 12), st.floats(-100, 100))
def test_cka_does_not_change_when_features_are_turned_scaled_or_moved(seed, n, d, e, power):
    X, Y = drawn(n, d, seed=seed), drawn(n, e, seed=seed + 1)
    turn, _ = torch.linalg.qr(drawn(d, d, seed=seed + 2))
    other = {"same": X, "turned": X @ turn, "scaled": X * 10.0**power, "moved": X + drawn(d, seed=seed + 3)}
    found = linear_cka(other, {"X": X, "Y": Y})
    np.testing.assert_allclose(found[:, 0], 1, atol=1e-9)
    np.testing.assert_allclose(found[:, 1], debiased_cka(X, Y), atol=1e-7)
    np.testing.assert_allclose(linear_cka({"Y": Y}, other)[0], found[:, 1], atol=1e-12)


def test_constant_features_have_no_number():
    constant, X = drawn(1, 4, seed=1).expand(7, 4), drawn(7, 30)
    found = linear_cka({"constant": constant, "wide": constant.repeat(1, 9), "X": X}, {"X": X, "constant": constant})
    assert np.isnan(found).tolist() == [[True, True], [True, True], [False, True]]


def test_float32_features_are_computed_in_float64():
    X, Y = drawn(20, 6, dtype=torch.float32) + 300, drawn(20, 50, seed=1, dtype=torch.float32) + 300
    assert linear_cka({"X": X}, {"Y": Y})[0, 0] == pytest.approx(
        debiased_cka(*(F.double() - F.double().mean(0) for F in (X, Y))), abs=1e-9
    )


# Two models


def test_correspondence_is_the_cka_of_the_layers_outputs():
    teacher, student, X = convolutional(), convolutional(seed=1), images(9)
    found = correspondence(teacher, student, X, batch_size=4)
    assert found.teacher_layers == found.student_layers == ("2", "6", "8")
    with torch.no_grad():
        outs = [[model[: end + 1](X) for end in (2, 6, 8)] for model in (teacher, student)]
    expected = [[debiased_cka(a, b) for b in outs[1]] for a in outs[0]]
    np.testing.assert_allclose(found.matrix, expected, rtol=0, atol=1e-9)
    averaged = correspondence(teacher, student, X, average=True).matrix
    means = [[out.flatten(2).mean(2) if out.ndim == 4 else out for out in side] for side in outs]
    np.testing.assert_allclose(averaged, [[debiased_cka(a, b) for b in means[1]] for a in means[0]], rtol=0, atol=1e-9)


def test_what_runs_after_a_layer_in_place_does_not_change_its_features():
    model, X = convolutional(), images(9)
    with torch.no_grad():
        norm, logits = model[:2](X), model(X)
    found = correspondence(model, model, X, "1", "8").matrix
    assert found[0, 0] == pytest.approx(debiased_cka(norm, logits), abs=1e-9)


def test_best_frame_and_sentence_of_a_correspondence():
    found = Correspondence(
        ("a", "b", "flat"), ("x", "y"), np.array([[0.9, 0.2], [0.3, 0.71], [math.nan, math.nan]]), 50, 100
    )
    assert found.best() == {"x": "a", "y": "b"}
    table = found.frame()
    assert list(table.columns) == ["teacher_layer", "student_layer", "cka", "by_chance", "best"] and len(table) == 6
    assert table[table.best][["teacher_layer", "student_layer"]].to_numpy().tolist() == [["a", "x"], ["b", "y"]]
    assert found.sentence() == (
        "Over 50 of 100 examples the student's layer y is most like the teacher's b (linear CKA 0.71). It is the "
        "poorest match of its 2 layers. The best matches keep the order of depth. No number for the teacher's flat, "
        "whose output is the same for all examples."
    )


def test_a_crossed_order_and_no_number_at_all_are_told():
    crossed = Correspondence(("a", "b"), ("x", "y"), np.array([[0.1, 0.8], [0.6, 0.2]]), 5, 5)
    assert "Of its 2 layers x has the poorest match, b (0.60)" in crossed.sentence()
    assert "do not keep the order" in crossed.sentence()
    nothing = Correspondence(("a",), ("x",), np.array([[math.nan]]), 5, 5)
    assert nothing.best() == {} and not nothing.frame().best.any()
    assert (
        nothing.sentence()
        == "Nothing can be said from 5 examples: in each pair of layers one gives all of them the same output."
    )


def test_more_examples_than_the_limit_are_evenly_spaced():
    X = images(9)
    chosen = correspondence(convolutional(), convolutional(seed=1), X, limit=5)
    np.testing.assert_array_equal(chosen.matrix, correspondence(convolutional(), convolutional(seed=1), X[::2]).matrix)
    assert (chosen.n, chosen.n_given) == (5, 9)


def test_one_example_lies_to_nothing():
    with pytest.raises(ValueError, match=r"at least 4 examples.*, got 1"):
        correspondence(convolutional(), convolutional(), images(1))
    with pytest.raises(ValueError, match=r"at least 4 examples.*, got 3"):
        correspondence(convolutional(), convolutional(), images(3))
    assert correspondence(convolutional(), convolutional(), images(3), debiased=False).n == 3


@pytest.mark.parametrize(("name", "data"), [("mnist-convnet", "mnist"), ("fashion-resnet", "mnist")])
def test_shipped_models_on_real_images_against_themselves(name, data):
    model, X = kd.models.pretrained(name), getattr(kd.data, data)().test.inputs(slice(0, 40))
    alike = correspondence(model, model, X, average=True)
    np.testing.assert_allclose(np.diag(alike.matrix), 1, atol=1e-12)
    np.testing.assert_allclose(alike.matrix, alike.matrix.T, atol=1e-12)
    assert alike.best() == {layer: layer for layer in alike.student_layers} and "logits" in alike.student_layers
    assert "keep the order of depth" in alike.sentence()


REFUSED = {
    "whose layer": (
        lambda: correspondence(convolutional(), kd.models.convnet(2, channels=2), images().float(), "6", ["norm9"]),
        "layer must be a module of the student by its dotted name, got 'norm9'; near it are norm5",
    ),
    "did not run": (
        lambda: correspondence(Unused(), Unused(), drawn(4, 4, 8), "attend"),
        "the teacher's layer 'attend' must return one tensor (examples, ...), but it did not run or gave none",
    ),
    "different N of features": (
        lambda: linear_cka({"a": drawn(4, 2)}, {"b": drawn(5, 2)}),
        "features must be of the same examples, got 4 and 5 of them",
    ),
    "different N within": (
        lambda: linear_cka({"a": drawn(5, 2), "c": drawn(4, 2)}, {"b": drawn(4, 2)}),
        "features_a must be of the same examples, got 4, 5 of them",
    ),
    "one example": (lambda: linear_cka({"a": drawn(3, 2)}, {"b": drawn(3, 2)}), "with at least 4 examples, got (3, 2)"),
    "nan features": (
        lambda: linear_cka({"a": with_nan(drawn(4, 2))}, {"b": drawn(4, 2)}),
        "features_a of 'a' must be finite, got nan or inf",
    ),
    "no shuffles": (
        lambda: cka_by_chance({"a": drawn(4, 2)}, {"b": drawn(4, 2)}, shuffles=0),
        "shuffles must be at least 1, such as 100, got 0",
    ),
    "no features": (lambda: linear_cka({}, {"b": drawn(3, 2)}), "features_a must hold at least one layer, got none"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_answered_in_one_sentence(case):
    call, sentence = REFUSED[case]
    with pytest.raises(ValueError) as told:  # noqa: PT011
        call()
    assert sentence in str(told.value) and "\n" not in str(told.value)
