"""A network taught by what it was itself."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd
from kdviz.distill.schemes import snapshot_distillation

from ..conftest import same_weights, small


@pytest.fixture
def learned(clouds) -> kd.Distillation:
    run = kd.Distillation(None, small(), clouds, kd.HardLabels(), epochs=4, batch_size=32, learning_rate=5e-3, seed=3)
    return run.train(progress=False)


def test_the_teacher_is_the_snapshot_and_the_student_goes_on_from_now(learned):
    rows = learned.history.rows.tobytes()
    run = snapshot_distillation(learned, step=9)
    assert same_weights(run.teacher.module, learned.at(9))
    assert same_weights(run.student, learned.student) and run.student is not learned.student
    run.train(progress=False)
    assert not same_weights(run.student, learned.student) and learned.history.rows.tobytes() == rows


def test_by_default_the_best_snapshot_on_validation_data_teaches(learned):
    assert same_weights(snapshot_distillation(learned).teacher.module, learned.at(learned.best_step()))
    learned.history.evaluations.clear()
    assert same_weights(snapshot_distillation(learned).teacher.module, learned.student)


def test_what_is_not_said_is_as_in_the_run(learned):
    run = snapshot_distillation(learned, step=9, epochs=2)
    assert (run.settings.learning_rate, run.settings.batch_size, run.settings.seed) == (5e-3, 32, 3)
    assert run.settings.epochs == 2 and run.data is learned.data and run.objective == kd.hinton()


def test_against_itself_the_soft_term_begins_at_zero_and_the_student_leaves(learned):
    run = snapshot_distillation(learned, step=learned.steps_done)
    soft = [run.step().terms["soft"].item() for _ in range(10)]
    assert abs(soft[0]) < 1e-5 < soft[-1]


def test_a_student_of_ones_own_can_be_taught(learned):
    fresh = small((16,), seed=4)
    run = snapshot_distillation(learned, step=9, student=fresh, objective=kd.SoftTargets(2))
    assert run.student is fresh and run.objective == 1.0 * kd.SoftTargets(2)


def test_cycles_follow_each_other(learned):
    second = snapshot_distillation(learned, epochs=1, learning_rate=kd.schedules.Cosine(1e-2)).train(progress=False)
    third = snapshot_distillation(second, step=second.steps_done)
    assert same_weights(third.teacher.module, second.student)


def test_it_repeats_bit_for_bit_and_loads(learned, clouds, tmp_path):
    run = snapshot_distillation(learned, step=9).train(progress=False)
    assert run.branch(5).train(progress=False).history.rows.tobytes() == run.history.rows.tobytes()
    run.save(tmp_path)
    loaded = kd.Distillation.load(tmp_path, data=clouds)  # though its student began with something learned
    assert same_weights(loaded.student, run.student) and same_weights(loaded.teacher.module, run.teacher.module)


def test_a_step_the_run_has_not_come_to_is_refused(learned):
    with pytest.raises(ValueError, match=r"step must lie in 0 \.\.\."):
        snapshot_distillation(learned, step=10**6)


def test_the_snapshot_never_learns(learned):
    before = [p.clone() for p in learned.at(9).parameters()]
    run = snapshot_distillation(learned, step=9).train(progress=False)
    assert all(torch.equal(p, q) for p, q in zip(before, run.teacher.module.parameters(), strict=True))
