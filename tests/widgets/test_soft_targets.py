"""One example on a page with a scene: cards that share it, what the teacher adds, the bias slider."""

import numpy as np
import pytest

from kdviz.widgets import SoftTargets
from kdviz.widgets.recording import Frame
from kdviz.widgets.scene import Scene
from kdviz.widgets.traits import WrongTraitError

FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
LISTENERS = """() => [scene, ...models].map((m) => Object.values(m.listeners).flat().length)"""
SLIDERS = ["temperature", "alpha", "formula", "bias"]
ONE = ["bars", "numbers", "sentence", "adds"]
COUNT = 30
RNG = np.random.default_rng(4)
TEACHER = (3 * RNG.standard_normal((COUNT, 3))).astype(np.float32)
STUDENT = {step: (3 * RNG.standard_normal((COUNT, 3))).astype(np.float32) for step in (0, 40, 80)}
LABELS = RNG.integers(0, 3, COUNT)


def make_scene(**traits):
    given = {
        "classes": ["cat", "dog", "owl"],
        "teacher_logits": TEACHER,
        "labels": LABELS.tolist(),
        "images": RNG.integers(0, 255, (COUNT, 8, 8)),
        "image_shape": [8, 8],
        "sample": 20,
        "runs": [{"id": "a", "name": "Student", "role": "student"}, {"id": "b", "name": "No teacher", "role": "twin"}],
        "teacher_name": "Big",
        "student_name": "Small",
    }
    scene = Scene(**(given | traits))
    for step, logits in STUDENT.items():
        scene.record("a", Frame.of(step, logits))
        scene.record("b", Frame.of(step, -logits))
    scene.shown_run = traits.get("shown_run", "a")
    return scene


def cards(scene):
    return SoftTargets(scene=scene, shown=SLIDERS), SoftTargets(scene=scene, shown=ONE, views=["one"])


def put(page, name, value):
    page.evaluate("([name, value]) => scene.set(name, value)", [name, value])
    page.evaluate(FRAME)


def drag(control, position):
    control.evaluate("(n, v) => { n.value = v; n.dispatchEvent(new Event('input', { bubbles: true })); }", position)


def release(control):
    control.evaluate("(n) => n.dispatchEvent(new Event('change', { bubbles: true }))")


def top(page):
    return page.locator(".kd-soft-targets").first


def bottom(page):
    return page.locator(".kd-soft-targets").nth(1)


def test_a_card_of_sliders_and_a_card_of_bars_share_the_scene_without_python(mount):
    page = mount(*cards(make_scene(temperature=4.0)))
    assert top(page).locator("h2").inner_text() == "Temperature and mix"
    assert bottom(page).locator("h2").inner_text() == "Soft targets"
    before = page.locator(".kd-p-teacher").all_inner_texts()
    control = page.get_by_role("slider", name="Temperature")
    drag(control, 120)
    page.evaluate(FRAME)
    assert page.locator(".kd-p-teacher").all_inner_texts() != before
    assert page.evaluate("() => scene.log.filter((entry) => entry.saved)") == []
    release(control)
    saved = page.evaluate("() => scene.log.filter((entry) => entry.saved).map((entry) => entry.saved.temperature)")
    assert saved == [page.evaluate("() => scene.get('temperature')")]


def test_the_scene_bounds_and_locks_the_sliders(mount):
    page = mount(*cards(make_scene(temperature_range=[1.0, 20.0], alpha_range=[0.2, 0.6], alpha=0.5)))
    for name, low, high in (("Temperature", 1, 20), ("How much to trust", 0.2, 0.6)):
        control = page.get_by_role("slider", name=name)
        trait = {"Temperature": "temperature"}.get(name, "alpha")
        control.press("Home")
        assert page.evaluate("(name) => scene.get(name)", trait) == low
        control.press("End")
        assert page.evaluate("(name) => scene.get(name)", trait) == high
        assert control.is_enabled()
    put(page, "locked", ["temperature", "alpha"])
    assert page.locator(".kd-sliders input:enabled:visible").count() == 0


