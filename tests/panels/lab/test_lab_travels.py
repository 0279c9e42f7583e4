"""The Lab's page in time and in all its views, in a real browser against the real server."""

from __future__ import annotations

import contextlib
import re

import pytest
from playwright.sync_api import TimeoutError, expect

from ...conftest import Watch, leave
from ..conftest import QUICK, READY_MS, TRAINED_MS, LabPage

SIZE = {"width": 1280, "height": 900}
NUMBER = re.compile(r"[\d,]+")
WATCHED = "(500|5,000)"  # while it learns, and once all validation examples are counted
FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
FITS = "(width) => document.documentElement.scrollWidth <= width"


def count(text: str) -> int:
    return int(text.replace(",", ""))


@pytest.fixture(scope="module")
def shared(chromium, serve):
    """A Lab with a finished run, for all tests that leave it as they found it, and the record of its page."""
    context, watch = chromium.new_context(viewport=SIZE), Watch()
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    watch.follow(opened)
    opened.goto(f"{serve().url}?{QUICK}&T=7")
    lab = LabPage(opened)
    expect(opened.locator(".kd-setup-chosen")).to_contain_text("300 labels", timeout=READY_MS)
    yield lab.ready().train(), watch
    leave(opened)
    context.close()


@pytest.fixture
def trained(shared):
    """That Lab, at the end of its run in its first view."""
    lab, watch = shared
    lab.view("One example")
    if lab.button("Pause film").is_visible():
        lab.button("Pause film").click()
    lab.scrubber.press("End")
    yield lab
    watch.check()


def test_every_view_fits_its_width_also_with_text_of_twice_the_size(trained):
    lab = trained
    for width, zoom in ((360, "100%"), (360, "200%"), (768, "200%"), (1280, "100%"), (1920, "100%")):
        lab.page.set_viewport_size({"width": width, "height": 900})
        lab.page.evaluate("(size) => { document.documentElement.style.fontSize = size; }", zoom)
        for view in ("One example", "Many examples", "Your own digit"):
            lab.view(view)
            lab.page.evaluate(FRAME)
            with contextlib.suppress(TimeoutError):  # what is drawn again after a frame or two
                lab.page.wait_for_function(FITS, arg=width, timeout=10_000)
            wide = lab.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{view} at {zoom} is {wide} px wide in {width}"
    lab.page.evaluate("() => { document.documentElement.style.fontSize = ''; }")
    lab.page.set_viewport_size(SIZE)


def test_the_link_and_the_code_are_those_of_the_page(trained):
    lab = trained
    lab.button("Link").click()
    address = lab.page.locator(".kd-share").get_by_role("textbox").first
    expect(address).to_have_value(re.compile("T=7"))
    link = address.input_value()
    assert link.startswith("http://127.0.0.1:") and "T=7" in link and "labels=300" in link
    lab.button("Code").click()
    expect(lab.page.get_by_label("Python program")).to_contain_text("kd.SoftTargets(temperature=7)")


def test_scrubbing_takes_the_views_back_while_dragging_and_release_is_exact(trained):
    lab = trained
    at_the_end = lab.student()
    lab.scrubber.focus()
    lab.page.keyboard.press("Home")
    expect(lab.page.locator(".kd-hero .kd-p-student")).not_to_have_text(at_the_end)
    expect(lab.page.locator(".kd-soft-targets").get_by_text(re.compile(r"step 0\b")).first).to_be_visible()
    lab.page.keyboard.press("End")
    expect(lab.page.locator(".kd-hero .kd-p-student").first).to_have_text(at_the_end[0])
    lab.button("Play film").click()
    lab.page.wait_for_function(
        "(end) => document.querySelector('.kd-scrubber input').value !== end", arg=lab.scrubber.input_value()
    )


def test_the_heat_map_follows_t_in_the_browser_and_a_cell_chooses_an_example(trained):
    lab = trained
    lab.view("Many examples")
    sentence = lab.page.locator(".kd-heat .kd-sentence")
    lab.temperature.press("Home")
    expect(sentence).to_be_visible()
    before = sentence.inner_text()
    lab.temperature.press("End")
    expect(sentence).not_to_have_text(before)
    handle = lab.page.get_by_role("slider", name="Read the heat map cell by cell")
    handle.press("ArrowDown")
    handle.press("ArrowRight")
    handle.press("Enter")
    expect(lab.page.get_by_role("img", name=re.compile("Share of the soft term"))).to_have_count(1)
    lab.view("One example")
    other = re.compile(rf"^Example (?!371 )\d+ of {WATCHED}")
    expect(lab.page.locator(".kd-soft-targets").get_by_text(other)).to_be_visible()


