"""Share: the link and what a lecturer puts into it, the program, the way back to the start."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from kdviz.panels.lab.link import from_query
from kdviz.widgets.scene import Scene
from kdviz.widgets.share import CONTROLS, PARTS, Share

from .conftest import MOUNT, PAGE, mounting

ADDRESS = "http://127.0.0.1:9/voila/render/lab.ipynb"


def share(scene=None, **traits) -> Share:
    given = {"query": "?labels=300&T=20", "call": "kd.panels.Lab(labels=300, temperature=20.0)"}
    return Share(**(given | {"scene": Scene(**({"temperature": 20.0} | (scene or {})))} | traits))


@pytest.fixture
def served(page):
    """``served(widget)`` shows it in a page that has an address, as Voila's pages have."""

    def show(widget: Share, *, host: str = "voila", **options):
        opened = page(**options)
        opened.route(f"{ADDRESS}**", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        opened.goto(f"{ADDRESS}?token=secret")
        opened.evaluate("(host) => { if (host) document.body.dataset.voila = host; }", host)
        opened.evaluate(MOUNT, mounting(widget))
        return opened

    return show


def link_of(page) -> str:
    return page.get_by_label("Link to this page").input_value()


def sent(page):
    return page.evaluate("() => model.log.filter((entry) => entry.sent).map((entry) => entry.sent)")


def open_students(page):
    page.get_by_role("button", name="Link", exact=True).click()
    page.get_by_text("What students see").click()


def test_it_is_one_line_until_something_is_opened(mount):
    page = mount(share(code="run.train()"))
    assert page.locator("#view").inner_text().split("\n") == ["Link", "Code", "Reset the page"]
    button = page.get_by_role("button", name="Code")
    assert button.get_attribute("aria-expanded") == "false"
    button.press("Enter")
    expect(page.get_by_label("Python program")).to_have_text("run.train()")
    assert button.get_attribute("aria-expanded") == "true"
    assert page.locator(f"#{button.get_attribute('aria-controls')}").is_visible()
    button.press("Enter")
    expect(page.get_by_label("Python program")).to_be_hidden()


def test_the_link_is_this_page_with_the_state_and_without_its_secrets(served):
    page = served(share())
    page.get_by_role("button", name="Link", exact=True).click()
    assert link_of(page) == f"{ADDRESS}?labels=300&T=20"
    page.evaluate("() => model.set('query', '?T=8')")
    expect(page.get_by_label("Link to this page")).to_have_value(f"{ADDRESS}?T=8")


def test_in_a_notebook_it_is_the_call_that_opens_the_page(served):
    page = served(share(), host="")
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.get_by_label("This page in a notebook")).to_have_value("kd.panels.Lab(labels=300, temperature=20.0)")


def test_what_a_lecturer_chooses_goes_into_the_link_and_nowhere_else(served):
    page = served(share())
    before = page.evaluate("() => JSON.stringify([model.state, scene.state])")
    open_students(page)
    page.get_by_role("group", name="Hide").get_by_label("Setup").check()
    page.get_by_role("group", name="Hide").get_by_label("List of runs").check()
    page.get_by_role("group", name="Lock").get_by_label("α").check()
    page.get_by_label("Highest T").fill("30")
    expected = f"{ADDRESS}?labels=300&T=20&hide=setup,runs&lock=alpha&T_range=0.5,30"
    expect(page.get_by_label("Link to this page")).to_have_value(expected)
    state = from_query(f"?{urlsplit(link_of(page)).query}")
    assert (state["hidden"], state["locked"]) == (["setup", "runs"], ["alpha"])
    assert (state["temperature_range"], state["temperature"]) == ([0.5, 30.0], 20.0)
    assert page.evaluate("() => JSON.stringify([model.state, scene.state])") == before
    log = page.evaluate("() => [...model.log, ...scene.log]")
    assert [entry for entry in log if "hello" not in entry.get("sent", {})] == []


def test_an_address_of_this_computer_alone_is_said_to_be_one(served):
    page = served(share())
    page.get_by_role("button", name="Link", exact=True).click()
    warning = page.get_by_text("Only this computer can open this address.").locator("..")
    expect(warning).to_contain_text("kdviz serve --ip 0.0.0.0 --anyone")


def test_where_others_reach_the_server_the_link_has_the_address_that_they_can_open(page):
    opened = page()
    opened.route(f"{ADDRESS}**", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    opened.goto(ADDRESS)
    opened.evaluate("() => Object.assign(document.body.dataset, { voila: 'voila', kdHost: '192.0.2.7' })")
    opened.evaluate(MOUNT, mounting(share()))
    opened.get_by_role("button", name="Link", exact=True).click()
    assert link_of(opened) == "http://192.0.2.7:9/voila/render/lab.ipynb?labels=300&T=20"
    expect(opened.get_by_text("Only this computer")).to_have_count(0)
    expect(opened.get_by_text("Computers on your network can open it.")).to_be_visible()


def test_a_preview_shows_what_students_see_until_back(served):
    page = served(share())
    open_students(page)
    page.get_by_role("group", name="Hide").get_by_label("Link and code").check()
    page.get_by_label("Presentation").check()
    assert link_of(page) == f"{ADDRESS}?labels=300&T=20&hide=share&present"
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("region", name="Preview")).to_contain_text("This is what students see.")
    expect(page.locator("#view")).to_be_hidden()
    assert page.evaluate("() => document.documentElement.hasAttribute('data-kd-present')")
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("button", name="Preview")).to_be_focused()
    assert page.evaluate(
        "() => [scene.get('hidden').length, document.documentElement.hasAttribute('data-kd-present')]"
    ) == [0, False]
    assert page.evaluate("() => [...model.log, ...scene.log].filter((entry) => entry.saved).length") == 0


