"""What a hand does on the pad, what the models get of it, and what they are asked."""

import base64

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

import kdviz as kd
from kdviz.data import Examples
from kdviz.models import inference
from kdviz.widgets.digit_pad import DigitPad
from kdviz.widgets.scene import Scene

DIGITS = list("0123456789")
CLOTHES = ["T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
SET_ANSWER = """([teacher, student, answered, step]) => {
  const bytes = (b64) => new DataView(Uint8Array.from(atob(b64), (c) => c.charCodeAt(0)).buffer);
  model.set("teacher_logits", bytes(teacher));
  model.set("student_logits", bytes(student));
  model.set("student_step", step);
  model.set("answered", answered);
}"""
PIXELS = "() => { const p = model.get('pixels'); return [...new Uint8Array(p.buffer, p.byteOffset, p.byteLength)]; }"


def arc(cx, cy, rx, ry, start, end, count=12):
    angles = np.radians(np.linspace(start, end, count + 1))
    return [(cx + rx * np.cos(a), cy + ry * np.sin(a)) for a in angles]


# Strokes as points of a 28 × 28 pad.
SEVEN = [[(8, 6), (20, 6), (12.5, 23)]]
WRITTEN = {
    0: [arc(14, 14, 5.5, 8.5, -90, 270)],
    1: [[(13.5, 5), (13, 23)]],
    3: [arc(13, 9.5, 5, 4.5, -150, 90) + arc(13, 18.5, 5.5, 4.7, -90, 150)],
    7: SEVEN,
}
IMAGES = kd.data.mnist().validation.x[:4, 0].numpy()


def scene(**traits):
    given = {
        "classes": DIGITS,
        "images": IMAGES,
        "image_shape": [28, 28],
        "labels": [-1] * 4,
        "teacher_logits": np.zeros((4, 10)),
        "teacher_name": "MLP, 1200 units",
        "temperature": 1.0,
        "view": "draw",
    }
    return Scene(**(given | traits))


def pad(**traits):
    return DigitPad(scene=scene(**traits), student_name="MLP, 32 units")


def draw(page, strokes, scale=1.0):
    """Draw strokes with the mouse, one after the other."""
    box = page.locator(".kd-pad").bounding_box()
    unit = box["width"] / 28
    for stroke in strokes:
        around = [(14 + scale * (x - 14), 14 + scale * (y - 14)) for x, y in stroke]
        places = [(box["x"] + unit * x, box["y"] + unit * y) for x, y in around]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()


def reply(page, teacher, student=(), step=0, asked=None):
    """Answer a question as Python would; by default the one that travels."""
    packed = [base64.b64encode(np.asarray(z, "<f4").tobytes()).decode() for z in (teacher, student)]
    page.evaluate(SET_ANSWER, [*packed, asked or page.evaluate("() => model.get('asked')"), step])
    page.evaluate(FRAME)


def settle(page, teacher, student=(), step=0):
    """Answer until nothing more is asked."""
    asked = None
    while asked != (asked := page.evaluate("() => model.get('asked')")):
        reply(page, teacher, student, step)


def pixels(page):
    return np.array(page.evaluate(PIXELS), np.uint8).reshape(28, 28)


def drawn(page, strokes, scale=1.0):
    """The picture of what was drawn, once all questions are answered."""
    page.get_by_role("button", name="Clear").dispatch_event("click")  # it may have nothing to clear
    draw(page, strokes, scale)
    settle(page, np.zeros(10))
    return pixels(page)


def logits(**p):
    """Logits of a row with these probabilities, named c7=0.9."""
    rest = (1 - sum(p.values())) / (10 - len(p))
    return np.log([p.get(f"c{c}", rest) for c in range(10)])


def saved(page):
    return [entry["saved"] for entry in page.evaluate("() => model.log") if "saved" in entry]


def told(page):
    return page.locator(".kd-pad-told").inner_text()


def extent(image):
    rows, columns = np.nonzero(image)
    return np.ptp(rows) + 1, np.ptp(columns) + 1


def centre_of_mass(image):
    weight = image / image.sum(dtype=float)
    return weight.sum(1) @ np.arange(28), weight.sum(0) @ np.arange(28)


def thickness(image):
    """Width of a stroke in pixels: twice the ink's area by the length of its outline (total variation)."""
    p = np.pad(image.astype(float), 1) / 255
    down, across = np.diff(p, axis=0)[:, :-1], np.diff(p, axis=1)[:-1]
    return 2 * p.sum() / np.hypot(down, across).sum()


def test_drawings_are_cropped_scaled_and_centred_as_mnist_was(mount):
    page = mount(pad())
    for digit, strokes in WRITTEN.items():
        for scale in (0.5, 1.0, 1.3):
            image = drawn(page, strokes, scale)
            assert max(extent(image)) == 20, (digit, scale)
            assert np.abs(np.array(centre_of_mass(image)) - 14).max() <= 0.502, (digit, scale)
            assert image.max() == 255


def test_mnist_itself_is_centred_where_drawings_are():
    centres = np.array([centre_of_mass(x) for x in kd.data.mnist().train.x[:1000, 0].numpy()])
    assert np.abs(centres - 14).max() <= 0.5


def test_drawings_hold_as_much_ink_as_mnist(mount):
    train = kd.data.mnist().train
    chosen = [train.x[:1000, 0][train.y[:1000] == digit].numpy() for digit in WRITTEN]
    theirs = np.mean([x.mean() for x in chosen]), np.mean([thickness(x) for of_class in chosen for x in of_class])
    page = mount(pad())
    ours = [drawn(page, strokes) for strokes in WRITTEN.values()]
    assert np.mean(ours) == pytest.approx(theirs[0], rel=0.15)
    assert np.mean([thickness(x) for x in ours]) == pytest.approx(theirs[1], rel=0.1)


@pytest.mark.parametrize("scale", [0.5, 1.0])
def test_shipped_teachers_read_what_is_drawn(mount, scale):
    page = mount(pad())
    images = np.stack([drawn(page, strokes, scale) for strokes in WRITTEN.values()])
    examples = Examples(torch.from_numpy(images)[:, None], torch.full((len(images),), -1))
    for name in ("mnist-mlp-1200", "mnist-convnet"):
        assert inference.logits(kd.models.pretrained(name), examples).argmax(1).tolist() == list(WRITTEN)


def test_where_and_how_large_it_is_drawn_makes_no_difference(mount):
    page = mount(pad())
    usual = drawn(page, SEVEN).astype(int)
    small = drawn(page, [[(x / 2 + 1, y / 2 + 12) for x, y in SEVEN[0]]]).astype(int)
    assert np.abs(usual - small).mean() < 2


def test_a_dot_is_not_blown_up(mount):
    page = mount(pad())
    assert max(extent(drawn(page, [[(5, 5)]]))) <= 4


def test_an_example_stays_as_it_is(mount):
    page = mount(pad(selected=2))
    page.get_by_role("button", name="Start from the selected example").click()
    assert np.array_equal(pixels(page), IMAGES[2])
    settle(page, np.zeros(10))
    page.get_by_role("button", name="Eraser").click()
    draw(page, [[(2, 14), (26, 14)]])
    settle(page, np.zeros(10))
    erased = pixels(page)
    assert not erased[13:15].any()
    assert np.array_equal(erased[:10], IMAGES[2][:10])
    assert np.array_equal(erased[18:], IMAGES[2][18:])


def test_undo_brings_back_the_same_pixels(mount):
    page = mount(pad())
    before = drawn(page, SEVEN)
    draw(page, [[(10, 14), (18, 14)]])
    settle(page, np.zeros(10))
    assert not np.array_equal(pixels(page), before)
    page.get_by_role("button", name="Undo").click()
    settle(page, np.zeros(10))
    assert np.array_equal(pixels(page), before)
    page.get_by_role("button", name="Undo").click()
    page.evaluate(FRAME)
    assert page.get_by_role("button", name="Undo").get_attribute("aria-disabled") == "true"
    assert "answer while you draw" in page.locator(".kd-pad-says").inner_text()


def test_control_z_undoes_while_the_pad_has_the_focus(mount):
    page = mount(pad())
    draw(page, SEVEN)
    page.keyboard.press("Control+z")
    page.evaluate(FRAME)
    assert page.get_by_role("button", name="Clear").get_attribute("aria-disabled") == "true"


def test_a_digit_can_be_drawn_with_the_keyboard_alone(mount):
    page = mount(pad())
    page.locator(".kd-pad").focus()
    page.keyboard.press("Space")
    for _ in range(16):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    settle(page, np.zeros(10))
    assert extent(pixels(page))[0] == 20
    assert page.locator(".kd-pad-cursor").is_visible()
    page.keyboard.press("ArrowRight")  # the pen is up: nothing is drawn
    page.evaluate(FRAME)
    assert len(saved(page)) == page.evaluate("() => model.get('asked')")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Undo"
    page.keyboard.press("Enter")
    page.evaluate(FRAME)
    assert page.get_by_role("button", name="Clear").get_attribute("aria-disabled") == "true"


def test_a_finger_draws_and_the_page_does_not_scroll(mount):
    page = mount(pad(), width=400, height=500, has_touch=True)
    box = page.locator(".kd-pad").bounding_box()
    cdp = page.context.new_cdp_session(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"]
    for kind, up in [("touchStart", 40), ("touchMove", 120), ("touchMove", 240), ("touchEnd", None)]:
        points = [] if up is None else [{"x": x, "y": y - up}]
        cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    settle(page, np.zeros(10))
    assert extent(pixels(page))[0] == 20
    assert page.evaluate("() => scrollY") == 0
    assert page.evaluate("() => getComputedStyle(document.querySelector('.kd-card')).touchAction") == "auto"


def test_the_other_end_of_a_stylus_erases(mount):
    page = mount(pad())
    before = drawn(page, SEVEN)
    page.evaluate(
        """() => {
          const pad = document.querySelector(".kd-pad"), box = pad.getBoundingClientRect();
          pad.setPointerCapture = () => {};
          const pen = { pointerId: 9, pointerType: "pen", isPrimary: true, bubbles: true };
          const at = (x, y) => ({ clientX: box.x + box.width * x / 28, clientY: box.y + box.height * y / 28 });
          const send = (type, x, more) => pad.dispatchEvent(new PointerEvent(type, { ...pen, ...at(x, 6), ...more }));
          send("pointerdown", 6, { button: 5, buttons: 32 });
          send("pointermove", 22, { buttons: 32 });
          send("pointerup", 22, { button: 5 });
        }"""
    )
    settle(page, np.zeros(10))
    assert pixels(page).sum() < before.sum()
    assert page.get_by_role("button", name="Eraser").get_attribute("aria-pressed") == "false"


def test_only_one_question_travels_at_a_time(mount):
    page = mount(pad())
    draw(page, SEVEN)
    page.evaluate(FRAME)
    assert len(saved(page)) == 1
    assert page.evaluate("() => model.get('asked')") == 1
    reply(page, np.zeros(10))
    assert page.evaluate("() => model.get('asked')") == 2
    reply(page, np.zeros(10))  # the finished stroke; nothing has changed since
    assert page.evaluate("() => model.get('asked')") == 2
    assert max(extent(pixels(page))) == 20


def test_the_answer_to_something_else_is_not_shown(mount):
    page = mount(pad())
    draw(page, SEVEN)
    page.evaluate(FRAME)
    page.get_by_role("button", name="Clear").click()
    reply(page, logits(c7=0.9))
    assert "answer while you draw" in page.locator(".kd-pad-says").inner_text()


def test_answers_follow_the_temperature_slider_in_the_browser(mount):
    page = mount(pad())
    draw(page, SEVEN)
    settle(page, logits(c7=0.98), logits(c7=0.81), step=40)
    says = page.locator(".kd-pad-says")
    assert says.inner_text() == "At T = 1 the teacher says 7 (0.98), the student 7 (0.81)."
    assert page.locator(".kd-side-student").inner_text().split() == ["Student", "MLP,", "32", "units,", "step", "40"]
    before = len(saved(page))
    page.evaluate("() => scene.set('temperature', 100)")
    page.evaluate(FRAME)
    softened = [torch.from_numpy(logits(c7=p) / 100).softmax(0)[7].item() for p in (0.98, 0.81)]
    assert says.inner_text() == "At T = 100 the teacher says 7 ({:.2f}), the student 7 ({:.2f}).".format(*softened)
    assert len(saved(page)) == before


def test_the_bias_slider_moves_the_students_answer(mount):
    page = mount(pad(bias_class=3))
    draw(page, SEVEN)
    settle(page, logits(c7=0.98), logits(c7=0.81))
    page.evaluate("() => scene.set('bias', 20)")
    page.evaluate(FRAME)
    assert "the student 3 (" in page.locator(".kd-pad-says").inner_text()


def test_what_a_stroke_did_to_the_teacher_is_told(mount):
    page = mount(pad(temperature=20.0))
    draw(page, SEVEN)
    settle(page, logits(c7=0.98, c2=0.01), logits(c7=0.8))
    assert told(page) == "After the first stroke the teacher says, at T = 1, 7 (0.98); its second choice is 2 (0.01)."
    draw(page, [[(10, 14), (18, 14)]])
    settle(page, logits(c7=0.61, c1=0.3), logits(c7=0.7))
    path = "At T = 1 that stroke took the teacher from 0.98 for 7 to 0.61"
    assert told(page) == f"{path}; its second choice is now 1 (0.30)."
    page.get_by_role("button", name="Eraser").click()
    draw(page, [[(10, 14), (18, 14)]])
    settle(page, logits(c7=0.1, c1=0.8), logits(c7=0.7))
    assert told(page) == "At T = 1 that erasing took the teacher from 0.61 for 7 to 0.10; it now says 1 (0.80)."
    way = page.get_by_role("img", name="step by step")
    assert "Teacher’s probability of 7 at T = 1, step by step: 0.98, 0.61, 0.10." in way.get_attribute("aria-label")
    page.get_by_role("button", name="Undo").click()
    settle(page, logits(c7=0.61, c1=0.3), logits(c7=0.7))  # asked again, and told once
    assert told(page) == "At T = 1 undoing that took the teacher from 0.80 for 1 to 0.30; it now says 7 (0.61)."
    assert "step by step: 0.98, 0.61." in way.get_attribute("aria-label")
    page.get_by_role("button", name="Clear").click()
    page.evaluate(FRAME)
    assert told(page) == "Each stroke’s effect appears here."
    assert not page.locator(".kd-pad-way").is_visible()


def test_the_challenge_is_marked_when_one_stroke_reaches_it(mount):
    page = mount(pad())
    challenge = page.locator(".kd-pad-challenge")
    draw(page, SEVEN)
    settle(page, logits(c7=0.98))
    assert challenge.inner_text() == "Can one more stroke push it below 50\u00a0%?"
    draw(page, [[(10, 14), (18, 14)]])
    settle(page, logits(c1=0.9))  # as sure as before, of something else
    assert challenge.inner_text().startswith("Can one")
    draw(page, [[(10, 10), (18, 10)]])
    settle(page, logits(c1=0.45, c7=0.4))
    assert "Reached with stroke 3" in challenge.inner_text()
    page.get_by_role("button", name="Undo").click()
    page.evaluate(FRAME)
    assert "Reached with stroke 3" in challenge.inner_text()
    page.get_by_role("button", name="Clear").click()
    page.evaluate(FRAME)
    assert challenge.inner_text().startswith("Can one")


def test_every_finished_stroke_is_told_when_answers_come_late(mount):
    page = mount(pad())
    draw(page, [SEVEN[0], [(10, 14), (18, 14)], [(9, 22), (16, 22)]])
    page.evaluate(FRAME)
    settle(page, logits(c7=0.9))
    way = page.get_by_role("img", name="step by step").get_attribute("aria-label")
    assert "Teacher’s probability of 7 at T = 1, step by step: 0.90, 0.90, 0.90." in way


def test_a_student_that_has_learned_on_is_asked_again(mount):
    page = mount(pad())
    draw(page, SEVEN)
    settle(page, logits(c7=0.9), logits(c7=0.2), step=10)
    asked = page.evaluate("() => model.get('asked')")
    page.evaluate(
        "() => { scene.set('exact_logits', new DataView(new Float32Array(40).buffer)); scene.set('shown_run', 'a'); }"
    )
    page.evaluate("() => scene.set('exact', { run: 'a', step: 20 })")
    page.evaluate("() => scene.set('step', 20)")
    page.wait_for_function("(asked) => model.get('asked') > asked", arg=asked)
    reply(page, logits(c7=0.9), logits(c7=0.8), step=20)
    assert "student 7 (0.80)" in page.locator(".kd-pad-says").inner_text()
    assert told(page).startswith("After the first stroke")


@pytest.mark.parametrize("width", [630, 1210])
def test_pad_and_answers_are_seen_together_and_every_probability_names_its_temperature(mount, width):
    page = mount(pad(temperature=4.0), width=width)
    draw(page, SEVEN)
    settle(page, logits(c7=0.98), logits(c7=0.81))
    draw(page, [[(10, 14), (18, 14)]])
    settle(page, logits(c7=0.94), logits(c7=0.7))
    card = page.locator(".kd-card").bounding_box()
    ink, bars = page.locator(".kd-pad").bounding_box(), page.locator(".kd-rows").bounding_box()
    assert ink["x"] + ink["width"] < bars["x"], "side by side"
    assert max(box["y"] + box["height"] for box in (ink, bars)) - card["y"] < 410
    for part, temperature in ((".kd-pad-says", "4"), (".kd-pad-told", "1"), (".kd-pad-labels", "1")):
        assert f"T = {temperature}" in page.locator(part).inner_text(), part
    expect(page.locator(".kd-pad-sure h3")).to_have_text("Fool the teacher")
    expect(page.locator(".kd-pad-seen-block")).to_contain_text(
        "What the models see: 20 pixels high, centered like MNIST."
    )


def test_a_note_from_python_is_shown(mount):
    page = mount(pad())
    page.evaluate("() => model.set('note', 'The models could not answer this drawing: no.')")
    page.evaluate(FRAME)
    assert page.get_by_text("The models could not answer this drawing: no.").is_visible()


def test_clothes_are_drawn_where_they_are_and_the_classes_named(mount):
    page = mount(pad(classes=CLOTHES))
    image = drawn(page, [[(4, 4), (8, 8)]])
    assert image[:10, :10].sum() == image.sum() > 0
    assert "one of T-shirt, Trouser, " in page.locator(".kd-head .kd-note").inner_text()


def test_rows_of_a_table_cannot_be_drawn(mount):
    page = mount(pad(classes=["no", "yes"], images=b"", image_shape=[0, 0], teacher_logits=np.zeros((4, 2))))
    assert page.get_by_text("there is nothing to draw").is_visible()
    assert not page.locator(".kd-pad").is_visible()


def test_another_data_set_clears_the_pad(mount):
    page = mount(pad())
    draw(page, SEVEN)
    page.evaluate("(classes) => scene.set('classes', classes)", CLOTHES)
    page.evaluate(FRAME)
    assert page.get_by_role("button", name="Undo").get_attribute("aria-disabled") == "true"


def test_the_pad_is_shown_in_its_view_only(mount):
    page = mount(pad(view="many"))
    assert not page.locator(".kd-pad").is_visible()
    page.evaluate("() => scene.set('view', 'draw')")
    page.evaluate(FRAME)
    assert page.locator(".kd-pad").is_visible()
    page.evaluate("() => scene.set('hidden', ['draw'])")
    page.evaluate(FRAME)
    assert not page.locator(".kd-pad").is_visible()


def test_a_pad_that_ends_leaves_no_listener(mount):
    page = mount(pad())
    draw(page, SEVEN)
    page.evaluate("() => end()")
    assert page.evaluate("() => Object.values(model.listeners).flat().length") == 0


@pytest.mark.parametrize("width", [360, 600, 1280])
def test_nothing_is_wider_than_the_page_with_text_of_twice_the_size(mount, width):
    page = mount(pad(), width=width)
    draw(page, SEVEN)
    settle(page, logits(c7=0.98), logits(c7=0.81))
    too_wide = "() => document.documentElement.scrollWidth - innerWidth"
    assert page.evaluate(too_wide) <= 0
    page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    page.evaluate(FRAME)
    assert page.evaluate(too_wide) <= 0


def test_every_control_has_a_name_and_room_for_a_finger(mount):
    page = mount(pad(), width=360)
    for control in page.locator(".kd-digit-pad :is(button, [tabindex])").all():
        assert control.get_attribute("aria-label") or control.inner_text(), control
        assert control.bounding_box()["height"] >= 32, control.inner_text()


def test_what_a_page_sends_wrong_is_taken_as_nothing():
    sheet = DigitPad()
    sheet.set_state({"pixels": "no bytes", "asked": 3})
    assert (sheet.pixels, sheet.asked) == (b"", 3)
    sheet.set_state({"asked": "seven", "pixels": memoryview(b"12")})
    assert (sheet.pixels, sheet.asked) == (b"12", 3)
