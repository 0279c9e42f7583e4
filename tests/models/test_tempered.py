"""A tempered model: the same choices, softer or sharper, under the names of its own layers."""

from __future__ import annotations

import math

import pytest
import torch

import kdviz as kd
from kdviz.distill.teacher import Teacher, weight_hash

X = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
DATA = X, (X[:, 0] > 0).long() + (X[:, 1] > 0).long()


@pytest.fixture
def teacher():
    return kd.models.mlp((16,), inputs=4, classes=3).eval()


def test_logits_are_divided_and_the_first_choice_stays(teacher):
    soft = kd.Tempered(teacher, 2.5)
    assert torch.equal(soft(X), teacher(X) / 2.5) and not soft.training
    assert torch.equal(soft(X).argmax(1), teacher(X).argmax(1)) and "temperature=2.5" in repr(soft)
    assert [name for name, _ in soft.named_parameters()] == [name for name, _ in teacher.named_parameters()]
    assert list(kd.distill.taps(soft, X[:2])) == list(kd.distill.taps(teacher, X[:2]))


def test_soft_targets_of_a_tempered_teacher_are_those_at_the_product_of_both_temperatures(teacher):
    there, here = (model(X) / T for model, T in ((teacher, 8.0), (kd.Tempered(teacher, 2.0), 4.0)))
    assert torch.allclose(there.softmax(1), here.softmax(1))


def test_it_teaches_as_another_teacher_than_its_model_and_learns_nothing(teacher):
    soft = kd.Tempered(teacher, 2.0)
    before = weight_hash(teacher)
    assert Teacher(soft).fingerprint() != Teacher(teacher).fingerprint()
    assert Teacher(soft).fingerprint() != Teacher(kd.Tempered(teacher, 3.0)).fingerprint()
    students = [kd.models.mlp((4,), inputs=4, classes=3, seed=0) for _ in range(2)]
    for model, student in zip((teacher, soft), students, strict=True):
        kd.Distillation(model, student, DATA, kd.SoftTargets(4), epochs=1).train(progress=False)
    weights = [next(iter(student.parameters())) for student in students]
    assert not torch.equal(*weights) and weight_hash(teacher) == before


def test_the_temperature_that_suits_validation_calibrates(teacher):
    torch.manual_seed(0)
    y = torch.distributions.Categorical(logits=teacher(X) / 3).sample()
    fitted = kd.measure.temperature.fit_temperature(teacher(X), y)
    with torch.no_grad():
        nll = {T: float(torch.nn.functional.cross_entropy(kd.Tempered(teacher, T)(X), y)) for T in (1.0, fitted)}
    assert nll[fitted] <= nll[1.0]


@pytest.mark.parametrize("wrong", [0, -1.0, math.inf, math.nan, True, "2"])
def test_a_temperature_that_cannot_be_is_said(teacher, wrong):
    with pytest.raises(ValueError, match="temperature must be a finite number > 0, got"):
        kd.Tempered(teacher, wrong)
