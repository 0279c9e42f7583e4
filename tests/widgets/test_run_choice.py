"""Which run is shown is chosen from a row, or a select where there are many; training keeps the page at its round."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from kdviz.widgets.run_choice import RunChoice
from kdviz.widgets.traits import WrongTraitError


def rows(count: int) -> list[dict]:
    return [{"id": f"run-{n}", "name": f"Generation {n}", "round": n} for n in range(1, count + 1)]


def test_few_are_a_row_many_a_select_and_while_training_those_of_other_rounds_wait(mount):
    peer = {"id": "run-2/peer-1", "name": "Peer 1", "round": 2}
    page = mount(RunChoice(runs=[*rows(2), peer], chosen="run-2", note="Generation 2 is taught by Generation 1."))
    expect(page.get_by_role("radio", name="Generation 2")).to_be_checked()
    page.get_by_role("radio", name="Generation 1").focus()
    page.keyboard.press("Space")
    sent = "() => model.log.filter((entry) => entry.sent).map((entry) => entry.sent)"
    assert page.evaluate(sent) == [{"command": "show", "run": "run-1"}]
    page.evaluate("() => model.set('locked', true)")
    expect(page.get_by_role("radio", name="Generation 1")).to_be_disabled()
    expect(page.get_by_role("radio", name="Peer 1")).to_be_enabled()
    expect(page.get_by_text("The other runs can be shown once training rests.")).to_be_visible()
    page.evaluate("(runs) => model.set('runs', runs)", rows(8))
    select = page.get_by_role("combobox", name="Run shown")
    expect(select).to_have_value("run-2")
    expect(select.get_by_role("option", disabled=True)).to_have_count(7)
    page.evaluate("(runs) => model.set('runs', runs)", rows(1))
    expect(page.locator(".kd-run-choice")).to_be_hidden()
    with pytest.raises(WrongTraitError, match="round"):
        RunChoice(runs=[{"id": "a", "name": "b"}])
