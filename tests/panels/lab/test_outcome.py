"""Outcomes: numbers of runs, and which answer they make the right one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.models import inference
from kdviz.panels.lab import outcome
from kdviz.panels.lab.outcome import IDENTICAL, Group
from kdviz.panels.views.wall import stops
from kdviz.widgets.scene import BIAS_SLIDER

from .labs import facts


@pytest.mark.parametrize(("student", "twin", "outcome_of"), [
    (461, 660, "fewer"), (967, 661, "more"), (600, 533, "more"), (555, 533, "same"), (533, 555, "same"),
])  # fmt: skip
def test_only_an_interval_that_excludes_0_says_fewer_or_more(student, twin, outcome_of):
    found = facts(student, twin)
    assert outcome.beside_the_twin(found) == outcome_of
    difference = found.difference()
    assert (outcome_of == "same") == (difference.low <= 0 <= difference.high)


def test_a_twin_that_is_the_student_itself_is_no_close_call():
    assert outcome.beside_the_twin(facts(677, 677, same=("twin",))) == IDENTICAL
    assert outcome.beside_the_twin(facts(677, 677)) == "same"
    assert outcome.beside_the_twin(facts(269)) == ""


def test_seeds_overrule_the_one_run():
    seeds = [{"student": s, "twin": t} for s, t in ((600, 533), (553, 574), (572, 543), (560, 560), (549, 571))]
    found = facts(600, 533, seeds=seeds)
    assert outcome.beside_the_twin(facts(600, 533)) == "more"
    assert outcome.beside_the_twin(found) == "same" == outcome.over_seeds(5)(found)
    assert outcome.over_seeds(5)(facts(600, 533, seeds=seeds[:4])) == ""


@pytest.mark.parametrize(("student", "twin", "share"), [
    (286, 569, "many"), (285, 478, "many"), (420, 478, "some"), (470, 478, "none"), (358, 478, ""), (520, 478, "none"),
])  # fmt: skip
def test_a_share_too_near_the_line_stays_open(student, twin, share):
    assert outcome.share_removed(0.25)(facts(student, twin, shared=200)) == share


def test_counts_of_different_runs_are_set_apart_by_their_noise():
    assert outcome.beside_the_usual(facts(269, usual=460)) == "fewer"
    assert outcome.beside_the_usual(facts(479, usual=460)) == "same"
    assert outcome.beside_the_usual(facts(617, usual=460)) == "more"


def test_who_teaches_needs_two_thirds_of_the_gradient():
    shares = [outcome.who_teaches(facts(600, 661, measured={"soft_share": s})) for s in (0.05, 0.5, 0.9)]
    assert shares == ["labels", "both", "teacher"] and outcome.who_teaches(facts(600, 661)) == ""


@pytest.fixture(scope="module")
def group():
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(0, 3, (900,), generator=generator)
    x = torch.eye(3)[y] * 1.5 + torch.randn(900, 3, generator=generator)
    data = kd.data.splits((x, y), validation=0.3, test=0.3, name="clouds")
    teacher = kd.Distillation(None, kd.models.mlp((32,), inputs=3, classes=3), data, kd.HardLabels(), epochs=10)
    teacher.train(progress=False)
    student = kd.models.mlp((4,), inputs=3, classes=3)
    run = kd.Distillation(teacher.student.eval(), student, data, epochs=5, batch_size=32, allow_weaker_teacher=True)
    runs = {"student": run, "twin": run.twin()}
    for one in runs.values():
        one.train(progress=False)
    return Group(runs, [(1.0, 3.0), (3.0, 1.0)], omitted=2)


def test_what_is_measured_is_what_the_models_say(group):
    run, test = group.student, group.student.data.test
    shares = outcome.shares_of_gradient(group)
    square = run.objective.value("temperature") ** 2
    assert shares["soft_share"] == 0.5 and shares["moments"] == 2
    assert shares["soft_share_t2"] == pytest.approx((square / (square + 3) + 3 * square / (3 * square + 1)) / 2)
    flat = outcome.flatness(group)
    assert 0 < flat["lowest"] < 1 / 3 < flat["highest"] < 1
    torn = outcome.lesser_peaks(group)
    assert torn["torn"] > 0 and torn["lesser_teacher"] >= outcome.TORN
    assert outcome.peaks(facts(600, 661, measured=torn)) in ("one", "both")
    omitted = outcome.omitted_class(group)
    with torch.no_grad():
        says = run.student(test.x).argmax(1)
    assert omitted["of_class"] == (test.y == 2).sum() and omitted["known"] == ((says == 2) & (test.y == 2)).sum()
    assert outcome.weights_alike(group) == {"weights": 3 * 4 + 4 + 4 * 3 + 3}


def test_only_equal_weights_make_one_network(group):
    student = group.student.student
    assert outcome.same_network(student, student)
    assert not outcome.same_network(student, group.runs["twin"].student)


def test_the_bias_of_the_answer_is_the_one_that_the_wall_finds(group):
    run, found = group.student, outcome.omitted_class(group)
    z, y = inference.logits(run.student, run.data.validation), run.data.validation.y
    errors = {by: int(((z + by * torch.eye(3)[2]).argmax(1) != y).sum()) for by in stops(list(BIAS_SLIDER))}
    best = [by for by, count in errors.items() if count == min(errors.values())]
    assert found["bias"] == best[len(best) // 2]
    test = run.data.test
    raised = (inference.logits(run.student, test) + found["bias"] * torch.eye(3)[2]).argmax(1)
    assert found["known_raised"] == int(((raised == 2) & (test.y == 2)).sum())


def test_units_are_pictures_where_a_perceptron_looks_at_pictures():
    tiny = kd.models.mlp((8,), inputs=784)
    shown = outcome.first_layer_pictures(tiny, (1, 28, 28))
    assert shown.shape == (8, 28, 28)
    assert np.array_equal(shown[3].ravel(), next(p for p in tiny.parameters() if p.ndim == 2)[3].detach().numpy())
    assert outcome.first_layer_pictures(kd.models.mlp((128,), inputs=784), (1, 28, 28)) is None
    assert outcome.first_layer_pictures(kd.models.mlp((8,), inputs=14), (14,)) is None
