"""Probabilities, classes and logits of models that are no networks."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from kdviz.models.probabilities import FLOOR, Reading, are_probabilities, log_probabilities, named_classes

SURE = torch.tensor([[1.0, 0.0, 0.0], [0.2, 0.3, 0.5]], dtype=torch.float64)


def test_a_probability_of_zero_is_as_likely_as_scikit_learn_takes_it():
    logits = log_probabilities(SURE)
    assert bool(logits.isfinite().all()) and torch.allclose(logits.softmax(1), SURE, atol=1e-12)
    assert logits[0, 1].item() == pytest.approx(-36.04365338911715, abs=1e-12)  # ln 2.220446049250313e-16
    wrong = log_loss([1], SURE[:1].numpy(), labels=[0, 1, 2])
    assert -logits[0, 1].item() == pytest.approx(wrong, rel=1e-9)


@given(st.floats(0.0, 1.0))
def test_one_probability_is_that_of_class_one(p):
    for shape in ((1,), (1, 1)):
        logits = log_probabilities(torch.tensor([p], dtype=torch.float64).view(shape))
        assert logits.shape == (1, 2) and bool(logits.isfinite().all())
        assert logits.softmax(1)[0, 1].item() == pytest.approx(p, abs=1e-12)


def test_tokens_have_probabilities_of_their_own():
    p = torch.rand(2, 5, 4, dtype=torch.float64).softmax(-1)
    assert torch.allclose(log_probabilities(p).softmax(-1), p)


def test_logits_are_no_probabilities():
    with pytest.raises(ValueError, match=r"from 0 to 1, got -2; .* leave probabilities=True out"):
        log_probabilities(torch.tensor([[-2.0, 3.0]]))
    with pytest.raises(ValueError, match="got nan"):
        log_probabilities(torch.tensor([[math.nan, 0.5]]))


@pytest.mark.parametrize(("answer", "yes"), [
    (torch.tensor([[0.5, 0.5], [1.0, 0.0]]), True),
    (torch.tensor([[0.5, 0.5], [1.5, -0.5]]), False),
    (torch.tensor([[0.5, 0.6]]), False),
    (torch.tensor([0.5, 0.5]), False),
    (torch.tensor([[1.0], [1.0]]), False),
    (torch.zeros(0, 3), False),
    (torch.full((2, 3, 4), 0.25), True),
])  # fmt: skip
def test_what_counts_as_probabilities(answer, yes):
    assert are_probabilities(answer) is yes


def test_a_class_alone_is_as_sure_as_can_be():
    logits = named_classes(torch.tensor([2, 0]), 3)
    assert logits.argmax(1).tolist() == [2, 0] and logits.max().item() == 0
    assert logits.min().item() == pytest.approx(math.log(FLOOR))
    with pytest.raises(ValueError, match="whole numbers from 0 to 2, got 0 to 3"):
        named_classes(torch.tensor([0, 3]), 3)


def test_a_guess_is_said_once_and_kept():
    reading = Reading("the function ask")
    with pytest.warns(UserWarning, match="the outputs of the function ask are read as probabilities"):
        first = reading.logits(torch.tensor([[0.25, 0.75]]), 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.equal(reading.logits(torch.tensor([[0.25, 0.75]]), 1), first)
    decided = Reading("the function ask")
    logits = torch.tensor([[3.0, -1.0]])
    assert torch.equal(decided.logits(logits, 1), logits)
    by_chance = torch.tensor([[0.25, 0.75]])
    assert torch.equal(decided.logits(by_chance, 1), by_chance), "it gave logits before"


@pytest.mark.parametrize(("answer", "match"), [
    (torch.zeros(3, 2), r"one output for each of 2 examples, got shape \(3, 2\)"),
    (torch.tensor(1.0), r"one output for each of 2 examples, got shape \(\)"),
    (torch.tensor([0.2, 0.7]), "not clear whether it is the logit or the probability .*probabilities=True"),
    (torch.tensor([1, 0]), r"the number of classes is unknown; pass kd.wrap\(model, classes=C\)"),
])  # fmt: skip
def test_what_is_in_doubt_is_asked(answer, match):
    with pytest.raises(ValueError, match=match):
        Reading("the function ask").logits(answer, 2)


def test_the_advice_works():
    one = torch.tensor([0.2, 0.7], dtype=torch.float64)
    assert torch.allclose(Reading("f", True).logits(one, 2).softmax(1)[:, 1], one)
    assert torch.allclose(Reading("f", False).logits(one, 2).softmax(1)[:, 1], one.sigmoid())
    with pytest.warns(UserWarning, match="f only predicts a class"):
        assert Reading("f", classes=2).logits(torch.tensor([1, 0]), 2).argmax(1).tolist() == [1, 0]
    whole = Reading("f").logits(torch.from_numpy(np.array([[3, 1], [0, 2]])), 2)
    assert whole.tolist() == [[3, 1], [0, 2]] and whole.is_floating_point()
