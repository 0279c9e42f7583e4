"""Arms: what a grid is made of, and whose twin is whose."""

from __future__ import annotations

from dataclasses import replace

import pytest

import kdviz as kd
from kdviz.study.arms import grid, named, twin_recipe

from ..distill.conftest import same_weights


def test_a_grid_has_an_arm_for_each_combination_with_its_coordinates(recipe):
    arms = grid(recipe, {"temperature": [1, 8], "learning_rate": [1e-3, 1e-2]})
    assert [arm.coordinates for arm in arms] == [
        {"temperature": 1, "learning_rate": 1e-3},
        {"temperature": 1, "learning_rate": 1e-2},
        {"temperature": 8, "learning_rate": 1e-3},
        {"temperature": 8, "learning_rate": 1e-2},
    ]
    assert arms[2].name == "temperature 8, learning rate 0.001"
    assert arms[2].recipe == replace(recipe, learning_rate=1e-3, objective=recipe.objective.edited(temperature=8))


def test_an_axis_may_hold_objectives_students_and_teachers(recipe):
    students = [{"name": "mlp", "hidden": [8]}, {"name": "convnet", "width": 4}]
    objectives = [kd.HardLabels(), kd.hinton(0.5, 2)]
    study = kd.Study.grid(recipe, student=students, teacher=["mnist-mlp-1200", "mnist-convnet"], data=kd.data.mnist())
    assert [arm.recipe.student for arm in study.arms] == [s for s in students for _ in range(2)]
    assert {arm.recipe.teacher for arm in study.arms} == {"mnist-mlp-1200", "mnist-convnet"}
    assert [arm.coordinates["student"] for arm in study.arms[::2]] == ["mlp 8", "convnet 4"]
    arms = grid(recipe, {"objective": objectives})
    assert [arm.recipe.objective for arm in arms] == [1.0 * kd.HardLabels(), kd.hinton(0.5, 2)]
    assert arms[1].coordinates["objective"] == "0.5 * SoftTargets(temperature=2.0) + 0.5 * HardLabels()"


def test_a_temperature_is_set_within_the_objective_of_the_same_point(recipe):
    arms = grid(recipe, {"temperature": [2], "objective": [kd.hinton(0.5, 1), kd.hinton(0.5, 1, term=kd.ReverseKL)]})
    assert [arm.recipe.objective for arm in arms] == [kd.hinton(0.5, 2), kd.hinton(0.5, 2, term=kd.ReverseKL)]


@pytest.mark.parametrize(
    ("axes", "sentence"),
    [
        ({}, "at least one axis"),
        ({"temprature": [1]}, "an axis must be one of temperature, alpha, .*, got 'temprature'"),
        ({"seed": [1, 2]}, "pass seeds to the study"),
        ({"temperature": []}, "temperature must have at least one value"),
        ({"temperature": [1, 1]}, "may appear once, got temperature 1 twice"),
        ({"temperature": [-1]}, "temperature must be"),
        ({"alpha": [2]}, "alpha must lie"),
    ],
)
def test_an_axis_that_cannot_work_is_answered_in_a_sentence(recipe, axes, sentence):
    with pytest.raises(ValueError, match=sentence):
        grid(recipe, axes)


def test_one_value_in_place_of_a_sequence_is_a_type_error(recipe):
    with pytest.raises(TypeError, match=r"write temperature=\[4\]"):
        grid(recipe, {"temperature": 4})
    with pytest.raises(ValueError, match="hidden is an axis of an mlp"):
        grid(replace(recipe, student={"name": "convnet", "width": 4}), {"hidden": [(8,)]})


def test_arms_by_name_must_be_recipes(recipe):
    assert [arm.name for arm in named({"a": recipe, "b": recipe})] == ["a", "b"]
    with pytest.raises(ValueError, match="at least one arm"):
        named({})
    with pytest.raises(TypeError, match=r"'a' must be a kd.Recipe \(run.recipe is one\), got Objective"):
        named({"a": recipe.objective})
    with pytest.raises(ValueError, match="names that differ as text"):
        named({1: recipe, "1": recipe})


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_twins_recipe_gives_the_engines_twin_bit_for_bit(recipe, digits, smoothing):
    edits = (
        {"step": 3, "name": "learning_rate", "value": 1e-2},
        {"step": 4, "name": "temperature", "value": 2.0},
        {"step": 5, "name": "total_steps", "value": 18},
    )
    edited = replace(recipe, edits=edits)
    twin = kd.Distillation.from_recipe(edited, data=digits).twin(smoothing).train(progress=False)
    ours = kd.Distillation.from_recipe(twin_recipe(edited, smoothing), data=digits).train(progress=False)
    assert ours.steps_done == twin.steps_done == 18
    assert same_weights(ours.student, twin.student)