def test_the_strip_lists_errors_of_the_step_shown_and_every_view_follows_the_choice(trained):
    lab = trained
    lab.page.get_by_label("Which examples").select_option(label="New errors")
    sentence = lab.page.locator(".kd-examples .kd-sentence")
    expect(sentence).to_contain_text("of 5,000 validation examples the teacher")  # first a sample
    at_the_end = NUMBER.search(sentence.inner_text())[0]
    lab.scrubber.focus()
    lab.page.keyboard.press("Home")
    expect(sentence).not_to_contain_text(f"{at_the_end} of")
    expect(sentence).to_contain_text("of 5,000 validation examples the teacher")
    assert count(NUMBER.search(sentence.inner_text())[0]) > count(at_the_end)
    strip = lab.page.get_by_role("radiogroup", name="Example").get_by_role("radio")
    strip.nth(5).click()
    number = re.search(r"Example (\d+)", strip.nth(5).get_attribute("aria-label"))[1]
    chosen = re.compile(f"Example {number} of {WATCHED}")
    expect(lab.page.locator(".kd-soft-targets").get_by_text(chosen)).to_be_visible()
    lab.page.get_by_label("Which examples").select_option(index=0)


def test_a_branch_is_laid_over_the_run_named_hidden_and_removed(trained):
    lab = trained
    lab.scrubber.focus()
    for _ in range(3):
        lab.page.keyboard.press("PageDown")
    lab.button(re.compile(r"^Branch from step \d+")).click()
    form = lab.page.get_by_role("form", name="Branch")
    form.get_by_label("T", exact=True).fill("-3")
    lab.button("Start branch").click()
    expect(form.get_by_text(re.compile("must|between|above", re.IGNORECASE)).first).to_be_visible()
    form.get_by_label("T", exact=True).fill("8")
    lab.button("Start branch").click()
    runs = lab.page.locator(".kd-runs")
    name = runs.get_by_label("Name of Branch 1")
    expect(name).to_be_visible(timeout=TRAINED_MS)
    expect(lab.page.locator(".kd-transport[data-state=finished]")).to_be_visible(timeout=TRAINED_MS)
    edits = lab.page.get_by_role("list", name="Edits").get_by_role("listitem")
    expect(edits).to_have_text([re.compile(r"Branch 1, step \d+: T = 8")])
    name.fill("hotter")
    name.press("Enter")
    expect(runs.get_by_label("Name of hotter")).to_have_value("hotter")
    lines = lab.page.locator(".kd-plot-svg .kd-line:visible")
    before = lines.count()
    runs.get_by_role("button", name=re.compile("^Hide the curve of hotter")).click()
    expect(lines).to_have_count(before - 1)
    runs.locator("button.kd-run-remove:visible").click()
    expect(runs.get_by_label("Name of hotter")).to_have_count(0)


def test_both_models_answer_while_a_digit_is_drawn(trained):
    lab = trained
    lab.view("Your own digit")
    pad = lab.page.locator(".kd-digit-pad canvas").first
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"]
    lab.page.mouse.move(x, y + 0.2 * box["height"])
    lab.page.mouse.down()
    lab.page.mouse.move(x, y + 0.5 * box["height"], steps=5)
    answer = lab.page.locator(".kd-digit-pad").get_by_text(re.compile(r"the teacher says \d"))
    expect(answer.first).to_be_visible()  # the pen is still down
    lab.page.mouse.move(x, y + 0.8 * box["height"], steps=5)
    lab.page.mouse.up()
    expect(answer.first).to_contain_text("the teacher says 1")
    lab.button("Undo").click()
    expect(answer.first).to_be_hidden()


def test_other_seeds_draw_bands_and_the_verdict_has_an_interval(trained):
    lab = trained
    lab.button("Repeat with 5 seeds").click()
    expect(lab.status).to_contain_text(re.compile(r"Seed \d of 5"), timeout=TRAINED_MS)
    expect(lab.page.locator(".kd-runs").get_by_text(re.compile("^Over 5 seeds"))).to_be_visible(timeout=TRAINED_MS)
    expect(lab.page.locator(".kd-runs").get_by_text(re.compile(r"seeds.*95\s%\sCI"))).to_be_visible()
    expect(lab.page.locator(".kd-plot-svg .kd-band").nth(1)).to_be_attached()


def test_a_bet_is_answered_by_the_run_and_leads_on_without_moving_the_page(open_lab):
    lab = open_lab(f"preset=labels-only&{QUICK}")
    band = lab.page.get_by_role("region", name="Presets")
    expect(band.get_by_role("heading", name=re.compile("^With α = 0"))).to_be_visible(timeout=TRAINED_MS)
    height = band.bounding_box()["height"]
    band.get_by_role("radio", name="The student ahead").check()
    lab.train()
    expect(band.get_by_text(re.compile("^You said “The student ahead”"))).to_be_visible(timeout=TRAINED_MS)
    assert band.bounding_box()["height"] == height
    band.get_by_role("button", name="Next: Hinton's T = 20?").click()
    expect(band.get_by_role("heading", name=re.compile("^2 × 800 units"))).to_be_visible(timeout=TRAINED_MS)
    expect(band.get_by_role("radio", name="Up to a quarter")).to_be_enabled(timeout=TRAINED_MS)
    assert band.bounding_box()["height"] == height
    lab.button("Reset the page").click()
    expect(lab.page.locator(".kd-setup-chosen")).to_contain_text("300 labels", timeout=TRAINED_MS)


