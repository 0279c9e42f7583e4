"""Attention: what is drawn of the maps Python made, how a layer is chosen, what is said and when it is not of now."""

import numpy as np
import pytest
from playwright.sync_api import expect

from kdviz.widgets import Attention
from kdviz.widgets.recording import Frame
from kdviz.widgets.scene import Scene
from kdviz.widgets.traits import WrongTraitError

FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
RNG = np.random.default_rng(3)
ACROSS = {
    "n": 200,
    "kind": "activation",
    "form": "sum",
    "teacher_head": -1,
    "student_head": -1,
    "cka": {
        "rows": ["relu1", "relu2", "logits"],
        "columns": ["relu1", "logits"],
        "matrix": [[0.91, 0.2], [0.4, 0.62], [0.1, None]],
        "best": {"relu1": "relu1", "logits": "relu2"},
    },
    "cosine": {
        "rows": ["relu1", "relu2"],
        "columns": ["relu1"],
        "median": [[0.83], [0.5]],
        "chance": [[0.71], [0.45]],
        "best": {"relu1": "relu1"},
    },
    "sentences": ["Over 200 examples the student's layer logits is most like the teacher's relu2."],
}


def layer(name, side, heads=0):
    return {"name": name, "height": side, "width": side, "heads": heads}


def maps_of(layers, seed):
    rng = np.random.default_rng(seed)
    return np.concatenate([each / each.max() for each in (rng.random(one["height"] ** 2) for one in layers)])


def attention(scene=None, **traits):
    scene = scene or make_scene()
    teacher = [layer("relu1", 8), layer("relu2", 4)]
    student = [layer("relu1", 8)]
    given = {
        "kinds": ["activation"],
        "made_of": {"kind": "activation", "form": "sum", "teacher_head": -1, "student_head": -1},
        "made_for": {"shown_run": "a", "selected": 2, "step": 40},
        "teacher_layers": teacher,
        "student_layers": student,
        "teacher_maps": maps_of(teacher, 0),
        "student_maps": maps_of(student, 1),
        "numbers": {"cosine": [[0.91], [0.834]], "squared": [[0.18], [0.332]], "chance": [[0.9], [0.7]], "others": 24},
    }
    return Attention(scene=scene, **(given | traits))


def transformers(**traits):
    teacher = [layer("block1.attention", 4, 4), layer("block2.attention", 4, 4)]
    student = [layer("block1.attention", 4, 2)]
    given = {
        "kinds": ["heads", "rollout", "activation"],
        "made_of": {"kind": "heads", "form": "sum", "teacher_head": -1, "student_head": -1},
        "teacher_layers": teacher,
        "student_layers": student,
        "teacher_maps": maps_of(teacher, 0),
        "student_maps": maps_of(student, 1),
    }
    return attention(**(given | traits))


def make_scene(**traits):
    given = {
        "classes": ["a", "b"],
        "teacher_logits": np.ones((5, 2)),
        "labels": [0] * 5,
        "images": RNG.integers(0, 255, (5, 8, 8)),
        "image_shape": [8, 8],
        "runs": [{"id": "a", "role": "student", "name": "Student"}],
        "shown_run": "a",
        "total_steps": 40,
        "selected": 2,
        "view": "attention",
    }
    scene = Scene(**(given | traits))
    for step in (0, 40):
        scene.record("a", Frame.of(step, np.ones((5, 2))))
    return scene


def put(page, name, value, of="model"):
    page.evaluate("([of, name, value]) => window[of].set(name, value)", [of, name, value])
    page.evaluate(FRAME)


def tiles(page, who):
    return page.get_by_role("radiogroup", name=who).get_by_role("radio")


def saved(page, name):
    return page.evaluate("(name) => model.log.filter((e) => e.saved).map((e) => e.saved[name])", name)


def captions(page):
    return page.locator(".kd-maps figcaption:visible").all_inner_texts()


