"""Losses on text beside what published trainers compute, written out from their formulas; and where they differ."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from kdviz.losses import jensen_shannon, reverse_kl, soft_targets


def text(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    g = torch.Generator().manual_seed(0)
    s, t = (3 * torch.randn(4, 6, 11, generator=g, dtype=torch.float64).to(dtype) for _ in range(2))
    labels = torch.randint(0, 11, (4, 6), generator=g)
    labels[0, 3:], labels[2, :2], labels[3] = -100, -100, -100  # padding, a prompt, nothing at all
    return s.requires_grad_(), t, labels


def kl(p: Tensor, q: Tensor) -> Tensor:
    return (p * (p / q).log()).sum(-1)


def trl(s: Tensor, t: Tensor, labels: Tensor, beta: float, temperature: float) -> Tensor:
    """What TRL's ``GKDTrainer`` computes: a mean over all tokens with a label, no T², and KLs at β = 0 and 1."""
    q, p = (s / temperature).softmax(-1), (t / temperature).softmax(-1)
    if beta in (0, 1):
        each = kl(q, p) if beta else kl(p, q)
    else:
        m = beta * p + (1 - beta) * q
        each = beta * kl(p, m) + (1 - beta) * kl(q, m)
    return each[labels != -100].mean()


def minillm_finetuning(s: Tensor, t: Tensor, labels: Tensor) -> Tensor:
    """What MiniLLM's code has for its word-level baseline: a cross-entropy, a mean over all tokens with a label."""
    return -(t.softmax(-1) * s.log_softmax(-1)).sum(-1)[labels != -100].mean()


@pytest.mark.parametrize(("beta", "temperature"), [(0.0, 1.0), (0.1, 1.0), (0.5, 0.9), (0.9, 2.0), (1.0, 3.0)])
def test_divergences_are_those_of_trl_times_t_squared(beta, temperature):
    s, t, labels = text()
    mask = labels != -100
    if beta == 0:
        ours = soft_targets(s, t, temperature, mask=mask)
    elif beta == 1:
        ours = reverse_kl(s, t, temperature, mask=mask)
    else:
        ours = jensen_shannon(s, t, temperature, beta, mask=mask)
    theirs = temperature**2 * trl(s, t, labels, beta, temperature)
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=0)
    gradients = [torch.autograd.grad(loss, s)[0] for loss in (ours, theirs)]
    torch.testing.assert_close(*gradients, rtol=1e-7, atol=1e-12)
    assert not gradients[0][3].any() and not gradients[0][0, 3:].any()


def test_trl_jumps_where_beta_reaches_an_end_and_ours_is_not_defined_there():
    s, t, labels = text()
    assert trl(s, t, labels, 0.01, 1.0) < 0.05 * trl(s, t, labels, 0.0, 1.0)
    with pytest.raises(ValueError, match=r"beta must lie in \(0, 1\)"):
        jensen_shannon(s, t, 1.0, 0.0)


def test_the_gradient_is_that_of_minillms_word_level_loss_and_the_value_lacks_the_teachers_entropy():
    s, t, labels = text(torch.float32)
    mask = labels != -100
    ours, theirs = soft_targets(s, t, 1.0, mask=mask), minillm_finetuning(s, t, labels)
    gradients = [torch.autograd.grad(loss, s)[0] for loss in (ours, theirs)]
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-7)
    entropy = -(t.softmax(-1) * t.log_softmax(-1)).sum(-1)[mask].mean()
    torch.testing.assert_close(theirs - ours, entropy, rtol=1e-4, atol=1e-6)