def test_a_lecturers_link_hides_locks_and_bounds(open_lab):
    lab = open_lab(f"{QUICK}&hide=setup,share,draw&lock=alpha&T_range=1,20&T=10&view=many")
    expect(lab.page.locator(".kd-setup")).to_be_hidden()
    expect(lab.page.locator(".kd-share")).to_be_hidden()
    expect(lab.page.get_by_role("radio", name="Your own digit")).to_have_count(0)
    expect(lab.page.get_by_role("slider", name=re.compile("How much to trust"))).to_be_disabled()
    lab.temperature.focus()
    lab.page.keyboard.press("End")
    expect(lab.temperature).to_have_attribute("aria-valuetext", "Temperature 20")
    expect(lab.page.locator(".kd-heat")).to_be_visible()


def test_a_bad_link_is_a_sentence_and_the_page_works(open_lab):
    lab = open_lab("T=hot&alpha=0.3")
    told = lab.page.get_by_role("alert").filter(has_text="This link has a mistake: T must be a number above 0")
    expect(told).to_contain_text("the rest was followed")
    assert told.bounding_box()["y"] < 120, "on top of the page"
    told.get_by_role("button", name="Dismiss").click()
    expect(told).to_be_hidden()
    lab.button("Step").click()
    expect(lab.page.locator(".kd-transport[data-state=paused]")).to_be_visible(timeout=TRAINED_MS)


SHIFTS = """() => {
  window.shifted = 0;
  new PerformanceObserver((list) => { for (const { value } of list.getEntries()) window.shifted += value; })
    .observe({ type: "layout-shift", buffered: true });
}"""


def test_a_presets_link_moves_nothing_and_is_presented_by_keys(serve, page):
    opened = page()
    opened.add_init_script(f"({SHIFTS})()")
    opened.goto(f"{serve().url}?preset=temperature-too-high&hide=transport&present")
    expect(opened.locator("body[data-kd-ready]")).to_be_attached(timeout=TRAINED_MS)
    heading = opened.get_by_role("heading", level=1).filter(visible=True)
    expect(heading).to_have_text(re.compile(r"\?$"))
    assert opened.evaluate("() => window.shifted") < 0.1
    for chrome in (
        "kd-nav",
        "kd-host-setup",
        "kd-host-views",
        "kd-host-share",
        "kd-host-presets",
        "jp-RenderedMarkdown",
    ):
        expect(opened.locator(f".{chrome}").filter(visible=True)).to_have_count(0)
    size = opened.evaluate("() => getComputedStyle(document.querySelector('.kd')).fontSize")
    assert float(size.removesuffix("px")) >= 19, "at 1280; 22 px of text at 1920"
    temperature = opened.get_by_role("slider", name=re.compile("^Temperature")).first
    before = temperature.get_attribute("aria-valuetext")
    opened.keyboard.press("[")
    expect(temperature).not_to_have_attribute("aria-valuetext", before)
    assert opened.evaluate("() => document.documentElement.scrollWidth") <= 1280
    opened.keyboard.press("Escape")
    expect(opened.locator(".kd-host-views").filter(visible=True)).to_have_count(1)
    expect(opened).to_have_url(re.compile(r"^(?!.*present).*preset=temperature-too-high"))
    subtitle = opened.locator(".jp-RenderedMarkdown h1 + p")
    expect(subtitle).to_be_hidden()  # it speaks of Train, which this link hides


def test_a_reload_offers_the_run_again_and_it_goes_on(open_lab, page):
    lab = open_lab(QUICK.replace("epochs=4", "epochs=200"))
    lab.button("Train").click()
    lab.button("Pause").click(timeout=TRAINED_MS)
    expect(lab.page.locator(".kd-transport[data-state=paused]")).to_be_visible(timeout=TRAINED_MS)
    steps = lab.page.get_by_role("progressbar").get_attribute("aria-valuenow")
    lab.page.reload()
    take = lab.button("Resume")
    expect(take.first).to_be_visible(timeout=TRAINED_MS)
    take.first.click()
    expect(lab.page.locator(".kd-transport[data-state=stopped]")).to_be_visible(timeout=TRAINED_MS)
    expect(lab.page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", steps)
    expect(lab.button("Play film")).to_have_attribute("aria-disabled", "false")  # its time comes with it
    expect(lab.scrubber).to_be_enabled()
    expect(lab.page.locator(".kd-scrub-where")).to_contain_text("Latest step:")
    lab.scrubber.focus()
    lab.page.keyboard.press("Home")
    expect(lab.button("Branch from step 0")).to_have_attribute("aria-disabled", "false")
    lab.page.keyboard.press("End")
    lab.button("Resume").click()
    expect(lab.page.locator(".kd-transport[data-state=running]")).to_be_visible(timeout=TRAINED_MS)
    lab.button("Stop").click()
    expect(lab.status).to_contain_text("what was learned is kept")
