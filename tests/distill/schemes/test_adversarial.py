"""An opponent beside soft targets and labels."""

from __future__ import annotations

import math

import torch

import kdviz as kd
from kdviz.distill.schemes import adversarial

from ..conftest import same_weights, small


def begin(teacher, clouds, **more) -> kd.Distillation:
    return adversarial(teacher, small(), clouds, **({"epochs": 4, "batch_size": 32, "snapshot_every": 7} | more))


def test_it_is_the_written_objective(teacher, clouds):
    run = begin(teacher, clouds, weight=0.3, alpha=0.7, temperature=2, width=16, penalty=0.5)
    assert run.objective == kd.hinton(0.7, 2) + 0.3 * kd.Adversarial(width=16, penalty_weight=0.5)
    layers = begin(teacher, clouds, layers=("logits", "logits"))
    assert layers.objective.terms[-1] == kd.Adversarial("logits", "logits")


def test_with_weight_zero_the_student_is_the_student_without_an_opponent(teacher, clouds):
    run = begin(teacher, clouds, weight=0.0).train(progress=False)
    plain = kd.Distillation(teacher, small(), clouds, epochs=4, batch_size=32).train(progress=False)
    assert same_weights(run.student, plain.student)


def test_an_opponent_that_cannot_tell_them_apart_settles_at_ln_2(teacher, clouds):
    """The student is the teacher and stays so."""
    student = small((32,), seed=1)
    student.load_state_dict(teacher.state_dict())
    same = {"weight": 0.0, "alpha": 1.0, "optimizer": torch.optim.SGD, "learning_rate": 0.1}
    run = adversarial(teacher, student, clouds, epochs=20, batch_size=32, **same).train(progress=False)
    deceived = run.history.column("adversarial")
    assert abs(deceived[-100:].mean() - math.log(2)) < 0.02 < abs(deceived[0] - math.log(2))


def test_it_repeats_bit_for_bit_and_loads(teacher, clouds, tmp_path):
    run = begin(teacher, clouds).train(progress=False)
    assert run.branch(11).train(progress=False).history.rows.tobytes() == run.history.rows.tobytes()
    run.save(tmp_path)
    loaded = kd.Distillation.load(tmp_path, data=clouds)
    assert same_weights(loaded.student, run.student) and same_weights(loaded.auxiliary, run.auxiliary)
