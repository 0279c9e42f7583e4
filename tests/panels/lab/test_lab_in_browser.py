"""The real Lab in a real browser, served by the real server: drag, train, pause, step, stop."""

from __future__ import annotations

import re

import pytest
import torch
from playwright.sync_api import Locator, Page, expect

import kdviz as kd
from kdviz.panels.lab.followed import examples_followed
from kdviz.panels.views.probes import choose_watched

READY_MS = 90_000
TRAINED_MS = 240_000
FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"  # what changed is drawn


@pytest.fixture
def lab(serve, page, request) -> Page:
    opened = page(serve().url + getattr(request, "param", ""))
    expect(button(opened, "Train")).to_have_attribute("aria-disabled", "false", timeout=READY_MS)
    return opened


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def temperature(page: Page) -> Locator:
    return page.get_by_role("slider", name=re.compile("Temperature"))


def shown(page: Page) -> list[float]:
    """The teacher's probabilities, class by class, as the tips of the first bars have them: small ones like 2×10⁻¹⁸."""
    powers = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
    cells = page.locator(".kd-rows").first.locator(".kd-p-teacher").all()
    texts = [cell.get_attribute("title").strip(">") for cell in cells]
    return [float(text.translate(powers).replace("×10", "e")) for text in texts]


def status(page: Page) -> Locator:
    return page.locator(".kd-status")


def steps_done(page: Page) -> int:
    return int(page.get_by_role("progressbar").get_attribute("aria-valuenow") or 0)


def drag(page: Page, slider: Locator, share: float) -> None:
    """Drag a slider's thumb to ``share`` of its length with the mouse."""
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    now = float(slider.input_value()) / float(slider.get_attribute("max"))
    page.mouse.move(box["x"] + 9 + now * (box["width"] - 18), y)
    page.mouse.down()
    for k in range(1, 11):
        page.mouse.move(box["x"] + 9 + (now + (share - now) * k / 10) * (box["width"] - 18), y)
    page.mouse.up()


def test_t_by_mouse_moves_the_bars_to_the_softmax_at_t_and_by_keyboard_alone(lab):
    teacher, seen = "mnist-mlp-1200", examples_followed("mnist", "mnist-mlp-1200")
    watched = choose_watched(kd.models.pretrained(teacher), kd.data.mnist(), followed=seen)
    before = shown(lab)
    drag(lab, temperature(lab), 0.75)
    lab.evaluate(FRAME)
    set_to = float(re.search(r"[\d.]+", temperature(lab).get_attribute("aria-valuetext"))[0])
    assert set_to > 8
    after = shown(lab)
    expected = (watched.teacher_logits[watched.first] / set_to).softmax(0).tolist()
    assert after == pytest.approx(expected, abs=6e-4)
    assert max(after) < max(before)

    temperature(lab).focus()
    for _ in range(5):
        lab.keyboard.press("ArrowRight")
    lab.evaluate(FRAME)
    assert max(shown(lab)) < max(after)
    lab.keyboard.press("Home")
    lab.evaluate(FRAME)
    assert max(shown(lab)) > 0.9


@pytest.mark.parametrize("lab", ["?epochs=15&smoothing=0"], indirect=True)
def test_train_on_mnist_to_the_end(lab):
    button(lab, "Train").click()
    expect(button(lab, "Pause")).to_be_visible(timeout=READY_MS)
    expect(lab.get_by_text(re.compile("left$"))).to_be_visible(timeout=READY_MS)
    expect(status(lab)).to_have_text(re.compile("Finished after 480 steps"), timeout=TRAINED_MS)
    said = lab.locator(".kd-curves .kd-sentence, .kd-learning-curves .kd-sentence").inner_text()
    student, twin = (
        int(n.replace(",", "")) for n in re.findall(r"makes ([\d,]+) errors.*?teacher \(([\d,]+)\)", said)[0]
    )
    assert 50 < student < twin < 1500
    expect(button(lab, "New run")).to_be_visible()


