"""Many examples at once: the browser's numbers against Python's, and what follows T, alpha, the step and the run."""

import re

import numpy as np
import pytest
import torch

from kdviz.measure import dark_knowledge as dark
from kdviz.widgets import DarkKnowledge, Scene, bundle
from kdviz.widgets.recording import Frame
from kdviz.widgets.traits import WrongTraitError

FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
LISTENERS = "() => [scene, model].map((m) => Object.values(m.listeners).flat().length)"
COUNT, SAMPLE = 60, 50
RNG, NAMES = np.random.default_rng(11), ["ant", "bee", "cat", "dog"]
LABELS = np.concatenate([RNG.integers(0, 4, COUNT - 2), [0, 1]])
LABELS[3] = -1
TEACHER = (2 * RNG.standard_normal((COUNT, 4)) + 4 * np.eye(4)[LABELS.clip(0)]).astype(np.float32)
STUDENTS = {step: (2 * RNG.standard_normal((COUNT, 4))).astype(np.float32) for step in (0, 40, 80)}
COUNTED = [i for i in range(SAMPLE) if LABELS[i] >= 0]


def make_scene(student=True, **traits):
    given = {"classes": NAMES, "teacher_logits": TEACHER, "labels": LABELS.tolist(), "sample": SAMPLE}
    scene = Scene(**(given | {"view": "many", "shown_run": "a", "total_steps": 80} | traits))
    for step, logits in STUDENTS.items() if student else ():
        scene.record("a", Frame.of(step, logits))
        scene.record("b", Frame.of(step, -logits))
    return scene


@pytest.fixture
def shown(mount):
    """``shown(student=True, width=700, heat_map=..., **scene traits)`` opens a page with the view of a scene."""

    def show(student=True, *, scene=None, width=700, dark=False, **traits):
        own = {name: traits.pop(name) for name in ("heat_map", "diagonal", "loss", "views") if name in traits}
        page = mount(DarkKnowledge(scene=scene or make_scene(student, **traits), **own), width=width, dark=dark)
        page.evaluate(FRAME)
        return page

    return show


def put(page, name, value):
    page.evaluate("([name, value]) => scene.set(name, value)", [name, value])
    page.evaluate(FRAME)


def sentences(page):
    return page.locator(".kd-sentence").all_inner_texts()


def tensors(step=80, sign=1):
    s = torch.tensor(sign * Frame.of(step, sign * STUDENTS[step]).logits()[COUNTED]).double()
    return s * sign, torch.tensor(TEACHER[COUNTED]).double(), torch.tensor(LABELS[COUNTED])


def percent(share):
    return f"{round(100 * share)}\xa0%"


def probabilities(page, side):
    """Read the numbers of the nearest-classes table, rows of two."""
    column = {"teacher": 2, "student": 4}[side]
    """The exact numbers, which a pointer that rests on one shows."""
    rows = page.locator(f".kd-nearest-row:not(.kd-nearest-head) > :nth-child({column})")
    titles = rows.evaluate_all("(cells) => cells.map((c) => [...c.querySelectorAll('[title]')].map((n) => n.title))")
    return [[float(n) for n in cell] for cell in titles]


def brief(p):
    """Return a probability as the views write it."""
    return f"{p:.3f}" if p < 0.0095 else f"{p:.2f}"


def expected_nearest(logits, y, temperature):
    means = dark.mean_soft_targets(logits, y, temperature, 4)
    return means.gather(1, dark.nearest_classes(means)).tolist()


def pixels(page):
    """Read the heat map's colours, rows of (r, g, b, a)."""
    flat = page.evaluate(
        """() => { const c = document.querySelector(".kd-heat-canvas");
        return [c.width, ...c.getContext("2d").getImageData(0, 0, c.width, c.height).data]; }"""
    )
    return np.array(flat[1:]).reshape(flat[0], flat[0], 4)


