"""Functions and services as models."""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.models import Function, Service
from kdviz.models.inference import ask
from kdviz.models.wrap import as_module

X = torch.randn(10, 4, generator=torch.Generator().manual_seed(0))


def sides(x):
    return x[:, :2] * 3


def test_a_function_of_tensors_or_of_arrays():
    assert torch.equal(as_module(sides, "teacher")(X), 3 * X[:, :2])

    def of_arrays(x):
        return x[:, :2].astype(np.float64).clip(min=-1)

    assert torch.allclose(as_module(of_arrays, "teacher")(X), X[:, :2].clamp(min=-1))
    assert torch.equal(as_module(lambda x: (3 * x[:, :2]).tolist(), "teacher")(X), 3 * X[:, :2])
    named = as_module(lambda batch: batch["a"] + batch["b"], "teacher")
    assert torch.equal(named(a=X, b=X), 2 * X)
    assert torch.equal(Function(lambda pair: pair[0] + pair[1])(X, X), 2 * X)
    assert Function(sides)(X.double()).dtype == torch.float64 and Function(sides)(X.bfloat16()).dtype == torch.float32


def test_an_array_that_may_only_be_read_is_read():
    def frozen(x):
        made = x[:, :2].numpy().copy()
        made.flags.writeable = False
        return made

    assert torch.equal(Function(frozen)(X), X[:, :2]) and torch.equal(Service(frozen)(X), X[:, :2])


def test_what_a_function_raises_is_what_is_raised():
    def wrong(x):
        raise AttributeError("no such key")

    with pytest.raises(AttributeError, match="no such key"):
        Function(wrong)(X)
    with pytest.raises(
        ValueError, match=r"the teacher cannot process float32 inputs of shape \(4,\) \(AttributeError: no"
    ):
        ask(Function(wrong), X, who="teacher")


def test_probabilities_are_told_or_noticed():
    p = X.softmax(1)
    with pytest.warns(UserWarning, match="the outputs of the function are read"):
        noticed = as_module(lambda x: x.softmax(1), "teacher")(X)
    assert torch.allclose(noticed.softmax(1), p)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.allclose(kd.wrap(lambda x: x.softmax(1), probabilities=True)(X).softmax(1), p)
        assert torch.equal(kd.wrap(lambda x: x.softmax(1), probabilities=False)(X), p)
        one = kd.wrap(lambda x: x[:, 0].sigmoid(), probabilities=True)(X)
    assert torch.allclose(one.softmax(1)[:, 1], X[:, 0].sigmoid())


def test_classes_alone_need_their_number():
    def first(x):
        return (x[:, 0] > 0).long()

    with pytest.raises(
        ValueError,
        match=r"cannot process its input: the function first returns a class .* number of",
    ):
        ask(as_module(first, "teacher"), X, who="teacher")
    with pytest.warns(UserWarning, match="the function first only predicts a class"):
        assert kd.wrap(first, classes=3)(X).argmax(1).tolist() == first(X).tolist()
    run = kd.schemes.black_box(
        first, kd.models.mlp((4,), inputs=4, classes=2), (torch.randn(60, 4), torch.arange(60) % 2)
    )
    assert run.data.train.y.tolist() == first(run.data.train.inputs()).tolist()


def test_no_numbers_are_refused():
    with pytest.raises(ValueError, match="the function must return numbers, one row per example, got list"):
        Function(lambda x: ["cat"] * len(x))(X)


class Wire:
    """A service that counts questions and fails at some of them."""

    def __init__(self, *fails: int) -> None:
        self.asked: list[int] = []
        self.fails = fails

    def __call__(self, x):
        self.asked.append(len(x))
        if len(self.asked) in self.fails:
            raise TimeoutError("503")
        return x[:, :2] * 3


def test_a_pass_that_fails_goes_on_where_it_stopped():
    wire = Wire(3)
    service = Service(wire, batch_size=4)
    with pytest.raises(
        ConnectionError, match=r"the Wire failed once \(TimeoutError: 503\) and 8 answers are kept; call"
    ):
        service(X)
    assert torch.equal(service(X), 3 * X[:, :2])
    assert torch.equal(service(X.flip(0)), 3 * X.flip(0)[:, :2])
    assert wire.asked == [4, 4, 2, 2]


def test_a_question_is_asked_again():
    wire = Wire(1, 2, 4)
    assert Service(wire, batch_size=5, retries=2, pause_s=0)(X).shape == (10, 2)
    assert wire.asked == [5] * 5
    with pytest.raises(ConnectionError, match="failed 2 times"):
        Service(Wire(1, 2), retries=1, pause_s=0)(X)


def test_an_answer_that_is_none_is_not_asked_for_again():
    calls = []

    def short(x):
        calls.append(len(x))
        return x[:1]

    with pytest.raises(ValueError, match="one answer for each of 10 examples"):
        Service(short, retries=3, pause_s=0)(X)
    assert calls == [10]


def test_a_folder_goes_on_in_another_process(tmp_path):
    Service(Wire(), keep=tmp_path)(X)
    again = Wire()
    assert torch.equal(Service(again, keep=tmp_path)(X), 3 * X[:, :2]) and again.asked == []
    copied = copy.deepcopy(Service(again, keep=tmp_path))
    assert torch.equal(copied(X), 3 * X[:, :2]) and again.asked == []


def test_a_teacher_behind_a_wire_is_asked_once(tmp_path):
    wire = Wire(4)
    data = (torch.randn(100, 4), torch.arange(100) % 2)
    student = kd.models.mlp((4,), inputs=4, classes=2)
    service = Service(wire, batch_size=16, keep=tmp_path)
    with pytest.raises(ValueError, match=r"the Wire failed once \(TimeoutError: 503\)"):
        kd.compare(service, student, data)
    kd.compare(service, student, data)
    assert sum(wire.asked) == 100 + 16, "all once, but the question that failed"
    run = kd.Distillation(service, student, data, epochs=1, allow_weaker_teacher=True).train(progress=False)
    seen = sum(wire.asked)
    assert seen == 116, "the same examples are known"
    run.twin()
    assert sum(wire.asked) == seen


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"retries": -1}, {"pause_s": -1.0}])
def test_numbers_out_of_range(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be at least"):
        Service(sides, **wrong)
