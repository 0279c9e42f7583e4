"""What a user does with the views: drag, release, keys, buttons; and what would travel to Python."""

import numpy as np
import pytest

from kdviz.widgets import LearningCurves, Setup, SoftTargets, Transport

from .conftest import hold_the_clock

TEACHERS = [
    {"name": "a", "title": "Teacher A", "parameters": 2_395_210, "macs": 2_392_800, "errors": 67, "examples": 10_000}
]
STUDENTS = [{"units": u, "parameters": 795 * u + 10, "macs": 794 * u} for u in (8, 16, 32, 64)]
FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"

# Pieces of text that lie on one another; line boxes may touch.
OVERLAPS = """() => {
  const pieces = [];
  const walker = document.createTreeWalker(document.getElementById("view"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const holder = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || holder.closest(".kd-unseen, style, option")) continue;
    if (!holder.checkVisibility({ visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    for (const box of range.getClientRects()) if (box.width) pieces.push({ node: walker.currentNode, box });
  }
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.35 * Math.min(a.height, b.height);
  return pieces.flatMap((a, i) => pieces.slice(i + 1).filter((b) => a.node !== b.node && meet(a.box, b.box))
    .map((b) => `${a.node.data} | ${b.node.data}`));
}"""


def soft_targets(**traits):
    rng = np.random.default_rng(3)
    given = {
        "classes": ["cat", "dog", "owl"],
        "teacher_logits": 3 * rng.standard_normal((4, 3)),
        "student_logits": 3 * rng.standard_normal((4, 3)),
        "labels": [0, 1, 2, -1],
        "images": rng.integers(0, 255, (4, 8, 8)),
        "image_shape": [8, 8],
        "selected": 0,
    }
    return SoftTargets(**(given | traits))


def curves(**traits):
    series = [
        {"role": "student", "name": "Student", "steps": [0, 10, 20], "values": [90.0, 20.0, 5.0]},
        {"role": "twin", "name": "Twin", "steps": [0, 10, 20], "values": [90.0, 30.0, 8.0]},
    ]
    return LearningCurves(**({"series": series, "teacher": 0.5, "total_steps": 40} | traits))


def sent(page):
    return page.evaluate("() => model.log")


def listeners(page):
    return page.evaluate("() => Object.values(model.listeners).flat().length")


ALL = [
    soft_targets,
    curves,
    lambda: Transport(state="idle", total_steps=10),
    lambda: Setup(teachers=TEACHERS, teacher="a", students=STUDENTS),
]


@pytest.mark.parametrize("make", ALL, ids=["soft_targets", "curves", "transport", "setup"])
def test_a_view_that_ends_leaves_no_listener(mount, make):
    page = mount(make())
    assert listeners(page) > 0
    page.evaluate("() => end()")
    assert listeners(page) == 0


