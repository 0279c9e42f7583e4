"""A branch from the step that the views show: what the fields hold, what is sent, what is refused."""

import pytest

from kdviz.widgets import LearningCurves

FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
IN_FORCE = {"temperature": 4.0, "alpha": 0.9, "step": 0}


def opened(mount, scene, **traits):
    page = mount(LearningCurves(scene=scene, **({"learning_rate": 0.001} | traits)))
    page.get_by_role("button", name="Branch from step").click()
    return page


def values(page):
    return [page.get_by_label(name, exact=True).input_value() for name in ("T", "α", "learning rate")]


def start(page):
    page.get_by_role("button", name="Start branch").click()
    return page.evaluate("() => model.log.filter((entry) => entry.sent).map((entry) => entry.sent)")


def test_the_fields_open_with_what_was_in_force_and_the_first_has_the_focus(mount, runs_scene):
    page = opened(mount, runs_scene(step=480, in_force=IN_FORCE, temperature=20.0))
    assert page.get_by_role("button", name="Branch from step 480").get_attribute("aria-expanded") == "true"
    assert values(page) == ["4", "0.9", "0.001"]
    assert page.get_by_label("T", exact=True).evaluate("(n) => n === document.activeElement")


def test_only_what_was_changed_is_sent(mount, runs_scene):
    page = opened(mount, runs_scene(step=480, in_force=IN_FORCE))
    page.get_by_label("T", exact=True).fill("1")
    page.get_by_label("α", exact=True).fill("0,50")
    assert start(page) == [{"command": "branch", "step": 480, "temperature": 1, "alpha": 0.5}]
    assert not page.get_by_label("T", exact=True).is_visible()


def test_a_branch_without_changes_repeats_the_run(mount, runs_scene):
    page = opened(mount, runs_scene(step=480, in_force=IN_FORCE))
    page.get_by_label("T", exact=True).fill("4.0")
    page.get_by_label("T", exact=True).press("Enter")
    assert page.evaluate("() => model.log.at(-1).sent") == {"command": "branch", "step": 480}


@pytest.mark.parametrize(
    ("in_force", "edits"),
    [
        ({}, []),  # nothing is known: the run has ended
        ({"temperature": 9.0, "alpha": 0.9, "step": 480}, []),  # in force since, not before
        (IN_FORCE | {"temperature": 9.0}, [{"step": 600, "name": "temperature", "text": "T = 9"}]),
    ],
)
def test_what_is_shown_is_used_where_it_is_not_known_what_was_in_force(mount, runs_scene, in_force, edits):
    scene = runs_scene(step=480, in_force=in_force, temperature=9.0, alpha=0.9)
    scene.runs = [scene.runs[0] | {"edits": edits}, *scene.runs[1:]]
    page = opened(mount, scene)
    assert values(page)[0] == "9"
    assert start(page)[0]["temperature"] == 9


def test_a_course_that_is_left_as_it_is_goes_on_in_the_branch(mount, runs_scene):
    course = {"name": "temperature", "text": "falling", "start": 8.0, "steps": [0, 960], "values": [8.0, 2.0]}
    page = opened(mount, runs_scene(step=480, in_force={"alpha": 0.9, "step": 0}, courses=[course], temperature=8.0))
    assert values(page)[0] == "5"
    assert start(page) == [{"command": "branch", "step": 480}]


def test_an_unknown_learning_rate_is_left_as_it_was(mount, runs_scene):
    page = opened(mount, runs_scene(step=480, in_force=IN_FORCE), learning_rate=None)
    assert values(page)[2] == ""
    assert start(page) == [{"command": "branch", "step": 480}]


@pytest.mark.parametrize(
    ("field", "given", "sentence"),
    [
        ("T", "0", "T must be a number from 0.5 to 100, got 0."),
        ("T", "warm", "T must be a number from 0.5 to 100, got warm."),
        ("α", "1.5", "α must be a number from 0 to 1, got 1.5."),
        ("learning rate", "-1", "Learning rate must be a number above 0, got -1."),
        ("learning rate", "", "Learning rate must be a number above 0, got nothing."),
    ],
)
def test_a_bad_number_gets_one_sentence_in_its_place(mount, runs_scene, field, given, sentence):
    page = opened(mount, runs_scene(step=480, in_force=IN_FORCE))
    box = page.get_by_label(field, exact=True)
    box.fill(given)
    assert start(page) == []
    assert page.get_by_role("alert").inner_text() == sentence
    assert box.get_attribute("aria-invalid") == "true"
    assert box.evaluate("(n) => n === document.activeElement")
    box.fill("0.75")
    assert len(start(page)) == 1
    assert page.locator("[aria-invalid]").count() == 0


def test_what_is_typed_stays_when_the_step_moves_on(mount, runs_scene):
    page = opened(mount, runs_scene(step=480, in_force=IN_FORCE))
    page.get_by_label("T", exact=True).fill("7")
    page.get_by_role("slider").press("ArrowLeft")
    page.evaluate(FRAME)
    assert page.get_by_role("button", name="Branch from step 360").is_visible()
    assert start(page) == [{"command": "branch", "step": 360, "temperature": 7}]


def test_escape_closes_and_gives_the_focus_back(mount, runs_scene):
    page = opened(mount, runs_scene(step=480, in_force=IN_FORCE))
    page.keyboard.press("Escape")
    assert not page.get_by_label("T", exact=True).is_visible()
    assert page.locator(".kd-branch-open").evaluate("(n) => n === document.activeElement")


def test_the_button_waits_for_the_branch_to_come(mount, runs_scene):
    page = opened(mount, runs_scene(step=480, in_force=IN_FORCE))
    start(page)
    button = page.locator(".kd-branch-open")
    assert button.inner_text() == "Starting the branch …"
    button.dispatch_event("click")
    assert not page.get_by_label("T", exact=True).is_visible()
    page.evaluate("() => scene.set('runs', [...scene.get('runs')])")
    page.evaluate(FRAME)
    assert button.inner_text() == "Branch from step 480"


@pytest.mark.parametrize(
    ("traits", "text"),
    [
        ({"locked": ["branch"]}, "Branch"),
        ({"step": None}, "Branch (first drag back)"),
        ({"shown_run": "t"}, "Branch (show a student)"),
        ({"state": "loading"}, "Branch"),
    ],
)
def test_where_no_branch_can_begin_the_button_does_nothing(mount, runs_scene, traits, text):
    page = mount(LearningCurves(scene=runs_scene(**({"step": 480, "in_force": IN_FORCE} | traits))))
    button = page.locator(".kd-branch-open")
    assert button.inner_text() == text
    button.dispatch_event("click")
    assert not page.get_by_label("T", exact=True).is_visible()


def test_a_locked_value_cannot_be_changed_for_a_branch(mount, runs_scene):
    page = opened(mount, runs_scene(step=480, in_force={}, locked=["temperature"]))
    assert page.get_by_label("T", exact=True).is_disabled()
    assert "temperature" not in start(page)[0]


def test_a_branch_can_begin_where_training_is_now(mount, runs_scene):
    scene = runs_scene(state="running", in_force=IN_FORCE, total_steps=3000)
    scene.runs = [row | {"total_steps": 3000} for row in scene.runs]
    page = opened(mount, scene)
    assert start(page) == [{"command": "branch", "step": 1920}]
