"""The switch between the views of a page."""

import pytest

from kdviz.widgets import SoftTargets, Views
from kdviz.widgets.catalogue import tab, tabs
from kdviz.widgets.scene import Scene
from kdviz.widgets.traits import WrongTraitError

FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def put(page, name, value):
    page.evaluate("([name, value]) => scene.set(name, value)", [name, value])
    page.evaluate(FRAME)


def offered(page):
    return page.get_by_role("radiogroup", name="Show").locator("label:visible").all_inner_texts()


def checked(page, group):
    return page.get_by_role("radiogroup", name=group).locator("label:has(:checked)").inner_text()


KNOWS = ["One example", "Many examples", "Your own digit", "Fidelity"]


def test_the_switch_turns_the_scene_to_another_view(mount):
    scene = Scene()
    page = mount(Views(scene=scene), SoftTargets(scene=scene, shown=["bars"], views=["one"]))
    assert offered(page) == KNOWS
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


def test_many_views_stand_in_groups_each_of_which_opens_where_it_was_left(mount):
    page = mount(Views(scene=Scene()), width=1280)
    groups = page.get_by_role("radiogroup", name="Groups of views")
    names = ["What it knows", "Where it looks", "Can it be trusted", "Does it hold"]
    assert groups.locator("label:visible").all_inner_texts() == names
    of = {name: [] for name in names}
    for name in names:
        groups.get_by_role("radio", name=name).check(force=True)
        page.evaluate(FRAME)
        of[name] = offered(page)
        assert checked(page, "Show") == of[name][0]
    everything = [tab.title for tab in tabs() if not tab.omitted]
    assert [name for part in of.values() for name in part] == everything
    put(page, "view", "bias")  # as a link, or another part of the page, does
    assert (checked(page, "Groups of views"), checked(page, "Show")) == ("Can it be trusted", "Bias")
    groups.get_by_role("radio", name="Can it be trusted").focus()
    page.keyboard.press("ArrowLeft")
    page.evaluate(FRAME)
    assert offered(page) == of["Where it looks"]
    page.keyboard.press("ArrowRight")
    page.evaluate(FRAME)
    assert checked(page, "Show") == "Bias", "a group is left and found as it was"
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.evaluate(FRAME)
    assert checked(page, "Show") == "Privacy"
    put(page, "hidden", ["saliency", "attention", "inside"])
    assert groups.locator("label:visible").all_inner_texts() == [names[0], *names[2:]]
    put(page, "hidden", [tab.name for tab in tabs() if tab.group in ("looks", "holds") or tab.name == "draw"])
    assert groups.is_visible()
    put(page, "hidden", [tab.name for tab in tabs() if tab.group in ("looks", "holds", "trust")])
    assert not groups.is_visible() and offered(page) == KNOWS


def test_views_that_are_hidden_or_not_offered_cannot_be_chosen(mount):
    page = mount(Views(scene=Scene(), offered=["one", "many"], titles={"one": "One person"}))
    assert offered(page) == ["One person", "Many examples"]
    put(page, "hidden", ["many"])
    assert not page.locator(".kd-views-show").is_visible(), "a switch with one position is none"
    put(page, "hidden", ["draw"])
    assert offered(page) == ["One person", "Many examples"]


def test_a_locked_switch_stays_where_it_is(mount):
    page = mount(Views(scene=Scene(locked=["view"])))
    assert page.locator("input:enabled").count() == 0
    put(page, "locked", [])
    assert page.locator("label:visible input:enabled").count() == 4 + len(KNOWS)


@pytest.mark.parametrize("width", [360, 1280])
def test_three_views_stand_in_one_row_and_have_room_for_a_finger(mount, width):
    page = mount(Views(scene=Scene(), offered=["one", "many", "draw"]), width=width)
    boxes = [label.bounding_box() for label in page.locator("label:visible").all()]
    assert len({round(box["y"]) for box in boxes}) == 1
    assert min(box["height"] for box in boxes) >= 32
    page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0


def places(page, group):
    return page.locator(f".kd-views-{group} label:visible").evaluate_all(
        "(all) => all.map((one) => one.offsetLeft + ' ' + one.offsetTop)"
    )


@pytest.mark.parametrize(("group", "view", "width"), [("groups", "bias", 500), ("show", "fidelity", 360)])
def test_views_stand_in_one_row_that_does_not_move_and_scrolls_to_the_chosen(mount, width, group, view):
    page = mount(Views(scene=Scene()), width=width)
    before = places(page, group)
    assert len({place.split()[1] for place in before}) == 1
    put(page, "view", view)
    assert places(page, group) == before, "bold is no wider than what it had"
    row = page.locator(f".kd-views-{group}")
    box, chosen = row.bounding_box(), row.locator("label:has(:checked)").bounding_box()
    assert box["x"] <= chosen["x"] and chosen["x"] + chosen["width"] <= box["x"] + box["width"] + 1
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0


def test_on_a_phone_all_groups_are_in_sight(mount):
    page = mount(Views(scene=Scene()), width=360)
    boxes = [label.bounding_box() for label in page.locator(".kd-views-groups label:visible").all()]
    assert len(boxes) == 4 and all(box["x"] >= 0 and box["x"] + box["width"] <= 360 for box in boxes)
    assert min(box["height"] for box in boxes) >= 28


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
    with pytest.raises(WrongTraitError, match=r"must be one of 'one', 'many', 'draw', .*'domain', got 'two'"):
        Views(**traits)


def test_a_tab_is_in_a_group_that_there_is():
    with pytest.raises(ValueError, match="must be in one of the groups knows, looks, trust, holds, more, got 'odd'"):
        tab("added", "Added", group="odd")
