"""The setup of the Compress page in a browser, without a server."""

from __future__ import annotations

from playwright.sync_api import expect

from kdviz.panels.compress.choices import CompressChoices
from kdviz.panels.compress.fields import fields
from kdviz.widgets import CompressSetup, Scene

SENT = "() => model.log.filter((one) => one.sent).map((one) => Object.values(one.sent).join(' '))"


def test_sliders_follow_the_keys_and_ask_once_at_their_end(mount):
    page = mount(
        CompressSetup(scene=Scene(), state="idle", fields=fields(CompressChoices(units=0.5, integers="rounded")))
    )
    expect(page.get_by_role("slider", name="Bits of a weight")).to_be_visible()
    units = page.get_by_role("slider", name="Take whole units away")
    expect(units).to_have_attribute("aria-valuetext", "50\u202f%")
    units.press("ArrowRight")
    units.press("ArrowRight")
    expect(units).to_have_attribute("aria-valuetext", "70\u202f%")
    units.blur()
    assert page.evaluate(SENT) == ["choose units 0.7"]
    page.get_by_label("Integers").select_option("static")
    assert page.evaluate(SENT)[-1] == "choose integers static"


def test_buttons_can_be_pressed_when_they_do_something(mount):
    page = mount(CompressSetup(scene=Scene(), state="idle", fields=fields(CompressChoices()), status="Ready."))
    add, stop = (page.get_by_role("button", name=name, exact=True) for name in ("Add this point", "Stop"))
    expect(stop).to_have_attribute("aria-disabled", "true")
    add.click()
    expect(add).to_have_attribute("aria-busy", "true")
    page.evaluate("() => { model.set('state', 'running'); model.set('share', 0.4); model.set('seconds_left', 12); }")
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuetext", "12 s left")
    expect(add).to_have_attribute("aria-disabled", "true")
    add.dispatch_event("click")  # it says that it cannot be pressed, and cannot
    stop.click()
    assert page.evaluate(SENT) == ["add", "stop"]
