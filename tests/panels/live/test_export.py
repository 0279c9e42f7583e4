"""A panel as one HTML file: alive without a kernel, a server or a network."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path

import ipywidgets
import numpy as np
import pytest
import traitlets
from playwright.sync_api import Page, expect

import kdviz as kd
from kdviz import widgets
from kdviz.panels.live.panel import Panel
from kdviz.widgets.from_page import Box, VBox
from kdviz.widgets.recording import Frame
from kdviz.widgets.traits import View

FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
STEPS = [0, 40, 80, 120]
EVIL = "</script><script>window.evil = 1</script><!-- ünï \u2028 & <b>"
RECORDED = np.array([[2.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


def scene_with_runs() -> widgets.Scene:
    """Two runs; at step s the student's logits are s/40 times the same numbers."""
    runs = [
        {
            "id": key, "name": name, "role": role, "colour": 0, "hidden": False, "steps": STEPS, "note": "",
            "values": [90.0, 30.0, 20.0, floor], "edits": [], "from": None, "best": {"step": 120, "value": floor},
            "test": 12, "removable": False, "total_steps": 120,
        }
        for key, name, role, floor in (("s", "Student", "student", 5.0), ("t", "Twin, no teacher", "twin", 9.0))
    ]  # fmt: skip
    scene = widgets.Scene(
        classes=["cat", "dog", EVIL], captions=["one", "two"], labels=[0, 1], sample=2, runs=runs, shown_run="s",
        teacher_logits=np.array([[3.0, 1.0, 0.0], [0.0, 2.0, 1.0]]), total_steps=120, state="running", view="draw",
        hidden=["code"], locked=["bias"], teacher_error=0.5, temperature=1.0,
    )  # fmt: skip
    for factor, run in ((1.0, "s"), (-1.0, "t")):
        for step in STEPS:
            scene.record(run, Frame.of(step, factor * step / 40 * RECORDED))
    return scene


class Small(Panel):
    """A small composition: a view of one example beside curves, and buttons that need Python."""

    def __init__(self) -> None:
        self.scene = scene_with_runs()
        self.transport = widgets.Transport(scene=self.scene, state="running")
        self.curves = widgets.LearningCurves(scene=self.scene)
        self.runs = widgets.Runs(scene=self.scene)
        self.soft_targets = widgets.SoftTargets(scene=self.scene, views=["one"])
        left = VBox([self.transport, self.curves, self.runs]).add_class("kd-lab-left")
        right = VBox([self.soft_targets]).add_class("kd-lab-right")
        self.view = Box([left, right]).add_class("kd-lab")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Small().to_html(tmp_path_factory.mktemp("exported") / "page.html", title=f"What {EVIL}")


@pytest.fixture
def offline(page: Callable[..., Page], watch) -> Callable[..., Page]:
    """Open a file without a network; at the end nothing but the file was asked for."""
    files: list[str] = []

    def show(path: Path, **options: object) -> Page:
        files.append(path.as_uri())
        opened = page(path.as_uri(), offline=True, **options)
        opened.wait_for_selector("[data-kd-ready]")
        return opened

    yield show
    fetched = [url for url in watch.requests if not url.startswith(("blob:", "data:"))]
    assert fetched == files


def student_bars(page: Page) -> list[float]:
    page.evaluate(FRAME)
    cells = page.locator(".kd-row .kd-p-student").all()
    return [float(cell.get_attribute("title").strip("><")) for cell in cells]


def soft(logits: np.ndarray, temperature: float) -> list[float]:
    z = np.exp(logits / temperature)
    return pytest.approx((z / z.sum()).tolist(), abs=1e-3)


def slide(page: Page, name: str, share: float) -> None:
    slider = page.get_by_role("slider", name=re.compile(name))
    box = slider.bounding_box()
    page.mouse.click(box["x"] + 9 + share * (box["width"] - 18), box["y"] + box["height"] / 2)


def test_temperature_moves_the_bars_and_the_scrubber_the_step(file: Path, offline) -> None:
    page = offline(file)
    assert student_bars(page) == soft(3 * RECORDED[0], 1.0)
    slide(page, "Temperature", 0.6)
    temperature = float(re.search(r"[\d.]+", page.locator(".kd-slider-value").first.inner_text())[0])
    assert temperature > 3
    assert student_bars(page) == soft(3 * RECORDED[0], temperature)
    page.get_by_role("slider", name=re.compile("step", re.IGNORECASE)).last.press("Home")
    assert student_bars(page) == soft(0 * RECORDED[0], 1.0)
    page.get_by_role("slider", name=re.compile("step", re.IGNORECASE)).last.press("ArrowRight")
    assert student_bars(page) == soft(RECORDED[0], temperature)


