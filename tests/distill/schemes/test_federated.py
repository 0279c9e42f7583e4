"""Clients teach one another by logits on public examples, and by nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

import kdviz as kd
from kdviz.distill import Teacher
from kdviz.distill.evaluate import evaluate
from kdviz.distill.schemes.federated import (
    RecordedAnswers,
    consensus,
    federated,
    final_runs,
    private_parts,
)
from kdviz.models import inference

from ..conftest import same_weights, small

NUMBERS = {"first_epochs": 4, "digest_epochs": 4, "batch_size": 32, "learning_rate": 1e-2, "snapshot_every": 7}


@pytest.fixture(scope="module")
def blobs() -> kd.data.Splits:
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(1500) % 3
    x = 2.5 * F.one_hot(y, 4) + torch.randn(1500, 4, generator=generator)
    return kd.data.splits((x, y), validation=0.1, test=0.2, name="blobs")


@pytest.fixture(scope="module")
def public() -> torch.Tensor:
    return 2 * torch.randn(300, 4, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def one_class_each(blobs) -> list[kd.data.Splits]:
    """Three clients, each of whom knows two classes of three."""
    parts = private_parts(blobs, 3)
    return [without(part, label) for label, part in enumerate(parts)]


def without(part: kd.data.Splits, label: int) -> kd.data.Splits:
    kept = torch.nonzero(part.train.y != label).flatten()
    return replace(part, train=part.train.take(kept))


def clients() -> list[torch.nn.Module]:
    return [small(seed=1), small((16,), seed=2), small((8, 8), seed=3)]  # of three kinds


def trained(private, public, **more):
    return [
        run.train(progress=False, evaluate=False) for run in federated(clients(), private, public, **NUMBERS | more)
    ]


def test_clients_learn_from_one_another_what_none_of_their_examples_says(one_class_each, public, blobs):
    runs = trained(one_class_each, public, rounds=2)
    for client in range(3):
        alone, digest = runs[client], runs[3 + 6 + 2 * client]  # the second round's digest
        member = torch.nonzero(blobs.test.y == client).flatten()  # the class it never saw
        before, after = (inference.logits(run.student, blobs.test.take(member)).argmax(1) for run in (alone, digest))
        assert (before == client).float().mean() == 0
        assert (after == client).float().mean() > 0.4


def test_the_server_sees_logits_on_public_examples_alone(one_class_each, public):
    runs = trained(one_class_each, public, rounds=1)
    for digest in runs[3::2]:
        teacher = digest.teacher.module
        assert isinstance(teacher, RecordedAnswers) and not list(teacher.parameters())
        assert digest.data.train.labelled == 0
        said = [inference.logits(run.student, digest.data.train) for run in runs[:3]]
        assert torch.equal(digest.teacher_logits(), consensus(said))
    assert all(run.teacher is None for run in runs[:3] + runs[4::2])


def test_the_runs_go_on_from_one_another(one_class_each, public):
    runs = trained(one_class_each, public, rounds=2)
    for client in range(3):
        digest, revisit, next_digest = runs[3 + 2 * client], runs[4 + 2 * client], runs[9 + 2 * client]
        assert same_weights(next_digest.at(0), revisit.at(revisit.steps_done))
        assert same_weights(digest.at(0), runs[client].at(runs[client].steps_done))
        assert same_weights(revisit.at(0), digest.at(digest.steps_done))
        assert revisit.data is one_class_each[client]
    assert final_runs(runs, 3) == (runs[10], runs[12], runs[14])
    assert final_runs(runs[:3], 3) == tuple(runs[:3])
    assert len({run.settings.seed for run in runs}) == len(runs)


def test_a_digest_is_repeatable_and_can_be_branched_and_saved(one_class_each, public, tmp_path):
    digest = trained(one_class_each, public, rounds=1)[3]
    other = digest.branch(5).train(progress=False, evaluate=False)
    assert same_weights(other.student, digest.student)
    digest.save(tmp_path)
    with pytest.raises(ValueError, match="teacher is a model of your own"):
        kd.Distillation.load(tmp_path, data=digest.data)
    loaded = kd.Distillation.load(tmp_path, data=digest.data, teacher=digest.teacher)
    assert same_weights(loaded.at(7), digest.at(7))


@pytest.mark.skipif(
    not hasattr(Teacher, "knows"), reason="the engine does not ask yet whether a teacher knows examples"
)
def test_a_digest_is_evaluated_without_agreement_where_nothing_is_recorded(one_class_each, public):
    runs = federated(clients(), one_class_each, public, rounds=1, **NUMBERS)
    for run in runs:
        run.train(progress=False)  # evaluates after each epoch
        if run.teacher is not None:
            break
    result = run.evaluate("test")
    assert result.agreement is None and result.teacher_errors is None
    assert result.errors == evaluate(run.student, run.data.test, step=0, split="test").errors


def test_each_round_may_draw_other_public_examples(one_class_each, public):
    runs = trained(one_class_each, public, rounds=2, shared=50)
    first, second = runs[3].data.train, runs[9].data.train
    assert len(first) == len(second) == 50
    assert first.fingerprint() != second.fingerprint()


def test_public_data_may_be_a_data_set_of_its_own(one_class_each, blobs):
    run = trained(one_class_each, blobs, rounds=1, digest_epochs=1, first_epochs=1)[3]
    assert run.data.train.labelled == 0 and run.data.test is blobs.test


def test_recorded_answers_know_examples_in_any_order_and_no_others(blobs):
    asked = blobs.train.take(slice(0, 20))
    logits = torch.randn(20, 3)
    teacher = RecordedAnswers(asked, logits)
    order = torch.randperm(20)
    assert torch.equal(teacher(asked.inputs(order)), logits[order])
    assert teacher.knows(asked) and not teacher.knows(blobs.test)
    with pytest.raises(ValueError, match="answers to 20 examples alone and 2 of the 3 it is asked about are others"):
        teacher(torch.cat((asked.inputs(slice(0, 1)), blobs.test.inputs(slice(0, 2)))))


def test_recorded_answers_know_pixels():
    digits = kd.data.mnist().validation.take(slice(0, 40))
    logits = torch.arange(400.0).view(40, 10)
    teacher = RecordedAnswers(digits, logits).eval()
    assert torch.equal(Teacher(teacher).logits(digits), logits)


def test_other_answers_are_another_teacher(blobs):
    asked = blobs.train.take(slice(0, 4))
    marks = {Teacher(RecordedAnswers(asked, torch.full((4, 3), v)).eval()).fingerprint() for v in (0.0, 1.0)}
    assert len(marks) == 2


def test_augmented_examples_are_answered_by_one_sentence(one_class_each, public):
    runs = federated(clients(), one_class_each, public, augment=lambda x, generator: x + 1, **NUMBERS)
    for _ in range(3):
        next(runs).train(progress=False, evaluate=False)
    with pytest.raises(ValueError, match="ask about those, without augmentation"):
        next(runs).step()


def test_private_parts_share_nothing_and_leave_nothing_out(blobs):
    for concentration in (None, 0.3):
        parts = private_parts(blobs, 4, concentration=concentration)
        rows = torch.cat([part.train.x for part in parts])
        assert len(rows) == len(blobs.train) and len(rows.unique(dim=0)) == len(rows)
        assert all(part.test is blobs.test for part in parts)


def test_a_small_concentration_gives_clients_few_classes(blobs):
    def largest_share(concentration):
        parts = private_parts(blobs, 4, concentration=concentration, seed=1)
        counts = torch.stack([torch.bincount(part.train.y, minlength=3) for part in parts]).double()
        return (counts.max(1).values / counts.sum(1)).mean().item()

    assert largest_share(0.2) > 0.6 > 0.5 > largest_share(100.0)
    assert largest_share(None) == pytest.approx(1 / 3, abs=0.02)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"epochs": 3}, "give first_epochs, digest_epochs and revisit_epochs, got epochs=3"),
        ({"shared": 301}, "shared must lie in 1 ... 300"),
    ],
)
def test_what_makes_no_sense_is_refused(one_class_each, public, more, message):
    with pytest.raises(ValueError, match=message):
        next(federated(clients(), one_class_each, public, **more))


def test_there_are_as_many_students_as_private_parts(one_class_each, public, blobs):
    with pytest.raises(ValueError, match="got 2 and 3"):
        next(federated(clients()[:2], one_class_each, public))
    with pytest.raises(ValueError, match="clients must be at least 2"):
        private_parts(blobs, 1)
    with pytest.raises(ValueError, match="concentration must be a finite number > 0"):
        private_parts(blobs, 2, concentration=0)
    with pytest.raises(ValueError, match="would get no example"):
        private_parts(kd.data.splits((torch.randn(8, 2), torch.arange(8) % 2), validation=2, test=2), 20)


def test_an_untrained_run_is_noticed_when_the_next_is_asked_for(one_class_each, public):
    runs = federated(clients(), one_class_each, public, **NUMBERS)
    next(runs)
    with pytest.raises(ValueError, match="was not trained and the next run learns from it"):
        next(runs)
