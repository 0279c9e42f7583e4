"""The strip of watched examples: what each filter lists at each step, keys, the pager, what is said."""

import numpy as np
import pytest

from kdviz.widgets import Examples, SoftTargets
from kdviz.widgets.recording import Frame
from kdviz.widgets.scene import FILTERS, Scene
from kdviz.widgets.traits import WrongTraitError

FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
COUNT, SAMPLE = 120, 80
OF_THE_TEACHER = ("ambiguous", "teacher_wrong", "all")  # what needs no student is of all that is known
NAMES = [f"class {c}" for c in range(4)]
RNG = np.random.default_rng(12)
LABELS = RNG.integers(0, 4, COUNT)
TEACHER = (RNG.standard_normal((COUNT, 4)) + 2 * np.eye(4)[LABELS]).astype(np.float32)
IMAGES = RNG.integers(0, 255, (COUNT, 8, 8))
STUDENT = {
    step: (RNG.standard_normal((COUNT, 4)) + strength * np.eye(4)[LABELS]).astype(np.float32)
    for step, strength in ((0, 0.0), (40, 1.0), (80, 1.2))
}


def make_scene(*, student=True, **traits):
    given = {
        "classes": NAMES,
        "teacher_logits": TEACHER,
        "labels": LABELS.tolist(),
        "images": IMAGES,
        "image_shape": [8, 8],
        "sample": SAMPLE,
        "total_steps": 80,
    }
    scene = Scene(**(given | traits))
    if student:
        for step, logits in STUDENT.items():
            scene.record("a", Frame.of(step, logits))
        scene.shown_run = "a"
    return scene


def listed(name, step):
    y, t, s = LABELS, TEACHER.argmax(1), Frame.of(step, STUDENT[step]).logits().argmax(1)
    if name == "ambiguous":
        p = np.exp(TEACHER.astype(float))
        second = np.sort(p / p.sum(1, keepdims=True), 1)[:, -2]
        return np.argsort(-second, kind="stable")[:24].tolist()
    taken = {
        "teacher_wrong": t != y,
        "differ": s != t,
        "inherited": (t != y) & (s == t),
        "new": (t == y) & (s != y),
        "corrected": (t != y) & (s == y),
        "both_right": (t == y) & (s == y),
        "both_wrong": (t != y) & (s != y),
        "all": y >= 0,
    }[name]
    return [i for i in np.flatnonzero(taken).tolist() if i < SAMPLE or name in OF_THE_TEACHER]


def put(page, name, value):
    page.evaluate("([name, value]) => scene.set(name, value)", [name, value])
    page.evaluate(FRAME)


def choose(page, name):
    page.get_by_label("Which examples").select_option(name)
    page.evaluate(FRAME)


def radios(page):
    return page.get_by_role("radiogroup", name="Example").get_by_role("radio")


def shown(page):
    """Numbers, from 0, of the examples on the page of the strip that is seen."""
    return [int(label.split()[1]) - 1 for label in radios(page).evaluate_all("(a) => a.map((n) => n.ariaLabel)")]


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_lists_what_its_name_says_at_every_step(mount, name):
    assert all(listed(name, step) for step in STUDENT), "a test that cannot fail is no test"
    page = mount(Examples(scene=make_scene(filter=name)))
    for step in (80, 0, 40):
        put(page, "step", step)
        wanted = listed(name, step)
        back, more = page.locator(".kd-turn").all()
        seen = shown(page)
        while more.get_attribute("aria-disabled") == "false":
            more.click()
            seen += shown(page)
        assert seen == wanted
        among = "the 120 tracked examples" if name in OF_THE_TEACHER else "80 validation examples"
        assert f"{len(wanted)} of {among}" in page.locator(".kd-example-foot").inner_text()
        assert more.is_visible() == (len(wanted) > 12)
        while back.get_attribute("aria-disabled") == "false":
            back.click()
        assert shown(page) == wanted[:12]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("teacher_wrong", "On {} of 120 validation examples the teacher is wrong."),
        ("new", "On {} of 80 validation examples the teacher is right and the student is not (after step 40)."),
        ("differ", "On {} of 80 validation examples student and teacher disagree (after step 40)."),
    ],
)
def test_the_sentence_says_how_many_of_how_many_after_which_step(mount, name, told):
    page = mount(Examples(scene=make_scene(step=40)))
    choose(page, name)
    assert page.locator(".kd-sentence").inner_text() == told.format(len(listed(name, 40)))
    page.wait_for_function(
        "(text) => document.querySelector('[aria-live=polite]').textContent === text",
        arg=told.format(len(listed(name, 40))),
    )


