"""Lesson 5: its exercises tell right from wrong, and its truths are those of the runs."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from kdviz import data
from kdviz.lessons.course.labels import LABELS, PICTURES, SETS, SIZES, FewLabels


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return FewLabels(folder=tmp_path_factory.mktemp("answers"))


@pytest.fixture(scope="module")
def few(lesson):
    return lesson.digits.with_labels(LABELS)


@pytest.mark.parametrize(
    ("epochs_for", "named"),
    [
        (lambda n, steps, batch: steps // math.ceil(n / batch), ""),
        (lambda n, steps, batch: steps // (n // batch), "round up"),
        (lambda n, steps, batch: steps * batch / n, "batches are full"),
        (lambda n, steps, batch: steps, "You return the steps"),
        (lambda n, steps, batch: float(steps // math.ceil(n / batch)), "whole"),
        (lambda n, steps, batch: 7, "steps an epoch"),
    ],
)
def test_epochs_at_an_equal_budget(lesson, epochs_for, named):
    found = lesson.check("epochs", epochs_for)
    assert bool(found) == (not named)
    assert not named or named in found.sentences[0]


def noise(count=PICTURES):
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 1, 28, 28), dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize(
    ("made", "named"),
    [
        (lambda few, clothes: data.mixed_in(few, clothes, count=PICTURES), ""),
        (lambda few, clothes: data.mixed_in(few, clothes, count=500), "5,000 in all"),
        (lambda few, clothes: data.mixed_in(clothes.with_labels(LABELS), few.test, count=PICTURES), "test part"),
        (lambda few, clothes: data.mixed_in(few, few.test, count=PICTURES), "look like digits"),
        (lambda few, clothes: data.with_more(few, noise(), "noise"), "look like noise"),
        (lambda few, clothes: labelled(few, clothes), "have a label"),
        (lambda few, clothes: dataclasses.replace(few, train=clothes.train.take(slice(0, 100))), "Only 100"),
        (lambda few, clothes: few.train, "mixed_in returns"),
    ],
)
def test_garments_beside_the_labelled_digits(lesson, few, made, named):
    found = lesson.check("mixed", made(few, data.fashion_mnist()))
    assert bool(found) == (not named)
    assert not named or named in found.sentences[0]


def labelled(few, clothes):
    more = data.mixed_in(few, clothes, count=PICTURES)
    return dataclasses.replace(more, train=dataclasses.replace(more.train, y=more.train.y.clamp(min=0)))


def trade(e, other, p, s, random, *, own=False, old=True, shared=True, wide=1.0):
    traded = random.random_sample(len(e)) < p
    also = traded if shared else random.random_sample(len(e)) < p
    sd = wide * np.abs(e - other) / s
    a = np.where(traded, (e if own else other) + sd * random.standard_normal(len(e)), e)
    around = (other if own else e) if old else a
    return a, np.where(also, around + sd * random.standard_normal(len(e)), other)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({}, ""),
        ({"own": True}, "around the other's"),
        ({"old": False}, "Keep the old ones"),
        ({"shared": False}, "by both or by neither"),
        ({"wide": 3.0}, "3 times"),
    ],
)
def test_one_trade_of_munge(lesson, wrong, named):
    found = lesson.check("trade", lambda *a: trade(*a, **wrong))
    assert bool(found) == (not named)
    assert not named or named in found.sentences[0]


def test_a_trade_that_always_happens_or_gives_one_example(lesson):
    assert "p = 0" in lesson.check("trade", lambda e, o, p, s, random: trade(e, o, 1.0, s, random)).sentences[0]
    assert "both" in lesson.check("trade", lambda e, o, p, s, random: e).sentences[0]


def test_runs_tell_what_came(lesson):
    lesson.answer("beside", [1000.0] * len(SETS))
    assert lesson.see("beside", [1000.0, 1000.0, 1000.0, 1000.0, 500.0]).distance == pytest.approx(100)
    lesson.answer("amount", [1000.0] * len(SIZES))
    assert lesson.see("amount", [1000.0, 1000.0, 1000.0, 500.0]).distance == pytest.approx(2 ** (1 / 4))
    for name in ("unlabelled", "clothes_alone"):
        lesson.answer(name, 600)
        assert lesson.see(name, 700).right


def test_a_budget_in_epochs(lesson):
    steps_an_epoch = len(torch.arange(LABELS + PICTURES).split(128))
    assert lesson.part("budget").right * steps_an_epoch == 1200
