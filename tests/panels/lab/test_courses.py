"""Numbers that follow a course: what the page is given to show them at the step in view."""

from __future__ import annotations

import numpy as np
import pytest

from kdviz.distill.schedules import value_at
from kdviz.panels.lab import courses
from kdviz.panels.lab.choices import Choices

FALLING = {"temperature_course": "falling", "rate_course": "warmup"}


@pytest.mark.parametrize("ofT", ["falling", "inverse_root"])
@pytest.mark.parametrize("of_rate", ["cosine", "warmup", "inverse_root"])
def test_a_way_is_close_to_its_schedule_at_every_step(ofT, of_rate):
    choices = Choices(temperature_course=ofT, rate_course=of_rate, labels=1000, epochs=60)
    schedules = {"temperature": choices.objective().temperature, "learning_rate": choices.rate}
    found = courses.planned(choices)
    assert [row["name"] for row in found] == ["temperature", "learning_rate"]
    for row in found:
        steps = np.arange(choices.steps)
        exact = [value_at(schedules[row["name"]], int(step), choices.steps) for step in steps]
        assert np.interp(steps, row["steps"], row["values"]) == pytest.approx(exact, rel=5e-3, abs=1e-6)
        assert row["start"] == getattr(choices, row["name"])


def test_the_page_is_given_the_course_before_and_the_edit_that_ends_it_after(lab):
    panel = lab(**FALLING, temperature=8.0, labels=100, batch_size=20, epochs=4)
    assert panel.wait("idle")
    before = {row["name"]: row for row in panel.scene.courses}
    assert before["temperature"]["values"][::19] == [8.0, 1.0] and "falling" in before["temperature"]["text"]
    panel.command("step")
    assert panel.wait("paused")
    assert panel.scene.in_force == {"alpha": 0.9, "step": 0}
    panel.scene.temperature = 3.0
    panel.command("step")
    assert panel.wait("paused")
    (after,) = (row for row in panel.scene.courses if row["name"] == "temperature")
    way = list(zip(after["steps"], after["values"], strict=True))
    assert way[0] == (0, 8.0) and (1, 3.0) in way and way[-1] == (19, 3.0)


def test_a_branch_keeps_the_course_that_it_does_not_change(lab):
    panel = lab(**FALLING, labels=100, batch_size=20, epochs=2)
    panel.command("train")
    assert panel.wait("finished")
    panel.command("branch", step=5, alpha=0.5)
    assert panel.wait("finished")
    branch = next(entry for entry in panel.roster if entry.role == "branch")
    assert branch.run.objective.temperature == panel.run.objective.temperature
    assert [row["name"] for row in panel.scene.courses] == ["temperature", "learning_rate"]