def pixels(page, place):
    return (
        page.locator(".kd-maps canvas")
        .nth(place)
        .evaluate("(c) => [c.width, c.height, [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]]")
    )


def shown(page):
    return page.locator(".kd-attention .kd-sentence").first.inner_text()


def test_the_example_and_the_last_layers_of_both_are_drawn_with_their_numbers(mount):
    page = mount(attention())
    assert captions(page) == ["Example", "Teacher, relu2", "Student, relu1", "Overlay"]
    assert page.locator("[data-number=cosine]").inner_text() == "0.83"
    assert page.locator("[data-number=chance]").inner_text() == "0.70"
    assert page.locator("[data-number=squared]").inner_text() == "0.33"
    assert shown(page) == (
        "In example 3 the teacher’s map (relu2) and the student’s (relu1, after step 40) have a cosine of 0.83. "
        "That is 0.13 above the 0.70 it has with the teacher’s maps of 24 other examples (median)."
    )
    assert not page.locator(".kd-stale").count() and not page.locator(".kd-across-all").is_visible()


def test_a_small_map_is_drawn_in_blocks_of_the_image_with_its_largest_value_strongest(mount):
    widget = attention()
    teacher = np.frombuffer(widget.teacher_maps, "<f4")[64:].reshape(4, 4)
    page = mount(widget)
    width, height, data = pixels(page, 1)
    assert (width, height) == (8, 8)
    red = np.array(data).reshape(8, 8, 4)[..., 0]
    at = np.unravel_index(teacher.argmax(), (4, 4))
    block = red[2 * at[0] : 2 * at[0] + 2, 2 * at[1] : 2 * at[1] + 2]
    assert (block == 0).all(), "full blue"
    assert (red == 0).sum() == 4


def test_the_difference_is_orange_where_the_student_looks_more(mount):
    widget = attention(third="difference", teacher_layer="relu1")
    teacher, student = (np.frombuffer(m, "<f4")[:64] for m in (widget.teacher_maps, widget.student_maps))
    page = mount(widget)
    assert captions(page)[-1] == "Student − teacher"
    data = np.array(pixels(page, 3)[2]).reshape(64, 4)
    clear = np.abs(student - teacher) > 0.2
    np.testing.assert_array_equal((data[:, 0] > data[:, 2])[clear], (student > teacher)[clear])
    page.get_by_label("Combined").select_option("overlay")
    page.evaluate(FRAME)
    assert captions(page)[-1] == "Overlay" and saved(page, "third") == ["overlay"]
    assert np.array(pixels(page, 3)[2]).reshape(64, 4)[:, 3].min() == 255


def test_a_layer_is_chosen_by_its_small_map_and_nothing_is_asked_of_python(mount):
    page = mount(attention())
    assert tiles(page, "Teacher").evaluate_all("(a) => a.map((n) => n.ariaChecked)") == ["false", "true"]
    tiles(page, "Teacher").nth(0).click()
    page.evaluate(FRAME)
    assert saved(page, "teacher_layer") == ["relu1"] and captions(page)[1] == "Teacher, relu1"
    assert page.locator("[data-number=cosine]").inner_text() == "0.91"
    assert "0.01 above the 0.90" in shown(page) and not page.locator(".kd-stale").count()


def test_the_layers_are_one_tab_stop_and_the_arrows_choose(mount):
    page = mount(attention())
    assert tiles(page, "Teacher").evaluate_all("(a) => a.map((n) => n.tabIndex)") == [-1, 0]
    tiles(page, "Teacher").nth(1).press("ArrowRight")
    page.evaluate(FRAME)
    assert page.evaluate("() => document.activeElement.ariaLabel") == "relu1"
    assert saved(page, "teacher_layer") == ["relu1"]
    page.keyboard.press("End")
    page.evaluate(FRAME)
    assert saved(page, "teacher_layer") == ["relu1", "relu2"]
    assert page.evaluate("() => document.activeElement.ariaChecked") == "true"