NUMBERS = """
async ([text, s, t, y, classes, temperature]) => {
  const f = await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  const rows = f.countedRows(y, y.length, classes);
  const labels = rows.map((row) => y[row]);
  const [p, q, plain] = [[t, temperature], [s, temperature], [s, 1]].map(([z, T]) => f.softened(z, rows, classes, T));
  const means = f.meanSoftTargets(p.p, labels, classes);
  const hard = f.hardGradientLength(plain, labels, classes);
  const soft = [false, true].map((reversed) => f.softGradientLength(q, p, classes, temperature, reversed));
  return {
    means: Array.from(means, (v) => Number.isNaN(v) ? null : v), nearest: [...f.nearestClasses(means, classes)],
    entropy: [...f.entropies(p, classes)], mass: [...f.nonTargetMass(p, labels, classes)], hard, soft,
    shares: [soft[0], soft[0] / temperature ** 2, soft[1]].map((length) => f.gradientShare(length, hard, 0.7)),
  };
}
"""


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0, 100.0])
@pytest.mark.parametrize(("classes", "size"), [(2, 3.0), (10, 0.1), (10, 30.0), (40, 5.0)])
def test_the_browsers_numbers_are_those_of_python(page, temperature, classes, size):
    rng = np.random.default_rng(classes)
    s, t = (size * rng.standard_normal((64, classes)) for _ in range(2))
    y = rng.integers(-1, classes, 64)
    opened = page("about:blank")
    arguments = [
        bundle.script(bundle.SHARED.parent / "dark_knowledge/numbers.js"),
        s.ravel().tolist(),
        t.ravel().tolist(),
        y.tolist(),
        classes,
        temperature,
    ]
    told = opened.evaluate(NUMBERS, arguments)
    s, t, y = torch.tensor(s)[y >= 0], torch.tensor(t)[y >= 0], torch.tensor(y)[y >= 0]
    means = dark.mean_soft_targets(t, y, temperature, classes)
    close = {"rel": 1e-6, "abs": 1e-12}
    assert [np.nan if v is None else v for v in told["means"]] == pytest.approx(
        means.flatten().tolist(), nan_ok=True, **close
    )
    count = min(2, classes - 1)
    assert np.reshape(told["nearest"], (classes, 2))[:, :count].tolist() == dark.nearest_classes(means, count).tolist()
    assert told["entropy"] == pytest.approx(dark.entropy_bits(t, temperature).tolist(), **close)
    assert told["mass"] == pytest.approx(dark.non_target_mass(t, y, temperature).tolist(), **close)
    forward, hard = dark.gradient_norms(s, t, y, temperature)
    backward, _ = dark.gradient_norms(s, t, y, temperature, "reverse_kl")
    assert told["hard"] == pytest.approx(hard.mean().item(), **close)
    assert told["soft"] == pytest.approx([forward.mean().item(), backward.mean().item()], **close)
    shares = [dark.gradient_share(s, t, y, temperature, 0.7, loss) for loss in list(dark.SOFT_LOSSES)[:3]]  # as drawn
    assert told["shares"] == pytest.approx(shares, **close)


def test_the_table_and_the_sentences_follow_the_temperature_in_the_browser(shown):
    page = shown(temperature=4.0)
    for temperature in (4.0, 1.0, 20.0):
        put(page, "temperature", temperature)
        s, t, y = tensors()
        for side, logits in (("teacher", t), ("student", s)):
            wanted = expected_nearest(logits, y, temperature)
            assert np.array(probabilities(page, side)) == pytest.approx(np.array(wanted), abs=5.1e-5)
        heat, nearest, spread, share = sentences(page)
        assert all(f"T = {temperature:g}" in text for text in (heat, nearest, spread, share))
        median = np.median(dark.entropy_bits(t, temperature))
        assert float(re.search(r"entropy is ([\d.]+) bits", spread)[1]) == pytest.approx(median, rel=5e-2)
        with_t2 = dark.gradient_share(s, t, y, temperature, 0.9)
        without = dark.gradient_share(s, t, y, temperature, 0.9, "without_t2")
        assert f"makes {percent(with_t2)} of the gradient’s length; without T² it would be {percent(without)}" in share
    assert page.evaluate("() => [...model.log, ...scene.log].filter((entry) => entry.saved)") == []