def test_another_run_can_be_shown_hidden_and_named(file: Path, offline) -> None:
    page = offline(file)
    page.locator(".kd-runs-fold").evaluate("(n) => { n.open = true; }")
    page.locator(".kd-run-row input[type=radio]").nth(1).check(force=True)
    expect(page.locator(".kd-row .kd-p-student").first).to_have_attribute("title", "0.0001")
    assert student_bars(page) == soft(-3 * RECORDED[0], 1.0)
    page.get_by_role("button", name="Hide the curve of Student").click()
    expect(page.get_by_role("button", name="Hide the curve of Student", pressed=True)).to_be_visible()
    name = page.get_by_label("Name of Student")
    name.fill("My student")
    name.press("Enter")
    expect(page.get_by_label("Name of My student")).to_be_visible()


def test_what_needs_python_is_left_out_and_the_layout_is_the_panels(file: Path, offline) -> None:
    page = offline(file)
    expect(page.get_by_role("button", name=re.compile("^(Train|Pause|Stop|Step|Clear this run)$"))).to_have_count(0)
    assert page.locator(".kd-transport").count() == 0
    left, right = page.locator(".kd-lab-left"), page.locator(".kd-lab-right")
    assert left.bounding_box()["x"] + left.bounding_box()["width"] <= right.bounding_box()["x"]
    assert page.locator(".kd-lab-left > .kd-host").count() == 2
    narrow = offline(file, width=400)
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 400


def test_what_is_shown_is_only_text(file: Path, offline) -> None:
    page = offline(file)
    assert page.evaluate("window.evil") is None
    assert page.title().split() == f"What {EVIL}".split()
    assert page.locator("h1").text_content().split() == f"What {EVIL}".split()
    assert EVIL in page.locator(".kd-rows").text_content()


@pytest.mark.parametrize("dark", [False, True])
def test_the_colours_follow_the_system(file: Path, offline, dark: bool) -> None:
    page = offline(file, dark=dark)
    ground = "(n) => getComputedStyle(n).backgroundColor"
    assert page.locator("body").evaluate(ground) == ("rgb(17, 17, 17)" if dark else "rgb(255, 255, 255)")
    card = page.locator(".kd-card").first.evaluate(ground)
    assert card == ("rgb(33, 33, 33)" if dark else "rgb(255, 255, 255)")


def test_the_page_says_when_and_by_what_it_was_made(file: Path, offline) -> None:
    said = offline(file).locator("footer").inner_text()
    assert re.search(rf"Made on \d+ \w+ \d{{4}}, \d\d:\d\d UTC with kdviz {re.escape(kd.__version__)}", said)
    assert "Training, branches and the digit pad need Python" in said


