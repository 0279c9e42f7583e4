"""The list of schemes: families, finding by name and acronym, options, what is locked."""

import pytest
from playwright.sync_api import expect

from kdviz.widgets import Schemes
from kdviz.widgets.traits import WrongTraitError

ROWS = [
    {"name": "a", "title": "Deep mutual learning", "family": "online", "acronym": "DML", "found_by": "DML Zhang"},
    {"name": "b", "title": "Born-again networks", "family": "self", "acronym": "BAN", "found_by": "BAN Furlanello"},
    {"name": "c", "title": "Snapshots", "family": "self", "acronym": "", "found_by": "Yang"},
]
OPTION = {"name": "peers", "title": "Networks", "chosen": "3", "values": [{"value": v, "text": v} for v in "234"]}


def schemes(**traits):
    return Schemes(**({"schemes": ROWS, "chosen": "a", "options": [OPTION], "note": "MNIST."} | traits))


def radio(page, name):
    return page.get_by_role("radio", name=name)


def test_a_scheme_is_found_by_its_acronym_and_chosen_by_enter(mount):
    page = mount(schemes())
    assert page.locator("legend").all_inner_texts() == ["Together, at the same time", "From itself"]
    find = page.get_by_role("searchbox", name="Find")
    find.fill("ban")
    expect(page.get_by_role("radio")).to_have_count(1)
    expect(page.locator(".kd-schemes-count")).to_have_text("1 scheme found")
    find.press("Enter")
    expect(radio(page, "Born-again networks")).to_be_checked()
    assert page.evaluate("() => model.get('chosen')") == "b"
    find.fill("none such")
    expect(page.locator(".kd-schemes-count")).to_have_text("0 schemes found")
    find.press("Enter")
    assert page.evaluate("() => model.get('chosen')") == "b", "nothing found, nothing chosen"


def test_an_option_is_sent_and_shown_once_python_has_it(mount):
    page = mount(schemes())
    page.get_by_role("combobox", name="Networks").select_option("4")
    assert page.evaluate("() => model.log.at(-1)") == {"sent": {"command": "option", "name": "peers", "value": "4"}}
    page.evaluate("(o) => { model.set('options', [{ ...o, chosen: '2' }]); }", OPTION)
    expect(page.get_by_role("combobox", name="Networks")).to_have_value("2")


def test_while_a_run_is_under_way_nothing_can_be_chosen_and_a_narrow_list_is_a_select(mount):
    page = mount(schemes(locked=True, locked_reason="A run is under way."), width=360)
    expect(page.get_by_role("combobox", name="Scheme")).to_be_disabled()
    expect(page.get_by_role("combobox", name="Networks")).to_be_disabled()
    expect(page.get_by_text("A run is under way.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_rows_that_cannot_be_are_refused():
    with pytest.raises(
        WrongTraitError, match=r"schemes\[0\] must be a dict with name, title, family, acronym, found_by"
    ):
        Schemes(schemes=[{"name": "a"}])
    with pytest.raises(WrongTraitError, match=r"schemes\[0\]\['family'\] must be one of 'online'"):
        Schemes(schemes=[{**ROWS[0], "family": "odd"}])
