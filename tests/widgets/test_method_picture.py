"""The picture of one method: boxes, lines and symbols, sliders, code."""

import pytest
from playwright.sync_api import expect

from kdviz.widgets import MethodPicture
from kdviz.widgets.method_picture import SYMBOLS
from kdviz.widgets.traits import WrongTraitError

from .conftest import hold_the_clock

MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><mi>L</mi></math>'


def boxes(width, compared):
    sizes = {"input": "1×28×28", "relu1": f"{width}×28×28", "relu2": f"{2 * width}×14×14", "logits": "10"}
    return [{"name": name, "shape": shape, "compared": name in compared} for name, shape in sizes.items()]


def drawing(**more):
    links = [{"teacher": 1, "student": 1, "through": "1×1 conv"}, {"teacher": 2, "student": 2, "through": ""}]
    compared = ("relu1", "relu2")
    told = {"teacher": boxes(32, compared), "student": boxes(4, compared), "links": links, "symbol": "maps"}
    return told | {"labels": True, "sentence": "Hints compares what layers compute."} | more


def picture(**traits):
    given = {
        "title": "Hints",
        "says": "Give what the teacher gives.",
        "source": "Romero et al. 2015",
        "formulas": [MATH],
        "drawing": drawing(),
        "weight": 10.0,
        "weight_symbol": "λ",
        "weight_range": [0.1, 1000.0],
        "code": "import kdviz as kd\n",
    }
    return MethodPicture(**(given | traits))


def box_of(page, name, who):
    return page.locator(f".kd-tier-{who}[data-layer={name}]").bounding_box()


def middle(box):
    return box["y"] + box["height"] / 2


def test_the_layers_that_are_compared_are_joined(mount):
    page = mount(picture(), width=600)
    assert page.locator(".kd-tier").count() == 8
    lines = [line.bounding_box() for line in page.locator("[data-link]").all()]
    for line, name in zip(lines, ("relu1", "relu2"), strict=True):
        teacher, student = box_of(page, name, "teacher"), box_of(page, name, "student")
        assert line["x"] == pytest.approx(teacher["x"] + teacher["width"], abs=6)
        assert line["x"] + line["width"] == pytest.approx(student["x"], abs=6)
        assert middle(line) == pytest.approx(middle(teacher), abs=2)
    assert page.locator(".kd-tier-compared").count() == 4
    assert page.locator(".kd-through-text").all_text_contents() == ["1×1 conv"]
    assert page.locator("svg [data-symbol=maps]").count() == 4
    inputs = [box_of(page, "input", who) for who in ("teacher", "student")]
    assert inputs[0]["y"] > box_of(page, "logits", "teacher")["y"], "the input is at the bottom"
    assert inputs[0]["x"] < inputs[1]["x"], "the teacher stands to the left"


def test_labels_are_joined_to_the_students_logits(mount):
    page = mount(picture(), width=600)
    line, logits = page.locator("[data-labels]").bounding_box(), box_of(page, "logits", "student")
    assert line["y"] + line["height"] == pytest.approx(logits["y"], abs=2)
    page.evaluate("(told) => model.set('drawing', told)", drawing(labels=False))
    expect(page.locator("[data-labels]")).to_have_count(0)


def test_a_teacher_that_is_not_asked_stands_back(mount):
    page = mount(picture(drawing=drawing(links=[], symbol="", teacher=boxes(32, ()), student=boxes(4, ()))))
    assert page.locator(".kd-tier-idle").count() == 4
    assert page.locator("[data-link], [data-symbol]").count() == 0


@pytest.mark.parametrize("symbol", [s for s in SYMBOLS if s])
def test_every_symbol_is_drawn_inside_of_its_place(mount, symbol):
    page = mount(picture(drawing=drawing(symbol=symbol)))
    for one in page.locator(f"[data-symbol={symbol}]").all():
        box = one.bounding_box()
        assert 6 <= box["width"] <= 26 and 12 <= box["height"] <= 26