def test_nothing_in_the_file_is_fetched_and_no_foreign_script_runs(file: Path, offline, watch) -> None:
    text = file.read_text(encoding="utf-8")
    shell = re.sub(r'<script type="application/json".*?</script>', "", text, flags=re.DOTALL)
    html = re.sub(r"<(script|style)>.*?</\1>", "", shell, flags=re.DOTALL)
    assert re.findall(r"""\s(?:src|href)\s*=\s*["']?([^"'>]*)""", html) == ["data:,"]
    assert not re.search(r"<[^>]*\son\w+\s*=", html)
    assert "@import" not in text
    assert "url(" not in shell
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1]
    assert "unsafe-inline" not in policy.split("style-src")[0]
    page = offline(file)
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.foreign = 1";
          document.body.append(script);
          document.body.setAttribute("onclick", "window.foreign = 1");
          document.body.click();
        }"""
    )
    assert page.evaluate("window.foreign") is None
    assert page.evaluate("fetch('https://example.org/').then(() => 'fetched', () => 'refused')") == "refused"
    assert all("Content Security Policy" in error for error in watch.errors)
    watch.errors.clear()


def test_the_browser_is_given_no_name_by_a_file(file: Path, offline) -> None:
    assert offline(file).evaluate("localStorage.getItem('kdviz-browser')") is None


def state_in(file: Path) -> dict:
    return json.loads(re.search(r'id="kd-export">(.*?)</script>', file.read_text(encoding="utf-8"))[1])


def test_the_scene_in_the_file_is_without_python(file: Path) -> None:
    panel = Small()
    path = panel.to_html(file.with_name("again.html"))
    state = state_in(path)["models"][panel.scene.model_id]
    needing = (
        "transport",
        "setup",
        "presets",
        "draw",
        "kept",
        "share",
        "saliency",
        "attention",
        "inside",
        "domain",
        "run",
    )
    assert state["hidden"][0] == "code" and set(state["hidden"][1:]) == set(needing)
    assert state["locked"] == ["bias", "branch", "diagnosis", "repeat", "twins"]
    assert (state["state"], state["view"]) == ("paused", "one")
    assert base64.b64decode(state["teacher_logits"]["base64"]) == panel.scene.teacher_logits
    assert (panel.scene.state, panel.scene.view, panel.scene.hidden) == ("running", "draw", ["code"])
    assert panel.transport.model_id not in state_in(path)["models"]
    assert "<title>Small</title>" in path.read_text(encoding="utf-8")


def test_a_panel_without_a_scene_works_too(tmp_path: Path, offline) -> None:
    panel = kd.panels.SoftTargets("mnist-mlp-1200")
    page = offline(panel.to_html(tmp_path / "soft.html"))
    assert page.title() == "Soft targets"
    before = page.locator(".kd-row .kd-p-teacher").all_inner_texts()
    slide(page, "Temperature", 0.8)
    page.evaluate(FRAME)
    assert page.locator(".kd-row .kd-p-teacher").all_inner_texts() != before


def test_a_question_asks_before_it_tells_and_before_it_opens(tmp_path: Path, offline) -> None:
    lesson = kd.lessons.Lesson("asked", folder=tmp_path)
    answers = {"This": "Yes.", "That": "Look again."}
    lesson.add("first", kd.lessons.Choice("What will happen?", answers, right="This"))
    shown = lesson.ask("first", opens=kd.panels.SoftTargets("mnist-mlp-1200"))
    page = offline(shown.to_html(tmp_path / "question.html"))
    slider = page.get_by_role("slider", name=re.compile("Temperature"))
    expect(page.get_by_text("What will happen?")).to_be_visible()
    expect(slider).to_have_count(0)
    page.get_by_role("radio", name="That").check()
    expect(page.get_by_text("Look again.")).to_be_visible()
    expect(slider).to_be_enabled()
    assert lesson.kept.get("first") is None, "the lesson itself waits for an answer"


class Odd(View):
    """A widget with numbers that JSON has no word for, and one that fails."""

    _esm = "export default { render({ model }) { if (model.get('odd') === null) model.get('nothing').such(); } };"
    _css = ""
    odd = traitlets.Float().tag(sync=True)


def test_a_part_that_fails_says_so_and_leaves_the_others(tmp_path: Path, offline, watch) -> None:
    panel = Small()
    panel.view.children = [*panel.view.children, Odd(odd=float("nan"))]
    page = offline(panel.to_html(tmp_path / "odd.html"))
    expect(page.get_by_text("This part could not be drawn")).to_be_visible()
    expect(page.locator(".kd-row .kd-p-student").first).to_be_visible()
    assert len(watch.errors) == 1
    watch.errors.clear()


def test_a_foreign_widget_is_refused_and_the_file_before_stays(tmp_path: Path) -> None:
    panel = Small()
    path = panel.to_html(tmp_path / "page.html")
    before = path.read_bytes()
    with pytest.raises(traitlets.TraitError, match="AnyWidget"):
        panel.view.children = [*panel.view.children, ipywidgets.IntSlider()]
    panel.view = ipywidgets.VBox([panel.view])
    with pytest.raises(TypeError, match="got a VBox in it; take it out"):
        panel.to_html(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]


def test_two_models_compared_keep_what_needs_no_python(page, tmp_path):
    panel = kd.panels.Compare("mnist-mlp-1200", "mnist-mlp-overfit", view="saliency")
    try:
        opened = page((panel.to_html(tmp_path / "compare.html")).as_uri())
        offered = opened.get_by_role("radiogroup", name="Show").locator("label:visible")
        expect(offered).to_have_text(["One example", "Many examples", "Fidelity", "Calibration"])
        assert not opened.locator("select#kd-choice, .kd-host-saliency, .kd-host-bias").count()
        opened.get_by_role("radio", name="Fidelity").check(force=True)
        expect(opened.locator(".kd-host-fidelity .kd-sentence").first).to_contain_text("agrees with the teacher on")
        opened.get_by_role("button", name="new errors only the teacher is right").click()
        expect(opened.locator(".kd-host-examples .kd-sentence")).to_contain_text("the student is not")
        opened.get_by_role("radio", name="Calibration").check(force=True)
        expect(opened.locator(".kd-host-calibration .kd-sentence")).to_contain_text("On 2,000 labelled examples")
        panel.scene.view = "bias"
        assert panel.wait()
        again = page((panel.to_html(tmp_path / "again.html")).as_uri())
        expect(again.locator(".kd-host-bias")).to_contain_text("stroke thickness")
    finally:
        panel.close()