def test_choices_that_python_answers_are_sent_and_the_old_maps_say_so(mount):
    page = mount(attention())
    page.get_by_label("Form of the map").select_option("max")
    page.evaluate(FRAME)
    assert saved(page, "form") == ["max"]
    assert page.locator(".kd-stale").count() == 1 and shown(page) == ""
    assert "The maps of this choice are being computed" in page.locator(".kd-attention [role=status]").inner_text()
    put(page, "made_of", {"kind": "activation", "form": "max", "teacher_head": -1, "student_head": -1})
    assert not page.locator(".kd-stale").count() and shown(page)


def test_heads_are_chosen_of_each_model(mount):
    page = mount(transformers())
    assert not page.get_by_label("Form of the map").is_visible()
    teacher, student = page.get_by_label("Teacher’s head"), page.get_by_label("Student’s head")
    wanted = ["Mean of 4 heads", "Head 1", "Head 2", "Head 3", "Head 4"]
    assert teacher.locator("option").all_inner_texts() == wanted
    assert student.locator("option").all_inner_texts() == ["Mean of 2 heads", "Head 1", "Head 2"]
    assert captions(page)[1:3] == [
        "Teacher, block2, mean of heads",
        "Student, block1, mean of heads",
    ]
    teacher.select_option("Head 3")
    page.evaluate(FRAME)
    assert saved(page, "teacher_head") == [2] and page.locator(".kd-stale").count() == 1
    page.get_by_label("Maps", exact=True).select_option("rollout")
    page.evaluate(FRAME)
    assert saved(page, "kind") == ["", "rollout"] and not teacher.is_visible()
    put(page, "made_of", {"kind": "rollout", "form": "sum", "teacher_head": 2, "student_head": -1})
    assert captions(page)[1] == "Teacher, up to block2" and not page.locator(".kd-stale").count()


def test_of_one_model_alone_its_maps_are_shown_and_why_the_other_has_none(mount):
    reason = "The student has no convolutions, so its layers keep no places of the image."
    page = mount(attention(student_layers=[], student_maps=b"", numbers={}, reasons={"student": reason}))
    assert captions(page) == ["Example", "Teacher, relu2"]
    assert page.get_by_text(reason).is_visible()
    assert shown(page) == "In example 3 the teacher’s map is shown (relu2); the student has none."
    assert not page.locator(".kd-figures").is_visible() and not page.get_by_label("Combined").is_visible()
    assert page.get_by_role("radiogroup").count() == 1


def test_without_maps_a_sentence_stands_in_their_place(mount):
    said = "A perceptron has no feature maps in space and no attention: choose a convolutional or transformer pair."
    page = mount(Attention(scene=make_scene(), note=said))
    assert page.locator(".kd-attention [role=status]").inner_text() == said
    for hidden in (".kd-maps", ".kd-layers", ".kd-figures", ".kd-across"):
        assert not page.locator(hidden).first.is_visible()


def test_maps_without_a_cosine_and_without_chance_are_told(mount):
    page = mount(attention(numbers={"cosine": [[0.5], [None]], "squared": [[1.0], [1.0]], "chance": [[None], [None]]}))
    assert shown(page).endswith("have no cosine: one of them is 0 throughout.")
    assert page.locator("[data-number=cosine]").inner_text() == "–"
    put(page, "teacher_layer", "relu1")
    assert shown(page).endswith("have a cosine of 0.50.")


@pytest.mark.parametrize(
    ("cosine", "chance", "told"),
    [(0.984, 0.987, "0.01 below the 0.99"), (0.981, 0.984, "the same as the 0.98"), (0.9, 0.7, "0.20 above the 0.70")],
)
def test_what_is_said_of_chance_fits_the_numbers_as_written(mount, cosine, chance, told):
    numbers = {"cosine": [[0], [cosine]], "squared": [[0], [0]], "chance": [[0], [chance]], "others": 24}
    assert told in shown(mount(attention(numbers=numbers)))


