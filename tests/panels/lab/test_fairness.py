"""The fairness slider: there for data with groups only, live, and told as temperature and alpha are."""

from __future__ import annotations

import contextlib
import io

import pytest
from playwright.sync_api import expect

import kdviz as kd
from kdviz.panels import Lab
from kdviz.panels.lab.choices import Choices
from kdviz.panels.lab.link import from_query, to_call, to_query
from kdviz.panels.lab.presets import PRESETS
from kdviz.panels.live.code import program

ADULT = {"data": "adult", "teacher": "adult-mlp", "labels": 300, "units": 16, "epochs": 4, "batch_size": 64}
TAUGHT = 0.9 * kd.SoftTargets(4) + (1 - 0.9) * kd.HardLabels()


@pytest.fixture
def lab():
    made = []

    def make(*run, **chosen) -> Lab:
        made.append(Lab(*run, **(ADULT | {"smoothing": False} | chosen if not run else chosen)))
        return made[-1]

    yield make
    for panel in made:
        panel.close()


def step(panel: Lab) -> None:
    panel.command("step")
    assert panel.wait("paused")


# Choices.


def test_only_data_with_groups_get_a_penalty_and_at_weight_zero_too():
    assert Choices(**ADULT).objective() == TAUGHT + 0.0 * kd.DemographicParity("sex")
    fair = Choices(**ADULT, fairness=5, penalty="equalized_odds", group="race", alpha=0.5)
    assert fair.objective() == 0.5 * kd.SoftTargets(4) + 0.5 * kd.HardLabels() + 5.0 * kd.EqualizedOdds("race")
    assert Choices(fairness=5).objective() == TAUGHT
    assert Choices(fairness=5, group="race").with_data("adult").group == "race"


def test_without_labels_the_penalty_is_demographic_parity():
    silent = Choices(**ADULT | {"labels": 0}, penalty="equalized_odds")
    assert silent.penalty == "demographic_parity" and silent.objective().terms[2] == kd.DemographicParity("sex")


@pytest.mark.parametrize(("given", "says"), [
    ({"penalty": "parity"}, "penalty must be one of demographic_parity, equalized_odds, got 'parity'"),
    ({"group": "age"}, "group must be one of sex, race, got 'age'"),
    ({"fairness": -1.0}, "fairness must be a finite number >= 0"),
    ({"fairness": float("inf")}, "fairness must be a finite number >= 0"),
])  # fmt: skip
def test_what_cannot_be_chosen_is_named(given, says):
    with pytest.raises(ValueError, match=says):
        Choices(**ADULT, **given)


# The page without a browser.


def test_a_page_of_digits_offers_no_fairness_and_one_of_people_does(lab):
    panel = lab(data="mnist", teacher="mnist-mlp-overfit")
    assert panel.scene.penalty == "" and panel.setup.groups == []
    panel.setup.dataset = "adult"
    assert panel.wait("idle")
    assert panel.scene.penalty == "demographic parity by sex" and panel.setup.groups == ["sex", "race"]
    panel.setup.dataset = "mnist"
    assert panel.wait("idle")
    assert panel.scene.penalty == ""


def test_the_slider_edits_student_and_twin_at_the_next_step(lab):
    panel = lab()
    step(panel)
    assert panel.scene.in_force == {"temperature": 4.0, "alpha": 0.9, "fairness": 0.0, "step": 0}
    panel.scene.fairness = 5.0
    step(panel)
    for run in (panel.run, panel.twin):
        assert run.history.column("weight_fairness").tolist() == [0.0, 5.0]
        assert [(e.step, e.name, e.value) for e in run.history.edits] == [(1, "fairness", 5.0)]
    assert panel.scene.in_force == {"temperature": 4.0, "alpha": 0.9, "fairness": 5.0, "step": 1}
    assert panel.scene.runs[0]["edits"] == [{"step": 1, "name": "fairness", "text": "fairness = 5"}]


def test_the_state_holds_it_and_opens_the_same_page(lab):
    panel = lab(fairness=2.0, penalty="equalized_odds", fairness_range=(0, 10), locked=["fairness"])
    assert (panel.scene.fairness, panel.scene.fairness_range, panel.scene.locked) == (2.0, [0.0, 10.0], ["fairness"])
    assert panel.scene.penalty == "equalized odds by sex"
    step(panel)
    panel.scene.fairness = 4.0
    step(panel)
    state = panel.state
    assert state["fairness"] == 2.0 and state["edits"] == [[1, "fairness", 4.0]]
    query = to_query(state)
    for part in ("fairness=2", "penalty=equalized_odds", "fairness_range=0,10", "lock=fairness", "edits=1:fairness:4"):
        assert part in query.removeprefix("?").split("&")
    assert from_query(query) == state and "fairness=2.0" in to_call(state)
    other = Lab.from_state(state)
    try:
        step(other)
        step(other)
        assert other.run.history.rows.tobytes() == panel.run.history.rows.tobytes()
    finally:
        other.close()


