"""What a teacher's answers say about it: planted faults are found, honest teachers are never blamed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.stats import binom
from torch import Tensor, nn

import kdviz as kd
from kdviz.distill import teacher_checks as checks
from kdviz.models import inference

SHIPPED = [
    ("mnist", "mnist-convnet"),
    ("mnist", "mnist-mlp-1200"),
    ("mnist", "mnist-mlp-overfit"),
    ("mnist", "mnist-vit"),
    ("adult", "adult-mlp"),
]


@pytest.fixture(scope="module", params=SHIPPED, ids=[name for _, name in SHIPPED])
def honest(request: pytest.FixtureRequest) -> tuple[Tensor, Tensor]:
    """Logits and labels of a shipped teacher on 600 validation examples."""
    data, name = request.param
    examples = getattr(kd.data, data)().validation.take(slice(0, 600))
    return inference.logits(kd.models.pretrained(name), examples, who="teacher"), examples.y


def drawn(n: int, classes: int, accuracy: float, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Logits that are right with a given probability, else at random."""
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(classes, (n,), generator=g)
    logits = torch.randn(n, classes, generator=g)
    knows = torch.rand(n, generator=g) < accuracy
    logits[knows, y[knows]] += 8
    return logits, y


@pytest.mark.parametrize("scale", [0.01, 1.0, 20.0])
def test_honest_teachers_are_not_blamed_at_any_temperature(honest: tuple[Tensor, Tensor], scale: float) -> None:
    logits, y = honest
    assert checks.doubt(scale * logits, y) is None
    assert checks.ends_in_log_softmax(scale * logits, y) is None


