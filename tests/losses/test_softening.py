"""The temperature: its range, its square before a loss, and answers softened far or hardly at all."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch
from hypothesis import given, settings

from kdviz.losses import jensen_shannon, logit_mse, reverse_kl, soft_targets

from .by_hand import WITH_TEMPERATURE, agrees, each_of, logits, seeds, sizes, soft_targets_by_hand, temperatures


@pytest.mark.parametrize("loss_of", [soft_targets, reverse_kl])
@pytest.mark.parametrize("scale", [1e4, 1e6])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 20.0])
def test_both_kl_divergences_stay_as_large_as_extreme_logits_are_apart(loss_of, scale, dtype, temperature):
    for s, t in (([scale, -scale, 0.0], [-scale, scale, 0.0]), ([scale, -scale], [-scale, scale])):
        s = torch.tensor([s], dtype=dtype, requires_grad=True)
        loss = loss_of(s, torch.tensor([t], dtype=dtype), temperature)
        loss.backward()
        assert loss.isfinite() and loss > scale / 10 and s.grad.isfinite().all()


@each_of(WITH_TEMPERATURE)
@pytest.mark.parametrize("temperature", [0.1, 1.0, 20.0, 1e3])
def test_extreme_logits_at_other_temperatures(loss_of, temperature):
    s = torch.tensor([[1e4, -1e4, 0.0], [0.0, 1e4, 1e4]], requires_grad=True)
    loss = loss_of(s, torch.tensor([[-1e4, 1e4, 0.0], [1e4, 0.0, -1e4]]), temperature=temperature)
    loss.backward()
    assert loss.isfinite() and loss > 0 and s.grad.isfinite().all()


@pytest.mark.parametrize("loss_of", [soft_targets, reverse_kl, jensen_shannon])
@pytest.mark.parametrize("temperature", [50.0, 1e3, 1e5])
def test_single_precision_is_enough_at_any_temperature(loss_of, temperature):
    g = torch.Generator().manual_seed(0)
    s, t = (3 * torch.randn(64, 10, generator=g) for _ in range(2))
    found = []
    for dtype in (torch.float32, torch.float64):
        x = s.to(dtype).requires_grad_()
        loss = loss_of(x, t.to(dtype), temperature)
        found.append((loss.item(), torch.autograd.grad(loss, x)[0].double()))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-5)
    torch.testing.assert_close(found[0][1], found[1][1], rtol=1e-3, atol=1e-7)


@each_of(WITH_TEMPERATURE)
@pytest.mark.parametrize("temperature", [0.0, -1.0, math.inf, math.nan])
def test_a_temperature_out_of_range_is_named(loss_of, temperature):
    with pytest.raises(ValueError, match=rf"temperature must be a finite number > 0, got {temperature}"):
        loss_of(torch.zeros(1, 2), torch.zeros(1, 2), temperature=temperature)


@given(sizes, temperatures, seeds)
def test_without_t_squared_the_loss_is_smaller_by_just_that(shape, temperature, seed):
    def by_hand(s, t):
        return soft_targets_by_hand(s, t, temperature) / temperature**2

    agrees(partial(soft_targets, temperature=temperature, times_t_squared=False), by_hand, shape, seed)


def test_without_t_squared_the_gradient_fades_and_with_it_it_does_not():
    def gradient(temperature: float, times_t_squared: bool) -> float:
        s, t = logits((4, 6), 0, 1.0).requires_grad_(), logits((4, 6), 1, 1.0)
        soft_targets(s, t, temperature, times_t_squared=times_t_squared).backward()
        return s.grad.norm().item()

    assert gradient(100, True) == pytest.approx(gradient(50, True), rel=0.02)
    assert gradient(100, False) == pytest.approx(gradient(50, False) / 4, rel=0.02)


@settings(max_examples=20)
@given(seeds)
def test_at_a_high_temperature_each_divergence_is_its_share_of_the_variance_of_the_logit_difference(seed):
    s, t = logits((4, 6), seed, 1.0), logits((4, 6), seed + 1, 1.0)
    half_variance = 0.5 * (s - t).var(dim=1, correction=0).mean()
    for loss_of, share in ((soft_targets, 1), (reverse_kl, 1), (partial(jensen_shannon, beta=0.3), 0.3 * 0.7)):
        torch.testing.assert_close(loss_of(s, t, temperature=1e4), share * half_variance, rtol=1e-3, atol=1e-6)
    offset = (s - t).mean(1).square().mean()
    torch.testing.assert_close(logit_mse(s, t), 2 * half_variance + offset, rtol=1e-12, atol=1e-12)
