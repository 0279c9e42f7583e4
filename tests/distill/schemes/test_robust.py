"""Robust distillation: both forms are their formulas; the student holds where one taught from plain inputs falls."""

from __future__ import annotations

import pytest

import kdviz as kd
from kdviz.distill.schemes import robust

from ..terms.test_robust import held, network, run, striped


def test_the_forms_are_their_formulas():
    data, teacher = striped(), network(1).eval()
    wanted = {
        "rslad": "0.75 * RobustSoftTargets(temperature=2.0, radius=0.2, steps=3) + 0.25 * SoftTargets(temperature=2.0)",
        "ard": "0.75 * RobustSoftTargets(temperature=2.0, radius=0.2, steps=3) + 0.25 * HardLabels()",
    }
    for form, objective in wanted.items():
        one = robust(teacher, network(), data, form=form, radius=0.2, steps=3, alpha=0.75, temperature=2)
        assert str(one.objective) == objective


@pytest.mark.parametrize("form", ["rslad", "ard"])
def test_the_student_holds_and_one_taught_from_plain_inputs_does_not(form):
    data = striped()
    sturdy = run(kd.RobustLabels(0.15, steps=5)).train(progress=False, evaluate=False).student.eval()
    settings = {"epochs": 30, "learning_rate": 0.02, "batch_size": 40, "allow_weaker_teacher": True}
    taught = robust(sturdy, network(), data, form=form, radius=0.15, steps=5, **settings)
    plain = run(kd.hinton(), sturdy)
    students = [one.train(progress=False, evaluate=False).student.eval() for one in (taught, plain)]
    assert held(students[0], data, 0.15) > 0.85 > held(students[1], data, 0.15) + 0.1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [({"form": "trades"}, "form must be one of rslad, ard, got 'trades'"), ({"alpha": 1.5}, "alpha must lie within 0")],
)
def test_what_does_not_fit_is_said(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        robust(network(1), network(), striped(), **wrong)
