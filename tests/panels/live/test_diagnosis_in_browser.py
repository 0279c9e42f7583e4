"""Why did it (not) help?, in a real browser, served by the real server: ask, read, follow the link, stop."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from ...axe import serious

READY_MS = 90_000
TRAINED_MS = 240_000


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def test_a_run_that_was_not_helped_is_asked_why(serve, page):
    opened = page(f"{serve().url}?T=1&labels=300&units=16&epochs=60")  # long enough to stop its study
    expect(button(opened, "Train")).to_have_attribute("aria-disabled", "false", timeout=READY_MS)
    expect(button(opened, "Why did it (not) help?")).to_be_hidden()
    button(opened, "Train").click()
    expect(opened.locator(".kd-transport[data-state=finished]")).to_be_visible(timeout=TRAINED_MS)
    button(opened, "Why did it (not) help?").press("Enter")
    row = opened.locator(".kd-why-row").filter(has_text="The teacher is too sure")
    expect(row).to_be_visible(timeout=READY_MS)
    row.get_by_text("Evidence, and what to try").click()
    expect(row.get_by_label("Python to try")).to_contain_text("run.branch(0, temperature=4.0)")
    assert serious(opened) == []

    with opened.context.expect_page() as other:
        row.get_by_role("link", name="Open the Lab with these settings").click()
    there = other.value
    expect(button(there, "Train")).to_have_attribute("aria-disabled", "false", timeout=READY_MS)
    expect(there).to_have_url(re.compile("^(?!.*T=).*labels=300"))  # T = 4 is where the Lab begins
    expect(there.get_by_role("slider", name=re.compile("Temperature"))).to_have_attribute(
        "aria-valuetext", re.compile("4")
    )

    button(opened, "Look closer").click()
    expect(opened.get_by_role("progressbar", name="Looking")).to_be_visible()
    button(opened, "Stop looking").click()
    expect(button(opened, "Stop looking")).to_be_hidden(timeout=READY_MS)
    expect(row).to_be_visible()