def test_the_heat_maps_sentence_names_the_largest_wrong_class(shown):
    page = shown(temperature=4.0)
    s, t, y = tensors()
    means = dark.mean_soft_targets(t, y, 4.0, 4).fill_diagonal_(0)
    true, said = divmod(int(means.argmax()), 4)
    student, examples = dark.mean_soft_targets(s, y, 4.0, 4)[true, said].item(), int((y == true).sum())
    assert sentences(page)[0] == (
        f"At T = 4, of all wrong classes, the teacher gives most to {NAMES[said]} where {NAMES[true]} is true: "
        f"{brief(means.max().item())} on average over {examples} examples; the student gives {brief(student)} there."
    )


def test_scrubbing_and_another_run_change_the_student_and_leave_the_teacher(shown):
    page = shown()
    teacher = probabilities(page, "teacher")
    for run, step, sign in (("a", 0, 1), ("a", 40, 1), ("b", 80, -1)):
        page.evaluate("([run, step]) => { scene.set('shown_run', run); scene.set('step', step); }", [run, step])
        page.evaluate(FRAME)
        s, _, y = tensors(step)
        wanted = expected_nearest(sign * s, y, 4.0)
        assert np.array(probabilities(page, "student")) == pytest.approx(np.array(wanted), abs=5.1e-5)
        assert probabilities(page, "teacher") == teacher


def test_alpha_moves_the_share_without_computing_a_softmax_anew(shown):
    page = shown(alpha=0.9)
    before = sentences(page)
    page.evaluate(
        "() => { const exp = Math.exp; window.exps = 0; Math.exp = (x) => { window.exps += 1; return exp(x); }; }"
    )
    put(page, "alpha", 0.2)
    assert page.evaluate("() => window.exps") < 20, "only the example selected"
    after = sentences(page)
    assert after[:3] == before[:3]
    assert percent(dark.gradient_share(*tensors(), 4.0, 0.2)) in after[3]
    put(page, "temperature", 5.0)
    assert page.evaluate("() => window.exps") > 100, "the count counts"


def test_a_hidden_view_computes_nothing(shown):
    page = shown()
    host = page.locator("#view")
    assert host.is_visible()
    page.evaluate(
        """() => { scene.set("view", "one"); const { exp, log } = Math; window.calls = 0;
        Math.exp = (x) => { window.calls += 1; return exp(x); };
        const frame = scene.kdvizStore.frame;
        scene.kdvizStore.frame = () => { window.calls += 1; return frame(); }; }"""
    )
    page.evaluate(FRAME)
    for name, value in (("temperature", 9.0), ("step", 0), ("alpha", 0.1), ("selected", 3)):
        put(page, name, value)
    assert not host.is_visible()
    assert page.evaluate("() => window.calls") == 0
    put(page, "view", "many")
    assert host.is_visible()
    assert "T = 9" in sentences(page)[0]
    put(page, "hidden", ["many"])
    assert not host.is_visible(), "a lecturer's link hides it"


def test_a_click_selects_the_example_in_which_the_teacher_says_it_most(shown):
    page = shown()
    box = page.locator(".kd-heat-handle").bounding_box()
    true, said = 2, 1
    page.mouse.move(box["x"] + (said + 0.5) * box["width"] / 4, box["y"] + (true + 0.5) * box["height"] / 4)
    page.evaluate(FRAME)
    s, t, y = tensors()
    means = [dark.mean_soft_targets(z, y, 4.0, 4)[true, said].item() for z in (t, s)]
    over = f"mean over {int((y == true).sum())} examples"
    told = f"True cat, predicted bee: teacher {brief(means[0])}, student {brief(means[1])}; {over}."
    assert page.locator(".kd-heat-reading").inner_text() == told
    page.mouse.down()
    page.mouse.up()
    p = (t / 4).softmax(1)[:, said].masked_fill(y != true, -1)
    wanted = COUNTED[int(p.argmax())]
    assert page.evaluate("() => scene.log.at(-1).saved.selected") == wanted
    page.evaluate(FRAME)
    assert page.locator(".kd-heat-rows .kd-heat-true").inner_text() == "cat"


