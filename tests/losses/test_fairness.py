"""Penalties on unequal treatment, held against loops written from the formulas in float64."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from kdviz.losses import demographic_parity, equalized_odds

sizes = st.tuples(st.integers(1, 12), st.integers(2, 4))
BOTH = [demographic_parity, lambda s, g, **more: equalized_odds(s, torch.arange(len(s)) % 2, g, **more)]


def logits(shape: tuple[int, int], seed: int, scale: float = 3.0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * scale


def codes(shape: tuple[int, int], seed: int, low: int = -1, high: int = 3) -> Tensor:
    return torch.randint(low, high, shape[:1], generator=torch.Generator().manual_seed(seed))


def chance_of(row: list[float], positive: int) -> float:
    powers = [math.exp(v - max(row)) for v in row]
    return powers[positive] / math.fsum(powers)


def parity_by_hand(s: Tensor, groups: list[int], positive: int, among: list[bool] | None = None) -> float:
    """(1/G) Σ_g (μ_g − μ)², one example and one group at a time."""
    told: dict[int, list[float]] = {}
    for row, group, counts in zip(s.tolist(), groups, among or [True] * len(groups), strict=True):
        if group >= 0 and counts:
            told.setdefault(group, []).append(chance_of(row, positive))
    everyone = [p for of_group in told.values() for p in of_group]
    if not everyone:
        return 0.0
    overall = math.fsum(everyone) / len(everyone)
    return math.fsum((math.fsum(ps) / len(ps) - overall) ** 2 for ps in told.values()) / len(told)


def odds_by_hand(s: Tensor, y: list[int], groups: list[int], positive: int) -> float:
    yes = [label == positive for label in y]
    no = [label not in (positive, -1) for label in y]
    return (parity_by_hand(s, groups, positive, yes) + parity_by_hand(s, groups, positive, no)) / 2


@given(sizes, st.integers(0, 10**6), st.integers(0, 1))
def test_demographic_parity_agrees_with_the_formula_to_1e_9(shape, seed, positive):
    s, groups = logits(shape, seed), codes(shape, seed + 1)
    expected = parity_by_hand(s, groups.tolist(), positive)
    assert demographic_parity(s, groups, positive=positive).item() == pytest.approx(expected, rel=1e-9, abs=1e-12)
    told = demographic_parity(s, groups, positive=positive, group_count=5)  # two of which nobody belongs to
    assert told.item() == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(sizes, st.integers(0, 10**6), st.integers(0, 1))
def test_equalised_odds_agree_with_the_formula_to_1e_9(shape, seed, positive):
    s, groups, y = logits(shape, seed), codes(shape, seed + 1), codes(shape, seed + 2, -1, shape[1])
    expected = odds_by_hand(s, y.tolist(), groups.tolist(), positive)
    assert equalized_odds(s, y, groups, positive=positive).item() == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(st.integers(0, 10**6))
def test_gradients_are_those_of_the_values(seed):
    shape = (7, 3)
    s, groups, y = logits(shape, seed, 1.0).requires_grad_(), codes(shape, seed + 1), codes(shape, seed + 2, -1, 3)
    assert torch.autograd.gradcheck(lambda z: demographic_parity(z, groups), (s,))
    assert torch.autograd.gradcheck(lambda z: equalized_odds(z, y, groups), (s,))


@given(sizes, st.integers(0, 10**6))
def test_neither_the_order_of_examples_nor_the_numbers_of_groups_matter(shape, seed):
    s, groups, y = logits(shape, seed), codes(shape, seed + 1), codes(shape, seed + 2, -1, shape[1])
    rows = torch.randperm(shape[0], generator=torch.Generator().manual_seed(seed))
    renamed = torch.tensor([4, 0, 2, -1])[groups]  # groups 0, 1, 2, and -1 at the end
    for mine, theirs in ((groups[rows], y[rows]), (renamed[rows], y[rows])):
        torch.testing.assert_close(
            demographic_parity(s[rows], mine), demographic_parity(s, groups), rtol=1e-9, atol=1e-12
        )
        torch.testing.assert_close(
            equalized_odds(s[rows], theirs, mine), equalized_odds(s, y, groups), rtol=1e-9, atol=1e-12
        )


@pytest.mark.parametrize("loss", BOTH)
@pytest.mark.parametrize("groups", [[0] * 6, [-1] * 6, [2, 2, -1, -1, 2, 2]])
def test_one_group_alone_or_none_known_costs_nothing_and_moves_nothing(loss, groups):
    s = logits((6, 2), 0).requires_grad_()
    value = loss(s, torch.tensor(groups))
    value.backward()
    assert value.item() == 0 and (s.grad == 0).all()


@pytest.mark.parametrize("loss", BOTH)
@pytest.mark.parametrize("count", [None, 2])
def test_a_batch_of_one_or_of_nobody_costs_nothing(loss, count):
    for rows in (1, 0):
        s = torch.zeros(rows, 2, requires_grad=True)
        value = loss(s, torch.zeros(rows, dtype=torch.long), group_count=count)
        value.backward()
        assert value.item() == 0 and (s.grad == 0).all()


def test_groups_with_one_mean_cost_nothing_and_move_nothing():
    one = logits((5, 2), 3)
    s = torch.cat([one, one, one]).requires_grad_()
    groups, y = torch.arange(3).repeat_interleave(5), torch.arange(5).repeat(3) % 2
    (demographic_parity(s, groups) + equalized_odds(s, y, groups)).backward()
    assert s.grad.abs().max() < 1e-15
    assert demographic_parity(s, groups) < 1e-30 and equalized_odds(s, y, groups) < 1e-30


def test_who_has_no_group_or_no_label_gets_no_gradient():
    s = logits((6, 2), 0).requires_grad_()
    groups, y = torch.tensor([0, 1, -1, 0, 1, 0]), torch.tensor([1, 1, 1, 0, 0, -1])
    demographic_parity(s, groups).backward()
    assert (s.grad[2] == 0).all() and (s.grad[[0, 1, 3, 4, 5]] != 0).all()
    s.grad = None
    equalized_odds(s, y, groups).backward()
    assert (s.grad[[2, 5]] == 0).all() and (s.grad[[0, 1, 3, 4]] != 0).all()


def test_a_batch_without_labels_has_no_odds():
    s = logits((4, 2), 0).requires_grad_()
    value = equalized_odds(s, torch.full((4,), -1), torch.tensor([0, 1, 0, 1]))
    value.backward()
    assert value.item() == 0 and (s.grad == 0).all()


def test_two_equal_groups_cost_a_quarter_of_their_squared_difference():
    s, groups = logits((10, 2), 0), torch.arange(10) % 2
    p = s.softmax(1)[:, 1]
    difference = p[groups == 0].mean() - p[groups == 1].mean()
    torch.testing.assert_close(demographic_parity(s, groups), difference**2 / 4)


def test_a_step_downhill_brings_the_groups_together():
    s, groups = logits((8, 2), 1, 1.0).requires_grad_(), torch.arange(8) % 2
    before = demographic_parity(s, groups)
    before.backward()
    assert demographic_parity(s.detach() - s.grad, groups) < before


@pytest.mark.parametrize("loss", BOTH)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("scale", [1e4, 1e30])
def test_extreme_logits_stay_finite(loss, dtype, scale):
    s = torch.tensor(([[scale, -scale]] * 2 + [[-scale, scale]] * 2) * 2, dtype=dtype, requires_grad=True)
    value = loss(s, torch.tensor([0, 0, 0, 0, 1, 1, 0, 1]))
    value.backward()
    assert value.isfinite() and value > 0 and s.grad.isfinite().all()


@pytest.mark.parametrize("loss", BOTH)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(loss, dtype):
    s, groups = logits((8, 2), 0).to(dtype), torch.arange(8) // 4
    assert loss(s, groups).dtype == torch.float32
    assert loss(s.double(), groups).dtype == torch.float64
    torch.testing.assert_close(loss(s, groups), loss(s.float(), groups))


@pytest.mark.parametrize(("call", "says"), [
    (lambda: demographic_parity(torch.zeros(3), torch.zeros(3).long()), r"shape \(batch, classes\), got \(3,\)"),
    (lambda: demographic_parity(torch.zeros(3, 2), torch.zeros(4).long()), r"groups must have shape \(3,\).* \(4,\)"),
    (lambda: demographic_parity(torch.zeros(3, 2), torch.zeros(3).long(), positive=2), "one of the 2 classes.*got 2"),
    (lambda: demographic_parity(torch.zeros(3, 2), torch.zeros(3).long(), positive=-1), "one of the 2 classes.*got -1"),
    (lambda: equalized_odds(torch.zeros(3, 2), torch.zeros(4).long(), torch.zeros(3).long()), r"y must have .* \(4,\)"),
])  # fmt: skip
def test_what_does_not_fit_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
