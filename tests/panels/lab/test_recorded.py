"""Recorded runs: shown as what they are, and only where they fit what is chosen."""

from __future__ import annotations

from dataclasses import replace

from kdviz.panels.lab.choices import Choices, data_names
from kdviz.panels.lab.recorded import ghost, recordings


def test_the_usual_settings_of_each_data_set_are_recorded_to_their_last_step():
    assert all(recordings(data) for data in ("mnist", "fashion-mnist", "adult"))
    for one in (one for data in data_names() for one in recordings(data)):
        assert one.version and "student" in one.curves
        for steps, values in one.curves.values():
            assert steps[0] == 0 and steps[-1] == one.choices.steps and len(steps) == len(values)
            assert values[-1] < values[0], "it has learned something"


def test_a_recording_of_these_very_settings_says_so_whatever_the_seed():
    shown = ghost(Choices(seed=7, smoothing=False))
    assert shown["says"] == "Recorded with these settings, seed 0."
    assert [line["role"] for line in shown["lines"]] == ["student", "twin"]
    assert shown["lines"][0]["steps"][-1] == Choices().steps


def test_other_settings_are_named_and_other_data_never_shown():
    assert ghost(Choices(temperature=7.0))["says"].startswith(
        "Recorded with other settings: T = 4, α = 0.9, 4,000 labels"
    )
    fashion = Choices.of({"data": "fashion-mnist"})
    [usual] = [one for one in recordings("fashion-mnist") if one.fits(fashion)]
    changed = ghost(replace(fashion, epochs=9))
    assert changed["lines"][0]["values"] == usual.curves["student"][1]


def test_a_run_with_a_fault_in_its_data_is_no_picture_of_one_without():
    assert ghost(Choices(fault="rare_class")) == {}
