"""What is kept is offered in a sentence with two buttons; the page says hello once, and a silence is told."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kdviz.widgets.kept import Kept
from kdviz.widgets.scene import Scene
from kdviz.widgets.soft_targets import SoftTargets
from kdviz.widgets.traits import WrongTraitError
from kdviz.widgets.transport import Transport

from .conftest import hold_the_clock

FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
ZONE = "Asia/Kathmandu"


def offer(name: str = "a", when: datetime | None = None, done: int = 1240) -> dict:
    when = when or datetime.now(ZoneInfo(ZONE)).replace(hour=12, minute=31)
    told = {"when": when.isoformat(), "title": "MNIST, 128 units", "steps_done": done, "total_steps": 1920}
    return {"id": name, "state": "running", **told}


def kept(*offers: dict, **scene: object) -> Kept:
    return Kept(offers=list(offers), scene=Scene(**scene))


def commands(page) -> list[dict]:
    return page.evaluate("() => model.log.filter((entry) => entry.sent).map((entry) => entry.sent)")


def test_a_run_is_offered_in_the_time_and_the_writing_of_its_reader(mount):
    page = mount(kept(offer()), locale="en-GB", timezone_id=ZONE)
    said = page.locator(".kd-kept-row p:visible").inner_text()
    assert said == "You have a saved run from today, 12:31: MNIST, 128 units, step 1,240 of 1,920."
    american = mount(kept(offer()), locale="en-US", timezone_id=ZONE)
    assert re.search(r"today, 12:31\sPM", american.locator(".kd-kept-row p:visible").inner_text())


@pytest.mark.parametrize(("days", "said"), [(1, "yesterday, 12:31"), (2, r"\d+ \w{3,4} \d{4}, 12:31")])
def test_an_earlier_day_is_named(mount, days, said):
    when = datetime.now(ZoneInfo(ZONE)).replace(hour=12, minute=31) - timedelta(days=days)
    page = mount(kept(offer(when=when, done=1920)), locale="en-GB", timezone_id=ZONE)
    words = page.locator(".kd-kept-row p:visible").inner_text()
    assert re.fullmatch(rf"You have a saved run from {said}: MNIST, 128 units, finished after 1,920 steps\.", words)


@pytest.mark.parametrize(
    "scene", [{"hidden": ["kept"]}, {"state": "running"}, {"runs": [{"id": "s"}], "state": "paused"}]
)
def test_nothing_is_drawn_where_it_has_no_place(mount, scene):
    assert not mount(kept(offer(), **scene)).locator("#view").is_visible()


def test_nothing_is_drawn_without_an_offer(mount):
    page = mount(kept())
    assert not page.locator("#view").is_visible()
    page.evaluate("(offers) => model.set('offers', offers)", [offer()])
    page.evaluate(FRAME)
    assert page.get_by_role("button", name="Resume").is_visible()


def test_a_run_is_taken_up_once(mount):
    page = mount(kept(offer()))
    take = page.get_by_role("button", name="Resume")
    take.click()
    page.locator("[data-command=take_up]").dispatch_event("click")
    page.get_by_role("button", name="Discard").dispatch_event("click")
    assert commands(page) == [{"command": "take_up", "kept": "a"}]
    assert page.get_by_role("button", name="Resuming …").get_attribute("aria-busy") == "true"
    page.evaluate("() => scene.set('state', 'loading')")
    page.evaluate(FRAME)
    assert page.get_by_role("button", name="Resuming …").is_visible()
    page.evaluate("() => { scene.set('runs', [{ id: 's' }]); scene.set('state', 'paused'); }")
    page.evaluate(FRAME)
    assert not page.locator("#view").is_visible()


def test_a_run_that_could_not_be_taken_up_is_offered_again(mount):
    page = mount(kept(offer()))
    page.get_by_role("button", name="Resume").click()
    page.evaluate("() => { scene.set('state', 'loading'); scene.set('state', 'failed'); }")
    page.evaluate(FRAME)
    assert page.get_by_role("button", name="Resume").get_attribute("aria-disabled") is None


def test_earlier_runs_are_one_click_away_and_forgetting_keeps_the_focus(mount):
    yesterday = datetime.now(ZoneInfo(ZONE)) - timedelta(days=1)
    page = mount(kept(offer("a"), offer("b", yesterday), offer("c", yesterday)))
    assert page.get_by_role("button").count() == 2
    page.get_by_text("2 earlier runs").click()
    assert page.get_by_role("button").count() == 6
    assert page.locator(".kd-primary").count() == 1
    page.get_by_role("button", name="Discard").first.press("Enter")
    assert commands(page) == [{"command": "forget", "kept": "a"}]
    page.evaluate("() => model.set('offers', model.get('offers').slice(1))")
    page.evaluate(FRAME)
    assert page.get_by_text("1 earlier run", exact=True).is_visible()
    assert page.evaluate("() => document.activeElement.dataset.kept") == "b"
    page.evaluate("() => model.set('discarded', 'a')")
    page.get_by_role("button", name="Undo").click()
    assert commands(page)[-1] == {"command": "restore", "kept": "a"}
    page.evaluate("() => { model.set('offers', []); }")
    page.evaluate(FRAME)
    assert page.get_by_text("Discarded.").is_visible(), "with nothing else on offer too"


@pytest.mark.parametrize(("voila", "again"), [(True, "reload the page"), (False, "run the cell again")])
def test_a_button_without_an_answer_says_what_to_do(mount, voila, again):
    page = mount(Transport(state="idle", status="Ready."), kept(offer()))
    hold_the_clock(page)
    if voila:
        page.evaluate("() => { document.body.dataset.voila = 'voila'; }")
    page.get_by_role("button", name="Train").click()
    page.get_by_role("button", name="Resume").click()
    page.clock.run_for(7000)
    assert page.locator(".kd-status").inner_text() == "Starting …"
    page.clock.run_for(1500)
    said = f"Python has not answered for 8 seconds. If the kernel has died, {again}: it offers the kept run."
    assert page.locator(".kd-status").inner_text() == said
    assert page.locator(".kd-kept-silence").inner_text() == said
    assert page.get_by_role("button", name="Train").get_attribute("aria-disabled") == "false"
    page.evaluate("() => { model.set('status', 'Here I am.'); models[1].set('offers', []); }")
    page.clock.run_for(100)
    assert page.locator(".kd-status").inner_text() == "Here I am."
    assert not page.locator(".kd-kept-silence").is_visible()


def test_an_answer_in_time_is_no_silence(mount):
    page = mount(Transport(state="idle", status="Ready."))
    hold_the_clock(page)
    page.get_by_role("button", name="Train").click()
    page.clock.run_for(5000)
    page.evaluate("() => { model.set('state', 'loading'); model.set('status', 'Asking.'); }")
    page.clock.run_for(20_000)
    assert page.locator(".kd-status").inner_text() == "Asking."


HELLO = "() => scene.log.filter((entry) => entry.sent?.hello).map((entry) => entry.sent.hello)"


def test_the_page_says_hello_once_and_by_no_name_where_nothing_can_be_kept(mount):
    scene = Scene()
    page = mount(Kept(scene=scene), SoftTargets(scene=scene))
    assert page.evaluate(HELLO) == [{"browser": "", "query": ""}]


def test_a_browser_keeps_the_name_it_made_up(page, mounted_at):
    first = mounted_at("http://127.0.0.1:1/?T=20", Kept(scene=Scene()))
    (hello,) = first.evaluate(HELLO)
    assert re.fullmatch(r"[0-9a-f]{32}", hello["browser"])
    assert hello["query"] == "", "a notebook's address is not the page's"
    again = mounted_at("http://127.0.0.1:1/?T=20", Kept(scene=Scene()), voila=True, opened=first)
    assert again.evaluate(HELLO) == [{"browser": hello["browser"], "query": "?T=20"}]
    again.evaluate("() => localStorage.setItem('kdviz-browser', '../../elsewhere')")
    mended = mounted_at("http://127.0.0.1:1/", Kept(scene=Scene()), opened=again)
    assert re.fullmatch(r"[0-9a-f]{32}", mended.evaluate(HELLO)[0]["browser"])


@pytest.fixture
def mounted_at(page):
    """Mount a widget at an address of its own, which is answered by the test."""
    from .conftest import MOUNT, PAGE, mounting

    def show(address: str, widget: Kept, *, voila: bool = False, opened=None):
        opened = opened or page()
        opened.route("**/*", lambda route: route.fulfill(content_type="text/html", body=PAGE))
        opened.goto(address)
        if voila:
            opened.evaluate("() => { document.body.dataset.voila = 'voila'; }")
        opened.evaluate(MOUNT, mounting(widget))
        return opened

    return show


def test_an_offer_without_its_fields_is_refused():
    with pytest.raises(WrongTraitError, match=r"offers\[0\] must be a dict with id, title, when"):
        Kept(offers=[{"id": "a"}])
