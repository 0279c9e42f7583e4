"""Losses on text beside the published reference losses, written out again, where these agree; and where they do not."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from kdviz.losses import jensen_shannon, reverse_kl, soft_targets


def text(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    g = torch.Generator().manual_seed(0)
    s, t = (3 * torch.randn(4, 6, 11, generator=g, dtype=torch.float64).to(dtype) for _ in range(2))
    labels = torch.randint(0, 11, (4, 6), generator=g)
    labels[0, 3:], labels[2, :2], labels[3] = -100, -100, -100  # padding, a prompt, nothing at all
    return s.requires_grad_(), t, labels


def trl(s: Tensor, t: Tensor, labels: Tensor, beta: float, temperature: float) -> Tensor:
    """``GKDTrainer.generalized_jsd_loss`` of TRL, with its reduction "batchmean"."""
    log_q, log_p = F.log_softmax(s / temperature, -1), F.log_softmax(t / temperature, -1)
    if beta == 0:
        each = F.kl_div(log_q, log_p, reduction="none", log_target=True)
    elif beta == 1:
        each = F.kl_div(log_p, log_q, reduction="none", log_target=True)
    else:
        b = torch.tensor(beta, dtype=s.dtype)
        mixture = torch.logsumexp(torch.stack([log_q + torch.log1p(-b), log_p + torch.log(b)]), dim=0)
        of_teacher = F.kl_div(mixture, log_p, reduction="none", log_target=True)
        of_student = F.kl_div(mixture, log_q, reduction="none", log_target=True)
        each = b * of_teacher + (1 - b) * of_student
    mask = labels != -100
    return each[mask].sum() / mask.sum()


def minillm_finetuning(s: Tensor, t: Tensor, labels: Tensor) -> Tensor:
    """``get_distil_loss`` of MiniLLM's code, its word-level baseline: a cross-entropy over the tokens that count."""
    p, log_q = F.softmax(t, dim=-1, dtype=torch.float32), F.log_softmax(s, dim=-1, dtype=torch.float32)
    x = torch.masked_fill(p * log_q, torch.isinf(s), 0).sum(-1).view(-1)
    mask = (labels != -100).int()
    return -torch.sum(x * mask.view(-1), dim=0) / torch.sum(mask.view(-1), dim=0)


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