@pytest.mark.parametrize("make", ALL, ids=["soft_targets", "curves", "transport", "setup"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_page(mount, make, width):
    page = mount(make(), width=width)
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("make", ALL, ids=["soft_targets", "curves", "transport", "setup"])
@pytest.mark.parametrize("width", [600, 1280])
def test_text_of_twice_the_size_covers_no_other_text(mount, make, width):
    page = mount(make(), width=width)
    page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    page.set_viewport_size({"width": width + 1, "height": 900})  # the plot is drawn anew when its size changes
    page.evaluate(FRAME)
    assert page.evaluate(OVERLAPS) == []
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("make", ALL, ids=["soft_targets", "curves", "transport", "setup"])
def test_every_control_has_a_name_and_room_for_a_finger(mount, make):
    page = mount(make())
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, select, input:not([type=checkbox]), summary, label.kd-check")]
        .filter((n) => n.offsetParent && n.getBoundingClientRect().height < 32).map((n) => n.outerHTML)"""
    )
    assert small == []
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("button, select, input")]
        .filter((n) => !(n.getAttribute("aria-label") || n.textContent.trim() || n.labels?.[0]?.textContent.trim()))
        .map((n) => n.outerHTML)"""
    )
    assert unnamed == []


def test_dragging_a_slider_redraws_and_sends_nothing_until_release(mount):
    page = mount(soft_targets())
    slider = page.get_by_label("Temperature")
    before = page.locator(".kd-p-teacher").all_inner_texts()
    slider.evaluate("(n) => { n.value = 120; n.dispatchEvent(new Event('input', { bubbles: true })); }")
    assert page.locator(".kd-p-teacher").all_inner_texts() != before
    assert sent(page) == []
    slider.evaluate("(n) => n.dispatchEvent(new Event('change', { bubbles: true }))")
    assert [entry["saved"]["temperature"] for entry in sent(page)] == [page.evaluate("() => model.get('temperature')")]


def test_the_temperature_slider_moves_by_the_keyboard_and_speaks_its_value(mount):
    page = mount(soft_targets(temperature=4.0))
    slider = page.get_by_label("Temperature")
    slider.press("ArrowRight")
    assert page.evaluate("() => model.get('temperature')") == pytest.approx(4.1)
    assert slider.get_attribute("aria-valuetext") == "Temperature 4.1"
    slider.press("Home")
    assert page.evaluate("() => model.get('temperature')") == 0.5
    slider.press("End")
    assert page.evaluate("() => model.get('temperature')") == 100


def test_key_presses_are_sent_once_when_they_have_ended(mount):
    page = mount(soft_targets(temperature=4.0))
    slider = page.get_by_label("Temperature")
    hold_the_clock(page)
    for _ in range(13):
        slider.press("ArrowRight")
        page.clock.run_for(50)
    assert sent(page) == []
    page.clock.run_for(2000)
    assert [entry["saved"]["temperature"] for entry in sent(page)] == [page.evaluate("() => model.get('temperature')")]


@pytest.mark.parametrize("ending", ["() => document.activeElement.blur()", "() => end()"])
def test_key_presses_end_at_once_with_the_focus_and_with_the_view(mount, ending):
    page = mount(soft_targets(temperature=4.0))
    page.get_by_label("Temperature").focus()
    page.evaluate(
        """(ending) => {
          const slider = document.activeElement;
          slider.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
          slider.value = Number(slider.value) + 1;
          for (const type of ["input", "change"]) slider.dispatchEvent(new Event(type));
          if (model.log.length) throw new Error("sent too early");
          eval(ending)();
        }""",
        ending,
    )
    assert [entry["saved"]["temperature"] for entry in sent(page)] == [pytest.approx(4.1)]


def test_a_temperature_set_by_python_is_shown_exactly(mount):
    page = mount(soft_targets(temperature=3.371))
    assert page.locator("output").first.inner_text() == "3.37"
    page.evaluate("() => model.set('temperature', 20)")
    page.evaluate(FRAME)
    assert page.locator("output").first.inner_text() == "20"


def test_probes_are_chosen_with_the_arrow_keys_and_one_of_them_takes_the_focus(mount):
    page = mount(soft_targets())
    probes = page.get_by_role("radiogroup", name="Probe").get_by_role("radio")
    assert probes.count() == 4
    assert page.locator("[role=radio][tabindex='0']").count() == 1
    probes.first.press("ArrowLeft")
    assert page.evaluate("() => model.get('selected')") == 3
    page.evaluate(FRAME)
    assert probes.nth(3).get_attribute("aria-checked") == "true"
    assert probes.nth(3).evaluate("(n) => n === document.activeElement")
    assert sent(page)[-1]["saved"]["selected"] == 3


def test_new_logits_redraw_the_bars_without_a_reply(mount):
    page = mount(soft_targets())
    page.evaluate(
        """() => { model.set("student_logits", new DataView(new Float32Array(12).buffer)); }""",
    )
    page.evaluate(FRAME)
    assert page.locator(".kd-p-student").all_inner_texts() == ["0.33"] * 3
    assert sent(page) == []


def test_a_preview_says_what_training_uses(mount):
    page = mount(soft_targets(temperature=8.0, in_force={"temperature": 4, "alpha": 0.9, "step": 200}))
    assert page.locator(".kd-force").inner_text() == "Preview only: the run uses T = 4, α = 0.9 since step 200."
    page.evaluate("() => model.set('temperature', 4)")
    page.evaluate(FRAME)
    assert page.locator(".kd-force").inner_text() == "Training with T = 4, α = 0.9 since step 200."


def test_hidden_parts_and_locked_controls(mount):
    page = mount(soft_targets(shown=["temperature", "bars"], locked=["temperature"]))
    assert page.get_by_label("Temperature").is_disabled()
    for part in (".kd-formula", ".kd-number-block", ".kd-probe-block", ".kd-soft-targets .kd-sentence"):
        assert not page.locator(part).is_visible()


def test_without_a_student_only_the_teacher_side_is_drawn(mount):
    page = mount(soft_targets(student_logits=b""))
    assert page.locator(".kd-rows [role=columnheader]").all_text_contents() == ["Teacher", "Class"]
    assert page.locator(".kd-bar-teacher").first.is_visible()
    assert not page.locator(".kd-bar-student").first.is_visible()


def test_rows_without_images_are_text_cards(mount):
    captions = ["39 years, 40 h a week", "52 years", "23 years", "61 years"]
    page = mount(soft_targets(images=b"", image_shape=[0, 0], captions=captions))
    assert page.locator(".kd-probe").all_inner_texts() == captions


def test_a_definition_opens_with_focus_and_closes_with_escape(mount):
    page = mount(soft_targets())
    term = page.get_by_role("button", name="CE at T = 1")
    term.focus()
    tip = page.locator(".kd-open .kd-tip")
    assert "minus the logarithm of the probability" in tip.inner_text()
    term.press("Escape")
    assert tip.count() == 0
    term.blur()
    term.hover()
    assert tip.count() == 1
    page.keyboard.press("Escape")
    assert tip.count() == 0


def test_the_spoken_sentence_waits_until_a_drag_has_ended(mount):
    page = mount(soft_targets())
    slider = page.get_by_label("Temperature")
    for position in range(60, 90):
        slider.evaluate("(n, v) => { n.value = v; n.dispatchEvent(new Event('input', { bubbles: true })); }", position)
    live = page.locator("[aria-live=polite]")
    assert live.inner_text() == ""
    last = page.locator(".kd-sentence").inner_text()
    page.wait_for_function("(text) => document.querySelector('[aria-live=polite]').textContent === text", arg=last)
    page.wait_for_function("() => document.querySelector('[aria-live=polite]').textContent === ''")


@pytest.mark.parametrize("make", ALL, ids=["soft_targets", "curves", "transport", "setup"])
def test_an_opening_page_speaks_of_nothing_and_shows_every_sentence_to_all(mount, make):
    page = mount(make())
    page.wait_for_timeout(1000)
    assert page.locator("[aria-live=polite]").all_text_contents() == [""]
    assert page.locator(".kd-sentence[aria-hidden], output:not([aria-live=off])").count() == 0


def test_the_curves_speak_at_a_change_of_state_and_seldom_in_between(mount):
    page = mount(curves(sentence="one"))
    hold_the_clock(page)
    spoken = "() => document.querySelector('[aria-live=polite]').textContent"
    heard = []
    for second in range(45):
        page.evaluate("(s) => model.set('sentence', `after ${s}`)", second)
        page.clock.run_for(1000)
        heard.append(page.evaluate(spoken))
    assert len(set(heard) - {""}) == 3
    page.evaluate(
        """() => {
          model.set("series", model.get("series").map((s) => ({ ...s, steps: [0, 10, 40] })));
          model.set("sentence", "finished");
        }"""
    )
    page.clock.run_for(1000)
    assert page.evaluate(spoken) == "finished"


def test_each_button_sends_its_command_and_waits_for_the_answer(mount):
    page = mount(Transport(state="idle", total_steps=10))
    train = page.get_by_role("button", name="Train", exact=True)
    train.click()
    assert sent(page) == [{"sent": {"command": "train"}}]
    assert page.locator(".kd-status").inner_text() == "Starting …"
    assert train.get_attribute("aria-busy") == "true"
    train.dispatch_event("click")
    assert len(sent(page)) == 1, "a second click while waiting sends nothing"
    page.evaluate("() => model.set('state', 'running')")
    page.evaluate(FRAME)
    page.get_by_role("button", name="Pause").click()
    page.evaluate("() => { model.set('step', 3); model.set('status', 'Step 3.'); }")
    page.evaluate(FRAME)
    assert page.locator(".kd-status").inner_text() == "Pausing …", "a running count is no answer to Pause"
    page.evaluate("() => model.set('state', 'paused')")
    page.evaluate(FRAME)
    assert page.locator(".kd-status").inner_text() == "Step 3."
    for name in ("Step", "Clear this run"):
        page.get_by_role("button", name=name).click()
        page.evaluate("() => model.set('status', model.get('status') + ' ')")
        page.evaluate(FRAME)
    assert [entry["sent"]["command"] for entry in sent(page)] == ["train", "pause", "step", "reset"]


@pytest.mark.parametrize(
    ("state", "works"),
    [
        ("empty", []),
        ("idle", ["Train", "Step"]),
        ("loading", ["Stop"]),
        ("running", ["Pause", "Stop"]),
        ("paused", ["Resume", "Step", "Stop", "Clear this run"]),
        ("stopped", ["Resume", "Step", "Clear this run"]),
        ("finished", ["New run", "Clear this run"]),
        ("failed", ["Clear this run"]),
    ],
)
def test_a_state_decides_which_buttons_work(mount, state, works):
    page = mount(Transport(state=state))
    assert page.locator("button[aria-disabled=false]").all_inner_texts() == works
    page.locator("button").evaluate_all(
        "(all) => all.forEach((b) => b.getAttribute('aria-disabled') === 'true' && b.click())"
    )
    assert sent(page) == []


def test_the_progress_bar_tells_steps_and_time_left(mount):
    page = mount(Transport(state="running", step=300, total_steps=1200, seconds_left=83.0))
    bar = page.get_by_role("progressbar")
    assert bar.get_attribute("aria-valuenow") == "300"
    assert bar.get_attribute("aria-valuetext") == "Step 300 of 1,200, 1 min 23 s left"


def test_while_loading_the_progress_bar_tells_the_answers_of_the_teacher(mount):
    page = mount(Transport(state="loading", step=0, total_steps=1920))
    bar = page.get_by_role("progressbar")
    assert bar.get_attribute("aria-valuenow") is None
    assert bar.get_attribute("aria-valuetext") == "Getting ready"
    page.evaluate("() => { model.set('total_steps', 4000); model.set('step', 1024); model.set('seconds_left', 3.1); }")
    page.evaluate(FRAME)
    assert bar.get_attribute("aria-valuenow") == "1024"
    assert bar.get_attribute("aria-valuetext") == "1,024 of 4,000 answers, 3 s left"


def test_curves_are_empty_until_there_are_values(mount):
    page = mount(LearningCurves(teacher=0.5))
    assert page.locator(".kd-plot-empty").inner_text().startswith("Press Train")
    page.evaluate("() => model.set('series', [{role: 'student', name: 'Student', steps: [0, 5], values: [90, 9]}])")
    page.evaluate(FRAME)
    assert not page.locator(".kd-plot-empty").is_visible()


def test_curves_name_their_lines_with_the_last_value(mount):
    page = mount(curves())
    assert page.locator(".kd-label-text:visible").all_text_contents() == [
        "Twin 8\u00a0%",
        "Student 5\u00a0%",
        "Teacher 0.5\u00a0%",
    ]
    narrow = mount(curves(), width=400)
    assert narrow.locator(".kd-legend-item").all_inner_texts() == [
        "Student 5\u00a0%",
        "Twin 8\u00a0%",
        "Teacher 0.5\u00a0%",
    ]


def test_the_first_values_move_nothing_in_a_narrow_place(mount):
    page = mount(LearningCurves(total_steps=40), width=360)
    assert page.locator(".kd-legend-item").all_inner_texts() == ["Student –", "Twin, no teacher –", "Teacher –"]
    height = "() => document.querySelector('.kd-card').offsetHeight"
    before = page.evaluate(height)
    sentence = "After step 1,920, on 10,000 validation examples, the student makes 203 errors, 40 fewer than its twin."
    page.evaluate(
        """([series, sentence]) => {
          model.set("series", series); model.set("teacher", 0.67); model.set("sentence", sentence);
        }""",
        [[curves().series[0], curves().series[1] | {"name": "Twin, no teacher"}], sentence],
    )
    page.evaluate(FRAME)
    assert page.locator(".kd-sentence").inner_text() == sentence
    assert page.evaluate(height) == before


def test_the_read_out_of_a_narrow_plot_stands_above_its_curves(mount):
    page = mount(curves(cursor=10), width=360)
    readout, plot = page.locator(".kd-readout").bounding_box(), page.locator(".kd-plot").bounding_box()
    assert readout["y"] + readout["height"] <= plot["y"] + 1


def test_an_edit_that_changes_is_told_anew(mount):
    page = mount(curves(edits=[{"step": 10, "text": "T = 8"}]))
    assert page.locator("ol li").all_text_contents() == ["Step 10: T = 8"]
    page.evaluate("() => model.set('edits', [{ step: 10, text: 'T = 9' }])")
    page.evaluate(FRAME)
    assert page.locator("ol li").all_text_contents() == ["Step 10: T = 9"]


def test_a_redraw_with_as_many_lines_makes_no_new_node(mount):
    page = mount(curves(edits=[{"step": 10, "text": "T 4 → 8"}]))
    page.evaluate(FRAME)
    count = "() => document.querySelectorAll('svg *').length"
    before = page.evaluate(count)
    page.evaluate(
        "() => model.set('series', model.get('series').map((s) => ({...s, steps: [0, 9, 30], values: [80, 9, 4]})))"
    )
    page.evaluate(FRAME)
    assert page.evaluate(count) == before
    assert page.locator(".kd-edit-text").text_content() == "T 4 → 8"


def test_the_curves_are_read_with_the_arrow_keys(mount):
    page = mount(curves())
    plot = page.get_by_role("slider", name="Read the curves at a step")
    plot.focus()
    plot.press("ArrowLeft")
    assert page.evaluate("() => model.get('cursor')") == 10
    page.evaluate(FRAME)
    assert plot.get_attribute("aria-valuetext") == "step 10: Student 20.0\u00a0%, Twin 30.0\u00a0%"
    assert page.locator(".kd-readout").is_visible()
    plot.press("Escape")
    assert page.evaluate("() => model.get('cursor')") is None


def test_accuracy_is_one_click_away(mount):
    page = mount(curves())
    page.get_by_label("Accuracy").check(force=True)
    page.evaluate(FRAME)
    assert page.locator("h2").inner_text() == "Accuracy on validation data"
    assert "Student 95.0\u00a0%" in page.locator(".kd-label-text").all_text_contents()
    assert sent(page)[-1]["saved"]["measure"] == "accuracy"


def test_the_size_of_the_student_follows_its_slider_in_the_browser(mount):
    page = mount(Setup(teachers=TEACHERS, teacher="a", students=STUDENTS, units=64))
    slider = page.get_by_label("Student, hidden units")
    assert page.locator(".kd-size-head b").first.inner_text() == "47 × smaller"
    slider.evaluate("(n) => { n.value = 0; n.dispatchEvent(new Event('input', { bubbles: true })); }")
    assert page.locator(".kd-size-head b").first.inner_text() == "376 × smaller"
    assert sent(page) == []
    slider.evaluate("(n) => n.dispatchEvent(new Event('change', { bubbles: true }))")
    assert sent(page)[-1]["saved"]["units"] == 8


def test_setup_choices_are_sent_and_what_is_not_here_cannot_be_chosen(mount):
    datasets = [
        {"name": "mnist", "title": "MNIST", "available": True},
        {"name": "fashion", "title": "Fashion", "available": False},
        {"name": "adult", "title": "Adult", "available": True},
    ]
    extras = [
        {"value": "none", "text": "nothing else", "note": ""},
        {"value": "munge", "text": "made-up ones", "note": "They have no labels."},
    ]
    faults = [
        {"value": "none", "text": "no fault", "note": ""},
        {"value": "noise", "text": "Wrong labels", "note": "?"},
    ]
    choices = {"label_choices": [100, 500], "labels": 100, "train_size": 500, "extras": extras, "faults": faults}
    page = mount(Setup(datasets=datasets, dataset="mnist", **choices))
    assert page.get_by_role("option", name="Fashion (not downloaded yet)").is_disabled()
    page.get_by_label("Data set").select_option("adult")
    assert sent(page)[-1]["saved"]["dataset"] == "adult"
    sets = page.get_by_label("Transfer set")
    sets.select_option(label="with the other 400, without labels")
    assert [sent(page)[-1]["saved"][name] for name in ("extra", "keep_unlabelled")] == ["none", True]
    sets.select_option(label="with made-up ones")
    assert [sent(page)[-1]["saved"][name] for name in ("extra", "keep_unlabelled")] == ["munge", False]
    page.evaluate(FRAME)
    assert page.get_by_text("They have no labels.").is_visible()
    page.get_by_label("Fault in the data").select_option("noise")
    assert sent(page)[-1]["saved"]["fault"] == "noise"
    page.get_by_label("all 500").check(force=True)
    assert sent(page)[-1]["saved"]["labels"] == 500
    page.evaluate(FRAME)
    assert sets.locator("option").all_inner_texts() == ["labelled examples alone", "with made-up ones"]


def test_a_locked_setup_says_why_and_keeps_what_is_unlocked(mount):
    page = mount(Setup(locked=True, locked_reason="Reset to change these.", teachers=TEACHERS, teacher="a"))
    page.locator(".kd-setup-fields summary").click()
    assert page.locator(".kd-lock").inner_text() == "Reset to change these."
    assert page.get_by_label("Epochs").is_disabled()
    assert page.get_by_label("Teacher", exact=True).is_disabled()
    assert page.get_by_label("Learning rate", exact=True).is_enabled()


def test_the_theme_follows_jupyter_before_the_system(mount):
    page = mount(curves(), dark=True)
    surface = "() => getComputedStyle(document.querySelector('.kd-card')).backgroundColor"
    assert page.evaluate(surface) == "rgb(33, 33, 33)"
    page.evaluate("() => { document.body.dataset.jpThemeLight = 'true'; }")
    assert page.evaluate(surface) == "rgb(255, 255, 255)"
