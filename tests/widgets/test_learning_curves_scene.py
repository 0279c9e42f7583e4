"""Learning curves on a scene: its runs, branches and bands."""

import re

import pytest

from kdviz.widgets import LearningCurves, bundle
from kdviz.widgets.traits import WrongTraitError

FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
LINES = """() => [...document.querySelectorAll(".kd-layer-lines path")]
  .filter((line) => line.getAttribute("display") !== "none").map((line) => line.getAttribute("class"))"""


def looks(page):
    """Names of the runs drawn, in the order they lie on one another."""
    return [re.search(r"kd-run-(?!line)(\S+)", line).group(1) for line in page.evaluate(LINES)]


def test_the_runs_of_the_scene_are_drawn_each_in_its_look(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene(branches=5)))
    assert sorted(looks(page)) == [f"branch-{i}" for i in range(5)] + ["smoothed", "student", "twin"]
    drawn = page.evaluate(
        """() => [...document.querySelectorAll(".kd-layer-lines path")].map((line) => {
          const style = getComputedStyle(line);
          return [style.stroke, style.strokeDasharray, style.strokeWidth].join(" | ");
        })"""
    )
    assert len(set(drawn)) == 8
    assert page.locator(".kd-line-teacher").evaluate("(n) => getComputedStyle(n).strokeDasharray") == "6px, 5px"


def test_the_run_that_the_views_show_is_boldest_and_on_top(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene(branches=1)))
    assert looks(page)[-1] == "student"
    page.evaluate("() => scene.set('shown_run', 'b0')")
    page.evaluate(FRAME)
    assert looks(page)[-1] == "branch-0"
    bold = page.locator(".kd-layer-lines .kd-bold")
    assert bold.count() == 1
    width = bold.evaluate("(n) => parseFloat(getComputedStyle(n).strokeWidth)")
    others = page.locator(".kd-layer-lines path:not(.kd-bold)").evaluate_all(
        "(all) => Math.max(...all.map((n) => parseFloat(getComputedStyle(n).strokeWidth)))"
    )
    assert width > others


def test_a_hidden_run_is_not_drawn(mount, runs_scene):
    scene = runs_scene(branches=1)
    scene.runs = [row | {"hidden": row["role"] == "twin"} for row in scene.runs]
    page = mount(LearningCurves(scene=scene))
    assert "twin" not in looks(page)
    assert not any("Twin " in text for text in page.locator(".kd-label-text:visible").all_text_contents())


def test_a_branch_begins_at_its_fork_on_its_parents_line(mount, runs_scene):
    scene = runs_scene(branches=1)
    scene.runs = [row | ({"from": 500} if row["role"] == "branch" else {}) for row in scene.runs]
    page = mount(LearningCurves(scene=scene))
    begins, student, fork = page.evaluate(
        """() => {
          const points = (look) => document.querySelector(`.kd-layer-lines .kd-run-${look}`).getAttribute("d")
            .slice(1).split("L").map((point) => point.split(" ").map(Number));
          const ring = document.querySelector(".kd-fork");
          const middle = ["cx", "cy"].map((name) => Number(ring.getAttribute(name)));
          return [points("branch-0")[0], points("student"), middle];
        }"""
    )
    (x0, y0), (x1, y1) = student[4], student[5]  # steps 480 and 600
    at = x0 + (x1 - x0) * 20 / 120
    assert begins[0] == pytest.approx(at, abs=0.2)
    assert begins[1] == pytest.approx(y0 + (y1 - y0) * 20 / 120, abs=0.2)
    assert fork == pytest.approx(begins, abs=0.1)


def test_a_branch_without_a_value_of_its_own_shows_its_fork(mount, runs_scene):
    scene = runs_scene(branches=1)
    short = scene.runs[-1] | {"steps": scene.runs[-1]["steps"][:4], "values": scene.runs[-1]["values"][:4]}
    scene.runs = [*scene.runs[:-1], short]
    page = mount(LearningCurves(scene=scene))
    assert page.locator(".kd-fork:visible").count() == 1
    assert "Branch 1 –" in page.locator(".kd-label-text:visible").all_text_contents()


def test_edits_are_marked_on_the_line_of_their_run_and_told(mount, runs_scene):
    scene = runs_scene(branches=1)
    scene.runs = [row | ({"edits": [{"step": 240, "text": "T = 8"}]} if row["id"] == "s" else {}) for row in scene.runs]
    page = mount(LearningCurves(scene=scene))
    marks = page.locator(".kd-edit-here").evaluate_all("(all) => all.map((n) => n.getAttribute('class'))")
    assert sorted(marks) == ["kd-edit-here kd-run-branch-0", "kd-edit-here kd-run-student"]
    assert page.locator("ol li").all_text_contents() == ["Student, step 240: T = 8", "Branch 1, step 480: T = 1"]
    assert page.locator(".kd-edit-text:visible").all_text_contents() == ["T = 8"], "above: those of the run shown"
    page.evaluate("() => scene.set('shown_run', 'b0')")
    page.evaluate(FRAME)
    assert page.locator(".kd-edit-text:visible").all_text_contents() == ["T = 1"]


