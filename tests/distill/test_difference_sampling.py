"""Of a transfer set, the texts that a teacher finds likely and a small model does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import kdviz as kd
from kdviz.distill import difference_sampled
from kdviz.distill.per_sequence import per_sequence

from .small_text import Causal, taught, text


def test_what_the_teacher_knows_is_kept_and_noise_goes():
    data, teacher = text(120), taught(epochs=40)
    noise = torch.randint(0, 5, data.train.x.shape, generator=torch.Generator().manual_seed(1))
    even = torch.arange(len(noise)) % 2 == 0
    x = torch.where(even[:, None], data.train.x, noise)
    y = torch.where(even[:, None] | (data.train.y < 0), data.train.y, noise.roll(-1, 1))
    data = replace(data, train=kd.data.Examples(x, y))
    reference = Causal(4).eval()
    half = difference_sampled(data, teacher, reference, 0.5)
    assert len(half.train) == 20 and half.name == "text-chosen" and half.test is data.test
    kept = {tuple(row) for row in half.train.x.tolist()}
    assert sum(tuple(row) in kept for row in x[even].tolist()) >= 18
    a, b = (per_sequence(model, data.train) for model in (teacher, reference))
    gained = ((b.nll - a.nll) / a.tokens).tolist()
    best = sorted(range(40), key=lambda i: -gained[i])[:20]
    assert half.train.x.tolist() == x[sorted(best)].tolist()
    assert difference_sampled(data, teacher, reference, 1.0).train.y.tolist() == y.tolist()
    with pytest.raises(ValueError, match=r"share must lie in \(0, 1\], got 0"):
        difference_sampled(data, teacher, reference, 0)


def test_the_share_is_counted_exactly_and_what_neither_model_can_write_goes_first():
    data = text(150)  # 50 to learn from

    class Without(Causal):
        def forward(self, ids):
            return super().forward(ids).index_fill(-1, torch.tensor([3]), -torch.inf)

    teacher, reference = Without(seed=1).eval(), Without(seed=2).eval()
    chosen = difference_sampled(data, teacher, reference, 0.14)
    assert len(chosen.train) == 7  # 0.14 · 50 is 7.000000000000001 to a computer
    assert not bool((chosen.train.y == 3).any()) and bool((data.train.y == 3).any())
