"""Schemes that a recipe names."""

from __future__ import annotations

from dataclasses import replace

import pytest

import kdviz as kd
from kdviz.distill import Distillation, Recipe
from kdviz.distill.schemes import stages

TINY = {"name": "mlp", "hidden": [4], "inputs": 4, "classes": 3}


def recipe(**more) -> Recipe:
    return Recipe(**{"data": "clouds", "student": TINY, "epochs": 1, "objective": kd.hinton(), **more})


def gone_through(recipe: Recipe, **parts) -> dict:
    told = {}
    for name, stage in stages(recipe, **parts):
        told[name] = stage.train(progress=False) if isinstance(stage, Distillation) else stage
    return told


def test_a_recipe_without_a_scheme_is_one_run(clouds, teacher):
    (name, run), *rest = stages(recipe(), teacher=teacher, data=clouds)
    assert name == "" and not rest and run.objective == kd.hinton()


def test_a_chain_ends_with_the_recipes_own_student_each_taught_by_the_one_before(clouds, teacher):
    chain = recipe(scheme={"name": "assistant_chain", "students": [{**TINY, "hidden": [8]}]})
    told = gone_through(chain, teacher=kd.distill.Teacher(teacher), data=clouds)
    assert list(told) == ["assistant 1", "student"]
    first, last = told.values()
    assert last.student.architecture["hidden"] == [4] and last.teacher.module.architecture["hidden"] == [8]
    x = clouds.test.inputs()
    assert (last.teacher(x) == first.student.eval()(x)).all()


def test_generations_end_with_their_ensemble(clouds):
    told = gone_through(recipe(scheme={"name": "born_again", "generations": 2}), data=clouds)
    assert list(told) == ["generation 1", "generation 2", "ensemble of 2"]
    assert told["generation 1"].objective == 1.0 * kd.HardLabels() and told["generation 2"].objective == kd.hinton()
    assert told["ensemble of 2"](clouds.test.inputs()).shape == (len(clouds.test), 3)


def test_a_bias_is_raised_by_what_is_asked_and_by_what_suits_validation(clouds, teacher):
    raised = recipe(scheme={"name": "shift_class_bias", "of_class": 2, "by": [1.5, "validation"]})
    told = gone_through(raised, teacher=teacher, data=clouds)
    names = list(told)
    assert names[:2] == ["as trained", "bias raised by 1.5"] and names[2].startswith("bias raised by what suits valid")
    x = clouds.test.inputs()
    gained = told["bias raised by 1.5"](x) - told["as trained"].student.eval()(x)
    assert gained[:, 2].detach().numpy() == pytest.approx(1.5, abs=1e-5)


def test_a_scheme_is_written_down_with_its_recipe():
    chain = recipe(scheme={"name": "born_again", "generations": 2})
    assert Recipe.from_json(chain.to_json()) == chain and chain.without_scheme().scheme is None


def test_what_does_not_fit_is_told_in_a_sentence(clouds):
    with pytest.raises(
        ValueError, match="scheme must be one of assistant_chain, born_again, shift_class_bias, got 'chain'"
    ):
        stages(recipe(scheme={"name": "chain"}), data=clouds)
    with pytest.raises(ValueError, match=r"do not fit the scheme born_again: .*unexpected keyword argument 'times'"):
        stages(recipe(scheme={"name": "born_again", "times": 3}), data=clouds)
    with pytest.raises(ValueError, match="a scheme of several runs"):
        kd.Distillation.from_recipe(replace(recipe(), scheme={"name": "born_again"}), data=clouds)
