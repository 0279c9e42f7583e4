"""A recipe: written down, read back and run again."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd

from .conftest import same_weights


def test_functions_of_ones_own_are_asked_for_again(make, clouds, tmp_path):
    def sgd(parameters):
        return torch.optim.SGD(parameters, lr=0.1)

    run = make(optimizer=sgd, snapshot_every=3).train(epochs=1, progress=False)
    run.save(tmp_path)
    with pytest.raises(ValueError, match="optimizer was a function of your own; pass it as optimizer="):
        kd.Distillation.load(tmp_path, data=clouds)
    loaded = kd.Distillation.load(tmp_path, data=clouds, optimizer=sgd)
    assert loaded.settings.snapshot_every == 3
    assert same_weights(loaded.train(progress=False).student, run.train(progress=False).student)


def test_a_student_that_had_learned_before_is_no_recipe(make):
    first = make().train(progress=False)
    second = make(first.student, allow_weaker_teacher=True)
    assert first.recipe.student is not None
    assert second.recipe.student is None
    with pytest.raises(ValueError, match="pass it, in its initial state, as student="):
        kd.Distillation.from_recipe(second.recipe, teacher=first.teacher, data=first.data)


def test_a_recipe_survives_json_and_runs_again(tmp_path):
    digits = kd.data.mnist().with_labels(200)
    teacher = kd.models.mlp((20,)).eval()
    run = kd.Distillation(teacher, kd.models.mlp((8,), seed=7), digits, epochs=2, allow_weaker_teacher=True)
    run.step()
    run.edit(alpha=0.5)
    run.train(progress=False)
    recipe = kd.Recipe.from_json(run.recipe.to_json())
    assert recipe == run.recipe and recipe.data == "mnist" and recipe.draw["count"] == 200
    again = kd.Distillation.from_recipe(recipe, teacher=teacher).train(progress=False)
    assert again.history.rows.tobytes() == run.history.rows.tobytes()
    with pytest.raises(ValueError, match="pass it as teacher="):
        kd.Distillation.from_recipe(recipe)
    with pytest.raises(ValueError, match="a recipe must be JSON text"):
        kd.Recipe.from_json("{")
    with pytest.raises(ValueError, match="a recipe has no speed"):
        kd.Recipe.from_json(recipe.to_json().replace('"optimizer"', '"speed"'))


@pytest.mark.parametrize("draw", [
    {"count": 90, "omit": (3,)},
    {"count": 90, "omit": ("8", "3"), "keep_unlabelled": True, "seed": 2},
    {"count": 0, "keep_unlabelled": True},
])  # fmt: skip
def test_a_recipe_draws_the_same_transfer_set_again(draw):
    digits = kd.data.mnist().with_labels(**draw)
    teacher = kd.models.mlp((8,)).eval()
    run = kd.Distillation(teacher, kd.models.mlp((4,)), digits, kd.SoftTargets(), allow_weaker_teacher=True)
    recipe = kd.Recipe.from_json(run.recipe.to_json())
    assert recipe == run.recipe
    assert recipe.load_data().train.fingerprint() == digits.train.fingerprint()
