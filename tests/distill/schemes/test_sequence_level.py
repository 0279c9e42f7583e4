"""Sequence-level distillation: text of the teacher's as labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.distill import Cancelled
from kdviz.models.generation import generate

from ..conftest import same_weights
from ..small_text import END, Causal, taught, text


def test_the_student_learns_the_teachers_text_as_labels():
    teacher, data = taught(epochs=10), text()
    run = kd.schemes.sequence_level(teacher, Causal(), data, end=END, epochs=3, batch_size=6)
    train = run.data.train
    assert run.data.name == "text-as-written" and run.objective == 1.0 * kd.HardLabels()
    for i in range(len(train)):
        given = int((data.train.y[i] >= 0).nonzero()[0]) + 1
        whole = generate(teacher, data.train.x[i : i + 1, :given], 9 - given, greedy=True, end=END)[0]
        labels = train.y[i][train.y[i] >= 0]
        assert whole[given : given + len(labels)].tolist() == labels.tolist()
        assert END not in labels[:-1]
    plain = kd.Distillation(teacher, Causal(), run.data, kd.HardLabels(), epochs=3, batch_size=6)
    same = [one.train(progress=False) for one in (run, plain)]
    assert same_weights(same[0].student, same[1].student)
    assert run.data.test is kd.data.splits(data).test


def test_draws_are_of_the_teachers_distribution_and_fixed_by_the_seed():
    data = text(30, 4, answers=False)
    one = torch.tensor([[3]])
    train = kd.data.Examples(one.expand(300, 1).contiguous(), one.expand(300, 1).contiguous())
    data = replace(data, train=train, validation=train, test=train)
    teacher = taught(epochs=5)
    made = kd.schemes.as_written(teacher, data, greedy=False, draws=4, seed=1)
    counts = np.bincount(made.train.y.flatten().numpy(), minlength=7)
    p = teacher(one)[0, 0].softmax(0).detach().numpy()
    assert (
        counts.sum() == 1200 and ((counts - 1200 * p) ** 2 / np.maximum(1200 * p, 1)).sum() < 22.5
    )  # chi², 6 df, .001
    again, other = (kd.schemes.as_written(teacher, data, greedy=False, draws=4, seed=seed) for seed in (1, 2))
    assert torch.equal(again.train.y, made.train.y) and not torch.equal(other.train.y, made.train.y)


def test_a_service_is_asked_for_text_alone():
    data = text()

    def service(ids, tokens):
        return torch.cat((ids, torch.full((len(ids), tokens), 2)), 1)

    run = kd.schemes.sequence_level(service, Causal(), data, epochs=1)
    assert run.teacher is None and set(run.data.train.y.unique().tolist()) == {-1, 2}
    ends = kd.schemes.as_written(lambda ids, n: torch.cat((ids, torch.full((len(ids), n), END)), 1), data, end=END)
    assert (ends.train.y >= 0).sum(1).tolist() == [1] * 20  # an answer is over with its end
    with pytest.raises(ValueError, match=r"must return ids, int64 of shape \(10, 9\), the prompts first"):
        kd.schemes.sequence_level(lambda ids, tokens: ids, Causal(), data)


def test_what_cannot_be_is_said_in_a_sentence():
    teacher, data = Causal(24).eval(), text()
    with pytest.raises(ValueError, match="draws must be at least 1, and more than 1 needs greedy=False"):
        kd.schemes.as_written(teacher, data, draws=2)
    with pytest.raises(ValueError, match=r"for classes use kd\.schemes\.black_box"):
        kd.schemes.as_written(teacher, (torch.arange(160).view(20, 8), torch.arange(20) % 2))
    with pytest.raises(Cancelled, match="stopped after 1 of 1 batches of text"):
        kd.schemes.as_written(
            lambda ids, n: torch.cat((ids, ids[:, :1].repeat(1, n)), 1), data, progress=lambda *_: False
        )


def test_stop_is_heard_in_the_middle_of_a_batch_and_leaves_the_teacher_as_it_was():
    teacher, data, heard = taught(epochs=2), text(), []
    teacher.register_forward_hook(lambda *_: heard.append("token"))
    with pytest.raises(Cancelled, match="stopped after 0 of 1 batches of text"):
        kd.schemes.as_written(teacher, data, progress=lambda done, total: len(heard) < 3)
    assert len(heard) == 3 and not teacher.training and torch.is_grad_enabled()
    assert len(kd.schemes.as_written(teacher, data, progress=lambda done, total: True).train) == 20


def test_texts_no_longer_than_the_prompt_are_left_out_and_a_progress_that_says_nothing_goes_on():
    data = text(30)
    y = data.train.y.clone()
    y[::2, 4:] = -1  # every other text ends early
    data = replace(data, train=kd.data.Examples(data.train.x, y))
    made = kd.schemes.as_written(Causal().eval(), data, prompt=6, end=END, progress=lambda done, total: None)
    assert len(data.train) == 10 and torch.equal(made.train.x[:, :6], data.train.x[1::2, :6])
    assert bool((made.train.y >= 0).any(1).all())
    with pytest.raises(ValueError, match="no text of Text is longer than a prompt of 6 tokens"):
        kd.schemes.as_written(Causal().eval(), replace(data, train=data.train.take(slice(0, 10, 2))), prompt=6)


def test_a_teacher_in_training_mode_writes_nothing():
    asked = Causal(dropout=0.5)
    asked.register_forward_pre_hook(lambda *_: pytest.fail("it was asked"))
    with pytest.raises(ValueError, match="the teacher is in training mode"):
        kd.schemes.sequence_level(asked.train(), Causal(), text())