def test_another_method_is_drawn_in_its_place(mount):
    page = mount(picture())
    one = [{"teacher": 3, "student": 3, "through": "opponent"}]
    told = drawing(links=one, symbol="bars", sentence="Adversarial compares the answers.")
    page.evaluate("(told) => { model.set('drawing', told); model.set('title', 'Adversarial'); }", told)
    expect(page.get_by_role("heading", name="Adversarial")).to_be_visible()
    expect(page.locator(".kd-sentence")).to_have_text("Adversarial compares the answers.")
    assert page.locator("[data-link]").count() == 1
    assert page.locator(".kd-through-text").all_text_contents() == ["opponent"]


def test_layers_left_out_are_counted(mount):
    teacher = boxes(32, ())
    page = mount(picture(drawing=drawing(links=[], symbol="", teacher=[teacher[0], {"more": 7}, teacher[-1]])))
    expect(page.get_by_text("⋮ 7 more")).to_be_visible()


def test_the_formula_is_mathml(mount):
    page = mount(picture(formulas=[MATH, MATH]))
    assert page.locator(".kd-method-formulas math").count() == 2


def test_a_slider_is_kept_when_it_is_released(mount):
    page = mount(picture())
    hold_the_clock(page)
    slider = page.get_by_role("slider", name="Weight of the method’s term λ")
    assert slider.get_attribute("aria-valuetext") == "weight 10"
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("() => [model.get('weight'), model.log.length]") == [10.5, 0]
    page.clock.run_for(1000)
    assert page.evaluate("() => model.log.length") == 1


def test_alpha_and_the_temperatures_have_sliders_of_their_own(mount, remount):
    page = mount(picture(weight=0.9, weight_symbol="α", weight_range=[0.0, 1.0], temperature_range=[0.5, 50.0]))
    sliders = page.get_by_role("slider")
    assert [one.get_attribute("aria-valuetext") for one in sliders.all()] == ["alpha 0.90", "temperature 4"]
    remount(page, picture(temperature=0.07, temperature_range=[0.01, 1.0]))
    assert [one.get_attribute("aria-valuetext") for one in sliders.all()] == ["weight 10", "temperature 0.07"]
    remount(page, picture(weight_symbol=""))
    assert sliders.count() == 0


def test_the_code_is_one_click_away(mount):
    page = mount(picture())
    program = page.locator(".kd-share-code")
    expect(program).to_be_hidden()
    page.locator("summary").filter(has_text="Code").click()
    expect(program).to_have_text("import kdviz as kd\n")
    expect(page.get_by_role("button", name="Copy")).to_be_visible()


def drawable():
    fits = [{"teacher": a, "student": b, "fits": a != 3, "says": f"{a} and {b}."} for a in (1, 2, 3) for b in (1, 2, 3)]
    links = [{"teacher": 2, "student": 2, "through": "", "symbol": "maps", "second": False}]
    links.append({"teacher": 3, "student": 3, "through": "", "symbol": "bars", "second": True})
    return drawing(links=links, choices=fits)


def test_a_link_is_dragged_to_another_layer_and_what_does_not_fit_is_said(mount):
    page = mount(picture(drawing=drawable()), width=600)
    assert page.locator(".kd-link-second").count() == 1

    def drag(teacher, student):
        start, end = box_of(page, teacher, "teacher"), box_of(page, student, "student")
        page.mouse.move(start["x"] + start["width"] / 2, middle(start))
        page.mouse.down()
        page.mouse.move(end["x"] + end["width"] / 2, middle(end), steps=3)

    drag("relu2", "relu1")
    expect(page.locator(".kd-link-drawn")).to_have_count(1)
    expect(page.locator(".kd-links-told")).to_have_text("2 and 1.")
    page.mouse.up()
    assert page.evaluate("() => [model.get('layers'), model.log.length]") == ["relu1:relu2", 1]
    drag("logits", "relu1")
    expect(page.locator("[data-over][data-fits=no]")).to_have_count(1)
    page.mouse.up()
    expect(page.locator(".kd-links-told")).to_have_text("3 and 1.")
    assert page.evaluate("() => model.get('layers')") == "relu1:relu2", "as it was"
    page.evaluate("() => model.set('locked', true)")
    drag("relu2", "relu2")
    page.mouse.up()
    assert page.evaluate("() => model.log.length") == 1, "nothing is drawn while a run is under way"


