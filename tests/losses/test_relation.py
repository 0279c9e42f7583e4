"""Losses on relations, held against loops written from the papers' formulas in float64."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from kdviz.losses import relation
from kdviz.losses.relation import (
    probabilistic_transfer,
    relational_angle,
    relational_distance,
    similarity_preserving,
    solution_flow,
)

few = settings(max_examples=30)
seeds = st.integers(0, 10**6)
batches = st.integers(1, 5)
widths = st.integers(1, 4)
EXAMPLES = [relational_distance, relational_angle, similarity_preserving, probabilistic_transfer]


def flow(s: Tensor, t: Tensor) -> Tensor:
    """Solution flow from the first half of the channels to the second."""
    return solution_flow(*s.chunk(2, 1), *t.chunk(2, 1))


over_examples = pytest.mark.parametrize("loss", EXAMPLES)
over_all = pytest.mark.parametrize(("loss", "shape"), [*[(loss, (5, 4)) for loss in EXAMPLES], (flow, (3, 4, 2, 3))])


def features(shape: tuple[int, ...], seed: int, scale: float = 2.0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * scale


def orthogonal(size: int, seed: int) -> Tensor:
    return torch.linalg.qr(features((size, size), seed)).Q


def dot(a: list[float], b: list[float]) -> float:
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


def minus(a: list[float], b: list[float]) -> list[float]:
    return [x - y for x, y in zip(a, b, strict=True)]


def norm(a: list[float]) -> float:
    return math.sqrt(dot(a, a))


def huber(x: float) -> float:
    return x * x / 2 if abs(x) <= 1 else abs(x) - 0.5


def distance_by_hand(s: Tensor, t: Tensor) -> float:
    def relative(rows: list[list[float]]) -> list[list[float]]:
        d = [[norm(minus(a, b)) for b in rows] for a in rows]
        positive = [v for row in d for v in row if v > 0]
        return [[v / (math.fsum(positive) / len(positive)) for v in row] for row in d] if positive else d

    of_s, of_t, B = relative(s.tolist()), relative(t.tolist()), len(s)
    return math.fsum(huber(of_s[i][j] - of_t[i][j]) for i in range(B) for j in range(B)) / B**2


def cosine_at(e: list[list[float]], i: int, j: int, k: int) -> float:
    a, b = minus(e[j], e[i]), minus(e[k], e[i])
    return dot(a, b) / (norm(a) * norm(b)) if norm(a) > 0 and norm(b) > 0 else 0.0


def angle_by_hand(s: Tensor, t: Tensor) -> float:
    S, T, B = s.tolist(), t.tolist(), len(s)
    triples = [(i, j, k) for i in range(B) for j in range(B) for k in range(B)]
    return math.fsum(huber(cosine_at(S, *ijk) - cosine_at(T, *ijk)) for ijk in triples) / B**3


def similarity_by_hand(s: Tensor, t: Tensor) -> float:
    def rows(e: list[list[float]]) -> list[list[float]]:
        G = [[dot(a, b) for b in e] for a in e]
        return [[v / norm(row) for v in row] for row in G]

    of_s, of_t = rows(s.tolist()), rows(t.tolist())
    return math.fsum(norm(minus(a, b)) ** 2 for a, b in zip(of_s, of_t, strict=True)) / len(s) ** 2


def transfer_by_hand(s: Tensor, t: Tensor) -> float:
    def rows(e: list[list[float]]) -> list[list[float]]:
        k = [[max((dot(a, b) / (norm(a) * norm(b)) + 1) / 2, 1e-7) for b in e] for a in e]
        return [[v / math.fsum(row) for v in row] for row in k]

    p_s, p_t, B = rows(s.tolist()), rows(t.tolist()), len(s)
    return math.fsum(p_t[i][j] * math.log(p_t[i][j] / p_s[i][j]) for i in range(B) for j in range(B)) / B**2


BY_HAND = {
    relational_distance: distance_by_hand,
    relational_angle: angle_by_hand,
    similarity_preserving: similarity_by_hand,
    probabilistic_transfer: transfer_by_hand,
}


@over_examples
@few
@given(batch=batches, D_s=widths, D_t=widths, seed=seeds)
def test_values_agree_with_the_formula_to_1e_9(loss, batch, D_s, D_t, seed):
    s, t = features((batch, D_s), seed), features((batch, D_t), seed + 1)
    assert loss(s, t).item() == pytest.approx(BY_HAND[loss](s, t), rel=1e-9, abs=1e-9)


@over_examples
def test_maps_and_tokens_are_flattened(loss):
    s, t = features((4, 3, 2, 2), 0), features((4, 2, 5), 1)
    torch.testing.assert_close(loss(s, t), loss(s.flatten(1), t.flatten(1)))


@few
@given(seeds, *[st.integers(1, 3) for _ in range(3)])
def test_solution_flow_agrees_with_the_formula_to_1e_9(seed, batch, C1, C2):
    F1_s, F2_s = features((batch, C1, 2, 3), seed), features((batch, C2, 2, 3), seed + 1)
    F1_t, F2_t = features((batch, C1, 2, 2), seed + 2), features((batch, C2, 2, 2), seed + 3)
    by_hand = []
    for b in range(batch):
        errors = []
        for c in range(C1):
            for k in range(C2):
                G_s = dot(F1_s[b, c].flatten().tolist(), F2_s[b, k].flatten().tolist()) / 6
                G_t = dot(F1_t[b, c].flatten().tolist(), F2_t[b, k].flatten().tolist()) / 4
                errors.append((G_s - G_t) ** 2)
        by_hand.append(math.fsum(errors) / len(errors))
    each = solution_flow(F1_s, F2_s, F1_t, F2_t, reduction="none")
    assert each.tolist() == pytest.approx(by_hand, rel=1e-9, abs=1e-9)
    assert solution_flow(F1_s, F2_s, F1_t, F2_t).item() == pytest.approx(math.fsum(by_hand) / batch, rel=1e-9)
    tokens = [x.flatten(2).transpose(1, 2) for x in (F1_s, F2_s, F1_t, F2_t)]
    torch.testing.assert_close(solution_flow(*tokens), each.mean())


@few
@given(seeds)
def test_solution_flow_pools_the_larger_map_of_a_model(seed):
    large, small = features((2, 3, 4, 6), seed), features((2, 2, 2, 2), seed + 1)
    pooled = F.avg_pool2d(large, (2, 3))
    other = features((2, 3, 2, 2), seed + 2), features((2, 2, 2, 2), seed + 3)
    torch.testing.assert_close(solution_flow(large, small, *other), solution_flow(pooled, small, *other))
    torch.testing.assert_close(
        solution_flow(small, large, other[1], other[0]), solution_flow(small, pooled, other[1], other[0])
    )
    torch.testing.assert_close(solution_flow(*other, large, small), solution_flow(*other, pooled, small))


def test_solution_flow_of_vectors_is_their_outer_product():
    F1_s, F2_s, F1_t, F2_t = (features((2, 3), seed) for seed in range(4))
    outer = torch.einsum("bc,bk->bck", F1_s, F2_s) - torch.einsum("bc,bk->bck", F1_t, F2_t)
    torch.testing.assert_close(solution_flow(F1_s, F2_s, F1_t, F2_t), outer.square().mean())


@over_all
@few
@given(seed=seeds)
def test_a_student_equal_to_its_teacher_costs_nothing_and_moves_nothing(loss, shape, seed):
    t = features(shape, seed)
    s = t.clone().requires_grad_()
    value = loss(s, t)
    value.backward()
    assert abs(value.item()) <= 1e-12 and s.grad.abs().max().item() <= 1e-12


@over_all
def test_gradients_are_those_of_the_values_and_none_reaches_the_teacher(loss, shape):
    s, t = features(shape, 0).requires_grad_(), features(shape, 1).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss(x, t.detach()), (s,))
    loss(s, t).backward()
    assert t.grad is None and s.grad.abs().max() > 0


@over_all
@few
@given(seed=seeds)
def test_the_order_of_examples_does_not_matter(loss, shape, seed):
    s, t = features(shape, seed), features(shape, seed + 1)
    order = torch.randperm(shape[0], generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(loss(s[order], t[order]), loss(s, t), rtol=1e-9, atol=1e-12)


@over_examples
@few
@given(seed=seeds, factor=st.floats(0.01, 100))
def test_turning_and_scaling_a_side_changes_nothing(loss, seed, factor):
    s, t = features((5, 4), seed), features((5, 3), seed + 1)
    moved_s, moved_t = factor * s @ orthogonal(4, seed + 2), t @ orthogonal(3, seed + 3) / factor
    torch.testing.assert_close(loss(moved_s, moved_t), loss(s, t), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("loss", [relational_distance, relational_angle])
@few
@given(seed=seeds)
def test_moving_a_side_changes_nothing_to_distances_and_angles(loss, seed):
    s, t = features((5, 4), seed), features((5, 3), seed + 1)
    moved = loss(s + features((4,), seed + 2, 50.0), t + features((3,), seed + 3, 50.0))
    torch.testing.assert_close(moved, loss(s, t), rtol=1e-9, atol=1e-12)


@few
@given(seeds)
def test_the_length_of_an_embedding_does_not_matter_to_its_neighbours(seed):
    s, t = features((5, 4), seed), features((5, 3), seed + 1)
    lengths = features((5, 1), seed + 2).abs() + 0.1
    torch.testing.assert_close(
        probabilistic_transfer(lengths * s, t / lengths), probabilistic_transfer(s, t), rtol=1e-9, atol=1e-12
    )


@few
@given(seeds)
def test_channels_and_positions_moved_on_both_sides_do_not_change_the_flow(seed):
    of_s = features((2, 3, 2, 3), seed), features((2, 4, 2, 3), seed + 1)
    of_t = features((2, 3, 2, 3), seed + 2), features((2, 4, 2, 3), seed + 3)
    generator = torch.Generator().manual_seed(seed)
    first, second, places = (torch.randperm(size, generator=generator) for size in (3, 4, 6))
    moved = [F1[:, first] for F1 in (of_s[0], of_t[0])], [F2[:, second] for F2 in (of_s[1], of_t[1])]
    value = solution_flow(*of_s, *of_t)
    torch.testing.assert_close(solution_flow(moved[0][0], moved[1][0], moved[0][1], moved[1][1]), value)
    shuffled = [x.flatten(2)[:, :, places].unflatten(2, (2, 3)) for x in of_s]  # one side alone: a mean over places
    torch.testing.assert_close(solution_flow(*shuffled, *of_t), value)


@over_examples
def test_a_batch_of_one_costs_nothing_and_moves_nothing(loss):
    s = features((1, 4), 0).requires_grad_()
    value = loss(s, features((1, 3), 1))
    value.backward()
    assert value.item() < 1e-15 and s.grad.abs().max() < 1e-15


@pytest.mark.parametrize("loss", [relational_distance, relational_angle])
def test_two_examples_have_one_distance_and_no_angle(loss):
    s = features((2, 4), 0).requires_grad_()
    value = loss(s, features((2, 3), 1))
    value.backward()
    assert value.item() < 1e-15 and s.grad.abs().max() < 1e-15


@over_all
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_features_of_10_000_stay_finite(loss, shape, dtype):
    signs = features(shape, 0).sign()
    for s, t in ((1e4 * signs, -1e4 * signs), (1e4 * signs, signs), (1e-4 * signs, 1e4 * signs.flip(0))):
        s = s.to(dtype).requires_grad_()
        value = loss(s, t.to(dtype))
        value.backward()
        assert value.isfinite() and s.grad.isfinite().all()


@over_all
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("constant", [0.0, 0.1, -3.0])
def test_constant_features_give_finite_values_and_gradients(loss, shape, dtype, constant):
    some, flat = features(shape, 0).to(dtype), torch.full(shape, constant, dtype=dtype)
    for s, t in ((flat, some), (some, flat), (flat, flat)):
        s = s.clone().requires_grad_()
        value = loss(s, t)
        value.backward()
        assert value.isfinite() and s.grad.isfinite().all()


@over_examples
@pytest.mark.parametrize("constant", [0.0, 0.1])
def test_a_student_that_says_the_same_of_all_gets_a_small_gradient_or_none(loss, constant):
    s = torch.full((6, 4), constant, requires_grad=True)
    loss(s, features((6, 4), 0).float()).backward()
    if constant == 0 or loss in (relational_distance, relational_angle):
        assert (s.grad == 0).all()
    else:  # of length 0.2: what turns it is its direction alone
        assert s.grad.abs().max() < 5


@pytest.mark.parametrize("loss", [similarity_preserving, probabilistic_transfer])
def test_a_silent_example_leaves_the_others_their_gradients(loss):
    s = features((5, 4), 0)
    s[2] = 0
    s.requires_grad_()
    loss(s, features((5, 4), 1)).backward()
    assert s.grad.isfinite().all() and (s.grad[[0, 1, 3, 4]] != 0).all()
    if loss is probabilistic_transfer:  # in the other, its column still asks something of it
        assert (s.grad[2] == 0).all()


@pytest.mark.parametrize("width", [8, 600])
@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_examples_at_one_place_make_no_angle_in_float32_either(width, offset):
    s, t = features((12, width), 0), features((12, 7), 1)
    s[[1, 5, 7]], t[[1, 5]] = s[3].clone(), t[3].clone()
    s = (s + offset).float().double()  # what float32 holds, exactly
    expected = angle_by_hand(s, t)
    in_single = s.float().requires_grad_()
    value = relational_angle(in_single, t.float())
    value.backward()
    assert value.item() == pytest.approx(expected, rel=1e-3)
    in_double = s.clone().requires_grad_()
    relational_angle(in_double, t).backward()
    scale = in_double.grad.abs().max()
    assert (in_single.grad - in_double.grad).abs().max() < (2e-3 if offset == 0 else 2e-2) * scale


@pytest.mark.parametrize("loss", [relational_distance, relational_angle])
def test_examples_that_differ_by_rounding_alone_count_as_being_at_one_place(loss):
    s, t = features((20, 64), 0).float(), features((20, 7), 1).float()
    s[10:], t[10:] = s[3].clone(), t[3].clone()

    def gradient(e: Tensor) -> Tensor:
        e = e.clone().requires_grad_()
        loss(e, t).backward()
        return e.grad

    rounded = s.clone()
    rounded[10:] *= 1 + 2e-7 * features((10, 64), 2, 1.0).sign().float()
    assert (rounded != s).any()
    torch.testing.assert_close(gradient(rounded), gradient(s), rtol=0, atol=1e-4 * gradient(s).abs().max().item())


def test_a_student_that_says_the_same_of_all_has_them_equally_far_apart():
    t = features((5, 3), 0)
    simplex = torch.eye(5, dtype=torch.float64)
    torch.testing.assert_close(relational_distance(torch.ones(5, 2).double(), t), relational_distance(simplex, t))


def test_distances_keep_their_digits_far_from_the_origin():
    s, t = features((12, 8), 0), features((12, 7), 1)
    far = (s + 1000).float()
    torch.testing.assert_close(
        relational_distance(far, t.float()), relational_distance(s, t).float(), rtol=1e-3, atol=0
    )


def test_opposite_embeddings_keep_the_transfer_finite():
    s = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]], requires_grad=True)
    value = probabilistic_transfer(s, torch.ones(3, 2))
    value.backward()
    assert value.isfinite() and value > 1 and s.grad.isfinite().all()


def test_angles_taken_some_at_a_time_are_the_same(monkeypatch):
    def both() -> tuple[Tensor, Tensor]:
        s = features((7, 4), 0).requires_grad_()
        value = relational_angle(s, features((7, 3), 1))
        value.backward()
        return value, s.grad

    at_once = both()
    monkeypatch.setattr(relation, "ANGLES_AT_ONCE", 3 * 7 * 7)
    for one, other in zip(at_once, both(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-15)


@over_all
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(loss, shape, dtype):
    s, t = features(shape, 0).to(dtype), features(shape, 1).to(dtype)
    assert loss(s, t).dtype == torch.float32
    assert loss(s.double(), t.double()).dtype == torch.float64
    torch.testing.assert_close(loss(s, t), loss(s.float(), t.float()))
    torch.testing.assert_close(loss(s.float(), t), loss(s.float(), t.float()))  # a cached teacher


class Watch(TorchDispatchMode):
    """Notes the largest tensor that is made, and fails when a value is asked for."""

    largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        assert func is not torch.ops.aten._local_scalar_dense.default, "the loss waits for a value"
        out = func(*args, **(kwargs or {}))
        for made in out if isinstance(out, tuple | list) else (out,):
            if isinstance(made, Tensor):
                self.largest = max(self.largest, made.numel())
        return out


@over_all
def test_no_value_is_waited_for(loss, shape):
    s, t = features(shape, 0).requires_grad_(), features(shape, 1)
    with Watch():
        loss(s, t).backward()


@over_examples
def test_relations_make_nothing_larger_than_their_features_and_all_pairs(loss, monkeypatch):
    monkeypatch.setattr(relation, "ANGLES_AT_ONCE", 2 * 30**2)
    s, t = torch.randn(30, 50, requires_grad=True), torch.randn(30, 40)
    with Watch() as watch:
        loss(s, t).backward()
    assert watch.largest == (2 * 30**2 if loss is relational_angle else s.numel())


def test_the_flow_has_no_temporary_of_channel_pairs_at_each_position():
    s, t = torch.randn(2, 24, 8, 8, requires_grad=True), torch.randn(2, 24, 8, 8)
    with Watch() as watch:
        flow(s, t).backward()
    assert watch.largest == s.numel()


@pytest.mark.parametrize(("call", "says"), [
    *[(lambda loss=loss: loss(torch.zeros(3, 2), torch.zeros(4, 2)), rf"^{loss.__name__} .*same examples.*\(3, 2\) and "
       r"\(4, 2\)") for loss in EXAMPLES],
    *[(lambda loss=loss: loss(torch.zeros(3), torch.zeros(3)), rf"^{loss.__name__} .*\(3,\) and \(3,\)")
      for loss in EXAMPLES],
    (lambda: flow(torch.zeros(2, 4, 3, 3), torch.zeros(2, 6, 3, 3)), r"\(2, 2, 3, 3\).*\(2, 3, 3, 3\).*regressor"),
    (lambda: flow(torch.zeros(2, 4, 3, 3), torch.zeros(3, 4, 3, 3)), r"same examples.*\(2, 2, 3, 3\) and \(3, 2"),
    (lambda: solution_flow(*[torch.zeros(2, 4, 3), torch.zeros(2, 5, 3)] * 2),
     r"equally many tokens.*\(2, 4, 3\) and \(2, 5, 3\) as the student's"),
    (lambda: solution_flow(torch.zeros(2, 3), torch.zeros(2, 3), torch.zeros(2, 3, 1, 1), torch.zeros(2, 3)),
     r"\(2, 3, 1, 1\) and \(2, 3\) as the teacher's"),
    (lambda: solution_flow(*[torch.zeros(2, 3)] * 4, reduction="sum"), 'reduction must be "mean" or "none"'),
])  # fmt: skip
def test_what_does_not_fit_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
