"""Several teachers: whose answer counts how much, against loops written from the formulas."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.distill import Objective
from kdviz.distill.schemes import ensemble, multi_teacher, teacher_weights

from ..conftest import same_weights, small


@pytest.fixture(scope="module")
def teachers(teacher, clouds) -> list[nn.Module]:
    """One that knows, one that knows a little, one that knows nothing."""
    torch.set_num_threads(1)
    run = kd.Distillation(None, small(seed=7), clouds, kd.HardLabels(), epochs=2).train(progress=False)
    return [teacher, run.student, small(seed=8)]


def begin(teachers, clouds, **more) -> kd.Distillation:
    return multi_teacher(teachers, small(), clouds, **({"epochs": 3, "batch_size": 32, "snapshot_every": 7} | more))


def test_confidence_listens_to_whoever_knows_and_to_all_alike_without_a_label(teachers, clouds):
    run = begin(teachers, clouds, weighting="confidence")
    w = teacher_weights(run, clouds.test)
    assert torch.allclose(w.sum(1), torch.ones(len(w))) and w.mean(0).argsort(descending=True).tolist() == [0, 1, 2]
    bare = kd.data.Examples(clouds.test.x, torch.full_like(clouds.test.y, -1))
    assert torch.allclose(teacher_weights(run, bare), torch.tensor(1 / 3))


def test_the_gate_begins_even_and_learns_whom_to_listen_to(teachers, clouds):
    run = begin(teachers, clouds, weighting="learned", epochs=15, learning_rate=1e-2)
    assert torch.allclose(teacher_weights(run, clouds.test), torch.tensor(1 / 3))
    run.train(progress=False)
    assert teacher_weights(run, clouds.test).mean(0)[0] > 0.6


def test_the_gate_learns_by_labels_alone(teachers, clouds):
    bare = kd.data.splits((clouds.train.inputs(), clouds.train.y), name="part")
    bare = bare.with_labels(0, keep_unlabelled=True)
    run = begin(teachers, bare, weighting="learned").train(progress=False)
    gate = run.auxiliary["soft"]
    assert not gate.weight.any() and not gate.bias.any()
    labelled = begin(teachers, clouds, weighting="learned")
    labelled.step()
    assert labelled.auxiliary["soft"].weight.any()


def test_what_the_student_finds_easy_does_not_move_the_gate(teachers, clouds):
    def gate_after(student: nn.Module) -> torch.Tensor:
        run = multi_teacher(teachers, student, clouds, weighting="learned", epochs=1).train(progress=False)
        return run.auxiliary["soft"].weight

    assert torch.equal(gate_after(small()), gate_after(small((32,), seed=4)))


@pytest.mark.parametrize("weighting", ["uniform", "confidence", "learned"])
def test_a_branch_and_a_loaded_run_repeat_it_bit_for_bit(weighting, teachers, clouds, tmp_path):
    run = begin(teachers, clouds, weighting=weighting).train(progress=False)
    branch = run.branch(11).train(progress=False)
    assert branch.history.rows.tobytes() == run.history.rows.tobytes()
    run.branch(11).save(tmp_path)
    loaded = kd.Distillation.load(tmp_path, teacher=ensemble(teachers), data=clouds).train(progress=False)
    assert loaded.history.rows.tobytes() == run.history.rows.tobytes()
    assert same_weights(loaded.student, run.student)


def test_it_stands_where_soft_targets_stand(teachers, clouds):
    objective = 0.7 * kd.MultiTeacher(temperature=3, members=2, weighting="learned") + 0.3 * kd.HardLabels()
    assert (objective.alpha, objective.temperature) == (0.7, 3.0)
    assert Objective.from_dict(json.loads(json.dumps(objective.to_dict()))) == objective
    run = begin(teachers, clouds)
    run.edit(alpha=0.5, temperature=2)
    run.step()
    assert run.objective.alpha == 0.5
    by_name = kd.MultiTeacher(members=("members.0", "members.2"))
    assert Objective.from_dict(json.loads(json.dumps((1.0 * by_name).to_dict()))).terms[0] == by_name


def test_the_student_of_good_teachers_learns(teacher, clouds):
    run = multi_teacher([teacher, teacher], small(), clouds, epochs=20, learning_rate=1e-2).train(progress=False)
    assert run.evaluate("test").accuracy > 0.75


def test_what_cannot_work_is_told(teacher, clouds, make):
    with pytest.raises(ValueError, match="weighting must be one of uniform, confidence, learned, got 'best'"):
        kd.MultiTeacher(weighting="best")
    with pytest.raises(ValueError, match="members must be a whole number of at least 1"):
        kd.MultiTeacher(members=0)
    with pytest.raises(ValueError, match=r"got shape \(B, 32\) from 'relu1'; name layers that give logits"):
        kd.Distillation(teacher, small(), clouds, kd.MultiTeacher(members=("relu1", "logits")))
    with pytest.raises(ValueError, match="at least one member"):
        multi_teacher([], small(), clouds)
    with pytest.raises(ValueError, match=r"no kd\.MultiTeacher term"):
        teacher_weights(make(), clouds.test)