def test_many_examples_have_no_strip_of_probes_here(mount):
    page = mount(SoftTargets(scene=make_scene()))
    assert page.locator(".kd-probe").count() == 0
    assert page.locator(".kd-row").count() == 3


def test_a_card_says_of_which_step_it_speaks_and_whether_that_is_exact(mount):
    page = mount(*cards(make_scene(selected=4)))
    note = bottom(page).locator(".kd-when")
    assert note.inner_text().startswith("Example 5 of 30 · step 80, recorded in 16 bits")
    put(page, "step", 50)
    assert note.inner_text().startswith("Example 5 of 30 · step 40, the last recorded before 50, recorded in 16 bits")
    put(page, "step", 40)
    exact = STUDENT[40].tobytes()
    page.evaluate(
        """(octets) => {
          scene.set("exact_logits", new DataView(Uint8Array.from(octets).buffer));
          scene.set("exact", { run: "a", step: 40 });
        }""",
        list(exact),
    )
    page.evaluate(FRAME)
    assert note.inner_text() == "Example 5 of 30 · step 40"
    assert page.locator(".kd-side-student").inner_text().endswith("step 40")


COURSE = {"name": "temperature", "text": "falling", "start": 8.0, "steps": [0, 40, 80], "values": [8.0, 4.0, 1.0]}


def test_a_temperature_on_a_course_is_that_of_the_step_under_the_cursor(mount):
    scene = make_scene(temperature=8.0, courses=[COURSE], total_steps=81)
    page = mount(SoftTargets(scene=scene, shown=SLIDERS), SoftTargets(scene=scene, shown=[*ONE, "formula"]))
    told = "T follows a course (falling), between 1 and 8; at step {} it is {}."
    for step, now, squared in ((0, 8, "64"), (40, 4, "16"), (80, 1, "1")):
        put(page, "step", step)
        assert bottom(page).locator(".kd-course").inner_text() == told.format(step, now)
        assert top(page).locator(".kd-courses").inner_text() == told.format(step, now)
        assert squared in bottom(page).locator(".kd-math-live").all_inner_texts()
        z = TEACHER[0].astype(float) / now
        p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
        widths = page.locator(".kd-bar-teacher").evaluate_all("(all) => all.map((n) => parseFloat(n.style.width))")
        assert widths == pytest.approx(100 * p, rel=1e-4)
        assert page.get_by_role("slider", name="Temperature").get_attribute("aria-valuetext") == "Temperature 8"
    put(page, "temperature", 2.0)  # under the thumb: a look at another one
    assert "4" in bottom(page).locator(".kd-math-live").all_inner_texts()


@pytest.mark.parametrize(("alpha", "says"), [(1.0, "no label teaches"), (0.0, "the teacher teaches"), (0.5, "")])
def test_a_student_with_two_heads_says_which_of_them_is_taught_nothing(mount, alpha, says):
    scene = make_scene(alpha=alpha)
    page = mount(SoftTargets(scene=scene, shown=SLIDERS, two_heads=True), width=400)
    note = page.locator(".kd-slider-note", has_text="has no say in the student’s answer")
    assert note.count() == bool(says) and (not says or says in note.inner_text())
    assert page.get_by_text("which is made from both").is_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    put(page, "alpha", 0.3)
    assert note.count() == 0


def test_the_student_is_that_of_the_step_under_the_cursor(mount):
    page = mount(*cards(make_scene(selected=7, temperature=1.0)))
    for step in (0, 80, 40):
        put(page, "step", step)
        z = Frame.of(step, STUDENT[step]).logits()[7].astype(float)
        p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
        widths = page.locator(".kd-bar-student").evaluate_all("(all) => all.map((n) => parseFloat(n.style.width))")
        assert widths == pytest.approx(100 * p, rel=1e-4)


