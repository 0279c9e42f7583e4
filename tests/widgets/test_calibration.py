"""The calibration view: its numbers against ``kdviz.measure.calibration``, its bins, its sentence."""

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

from kdviz.measure.calibration import calibration, fit_temperature
from kdviz.widgets import Calibration, bundle
from kdviz.widgets.traits import WrongTraitError

from .conftest import AS_GLOBALS
from .test_fidelity import STUDENT, TEACHER, C, N, Y, make_scene

FOUND = """([logits, labels, rows, classes, temperature, bins, strategy]) => {
  const z = Float32Array.from(logits);
  const answers = answersAt(z, labels, rows, classes, temperature);
  return { ...reliability(answers, bins, strategy), nll: answers.nll, brier: answers.brier, n: answers.n,
    fitted: fittedTemperature(z, labels, rows, classes) };
}"""


@pytest.fixture
def found(page):
    blank = page()
    blank.set_content("<p></p>")
    blank.evaluate(AS_GLOBALS, bundle.script(bundle.SHARED.parent / "calibration/numbers.js"))

    def ask(logits, labels, temperature=1.0, bins=10, strategy="width"):
        rows = list(range(len(labels)))
        told = [logits.ravel().tolist(), labels.tolist(), rows, logits.shape[1], temperature, bins, strategy]
        return blank.evaluate(FOUND, told)

    return ask


@pytest.mark.parametrize("strategy", ["width", "mass"])
@pytest.mark.parametrize(("bins", "temperature"), [(2, 1.0), (15, 1.0), (40, 0.5), (15, 7.0)])
def test_the_numbers_are_those_of_the_measure(found, strategy, bins, temperature):
    labels = np.where(np.arange(N) % 5, Y, -1)
    extreme = [1000 * STUDENT[0]] if strategy == "width" else []  # equal but for rounding: cut anywhere by mass
    for logits in (TEACHER, STUDENT[50], *extreme):
        got = found(logits, labels, temperature, bins, strategy)
        scaled = torch.tensor(logits, dtype=torch.float64) / temperature
        wanted = calibration(scaled, labels, bins=bins, strategy=strategy, resamples=0)
        for name in ("accuracy", "ece", "mce", "nll", "brier"):
            assert got[name] == pytest.approx(getattr(wanted, name), abs=1e-9), name
        assert got["confidence"] == pytest.approx(wanted.mean_confidence, abs=1e-9)
        assert got["n"] == wanted.n
        assert got["gapInterval"] == pytest.approx(list(wanted.overconfidence_interval), abs=1e-9)
        filled = [b for b in wanted.bins if b.count]
        assert [b["n"] for b in got["bins"]] == [b.count for b in filled]
        for mine, theirs in zip(got["bins"], filled, strict=True):
            assert mine["interval"] == pytest.approx(list(theirs.accuracy_interval), abs=1e-9)


def test_one_example_in_a_bin_is_no_largest_error(found):
    logits = np.tile(np.array([[2.0, 0.0]], np.float32), (101, 1))
    labels = np.array([0] * 88 + [1] * 12 + [1])
    logits[-1] = [0.1, 0.0]  # alone in its bin, and wrong
    got = found(logits, labels, bins=10)
    assert got["mce"] > 0.5 and got["mceOfMany"] < 0.02, "pooled with its neighbour"
    assert got["mceOfMany"] == pytest.approx(abs(got["confidence"] - got["accuracy"]))


def test_a_bin_holds_its_upper_edge(found):
    logits, labels = np.array([[0, 0], [0, 0], [3, 0]], np.float32), np.array([0, 1, 0])
    wanted = calibration(torch.tensor(logits, dtype=torch.float64), labels, bins=2, resamples=0)
    assert [b["n"] for b in found(logits, labels, bins=2)["bins"]] == [b.count for b in wanted.bins] == [2, 1]


def test_the_best_temperature_is_that_of_the_measure(found):
    for logits in (TEACHER, STUDENT[0], STUDENT[100]):
        assert found(logits, Y)["fitted"] == pytest.approx(fit_temperature(torch.tensor(logits), Y), rel=1e-6)
    assert found(10 * np.eye(C, dtype=np.float32), np.arange(C))["fitted"] == 0.01
    assert found(-10 * np.eye(C, dtype=np.float32), np.arange(C))["fitted"] == 100


def test_bins_and_their_kind_are_chosen_by_the_reader(mount):
    page = mount(Calibration(scene=make_scene(view="calibration")))
    bins = page.get_by_role("slider", name="Bins")
    few = page.locator(".kd-reliability-mark").count()
    bins.press("Home")
    assert page.evaluate("() => model.get('bins')") == 2
    expect(page.locator(".kd-reliability-mark")).not_to_have_count(few)
    assert page.locator(".kd-reliability-mark").count() < few
    page.get_by_role("radio", name="Equal count").check()
    assert page.evaluate("() => model.get('strategy')") == "mass"
    expect(page.locator(".kd-reliability-mark")).to_have_count(4)


def test_the_temperature_of_the_slider_can_be_tried(mount):
    page = mount(Calibration(scene=make_scene(view="calibration", temperature=4.0)))
    sure = page.locator(".kd-both-one").first.locator("[data-number=confidence]")
    before = sure.inner_text()
    page.get_by_role("checkbox").check()
    expect(sure).not_to_have_text(before)
    expect(page.locator(".kd-sentence")).to_contain_text("logits divided by T = 4;")
    expect(page.locator(".kd-both-one").first.locator("[data-number=accuracy]")).to_have_text(
        f"{100 * np.mean(TEACHER[:40].argmax(1) == Y[:40]):.2g}\u00a0%"
    )


def test_it_follows_the_step(mount):
    page = mount(Calibration(scene=make_scene(view="calibration")))
    for step in (0, 100):
        page.evaluate("(s) => scene.set('step', s)", step)
        expect(page.locator(".kd-sentence")).to_contain_text(f"After step {step}, on 40 labelled examples")


def test_without_labels_it_says_why_there_is_nothing(mount):
    page = mount(Calibration(scene=make_scene(view="calibration", labels=[-1] * N)))
    expect(page.get_by_text("None of the examples has a label")).to_be_visible()
    assert not page.locator(".kd-reliability").is_visible()


def test_what_cannot_be_is_refused_in_a_sentence():
    with pytest.raises(WrongTraitError, match=r"bins must be in \[2, 40\], got 1"):
        Calibration(bins=1)
    with pytest.raises(WrongTraitError, match="strategy must be one of 'width', 'mass', got 'odd'"):
        Calibration(strategy="odd")


@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_small_screen(mount, dark):
    page = mount(Calibration(scene=make_scene(view="calibration")), width=360, dark=dark)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
