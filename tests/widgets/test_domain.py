"""Out of domain in a browser: score and pictures are chosen without Python; what is drawn is what is told."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import expect
from traitlets import TraitError

from kdviz import words
from kdviz.widgets import Domain, Scene
from kdviz.widgets.recording import Frame

from .test_german import OVERFLOW, left_in_english

RUNS = [
    {"id": "s", "role": "student", "name": "Student", "colour": 0, "hidden": False},
    {"id": "t", "role": "twin", "name": "Twin, no teacher", "colour": 0, "hidden": False},
]
MODELS = [
    {"id": one, "role": role, "name": ""} for one, role in (("teacher", "teacher"), ("s", "student"), ("t", "twin"))
]
IDS = [model["id"] for model in MODELS]
BINS = [[0, 0, 0.2, 0.8], [0.4, 0.3, 0.2, 0.1]]


def by_score(value, difference):
    return {
        "range": [-2.0, 6.0],
        "bins": dict.fromkeys(IDS, BINS),
        "auroc": {who: [value - 0.01 * i, value - 0.05, value + 0.03] for i, who in enumerate(IDS)},
        "difference": {"of": "s", "than": "t", "value": difference},
    }


def one_set(name, title, same):
    scores = {
        "confidence": by_score(0.9, [0.01, 0.004, 0.016]), "entropy": by_score(0.91, [0.0, -0.01, 0.01]),
        "energy": by_score(0.8, [-0.02, -0.03, -0.01]), "logit": by_score(0.7, [0.0, -0.01, 0.01]),
    }  # fmt: skip
    return {
        "name": name, "title": title, "n": 500, "same": same, "mean": {who: [0.98, 0.71] for who in IDS},
        "right": {who: [400, 0.8, 0.76, 0.83] for who in IDS} if same else {}, "scores": scores,
        "says": {who: [[1, 0.99], [0, 0.7]] for who in IDS},
    }  # fmt: skip


FOUND = {
    "n": 400, "confidence": 0.95, "models": MODELS, "shape": [2, 2],
    "sets": [one_set("fashion-mnist", "Fashion-MNIST", False), one_set("sklearn-digits", "Small digits", True)],
}  # fmt: skip


def domain(**traits):
    shown = {"view": "domain", "runs": RUNS, "total_steps": 40}
    scene = Scene(classes=["a", "b"], teacher_logits=np.eye(3, 2), labels=[0, 1, 0], captions=["x"] * 3, **shown)
    scene.record("s", Frame.of(40, np.ones((3, 2))))
    scene.shown_run = "s"
    made = {"shown_run": "s", "selected": 0, "step": 40}
    return Domain(**{"scene": scene, "found": FOUND, "pictures": PICTURES, "made_for": made} | traits)


PICTURES = np.arange(2 * 2 * 4, dtype=np.uint8).reshape(2, 2, 2, 2) * 10
GREYS = """() => [...document.querySelectorAll('.kd-domain-tile canvas')].map(
  (c) => c.getContext('2d').getImageData(0, 0, 1, 1).data[3])"""


def test_score_and_pictures_are_chosen_without_python(mount):
    page = mount(domain(), width=400)
    sentence = page.locator(".kd-domain .kd-sentence").first
    expect(sentence).to_have_text(
        "Student is on average 98.0\u00a0% sure of its own pictures and 71\u00a0% of Fashion-MNIST. Highest "
        "probability tells them apart with an AUROC of 0.890 (95\u00a0% CI 0.850 to 0.930). That is 0.010 more than "
        "Twin (95\u00a0% CI of the difference 0.004 to 0.016)."
    )
    rows = page.locator(".kd-domain-row")
    expect(rows.locator("b")).to_have_text(["AUROC 0.900", "AUROC 0.890", "AUROC 0.880"])
    filled = rows.first.locator("rect").evaluate_all("(all) => all.map((r) => Number(r.getAttribute('height')))")
    assert filled[0] == filled[1] == 0 and filled[3] == pytest.approx(4 * filled[2], abs=0.3)
    assert page.evaluate(GREYS) == [0, 40]
    page.get_by_label("What tells them apart").select_option("energy")
    expect(sentence).to_contain_text("Energy tells them apart with an AUROC of 0.790")
    expect(sentence).to_contain_text("That is 0.020 less than Twin")
    expect(rows.last.locator("text")).to_have_text(["−2", "2", "6"])
    page.get_by_label("What tells them apart").select_option("logit")
    expect(sentence).to_contain_text("Its difference from Twin could be chance")
    expect(page.locator(".kd-domain-same")).to_be_hidden()
    page.get_by_label("Strange pictures").select_option("sklearn-digits")
    expect(sentence).to_contain_text("71\u00a0% of Small digits")
    expect(page.locator(".kd-domain-same")).to_contain_text(
        "Right: Teacher 80\u00a0% (95\u00a0% CI 76\u00a0% to 83\u00a0%)"
    )
    assert page.evaluate(GREYS) == [80, 120]
    assert not [row for row in page.evaluate("() => model.log") if "sent" in row], "nothing is asked of Python"
    assert page.evaluate(OVERFLOW) <= 0


def test_it_is_german_and_dark_and_says_what_stands_in_place_of_numbers(mount, monkeypatch):
    monkeypatch.setattr(words, "_chosen", ["de"])
    monkeypatch.setitem(RUNS[0], "name", "Lauf 1")
    page = mount(domain(), width=400, dark=True)
    expect(page.get_by_role("heading", level=2)).to_contain_text("Fremde Daten")
    assert left_in_english(page) == [] and page.evaluate(OVERFLOW) <= 0
    page.evaluate("() => model.set('note', 'Nichts da.')")
    expect(page.get_by_role("status").filter(has_text="Nichts da.")).to_be_visible()
    expect(page.locator(".kd-domain-all")).to_be_hidden()


def test_a_page_sets_what_is_offered_alone():
    view = domain()
    view.set_state({"score": "depth", "strangers": "mars", "found": {}})
    assert (view.score, view.strangers, view.found) == ("confidence", "", FOUND)
    with pytest.raises(TraitError, match="score must be one of"):
        domain(score="depth")