def test_another_example_makes_the_maps_stale_and_an_older_step_is_named(mount):
    page = mount(attention())
    put(page, "selected", 4, of="scene")
    assert page.locator(".kd-stale").count() == 1 and shown(page) == ""
    put(page, "selected", 2, of="scene")
    put(page, "step", 0, of="scene")
    assert page.locator(".kd-attention [role=status]").inner_text() == (
        "Computed after step 40; the page shows step 0."
    )


def test_many_examples_are_asked_for_and_can_be_stopped(mount):
    page = mount(attention())
    page.get_by_role("button", name="Over many examples").click()
    put(page, "progress", 0.4)
    page.get_by_role("button", name="Stop").click()
    sent = page.evaluate("() => model.log.filter((e) => e.sent).map((e) => e.sent.command)")
    assert sent == ["across", "stop"]


def test_many_examples_are_two_tables_with_the_best_framed(mount):
    page = mount(attention(across=ACROSS))
    assert page.locator(".kd-across-all > h3").inner_text() == "200 examples, Activation maps (Σ |A|² over channels)"
    cka = page.get_by_role("table", name="Linear CKA")
    assert cka.get_by_role("row").count() == 4
    assert cka.get_by_role("columnheader").all_inner_texts()[1:] == ["relu1", "logits"]
    assert cka.get_by_role("rowheader").all_inner_texts() == ["relu1", "relu2", "logits"]
    assert cka.get_by_role("cell").all_inner_texts() == ["0.91", "0.20", "0.40", "0.62", "0.10", "–"]
    assert cka.locator(".kd-best").evaluate_all("(a) => a.map((n) => n.ariaLabel)") == [
        "teacher relu1, student relu1: linear CKA 0.91, best match",
        "teacher relu2, student logits: linear CKA 0.62, best match",
    ]
    cosine = page.get_by_role("table", name="Median cosine")
    names = cosine.get_by_role("cell").evaluate_all("(a) => a.map((n) => n.ariaLabel)")
    assert names[1] == "teacher relu2, student relu1: median cosine 0.50, by chance 0.45"
    assert page.get_by_text(ACROSS["sentences"][0]).is_visible()
    put(page, "across", ACROSS | {"cosine": None})
    assert not cosine.is_visible() and page.locator(".kd-across-all > h3").inner_text() == "200 examples"


def test_a_definition_is_one_focus_away(mount):
    page = mount(attention(across=ACROSS))
    for term, says in (
        ("Maps", "attention transfer"),
        ("Cosine with another example (baseline)", "what any two maps share"),
        ("Similarity of layers (linear CKA)", "Kornblith"),
    ):
        page.get_by_role("button", name=term, exact=True).focus()
        assert says in page.locator(".kd-open .kd-tip").inner_text()


@pytest.mark.parametrize("dark", [False, True])
def test_the_maps_turn_with_the_theme(mount, dark):
    page = mount(attention(), dark=dark)
    corner = "(c) => c.getContext('2d').getImageData(0, 0, 1, 1).data[0]"
    before = page.locator(".kd-maps canvas").nth(3).evaluate(corner)
    page.emulate_media(color_scheme="light" if dark else "dark")
    page.evaluate(FRAME)
    after = page.locator(".kd-maps canvas").nth(3).evaluate(corner)
    assert before != after


@pytest.mark.parametrize("make", [attention, transformers])
@pytest.mark.parametrize(("width", "dark"), [(400, True), (360, False), (1280, False)])
def test_it_finds_room_and_its_controls_have_names(mount, make, width, dark):
    many = [f"block{i}.attention" for i in range(12)]
    wide = {"rows": many, "columns": many, "matrix": [[0.5] * 12] * 12, "best": dict.fromkeys(many, many[0])}
    page = mount(make(across=ACROSS | {"cka": wide}), width=width, dark=dark)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    small = page.evaluate(
        """() => [...document.querySelectorAll("button:not(.kd-term), select, [role=radio]")]
          .filter((n) => n.offsetParent)
          .filter((n) => n.getBoundingClientRect().height < 32 || !(n.ariaLabel || n.textContent.trim()))
          .map((n) => n.outerHTML)"""
    )
    assert small == []
    scrolls = page.get_by_role("region", name="scrolls sideways")
    assert scrolls.count() == (1 if width < 600 else 0)
    if width < 600:
        assert scrolls.get_attribute("tabindex") == "0"