@pytest.mark.full  # what keeps it so is tested in tests/app/test_serve.py
def test_the_line_to_the_kernel_holds(lab):
    closed = []
    lab.on("websocket", lambda socket: socket.on("close", lambda _: closed.append(socket.url)))
    lab.reload()
    expect(button(lab, "Train")).to_have_attribute("aria-disabled", "false", timeout=READY_MS)
    lab.wait_for_timeout(35_000)  # longer than a server's usual ping
    assert closed == []
    button(lab, "Step").click()
    expect(lab.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "1", timeout=READY_MS)


def test_pause_step_resume_stop_and_an_edit_on_the_way(lab):
    button(lab, "Train").click()
    expect(lab.get_by_role("progressbar")).not_to_have_attribute("aria-valuenow", "0", timeout=READY_MS)
    button(lab, "Pause").click(timeout=READY_MS)
    expect(button(lab, "Resume")).to_be_visible()
    at = steps_done(lab)
    assert 0 < at < 1920
    button(lab, "Step").click()
    expect(lab.get_by_role("progressbar")).to_have_attribute("aria-valuenow", str(at + 1))
    drag(lab, temperature(lab), 0.9)
    button(lab, "Resume").click()
    expect(lab.get_by_text(re.compile(r"Training with T = \d+.* since step [\d,]+")).first).to_be_visible()
    expect(lab.locator("svg").get_by_text(re.compile(r"T = \d+"))).to_be_visible()
    button(lab, "Stop").click()
    expect(status(lab)).to_have_text(re.compile("what was learned is kept"))
    stopped_at = steps_done(lab)
    assert at < stopped_at < 1920
    button(lab, "Clear this run").click()
    expect(status(lab)).to_have_text("Ready to train.")
    expect(lab.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "0")


def test_the_page_fits_its_width_from_the_first_and_when_the_window_changes(serve, page):
    opened = page(f"{serve().base}voila/render/dashboards/lab.ipynb", width=360)
    expect(temperature(opened)).to_be_visible(timeout=READY_MS)
    expect(opened.locator(".kd-loading")).to_be_hidden(timeout=READY_MS)
    for width in (360, 768, 1280, 1920, 360):
        opened.set_viewport_size({"width": width, "height": 900})
        opened.wait_for_timeout(100)
        assert opened.evaluate("document.documentElement.scrollWidth") <= width, f"at {width} px"


def test_the_lesson_opens_its_slider_when_the_question_is_answered(serve, page):
    opened = page(serve().base + "voila/render/course/02-temperature.ipynb")
    guess, slide = opened.locator(".kd-lesson").first, opened.locator(".kd-lesson").nth(1)
    expect(guess.get_by_role("radio", name="With a 7")).to_be_visible(timeout=READY_MS)
    expect(opened.locator(".kd-row")).to_have_count(0)
    guess.get_by_role("radio", name="With a 7").check()
    expect(guess.get_by_text("Not this time.")).to_be_visible()
    expect(guess.get_by_role("radio", name="With a 9")).to_be_disabled()  # the first answer stands
    expect(guess.locator(".kd-row:visible").first).to_be_visible()
    expect(temperature(opened)).to_have_count(0)
    slide.get_by_role("slider", name="3").press("End")
    slide.get_by_role("button", name="Answer").click()
    expect(slide.get_by_text("of what you drew belongs on other bars.")).to_be_visible()
    expect(temperature(opened)).to_be_enabled()
    order = torch.tensor(shown(slide)).argsort()[-2:].tolist()
    drag(opened, temperature(opened), 0.5)
    opened.evaluate(FRAME)
    assert torch.tensor(shown(slide)).argsort()[-2:].tolist() == order
    slide.locator(".kd-probe").nth(4).click()
    expect(slide.locator(".kd-temperatures-table > *").first).to_contain_text("p(4)")  # the digit that is selected
    expect(slide.locator(".kd-temperatures-table > *").nth(1)).to_have_text(re.compile("^10.8050.195"))