@pytest.mark.parametrize("n", [1, 2, 5, 10, 20, 50])
def test_honest_teachers_are_not_blamed_on_few_examples(honest: tuple[Tensor, Tensor], n: int) -> None:
    logits, y = honest
    parts = zip(logits.split(n), y.split(n), strict=True)
    assert [checks.doubt(*part) for part in parts] == [None] * -(-600 // n)


def test_log_probabilities_are_logits_too(honest: tuple[Tensor, Tensor]) -> None:
    logits, y = honest
    assert checks.doubt(logits.log_softmax(1), y) is None
    said = checks.ends_in_log_softmax(logits.log_softmax(1), y)
    assert said is not None and "LogitMSE" in said


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_a_softmax_at_the_end_is_found_and_its_logarithm_is_no_softmax(
    honest: tuple[Tensor, Tensor], dtype: torch.dtype
) -> None:
    logits, y = honest
    probabilities = logits.softmax(1).to(dtype)
    said = checks.doubt(probabilities.float(), y)
    assert said is not None and "softmax" in said and "kd.wrap(teacher, probabilities=True)" in said
    mended = kd.wrap(nn.Identity(), probabilities=True)(probabilities)
    assert checks.doubt(mended, y) is None
    assert torch.equal(mended.argmax(1), probabilities.argmax(1))


def test_a_sigmoid_at_the_end_is_found_and_its_logit_is_none(honest: tuple[Tensor, Tensor]) -> None:
    logits, y = honest
    said = checks.doubt(logits.sigmoid(), y)
    assert said is not None and "sigmoid" in said and "kd.wrap(teacher, probabilities='each')" in said
    assert checks.doubt(kd.wrap(nn.Identity(), probabilities="each")(logits.sigmoid()), y) is None


def test_one_output_after_a_sigmoid_is_found() -> None:
    y = torch.arange(200) % 2
    z = (torch.randn(200, generator=torch.Generator().manual_seed(0)) + 4 * (y - 0.5)).unsqueeze(1)
    as_read = inference.logits_of(z.sigmoid(), "teacher", 200)
    said = checks.doubt(as_read, y)
    assert (
        said is not None
        and "its one output lies between 0 and 1" in said
        and "kd.wrap(teacher, probabilities=True)" in said
    )
    mended = inference.logits_of(kd.wrap(nn.Identity(), probabilities=True)(z.sigmoid()), "teacher", 200)
    torch.testing.assert_close(mended.diff(dim=1), z, rtol=1e-3, atol=1e-3)
    assert checks.doubt(mended, y) is None


def test_permuted_classes_are_found_and_the_order_named_mends_it(honest: tuple[Tensor, Tensor]) -> None:
    logits, y = honest
    classes = logits.shape[1]
    shuffled = torch.randperm(classes, generator=torch.Generator().manual_seed(3)).roll(1) if classes > 2 else [1, 0]
    permuted = logits[:, shuffled]
    order = checks.fitting_order(permuted, y)
    assert order is not None
    said = checks.doubt(permuted, y)
    assert said is not None and f"kd.wrap(teacher, classes={order})" in said
    torch.testing.assert_close(kd.wrap(nn.Identity(), classes=order)(permuted), logits)


def test_two_classes_swapped_among_ten_are_found() -> None:
    logits, y = drawn(400, 10, 0.95)
    order = list(range(10))
    order[2], order[7] = 7, 2
    assert checks.fitting_order(logits[:, order], y) == order
    assert checks.fitting_order(logits, y) is None


def test_classes_numbered_from_one_are_found() -> None:
    logits, y = drawn(400, 6, 0.9)
    assert checks.fitting_order(logits.roll(1, dims=1), y) == [1, 2, 3, 4, 5, 0]


def test_many_classes_are_named_in_short_and_the_order_is_given_by_code() -> None:
    logits, y = drawn(3000, 100, 0.5)
    permuted = logits[:, torch.randperm(100, generator=torch.Generator().manual_seed(1))]
    said = checks.doubt(permuted, y)
    assert said is not None and "fitting_order(logits, labels)" in said and len(said) < 500
    order = checks.fitting_order(permuted, y)
    torch.testing.assert_close(permuted[:, order], logits)


def test_a_class_that_no_example_has_stays_in_its_place() -> None:
    logits, y = drawn(400, 5, 0.95)
    known = y != 4
    assert checks.fitting_order(logits[known][:, [1, 0, 2, 3, 4]], y[known]) == [1, 0, 2, 3, 4]


@pytest.mark.parametrize("classes", [2, 3, 10, 100])
def test_chance_fits_no_order(classes: int) -> None:
    for seed in range(40):
        assert checks.fitting_order(*drawn(300, classes, 0.0, seed)) is None


@pytest.mark.parametrize("seed", range(8))
def test_untrained_teachers_are_at_chance(seed: int) -> None:
    examples = kd.data.mnist().validation.take(slice(0, 600))
    for network in (kd.models.mlp(hidden=(32,), seed=seed), kd.models.convnet(seed=seed)):
        said = checks.doubt(inference.logits(network, examples, who="teacher"), examples.y)
        assert said is not None and "better than always predicting the most common class" in said


@pytest.mark.parametrize("majority", [0.5, 0.76, 0.95])
def test_always_naming_the_commonest_class_is_at_chance(majority: float) -> None:
    y = (torch.rand(2000, generator=torch.Generator().manual_seed(0)) > majority).long()
    logits = torch.randn(2000, 2, generator=torch.Generator().manual_seed(1)) * 0.1 + torch.tensor([2.0, 0.0])
    said = checks.doubt(logits, y)
    assert said is not None and "no better" in said


def test_a_teacher_of_a_rare_class_is_not_blamed_for_its_accuracy() -> None:
    g = torch.Generator().manual_seed(0)
    y = (torch.rand(5000, generator=g) < 0.02).long()
    z = torch.randn(5000, generator=g) + torch.where(y == 1, 2.5, -1.0)  # finds 99 %, and blames 16 % of the others
    logits = torch.stack((torch.zeros(5000), z), 1)
    assert (logits.argmax(1) == y).double().mean() < 0.9
    assert checks.doubt(logits, y) is None


@pytest.mark.parametrize(("classes", "accuracy"), [(100, 0.1), (1000, 0.03), (10, 0.25), (3, 0.3), (2, 0.3)])
def test_a_weak_teacher_that_knows_something_is_not_blamed(classes: int, accuracy: float) -> None:
    assert checks.doubt(*drawn(4000, classes, accuracy)) is None


def test_one_that_answers_all_alike_is_found() -> None:
    y = torch.arange(50) % 5
    said = checks.doubt(torch.randn(5, generator=torch.Generator().manual_seed(0)).expand(50, 5), y)
    assert said is not None and "the same output for all of 50 examples" in said
    assert checks.constant(torch.tensor([[0.0, -torch.inf]]).expand(50, 2), y % 2) is not None


def test_tokens_are_read_one_by_one_and_unknown_labels_left_out() -> None:
    logits, y = drawn(600, 4, 0.9)
    order = [3, 0, 1, 2]
    y = torch.where(torch.arange(600) % 5 == 0, -1, y)
    flat = checks.doubt(logits[:, order], y)
    assert flat is not None and "of 480 examples" in flat
    assert checks.doubt(logits[:, order].reshape(60, 10, 4), y.reshape(60, 10)) == flat


def test_without_a_label_only_the_shape_of_the_answers_is_judged() -> None:
    logits, y = drawn(100, 4, 0.0)
    unknown = torch.full_like(y, -1)
    assert checks.doubt(logits, unknown) is None
    assert checks.doubt(logits.softmax(1), unknown) is not None


@given(st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_the_assignment_is_the_best_one(size: int, seed: int) -> None:
    table = np.random.default_rng(seed).integers(0, 4, (size, size))
    found = checks._assigned(table)
    rows, columns = linear_sum_assignment(table, maximize=True)
    assert sorted(found.tolist()) == list(range(size))
    assert table[np.arange(size), found].sum() == table[rows, columns].sum()


@pytest.mark.parametrize(("k", "n", "p"), [(3, 10, 0.2), (500, 60_000, 0.01), (0, 5, 0.5), (5, 5, 0.5), (-1, 4, 0.5)])
def test_the_binomial_is_scipys(k: int, n: int, p: float) -> None:
    assert checks._at_most(k, n, p) == pytest.approx(binom.cdf(k, n, p), rel=1e-9, abs=1e-300)