def test_a_link_out_of_its_own_bounds_is_refused():
    with pytest.raises(ValueError, match="fairness must lie within fairness_range, 0 to 10, got 20"):
        from_query("?data=adult&teacher=adult-mlp&labels=300&fairness=20&fairness_range=0,10")
    with pytest.raises(ValueError, match="fairness must be a number from 0 to 1000"):
        from_query("?fairness=-1")
    with pytest.raises(ValueError, match="edits must be as 480:T:8"):
        from_query("?edits=3:unfairness:1")


def test_setup_chooses_penalty_and_groups_for_the_next_run(lab):
    panel = lab()
    panel.setup.penalty = "equalized_odds"
    panel.setup.group = "race"
    panel.scene.fairness = 3.0
    assert panel.wait("idle")
    assert panel.scene.penalty == "equalized odds by race"
    step(panel)
    assert panel.run.objective.terms[2] == kd.EqualizedOdds("race") and panel.run.objective.fairness == 3.0
    panel.setup.group = "sex"
    assert panel.wait("paused")
    assert panel.scene.penalty == "equalized odds by race"  # of the run on the page


def test_edits_of_it_that_wait_are_passed_over_where_there_are_no_groups(lab):
    panel = lab(
        data="mnist", teacher="mnist-mlp-overfit", fairness=3.0, edits=[(0, "fairness", 2.0), (1, "alpha", 0.5)]
    )
    step(panel)
    step(panel)
    assert panel.run.history.column("weight_soft").tolist() == [0.9, 0.5]


def test_a_branch_with_another_weight_brings_a_twin_with_it(lab):
    panel = lab(fairness=1.0)
    step(panel)
    step(panel)
    panel.command("branch", step=1, fairness=8.0)
    assert panel.wait("paused", "finished", "running")
    panel.command("pause")
    assert panel.wait("paused", "finished")
    student, twin = [entry for entry in panel.roster if entry.role == "branch"]
    assert student.run.objective.fairness == twin.run.objective.fairness == 8.0
    assert student.run.history.edits[-1].step == 1 and twin.run.teacher is None


def test_shown_code_repeats_the_run_bit_for_bit(lab):
    panel = lab(fairness=2.0)
    step(panel)
    panel.scene.fairness = 6.0
    step(panel)
    told = program(panel.run, smoothing=0)
    assert "objective = alpha * kd.SoftTargets(temperature=4) + (1 - alpha) * kd.HardLabels() + 2 * " in told
    assert 'kd.DemographicParity(group="sex", positive=1)' in told and "run.edit(fairness=6)" in told
    space = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(told, "told", "exec"), space)
    for name, run in (("student", panel.run), ("twin, no teacher", panel.twin)):
        assert space["runs"][name].history.rows.tobytes() == run.history.rows.tobytes()


def test_a_run_of_ones_own_has_the_slider_where_it_has_the_penalty(lab):
    data, teacher = kd.data.adult().with_labels(300), kd.models.pretrained("adult-mlp")
    student = kd.models.mlp((8,), inputs=91, classes=2)
    panel = lab(kd.Distillation(teacher, student, data, TAUGHT + 0 * kd.EqualizedOdds("sex"), epochs=4))
    assert panel.scene.penalty == "equalized odds by sex"
    step(panel)
    panel.scene.fairness = 5.0
    step(panel)
    assert panel.run.history.column("weight_fairness").tolist() == [0.0, 5.0]


@pytest.mark.parametrize("preset", PRESETS, ids=lambda p: p.name)
def test_no_preset_of_digits_is_changed_by_it(preset):
    choices = Choices(**preset.choices)
    assert choices.data == "adult" or choices.objective().fairness is None


# In a browser.

PEOPLE = "data=adult&teacher=adult-mlp&labels=300&units=16&epochs=60&batch_size=32&smoothing=0"


def test_the_slider_is_moved_by_keys_and_marked_and_a_link_locks_it(open_lab):
    lab = open_lab(PEOPLE)
    slider = lab.page.get_by_role("slider", name="Fairness")
    expect(slider).to_be_visible()
    expect(lab.page.locator(".kd-slider-note:visible")).to_contain_text("demographic parity by sex")
    lab.button("Step").click()
    expect(lab.page.locator(".kd-transport[data-state=paused]")).to_be_visible(timeout=120_000)
    expect(lab.page.locator(".kd-force:visible")).to_contain_text("fairness = 0")
    for _ in range(10):
        slider.press("ArrowRight")
    expect(lab.page.locator(".kd-force:visible")).to_contain_text(
        "Training with T = 4, α = 0.9, fairness = 1 since step 1"
    )


def test_a_link_bounds_and_locks_the_slider_and_digits_have_none(open_lab):
    lab = open_lab(f"{PEOPLE}&fairness=2&fairness_range=1,5&lock=fairness")
    slider = lab.page.get_by_role("slider", name="Fairness")
    expect(slider).to_be_disabled()
    expect(slider).to_have_attribute("aria-valuetext", "Fairness 2")
    digits = open_lab()
    expect(digits.temperature).to_be_visible()
    expect(digits.page.get_by_role("slider", name="Fairness")).to_have_count(0)
