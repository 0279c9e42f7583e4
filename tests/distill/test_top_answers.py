"""A teacher of whom the most likely symbols are kept."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.distill import top_answers

from .small_text import SYMBOLS, Causal, by_name, taught, text


def test_the_kept_are_exact_and_the_others_share_what_is_left():
    data, teacher = text(), Causal(24, seed=3).eval()
    T, k = 2.0, 3
    kept = top_answers(teacher, data, k, temperature=T)
    x = data.train.x[[5, 2, 11]]
    p, q = (model(x).double().div(T).softmax(-1) for model in (teacher, kept))
    for row in zip(p.flatten(0, 1).tolist(), q.flatten(0, 1).tolist(), strict=True):
        order = sorted(range(SYMBOLS), key=lambda c: -row[0][c])
        for c in order[:k]:
            assert row[1][c] == pytest.approx(row[0][c], rel=1e-5)
        left = sum(row[0][c] for c in order[k:])
        assert [row[1][c] for c in order[k:]] == pytest.approx([left / (SYMBOLS - k)] * (SYMBOLS - k), rel=1e-5)
    cut = top_answers(teacher, data, k, tail="cut")(x).softmax(-1)
    assert int((cut > 0).sum()) == 3 * 8 * k and cut.sum(-1).allclose(torch.ones(()))
    assert torch.equal(top_answers(teacher, data, SYMBOLS)(x), teacher(x))
    assert kept.bytes_kept == 20 * 8 * (8 * k + 4)


def test_the_tail_is_too_heavy_above_its_temperature_and_too_light_below():
    data, teacher = text(), Causal(24, seed=3).eval()
    kept, x = top_answers(teacher, data, 2), data.train.x
    order = teacher(x).argsort(-1, descending=True)[..., 2:]
    masses = [[m(x).div(T).softmax(-1).gather(-1, order).sum(-1) for m in (kept, teacher)] for T in (4.0, 0.5)]
    (hot, hot_true), (cold, cold_true) = masses
    assert bool((hot >= hot_true - 1e-6).all()) and bool((cold <= cold_true + 1e-6).all())
    assert (hot - hot_true).mean().item() > 0


def test_it_teaches_as_the_teacher_itself_does_where_it_keeps_all_and_not_much_worse_where_it_does_not():
    data, teacher = text(240), taught(epochs=10)
    runs = []
    for tutor in (teacher, top_answers(teacher, data, SYMBOLS), top_answers(teacher, data, 3)):
        run = kd.Distillation(tutor, Causal(), data, 1.0 * kd.SoftTargets(1.0), epochs=15, learning_rate=1e-2)
        runs.append(run.train(progress=False))
    assert np.array_equal(runs[0].history.rows, runs[1].history.rows)
    assert runs[1].evaluate("validation").agreement is None  # it knows the transfer set alone
    losses = [kd.measure.sequences(run.student, data).bits.value for run in runs]
    assert losses[2] - losses[0] < 0.1 < math.log2(SYMBOLS) - losses[0]


def test_it_knows_its_own_texts_alone_by_name_too():
    data, teacher = text(), Causal(24).eval()
    kept = top_answers(teacher, data, 2)
    assert kept.knows(by_name(data).train) and not kept.knows(data.test)
    assert torch.equal(kept(by_name(data).train.inputs()), kept(data.train.x))
    with pytest.raises(ValueError, match="by its answers to 20 texts alone and 1 of the 2 it is asked about"):
        kept(torch.stack((data.train.x[0], data.train.x[0].flip(0))))
    with pytest.raises(ValueError, match=r"k must lie in 1 ... 7, the symbols of the vocabulary, got 9"):
        top_answers(teacher, data, 9)
    with pytest.raises(ValueError, match='tail must be "spread" or "cut"'):
        top_answers(teacher, data, 2, tail="none")
    run = kd.Distillation(kept, Causal(), data, kd.OnPolicy(own=0.0))
    run.edit(own=1.0)
    with pytest.raises(ValueError, match="cannot process its input: this teacher is known by its answers"):
        run.step()
