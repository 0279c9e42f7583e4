"""The picture that the Lab opens with."""

from __future__ import annotations

import numpy as np
import pytest

from kdviz.widgets import Hero
from kdviz.widgets.recording import Frame
from kdviz.widgets.scene import Scene
from kdviz.widgets.traits import WrongTraitError

FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
LAYERS = {"teacher_layers": [942_000, 1_441_200, 12_010], "student_layers": [100_480, 1_290]}
CLASSES = ["cat", "dog", "owl"]
TEACHER = np.array([[6.0, 4.0, 0.0], [0.0, 9.0, 8.9], [5.0, 0.0, 0.0]])
LABELS = [0, 1, 1]


def make_scene(**more) -> Scene:
    traits = {"classes": CLASSES, "teacher_logits": TEACHER, "labels": LABELS, "captions": ["x", "y", "z"]}
    traits |= {
        "temperature": 4.0,
        "total_steps": 100,
        "shown_run": "s",
        "teacher_name": "Large",
        "student_name": "Small",
    }
    scene = Scene(**(traits | more))
    scene.record("s", Frame.of(0, np.zeros((3, 3))))
    return scene


def put(page, **traits):
    page.evaluate("(traits) => { for (const [name, value] of Object.entries(traits)) scene.set(name, value); }", traits)
    page.evaluate(FRAME)


def said(page, side):
    return [value(cell.get_attribute("title")) for cell in page.locator(f".kd-p-{side}").all()]


def value(text):
    """A probability as it is written: 0.4712, or 6×10⁻⁶."""
    digits, _, power = text.partition("×10")
    return float(digits) * 10.0 ** int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or 0)


def softmax(logits, temperature):
    z = np.exp(np.asarray(logits) / temperature)
    return pytest.approx((z / z.sum()).tolist(), abs=6e-5)


def area(page, side):
    box = page.locator(f".kd-hero-{side} .kd-hero-area").bounding_box()
    return box["width"] * box["height"]


@pytest.mark.parametrize("width", [400, 1280, 1680])
def test_areas_are_in_the_ratio_of_the_weights(mount, width):
    page = mount(Hero(scene=make_scene(), **LAYERS), width=width)
    ratio = sum(LAYERS["teacher_layers"]) / sum(LAYERS["student_layers"])
    assert area(page, "teacher") / area(page, "student") == pytest.approx(ratio, rel=0.02)
    assert page.locator(".kd-hero-size").all_inner_texts() == [
        "2.4 M weights\nareas to scale",
        "102 k weights\n24 × smaller",
    ]
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    page.evaluate("() => model.set('student_layers', [4790420])")
    page.evaluate(FRAME)
    assert area(page, "student") / area(page, "teacher") == pytest.approx(2, rel=0.02)


def test_bars_and_sentences_answer_to_t_and_to_the_example_before_any_training(mount):
    page = mount(Hero(scene=make_scene(), **LAYERS))
    sentence = page.locator(".kd-hero-sentence > span")
    assert said(page, "teacher") == softmax(TEACHER[0], 4)
    assert said(page, "student") == softmax([0, 0, 0], 4)
    nothing = "The student has learned nothing yet: all classes look alike to it."
    assert sentence.all_inner_texts() == ["The label says cat. The teacher says cat, but nearly dog.", nothing]
    put(page, temperature=0.5)
    assert said(page, "teacher") == softmax(TEACHER[0], 0.5)
    assert sentence.first.inner_text() == "The label says cat. The teacher says cat, and hardly anything else."
    put(page, temperature=100.0)
    assert (
        sentence.first.inner_text()
        == "The label says cat. At T = 100 the teacher gives every class a little, cat the most."
    )
    put(page, temperature=1.0, selected=2)
    assert sentence.first.inner_text() == "The label says dog. The teacher says cat, and hardly anything else."


def test_buttons_and_arrows_lead_through_what_the_teacher_doubts(mount):
    page = mount(Hero(scene=make_scene(), **LAYERS))
    selected = "() => scene.get('selected')"
    page.get_by_role("button", name="Next example").click()
    assert page.evaluate(selected) == 2
    page.keyboard.press("ArrowRight")
    assert page.evaluate(selected) == 1
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(selected) == 2
    assert page.locator(".kd-hero-words").inner_text() == "z"
    assert page.locator(".kd-hero-label").inner_text() == "Label dog"


def test_the_student_pulses_with_its_steps_and_its_bars_follow(mount):
    page = mount(Hero(scene=make_scene(state="running"), **LAYERS))
    page.evaluate(FRAME)
    pulses = "() => document.querySelector('.kd-hero-student .kd-hero-area').getAnimations().length"
    hear = """([numbers, step]) => scene.kdvizStore.hear(
      { frames: [{ run: "s", step, scale: 1 }], whole: null }, [new Int16Array(numbers)])"""
    page.evaluate(hear, [[6, 4, 0] * 3, 40])
    page.evaluate(FRAME)
    assert page.evaluate(pulses) == 1
    assert said(page, "student") == softmax(TEACHER[0], 4)
    assert page.locator(".kd-hero-reply").inner_text() == "So does the student."


def test_bars_grow_from_the_label_unless_no_motion_is_wanted(page, mount):
    moving = mount(Hero(scene=make_scene(), **LAYERS))
    growing = "() => document.querySelector('.kd-hero .kd-bar-teacher').getAnimations().length"
    assert moving.evaluate(growing) == 1
    still = mount(Hero(scene=make_scene(state="running"), **LAYERS), reduced_motion="reduce")
    assert still.evaluate(growing) == 0


def test_a_link_can_hide_it(mount):
    page = mount(Hero(scene=make_scene(hidden=["hero"]), **LAYERS))
    assert not page.locator(".kd-hero").is_visible()
    put(page, hidden=[])
    assert page.locator(".kd-hero").is_visible()


def test_a_layer_with_less_than_nothing_is_refused():
    with pytest.raises(WrongTraitError, match="student_layers must be numbers >= 0"):
        Hero(student_layers=[-1])
