"""The switch between the views of a page."""

import pytest

from kdviz.widgets import SoftTargets, Views
from kdviz.widgets.scene import Scene
from kdviz.widgets.traits import WrongTraitError

FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def put(page, name, value):
    page.evaluate("([name, value]) => scene.set(name, value)", [name, value])
    page.evaluate(FRAME)


def offered(page):
    return page.get_by_role("radiogroup", name="Show").locator("label:visible").all_inner_texts()


def test_the_switch_turns_the_scene_to_another_view(mount):
    scene = Scene()
    page = mount(Views(scene=scene), SoftTargets(scene=scene, shown=["bars"], views=["one"]))
    three = ["One example", "Many examples", "Your own digit"]
    measured = ["Fidelity", "Saliency", "Attention", "Inside", "Calibration", "Bias", "Privacy", "Robustness"]
    assert offered(page) == [*three, *measured]
    assert page.get_by_label("One example").is_checked()
    page.get_by_label("Many examples").check(force=True)
    page.evaluate(FRAME)
    assert page.evaluate("() => scene.log.filter((e) => e.saved).map((e) => e.saved.view)") == ["many"]
    assert not page.locator(".kd-soft-targets").is_visible()
    page.keyboard.press("ArrowLeft")
    page.evaluate(FRAME)
    assert page.locator(".kd-soft-targets").is_visible()
    put(page, "view", "draw")
    assert page.get_by_label("Your own digit").is_checked()


def test_views_that_are_hidden_or_not_offered_cannot_be_chosen(mount):
    page = mount(Views(scene=Scene(), offered=["one", "many"], titles={"one": "One person"}))
    assert offered(page) == ["One person", "Many examples"]
    put(page, "hidden", ["many"])
    assert not page.locator(".kd-views").is_visible(), "a switch with one position is none"
    put(page, "hidden", ["draw"])
    assert offered(page) == ["One person", "Many examples"]


def test_a_locked_switch_stays_where_it_is(mount):
    page = mount(Views(scene=Scene(locked=["view"])))
    assert page.locator("input:enabled").count() == 0
    put(page, "locked", [])
    assert page.locator("label:visible input:enabled").count() == 11


@pytest.mark.parametrize("width", [360, 1280])
def test_three_views_stand_in_one_row_and_have_room_for_a_finger(mount, width):
    page = mount(Views(scene=Scene(), offered=["one", "many", "draw"]), width=width)
    boxes = [label.bounding_box() for label in page.locator("label:visible").all()]
    assert len({round(box["y"]) for box in boxes}) == 1
    assert min(box["height"] for box in boxes) >= 32
    page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0


def places(page):
    return page.locator("label:visible").evaluate_all("(all) => all.map((one) => one.offsetLeft + ' ' + one.offsetTop)")


@pytest.mark.parametrize("width", [360, 690])
def test_views_stand_in_one_row_that_does_not_move_and_scrolls_to_the_chosen(mount, width):
    page = mount(Views(scene=Scene()), width=width)
    before = places(page)
    assert len({place.split()[1] for place in before}) == 1
    put(page, "view", "bias")
    assert places(page) == before, "bold is no wider than what it had"
    row, chosen = page.locator(".kd-views").bounding_box(), page.locator("label:has(:checked)").bounding_box()
    assert row["x"] <= chosen["x"] and chosen["x"] + chosen["width"] <= row["x"] + row["width"] + 1
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0


def test_who_chooses_by_pointer_is_led_to_a_view_that_is_out_of_sight(mount):
    page = mount(Views(scene=Scene()), SoftTargets(scene=Scene(), shown=["temperature"]))
    page.evaluate("""() => {
      document.getElementById("view").style.cssText = "margin-top: 700px; padding-bottom: 900px";
      document.documentElement.style.scrollBehavior = "auto";
    }""")
    page.get_by_label("One example").focus()
    page.keyboard.press("ArrowRight")
    page.evaluate(FRAME)
    assert page.evaluate("scrollY") == 0, "the keyboard's place stays where it is"
    page.get_by_label("Fidelity").click(force=True)
    page.wait_for_function("() => scrollY > 300")


def test_a_switch_that_ends_leaves_no_listener(mount):
    page = mount(Views(scene=Scene()))
    count = "() => [scene, model].map((m) => Object.values(m.listeners).flat().length)"
    before = page.evaluate(count)
    page.evaluate("() => end()")
    after = page.evaluate(count)
    assert after[1] == 0 and after[0] < before[0]


@pytest.mark.parametrize("traits", [{"offered": ["one", "two"]}, {"titles": {"two": "Two"}}])
def test_a_view_that_is_none_is_refused(traits):
    with pytest.raises(WrongTraitError, match=r"must be one of 'one', 'many', 'draw', .*'robustness', got 'two'"):
        Views(**traits)
