"""The fidelity view: its numbers against ``kdviz.measure.fidelity``, its cells, its sentence."""

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

import kdviz as kd
from kdviz.measure.calibration import inherited
from kdviz.measure.fidelity import fidelity
from kdviz.panels import Compare
from kdviz.widgets import Calibration, DarkKnowledge, Examples, Fidelity, Scene, bundle
from kdviz.widgets.recording import Frame

from .conftest import AS_GLOBALS

RNG = np.random.default_rng(5)
N, C = 60, 4
Y = RNG.integers(0, C, N)
TEACHER = (3 * np.eye(C)[Y] + RNG.standard_normal((N, C)) * 1.6).astype(np.float32)
STUDENT = {s: (TEACHER * 0.4 + RNG.standard_normal((N, C)) * (1.5 - s / 100)).astype(np.float32) for s in (0, 50, 100)}

NUMBERS = """() => Object.fromEntries([...document.querySelectorAll("[data-number]")]
  .map((node) => [node.dataset.number, node.textContent]))"""
EXACT = (
    "() => Object.fromEntries([...document.querySelectorAll('[data-number]')].map((n) => [n.dataset.number, n.title]))"
)
SENTENCES = {"fidelity": ".kd-sentence", "calibration": ".kd-sentence", "bias": ".kd-bias-verdict"}
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
        exact = page.evaluate(EXACT)
        assert exact["agreement"] == f"{wanted.agreed} of 40" and f"{wanted.agreed} of 40 examples. It makes" in (
            page.locator(".kd-sentence").first.inner_text()
        )
        assert float(exact["kl"]) == pytest.approx(wanted.kl, rel=1e-3)
        assert float(page.evaluate(NUMBERS)["kl"].split()[0]) == pytest.approx(wanted.kl, rel=5e-2), "two digits"
    before = page.evaluate(NUMBERS)["kl"]
    page.evaluate("() => scene.set('temperature', 20)")
    expect(page.locator("[data-number=kl]")).not_to_have_text(before)


def test_a_cell_chooses_what_the_strip_lists_and_lets_go_again(mount):
    page = mount(Fidelity(scene=make_scene()))
    cell = page.get_by_role("button", name="new errors only the teacher is right")
    cell.click()
    assert page.evaluate("() => scene.get('filter')") == "new"
    expect(cell).to_have_attribute("aria-pressed", "true")
    cell.press("Enter")
    assert page.evaluate("() => scene.get('filter')") == "all"
    expect(cell).to_have_attribute("aria-pressed", "false")


CELLS = {
    "new": "errors_new",
    "corrected": "errors_corrected",
    "both_wrong": "errors_inherited",
    "both_right": "both_right",
}
LISTED = "() => Number(document.querySelector('.kd-example-foot .kd-note').textContent.match(/[\\d,]+/)[0])"


def counts(page):
    """Return what the four cells count, and how many examples the strip lists for each."""
    told, listed = {}, {}
    for name, cell in CELLS.items():
        button = page.locator(f".kd-cell-{cell}")
        told[name] = int(button.locator("b").inner_text())
        if button.get_attribute("aria-pressed") == "false":
            button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        sentence = page.locator(".kd-examples .kd-sentence")
        expect(sentence).to_contain_text(f"On {told[name]} of")
        listed[name] = page.evaluate(LISTED)
    return told, listed


def test_a_cell_lists_as_many_as_it_counts_of_all_examples_at_rest_and_of_the_sample_in_a_film(mount):
    whole = {"whole": {"run": "s", "step": 100}, "whole_logits": STUDENT[100], "tracked": 50, "counted": N}
    scene = Scene(classes=list("abcd"), labels=Y.tolist(), teacher_logits=TEACHER, sample=40, total_steps=100)
    scene.update(view="fidelity", captions=["row"] * N, **whole)
    for step, logits in STUDENT.items():
        scene.record("s", Frame.of(step, logits[:50]))
    scene.shown_run = "s"
    others = [Calibration(scene=scene), DarkKnowledge(scene=scene)]
    page = mount(Fidelity(scene=scene), Examples(scene=scene), *others)
    at_rest, in_film = (N, "60 examples"), (40, "40 examples tracked at random")
    for step, (rows, words) in ((100, at_rest), (50, in_film), (100, at_rest)):
        page.evaluate("(s) => scene.set('step', s)", step)
        student = STUDENT[step] if rows == N else Frame.of(step, STUDENT[step]).logits()
        wanted = fidelity(torch.tensor(TEACHER[:rows]), torch.tensor(student[:rows]), Y[:rows])
        said = page.locator(".kd-fidelity .kd-sentence")
        expect(said).to_contain_text(
            f"After step {step} the student agrees with the teacher on {wanted.agreed} of {words}."
        )
        told, listed = counts(page)
        assert told == listed == {name: getattr(wanted, cell) for name, cell in CELLS.items()}
        expect(page.locator(".kd-examples .kd-sentence")).to_contain_text(f" of {rows} ")
        for view, host in (("calibration", ".kd-calibration"), ("many", ".kd-dark-knowledge")):
            page.evaluate("(v) => scene.set('view', v)", view)
            note = page.locator(f"{host} .kd-head .kd-note").first
            expect(note).to_contain_text("60 validation examples" if rows == N else "40 tracked at random, of 60")
            sentence = page.locator(f"{host} .kd-sentence").nth(2 if view == "many" else 0)
            expect(sentence).to_contain_text(f"{rows} ")
        page.evaluate("() => scene.set('view', 'fidelity')")


def test_page_and_report_say_the_same_of_the_same_models(mount):
    random = torch.Generator().manual_seed(1)
    y = torch.randint(0, 2, (600,), generator=random)
    X = torch.randn(600, 4, generator=random) + 1.2 * torch.eye(4)[y]
    models = [kd.models.mlp((6,), inputs=4, classes=2, seed=seed) for seed in (1, 2)]
    for model, steps in zip(models, (200, 40), strict=True):
        optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
        for _ in range(steps):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(X), y).backward()
            optimizer.step()
    site = np.where(X[:, 2] > 0, "south", "north")
    report = kd.compare(*models, kd.data.Examples(X, y, {"site": site}))
    panel = Compare.of(report, view="bias")
    try:
        assert panel.wait()
        page = mount(*(panel.tabs[name] for name in ("fidelity", "calibration", "bias")))
        said = {name: page.locator(f".kd-{name} {at}") for name, at in SENTENCES.items()}
        theirs = {
            "fidelity": report.sentences("fidelity")[0],
            "calibration": inherited(report.calibration["teacher"], report.calibration["student"]),
            "bias": report.sentences("bias")[0],
        }
        for name, sentence in theirs.items():
            page.evaluate("(v) => scene.set('view', v)", name)
            if name == "bias":
                page.evaluate("() => window.models[2].set('rate', 'true_positive_rate')")
            expect(said[name].first).to_be_visible()
            assert said[name].first.inner_text() == sentence
        assert "600" in panel.pair.note and panel.scene.counted == report.fidelity.n == 600
    finally:
        panel.close()


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
