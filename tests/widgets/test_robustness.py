"""The robustness view in a browser: the slider moves curve, sentence and pictures without Python."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import expect
from traitlets import TraitError

from kdviz.widgets import Robustness, Scene

from ..axe import serious

LEVELS, N, SIDE = 6, 2, 5
MODELS = [{"id": "teacher", "role": "teacher", "name": ""}, {"id": "s", "role": "student", "name": "Student"}]


def found(kind="pgd"):
    attack = kind == "pgd"
    sources = ("own", "teacher", "student") if attack else ("",)
    curve = {
        on: {m["id"]: [[200 - 20 * k * (1 + i) - 5 * j, *shares(k, i, j)] for k in range(LEVELS)] for i, m in pairs()}
        for j, on in enumerate(sources)
    }
    says = {
        on: {m["id"]: [[3 if k < 3 + i else 8, 0.9 - 0.1 * k] for k in range(LEVELS)] for i, m in pairs()}
        for on in sources
    }
    return {
        "kind": kind, "run": "s", "step": 100, "n": 200, "steps": 10, "models": MODELS, "curves": curve,
        "levels": [0, 0.02, 0.05, 0.1, 0.15, 0.2] if attack else list(range(LEVELS)),
        "hides": [["s", "teacher"]] if attack else [], "examples": [{"label": 3, "says": says}] * N,
        "shape": [SIDE, SIDE], "stacks": ["teacher", "s"] if attack else [""],
    }  # fmt: skip


def pairs():
    return enumerate(MODELS)


def shares(k, i, j):
    value = 1 - (20 * k * (1 + i) + 5 * j) / 200
    return [max(0, value), max(0, value - 0.05), min(1, value + 0.05)]


def pictures(stacks):
    """Each stack, level and example has a grey of its own."""
    grey = np.arange(stacks * LEVELS * N, dtype=np.uint8).reshape(stacks, LEVELS, N, 1, 1)
    return np.broadcast_to(10 + 4 * grey, (stacks, LEVELS, N, SIDE, SIDE))


def make(**traits):
    scene = Scene(classes=[str(c) for c in range(10)], view="robustness", total_steps=100, split="validation")
    scene.shown_run = "s"
    return Robustness(scene=scene, **traits)


GREYS = """() => [...document.querySelectorAll('.kd-robustness-tile canvas')].map(
  (c) => c.getContext('2d').getImageData(0, 0, 1, 1).data[3])"""


def test_the_slider_moves_sentence_and_pictures_without_python(mount):
    page = mount(make(found=found(), pictures=pictures(2)))
    sentence = page.locator(".kd-robustness .kd-sentence").first
    expect(sentence).to_have_text(
        "Right at radius 0.10: Teacher 70\u00a0% (95\u00a0% CI 65\u00a0% to 75\u00a0%), "
        "Student 40\u00a0% (95\u00a0% CI 35\u00a0% to 45\u00a0%)."
    )
    order = [[stack * LEVELS * N + 3 * N + i for stack in (0, 1)] for i in range(N)]
    assert page.evaluate(GREYS) == [10 + 4 * place for pair in order for place in pair]
    answers = page.locator(".kd-robustness-tile").first.locator(".kd-robustness-answer")
    expect(answers).to_have_text(["✗ 8", "✓ 3"])
    page.get_by_role("slider", name="Radius").focus()
    page.keyboard.press("ArrowRight")
    expect(sentence).to_contain_text("Right at radius 0.15")
    expect(answers).to_have_text(["✗ 8", "✗ 8"])
    page.get_by_role("slider", name="Radius").press("Home")
    expect(sentence).to_contain_text("Right on the 200 unchanged pictures")
    assert serious(page) == []
    assert page.evaluate(GREYS)[0] == 10
    assert not [row for row in page.evaluate("() => model.log") if "sent" in row], "nothing is asked of Python"
    page.get_by_label("The attack is made on").select_option("teacher")
    expect(page.locator(".kd-robustness-tile canvas")).to_have_count(N)  # one picture for both models
    expect(page.locator(".kd-robustness-hides")).to_contain_text("Student: pictures made on another model (Teacher)")


def test_the_button_measures_stops_and_what_is_shown_says_what_it_is_of(mount):
    page = mount(make())
    expect(page.locator(".kd-robustness [role=status]")).to_have_text("Nothing is measured yet: press Measure now.")
    page.get_by_role("button", name="Measure now").click()
    page.evaluate("() => model.set('progress', 0.5)")
    page.get_by_role("button", name="Stop").click()
    sent = [row["sent"] for row in page.evaluate("() => model.log") if "sent" in row]
    assert sent == [{"command": "across"}, {"command": "stop"}]
    page.evaluate("(found) => { model.set('progress', null); model.set('found', found); }", found("noise"))
    expect(page.locator(".kd-robustness [role=status]")).to_have_text(
        "What is shown was measured for Noise; press Measure now."
    )
    page.get_by_label("What changes the pictures").select_option("noise")
    expect(page.locator(".kd-robustness .kd-sentence").first).to_contain_text("Right at severity 3")
    expect(page.get_by_label("The attack is made on")).to_be_hidden()


def test_a_page_sets_what_is_offered_alone():
    view = make()
    view.set_state({"kind": "fog", "level": 9, "made_on": "twin", "found": {"levels": []}})
    assert (view.kind, view.level, view.made_on, view.found) == ("pgd", 3, "own", {})
    with pytest.raises(TraitError, match="kind must be one of"):
        make(kind="fog")
