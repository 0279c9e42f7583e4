"""Losses inside transformers, held against loops written from the papers' formulas in float64."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from kdviz.losses.labels import hard_labels
from kdviz.losses.response import soft_targets
from kdviz.losses.transformer import (
    attention_matrices,
    distillation_token,
    embeddings,
    hidden_states,
    masked_language_model,
    soft_cross_entropy,
)

seeds = st.integers(0, 10**6)
tokens = st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(2, 5))  # (B, L, D)
# name -> loss and the shape of one student tensor for (B, L, D)
COMPARED = {
    "attention": (attention_matrices, lambda B, L, D: (B, 2, L, L)),
    "hidden states": (hidden_states, lambda B, L, D: (B, L, D)),
    "embeddings": (embeddings, lambda B, L, D: (B, L, D)),
}
PER_TOKEN = {**COMPARED, "soft cross-entropy": (soft_cross_entropy, lambda B, L, D: (B, L, D))}


def each_of(losses: dict):
    return pytest.mark.parametrize(("loss_of", "shape_of"), losses.values(), ids=losses.keys())


def numbers(shape: tuple[int, ...], seed: int, scale: float = 3.0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * scale


def some(shape: tuple[int, ...], seed: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < 0.6


def softmax_by_hand(z: list[float], temperature: float) -> list[float]:
    top = max(z)
    powers = [math.exp((v - top) / temperature) for v in z]
    return [p / math.fsum(powers) for p in powers]


def attention_by_hand(A_s: Tensor, A_t: Tensor, mask: Tensor) -> list[list[float]]:
    """For each query the mean over heads and the keys that count."""
    s, t, counts = A_s.tolist(), A_t.tolist(), mask.tolist()
    values = []
    for b, of_example in enumerate(counts):
        values.append([])
        for query, query_counts in enumerate(of_example):
            squares = [
                (s[b][head][query][key] - t[b][head][query][key]) ** 2
                for head in range(len(s[b]))
                for key, key_counts in enumerate(of_example)
                if query_counts and key_counts
            ]
            values[-1].append(math.fsum(squares) / len(squares) if squares else 0.0)
    return values


def mean_over(values: list[list[float]], mask: Tensor) -> float:
    return math.fsum(v for row in values for v in row) / max(1, int(mask.sum()))


@given(tokens, seeds)
def test_attention_agrees_with_the_formula_to_1e_9(size, seed):
    B, L, _ = size
    A_s, A_t, mask = numbers((B, 2, L, L), seed), numbers((B, 2, L, L), seed + 1), some((B, L), seed)
    everything = torch.ones(B, L, dtype=torch.bool)
    by_hand, masked_by_hand = attention_by_hand(A_s, A_t, everything), attention_by_hand(A_s, A_t, mask)
    near = {"rel": 1e-9, "abs": 1e-9}
    assert attention_matrices(A_s, A_t).item() == pytest.approx(mean_over(by_hand, everything), **near)
    assert attention_matrices(A_s, A_t, mask).item() == pytest.approx(mean_over(masked_by_hand, mask), **near)
    each = attention_matrices(A_s, A_t, mask, reduction="none")
    assert each.flatten().tolist() == pytest.approx([v for row in masked_by_hand for v in row], **near)
    torch.testing.assert_close(attention_matrices(A_s, A_t), F.mse_loss(A_s, A_t), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("loss_of", [hidden_states, embeddings])
@given(tokens, seeds)
def test_hidden_states_and_embeddings_agree_with_the_formula_to_1e_9(loss_of, size, seed):
    h_s, h_t, mask = numbers(size, seed), numbers(size, seed + 1), some(size[:2], seed)
    by_hand = [
        [
            math.fsum((a - b) ** 2 for a, b in zip(at_s, at_t, strict=True)) / size[2] if counts else 0.0
            for at_s, at_t, counts in zip(*of_example, strict=True)
        ]
        for of_example in zip(h_s.tolist(), h_t.tolist(), mask.tolist(), strict=True)
    ]
    assert loss_of(h_s, h_t, mask).item() == pytest.approx(mean_over(by_hand, mask), rel=1e-9, abs=1e-9)
    each = loss_of(h_s, h_t, mask, reduction="none")
    assert each.flatten().tolist() == pytest.approx([v for row in by_hand for v in row], rel=1e-9, abs=1e-9)
    torch.testing.assert_close(loss_of(h_s, h_t), F.mse_loss(h_s, h_t), rtol=1e-12, atol=1e-12)


@given(tokens, seeds, st.floats(0.3, 30))
def test_soft_cross_entropy_agrees_with_the_formula_to_1e_9(size, seed, temperature):
    s, t = numbers(size, seed), numbers(size, seed + 1)
    by_hand = [
        -(temperature**2) * math.fsum(
            pc * math.log(qc)
            for pc, qc in zip(softmax_by_hand(at_t, temperature), softmax_by_hand(at_s, temperature), strict=True)
        )
        for at_s, at_t in zip(s.flatten(0, 1).tolist(), t.flatten(0, 1).tolist(), strict=True)
    ]  # fmt: skip
    each = soft_cross_entropy(s, t, temperature, reduction="none")
    assert each.flatten().tolist() == pytest.approx(by_hand, rel=1e-9, abs=1e-9)
    mean = math.fsum(by_hand) / len(by_hand)
    assert soft_cross_entropy(s, t, temperature).item() == pytest.approx(mean, rel=1e-9, abs=1e-9)


@given(tokens, seeds, st.floats(0.3, 30))
def test_soft_cross_entropy_is_kl_and_the_teacher_s_entropy_and_has_the_gradient_of_kl(size, seed, temperature):
    s, t = numbers(size, seed).requires_grad_(), numbers(size, seed + 1)
    entropy = soft_cross_entropy(t, t, temperature)
    loss, kl = soft_cross_entropy(s, t, temperature), soft_targets(s, t, temperature)
    torch.testing.assert_close(loss, kl + entropy, rtol=1e-9, atol=1e-9)
    (gradient,) = torch.autograd.grad(loss, s)
    torch.testing.assert_close(gradient, torch.autograd.grad(kl, s)[0], rtol=1e-9, atol=1e-9)


def test_soft_cross_entropy_at_the_teacher_is_its_entropy_and_moves_nothing():
    t = numbers((2, 3, 5), 0)
    s = t.clone().requires_grad_()
    loss = soft_cross_entropy(s, t)
    loss.backward()
    torch.testing.assert_close(loss, torch.distributions.Categorical(logits=t).entropy().mean())
    assert s.grad.abs().max() < 1e-15


@each_of(COMPARED)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_a_student_equal_to_its_teacher_costs_nothing_and_moves_nothing(loss_of, shape_of, dtype):
    t = numbers(shape_of(2, 3, 4), 0).to(dtype)
    s = t.clone().requires_grad_()
    loss = loss_of(s, t)
    loss.backward()
    assert loss == 0 and (s.grad == 0).all()


@each_of(PER_TOKEN)
@settings(max_examples=10)
@given(tokens, seeds)
def test_gradients_are_those_of_the_values_and_none_reaches_the_teacher(loss_of, shape_of, size, seed):
    shape, mask = shape_of(*size), some(size[:2], seed)
    s, t = numbers(shape, seed, 1.0).requires_grad_(), numbers(shape, seed + 1, 1.0).requires_grad_()
    assert torch.autograd.gradcheck(lambda z: loss_of(z, t.detach()), (s,))
    assert torch.autograd.gradcheck(lambda z: loss_of(z, t.detach(), mask=mask, reduction="none"), (s,))
    loss_of(s, t).backward()
    assert t.grad is None


@each_of(PER_TOKEN)
@given(tokens, seeds)
def test_padding_of_any_content_and_length_reaches_neither_value_nor_gradient(loss_of, shape_of, size, seed):
    B, L, D = size
    s, t = numbers(shape_of(B, L + 2, D), seed), numbers(shape_of(B, L + 2, D), seed + 1)
    mask = torch.arange(L + 2).expand(B, -1) < L
    if s.ndim == 4:
        alone = s[:, :, :L, :L].clone().requires_grad_()
        expected = loss_of(alone, t[:, :, :L, :L])
        s[..., L:], t[..., L:], s[:, :, L:], t[:, :, L:] = -math.inf, -math.inf, math.nan, 7.0
    else:
        alone = s[:, :L].clone().requires_grad_()
        expected = loss_of(alone, t[:, :L])
        s[:, L:], t[:, L:] = math.nan, math.inf
    expected.backward()
    s.requires_grad_()
    loss = loss_of(s, t, mask=mask)
    loss.backward()
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=1e-9)
    there = s.grad[:, :, :L, :L] if s.ndim == 4 else s.grad[:, :L]
    torch.testing.assert_close(there, alone.grad, rtol=1e-9, atol=1e-9)
    assert s.grad.count_nonzero() == there.count_nonzero()


@each_of(PER_TOKEN)
def test_nothing_but_padding_costs_nothing_and_moves_nothing(loss_of, shape_of):
    s, t = numbers(shape_of(2, 3, 4), 0).requires_grad_(), numbers(shape_of(2, 3, 4), 1)
    loss = loss_of(s, t, mask=torch.zeros(2, 3, dtype=torch.bool))
    loss.backward()
    assert loss == 0 and (s.grad == 0).all()


@each_of(PER_TOKEN)
@given(tokens, seeds)
def test_one_value_a_position_averages_to_the_mean(loss_of, shape_of, size, seed):
    s, t, mask = numbers(shape_of(*size), seed), numbers(shape_of(*size), seed + 1), some(size[:2], seed)
    each = loss_of(s, t, reduction="none")
    assert each.shape == size[:2]
    torch.testing.assert_close(each.mean(), loss_of(s, t), rtol=1e-12, atol=1e-12)
    counted = loss_of(s, t, mask=mask, reduction="none")
    assert (counted[~mask] == 0).all()
    torch.testing.assert_close(counted.sum() / mask.sum().clamp(min=1), loss_of(s, t, mask=mask), rtol=1e-9, atol=1e-9)


@each_of(PER_TOKEN)
@given(tokens, seeds)
def test_the_order_of_examples_does_not_matter_nor_that_of_heads_or_numbers(loss_of, shape_of, size, seed):
    s, t, mask = numbers(shape_of(*size), seed), numbers(shape_of(*size), seed + 1), some(size[:2], seed)
    rows = torch.randperm(size[0], generator=torch.Generator().manual_seed(seed))
    inner = 1 if s.ndim == 4 else 2  # heads, or the numbers of one token
    columns = torch.randperm(s.shape[inner], generator=torch.Generator().manual_seed(seed))
    again = loss_of(s[rows].index_select(inner, columns), t[rows].index_select(inner, columns), mask=mask[rows])
    torch.testing.assert_close(again, loss_of(s, t, mask=mask), rtol=1e-9, atol=1e-9)


@each_of(PER_TOKEN)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_extreme_numbers_stay_finite(loss_of, shape_of, dtype):
    s = torch.full(shape_of(1, 2, 2), 1e4, dtype=dtype)
    s[..., 0] = -1e4
    t = -s
    s.requires_grad_()
    loss = loss_of(s, t)
    loss.backward()
    assert loss.isfinite() and loss > 0 and s.grad.isfinite().all()
    assert loss.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)


@each_of(PER_TOKEN)
def test_no_number_is_read_back_from_the_device(loss_of, shape_of):
    s, t = (torch.zeros(shape_of(2, 3, 4), device="meta", requires_grad=grad) for grad in (True, False))
    loss_of(s, t, mask=torch.ones(2, 3, dtype=torch.bool, device="meta")).backward()
    loss_of(s, t).backward()
    masked_language_model(torch.zeros(2, 3, 4, device="meta"), torch.zeros(2, 3, dtype=torch.long, device="meta"))
    distillation_token(torch.zeros(2, 3, device="meta"), torch.zeros(2, 3, device="meta"))
    assert s.grad.is_meta


@each_of(PER_TOKEN)
def test_vmap_over_sentences_gives_the_mean_of_each(loss_of, shape_of):
    s, t = numbers(shape_of(4, 3, 5), 0), numbers(shape_of(4, 3, 5), 1)
    stacked = torch.func.vmap(loss_of)(s.unsqueeze(1), t.unsqueeze(1))
    torch.testing.assert_close(stacked, loss_of(s, t, reduction="none").mean(1))


def test_attention_may_run_from_queries_to_other_keys():
    A_s, A_t = numbers((2, 3, 4, 5), 0), numbers((2, 3, 4, 5), 1)
    torch.testing.assert_close(attention_matrices(A_s, A_t), F.mse_loss(A_s, A_t))
    with pytest.raises(ValueError, match=r"mask must be bool of shape \(2, 5\)"):
        attention_matrices(A_s, A_t, torch.ones(2, 4, dtype=torch.bool))


@given(tokens, seeds)
def test_the_masked_words_are_learnt_as_labels_are(size, seed):
    s = numbers(size, seed).requires_grad_()
    y = torch.randint(-1, size[2], size[:2], generator=torch.Generator().manual_seed(seed))
    each = [
        -math.log(softmax_by_hand(row, 1.0)[word]) if word >= 0 else 0.0
        for row, word in zip(s.flatten(0, 1).tolist(), y.flatten().tolist(), strict=True)
    ]
    loss = masked_language_model(s, y)
    loss.backward()
    expected = math.fsum(each) / max(1, int((y >= 0).sum()))
    assert loss.item() == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert masked_language_model(s, y, labelled=int((y >= 0).sum())).item() == pytest.approx(expected, abs=1e-9)
    assert masked_language_model(s, y, reduction="none").flatten().tolist() == pytest.approx(each, rel=1e-9, abs=1e-9)
    assert (s.grad[y < 0] == 0).all() and s.grad.isfinite().all()


@given(st.tuples(st.integers(1, 5), st.integers(2, 5)), seeds)
def test_the_distillation_token_learns_the_teacher_s_choice_or_its_softened_answer(size, seed):
    s, t = numbers(size, seed).requires_grad_(), numbers(size, seed + 1).requires_grad_()
    each = [
        -math.log(softmax_by_hand(row_s, 1.0)[row_t.index(max(row_t))])
        for row_s, row_t in zip(s.tolist(), t.tolist(), strict=True)
    ]
    hard = distillation_token(s, t)
    assert hard.item() == pytest.approx(math.fsum(each) / size[0], rel=1e-9, abs=1e-9)
    assert distillation_token(s, t, reduction="none").tolist() == pytest.approx(each, rel=1e-9, abs=1e-9)
    assert distillation_token(s, t, "hard", temperature=50.0) == hard == hard_labels(s, t.argmax(1))
    soft = distillation_token(s, t, "soft", 2.0)
    assert soft == soft_targets(s, t, 2.0)
    assert torch.equal(distillation_token(s, t, "soft", reduction="none"), soft_targets(s, t, 3.0, reduction="none"))
    (hard + soft).backward()
    assert t.grad is None and s.grad.isfinite().all()


@pytest.mark.parametrize("form", ["hard", "soft"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16])
def test_the_distillation_token_stays_finite_for_extreme_logits(form, dtype):
    s = torch.tensor([[1e4, -1e4]], dtype=dtype, requires_grad=True)
    loss = distillation_token(s, torch.tensor([[-1e4, 1e4]], dtype=dtype), form)
    loss.backward()
    assert loss.isfinite() and loss > 1e3 and s.grad.isfinite().all()
    assert loss.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)


Z = torch.zeros


@pytest.mark.parametrize(("call", "says"), [
    (lambda: attention_matrices(Z(1, 2, 3, 3), Z(1, 4, 3, 3)), r"\(1, 2, 3, 3\).*\(1, 4, 3, 3\).*compare their means"),
    (lambda: attention_matrices(Z(2, 3, 3), Z(2, 3, 3)), r"must be \(batch, heads, queries, keys\)"),
    (lambda: attention_matrices(Z(1, 1, 2, 2), Z(1, 1, 2, 2), Z(1, 3) > 0), r"mask must be bool of shape \(1, 2\)"),
    (lambda: hidden_states(Z(1, 2, 3), Z(1, 2, 4)), r"hidden states .*\(1, 2, 3\).*\(1, 2, 4\).*linear adapter"),
    (lambda: embeddings(Z(1, 2, 3), Z(1, 2, 4)), r"embeddings have shape \(1, 2, 3\).*\(1, 2, 4\).*linear adapter"),
    (lambda: soft_cross_entropy(Z(1, 2), Z(1, 3)), r"logits have shape \(1, 2\).*\(1, 3\)"),
    (lambda: soft_cross_entropy(Z(1, 2), Z(1, 2), 0.0), "temperature must be a finite number > 0, got 0.0"),
    (lambda: hidden_states(Z(1, 2), Z(1, 2), reduction="sum"), "got 'sum'"),
    (lambda: attention_matrices(Z(1, 1, 2, 2), Z(1, 1, 2, 2), reduction="sum"), "got 'sum'"),
    (lambda: masked_language_model(Z(2, 3), Z(2).long()), r"\(batch, positions, vocabulary\), got \(2, 3\)"),
    (lambda: masked_language_model(Z(2, 3, 4), Z(3, 2).long()), r"y must have shape \(2, 3\).*got \(3, 2\)"),
    (lambda: distillation_token(Z(1, 2), Z(1, 2), "soft-ish"), 'form must be "hard" or "soft", got \'soft-ish\''),
    (lambda: distillation_token(Z(1, 2), Z(1, 3)), r"\(1, 2\).*\(1, 3\)"),
    (lambda: distillation_token(Z(1, 2), Z(1, 2), reduction="sum"), "got 'sum'"),
])  # fmt: skip
def test_what_does_not_fit_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