def test_bands_of_several_seeds_are_areas_with_their_mean(mount, runs_scene):
    band = {"role": "twin", "name": "Twin, 5 seeds", "steps": [0, 960, 1920], "seeds": 5}
    scene = runs_scene(bands=[band | {"low": [88, 3, 2.5], "mean": [90, 4, 3], "high": [92, 5, 3.5]}])
    page = mount(LearningCurves(scene=scene))
    area = page.locator(".kd-band").bounding_box()
    mean = page.locator(".kd-mean").bounding_box()
    assert area["y"] < mean["y"] and area["y"] + area["height"] > mean["y"] + mean["height"] - 3
    assert float(page.locator(".kd-band").evaluate("(n) => getComputedStyle(n).fillOpacity")) < 0.5
    labels = page.locator(".kd-label-text:visible").all_text_contents()
    assert {"mean of 5 seeds", "Twin 3\u00a0%"} <= set(labels) | set(
        page.locator("svg .kd-tick-text").all_text_contents()
    )
    assert not any("this run" in label for label in labels), "of the twins only their mean has its name"
    scene.bands = [
        band | {"role": "student", "name": "Student", "low": [88, 3, 2], "mean": [90, 4, 2], "high": [92, 5, 3]}
    ]
    page = mount(LearningCurves(scene=scene))
    labels = page.locator(".kd-label-text:visible").all_text_contents()
    assert {"Student 2\u00a0%", "this run 2\u00a0%"} <= set(labels), "which is the mean, which this run"
    widths = ["kd-mean", "kd-thin"]
    mean, own = (page.locator(f".{w}").evaluate("(n) => parseFloat(getComputedStyle(n).strokeWidth)") for w in widths)
    assert mean > own


@pytest.mark.parametrize("width", [360, 400, 622, 1280])
@pytest.mark.parametrize("large", [False, True], ids=["usual text", "large text"])
def test_eight_runs_stay_readable(mount, runs_scene, width, large):
    page = mount(LearningCurves(scene=runs_scene(branches=5)), width=width)
    if large:
        page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
        page.set_viewport_size({"width": width + 1, "height": 900})
        page.evaluate(FRAME)
    names = page.locator(".kd-label-text:visible, .kd-legend-item:visible")
    assert names.count() == 9
    boxes = [box for box in names.evaluate_all("(all) => all.map((n) => n.getBoundingClientRect().toJSON())") if box]
    meet = [
        (a, b)
        for i, a in enumerate(boxes)
        for b in boxes[i + 1 :]
        if min(a["right"], b["right"]) - max(a["left"], b["left"]) > 2
        and min(a["bottom"], b["bottom"]) - max(a["top"], b["top"]) > 0.35 * a["height"]
    ]
    assert meet == []
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0


def test_the_read_out_hides_no_curve(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene(branches=5)), width=622)
    plot = page.locator(".kd-plot").bounding_box()
    page.mouse.move(plot["x"] + plot["width"] / 2, plot["y"] + plot["height"] / 2)
    readout = page.locator(".kd-readout")
    assert "Branch 5" in readout.inner_text()
    grid = page.locator(".kd-grid").first.bounding_box()
    assert readout.bounding_box()["x"] >= grid["x"] + grid["width"]


def test_a_redraw_with_as_many_runs_makes_no_new_node(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene(branches=3)))
    page.evaluate(FRAME)
    count = "() => document.querySelectorAll('#view *').length"
    before = page.evaluate(count)
    page.evaluate(
        "() => scene.set('runs', scene.get('runs').map((row) => ({ ...row, values: row.values.map((v) => 0.97 * v) })))"
    )
    page.evaluate(FRAME)
    assert page.evaluate(count) == before


def test_a_link_can_hide_the_curves(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene(hidden=["curves"])))
    assert not page.locator("#view").is_visible()
    page.evaluate("() => scene.set('hidden', [])")
    page.evaluate(FRAME)
    assert page.locator("#view").is_visible()


def test_a_view_on_a_scene_that_ends_leaves_no_listener(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene()))
    count = "() => Object.values(scene.listeners).flat().length + Object.values(model.listeners).flat().length"
    assert page.evaluate(count) > 20
    page.evaluate("() => end()")
    left = page.evaluate("() => Object.entries(scene.listeners).map(([name, all]) => [name, all.length])")
    drawn_from = ("step", "exact", "exact_logits", "whole", "whole_logits", "bias", "bias_class")
    store = {f"change:{name}": 1 for name in (*drawn_from, "hidden", "locked", "link")}
    store |= {"msg:custom": 1, "change:shown_run": 2}
    assert {name: n for name, n in left if n} == store, "the scene's own store stays with it, and nothing else"
    assert page.evaluate("() => Object.values(model.listeners).flat().length") == 0


def test_a_learning_rate_must_be_above_zero():
    with pytest.raises(WrongTraitError, match="learning_rate must be finite and > 0, got 0"):
        LearningCurves(learning_rate=0)


RUN_KEY, THEME = ((bundle.SHARED / f"{name}.css").read_text(encoding="utf-8") for name in ("run_key", "theme"))
LOOK = re.compile(r"--kd-(smoothed|branch-\d)(-text)?: light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
GROUNDS = re.compile(r"--kd-(surface|sunken): [^;]*?light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("name", "text", "light", "dark"), LOOK.findall(RUN_KEY))
def test_the_colours_of_runs_stand_out(name, text, light, dark):
    wanted = 4.5 if text else 3
    for ground, *of_themes in GROUNDS.findall(THEME):
        if ground == "sunken" and not text:
            continue
        for colour, background in zip((light, dark), of_themes, strict=True):
            low, high = sorted((luminance(colour), luminance(background)))
            assert (high + 0.05) / (low + 0.05) >= wanted


def test_every_look_has_its_colours():
    assert len(LOOK.findall(RUN_KEY)) == 12