def test_what_was_picked_is_told_from_what_was_drawn_at_random(mount):
    page = mount(Examples(scene=make_scene()))
    term = page.get_by_role("button", name="tracked examples", exact=True)
    term.focus()
    tip = page.locator(".kd-open .kd-tip").inner_text()
    assert tip.startswith("80 examples drawn at random from the validation data, and 40 picked because")


def test_choosing_an_example_is_sent_and_followed_by_other_views(mount):
    scene = make_scene()
    page = mount(Examples(scene=scene), SoftTargets(scene=scene, shown=["bars"]))
    index = shown(page)[5]
    radios(page).nth(5).click()
    page.evaluate(FRAME)
    saved = page.evaluate("() => scene.log.filter((e) => e.saved).map((e) => e.saved.selected)")
    assert saved == [index]
    assert page.locator(".kd-when").inner_text().startswith(f"Example {index + 1} of 120")
    assert radios(page).nth(5).get_attribute("aria-checked") == "true"


def test_the_strip_is_one_tab_stop_and_the_arrows_go_from_page_to_page(mount):
    scene = make_scene(selected=0)
    scene.filter = "all"
    page = mount(Examples(scene=scene))
    stops = "(a) => a.filter((n) => n.tabIndex === 0).length"
    assert radios(page).evaluate_all(stops) == 1
    assert shown(page) == list(range(12))
    radios(page).first.press("ArrowLeft")
    assert page.evaluate("() => scene.get('selected')") == COUNT - 1
    assert shown(page)[-1] == COUNT - 1
    page.keyboard.press("ArrowRight")
    for _ in range(12):
        page.keyboard.press("ArrowDown")
    assert page.evaluate("() => scene.get('selected')") == 12
    assert shown(page) == list(range(12, 24))
    page.keyboard.press("PageDown")
    assert page.evaluate("() => scene.get('selected')") == 24
    page.keyboard.press("End")
    page.keyboard.press("Home")
    assert page.evaluate("() => scene.get('selected')") == 0
    assert page.evaluate("() => document.activeElement.getAttribute('aria-checked')") == "true"
    assert radios(page).evaluate_all(stops) == 1


def test_an_example_that_leaves_the_list_stays_selected_and_that_is_said(mount):
    index = next(i for i in listed("new", 40) if i not in listed("new", 80))
    page = mount(Examples(scene=make_scene(step=40, selected=index, filter="new")))
    notes = page.locator(".kd-example-notes")
    assert "not in this list" not in notes.inner_text()
    put(page, "step", 80)
    assert page.evaluate("() => scene.get('selected')") == index
    assert f"Example {index + 1}, selected, is not in this list." in notes.inner_text()
    assert page.locator("[role=radio][aria-checked=true]:visible").count() == 0
    assert radios(page).evaluate_all("(a) => a.filter((n) => n.tabIndex === 0).length") == 1
    put(page, "step", 40)
    assert page.locator("[role=radio][aria-checked=true]:visible").count() == 1


def test_scrubbing_keeps_the_page_and_a_selection_from_elsewhere_turns_to_its_own(mount):
    page = mount(Examples(scene=make_scene(step=0, filter="all")))
    page.get_by_role("button", name="More examples").click()
    put(page, "step", 80)
    assert shown(page)[0] == 12
    put(page, "selected", 100)
    assert 100 in shown(page)


def test_the_keyboard_keeps_its_place_when_the_list_changes(mount):
    page = mount(Examples(scene=make_scene(step=0, filter="new")))
    radios(page).nth(3).press(" ")
    put(page, "step", 80)
    assert page.evaluate("() => document.activeElement.getAttribute('role')") == "radio"
    page.evaluate("() => scene.set('labels', Array(120).fill(-1))")
    page.evaluate(FRAME)
    assert radios(page).count() == 0
    assert page.locator(".kd-example-none").inner_text() == "None at this step."
    assert page.evaluate("() => document.activeElement.tagName") == "SELECT"
    assert page.locator(".kd-sentence").inner_text().startswith("On 0 of 80 validation examples")


def test_the_picture_of_an_example_is_drawn_once_and_moves_with_it(mount):
    page = mount(Examples(scene=make_scene(step=0, filter="differ")))
    page.evaluate(
        """() => {
          window.drawn = 0;
          const contexts = CanvasRenderingContext2D.prototype;
          const real = contexts.putImageData;
          contexts.putImageData = function (...a) { window.drawn += 1; return real.apply(this, a); };
        }"""
    )
    put(page, "step", 80)
    first = page.evaluate("() => drawn")
    assert 0 < first <= 12
    for step in (0, 40, 0, 80):
        put(page, "step", step)
    again = page.evaluate("() => drawn")
    put(page, "step", 40)
    put(page, "step", 80)
    assert page.evaluate("() => drawn") == again <= 24
    ink = """(node) => [...node.querySelector("canvas").getContext("2d").getImageData(0, 0, 8, 8).data]
        .filter((_, i) => i % 4 === 3)"""
    for place, index in enumerate(shown(page)[:5]):
        assert radios(page).nth(place).evaluate(ink) == IMAGES[index].ravel().tolist()


