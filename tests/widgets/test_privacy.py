"""The privacy view: its curves, its table, its sentences, the attack that is asked for."""

import numpy as np
import pytest
from playwright.sync_api import expect

from kdviz import words
from kdviz.widgets import Privacy
from kdviz.widgets.recording import Frame
from kdviz.widgets.scene import Scene
from kdviz.widgets.traits import WrongTraitError

from ..axe import serious
from .test_german import OVERFLOW, left_in_english

CURVES = {"teacher": [[0, 0.01, 0.1, 1], [0, 0.6, 0.9, 1]], "s": [[0, 0.01, 0.1, 1], [0, 0.012, 0.11, 1]]}
RUNS = [{"id": "s", "role": "student", "name": "Student", "colour": 0, "hidden": False}]


def numbers(**changed):
    def one(who, auc, tpr, leaks):
        return {"id": who, "step": None, "leaks": leaks, "auc": auc, "tpr": tpr, "curve": CURVES[who]}

    return {
        "members": 1000,
        "others": 2000,
        "at": 0.01,
        "confidence": 0.95,
        "models": [
            one("teacher", [0.9, 0.88, 0.92], [0.6, 0.5, 0.7], True),
            one("s", [0.51, 0.49, 0.53], [0.012, 0.004, 0.03], False),
        ],
        "said": ["No leak of the student found.", "The student leaks less than the teacher."],
        "notes": ["A note."],
        "passes": "Class 3 was kept.",
    } | changed


def privacy(**traits):
    shown = {"view": "privacy", "runs": RUNS, "total_steps": 40}
    scene = Scene(classes=["a", "b"], teacher_logits=np.eye(3, 2), labels=[0, 1, 0], captions=["x"] * 3, **shown)
    scene.record("s", Frame.of(40, np.ones((3, 2))))
    scene.shown_run = "s"
    made = {"shown_run": "s", "selected": 0, "step": 40}
    return Privacy(**({"scene": scene, "found": numbers(), "made_for": made} | traits))


def test_each_model_has_its_curve_on_log_axes_and_a_row_with_intervals(mount):
    page = mount(privacy(), width=400)
    expect(page.locator(".kd-privacy-all > .kd-dark-sentence > .kd-sentence")).to_have_text(" ".join(numbers()["said"]))
    expect(page.get_by_text("Class 3 was kept.")).to_be_visible()
    assert serious(page) == []
    rows = page.get_by_role("table").get_by_role("row")
    assert [row.inner_text().split("\n") for row in rows.all()[1:]] == [
        ["Teacher", "0.900", "0.880 to 0.920", "60\u00a0%", "50\u00a0% to 70\u00a0%"],
        ["Student", "0.510", "0.490 to 0.530", "1.2\u00a0%", "0.4\u00a0% to 3.0\u00a0%"],
    ]
    assert rows.nth(1).locator(".kd-marked").count() == 2 and rows.nth(2).locator(".kd-marked").count() == 0
    # at 1 % of others, half-way on an axis from 0.01 % to 1, stands the line that the intervals are drawn at
    ends = "(n) => { const b = n.getBoundingClientRect(); return b.x + b.width / 2; }"
    line = page.locator(".kd-privacy-at").evaluate(ends)
    axis = page.locator(".kd-privacy-grid").evaluate_all("(all) => all.map((n) => n.getBoundingClientRect().x)")
    assert line == pytest.approx((min(axis) + max(axis)) / 2, abs=1.5)
    assert page.evaluate(OVERFLOW) <= 0


def test_the_curves_are_read_by_keyboard(mount):
    page = mount(privacy())
    page.locator(".kd-privacy-frame").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".kd-privacy-reading")).to_have_text(
        "At 1\u00a0% false ones the attack finds of the members: Teacher 60\u00a0%; Student 1.2\u00a0%."
    )
    page.keyboard.press("End")
    expect(page.locator(".kd-privacy-reading")).to_contain_text("Teacher 100\u00a0%; Student 100\u00a0%")
    page.keyboard.press("Escape")
    expect(page.locator(".kd-privacy-reading")).to_contain_text("press →")


def test_the_calibrated_attack_is_asked_for_and_then_chosen(mount):
    page = mount(privacy())
    expect(page.get_by_role("radio")).to_have_count(0)
    page.get_by_role("button", name="Train reference models").click()
    assert page.evaluate("() => model.log.filter((e) => e.sent).map((e) => e.sent.command)") == ["across"]
    page.evaluate(
        "(found) => { model.set('across', found); model.set('attack', 'calibrated'); }", numbers(said=["Found."])
    )
    expect(page.locator(".kd-privacy-all > .kd-dark-sentence > .kd-sentence")).to_have_text("Found.")
    page.get_by_role("radio", name="By the loss").check()
    expect(page.locator(".kd-privacy-all > .kd-dark-sentence > .kd-sentence")).to_contain_text("No leak")
    assert page.evaluate("() => model.get('attack')") == "loss"


def test_a_sentence_stands_in_place_of_numbers(mount):
    page = mount(privacy(found={}, note="These are not known."))
    expect(page.get_by_role("status").filter(has_text="These are not known.")).to_be_visible()
    expect(page.locator(".kd-privacy-all")).to_be_hidden()


def test_it_is_german(mount, monkeypatch):
    monkeypatch.setattr(words, "_chosen", ["de"])
    monkeypatch.setitem(RUNS[0], "name", "Lauf 1")
    page = mount(privacy(found=numbers(said=["x"], notes=[], passes="")), width=400)
    expect(page.get_by_text("gefundene Mitglieder")).to_be_attached()
    assert left_in_english(page) == [] and page.evaluate(OVERFLOW) <= 0


def test_an_attack_that_is_none_is_refused():
    with pytest.raises(WrongTraitError, match="attack must be one of 'loss', 'calibrated', got 'guess'"):
        Privacy(attack="guess")