def test_the_heat_map_is_read_and_chosen_from_by_the_keyboard(shown):
    page = shown()
    handle = page.get_by_role("slider", name="Read the heat map")
    handle.focus()
    keys = {
        "Home": None,
        "PageUp": "True ant, predicted ant",
        "ArrowRight": "True ant, predicted bee",
        "ArrowDown": "True bee, predicted bee",
    }
    for key, start in keys.items():
        handle.press(key)
        assert start is None or handle.get_attribute("aria-valuetext").startswith(f"{start}: teacher 0.")
    assert page.locator(".kd-heat-cursor").is_visible()
    assert handle.get_attribute("aria-valuenow") == "5"
    for key in ("ArrowDown", "End", "ArrowRight", "PageDown", "ArrowDown"):
        handle.press(key)
    assert handle.get_attribute("aria-valuetext").startswith("True dog, predicted dog"), "the cursor stays on the map"
    handle.press("Enter")
    assert LABELS[page.evaluate("() => scene.get('selected')")] == 3
    handle.press("Escape")
    assert not page.locator(".kd-heat-cursor").is_visible()


def test_the_diagonal_has_a_colour_only_when_asked_for(shown):
    page = shown()
    alpha = pixels(page)[:, :, 3]
    assert (np.diag(alpha) == 0).all() and (alpha[~np.eye(4, dtype=bool)] == 255).all()
    assert "(grey diagonal: off scale)" in page.locator(".kd-heat-legend").inner_text()
    page.get_by_label("include the diagonal").check()
    page.evaluate(FRAME)
    assert (pixels(page)[:, :, 3] == 255).all()
    assert page.evaluate("() => model.log.at(-1).saved.diagonal") is True


def test_the_colours_of_a_difference_are_signed_and_symmetric(shown):
    page = shown()
    page.get_by_label("Difference").check()
    page.evaluate(FRAME)
    s, t, y = tensors()
    apart = dark.mean_soft_targets(s, y, 4.0, 4) - dark.mean_soft_targets(t, y, 4.0, 4)
    colours = pixels(page).astype(int)
    for true, said in zip(*np.nonzero(~np.eye(4, dtype=bool)), strict=True):
        red, _, blue, _ = colours[true, said]
        if abs(apart[true, said]) > 0.05:
            assert (red > blue) == bool(apart[true, said] > 0), "orange: the student says it more; blue: the teacher"
    top = apart.fill_diagonal_(0).abs().max().item()
    ends = page.locator(".kd-heat-scale").inner_text()
    assert f"−{brief(top)}" in ends and f"+{brief(top)}" in ends


def test_colours_follow_light_and_dark(shown):
    page = shown()
    light = pixels(page)
    page.emulate_media(color_scheme="dark")
    page.evaluate(FRAME)
    dark_colours = pixels(page)
    assert (light != dark_colours).any()
    page.emulate_media(color_scheme="light")
    page.evaluate(FRAME)
    assert (pixels(page) == light).all()


def test_before_a_student_exists_the_teacher_is_shown_alone_and_that_is_said(shown):
    page = shown(student=False, heat_map="difference")
    assert "No student yet: this is the teacher alone." in page.locator(".kd-head").first.inner_text()
    assert page.get_by_label("Teacher", exact=True).is_checked()
    for name in ("Student", "Difference"):
        assert page.get_by_label(name, exact=True).is_disabled()
    assert "student" not in " ".join(sentences(page)[:1] + sentences(page)[2:])
    assert page.get_by_text("A gradient needs a student").is_visible()
    assert not page.locator(".kd-shares-svg").is_visible()
    put(page, "total_steps", 0)  # where nothing trains there is no gradient
    assert not page.locator(".kd-shares").is_visible()


def test_a_first_frame_brings_the_student_in(shown):
    page = shown(student=False, heat_map="difference")
    numbers = Frame.of(10, STUDENTS[40])
    page.evaluate(
        """([scale, numbers]) => scene.kdvizStore.hear({ frames: [{ run: "a", step: 10, scale }], whole: null },
          [new DataView(Int16Array.from(numbers).buffer)])""",
        [numbers.scale, numbers.numbers.ravel().tolist()],
    )
    page.evaluate(FRAME)
    assert page.get_by_role("radio", name="Difference").is_checked()
    s, _, y = tensors(40)
    assert np.array(probabilities(page, "student")) == pytest.approx(np.array(expected_nearest(s, y, 4.0)), abs=5.1e-5)