def test_a_page_without_runs_offers_its_link_alone(served):
    page = served(share(offers=["link"], names={"hide": {"share": "Link"}, "lock": {}}, bounds=False))
    assert page.locator("#view").inner_text().split("\n") == ["Link"]
    open_students(page)
    expect(page.get_by_role("group", name="Hide")).to_be_visible()
    for absent in ("Lock", "Bounds of T"):
        expect(page.get_by_role("group", name=absent)).to_have_count(0)


def test_every_name_offered_is_one_that_a_link_takes(served):
    page = served(share())
    open_students(page)
    for group in ("Hide", "Lock"):
        for box in page.get_by_role("group", name=group).get_by_role("checkbox").all():
            box.check()
    state = from_query(f"?{urlsplit(link_of(page)).query}")
    assert (state["hidden"], state["locked"]) == (list(PARTS), list(CONTROLS))


def test_a_temperature_beyond_the_bounds_is_moved_to_the_nearest(served):
    page = served(share())
    open_students(page)
    page.get_by_label("Highest T").fill("10")
    assert link_of(page) == f"{ADDRESS}?labels=300&T=10&T_range=0.5,10"
    page.get_by_label("Lowest T").fill("12")
    expect(page.get_by_text("the smaller first")).to_be_visible()
    assert page.get_by_label("Lowest T").get_attribute("aria-invalid") == "true"
    assert link_of(page) == f"{ADDRESS}?labels=300&T=20"  # bounds that cannot be are left out


def test_the_call_of_a_notebook_takes_a_lecturers_wishes_too(mount):
    page = mount(share())
    open_students(page)
    page.get_by_role("group", name="Hide").get_by_label("Setup").check()
    page.get_by_label("Highest T").fill("10")
    call = page.get_by_label("This page in a notebook").input_value()
    assert call == 'kd.panels.Lab(labels=300, temperature=10, hidden=["setup"], temperature_range=[0.5, 10])'


def test_a_page_that_was_opened_by_a_lecturers_link_begins_with_its_wishes_and_says_each_once(served):
    scene = {"hidden": ["setup"], "locked": ["alpha"], "temperature_range": [1, 30]}
    page = served(share(scene, query="?T=20&hide=setup&lock=alpha&T_range=1,30"))
    open_students(page)
    assert link_of(page) == f"{ADDRESS}?T=20&hide=setup&lock=alpha&T_range=1,30"
    page.get_by_role("group", name="Hide").get_by_label("Setup").uncheck()
    assert link_of(page) == f"{ADDRESS}?T=20&lock=alpha&T_range=1,30"


def test_copy_puts_the_text_on_the_clipboard(served):
    page = served(share(), permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Link", exact=True).click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()") == link_of(page)


@pytest.mark.parametrize("what", ["Link", "Code"])
def test_where_the_clipboard_is_closed_the_text_is_selected(mount, what):
    page = mount(share(code="import kdviz as kd"))
    page.evaluate("() => Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.get_by_role("button", name=what, exact=True).click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Selected: press Ctrl+C")).to_be_visible()
    text = "kd.panels.Lab(labels=300, temperature=20.0)" if what == "Link" else "import kdviz as kd"
    assert page.evaluate("() => getSelection().toString()") == text


def test_without_a_run_there_is_no_program_but_a_sentence(mount):
    page = mount(share())
    page.get_by_role("button", name="Code").click()
    expect(page.get_by_text("Pause or finish a run to get its code.")).to_be_visible()
    assert page.get_by_role("button", name="Copy").count() == 0
    page.evaluate("() => model.set('code', 'run.train()')")
    expect(page.get_by_label("Python program")).to_have_text("run.train()")


def test_back_to_the_links_settings_is_a_command(mount):
    page = mount(share())
    page.get_by_role("button", name="Reset the page").click()
    assert sent(page) == [{"command": "opening"}]


def test_a_note_is_shown_as_text_even_where_all_else_is_hidden(mount):
    page = mount(share({"hidden": ["share"]}))
    assert page.locator("#view").is_hidden()
    page.evaluate("() => model.set('note', 'T must be a number, got \\'<img src=x>\\'.')")
    expect(page.get_by_role("status").filter(has_text="<img src=x>")).to_be_visible()
    assert page.get_by_role("button", name="Link", exact=True).count() == 0 and page.locator("img").count() == 0


def test_code_can_be_hidden_alone(mount):
    page = mount(share({"hidden": ["code"]}, code="run.train()"))
    assert page.locator("#view").inner_text().split("\n") == ["Link", "Reset the page"]


def test_the_program_scrolls_in_itself(mount):
    page = mount(share(code="x = 1  # " + "long " * 100 + "\n" * 100), width=360)
    page.get_by_role("button", name="Code").click()
    open_students(page)
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.get_by_label("Python program").bounding_box()["height"] < 500
    page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0


def test_every_control_has_a_name_and_room_for_a_finger(served):
    page = served(share(code="run.train()"))
    page.get_by_role("button", name="Code").click()
    open_students(page)
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, input:not([type=checkbox]), summary, label.kd-check")]
        .filter((n) => n.offsetParent && n.getBoundingClientRect().height < 32).map((n) => n.outerHTML)"""
    )
    assert json.dumps(small) == "[]"
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("button, input, pre")].filter((n) => !(n.getAttribute("aria-label")
        || n.textContent.trim() || n.labels?.[0]?.textContent.trim())).map((n) => n.outerHTML)"""
    )
    assert unnamed == []


def test_a_view_that_ends_leaves_no_listener(mount):
    page = mount(share())
    assert page.evaluate("() => Object.values(model.listeners).flat().length") > 0
    page.evaluate("() => end()")
    assert page.evaluate("() => Object.values(model.listeners).flat().length") == 0
