"""What the curves show before, while and after a run: a recorded one, an axis without waste, what it came to."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from kdviz.widgets import LearningCurves

from .conftest import STEPS, hold_the_clock

FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
GHOST = {
    "lines": [
        {"role": "student", "steps": [0, 120, 1920], "values": [90, 16, 4.9]},
        {"role": "twin", "steps": [0, 120, 1920], "values": [90, 18, 6.9]},
    ],
    "teacher": 0.7,
    "says": "Recorded with these settings, seed 0.",
}
ONE_RUN = {"seeds": [{"seed": 0, "difference": -200}], "mean": -200, "low": -239, "high": -159}
DIFFERENCES = [-200, -209, -203, -168, -128]
FIVE = {
    "seeds": [{"seed": seed, "difference": difference} for seed, difference in enumerate(DIFFERENCES)],
    "mean": -181.6,
    "low": -225.0,
    "high": -138.0,
}


def labels(page):
    return page.locator(".kd-label-text:visible").all_text_contents()


def heights(page):
    """Of the grid lines by what stands beside them, in px of the plot."""
    return page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".kd-layer-grid text")]
          .filter((n) => n.textContent.endsWith("%") && n.getAttribute("display") !== "none")
          .map((n) => [n.textContent.replace("\\u00a0", " "), Number(n.getAttribute("y"))]))"""
    )


def test_a_recorded_run_is_shown_until_there_is_one(mount, runs_scene):
    scene = runs_scene(frames=0, runs=[], teacher_error=None, state="idle")
    page = mount(LearningCurves(scene=scene, ghost=GHOST))
    note = page.locator(".kd-plot-empty")
    expect(note).to_have_text("Yours may look like this.Recorded with these settings, seed 0.")
    ghosts = page.locator(".kd-ghost:not([display])")
    assert ghosts.count() == 3
    dashes = ghosts.evaluate_all("(all) => all.map((n) => getComputedStyle(n).strokeDasharray)")
    assert "none" not in dashes
    assert labels(page) == ["Twin 6.9\u00a0%", "Student 4.9\u00a0%", "Teacher 0.7\u00a0%"]
    box, lines = note.bounding_box(), ghosts.evaluate_all("(all) => all.map((n) => n.getBoundingClientRect().toJSON())")
    middle = box["y"] + box["height"] / 2
    assert all(abs(line["bottom"] - middle) > box["height"] / 2 for line in lines), "the note hides no end of a curve"
    row = {"id": "s", "role": "student", "name": "Student", "edits": [], "hidden": False, "from": None}
    told = [
        row | {"steps": [0, 120], "values": [90, 15]},
        row | {"id": "t", "role": "twin", "steps": [0], "values": [90]},
    ]
    page.evaluate("([runs]) => { scene.set('runs', runs); scene.set('shown_run', 's'); }", [told])
    page.evaluate(FRAME)
    expect(ghosts).to_have_count(0)
    expect(note).to_be_hidden()
    page.evaluate("() => { scene.set('runs', []); models[0].set('ghost', {}); }")
    page.evaluate(FRAME)
    expect(note).to_contain_text("Press Train")
    grid, plot = page.locator(".kd-grid").first.bounding_box(), page.locator(".kd-plot").bounding_box()
    assert grid["width"] > 0.85 * plot["width"], "no room is kept for names that are not there"


def test_the_axis_begins_where_something_happens_and_zero_has_its_row(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene(teacher_error=0.0)))
    at = heights(page)
    assert (list(at)[:2] == ["0 %", "2 %"] and "100 %" not in at and "50 %" in at) or "20 %" in at
    teacher = page.locator(".kd-line-teacher")
    assert float(teacher.get_attribute("y1")) == pytest.approx(at["0 %"], abs=0.2)
    assert at["0 %"] - at["2 %"] > 20, "not on the lowest line of the logarithmic part"
    expect(page.locator(".kd-axis-break")).to_be_visible()
    assert "Teacher 0\u00a0%" in labels(page)
    expect(page.get_by_text("↑ 90\u00a0% at step 0")).to_be_visible()
    first = page.evaluate(
        """() => {
          const [path] = document.querySelectorAll(".kd-layer-lines .kd-line-student");
          return path.getAttribute("d").slice(1).split("L").slice(0, 2).map((p) => Number(p.split(" ")[1]));
        }"""
    )
    assert first[0] < first[1] < min(at.values()) + 12, "what came before comes in from above"
    page.get_by_role("radio", name="Accuracy").check()
    page.evaluate(FRAME)
    assert min(int(text.split()[0]) for text in heights(page)) >= 40, "accuracy is not drawn from 0 on"


def test_when_a_run_ends_the_difference_counts_in(mount, runs_scene):
    scene = runs_scene()
    done, scene.runs = scene.runs, [{**row, "steps": STEPS[:5], "values": row["values"][:5]} for row in scene.runs]
    page = mount(LearningCurves(scene=scene))
    assert page.locator(".kd-gap").get_attribute("d").count("L") == 2 * 4 - 1, "the gap between the four measured steps"
    number = page.locator(".kd-gap-count b")
    expect(number).to_be_hidden()
    hold_the_clock(page)
    page.evaluate("([runs, against]) => { scene.set('runs', runs); model.set('against', against); }", [done, ONE_RUN])
    page.clock.run_for(300)
    counted = int(number.inner_text().split()[0])
    assert 0 < counted < 200
    page.clock.run_for(2000)
    assert number.inner_text() == "200 fewer test errors than its twin"
    assert page.locator(".kd-gap-interval").inner_text() == "95\u00a0% CI 159 to 239"
    assert "200 fewer test errors than its twin" in page.locator(".kd-gap-count .kd-unseen").text_content()


def test_with_reduced_motion_and_on_a_finished_run_it_stands_there_at_once(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene(), against=ONE_RUN))
    assert page.locator(".kd-gap-count b").inner_text() == "200 fewer test errors than its twin"
    expect(page.locator(".kd-seeds")).to_be_hidden()


def test_several_seeds_are_dots_with_their_mean_and_interval(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene(), against=FIVE))
    dots = page.locator(".kd-seed:visible")
    assert dots.count() == 5
    x = dots.evaluate_all("(all) => all.map((n) => Number(n.getAttribute('cx')))")
    assert sorted(x) == [at for _, at in sorted(zip(DIFFERENCES, x, strict=True))]
    assert page.locator(".kd-seed-own").count() == 1
    interval = page.locator(".kd-seeds-interval").evaluate("(n) => [n.x1.baseVal.value, n.x2.baseVal.value]")
    assert interval[0] < min(x[3:]) < interval[1]
    zero = page.locator(".kd-seeds-zero").evaluate("(n) => n.x1.baseVal.value")
    assert zero > max(x), "all of them made fewer errors"
    told = page.get_by_role("img").get_attribute("aria-label")
    assert told.startswith(
        "182 fewer test errors than its twin, mean of 5 seeds; 95\u00a0% CI 138 to 225; seed 0: 200 fewer"
    )