@pytest.mark.parametrize(
    ("loss", "start"),
    [
        ("without_t2", "At T = 4 and α = 0.9, without T², the soft term makes"),
        ("reverse_kl", "At T = 4 and α = 0.9 the soft term (reverse KL) makes"),
    ],
)
def test_the_loss_says_which_curve_is_in_use(shown, loss, start):
    page = shown(loss=loss)
    share = sentences(page)[3]
    assert share.startswith(f"{start} {percent(dark.gradient_share(*tensors(), 4.0, 0.9, loss))} of")
    used = page.locator(".kd-shares-item", has_text="in use").filter(has=page.locator(".kd-shares-in-use:visible"))
    assert used.count() == 1
    assert used.inner_text().startswith("without T²" if loss == "without_t2" else "with T²")


def test_both_histograms_mark_the_example_selected(shown):
    index = SAMPLE + 3  # one that was picked for the strip, not of the sample
    page = shown(selected=index)
    z, y = torch.tensor(TEACHER[[index]]), torch.tensor(LABELS[[index]])
    entropy = float(page.locator(".kd-spread-entropy .kd-spread-own span").first.get_attribute("title"))
    mass = float(page.locator(".kd-spread-mass .kd-spread-own span").first.get_attribute("title"))
    assert entropy == pytest.approx(dark.entropy_bits(z, 4.0).item(), rel=2e-3)
    assert mass == pytest.approx(dark.non_target_mass(z, y, 4.0).item(), abs=5.1e-5)
    marks = page.locator(".kd-spread-entropy .kd-spread-mark-teacher")
    before = marks.get_attribute("d")
    put(page, "selected", 0)
    assert marks.get_attribute("d") != before
    put(page, "selected", 3)
    assert LABELS[3] == -1
    assert not page.locator(".kd-spread-mass .kd-spread-own").first.is_visible(), "no label, no mass off it"
    assert page.locator(".kd-spread-entropy .kd-spread-own").first.is_visible()


def test_only_labelled_examples_of_the_sample_count(shown):
    page = shown()
    assert f"50 validation examples, {len(COUNTED)} with a label; T = " in page.locator(".kd-head").first.inner_text()
    assert len(COUNTED) == SAMPLE - 1


def test_a_class_without_an_example_is_left_blank_and_said(shown):
    labels = [0 if y == 2 else y for y in LABELS.tolist()]
    page = shown(labels=labels)
    assert (pixels(page)[2, :, 3] == 0).all()
    assert probabilities(page, "teacher")[2] == []
    assert "3 classes with examples" in sentences(page)[1]
    handle = page.get_by_role("slider", name="Read the heat map")
    handle.focus()
    for key in ("PageUp", "Home", "ArrowDown", "ArrowDown"):
        handle.press(key)
    assert handle.get_attribute("aria-valuetext") == "True cat, predicted ant: no example of cat among those counted."
    handle.press("Enter")
    assert page.evaluate("() => scene.get('selected')") == 0, "there is nothing to select"


@pytest.mark.parametrize(
    ("traits", "text"),
    [
        ({"labels": [-1] * COUNT}, "None of the examples has a label"),
        ({"teacher_logits": b"", "labels": []}, "choose a teacher"),
    ],
)
def test_nothing_to_count_is_said(shown, traits, text):
    page = shown(**traits)
    assert text in page.locator(".kd-dark-empty").inner_text()
    assert not page.locator(".kd-dark-columns").is_visible()


def test_a_student_that_is_not_finite_is_said_and_not_drawn(shown):
    exact = STUDENTS[80].copy()
    exact[7, 1] = np.nan
    page = shown(exact={"run": "a", "step": 80}, exact_logits=exact)
    assert "The student’s outputs are not finite numbers" in page.locator(".kd-head").first.inner_text()
    assert "NaN" not in page.locator("#view").inner_text()


