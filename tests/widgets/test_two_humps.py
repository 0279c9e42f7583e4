"""Two humps: the fits are those of numpy and scipy, and a reader guesses, drags and reads them."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect
from scipy.optimize import minimize

from kdviz.widgets import Scene, TwoHumps, bundle, two_humps
from kdviz.widgets.traits import WrongTraitError

from ..axe import serious

FITS = """async ([text, cases]) => {
  const { forwardFit, reverseFits } = await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  return cases.map(([first, second, share, width]) => {
    const humps = { first, second, share, width };
    return { forward: forwardFit(humps), reverse: reverseFits(humps) };
  });
}"""
CASES = [
    [-2, 2, 0.6, 0.6], [2, -2, 0.6, 0.6], [-4, 4, 0.05, 0.3], [-1, 1, 0.5, 0.9], [0.5, 0.5, 0.3, 1.5],
    [-3, 1.5, 0.9, 0.45], [-1, 1.2, 0.35, 0.6], [-4, 3.9, 0.95, 1.5],
]  # fmt: skip
X = np.linspace(-16, 16, 64_001)


def log_normal(mean, width):
    return -(((X - mean) / width) ** 2) / 2 - np.log(width * np.sqrt(2 * np.pi))


def kl(log_a, log_b):
    a = np.exp(log_a)
    return np.trapezoid(np.where(a > 0, a * (log_a - log_b), 0), X)


def test_the_fits_are_the_least_divergences_that_scipy_finds(page):
    script = bundle.script(Path(two_humps.__file__).with_name("fits.js"))
    for case, found in zip(CASES, page().evaluate(FITS, [script, CASES]), strict=True):
        first, second, share, width = case
        log_p = np.logaddexp(np.log(share) + log_normal(first, width), np.log1p(-share) + log_normal(second, width))
        forward = found["forward"]
        by_forward = minimize(lambda v: kl(log_p, log_normal(v[0], np.exp(v[1]))), [0.3, 0.5], method="Nelder-Mead")  # noqa: B023
        assert [forward["mean"], np.log(forward["width"])] == pytest.approx(by_forward.x.tolist(), abs=2e-3)
        assert forward["divergence"] == pytest.approx(by_forward.fun, abs=1e-6)
        starts = [(first, width), (second, width), (forward["mean"], forward["width"])]
        best = min(
            (
                minimize(lambda v: kl(log_normal(v[0], np.exp(v[1])), log_p), [m, np.log(s)], method="Nelder-Mead")  # noqa: B023
                for m, s in starts
            ),
            key=lambda one: one.fun,
        )
        least = found["reverse"][0]
        assert [least["mean"], np.log(least["width"])] == pytest.approx(best.x.tolist(), abs=2e-3)
        assert least["divergence"] == pytest.approx(best.fun, abs=1e-6)
        others = [one["divergence"] for one in found["reverse"][1:]]
        assert others == sorted(others) and all(one >= least["divergence"] for one in others)


def test_a_reader_guesses_then_drags_by_mouse_and_by_keys(mount):
    page = mount(TwoHumps(scene=Scene()), width=700)
    sentence = page.locator(".kd-two-humps .kd-dark-sentence > .kd-sentence")
    expect(page.locator(".kd-humps-forward.kd-run-line")).to_be_hidden()
    assert serious(page) == [] and sentence.inner_text() == ""
    for loss, place in (("A: KL(teacher ‖ student)", "left hump"), ("B: KL(student ‖ teacher)", "left hump")):
        page.get_by_role("group", name=loss).get_by_role("radio", name=place).check(force=True)
    expect(sentence).to_contain_text("A is called mode-covering, B mode-seeking.")
    expect(sentence).to_contain_text(
        "it takes one hump (mean −2.00, width 0.60) and leaves out the other, with 40\u00a0%"
    )
    expect(page.get_by_text("You expected A here: left hump. It settles here: between, over both.")).to_be_visible()
    expect(page.get_by_text("B settles where you expected it: left hump.")).to_be_visible()
    assert serious(page) == []

    left = page.get_by_role("slider", name="Left hump of the teacher")
    expect(left).to_have_attribute("aria-valuetext", "at −2.0, with 60\u00a0% of the probability")
    left.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown"):
        left.press(key)
    expect(left).to_have_attribute("aria-valuetext", "at −1.9, with 45\u00a0% of the probability")
    expect(sentence).to_contain_text("(mean 2.00, width 0.61) and leaves out the other, with 45\u00a0%")
    assert page.evaluate("() => model.log.filter(({ saved }) => saved).at(-1).saved.share") == 0.45

    box = page.get_by_role("slider", name="Right hump of the teacher").bounding_box()
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    told = page.evaluate("() => model.log.length")
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] - 100, middle[1], steps=5)
    moved = page.get_by_role("slider", name="Right hump of the teacher")
    expect(moved).not_to_have_attribute("aria-valuenow", "2")
    assert page.evaluate("() => model.log.length") == told  # drawn in the browser; Python hears of the rest
    page.mouse.up()
    assert page.evaluate("() => model.state.second") == float(moved.get_attribute("aria-valuenow")) < 1


def test_humps_that_are_one_are_not_told_apart(mount):
    page = mount(TwoHumps(first=-0.4, second=0.4, width=0.9, shown=True), width=400, dark=True)
    expect(page.locator(".kd-dark-sentence > .kd-sentence")).to_contain_text("it hardly matters which loss is taken")
    expect(page.locator(".kd-dark-sentence > .kd-sentence")).not_to_contain_text("mode-seeking")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert serious(page) == []


def test_what_cannot_be_is_refused():
    with pytest.raises(WrongTraitError, match=r"share must be in \[0.05, 0.95\], got 1"):
        TwoHumps(share=1.0)
    with pytest.raises(WrongTraitError, match="forward_guess must be one of"):
        TwoHumps(forward_guess="up")