def test_the_dot_marks_where_teacher_and_student_differ(mount):
    page = mount(Examples(scene=make_scene(step=40, filter="all")))
    marked = radios(page).evaluate_all("(a) => a.map((n) => n.classList.contains('kd-differs'))")
    assert [i for i, dot in enumerate(marked) if dot] == [i for i in listed("differ", 40) if i < 12]
    put(page, "step", 0)
    assert page.locator(".kd-differs").count() == 0, "a student that has learned nothing disagrees by chance"
    put(page, "step", 40)
    name = radios(page).first.get_attribute("aria-label")
    t, s = TEACHER[0].argmax(), Frame.of(40, STUDENT[40]).logits()[0].argmax()
    assert (
        name
        == f"Example 1 of 120: true class class {LABELS[0]}, teacher predicts class {t}, student predicts class {s}"
    )


def test_rows_are_text_cards_in_one_row(mount):
    captions = [f"{i + 20} years, 40 h a week, Private, Never-married" for i in range(COUNT)]
    page = mount(Examples(scene=make_scene(images=b"", image_shape=[0, 0], captions=captions, filter="all")), width=620)
    assert radios(page).first.inner_text() == captions[0]
    tops = radios(page).evaluate_all("(a) => [...new Set(a.map((n) => Math.round(n.getBoundingClientRect().top)))]")
    assert len(tops) == 1


def test_images_take_one_row_at_any_width_and_nothing_moves_when_the_list_is_empty(mount):
    page = mount(Examples(scene=make_scene(filter="all")), width=400)
    tops = "(a) => [...new Set(a.map((n) => Math.round(n.getBoundingClientRect().top)))].length"
    height = "() => document.querySelector('.kd-example-block').offsetHeight"
    assert radios(page).evaluate_all(tops) == 1
    before = page.evaluate(height)
    page.evaluate("() => scene.set('labels', Array(120).fill(-1))")
    choose(page, "corrected")
    assert page.evaluate(height) == before
    choose(page, "all")
    page.set_viewport_size({"width": 620, "height": 900})
    page.wait_for_function("() => document.querySelectorAll('[role=radio]:not([hidden])').length === 12")
    assert radios(page).evaluate_all(tops) == 1


def test_without_a_student_the_lists_that_need_one_say_so(mount):
    page = mount(Examples(scene=make_scene(student=False, filter="new")))
    assert page.locator(".kd-sentence").inner_text() == "There is no student yet: this list fills when one answers."
    choose(page, "ambiguous")
    assert shown(page) == listed("ambiguous", 0)[:12]
    assert page.locator(".kd-differs").count() == 0


def test_the_strip_is_there_in_its_views_only(mount):
    page = mount(Examples(scene=make_scene(view="bias"), views=["one", "many"]))
    assert not page.locator(".kd-examples").is_visible()
    put(page, "view", "many")
    assert page.locator(".kd-examples").is_visible()


def test_a_link_can_hide_the_strip_and_its_end_leaves_no_listener(mount):
    page = mount(Examples(scene=make_scene()))
    put(page, "hidden", ["examples"])
    assert not page.locator(".kd-examples").is_visible()
    put(page, "hidden", [])
    assert page.locator(".kd-examples").is_visible()
    count = "() => [scene, model].map((m) => Object.values(m.listeners).flat().length)"
    before = page.evaluate(count)
    page.evaluate("() => end()")
    after = page.evaluate(count)
    assert after[1] == 0 and after[0] < before[0]
    put(page, "step", 0)


@pytest.mark.parametrize(("width", "dark"), [(360, True), (590, False)])
def test_the_strip_finds_room_and_its_controls_have_names(mount, width, dark):
    page = mount(Examples(scene=make_scene(filter="differ")), width=width, dark=dark)
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, select")].filter((n) => n.offsetParent
        && (n.getBoundingClientRect().height < 32 || !(n.ariaLabel || n.textContent.trim()))).map((n) => n.outerHTML)"""
    )
    assert small == []
    for size in ("100%", "200%"):
        page.evaluate("(size) => { document.documentElement.style.fontSize = size; }", size)
        assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_filter_that_is_none_is_refused():
    with pytest.raises(WrongTraitError, match=r"filter must be one of 'ambiguous', .*, got 'odd'"):
        Scene(filter="odd")
