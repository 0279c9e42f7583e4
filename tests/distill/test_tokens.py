"""Answers token by token."""

from __future__ import annotations

import pytest
from torch import nn

import kdviz as kd

from .small_models import Reads, texts, trained


def test_answers_token_by_token_are_learned_where_the_mask_lets_them_count():
    data = texts(each=True)
    taught = trained(kd.Distillation(None, Reads(32, each=True), data, kd.HardLabels(), epochs=40, learning_rate=0.05))
    splits = kd.data.splits(data)
    found = taught.evaluate("test")
    mask = splits.test.inputs()["attention_mask"].bool()
    assert found.examples == int(mask.sum()) and found.accuracy == 1.0
    run = kd.Distillation(taught.student.eval(), Reads(each=True), data, batch_size=32)
    batch = run._batches[0]
    ours, theirs = run.student(**batch.inputs)["logits"], taught.student(**batch.inputs)["logits"]
    counts = batch.inputs["attention_mask"].bool()
    expected = 0.9 * kd.losses.soft_targets(ours[counts], theirs[counts], 4.0)
    expected = expected + 0.1 * nn.functional.cross_entropy(ours[counts], batch.labels[counts])
    assert float(run.step().loss) == pytest.approx(expected.item(), rel=1e-5)


def test_token_labels_and_one_answer_an_example_do_not_go_together():
    with pytest.raises(ValueError, match="one label per token and the models one prediction per example"):
        kd.Distillation(None, Reads(), texts(each=True), kd.HardLabels())
