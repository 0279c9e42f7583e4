"""Two students that label examples for each other."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.distill.schemes import View, co_training, ensemble, train_each
from kdviz.distill.schemes.co_training import _surest
from kdviz.models import inference

from ..conftest import same_weights, small


@pytest.fixture(scope="module")
def whole() -> kd.data.Splits:
    """Two views that would each do: the two halves of an input are drawn apart, given the class."""
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(0, 3, (900,), generator=generator)
    centres = 2.2 * torch.eye(3)
    X = torch.cat([centres[y], centres[y]], 1) + torch.randn(900, 6, generator=generator)
    return kd.data.splits((X, y), validation=0.1, test=0.3, name="pairs")


@pytest.fixture(scope="module")
def pairs(whole) -> kd.data.Splits:
    return whole.with_labels(9, keep_unlabelled=True)


def views() -> list[nn.Module]:
    parts = (lambda x: x[:, :3], lambda x: x[:, 3:])
    return [View(part, kd.models.mlp((8,), inputs=3, classes=3, seed=k)) for k, part in enumerate(parts)]


def rounds(pairs, students=None, **more) -> tuple[kd.Distillation, ...]:
    arguments = {"rounds": 3, "per_class": 4, "epochs": 20, "learning_rate": 1e-2, "batch_size": 16} | more
    return train_each(co_training(students or views(), pairs, **arguments), progress=False, evaluate=False)


def test_labels_grow_by_what_both_were_sure_of(pairs):
    runs = rounds(pairs)
    counts = [len(run.data.train) for run in runs]
    assert counts[:2] == [9, 9] and all(run.data.train.labelled == n for run, n in zip(runs, counts, strict=True))
    for before, after in zip(counts[::2], counts[2::2], strict=False):
        assert 0 < after - before <= 2 * 3 * 4
    assert counts[::2] == counts[1::2], "both learn the same labels"


def test_each_round_begins_with_the_same_weights_and_leaves_the_students_given_alone(pairs):
    given = views()
    runs = rounds(pairs, given)
    for k, run in enumerate(runs):
        assert same_weights(run.at(0), given[k % 2]) and run.student is not given[k % 2]


def by_input(examples: kd.data.Examples) -> dict[tuple[float, ...], int]:
    return {tuple(x): y for x, y in zip(examples.x.tolist(), examples.y.tolist(), strict=True) if y >= 0}


def test_labels_given_at_the_start_stay_and_new_ones_are_mostly_right(whole, pairs):
    truth, given, told = (by_input(part) for part in (whole.train, pairs.train, rounds(pairs)[-1].data.train))
    assert given.items() <= told.items() and len(told) > len(given)
    assert sum(truth[x] == y for x, y in told.items()) / len(told) > 0.8


def test_both_together_know_more_than_at_the_start(pairs):
    runs = rounds(pairs, rounds=6)

    def right(two) -> float:
        both = ensemble(two, "geometric")
        return (inference.logits(both, pairs.test).argmax(1) == pairs.test.y).float().mean().item()

    assert right(runs[-2:]) > right(runs[:2])


def test_the_surer_of_two_has_its_way():
    x = torch.eye(3)
    a = torch.tensor([[9.0, 0, 0], [2, 0, 0], [0, 1, 0]])
    b = torch.tensor([[0, 4.0, 0], [0, 5, 0], [0, 0, 0.5]])
    models = [nn.Linear(3, 3, bias=False) for _ in range(2)]
    for model, logits in zip(models, (a, b), strict=True):
        model.weight.data = logits.T
    examples = kd.data.Examples(x, torch.full((3,), -1))
    assert _surest(models, examples, per_class=5).tolist() == [0, 1, 1]
    assert _surest(models[:1], examples, per_class=1).tolist() == [0, -1, 1]


def test_a_small_pool_is_filled_up_again(pairs):
    runs = rounds(pairs, pool=10, per_class=2, rounds=4)
    counts = [len(run.data.train) for run in runs[::2]]
    assert counts == sorted(set(counts)) and all(b - a <= 10 for a, b in pairwise(counts))


def test_when_nothing_is_left_to_label_the_rounds_go_on(pairs):
    few = kd.data.Examples(pairs.train.x[:40], pairs.train.y[:40])
    y = few.y.clone()
    y[:3] = torch.tensor([0, 1, 2])
    data = kd.data.splits(kd.data.Examples(few.x, y), classes=3, validation=pairs.validation, test=pairs.test)
    runs = rounds(data, per_class=40, rounds=3)
    assert [len(run.data.train) for run in runs[-2:]] == [40, 40]


def test_the_same_seed_repeats_all_rounds(pairs):
    a, b = (rounds(pairs, seed=2, pool=20, epochs=3) for _ in range(2))
    assert [r.data.train.fingerprint() for r in a] == [r.data.train.fingerprint() for r in b]
    assert same_weights(a[-1].student, b[-1].student)


def test_one_round_of_two_kinds_needs_no_views(clouds):
    data = kd.data.splits((clouds.train.inputs(), clouds.train.y), name="part").with_labels(9, keep_unlabelled=True)
    runs = rounds(data, [small(), small((16, 16), seed=1)], rounds=2)
    assert len(runs) == 4


def test_both_of_a_round_have_to_be_trained(pairs):
    runs = co_training(views(), pairs, epochs=1)
    next(runs).train(progress=False, evaluate=False)
    next(runs)
    with pytest.raises(ValueError, match="was not trained"):
        next(runs)


@pytest.mark.parametrize(("make", "match"), [
    (lambda pairs: co_training(views()[:1], pairs), "needs two students, got 1"),
    (lambda pairs: co_training(views(), pairs, rounds=0), "must be at least 1, got 0, 5 and None"),
    (lambda pairs: co_training(views(), (torch.randn(60, 6), torch.arange(60) % 3)), "with and without labels"),
])  # fmt: skip
def test_what_cannot_work_is_told(pairs, make, match):
    with pytest.raises(ValueError, match=match):
        make(pairs)
