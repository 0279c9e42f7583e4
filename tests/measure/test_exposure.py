"""Exposure bias: a student's error on its own text against that on given text."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.distill.own_text import prompt_lengths, writer, written

from ..distill.small_text import END, Causal, taught, text


def test_the_numbers_are_those_of_a_plain_loop():
    data, teacher, student = text(30), taught(epochs=10), Causal(seed=2).eval()
    found = kd.measure.exposure(student, teacher, data, end=END, seed=4)
    x, y = data.test.x, data.test.y
    own = written(writer(student, 4, end=END), x, y, end=END)
    sums = {}
    for name, (ids, labels) in {"given": (x, y), "own": own}.items():
        kl, nll, n = (np.zeros(9) for _ in range(3))
        for i, row in enumerate(ids):
            first = int(prompt_lengths(y[i : i + 1])) - 1
            for t in range(first, 8):
                if labels[i, t] >= 0:
                    p, q = (m(row[None, : t + 1])[0, -1].double().softmax(0).tolist() for m in (teacher, student))
                    kl[t - first] += sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))
                    nll[t - first] -= math.log(p[labels[i, t]])
                    n[t - first] += 1
        sums[name] = (kl, nll, n)
        long = len(found.length)
        assert getattr(found, name) == pytest.approx((kl / np.maximum(n, 1))[:long], rel=1e-4)
        assert getattr(found, f"{name}_nll") == pytest.approx((nll / np.maximum(n, 1))[:long], rel=1e-4)
    (kl, _, n), (kl_own, _, n_own) = sums["given"], sums["own"]
    assert found.counts.tolist() == n[:long].tolist() and found.own_counts.tolist() == n_own[:long].tolist()
    assert found.excess == pytest.approx((kl_own.sum() / n_own.sum()) / (kl.sum() / n.sum()) - 1, rel=1e-4)
    assert found.low < found.excess < found.high and found.n == 10
    assert list(found.frame().columns)[:2] == ["given", "own"] and "sequences" in str(found)


class Lost(nn.Module):
    """Right as long as its text is: after a symbol that is not its forerunner's successor it knows nothing."""

    def __init__(self, sure: float) -> None:
        super().__init__()
        self.sure = nn.Parameter(torch.tensor(sure))

    def forward(self, ids):
        right = nn.functional.one_hot((ids + 1) % 7, 7) * 3.0
        off = torch.zeros_like(ids, dtype=torch.bool)
        off[:, 1:] = ids[:, 1:] != (ids[:, :-1] + 1) % 7
        off = off.cumsum(1)[..., None] > 0
        return torch.where(off, -self.sure * right, right)


def test_a_student_that_never_recovers_from_its_own_mistakes_has_it_and_one_that_does_has_none():
    ids = (torch.arange(60)[:, None] + torch.arange(10)) % 7
    data = kd.data.Examples(ids[:, :-1].contiguous(), ids[:, 1:].contiguous())
    teacher = Lost(-1.0).eval()  # right whatever it reads
    lost = kd.measure.exposure(Lost(1.0).eval(), teacher, data)
    assert lost.low > 1 and lost.own[-1] > 2 * lost.own[1] and lost.given == pytest.approx(0, abs=1e-6)
    smooth = Soft().eval()
    fine = kd.measure.exposure(smooth, teacher, data)
    assert fine.excess == pytest.approx(0, abs=1e-5) and fine.low <= 0 <= fine.high + 1e-9


class Soft(nn.Module):
    """Equally unsure whatever it reads."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1.5))

    def forward(self, ids):
        return nn.functional.one_hot((ids + 1) % 7, 7) * self.scale


def test_the_seed_fixes_it_and_what_cannot_be_is_said_in_a_sentence():
    data, teacher, student = text(30), Causal(24).eval(), Causal(seed=2).eval()
    first, again, other = (kd.measure.exposure(student, teacher, data, seed=seed) for seed in (0, 0, 1))
    assert first.excess == again.excess != other.excess
    with pytest.raises(ValueError, match="must have one vocabulary"):
        kd.measure.exposure(student, Causal(symbols=9).eval(), data)
    with pytest.raises(ValueError, match=r"labels must have shape \(examples, tokens\)"):
        kd.measure.exposure(student, teacher, kd.data.Examples(data.test.x, torch.zeros(10).long()))
    with pytest.raises(kd.distill.Cancelled):
        kd.measure.exposure(student, teacher, data, progress=lambda *_: False)


def test_a_student_without_error_has_no_excess_and_a_single_sequence_has_no_interval():
    data, teacher = text(30), Causal(seed=2).eval()
    found = kd.measure.exposure(teacher, teacher, data)
    assert (found.excess, found.low, found.high) == (0.0, 0.0, 0.0)
    one = kd.measure.exposure(Causal().eval(), teacher, data.test.take(torch.tensor([0])))
    assert math.isfinite(one.excess) and math.isnan(one.low) and math.isnan(one.high)
