"""A symbol of the formulas in place of an argument's name: one sentence that says what to write."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass, replace

import pytest

import kdviz as kd
from kdviz.distill import Term


@pytest.mark.parametrize(("make", "says"), [
    (lambda: kd.SoftTargets(T=4), "SoftTargets has no T; use temperature=4"),
    (lambda: kd.ReverseKL(tau=2), "ReverseKL has no tau; use temperature=2"),
    (lambda: kd.Decoupled(T=4), "Decoupled has no T; use temperature=4"),
    (lambda: kd.hinton(0.5, T=4), "hinton has no T; use temperature=4"),
    (lambda: kd.SoftTargets(alpha=0.5), "SoftTargets has no alpha; it belongs to the objective: use hinton(alpha=0.5)"),
    (lambda: kd.HardLabels(T=3), "HardLabels has no T; it belongs to the objective: use hinton(temperature=3)"),
    (lambda: kd.Distillation(None, None, None, T=4),
     "Distillation has no T; it belongs to the objective: use hinton(temperature=4)"),
    (lambda: kd.Distillation(None, None, None, lr=0.1), "Distillation has no lr; use learning_rate=0.1"),
    (lambda: kd.compare(None, None, None, T=4), "compare has no T; use temperature=4"),
    (lambda: kd.panels.Lab(T=4), "Lab has no T; use temperature=4"),
    (lambda: kd.panels.Methods(T=4), "Methods has no T; use temperature=4"),
    (lambda: kd.panels.Compare(T=4), "Compare has no T; use temperature=4"),
    (lambda: kd.panels.SoftTargets(T=4), "SoftTargets has no T; use temperature=4"),
])  # fmt: skip
def test_a_symbol_is_answered_with_the_name_to_use(make, says):
    with pytest.raises(TypeError) as told:
        make()
    assert str(told.value) == says


def test_an_axis_of_a_study_is_named_too():
    recipe = kd.Recipe(data="mnist", teacher="mnist-mlp-1200", student={"name": "mlp", "hidden": [8]})
    with pytest.raises(ValueError, match=r"an axis must be one of temperature, .*, got 'T'; use temperature=$"):
        kd.Study.grid(recipe, T=[1, 2])


def test_what_is_right_is_as_before_and_what_is_merely_unknown_is_pythons_to_say():
    term = kd.SoftTargets(temperature=2)
    assert pickle.loads(pickle.dumps(term)) == copy.deepcopy(term) == replace(kd.SoftTargets(4), temperature=2) == term
    with pytest.raises(TypeError, match="unexpected keyword argument 'heat'"):
        kd.SoftTargets(heat=4)


def test_a_term_of_ones_own_may_call_its_number_as_it_likes():
    @dataclass(frozen=True)
    class Own(Term):
        T: float = 1.0
        alpha: float = 0.5

    assert (Own(T=3).T, Own(alpha=0.1).alpha) == (3, 0.1)
