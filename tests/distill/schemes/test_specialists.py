"""Specialists for confusable classes, and what they say together with the generalist."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import kdviz as kd
from kdviz.distill.evaluate import evaluate
from kdviz.distill.schemes.specialists import (
    Specialist,
    WithSpecialists,
    agreed,
    confusable_classes,
    specialists,
)
from kdviz.models import inference

from ..conftest import same_weights

NUMBERS = {"epochs": 15, "batch_size": 32, "learning_rate": 3e-3, "snapshot_every": 50}


@pytest.fixture(scope="module")
def pairs() -> kd.data.Splits:
    """Five classes: 0 beside 1, 2 beside 3, and 4 on its own; 0 is rare."""
    generator = torch.Generator().manual_seed(0)
    y = torch.cat((torch.arange(2000) % 4 + 1, torch.zeros(250, dtype=torch.int64)))
    centres = torch.tensor([[4.0, 0, 0], [4, 1.5, 0], [-4, 0, 0], [-4, 1.5, 0], [0, 0, 5]])
    x = torch.cat(
        (centres[y] + torch.randn(len(y), 3, generator=generator), torch.randn(len(y), 5, generator=generator)), 1
    )
    return kd.data.splits((x, y), validation=0.2, test=0.3, name="pairs")


@pytest.fixture(scope="module")
def generalist(pairs) -> nn.Module:
    """Knows the pairs, but was stopped before it could tell their members apart well."""
    run = kd.Distillation(None, net(0), pairs, kd.HardLabels(), epochs=2, learning_rate=3e-3)
    return run.train(progress=False, evaluate=False).student.eval().requires_grad_(False)


def net(seed: int) -> nn.Module:
    return kd.models.mlp((16,), inputs=8, classes=5, seed=seed)


def test_confusable_classes_are_found(pairs):
    run = kd.Distillation(None, net(0), pairs, kd.HardLabels(), epochs=8, learning_rate=1e-2)
    learned = run.train(progress=False, evaluate=False).student
    for seed in (0, 9):
        assert confusable_classes(learned, pairs.validation, 3, seed=seed) == ((0, 1), (2, 3))  # 4 is on its own


def test_a_specialist_begins_as_the_generalist_at_the_odds_of_its_examples(generalist, pairs):
    run = next(specialists(generalist, pairs, [(0, 1)], **NUMBERS))
    x = pairs.test.inputs()
    p = torch.softmax(generalist(x).double(), 1)
    natural = torch.stack((p[:, 0], p[:, 1], p[:, 2:].sum(1)), 1)
    torch.testing.assert_close(torch.softmax(run.student.eval().natural(x).double(), 1), natural, atol=1e-6, rtol=1e-4)
    rest = int((pairs.train.y > 1).sum()) / int((run.data.train.y == 2).sum())  # how much rarer the others became
    lowered = natural * torch.tensor([1, 1, 1 / rest])
    seen = torch.softmax(run.student(x).double(), 1)
    torch.testing.assert_close(seen, lowered / lowered.sum(1, keepdim=True), atol=1e-6, rtol=1e-4)
    assert torch.equal(run.teacher(x), run.student(x))


def test_a_specialist_sees_its_classes_and_equally_many_others(generalist, pairs):
    run = next(specialists(generalist, pairs, [("3", 2)], **NUMBERS))
    assert run.data.classes == ("2", "3", "any other")
    for part in ("train", "validation", "test"):
        whole, seen = getattr(pairs, part), getattr(run.data, part)
        counts = torch.bincount(seen.y, minlength=3).tolist()
        assert counts[0] == int((whole.y == 2).sum()) and counts[1] == int((whole.y == 3).sum())
        assert counts[2] == counts[0] + counts[1]
        there = {tuple(row): label for row, label in zip(whole.x.tolist(), whole.y.tolist(), strict=True)}
        relabelled = {0: {2}, 1: {3}, 2: {0, 1, 4}}
        assert all(there[tuple(r)] in relabelled[y] for r, y in zip(seen.x.tolist(), seen.y.tolist(), strict=True))


def test_all_others_are_taken_where_there_are_fewer_and_the_odds_say_so(generalist, pairs):
    run = next(specialists(generalist, pairs, [(1, 2, 3, 4)], **NUMBERS))
    assert int((run.data.train.y == 4).sum()) == int((pairs.train.y == 0).sum())
    assert run.student.oversampled == 0.0


def test_specialists_mend_what_the_generalist_confuses(generalist, pairs):
    """Each gets better at its classes, and the whole does; the generalist stays as it was."""
    before = {name: tensor.clone() for name, tensor in generalist.state_dict().items()}
    runs = [run.train(progress=False, evaluate=False) for run in specialists(generalist, pairs, count=3, **NUMBERS)]
    assert len(runs) == 2
    for run in runs:
        errors = [evaluate(m, run.data.test, step=0, split="test").errors for m in (run.at(0), run.student)]
        assert errors[1] < errors[0]
    alone, together = (
        evaluate(m, pairs.test, step=0, split="test") for m in (generalist, WithSpecialists(generalist, runs))
    )
    assert together.errors < alone.errors and together.nll < alone.nll
    assert all(torch.equal(tensor, before[name]) for name, tensor in generalist.state_dict().items())


def test_the_answer_is_the_minimum_of_the_sum_of_divergences():
    """Against gradient descent on z with q = softmax(z), as the paper has it, and against the formula itself."""
    generator = torch.Generator().manual_seed(0)
    p = torch.softmax(2 * torch.randn(4, 6, generator=generator), 1).double()
    windows = [[0, 1, 2], [2, 3]]  # they may overlap
    said, asked = [], torch.tensor([[True, True], [True, False], [False, True], [False, False]])
    for window in windows:
        part = torch.tensor([window.index(c) if c in window else len(window) for c in range(6)])
        said.append((part, torch.softmax(torch.randn(4, len(window) + 1, generator=generator), 1).double()))

    def total(q: torch.Tensor, row: int) -> torch.Tensor:
        divergence = sum(p[row, c] * (p[row, c] / q[c]).log() for c in range(6))
        for m, (window, (_, p_m)) in enumerate(zip(windows, said, strict=True)):
            if asked[row, m]:
                groups = [[c] for c in window] + [[c for c in range(6) if c not in window]]
                for given, group in zip(p_m[row], groups, strict=True):
                    divergence = divergence + given * (given / sum(q[c] for c in group)).log()
        return divergence

    found = agreed(p, said, asked)
    for row in range(4):
        z = torch.zeros(6, dtype=torch.float64, requires_grad=True)
        descent = torch.optim.LBFGS([z], max_iter=200, tolerance_grad=1e-12, tolerance_change=1e-15)

        def closure(z=z, row=row, descent=descent):
            descent.zero_grad()
            loss = total(torch.softmax(z, 0), row)
            loss.backward()
            return loss

        descent.step(closure)
        torch.testing.assert_close(found[row], torch.softmax(z.detach(), 0), atol=1e-6, rtol=0)
    assert torch.equal(found[3], p[3])  # nobody asked
    torch.testing.assert_close(found.sum(1), torch.ones(4, dtype=torch.float64))


def test_answers_that_rule_each_other_out_are_joined_all_the_same():
    p = torch.tensor([[1.0, 0.0, 0.0]], dtype=torch.float64)
    said = [(torch.tensor([0, 1, 2]), torch.tensor([[0.0, 1.0, 0.0]], dtype=torch.float64))]
    q = agreed(p, said, torch.tensor([[True]]))
    assert bool(q.isfinite().all()) and q[0, 0] == 0.5


def test_only_specialists_for_what_the_generalist_finds_likely_are_asked(pairs):
    class Fixed(nn.Module):
        def forward(self, x):
            return x[:, :5]

    together = WithSpecialists(Fixed(), [Specialist(Fixed(), s, 5) for s in [(0, 1), (2, 3)]])
    z = torch.tensor([[9.0, 0, 0, 0, 1], [0, 0, 0, 9, 8], [0, 0, 0, 0, 9], [9.0, 0, 8, 0, 1]])
    assert together.asked(z).tolist() == [[True, False], [False, True], [False, False], [True, False]]
    together.chosen = 2
    assert together.asked(z)[3].tolist() == [True, True]
    torch.testing.assert_close(together(z).softmax(1)[2], z[2].softmax(0))  # nobody asked: the generalist's own


def test_specialists_that_have_learned_nothing_change_nothing(generalist, pairs):
    """They say what the generalist says, at natural odds, whatever the odds of their examples."""
    learned = [run.student for run in specialists(generalist, pairs, [(0, 1), (2, 3)], **NUMBERS)]
    assert all(specialist.oversampled > 0.1 for specialist in learned)
    x = pairs.test.inputs()
    together = WithSpecialists(generalist, learned, chosen=3)
    torch.testing.assert_close(together(x).softmax(1), generalist(x).softmax(1), atol=1e-5, rtol=1e-4)


def test_all_together_can_teach_one_student(generalist, pairs):
    runs = [run.train(progress=False, epochs=1) for run in specialists(generalist, pairs, [(0, 1), (2, 3)], **NUMBERS)]
    together = WithSpecialists(generalist, runs)
    run = kd.Distillation(together, net(4), pairs, epochs=1).train(progress=False)
    assert torch.equal(run.teacher_logits(), inference.logits(together, pairs.train))


def test_a_run_is_repeatable_and_can_be_branched_and_saved(generalist, pairs, tmp_path):
    def make():
        return next(specialists(generalist, pairs, [(0, 1)], **NUMBERS | {"epochs": 2, "snapshot_every": 7}))

    run = make().train(progress=False)
    assert same_weights(make().train(progress=False).student, run.student)
    assert same_weights(run.branch(9).train(progress=False).student, run.student)
    run.save(tmp_path)
    with pytest.raises(ValueError, match="of your own"):
        kd.Distillation.load(tmp_path, data=run.data)
    other = make()
    loaded = kd.Distillation.load(tmp_path, data=other.data, teacher=other.teacher, student=other.student)
    assert same_weights(loaded.student, run.student)


def test_a_frozen_generalist_gives_specialists_that_learn(generalist, pairs):
    run = next(specialists(generalist, pairs, [(0, 1)], **NUMBERS))
    assert not any(p.requires_grad for p in generalist.parameters())
    assert all(p.requires_grad for p in run.student.parameters())
    assert not any(p.requires_grad for p in run.teacher.module.parameters())


def test_examples_without_a_label_are_left_out(generalist, pairs):
    few = pairs.with_labels(100, keep_unlabelled=True)
    run = next(specialists(generalist, few, [(2, 3)], **NUMBERS))
    assert (
        len(run.data.train) == run.data.train.labelled == 2 * int(torch.isin(few.train.y, torch.tensor([2, 3])).sum())
    )


@pytest.mark.parametrize(
    ("special", "message"),
    [
        ([(2,)], "at least 2 classes apart"),
        ([(2, 2)], "at least 2 classes apart"),
        ([range(5)], "leaves out at least 1 of 5"),
        ([(0, 7)], "an index below 5 or a name"),
    ],
)
def test_windows_that_make_no_sense_are_refused(generalist, pairs, special, message):
    with pytest.raises(ValueError, match=message):
        next(specialists(generalist, pairs, special))


def test_other_numbers_out_of_range_are_refused(generalist, pairs):
    with pytest.raises(ValueError, match=r"count must lie in 2 \.\.\. 5"):
        confusable_classes(generalist, pairs.validation, 6)
    with pytest.raises(ValueError, match="temperature must be a finite number > 0"):
        confusable_classes(generalist, pairs.validation, 2, temperature=math.inf)
    with pytest.raises(ValueError, match="chosen must be at least 1"):
        WithSpecialists(generalist, [], chosen=0)
    with pytest.raises(TypeError, match=r"expected runs of kd\.schemes\.specialists, got a Network"):
        WithSpecialists(generalist, [generalist])


def test_clusters_are_the_best_of_all_partitions():
    """k-means on few points against every way to part them in two."""
    from kdviz.distill.schemes.specialists import _k_means

    points = torch.randn(7, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)

    def cost(of: torch.Tensor) -> float:
        return sum(float(((points[of == k] - points[of == k].mean(0)) ** 2).sum()) for k in (0, 1) if (of == k).any())

    best = min(cost(torch.tensor(of)) for of in itertools.product((0, 1), repeat=7))
    assert cost(_k_means(points, 2, torch.Generator().manual_seed(0))) == pytest.approx(best)
    assert F.one_hot(_k_means(points, 7, torch.Generator().manual_seed(0))).sum(0).max() == 1