def many_classes(count):
    rng = np.random.default_rng(count)
    y = rng.integers(0, count, 300)
    t = rng.standard_normal((300, count)) + 5 * np.eye(count)[y]
    names = [f"class number {c}" for c in range(count)]
    scene = Scene(classes=names, teacher_logits=t, labels=y.tolist(), sample=300, view="many", shown_run="a")
    scene.record("a", Frame.of(0, t + rng.standard_normal(t.shape)))
    return scene


@pytest.mark.parametrize(("count", "drawn", "listed"), [(100, 100, 30), (230, 30, 30)])
@pytest.mark.parametrize("width", [360, 1280])
def test_many_classes_are_limited_and_that_is_said(shown, count, drawn, listed, width):
    page = shown(scene=many_classes(count), width=width)
    assert pixels(page).shape[0] == drawn
    assert page.locator(".kd-nearest-row:not(.kd-nearest-head)").count() == listed
    limit = f"Showing the 30 of {count} classes with most of the teacher’s probability off the diagonal"
    assert page.get_by_text(limit).count() == (1 if drawn == count else 2)
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    rows = page.locator(".kd-heat-rows").bounding_box()
    assert rows["height"] == pytest.approx(page.locator(".kd-heat-map").bounding_box()["height"], abs=2)


@pytest.mark.parametrize("student", [True, False])
@pytest.mark.parametrize("width", [360, 622, 1280])
def test_nothing_is_wider_than_the_page(shown, width, student):
    page = shown(student, width=width)
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    page.set_viewport_size({"width": width + 1, "height": 900})
    page.evaluate(FRAME)
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0


def test_every_control_has_a_name_and_room_for_a_finger(shown):
    page = shown()
    controls = page.locator("button:visible, input:not([type=checkbox]):visible, label.kd-check:visible")
    assert controls.evaluate_all("(all) => all.filter((n) => n.offsetHeight < 32).map((n) => n.outerHTML)") == []
    wrong = "Entropy and probability on wrong classes"
    for region in ("Heat map", "Most similar classes", wrong, "Share of the gradient"):
        assert page.get_by_role("region", name=region, exact=True).count() == 1
    assert page.get_by_role("img").count() == 4
    assert page.get_by_role("table", name="Most similar classes").get_by_role("row").count() == 5


def test_the_definition_of_the_share_says_that_lengths_are_no_vector_sum(shown):
    page = shown()
    page.get_by_role("button", name="The soft term’s share of the gradient").focus()
    assert "a share of lengths, not of the vector sum" in page.locator(".kd-open .kd-tip").inner_text()


def test_an_opening_page_is_silent_and_a_change_is_spoken_once_it_rests(shown):
    page = shown()
    page.wait_for_timeout(1000)
    assert set(page.locator("[aria-live=polite]").all_text_contents()) == {""}
    for temperature in (5.0, 6.0, 7.0):
        put(page, "temperature", temperature)
    page.wait_for_function(
        "(text) => document.querySelectorAll('[aria-live=polite]')[3].textContent === text", arg=sentences(page)[3]
    )


def test_a_view_that_ends_leaves_no_listener(shown):
    page = shown()
    before = page.evaluate(LISTENERS)
    page.evaluate("() => end()")
    after = page.evaluate(LISTENERS)
    assert after[1] == 0
    # What is left on the scene is the store's own: it lives as long as the scene.
    store = page.evaluate("() => Object.values(scene.listeners).flat().length")
    assert after[0] == store < before[0]
    put(page, "temperature", 9.0)
    assert "T = 4" in sentences(page)[0]


@pytest.mark.parametrize(
    ("trait", "value", "sentence"),
    [
        ("loss", "kl", "loss must be one of 'soft_targets', 'without_t2', 'reverse_kl', 'first_choice', got 'kl'"),
        ("heat_map", "both", "heat_map must be one of 'teacher', 'student', 'difference', got 'both'"),
        (
            "views",
            ["few"],
            "views must be one of 'one', 'many', 'draw', 'wall', 'fidelity', 'saliency', 'attention', 'inside', "
            "'calibration', 'bias', 'privacy', 'robustness', 'domain', got 'few'",
        ),
    ],
)
def test_a_value_that_is_no_choice_is_refused(trait, value, sentence):
    with pytest.raises(WrongTraitError, match=re.escape(sentence)):
        DarkKnowledge(**{trait: value})
