"""What can be chosen on the Study page, and what does not fit."""

from __future__ import annotations

import pytest

from kdviz.panels.study.choices import AXES, StudyChoices, axes_of, methods_for, place_text, value_text


def test_several_values_make_an_axis_and_the_other_keeps_its_usual_ones():
    chosen = StudyChoices.of({"units": [64, 8], "labels": [300, 100]})
    assert (chosen.x, chosen.y, chosen.units, chosen.labels) == ("units", "labels", (8, 64), (100, 300))
    assert chosen.temperature == (4.0,) and chosen.alpha == (0.9,)
    one = StudyChoices.of({"learning_rate": [1e-3, 1e-2]})
    assert (one.x, one.y, one.temperature) == ("learning_rate", "temperature", AXES["temperature"].usual)
    assert StudyChoices.of({}) == StudyChoices()
    assert "mnist-mlp-1200" in StudyChoices.of({"x": "teacher", "y": "units"}).teacher


def test_another_axis_brings_its_values_and_the_old_one_becomes_one_value():
    chosen = StudyChoices().with_values("x", "labels")
    assert (chosen.x, chosen.labels, chosen.temperature) == ("labels", AXES["labels"].usual, (4.0,))
    turned = StudyChoices().with_values("x", "alpha")
    assert (turned.x, turned.y, turned.alpha) == ("alpha", "temperature", StudyChoices().alpha)
    smoothed = StudyChoices.of({"method": "label_smoothing", "x": "units", "y": "labels"})
    assert smoothed.with_values("x", "temperature").method == ("soft_targets",), "one that has a temperature"


def test_other_data_bring_their_teacher_and_groups():
    chosen = StudyChoices().with_values("data", "adult")
    assert chosen.teacher == ("adult-mlp",) and "fairness" in axes_of("adult") and "fairness" not in axes_of("mnist")
    fair = chosen.with_values("x", "fairness")
    assert fair.objective("soft_targets").fairness is not None
    assert chosen.objective("soft_targets").fairness is None, "no penalty, so that runs can be stacked"
    back = fair.with_values("data", "mnist")
    assert back.x == "temperature" and back.fairness == (0.0,)


def test_methods_without_a_temperature_are_not_offered_beside_one():
    assert "logit_mse" in methods_for("units", "labels") and "logit_mse" not in methods_for("method", "temperature")
    assert "label_smoothing" not in methods_for("method", "alpha")
    with pytest.raises(ValueError, match="Logit matching has no temperature, so it cannot be an axis"):
        StudyChoices.of({"method": ["soft_targets", "logit_mse"], "temperature": [1, 4]})


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"temperature": [0, 4]}, "temperature must be a number above 0, up to 1000, got 0"),
        ({"alpha": [0.1, 1.5]}, "alpha must be a number from 0 to 1, got 1.5"),
        ({"alpha": [0.1, True]}, "alpha must be a number from 0 to 1, got True"),
        ({"temperature": [4, 4.0]}, "temperature must have each value once"),
        ({"temperature": list(range(1, 11))}, "temperature must have 1 to 8 values, as it is an axis, got 10"),
        ({"units": [8, 16], "labels": [100, 300], "alpha": [0.1, 0.9]}, "labels must have one value, as it is no axis"),
        ({"labels": 3}, "labels must be a whole number from 10 to 55,000, got 3"),
        ({"teacher": "adult-mlp"}, "teacher must be one of mnist-"),
        ({"fairness": 1.0}, "fairness needs data that name groups, and mnist names none"),
        ({"seeds": 11}, "seeds must be a whole number from 1 to 10, got 11"),
        ({"epochs": 2.5}, "epochs must be a whole number from 1 to 500, got 2.5"),
        ({"x": "alpha", "y": "alpha"}, "the two axes must differ, got alpha twice"),
        ({"x": "mood"}, "x must be one of temperature"),
        ({"outcome": "beauty"}, "an outcome must be one of errors"),
        ({"batch_size": 7}, "batch_size must be one of 16"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(given, says):
    with pytest.raises(ValueError, match=says):
        StudyChoices.of(given)


def test_a_misspelt_field_is_named():
    with pytest.raises(TypeError, match="tempratur"):
        StudyChoices.of({"tempratur": [1, 4]})


def test_values_and_places_are_written_for_a_reader():
    assert value_text("labels", 3000) == "3,000" and value_text("teacher", "adult-mlp").startswith("Adult")
    assert place_text({"labels": 1, "learning_rate": 0.003, "fairness": 2.0}) == "1 label, learning rate 0.003, λ = 2"
    assert place_text({"method": "decoupled"}) == "Decoupled (DKD)"
