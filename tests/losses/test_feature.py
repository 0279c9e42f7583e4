"""Losses on features, held against loops written from the papers' formulas in float64."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from kdviz.losses.feature import (
    attention_transfer,
    channel_attention,
    contrastive,
    cosine,
    gram,
    hint,
    neuron_selectivity,
    unit,
    variational,
)

from .features import agrees, dot, features, few, gram_by_hand, maps_of, paper, seeds

VECTORS, TOKENS, MAPS = (3, 5), (3, 4, 5), (3, 5, 2, 3)


def vid(mu: Tensor, F_t: Tensor, **more) -> Tensor:
    """VID with the log-scales that its code starts with."""
    return variational(mu, F_t, torch.full((5,), math.log(math.expm1(5.0)), dtype=torch.float64), **more)


DIVERGENCES = [
    *[(hint, shape) for shape in (VECTORS, TOKENS, MAPS)],
    *[(gram, shape) for shape in (VECTORS, TOKENS, MAPS)],
    *[(cosine, shape) for shape in (VECTORS, TOKENS, MAPS)],
    *[(loss, shape) for loss in (attention_transfer, paper, neuron_selectivity) for shape in (TOKENS, MAPS)],
]


ALL = [*DIVERGENCES, (contrastive, VECTORS), (contrastive, MAPS), *[(vid, s) for s in (VECTORS, TOKENS, MAPS)]]


OF_DIRECTIONS = [
    case for case in ALL if case[0] in (attention_transfer, paper, neuron_selectivity, cosine, contrastive)
]


over_divergences = pytest.mark.parametrize(("loss", "shape"), DIVERGENCES)


over_all = pytest.mark.parametrize(("loss", "shape"), ALL)


def test_absolute_differences_and_channel_attention_agree_with_loops_to_1e_9():
    s, t = (torch.randn(3, 4, 2, 5, generator=torch.Generator().manual_seed(k), dtype=torch.float64) for k in (0, 1))
    for b in range(3):
        flat = [abs(x - y) for x, y in zip(s[b].flatten().tolist(), t[b].flatten().tolist(), strict=True)]
        by_hand = math.fsum(flat) / len(flat)
        assert hint(s, t, distance="l1", reduction="none")[b].item() == pytest.approx(by_hand, abs=1e-9)
        q = [[math.fsum(x * x for x in maps[b, c].flatten().tolist()) for c in range(4)] for maps in (s, t)]
        unit_q = [[x / norm(row) for x in row] for row in q]
        by_hand = math.fsum((x - y) ** 2 for x, y in zip(*unit_q, strict=True)) / 4
        assert channel_attention(s, t, reduction="none")[b].item() == pytest.approx(by_hand, abs=1e-9)
    assert channel_attention(s, 3 * s.flip(3)).item() == pytest.approx(0, abs=1e-12), "wherever, and however strong"
    with pytest.raises(ValueError, match="equally many channels"):
        channel_attention(s, t[:, :3])
    with pytest.raises(ValueError, match='distance must be "l2" or "l1"'):
        hint(s, t, distance="l3")


def norm(v: list[float]) -> float:
    return math.sqrt(math.fsum(a * a for a in v))


def attention_by_hand(x: Tensor, t: Tensor, form: str) -> list[float]:
    values = []
    for A_s, A_t in zip(maps_of(x), maps_of(t), strict=True):
        Q_s, Q_t = ([math.fsum(c[n] ** 2 for c in A) for n in range(len(A[0]))] for A in (A_s, A_t))
        d = [a / norm(Q_s) - b / norm(Q_t) for a, b in zip(Q_s, Q_t, strict=True)]
        values.append(norm(d) if form == "paper" else norm(d) ** 2 / len(d))
    return values


def selectivity_by_hand(s: Tensor, t: Tensor) -> list[float]:
    def kernel(A: list[list[float]], B: list[list[float]]) -> float:
        pairs = [(dot(a, b) / (norm(a) * norm(b))) ** 2 for a in A for b in B]
        return math.fsum(pairs) / len(pairs)

    return [kernel(A, A) + kernel(B, B) - 2 * kernel(A, B) for A, B in zip(maps_of(s), maps_of(t), strict=True)]


def contrastive_by_hand(s: Tensor, t: Tensor, temperature: float) -> list[float]:
    S, T = s.tolist(), t.tolist()
    m = [[dot(a, b) / (norm(a) * norm(b)) / temperature for b in T] for a in S]
    log_row = [math.log(math.fsum(math.exp(v) for v in row)) for row in m]
    log_column = [math.log(math.fsum(math.exp(row[j]) for row in m)) for j in range(len(m))]
    return [0.5 * (log_row[i] - m[i][i]) + 0.5 * (log_column[i] - m[i][i]) for i in range(len(m))]


shapes = st.one_of(
    st.tuples(st.integers(1, 4), st.integers(1, 5)),
    st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 5)),
    st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3)),
)


@given(shapes, seeds)
def test_hint_is_the_mean_squared_error_of_an_example(shape, seed):
    s, t = features(shape, seed), features(shape, seed + 1)
    by_hand = []
    for A, B in zip(maps_of(s), maps_of(t), strict=True):
        errors = [(x - y) ** 2 for a, b in zip(A, B, strict=True) for x, y in zip(a, b, strict=True)]
        by_hand.append(math.fsum(errors) / len(errors))
    agrees(hint(s, t, reduction="none"), hint(s, t), by_hand)


@few
@given(seeds, st.sampled_from(["code", "paper"]), *[st.integers(1, 4) for _ in range(3)])
def test_attention_transfer_agrees_with_the_formula_to_1e_9(seed, form, batch, C_s, C_t):
    s, t = features((batch, C_s, 2, 3), seed), features((batch, C_t, 2, 3), seed + 1)
    by_hand = attention_by_hand(s, t, form)
    agrees(attention_transfer(s, t, form, reduction="none"), attention_transfer(s, t, form), by_hand)
    tokens_s, tokens_t = s.flatten(2).transpose(1, 2), t.flatten(2).transpose(1, 2)  # the same as tokens
    agrees(attention_transfer(tokens_s, tokens_t, form, reduction="none"), attention_transfer(s, t, form), by_hand)


@few
@given(seeds)
def test_the_code_s_attention_value_is_the_square_of_the_paper_s_over_the_positions(seed):
    s, t = features((4, 3, 2, 5), seed), features((4, 2, 2, 5), seed + 1)
    torch.testing.assert_close(
        attention_transfer(s, t, reduction="none"), attention_transfer(s, t, "paper", reduction="none").square() / 10
    )


def test_the_paper_s_attention_gradient_keeps_its_size_near_the_teacher_and_the_code_s_does_not():
    t = features((2, 3, 4, 4), 0)
    direction = features((2, 3, 4, 4), 1)

    def gradient(form, step):
        s = (t + step * direction).requires_grad_()
        attention_transfer(s, t, form).backward()
        return s.grad.norm().item()

    assert gradient("paper", 1e-5) == pytest.approx(gradient("paper", 1e-3), rel=0.02)
    assert gradient("code", 1e-5) == pytest.approx(gradient("code", 1e-3) / 100, rel=0.02)


@few
@given(shapes, seeds)
def test_gram_agrees_with_the_formula_to_1e_9(shape, seed):
    s, t = features(shape, seed), features(shape, seed + 1)
    agrees(gram(s, t, reduction="none"), gram(s, t), gram_by_hand(s, t))


@few
@given(seeds, *[st.integers(1, 4) for _ in range(3)])
def test_neuron_selectivity_agrees_with_the_formula_to_1e_9(seed, batch, C_s, C_t):
    s, t = features((batch, C_s, 2, 3), seed), features((batch, C_t, 2, 3), seed + 1)
    by_hand = selectivity_by_hand(s, t)
    agrees(neuron_selectivity(s, t, reduction="none"), neuron_selectivity(s, t), by_hand)
    tokens_s, tokens_t = s.flatten(2).transpose(1, 2), t.flatten(2).transpose(1, 2)
    torch.testing.assert_close(neuron_selectivity(tokens_s, tokens_t), neuron_selectivity(s, t))


@few
@given(seeds)
def test_neuron_selectivity_is_the_distance_of_mean_products_of_positions(seed):
    s, t = features((2, 3, 2, 3), seed), features((2, 5, 2, 3), seed + 1)
    P_s, P_t = (torch.einsum("bcn,bcm->bnm", f, f) / f.shape[1] for f in (unit(s.flatten(2), 2), unit(t.flatten(2), 2)))
    torch.testing.assert_close(neuron_selectivity(s, t, reduction="none"), (P_s - P_t).square().sum((1, 2)))


@given(shapes, seeds)
def test_cosine_agrees_with_the_formula_at_each_position_to_1e_9(shape, seed):
    s, t = features(shape, seed), features(shape, seed + 1)
    by_hand = []
    for A, B in zip(maps_of(s), maps_of(t), strict=True):
        for n in range(len(A[0])):
            a, b = [c[n] for c in A], [c[n] for c in B]
            by_hand.append(1 - dot(a, b) / (norm(a) * norm(b)))
    each = cosine(s, t, reduction="none")
    assert each.shape == (*s.shape[:1], *(s.shape[2:] if s.ndim == 4 else s.shape[1:-1]))
    agrees(each, cosine(s, t), by_hand)


def test_cosine_agrees_with_torch():
    s, t = features((6, 9), 0), features((6, 9), 1)
    torch.testing.assert_close(cosine(s, t), F.cosine_embedding_loss(s, t, torch.ones(6)))


@pytest.mark.parametrize("padding", [0.0, 1e30, math.nan])
def test_masked_positions_add_nothing_to_the_cosine_whatever_is_in_them(padding):
    s, t = features((2, 3, 4), 0), features((2, 3, 4), 1)
    mask = torch.tensor([[True, True, False], [True, False, False]])
    s[~mask], t[~mask] = padding, padding
    s.requires_grad_()
    loss = cosine(s, t, mask)
    loss.backward()
    torch.testing.assert_close(loss, cosine(s[mask], t[mask]))
    assert (s.grad[~mask] == 0).all() and (s.grad[mask] != 0).all()
    each = cosine(s, t, mask, reduction="none")
    assert (each[~mask] == 0).all()
    torch.testing.assert_close(each.sum() / 3, loss)
    assert cosine(s, t, torch.zeros_like(mask)).item() == 0


def test_a_vector_of_zeros_costs_half_beside_a_direction_and_nothing_beside_another():
    zeros, some = torch.zeros(1, 4), torch.ones(1, 4)
    assert cosine(zeros, some).item() == cosine(some, zeros).item() == pytest.approx(0.5)
    assert cosine(zeros, zeros).item() == 0


@few
@given(seeds, st.integers(1, 6), st.floats(0.05, 5))
def test_contrastive_agrees_with_the_formula_to_1e_9(seed, batch, temperature):
    s, t = features((batch, 4), seed), features((batch, 4), seed + 1)
    by_hand = contrastive_by_hand(s, t, temperature)
    agrees(contrastive(s, t, temperature, reduction="none"), contrastive(s, t, temperature), by_hand)


def test_contrastive_is_the_mean_of_two_cross_entropies():
    s, t = features((6, 4), 0), features((6, 4), 1)
    m = F.normalize(s) @ F.normalize(t).T / 0.07
    same = torch.arange(6)
    torch.testing.assert_close(contrastive(s, t), (F.cross_entropy(m, same) + F.cross_entropy(m.T, same)) / 2)


def test_contrastive_of_a_student_equal_to_its_teacher_is_not_0_and_still_moves_it():
    t = features((6, 4), 0)
    s = t.clone().requires_grad_()
    loss = contrastive(s, t, 1.0)
    loss.backward()
    assert loss > 0.5 and s.grad.abs().max() > 1e-3


def test_contrastive_lets_a_projection_of_the_teacher_s_features_learn_when_asked():
    s, t = features((6, 4), 0), features((6, 4), 1).requires_grad_()
    contrastive(s.requires_grad_(), t, detach=False).backward()
    assert t.grad.abs().max() > 0
    again = t.detach().clone().requires_grad_()
    contrastive(again, s.detach()).backward()  # both directions: student and teacher are alike to it
    torch.testing.assert_close(t.grad, again.grad)


@few
@given(shapes, seeds)
def test_variational_agrees_with_the_formula_to_1e_9(shape, seed):
    mu, t = features(shape, seed), features(shape, seed + 1)
    log_scale = features((len(maps_of(mu)[0]),), seed + 2)
    by_hand = []
    for A, B in zip(maps_of(mu), maps_of(t), strict=True):
        terms = []
        for a, b, alpha in zip(A, B, log_scale.tolist(), strict=True):
            variance = math.log(1 + math.exp(alpha)) + 1e-5
            terms += [0.5 * ((x - y) ** 2 / variance + math.log(variance)) for x, y in zip(a, b, strict=True)]
        by_hand.append(math.fsum(terms) / len(terms))
    agrees(variational(mu, t, log_scale, reduction="none"), variational(mu, t, log_scale), by_hand)


def test_variational_leaves_the_mean_alone_at_the_teacher_and_is_not_0_there():
    t = features(MAPS, 0)
    mu = t.clone().requires_grad_()
    loss = vid(mu, t)
    loss.backward()
    assert loss.item() == pytest.approx(0.5 * math.log(5.00001)) and (mu.grad == 0).all()


def test_variational_is_least_at_the_variance_of_the_error():
    mu, t = features((200, 2), 0), features((200, 2), 1)
    log_scale = (mu - t).square().mean(0).sub(1e-5).expm1().log().requires_grad_()
    variational(mu, t, log_scale).backward()
    assert log_scale.grad.abs().max() < 1e-12


@pytest.mark.parametrize("alpha", [-1e4, -100.0, 100.0, 1e4])
def test_variational_stays_finite_for_extreme_scales(alpha):
    mu, log_scale = torch.ones(2, 3, requires_grad=True), torch.full((3,), alpha, requires_grad=True)
    loss = variational(mu, torch.zeros(2, 3), log_scale)
    loss.backward()
    assert loss.isfinite() and mu.grad.isfinite().all() and log_scale.grad.isfinite().all()
    expected = 1 / (2e-5) + 0.5 * math.log(1e-5) if alpha < 0 else 0.5 / alpha + 0.5 * math.log(alpha)
    assert loss.item() == pytest.approx(expected, rel=1e-5)


@over_divergences
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
    assert torch.autograd.gradcheck(lambda x: loss(x, t.detach(), reduction="none"), (s,))
    loss(s, t).backward()
    assert t.grad is None and s.grad.abs().max() > 0


def test_the_scale_of_variational_learns():
    log_scale = features((5,), 2).requires_grad_()
    s, t = features(MAPS, 0), features(MAPS, 1)
    assert torch.autograd.gradcheck(lambda a: variational(s, t, a), (log_scale,))


@over_all
@few
@given(seed=seeds)
def test_the_order_of_examples_does_not_matter_and_none_averages_to_mean(loss, shape, seed):
    s, t = features(shape, seed), features(shape, seed + 1)
    order = torch.randperm(shape[0], generator=torch.Generator().manual_seed(seed))
    each = loss(s, t, reduction="none")
    torch.testing.assert_close(loss(s[order], t[order], reduction="none"), each[order], rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(each.mean(), loss(s, t), rtol=1e-12, atol=1e-12)


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
@pytest.mark.parametrize("constant", [0.0, 1.0, -3.0])
def test_constant_features_give_finite_values_and_gradients(loss, shape, constant):
    some, flat = features(shape, 0).float(), torch.full(shape, constant)
    for s, t in ((flat, some), (some, flat), (flat, flat)):
        s = s.clone().requires_grad_()
        value = loss(s, t)
        value.backward()
        assert value.isfinite() and s.grad.isfinite().all()


@pytest.mark.parametrize(("loss", "shape"), OF_DIRECTIONS)
def test_what_points_nowhere_gets_no_gradient(loss, shape):
    s = torch.zeros(shape, requires_grad=True)
    loss(s, features(shape, 0).float()).backward()
    assert (s.grad == 0).all()


def test_one_silent_channel_among_others_gets_no_gradient_and_disturbs_none():
    s, t = features(MAPS, 0), features(MAPS, 1)
    s[:, 2] = 0
    s.requires_grad_()
    neuron_selectivity(s, t).backward()
    assert (s.grad[:, 2] == 0).all() and (s.grad[:, [0, 1, 3, 4]] != 0).any()


@over_all
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(loss, shape, dtype):
    s, t = features(shape, 0).to(dtype), features(shape, 1).to(dtype)
    assert loss(s, t).dtype == torch.float32
    assert loss(s.double(), t.double()).dtype == torch.float64
    torch.testing.assert_close(loss(s, t), loss(s.float(), t.float()))
    torch.testing.assert_close(loss(s.float(), t), loss(s.float(), t.float()))  # a cached teacher


@over_all
def test_a_batch_of_one_works(loss, shape):
    s, t = features((1, *shape[1:]), 0).requires_grad_(), features((1, *shape[1:]), 1)
    value = loss(s, t)
    value.backward()
    torch.testing.assert_close(value, loss(s, t, reduction="none").mean())
    assert value.isfinite() and s.grad.isfinite().all()
    if loss is contrastive:
        assert value.item() == 0 and (s.grad == 0).all()


class Watch(TorchDispatchMode):
    """Notes the largest tensor that is made, and fails when a value is asked for."""

    largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        assert func is not torch.ops.aten._local_scalar_dense.default, "the loss waits for a value"
        out = func(*args, **(kwargs or {}))
        for made in out if isinstance(out, tuple | list) else (out,):
            if isinstance(made, Tensor):
                self.largest = max(self.largest, made.numel() * (made.untyped_storage().nbytes() > 0))
        return out


@over_all
def test_no_value_is_waited_for(loss, shape):
    s, t = features(shape, 0).requires_grad_(), features(shape, 1)
    with Watch():
        loss(s, t).backward()


@pytest.mark.parametrize("loss", [neuron_selectivity, gram])
def test_no_temporary_holds_channel_pairs_at_each_position(loss):
    s, t = torch.randn(2, 12, 8, 8, requires_grad=True), torch.randn(2, 12, 8, 8)
    with Watch() as watch:
        loss(s, t).backward()
    assert watch.largest == s.numel()


@pytest.mark.parametrize(("call", "says"), [
    (lambda: hint(torch.zeros(2, 3, 4, 4), torch.zeros(2, 5, 4, 4)), r"\(2, 3, 4, 4\).*\(2, 5, 4, 4\).*regressor"),
    (lambda: cosine(torch.zeros(2, 3), torch.zeros(2, 4)), r"\(2, 3\).*\(2, 4\).*regressor"),
    (lambda: gram(torch.zeros(2, 3, 4, 4), torch.zeros(2, 5, 4, 4)), r"\(2, 3, 4, 4\).*\(2, 5, 4, 4\).*regressor"),
    (lambda: gram(torch.zeros(2, 3), torch.zeros(4, 3)), r"same examples.*\(2, 3\) and \(4, 3\)"),
    (lambda: gram(torch.zeros(2, 3), torch.zeros(2, 3, 4, 4)), r"\(2, 3\) and \(2, 3, 4, 4\).*regressor"),
    (lambda: attention_transfer(torch.zeros(2, 3), torch.zeros(2, 3)), r"needs \(B, L, D\) or .*\(2, 3\)"),
    (lambda: attention_transfer(torch.zeros(2, 3, 4), torch.zeros(2, 5, 4)), r"tokens.*\(2, 3, 4\) and \(2, 5, 4\)"),
    (lambda: attention_transfer(torch.zeros(2, 3, 4), torch.zeros(2, 3, 4), "sum"), "form must be .* got 'sum'"),
    (lambda: neuron_selectivity(torch.zeros(2, 3), torch.zeros(2, 3)), r"needs \(B, L, D\) or \(B, C, H, W\)"),
    (lambda: contrastive(torch.zeros(2, 3), torch.zeros(2, 4)), r"\(2, 3\) and \(2, 4\).*regressor"),
    (lambda: contrastive(torch.zeros(2), torch.zeros(2)), r"needs \(B, D\).*\(2,\) and \(2,\)"),
    (lambda: contrastive(torch.zeros(2, 3), torch.zeros(2, 3), 0.0), "temperature must be .*, got 0.0"),
    (lambda: variational(torch.zeros(2, 3), torch.zeros(2, 4), torch.zeros(3)), r"\(2, 3\).*\(2, 4\).*regressor"),
    (lambda: vid(torch.zeros(2, 3), torch.zeros(2, 3)), r"log_scale must have shape \(3,\).*\(2, 3\), got \(5,\)"),
    (lambda: cosine(torch.zeros(2, 3), torch.zeros(2, 3), torch.ones(3).bool()), r"mask must be bool of shape \(2,\)"),
    (lambda: hint(torch.zeros(2, 3), torch.zeros(2, 3), reduction="sum"), 'reduction must be "mean" or "none"'),
])  # fmt: skip
def test_what_does_not_fit_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
