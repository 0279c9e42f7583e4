"""The fidelity view: its numbers against ``kdviz.measure.fidelity``, its cells, its sentence."""

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

from kdviz.measure.fidelity import fidelity
from kdviz.widgets import Fidelity, Scene, bundle
from kdviz.widgets.recording import Frame

from .conftest import AS_GLOBALS

RNG = np.random.default_rng(5)
N, C = 60, 4
Y = RNG.integers(0, C, N)
TEACHER = (3 * np.eye(C)[Y] + RNG.standard_normal((N, C)) * 1.6).astype(np.float32)
STUDENT = {s: (TEACHER * 0.4 + RNG.standard_normal((N, C)) * (1.5 - s / 100)).astype(np.float32) for s in (0, 50, 100)}

NUMBERS = """() => Object.fromEntries([...document.querySelectorAll("[data-number]")]
  .map((node) => [node.dataset.number, node.textContent]))"""
FOUND = """([teacher, student, labels, rows, classes, temperature]) => {
  const [t, s] = [Float32Array.from(teacher), Float32Array.from(student)];
  return [fidelityNumbers(t, s, labels, rows, classes), meanDivergence(t, s, rows, classes, temperature)];
}"""


def make_scene(**traits):
    given = {
        "classes": list("abcd"),
        "teacher_logits": TEACHER,
        "labels": Y.tolist(),
        "total_steps": 100,
        "sample": 40,
        "captions": ["row"] * N,
        "view": "fidelity",
        "split": "validation",
    }
    scene = Scene(**(given | traits))
    for step, logits in STUDENT.items():
        scene.record("s", Frame.of(step, logits))
    scene.shown_run = "s"
    return scene


@pytest.mark.parametrize("labels", [Y, np.where(np.arange(N) % 3, Y, -1), np.full(N, -1)])
def test_the_numbers_are_those_of_the_measure(page, labels):
    blank = page()
    blank.set_content("<p></p>")
    blank.evaluate(AS_GLOBALS, bundle.script(bundle.SHARED.parent / "fidelity/numbers.js"))
    student = STUDENT[50].copy()
    student[3] = 1.0  # equal logits have no ranking
    student[4, :2] = student[4, 0]
    rows = list(range(N))
    got, kl = blank.evaluate(FOUND, [TEACHER.ravel().tolist(), student.ravel().tolist(), labels.tolist(), rows, C, 3.0])
    wanted = fidelity(torch.tensor(TEACHER), torch.tensor(student), labels, temperature=3.0)
    assert got["agreed"] == wanted.agreed and got["labelled"] == wanted.n_labelled
    assert kl == pytest.approx(wanted.kl, abs=1e-9)
    assert got["ranks"] == pytest.approx(wanted.rank_agreement, abs=1e-9)
    if wanted.n_labelled:
        cells = {name: getattr(wanted, name) for name in got["cells"]}
        assert got["cells"] == cells and got["same"] == wanted.same_error
        assert got["teacherRight"] == round(wanted.teacher_accuracy * wanted.n_labelled)
        assert got["studentRight"] == round(wanted.student_accuracy * wanted.n_labelled)
        for row in got["classes"]:
            of = wanted.classes[row["index"]]
            assert row["n"] == of.n and row["agreed"] / of.n == pytest.approx(of.agreement)


def test_the_view_follows_step_and_temperature_and_counts_the_sample_only(mount):
    page = mount(Fidelity(scene=make_scene()))
    for step in (0, 50, 100):
        page.evaluate("(s) => scene.set('step', s)", step)
        film = Frame.of(step, STUDENT[step]).logits()[:40]
        wanted = fidelity(torch.tensor(TEACHER[:40]), torch.tensor(film), Y[:40], temperature=4.0)
        expect(page.locator(".kd-sentence").first).to_contain_text(f"After step {step} the student agrees")
        expect(page.locator(".kd-sentence").first).to_contain_text(f"on {wanted.agreed} of 40 examples")
        shown = page.evaluate(NUMBERS)
        assert shown["agreement"].startswith(f"{100 * wanted.agreement:.1f}")
        assert float(shown["kl"].split()[0]) == pytest.approx(wanted.kl, rel=1e-3)
    before = page.evaluate(NUMBERS)["kl"]
    page.evaluate("() => scene.set('temperature', 20)")
    expect(page.locator("[data-number=kl]")).not_to_have_text(before)


def test_a_cell_chooses_what_the_strip_lists_and_lets_go_again(mount):
    page = mount(Fidelity(scene=make_scene()))
    cell = page.get_by_role("button", name="errors new: only the teacher is right")
    cell.click()
    assert page.evaluate("() => scene.get('filter')") == "new"
    expect(cell).to_have_attribute("aria-pressed", "true")
    cell.press("Enter")
    assert page.evaluate("() => scene.get('filter')") == "all"
    expect(cell).to_have_attribute("aria-pressed", "false")


def test_without_labels_only_agreement_is_told(mount):
    page = mount(Fidelity(scene=make_scene(labels=[-1] * N)))
    expect(page.locator(".kd-sentence").first).to_contain_text("Without labels, nobody can say who is right")
    assert not page.locator(".kd-cells").is_visible() and not page.locator(".kd-fidelity-table").is_visible()
    assert page.evaluate(NUMBERS)["teacher"] == "–"


def test_without_a_student_and_with_a_broken_one_it_says_so(mount):
    page = mount(Fidelity(scene=make_scene(shown_run="")))
    page.evaluate("() => scene.set('shown_run', 'none')")
    expect(page.get_by_text("There is no student yet: press Train.")).to_be_visible()
    broken = np.full((N, C), np.nan, np.float32)
    scene = make_scene(exact={"run": "s", "step": 100}, exact_logits=broken)
    page = mount(Fidelity(scene=scene))
    expect(page.get_by_text("The student’s outputs are not finite numbers.")).to_be_visible()


def test_it_is_there_in_its_view_only(mount):
    page = mount(Fidelity(scene=make_scene(view="one")))
    assert not page.locator(".kd-fidelity").is_visible()
    page.evaluate("() => scene.set('view', 'fidelity')")
    expect(page.locator(".kd-fidelity")).to_be_visible()
    page.evaluate("() => scene.set('hidden', ['fidelity'])")
    expect(page.locator(".kd-fidelity")).to_be_hidden()


@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_small_screen(mount, dark):
    page = mount(
        Fidelity(scene=make_scene(classes=["a very long class name " * 3, "b", "c", "d"])), width=360, dark=dark
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
