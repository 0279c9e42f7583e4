"""The saliency view: maps and their difference, choices, what is stale, many examples."""

import numpy as np
import pytest
from playwright.sync_api import expect

from kdviz.widgets import Saliency, Scene
from kdviz.widgets.recording import Frame
from kdviz.widgets.traits import WrongTraitError

RNG = np.random.default_rng(2)
TEACHER, STUDENT = RNG.uniform(-1, 1, (2, 6, 6)).astype(np.float32)
ACROSS = {
    "n": 30,
    "method": "gradient",
    "histograms": {name: [0] * 15 + [10, 10, 5, 3, 2] for name in ("rank", "cosine", "overlap")},
    "order": [3, 1, 0],
    "few": 10,
    "faithful": {
        who: {"deletion": 0.2, "random_deletion": 0.5, "insertion": 0.7, "random_insertion": 0.4}
        for who in ("teacher", "student")
    },
    "sentences": ["Over 30 examples …", "Against random weights …"],
}
PIXELS = """(i) => {
  const canvas = document.querySelectorAll(".kd-map-canvas")[i];
  return [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data];
}"""


def make_scene(**traits):
    given = {
        "classes": list("abc"),
        "teacher_logits": np.eye(5, 3),
        "labels": [0, 1, 2, 0, 1],
        "total_steps": 40,
        "images": RNG.integers(0, 255, (5, 6, 6)).astype(np.uint8),
        "image_shape": [6, 6],
        "view": "saliency",
    }
    scene = Scene(**(given | traits))
    scene.record("s", Frame.of(40, np.ones((5, 3))))
    scene.shown_run = "s"
    return scene


def saliency(**traits):
    given = {
        "scene": make_scene(),
        "teacher_map": TEACHER,
        "student_map": STUDENT,
        "explained": 2,
        "numbers": {"rank": 0.5, "cosine": -0.25, "overlap": 0.75},
        "made_for": {"shown_run": "s", "selected": 0, "step": 40},
    }
    return Saliency(**(given | traits))


@pytest.mark.parametrize("dark", [False, True])
def test_green_supports_the_class_and_purple_opposes_it_and_no_map_has_the_colour_of_a_model(mount, dark):
    teacher = TEACHER / np.abs(TEACHER).max()
    page = mount(saliency(teacher_map=teacher), dark=dark)
    for i, values in ((1, teacher), (2, STUDENT), (3, (STUDENT - teacher) / 2)):
        red, green, blue, _ = np.array(page.evaluate(PIXELS, i)).reshape(36, 4).T
        strong = np.abs(values.ravel()) > 0.3
        assert (np.sign(2 * green - red - blue)[strong] == np.sign(values.ravel())[strong]).all()
        assert not ((red > green) & (green > blue))[strong].any(), "the student's orange"
        assert not ((blue > green) & (green > red))[strong].any(), "the teacher's blue"
    drawn = np.array(page.evaluate(PIXELS, 1)).reshape(36, 4)[np.abs(teacher).argmax()]
    keys = page.evaluate(
        "() => [...document.querySelectorAll('.kd-map-key i')].map((i) => getComputedStyle(i).backgroundColor)"
    )
    wanted = keys[0] if teacher.ravel()[np.abs(teacher).argmax()] > 0 else keys[1]
    assert np.abs(np.array([int(v) for v in wanted[4:-1].split(",")]) - drawn[:3]).max() <= 3, (
        "the key's colours are the maps'"
    )
    assert page.locator(".kd-map-key").inner_text().split("\n")[:2] == ["supports", "opposes"]
    expect(page.locator(".kd-sentence").first).to_have_text(
        "For “c”, the two maps share 75\u00a0% of their most important pixels."
    )


def test_method_and_class_are_choices(mount):
    page = mount(saliency(methods=["gradient", "input_x_gradient"]))
    assert page.get_by_label("Method").locator("option").all_inner_texts() == ["Gradient", "Input × gradient"]
    page.get_by_label("Method").select_option("gradient")
    page.get_by_label("For which class").select_option("label")
    assert page.evaluate("() => [model.get('method'), model.get('target')]") == ["gradient", "label"]