def test_it_is_hidden_in_other_views_and_its_end_leaves_no_listener(mount):
    page = mount(attention())
    put(page, "view", "one", of="scene")
    assert not page.locator(".kd-attention").is_visible()
    page.evaluate("() => window.end()")
    assert page.evaluate("() => Object.values(model.listeners).flat().length") == 0


@pytest.mark.parametrize(
    ("traits", "sentence"),
    [
        ({"kind": "odd"}, "kind must be one of '', 'activation', 'heads', 'rollout', got 'odd'"),
        ({"kinds": ["odd"]}, "kinds must be one of 'activation'"),
        ({"form": "mean"}, "form must be one of 'sum', 'max', got 'mean'"),
        ({"third": "beside"}, "third must be one of 'overlay', 'difference', got 'beside'"),
        ({"teacher_layers": [{"name": "a"}]}, r"teacher_layers\[0\] must be a dict with name, height, width, heads"),
    ],
)
def test_what_cannot_be_is_refused(traits, sentence):
    with pytest.raises(WrongTraitError, match=sentence):
        Attention(**traits)


def of_text(**traits):
    teacher = [
        layer(f"block1.attention#{i}", 3) | {"layer": "block1.attention", "head": i, "most": 0.5} for i in (1, 2)
    ]
    student = [layer("block1.attention", 3) | {"layer": "block1.attention", "head": 0, "most": 1.0}]
    own = np.array([[1, 0, 0], [0.5, 1, 0], [0.2, 1, 0.4]])
    given = {
        "kinds": ["heads", "rollout"],
        "made_of": {"kind": "heads", "form": "sum", "teacher_head": -1, "student_head": -1},
        "tokens": ["▸", "a", "␣"],
        "place": 1,
        "teacher_layers": teacher,
        "student_layers": student,
        "teacher_maps": np.concatenate([maps_of(teacher[:1], 0), own.ravel()]),
        "student_maps": maps_of(student, 1),
        "numbers": {"cosine": [[0.9], [0.8]], "squared": [[0.2], [0.4]], "chance": [[0.5], [0.5]], "others": 24},
    }
    return attention(scene=make_scene(images=b"", image_shape=[0, 0]), **(given | traits))


def test_of_a_text_the_tokens_stand_along_both_sides_and_one_row_is_read(mount):
    page = mount(of_text())
    assert captions(page) == ["Teacher, block1, head 2", "Student, block1", "Overlay"]
    teacher = page.locator(".kd-map-tokens", has_text="Teacher")
    left, top = (teacher.locator(f".kd-token-axis-{side} span") for side in ("left", "top"))
    assert left.all_text_contents() == top.all_text_contents() == ["▸", "a", "␣"]
    reader = page.locator(".kd-attention-reader")
    expect(reader).to_contain_text("“a” looks most at these. Teacher: “a” 0.50, “▸” 0.25. Student:")
    reader.get_by_label("Token that looks").select_option("2")
    expect(reader).to_contain_text("“␣” looks most at these. Teacher: “a” 0.50, “␣” 0.20, “▸” 0.10.")
    tiles(page, "Teacher: its 2 heads as layer.head, choose one").first.click()
    expect(teacher.locator("figcaption")).to_have_text("Teacher, block1, head 1")
    teacher.locator("canvas").hover(position={"x": 5, "y": 5})
    expect(reader).to_contain_text("“▸” looks most at these.")
