"""A student that never sees a label."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import kdviz as kd
from kdviz.distill.schemes import label_free, without_labels

from ..conftest import same_weights, small


def test_labels_make_no_difference(teacher, clouds):
    wrong = replace(clouds, train=replace(clouds.train, y=(clouds.train.y + 1) % 3))
    runs = [label_free(teacher, small(), data, epochs=2).train(progress=False) for data in (clouds, wrong)]
    assert same_weights(runs[0].student, runs[1].student)
    assert runs[0].data.train.labelled == 0 and len(runs[0].data.train) == len(clouds.train)


def test_the_student_learns_from_the_teacher_alone(teacher, clouds):
    run = label_free(teacher, small(), clouds, epochs=30, learning_rate=1e-2, batch_size=64)
    before = run.evaluate("test").accuracy
    after = run.train(progress=False).evaluate("test")
    assert after.accuracy > max(0.75, before + 0.1) and after.agreement > 0.9


def test_validation_and_test_keep_their_labels_and_there_is_no_twin(teacher, clouds):
    run = label_free(teacher, small(), clouds)
    assert run.data.validation is clouds.validation and run.data.test is clouds.test
    with pytest.raises(ValueError, match="the transfer set has none"):
        run.twin()


def test_a_drawn_transfer_set_keeps_its_examples():
    y = torch.arange(60) % 3
    drawn = kd.data.splits((torch.randn(60, 4), y)).with_labels(9, keep_unlabelled=True)
    bare = without_labels(drawn)
    assert bare.train.labelled == 0 and torch.equal(bare.train.x, drawn.train.x)
    assert without_labels(bare) is bare


def test_by_its_recipe_a_shipped_data_set_is_drawn_without_labels_again():
    data = kd.data.mnist()
    run = label_free(kd.models.mlp((8,)).eval(), kd.models.mlp((4,)), data)
    assert run.recipe.data == "mnist" and run.recipe.draw["count"] == 0
    assert run.recipe.load_data().train.fingerprint() == run.data.train.fingerprint()


def test_a_saved_run_goes_on(teacher, clouds, tmp_path):
    run = label_free(teacher, small(), clouds, epochs=2).train(epochs=1, progress=False)
    run.save(tmp_path)
    loaded = kd.Distillation.load(tmp_path, data=without_labels(clouds))
    assert same_weights(loaded.train(progress=False).student, run.train(progress=False).student)
