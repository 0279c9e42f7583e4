"""Views in German: no English is left, numbers have a decimal comma, and the longer words still fit."""

import re
import weakref

import numpy as np
import pytest

from kdviz import words
from kdviz.panels.live import export
from kdviz.widgets import Calibration, DarkKnowledge, Examples, Fidelity, LearningCurves, Runs, SoftTargets
from kdviz.widgets import library as shared_library

from .asked import ASKED, answered, question

SEEN = """() => {
  const texts = [];
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) texts.push(walker.currentNode.textContent.trim());
  for (const name of ["aria-label", "title", "aria-valuetext", "placeholder"]) {
    for (const node of document.querySelectorAll(`[${name}]`)) texts.push(node.getAttribute(name));
  }
  return texts.filter(Boolean);
}"""
DRAWN = "() => [...document.querySelectorAll('.kd-plane')].every((svg) => svg.hasAttribute('viewBox'))"
OVERFLOW = "() => document.documentElement.scrollWidth - innerWidth"


@pytest.fixture(autouse=True)
def german(monkeypatch):
    monkeypatch.setattr(words, "_chosen", ["de"])


def english() -> list[re.Pattern]:
    """Return what an English text looks like, its places filled; without those that German shares."""
    texts = words.for_page("de").items()
    pairs = [(one, forms if isinstance(forms, str) else forms[0]) for one, forms in texts]
    different = [text for text, translated in pairs if text != translated]
    patterns = [re.sub(r"\\\{\w+\\\}", ".+", re.escape(text)) for text in different]
    return [re.compile(pattern) for pattern in patterns if re.search(r"[a-z]{2}", pattern)]


def left_in_english(page) -> list[str]:
    known = english()
    return [text for text in page.evaluate(SEEN) if any(pattern.fullmatch(text) for pattern in known)]


def in_german(scene):
    """Return a scene whose runs have names that Python made in German."""
    scene.runs = [{**run, "name": f"Lauf {i}"} for i, run in enumerate(scene.runs)]
    return scene


def test_soft_targets_are_german_and_fit_into_400_pixels(mount):
    rng = np.random.default_rng(3)
    teacher, student = 3 * rng.standard_normal((2, 4, 5))
    page = mount(
        SoftTargets(classes=list("abcde"), teacher_logits=teacher, student_logits=student, labels=[0, 1, 2, 3]),
        width=400,
    )
    assert page.locator(".kd").first.get_attribute("lang") == "de"
    assert left_in_english(page) == []
    assert page.get_by_role("slider", name="Temperatur").is_visible()
    assert re.search(r"Bei T = 4 sagt der Lehrer \w \(0,\d\d\)", page.locator(".kd-sentence").first.inner_text())
    assert page.evaluate(OVERFLOW) <= 0


@pytest.mark.parametrize("width", [400, 1280])
def test_a_page_of_views_is_german_and_fits(mount, runs_scene, width):
    scene = in_german(runs_scene(branches=1, sample=3))
    views = [kind(scene=scene, views=["one"]) for kind in (Fidelity, Calibration, DarkKnowledge)]
    page = mount(LearningCurves(scene=scene), Runs(scene=scene), Examples(scene=scene), *views, width=width)
    assert left_in_english(page) == []
    assert page.get_by_text("Kalibrierung", exact=True).is_visible()
    assert page.evaluate(OVERFLOW) <= 0


@pytest.mark.parametrize("width", [400, 1280])
def test_questions_are_german_and_fit(mount, width):
    asked = [make(kind) for kind in ASKED for make in (question, answered)]
    page = mount(*asked, question("choice", tells="submitted"), question("number", tells="never"), width=width)
    page.wait_for_function(DRAWN)
    page.get_by_role("radio", name="A 6").last.check()
    of_the_page = [text for text in left_in_english(page) if text != "weights" and "errors" not in text]
    assert of_the_page == [], "the lesson's own words aside"
    replies = page.locator(".kd-reply").all_inner_texts()
    assert replies[1] == ASKED["choice"].reply("A 6").text == "Diesmal nicht. Look again."
    assert page.get_by_role("button", name="Antworten").first.is_visible()
    assert page.evaluate(OVERFLOW) <= 0


def test_english_text_would_be_found(mount, monkeypatch):
    monkeypatch.setattr(words, "_chosen", ["en"])
    page = mount(SoftTargets(classes=["a", "b"], teacher_logits=np.eye(2), labels=[0, 1]))
    monkeypatch.setattr(words, "_chosen", ["de"])
    assert {"Temperature", "Entropy", "How much to trust the teacher"} <= set(left_in_english(page))


def test_each_language_has_a_library_of_its_own_and_english_carries_no_catalogue(monkeypatch):
    monkeypatch.setattr(shared_library, "_open", weakref.WeakSet())
    monkeypatch.setattr(shared_library, "_there", [])
    german = SoftTargets()
    monkeypatch.setattr(words, "_chosen", ["en"])
    english = SoftTargets()
    assert german._library.mark != english._library.mark
    assert "Weiche Zielwerte" in german._library._esm
    assert "kdvizWords = " not in english._library._esm
    for view in (german, english):
        view.close()
    assert german._library.comm is None and english._library.comm is None


def test_an_exported_file_carries_the_language_too():
    view = SoftTargets(classes=["a", "b"], teacher_logits=np.eye(2))
    assert "Weiche Zielwerte" in export.page(view, title="Datei")
    view.close()
