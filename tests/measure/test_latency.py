"""Latency of a model's answer."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from kdviz.measure import latency
from kdviz.measure.latency import latency_ms, shortest


def test_it_is_the_median_in_milliseconds_without_the_first_passes(monkeypatch):
    ticks = iter([9, 9, 9, 0, 0.004, 0, 0.002, 0, 0.5])  # a first pass is begun and not timed
    monkeypatch.setattr(latency, "time", SimpleNamespace(perf_counter=lambda: next(ticks)))
    assert latency_ms(nn.Linear(2, 2), torch.zeros(1, 2), repeats=3) == pytest.approx(4)


def test_the_quickest_of_a_few_calls_counts_and_the_first_is_not_timed(monkeypatch):
    ticks, calls = iter([0, 0.5, 1, 1.25, 2, 2.75]), []
    monkeypatch.setattr(latency, "time", SimpleNamespace(perf_counter=lambda: next(ticks)))
    assert shortest(lambda: calls.append(1)) == 0.25 and len(calls) == 4


def test_the_model_is_asked_in_eval_mode_and_left_as_it_was():
    modes = []

    class Seen(nn.Module):
        def forward(self, x):
            modes.append((self.training, torch.is_grad_enabled()))
            return x

    model = Seen().train()
    latency_ms(model, torch.zeros(1), repeats=2)
    assert set(modes) == {(False, False)} and model.training


def test_no_repeat_is_refused():
    with pytest.raises(ValueError, match="repeats must be at least 1, got 0"):
        latency_ms(nn.Linear(2, 2), torch.zeros(1, 2), repeats=0)