def test_links_are_lists_for_the_keyboard(mount):
    page = mount(picture(drawing=drawable(), layers="relu2:relu2"), width=600)
    page.locator("summary").filter(has_text="Which layers").press("Enter")
    page.get_by_label("Student’s layer of link 1").select_option("logits")
    assert page.evaluate("() => model.get('layers')") == "logits:relu2"
    page.get_by_label("Teacher’s layer of link 1").select_option("logits")
    expect(page.get_by_role("status").filter(has_text="3 and 2.")).to_be_visible()
    expect(page.get_by_label("Teacher’s layer of link 1")).to_have_value("relu2")
    page.get_by_role("button", name="One link more").press("Enter")
    assert page.evaluate("() => model.get('layers')") == "relu2:relu2,relu1:relu1"
    page.get_by_role("button", name="Usual layers").press("Enter")
    assert page.evaluate("() => model.get('layers')") == ""


def test_a_second_term_has_a_list_and_a_slider_with_its_letter(mount):
    offered = [{"name": "soft_targets", "title": "Soft targets"}, {"name": "cosine", "title": "Cosine"}]
    page = mount(picture(seconds=offered))
    choice = page.get_by_label("Add a second term")
    expect(page.get_by_role("slider")).to_have_count(1)
    choice.select_option("cosine")
    assert page.evaluate("() => model.get('second')") == "cosine"
    told = {"second_symbol": "μ", "second_range": [0.01, 100.0], "second_weight": 1.0}
    page.evaluate("(told) => { for (const [name, value] of Object.entries(told)) model.set(name, value); }", told)
    slider = page.get_by_role("slider", name="Weight of the second term μ")
    expect(slider).to_have_attribute("aria-valuetext", "second weight 1")
    page.evaluate("() => model.set('second_symbol', 'α')")
    expect(page.get_by_role("slider", name="Weight of the second term α")).to_be_visible()
    told = {"second_temperature_symbol": "T₂", "second_temperature_range": [0.5, 50.0], "second_temperature": 8.0}
    page.evaluate("(told) => { for (const [name, value] of Object.entries(told)) model.set(name, value); }", told)
    heat = page.get_by_role("slider", name="Temperature of the second term T₂")
    expect(heat).to_have_attribute("aria-valuetext", "second temperature 8")
    heat.press("Home")
    heat.blur()
    assert page.evaluate("() => model.get('second_temperature')") == 0.5


@pytest.mark.parametrize("width", [360, 480, 1600])
def test_it_fits_and_no_text_leaves_its_box(mount, width):
    long = {"name": "a_rather_long_name_of_a_block.attention", "shape": "12×197×197", "compared": True}
    told = drawing(teacher=[*boxes(32, ("relu1",)), long], student=[*boxes(4, ("relu1",)), long])
    page = mount(picture(drawing=told, formulas=[MATH.replace("<mi>L</mi>", "<mi>wide</mi>" * 60)]), width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for layer in page.locator(".kd-tier").all():
        box = layer.bounding_box()
        for text in layer.evaluate(
            "(r) => [...r.parentNode.children].slice([...r.parentNode.children].indexOf(r) + 1)"
            ".slice(0, 2).map((t) => t.getBoundingClientRect().toJSON())"
        ):
            assert box["x"] - 1 <= text["x"] and text["x"] + text["width"] <= box["x"] + box["width"] + 1


@pytest.mark.parametrize(
    ("traits", "said"),
    [
        ({"weight": -1.0}, "weight must be in"),
        ({"temperature": 0.0}, "temperature must be finite and > 0, got 0.0"),
        ({"layers": "relu1"}, 'layers must be pairs as "student:teacher,..."'),
        ({"weight_range": [2.0, 1.0]}, "weight_range must be two numbers >= 0, the smaller first"),
        ({"drawing": drawing(symbol="star")}, r"drawing\['symbol'\] must be one of"),
        (
            {"drawing": drawing(links=[{"teacher": 9, "student": 0, "through": ""}])},
            r"\['teacher'\] must be in \[0, 3\]",
        ),
    ],
)
def test_what_does_not_fit_is_refused(traits, said):
    with pytest.raises(WrongTraitError, match=said):
        picture(**traits)