def test_maps_of_another_example_or_step_are_told_apart(mount):
    page = mount(saliency())
    assert page.locator(".kd-stale").count() == 0
    page.evaluate("() => scene.set('selected', 3)")
    expect(page.get_by_text("The maps of this example are being computed …")).to_be_visible()
    assert page.locator(".kd-stale").count() == 1
    page.evaluate(
        "() => { scene.set('selected', 0); model.set('made_for', { shown_run: 's', selected: 0, step: 20 }); }"
    )
    expect(page.get_by_text("Computed after step 20; the page shows step 40.")).to_be_visible()


def test_what_cannot_be_computed_is_a_sentence_in_place_of_maps(mount):
    page = mount(saliency(note="The teacher has no convolution: choose another method."))
    expect(page.get_by_text("The teacher has no convolution: choose another method.")).to_be_visible()
    assert not page.locator(".kd-maps").is_visible()


def test_rows_show_their_features_on_both_sides(mount):
    scene = make_scene(images=b"", image_shape=[0, 0], captions=["x"] * 5)
    names, values = ["age", "hours"], np.array([0.5, -1.0], np.float32)
    page = mount(saliency(scene=scene, features=names, teacher_map=values, student_map=-values))
    row = page.get_by_role("group", name="hours: Teacher −1.00, Student 1.00")
    expect(row).to_be_visible()
    assert row.locator(".kd-against").count() == row.locator(".kd-for").count() == 1
    bars = page.locator(".kd-feature-bar").evaluate_all("(bars) => bars.map((b) => getComputedStyle(b).background)")
    assert not [bar for bar in bars if "230, 159, 0" in bar or "0, 114, 178" in bar]


def test_many_examples_are_asked_for_and_can_be_stopped(mount):
    page = mount(saliency())
    page.get_by_role("button", name="Over many examples").click()
    page.evaluate("() => model.set('progress', 0.4)")
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "0.4")
    page.get_by_role("button", name="Stop").click()
    assert page.evaluate("() => model.log.map((e) => e.sent)") == [{"command": "across"}, {"command": "stop"}]
    page.evaluate("(found) => { model.set('progress', null); model.set('across', found); }", ACROSS)
    expect(page.get_by_text("Over 30 examples …")).to_be_visible()
    assert not page.locator(".kd-across-verdict").is_visible()
    told = "On this model this method shows the digit, not what was learned. Try Occlusion."
    page.evaluate("(found) => model.set('across', found)", {**ACROSS, "verdict": told})
    expect(page.locator(".kd-across-verdict")).to_have_text(told)
    page.get_by_role("button", name="Example 4").click()
    assert page.evaluate("() => scene.get('selected')") == 3


def test_a_method_that_is_none_is_refused():
    with pytest.raises(WrongTraitError, match=r"method must be one of 'gradient', .*, got 'odd'"):
        Saliency(method="odd")
    with pytest.raises(WrongTraitError, match="target must be one of 'teacher', 'student', 'label', got 'odd'"):
        Saliency(target="odd")


@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_small_screen_and_its_ground_is_the_themes(mount, dark):
    page = mount(saliency(across=ACROSS), width=360, dark=dark)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.emulate_media(color_scheme="light" if dark else "dark")
    red, green, blue, _ = np.array(page.evaluate(PIXELS, 0)).reshape(36, 4).T
    expect(page.locator(".kd-map-canvas").first).to_be_visible()
    assert (red == green).all() and (green == blue).all()


def test_a_text_stands_there_once_for_each_model_its_tokens_shaded(mount):
    scene = make_scene(images=b"", image_shape=[0, 0], captions=["x"] * 5)
    values = np.array([0.25, -1.0, 0.5], np.float32)
    page = mount(saliency(scene=scene, tokens=["a", "cat", "sat"], place=2, teacher_map=values, student_map=-values))
    lines = page.get_by_role("list", name="tokens that support or oppose the class")
    assert lines.all_inner_texts() == ["a\ncat\nsat"] * 2
    token = lines.first.get_by_role("listitem", name="cat: −1.00")
    assert token.evaluate("(one) => [one.className, one.style.getPropertyValue('--kd-share')]") == [
        "kd-saliency-token kd-against",
        "100%",
    ]
    assert page.locator(".kd-asked").all_inner_texts() == ["sat", "sat"]
    assert not page.locator(".kd-features").is_visible()