def test_a_link_that_hides_parts_hides_cards_and_another_view_hides_this_one(mount):
    page = mount(*cards(make_scene()))
    assert top(page).is_visible() and bottom(page).is_visible()
    put(page, "hidden", ["sliders"])
    assert not top(page).is_visible() and bottom(page).is_visible()
    put(page, "hidden", ["one"])
    assert top(page).is_visible() and not bottom(page).is_visible()
    put(page, "hidden", [])
    put(page, "view", "many")
    assert top(page).is_visible() and not bottom(page).is_visible()
    put(page, "selected", 9)
    put(page, "view", "one")
    assert bottom(page).locator(".kd-when").inner_text().startswith("Example 10 of 30")


def test_a_twin_is_called_a_twin(mount):
    page = mount(*cards(make_scene(shown_run="b")))
    assert page.locator(".kd-side-student").inner_text().split("\n") == ["Twin", "No teacher, step 80"]
    grey, orange = (
        page.locator(".kd-bar-student").first.evaluate("(n) => getComputedStyle(n).backgroundColor"),
        "rgb(230, 159, 0)",
    )
    assert grey != orange
    assert "; the twin says" in page.locator(".kd-soft-targets > .kd-sentence").inner_text()
    put(page, "shown_run", "a")
    assert page.locator(".kd-side-student").inner_text().split("\n") == ["Student", "Small, step 80"]
    assert page.locator(".kd-bar-student").first.evaluate("(n) => getComputedStyle(n).backgroundColor") == orange


def soft_targets(teacher, student, label, classes="abc", **traits):
    given = {"classes": list(classes), "teacher_logits": [teacher], "student_logits": [student], "labels": [label]}
    return SoftTargets(**(given | {"shown": ["adds"], "temperature": 1.0} | traits))


@pytest.mark.parametrize(
    ("teacher", "student", "label", "sentence"),
    [
        # Both give a 0.5: only the rest differs.
        ([0.5, 0.4, 0.1], [0.5, 0.1, 0.4], 0, "100\u00a0% of the remaining disagreement (KL at T = 1) is about the "
         "wrong classes, which a label cannot teach."),
        # The rest is spread alike: only a differs.
        ([0.8, 0.1, 0.1], [0.2, 0.4, 0.4], 0, "100\u00a0% of the remaining disagreement (KL at T = 1) is about how "
         "sure to be of a."),
        ([0.5, 0.4, 0.1], [0.5, 0.1, 0.4], -1, "This probe has no label that the teacher could add to."),
        ([0.5, 0.4, 0.1], [0.5, 0.4, 0.1], 1, "The student’s soft targets equal the teacher’s: the "
         "divergence and both its parts are 0."),
    ],
)  # fmt: skip
def test_the_larger_part_of_what_the_teacher_adds_is_named(mount, teacher, student, label, sentence):
    page = mount(soft_targets(np.log(teacher), np.log(student), label))
    said = page.locator(".kd-adds .kd-sentence").inner_text().replace("more than 99\u00a0%", "100\u00a0%")
    assert said.replace("less than 1\u00a0%", "0\u00a0%") == sentence


def test_with_two_classes_all_is_in_the_target_part(mount):
    page = mount(soft_targets([2.0, 0.0], [0.0, 1.0], 0, classes="ab"))
    assert "only one wrong class" in page.locator(".kd-adds .kd-sentence").inner_text()
    assert page.locator("data[data-number=nonTargetPart]").get_attribute("value") == "0"


def test_the_bar_of_what_the_teacher_adds_has_the_lengths_of_its_parts(mount):
    page = mount(*cards(make_scene(selected=3)))
    for temperature in (1, 20):
        put(page, "temperature", temperature)
        target, others = (
            float(page.locator(f"data[data-number={name}]").get_attribute("value"))
            for name in ("targetPart", "nonTargetPart")
        )
        kl = float(page.locator("data[data-number=kl]").get_attribute("value"))
        assert target + others == pytest.approx(kl, rel=1e-9)
        width = page.locator(".kd-adds .kd-parted-soft").first.evaluate("(n) => parseFloat(n.style.width)")
        assert width == pytest.approx(100 * others / kl, rel=1e-3)


