"""The list of methods: families, the keyboard, what cannot be chosen and why."""

import pytest
from playwright.sync_api import expect

from kdviz.widgets import Methods
from kdviz.widgets.traits import WrongTraitError

ROWS = [
    {"name": "soft_targets", "title": "Soft targets", "family": "response", "reason": ""},
    {"name": "hint", "title": "Hints", "family": "feature", "reason": ""},
    {"name": "flow", "title": "Flow of solution", "family": "relation", "reason": "It needs maps and there are none."},
    {"name": "adversarial", "title": "Adversarial", "family": "adversarial", "reason": ""},
]
PAIRS = [{"name": "a", "title": "MNIST: large → small"}, {"name": "b", "title": "Fashion: large → small"}]


def methods(**traits):
    given = {"methods": ROWS, "chosen": "hint", "pairs": PAIRS, "pair": "a", "note": "MNIST: 2,000 examples."}
    return Methods(**(given | traits))


def radio(page, name):
    return page.get_by_role("radio", name=name, exact=True)


def test_methods_stand_under_their_families_and_one_is_chosen(mount):
    page = mount(methods())
    family = page.get_by_role("group", name="Features: what the layers compute")
    expect(radio(family, "Hints")).to_be_visible()
    assert page.locator("legend").count() == 4
    assert [radio(page, row["title"]).is_checked() for row in ROWS] == [False, True, False, False]


def test_the_keyboard_goes_from_method_to_method_and_over_what_cannot_be_chosen(mount):
    page = mount(methods())
    radio(page, "Hints").focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("() => [model.get('chosen'), model.log.length]") == ["adversarial", 1]
    page.keyboard.press("ArrowDown")
    assert page.evaluate("() => model.get('chosen')") == "soft_targets"
    expect(radio(page, "Soft targets")).to_be_checked()


def test_the_reason_why_a_method_cannot_be_chosen_is_a_hover_or_a_tab_away(mount):
    page = mount(methods())
    assert radio(page, "Flow of solution").is_disabled()
    tip = page.get_by_role("tooltip")
    expect(tip).to_be_hidden()
    page.get_by_role("button", name="Flow of solution").focus()
    expect(tip).to_have_text("It needs maps and there are none.")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    page.get_by_role("button", name="Flow of solution").hover()
    expect(tip).to_be_visible()


def test_while_a_run_is_under_way_nothing_can_be_chosen_and_it_says_why(mount):
    page = mount(methods(locked=True, locked_reason="A run is under way."))
    assert all(radio(page, row["title"]).is_disabled() for row in ROWS)
    assert page.get_by_label("Teacher → student").is_disabled()
    expect(page.get_by_role("status")).to_have_text("A run is under way.")
    page.evaluate("() => model.set('locked', false)")
    expect(radio(page, "Adversarial")).to_be_enabled()
    expect(page.get_by_role("status")).to_be_hidden()


def test_other_models_are_chosen_from_a_list_or_named_where_they_are_given(mount, remount):
    page = mount(methods())
    page.get_by_label("Teacher → student").select_option("b")
    assert page.evaluate("() => model.get('pair')") == "b"
    remount(page, methods(pairs=[], pair="", given="Mine → yours"))
    expect(page.get_by_label("Teacher → student")).to_be_hidden()
    expect(page.get_by_text("Mine → yours")).to_be_visible()


def test_the_list_is_a_select_where_there_is_little_room(mount):
    page = mount(methods(), width=360)
    select = page.get_by_label("Method", exact=True)
    expect(select).to_be_visible()
    expect(page.get_by_role("radio")).to_have_count(0)
    assert select.locator("option:disabled").all_inner_texts() == ["Flow of solution"]
    assert select.locator("optgroup").count() == 4
    select.select_option("adversarial")
    assert page.evaluate("() => [model.get('chosen'), model.log.length]") == ["adversarial", 1]
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.evaluate("() => model.set('locked', true)")
    expect(select).to_be_disabled()
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(select).to_be_hidden()
    expect(radio(page, "Adversarial")).to_be_checked()


def test_a_search_narrows_the_list_and_chooses_and_says_what_is_not_here(mount):
    away = {"name": "", "title": "Masked", "family": "elsewhere", "reason": "It is not here.", "acronyms": "MGD"}
    rows = [{**row, "acronyms": short} for row, short in zip(ROWS, ("KD", "FitNets", "FSP", "GAN-KD"), strict=True)]
    page = mount(methods(methods=[*rows, away]))
    assert page.get_by_role("radio").count() == 4
    search = page.get_by_role("searchbox", name="Search by name, acronym or author")
    search.fill("kd")
    expect(page.get_by_role("radio")).to_have_count(1)
    page.keyboard.press("Enter")
    assert page.evaluate("() => [model.get('chosen'), model.log.length]") == ["soft_targets", 1]
    search.fill("mgd")
    expect(page.get_by_role("status")).to_have_text("Masked: It is not here.")
    page.keyboard.press("Enter")
    assert page.evaluate("() => model.get('chosen')") == "soft_targets"
    search.fill("nobody")
    expect(page.get_by_role("status")).to_have_text("No method is called so.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("radio")).to_have_count(4)


def test_what_does_not_fit_is_refused():
    with pytest.raises(WrongTraitError, match=r"methods\[0\] must be a dict with name, title, family, reason"):
        Methods(methods=[{"name": "hint"}])
    with pytest.raises(WrongTraitError, match=r"methods\[0\]\['family'\] must be one of 'labels'"):
        Methods(methods=[{**ROWS[0], "family": "odd"}])
