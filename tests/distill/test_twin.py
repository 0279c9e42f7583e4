"""The twin shares everything with its run but the teacher."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd

from .conftest import same_weights


def test_a_twin_with_smoothing_learns_smoothed_labels_and_shares_the_rest(make):
    run = make(learning_rate=2e-3, seed=5)
    for _ in range(5):
        run.step()
    run.edit(learning_rate=1e-2, temperature=2.0)
    run.train(epochs=5, progress=False)
    twin = run.twin(smoothing=0.2)
    assert twin.objective == 1.0 * kd.LabelSmoothing(0.2)
    assert twin.teacher is None and same_weights(twin.student, run.at(0))
    assert torch.equal(twin._batches[7].inputs, run._batches[7].inputs)
    assert torch.equal(twin._batches[7].labels, run._batches[7].labels)
    twin.train(progress=False)
    assert twin.steps_done == run.steps_done == 5 + 5 * run.steps_per_epoch
    assert twin.history.column("learning_rate").tolist() == run.history.column("learning_rate").tolist()
    assert set(twin.history.column("smoothing")) == {0.2}
    by_hand = kd.Distillation(
        None, run.at(0), run.data, kd.LabelSmoothing(0.2), learning_rate=2e-3, batch_size=32, epochs=4, seed=5
    )
    by_hand.history.edits.append(kd.distill.Edit(5, "learning_rate", 1e-2))
    for _ in range(twin.steps_done):
        by_hand.step()
    assert same_weights(by_hand.student, twin.student)


def test_smoothing_makes_another_twin_and_none_the_same(make):
    run = make(learning_rate=2e-2)
    plain, none, smoothed = (
        run.twin(**more).train(progress=False) for more in ({}, {"smoothing": 0}, {"smoothing": 0.1})
    )
    assert same_weights(plain.student, none.student)
    assert plain.objective == none.objective == 1.0 * kd.HardLabels()
    assert not same_weights(plain.student, smoothed.student)
    assert smoothed.evaluate("test").accuracy > 0.75


def test_a_twin_that_cannot_be_is_said_in_a_sentence(make, clouds):
    with pytest.raises(ValueError, match=r"smoothing must lie in \[0, 1\] .*, got -0.1"):
        make().twin(smoothing=-0.1)
    silent = make(data=clouds.with_labels(0, keep_unlabelled=True), objective=kd.SoftTargets())
    for smoothing in (0.0, 0.1):
        with pytest.raises(ValueError, match="a twin learns from labels alone and the transfer set has none"):
            silent.twin(smoothing)


def test_with_alpha_0_the_student_is_its_twin(make):
    run = make(objective=kd.hinton(alpha=0.0))
    twin = run.twin()
    assert same_weights(run.train(progress=False).student, twin.train(progress=False).student)


def test_a_twin_takes_the_learning_rate_and_the_plan_along(make):
    run = make(epochs=2)
    for _ in range(5):
        run.step()
    run.edit(learning_rate=1e-2, temperature=2.0)
    run.train(epochs=3, progress=False)
    twin = run.twin().train(progress=False)
    assert twin.steps_done == run.steps_done
    assert twin.history.column("learning_rate").tolist() == run.history.column("learning_rate").tolist()


def test_the_twin_starts_where_the_student_started(make):
    run = make().train(epochs=1, progress=False)
    twin = run.twin()
    assert same_weights(twin.student, run.at(0))
    assert twin.teacher is None
    assert torch.equal(twin._batches[5].inputs, run._batches[5].inputs)