def test_without_being_asked_for_nothing_is_said_of_what_the_teacher_adds(mount):
    page = mount(SoftTargets(classes=["a", "b"], teacher_logits=[[1, 0]], student_logits=[[0, 1]], labels=[0]))
    assert page.locator(".kd-sentence").count() == 1
    assert page.get_by_role("slider").count() == 2


def errors_at(bias, target=1, sample=20):
    logits = Frame.of(80, STUDENT[80]).logits()[:sample].copy()
    logits[:, target] += np.float32(bias)
    wrong = logits.argmax(1) != LABELS[:sample]
    of_target = LABELS[:sample] == target
    return (
        f"wrong on {wrong.sum()} of {sample} examples drawn at random, and on {wrong[of_target].sum()} "
        f"of the {of_target.sum()} among them of class dog."
    )


def test_the_bias_slider_counts_the_errors_it_leaves_while_it_is_dragged(mount):
    page = mount(*cards(make_scene(bias_class=1)))
    control = page.get_by_role("slider", name="Bias of class dog")
    told = page.locator(".kd-slider-note:visible")
    assert errors_at(0) in told.inner_text()
    before = page.locator(".kd-p-student").all_inner_texts()
    for position, bias in ((100, 8), (55, 3.5), (0, -2)):
        drag(control, position)
        assert page.evaluate("() => scene.get('bias')") == bias
        page.evaluate(FRAME)
        assert errors_at(bias) in told.inner_text()
    assert len({errors_at(bias) for bias in (0, 8, 3.5, -2)}) > 2, "a test that cannot fail is no test"
    assert page.locator(".kd-p-student").all_inner_texts() != before
    assert "bias of dog −2" in bottom(page).locator(".kd-when").inner_text()
    assert page.evaluate("() => scene.log.filter((entry) => entry.saved).length") == 0
    release(control)
    assert page.evaluate("() => scene.log.filter((e) => e.saved).map((e) => e.saved.bias)") == [-2]
    put(page, "locked", ["bias"])
    assert control.is_disabled()


def test_the_bias_slider_is_there_for_a_class_only(mount):
    page = mount(*cards(make_scene()))
    assert page.locator(".kd-slider-note:visible").count() == 0
    put(page, "bias_class", 2)
    assert page.get_by_role("slider", name="Bias of class owl").is_visible()


def test_cards_that_end_leave_no_listener_and_ask_for_the_film_once(mount):
    page = mount(*cards(make_scene()))
    before = page.evaluate(LISTENERS)
    page.evaluate("() => end()")
    after = page.evaluate(LISTENERS)
    assert after[1:] == [0, 0] and after[0] < before[0]
    put(page, "temperature", 9.0)
    put(page, "step", 0)
    asked = page.evaluate("() => scene.log.filter((entry) => !entry.sent?.hello)")
    assert asked == [{"sent": {"need": "a"}}]


@pytest.mark.parametrize(("width", "dark"), [(360, False), (590, True)])
def test_the_cards_find_room_and_their_controls_have_names(mount, width, dark):
    page = mount(*cards(make_scene(bias_class=1)), width=width, dark=dark)
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, select, input")].filter((n) => n.offsetParent
        && (n.getBoundingClientRect().height < 32 || !(n.textContent.trim() || n.labels?.[0]?.textContent.trim())))
        .map((n) => n.outerHTML)"""
    )
    assert small == []
    page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize(
    ("traits", "sentence"),
    [
        ({"alpha_range": [0.5, 0.5]}, r"alpha_range must be two numbers in \[0, 1\], the smaller first"),
        ({"alpha_range": [0.5, 1.5]}, r"alpha_range must be two numbers in \[0, 1\], the smaller first"),
        ({"loss": "mse"}, "loss must be one of 'soft_targets', 'without_t2', 'reverse_kl', 'first_choice', got 'mse'"),
        ({"views": ["two"]}, "views must be one of 'one', 'many', 'draw', .*, got 'two'"),
    ],
)
def test_what_does_not_fit_is_refused(traits, sentence):
    with pytest.raises(WrongTraitError, match=sentence):
        SoftTargets(**traits)
