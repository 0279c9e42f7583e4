"""Layers first, answers last: each stage teaches what it says and leaves the rest alone."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd
from kdviz.distill.schemes import progressive, train_each

from ..conftest import same_weights, small


@pytest.fixture(scope="module")
def tall(clouds):
    torch.set_num_threads(1)
    run = kd.Distillation(None, small((24, 24), seed=2), clouds, kd.HardLabels(), epochs=10, learning_rate=1e-2)
    return run.train(progress=False).student.eval()


def stages(tall, clouds, student=None, **more):
    arguments = {"epochs": 2, "batch_size": 32} | more
    pairs = arguments.pop("layers", [("relu1", "relu1"), ("relu3", "relu2")])
    return progressive(tall, student or small((6, 6, 6)), clouds, pairs, **arguments)


def changed(run: kd.Distillation) -> set[str]:
    now, then = run.student.state_dict(), run.at(0).state_dict()
    return {name.split(".")[0] for name in now if not torch.equal(now[name], then[name])}


def test_a_stage_of_hints_teaches_the_layers_up_to_its_own_and_no_others(tall, clouds):
    first, second, last = train_each(stages(tall, clouds), progress=False)
    assert changed(first) == {"linear1"}
    assert changed(second) == {"linear1", "linear2", "linear3"}
    assert changed(last) == {"linear1", "linear2", "linear3", "logits"}


def test_each_stage_goes_on_where_the_last_ended(tall, clouds):
    student = small((6, 6, 6))
    runs = train_each(stages(tall, clouds, student), progress=False)
    assert runs[0].student is student
    for run, last in zip(runs[1:], runs, strict=False):
        assert same_weights(run.at(0), last.student) and run.student is not last.student
    assert runs[-1].objective == kd.hinton() and len(runs[-1].auxiliary) == 0


def test_a_hint_brings_the_layer_nearer_to_the_teachers(tall, clouds):
    first = next(stages(tall, clouds, epochs=10, learning_rate=1e-2)).train(progress=False)
    hint = first.history.column("hint")
    assert hint[-10:].mean() < 0.5 * hint[:10].mean()


def test_the_student_learns_in_the_end(tall, clouds):
    *_, last = train_each(stages(tall, clouds, epochs=20, learning_rate=1e-2, hint_epochs=3), progress=False)
    assert last.evaluate("test").accuracy > 0.75


def test_hints_have_a_budget_of_their_own(tall, clouds):
    runs = train_each(stages(tall, clouds, epochs=3, hint_epochs=1), progress=False)
    assert [run.settings.epochs for run in runs] == [1, 1, 3]


def test_the_teacher_is_asked_once_for_all_stages(tall, clouds):
    runs = train_each(stages(tall, clouds), progress=False)
    assert runs[0].teacher is runs[1].teacher is runs[2].teacher


def test_the_papers_last_stage_can_be_written(tall, clouds):
    falling = kd.schedules.Linear(4, 1) * kd.SoftTargets(3) + kd.HardLabels()
    *_, last = train_each(stages(tall, clouds, objective=falling), progress=False)
    weights = last.history.column("weight_soft")
    assert weights[0] == 4 and weights[-1] == 1


def test_without_layers_there_is_nothing_to_begin_with(tall, clouds):
    with pytest.raises(ValueError, match="needs at least one pair of layers"):
        stages(tall, clouds, layers=[])
