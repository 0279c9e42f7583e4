"""What can change while a student learns: one declaration, met everywhere."""

from __future__ import annotations

import dataclasses

import pytest

import kdviz as kd
from kdviz.distill.live import LIVE, OF_OBJECTIVE, WITH_SLIDER, LiveNumbers
from kdviz.distill.twin import SHARED
from kdviz.panels.lab import link
from kdviz.panels.lab.choices import Choices
from kdviz.panels.lab.options import PageOptions
from kdviz.widgets.share import CONTROLS


@pytest.mark.parametrize("name", LIVE)
def test_a_number_that_is_declared_is_met_everywhere(name):
    number = LIVE[name]
    scene = kd.widgets.Scene()
    assert getattr(Choices(), name) == number.default
    assert name in CONTROLS
    assert number.link in link.LINK_NAMES.values()
    assert name in {row["name"] for row in scene.live}
    assert (name in SHARED) is number.of_twin
    if number.slider:
        assert getattr(scene, f"{name}_range") == list(number.slider)
        assert getattr(PageOptions(), f"{name}_range") == number.slider
        assert {name, f"{name}_range"} <= set(scene.shared)
        assert f"{number.link}_range" in link.LINK_NAMES.values()


@pytest.mark.parametrize("name", OF_OBJECTIVE)
def test_a_number_of_the_objective_can_be_read_and_edited(name):
    objective = 0.9 * kd.SoftTargets(4) + 0.1 * kd.HardLabels() + 1 * kd.DemographicParity("sex")
    assert name in objective.editable
    value = min(LIVE[name].most, 0.5)
    assert objective.edited(**{name: value}).value(name) == value


def test_a_value_is_given_by_the_fields_of_whoever_holds_it():
    names = {field.name for field in dataclasses.fields(LiveNumbers)}
    assert names == set(LIVE) and set(WITH_SLIDER) < names
    assert names < {field.name for field in dataclasses.fields(Choices)}


@pytest.mark.parametrize("name", LIVE)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_what_a_number_cannot_be_is_one_sentence(name, value):
    with pytest.raises(ValueError, match=f"^{name} must .*, got {value}$"):
        LIVE[name].check(value)


def test_a_slider_rises_within_the_values_that_there_are():
    with pytest.raises(
        ValueError, match=r"alpha_range must be two numbers in \[0, 1\], the smaller first, got \[0, 2\]"
    ):
        LIVE["alpha"].check_ends([0, 2])
    with pytest.raises(ValueError, match="temperature_range must be two finite numbers > 0, the smaller first"):
        LIVE["temperature"].check_ends([0, 4])
