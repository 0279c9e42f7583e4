"""Lesson 9: its checks tell wrong answers apart, and agree with what the engine computes."""

import math
from itertools import combinations

import pytest
import torch
import torch.nn.functional as F

import kdviz as kd
from kdviz.lessons import begin


@pytest.fixture
def lesson(tmp_path):
    return begin("peers", folder=tmp_path)


def mutual_loss(z, y, *, over=None, turned=False, hard=1.0, held=True):
    found = []
    for k, own in enumerate(z):
        others = [other.detach() if held else other for j, other in enumerate(z) if j != k]
        kl = [
            F.kl_div(*((other, own) if turned else (own, other)), reduction="batchmean", log_target=True)
            for own, other in [(own.log_softmax(-1), other.log_softmax(-1)) for other in others]
        ]
        found.append(hard * F.cross_entropy(own, y) + sum(kl) / (over or len(others)))
    return torch.stack(found)


def disagreement(z):
    first = z.argmax(-1)
    pairs = list(combinations(range(len(z)), 2))
    return sum((first[a] != first[b]).double().mean() for a, b in pairs) / len(pairs)


def cycles(step, steps, n, start):
    length = steps / n
    return start / 2 * (1 + math.cos(math.pi * (step % length) / length))


RIGHT = {"mutual_loss": mutual_loss, "disagreement": disagreement, "cycles": cycles}
WRONG = {
    "mutual_loss": [
        lambda z, y: mutual_loss(z, y, over=1),
        lambda z, y: mutual_loss(z, y, over=3),
        lambda z, y: mutual_loss(z, y, turned=True),
        lambda z, y: mutual_loss(z, y, hard=0),
        lambda z, y: mutual_loss(z, y, over=1e12),
        lambda z, y: mutual_loss(z, y, held=False),
    ],
    "disagreement": [
        lambda z: (z.argmax(-1) != z.argmax(-1)[0]).any(0).double().mean(),
        lambda z: (z.argmax(-1)[:, None] != z.argmax(-1)[None]).double().mean(),
        lambda z: 4 * disagreement(z),
        lambda z: 3 * disagreement(z),
        lambda z: 1 - disagreement(z),
    ],
    "cycles": [
        lambda step, steps, n, start: start / 2 * (1 + math.cos(math.pi * step / steps)),
        lambda step, steps, n, start: start * (1 - step % (steps // n) / (steps // n)),
        lambda step, steps, n, start: start / 2 * (1 - math.cos(math.pi * (step % 100) / 100)),
        lambda step, steps, n, start: start / 2 * (1 + math.cos(2 * math.pi * (step % 100) / 100)),
    ],
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_answer_passes_and_each_wrong_one_hears_why(lesson, name):
    assert lesson.check(name, RIGHT[name])
    said = [lesson.check(name, wrong).sentences for wrong in WRONG[name]]
    assert all(said) and len(set(said)) == len(WRONG[name]), said


def test_the_loss_asked_for_is_that_of_a_run():
    X, y = torch.randn(60, 4), torch.arange(60) % 3
    students = [kd.models.mlp((8,), inputs=4, classes=3, seed=seed) for seed in range(3)]
    run = kd.schemes.mutual_learning(students, (X, y), batch_size=len(kd.data.splits((X, y)).train))
    train = run.data.train
    with torch.no_grad():
        z = torch.stack([one(train.inputs()) for one in students])
    expected = float(mutual_loss(z, train.y)[0])
    terms = run.step().terms
    assert float(terms["hard"] + terms["mutual"]) == pytest.approx(expected, rel=1e-4)


def test_what_a_run_brings_is_given_later(lesson):
    for name, truth in (("gain", [1100] * 5), ("apart", [700] * 3), ("together", [1000] * 3), ("exits", [1200] * 3)):
        assert not lesson.part(name).known
        lesson.see(name, truth)
        assert lesson.part(name).reply(truth).distance == 0
    assert lesson.part("new").reply(["A teacher trained on more data"]).right
    assert lesson.part("order").reply(lesson.part("order").items).right
