"""A recipe that is damaged, or was never one, is refused in one sentence that names the field."""

from __future__ import annotations

import json
from functools import partial

import pytest

import kdviz as kd
from kdviz.distill.schedules import Complement, Linear, WarmupCosine

from ..damage import COUNT, is_a_sentence, of_json, refused


def a_recipe() -> kd.Recipe:
    """As many fields as one can have."""
    objective = (
        Linear(0.5, 0.9) * kd.SoftTargets(temperature=Linear(8, 1))
        + Complement(Linear(0.5, 0.9)) * kd.HardLabels()
        + 0.5 * kd.Hint("relu1", "relu2", regressor="linear")
        + 0.2 * kd.Mutual(peers=({"name": "mlp", "hidden": [4], "seed": 3},))
        + 2 * kd.DemographicParity("sex")
    )
    return kd.Recipe(
        data="mnist",
        draw={"count": 4000, "keep_unlabelled": True, "seed": 1, "omit": [3]},
        teacher="mnist-mlp-1200",
        student={"name": "mlp", "hidden": [64, 32], "dropout": 0.1},
        student_seed=7,
        objective=objective,
        learning_rate=WarmupCosine(1e-2),
        epochs=3,
        augment="shift",
        edits=({"step": 10, "name": "temperature", "value": 3.0}, {"step": 20, "name": "total_steps", "value": 90}),
        scheme={"name": "assistant_chain", "students": [{"name": "convnet", "width": 4}]},
    )


def test_a_damaged_recipe_is_a_sentence_or_another_whole_recipe():
    whole = a_recipe()
    text = whole.to_json()
    assert kd.Recipe.from_json(text) == whole
    count = 0
    for done, damaged in of_json(text):
        gone, read = refused(partial(kd.Recipe.from_json, damaged), done)
        count += gone
        assert gone or kd.Recipe.from_json(read.to_json()) == read, done
    print(f"\n{count} of {COUNT} damaged recipes are refused, the others are recipes of another kind")
    assert count > 0.6 * COUNT


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"epochs": True}, r"recipe\.epochs must be a whole number from 1 to 1,000,000,000, got true"),
        ({"epochs": 10**12}, r"recipe\.epochs must be a whole number from 1 to 1,000,000,000, got 1000000000000"),
        ({"batch_size": 1.5}, r"recipe\.batch_size must be a whole number .*, got 1\.5"),
        ({"version": True}, r"recipe\.version must be 1, got true"),
        ({"learning_rate": float("nan")}, r"recipe\.learning_rate must be a finite number > 0 or a schedule, got NaN"),
        ({"learning_rate": {"schedule": "Linear", "start": 1}}, r"recipe\.learning_rate has no end"),
        ({"student": {"name": "mlp", "hiden": [3]}}, r'recipe\.student has no field "hiden"; it may have hidden'),
        ({"student": {"name": "mlp", "hidden": [True]}}, r"recipe\.student\.hidden\[0\] must be a whole number"),
        ({"draw": {"seed": 3}}, r"recipe\.draw has no count"),
        ({"optimizer": "adem"}, r"recipe\.optimizer must be one of adam, adamw, sgd, custom, got \"adem\""),
        ({"scheme": {"name": "born_again", "generations": 10**6}}, r"recipe\.scheme\.generations must be a whole"),
        ({"edits": [{"step": -5, "name": "alpha", "value": 0.5}]}, r"recipe\.edits\[0\]\.step must be a whole number"),
        ({"edits": [{"step": 1.5, "name": "alpha", "value": 0.5}]}, r"recipe\.edits\[0\]\.step must be .*, got 1\.5"),
        ({"edits": [{"step": 5, "name": "alfa", "value": 0.5}]}, "name must be one of temperature, .* got 'alfa'"),
        ({"edits": [{"step": 5, "name": "total_steps", "value": 1.5}]}, "total_steps must be a whole number"),
        ({"edits": [{"step": 5, "name": "learning_rate", "value": -1}]}, "learning_rate must be a finite number > 0"),
    ],
    ids=lambda value: None if isinstance(value, str) else "-".join(value),
)
def test_each_field_says_what_it_must_be(change, sentence):
    with pytest.raises(ValueError, match=sentence) as said:
        kd.Recipe.from_dict(json.loads(a_recipe().to_json()) | change)
    assert is_a_sentence(said.value)


def test_edits_are_looked_at_when_a_recipe_is_made_in_python_too():
    for step in (-5, 1.5, True):
        with pytest.raises(ValueError, match=r"edits\[0\]\.step must be a whole number"):
            kd.Recipe(data="mnist", edits=({"step": step, "name": "alpha", "value": 0.5},))
    with pytest.raises(TypeError, match="epochs must be a whole number, got True"):
        kd.Recipe(data="mnist", epochs=True)


def test_edits_in_any_order_are_each_made_at_their_step(clouds, teacher):
    edits = [{"step": step, "name": "learning_rate", "value": rate} for step, rate in ((8, 1e-4), (3, 1e-2))]
    recipe = kd.Recipe(
        data="clouds", student={"name": "mlp", "hidden": [4], "inputs": 4, "classes": 3}, batch_size=32, edits=edits
    )
    run = kd.Distillation.from_recipe(recipe, teacher=teacher, data=clouds).train(epochs=1, progress=False)
    assert run.history.column("learning_rate").tolist() == [1e-3] * 3 + [1e-2] * 5 + [1e-4] * (len(run.history) - 8)


def test_what_is_no_recipe_at_all_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        kd.Recipe.from_json(tmp_path / "nowhere.json")
    with pytest.raises(ValueError, match="cannot be read"):
        kd.Recipe.from_json(tmp_path)
    with pytest.raises(TypeError, match="must be JSON text or a Path to it, got int"):
        kd.Recipe.from_json(3)
    with pytest.raises(ValueError, match='names "epochs" twice'):
        kd.Recipe.from_json('{"version": 1, "data": "mnist", "objective": [], "epochs": 2, "epochs": 3}')
