"""What the setup shows of the choices."""

from __future__ import annotations

from kdviz.panels.study.choices import StudyChoices
from kdviz.panels.study.fields import axis_options, fields

from .conftest import QUICK


def by_name(choices):
    return {field["name"]: field for field in fields(choices)}


def test_axes_have_their_values_checked_and_all_else_one():
    found = by_name(StudyChoices.of(QUICK))
    assert found["temperature"]["axis"] == "x" and found["temperature"]["chosen"] == ["1", "4"]
    assert found["alpha"]["axis"] == "y" and found["units"]["axis"] == ""
    assert found["units"]["chosen"] == ["8"] and {"value": "8", "text": "8"} in found["units"]["options"]
    assert found["labels"]["options"][-1] == {"value": "55000", "text": "55,000"}, "all of them"
    assert found["seeds"]["group"] == "budget" and {"value": "2", "text": "2"} in found["seeds"]["options"]
    odd = by_name(StudyChoices.of({"temperature": [1, 7.5], "epochs": 7}))
    assert {"value": "7.5", "text": "7.5"} in odd["temperature"]["options"], "a value of a link is offered too"
    assert odd["epochs"]["chosen"] == ["7"] and {"value": "7", "text": "7"} in odd["epochs"]["options"]


def test_what_does_nothing_is_not_shown():
    smoothed = by_name(StudyChoices.of({"x": "units", "y": "labels", "method": "label_smoothing"}))
    assert "temperature" not in smoothed and "alpha" not in smoothed and "penalty" not in smoothed
    fair = by_name(StudyChoices.of({"data": "adult", "x": "fairness", "y": "alpha"}))
    assert fair["penalty"]["chosen"] == ["demographic_parity"] and fair["group"]["chosen"] == ["sex"]
    assert {option["value"] for option in axis_options(StudyChoices())} == {
        "temperature", "alpha", "units", "labels", "teacher", "method", "learning_rate",
    }  # fmt: skip
    assert all(option["value"] != "logit_mse" for option in by_name(StudyChoices())["method"]["options"])
