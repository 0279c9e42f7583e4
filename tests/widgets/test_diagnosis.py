"""Why did it (not) help?, in a browser: asked, stopped, read, copied, followed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from kdviz.widgets.diagnosis import DiagnosisView
from kdviz.widgets.scene import Scene

from .conftest import MOUNT, PAGE, mounting

SURE = {
    "name": "teacher_too_sure",
    "title": "The teacher is too sure",
    "severity": "cause",
    "confidence": "certain",
    "sentence": "The teacher is so sure of the examples it teaches that little is left to say at T = 1.",
    "evidence": [["temperature", "1"], ["bits", "0.007"]],
    "code": "better = run.branch(0, temperature=4.0)\nbetter.train()",
    "query": "?T=4&labels=300",
    "call": "kd.panels.Lab(labels=300)",
}
HEADLINE = "On 5,000 validation examples the student makes 349 errors and its twin 347."


def view(scene=None, **traits) -> DiagnosisView:
    return DiagnosisView(scene=Scene(**(scene or {})), **traits)


def done(**traits) -> DiagnosisView:
    return view(stage="done", headline=HEADLINE, findings=[SURE], **traits)


def sent(page):
    return page.evaluate("() => model.log.filter((entry) => entry.sent).map((entry) => entry.sent)")


def test_before_a_run_has_ended_nothing_is_drawn(mount):
    assert not mount(view()).locator("#view").is_visible()


def test_the_button_asks(mount):
    page = mount(view(stage="ready"))
    assert page.locator("#view").inner_text() == "Why did it (not) help?"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert sent(page) == [{"command": "diagnose", "closer": False}]


def test_a_look_shows_how_far_it_is_and_can_be_stopped(mount):
    page = mount(view(stage="looking", status="Looking closer.", share=0.4))
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "40")
    expect(page.get_by_text("Looking closer.").first).to_be_visible()
    page.get_by_role("button", name="Stop looking").click()
    assert sent(page) == [{"command": "stop_diagnosis"}]
    page.evaluate("() => model.set('share', null)")
    expect(page.get_by_role("progressbar")).not_to_have_attribute("aria-valuenow", "40")


def test_findings_are_read_at_a_glance_and_fold_out(mount):
    page = mount(done(notes=["The test set was not opened."], closer="Trains short runs."))
    expect(page.get_by_text(HEADLINE).first).to_be_visible()
    row = page.get_by_role("listitem").filter(has_text="The teacher is too sure")
    expect(row.get_by_text("certain")).to_be_visible()
    expect(page.get_by_text("0.007")).to_be_hidden()
    row.get_by_text("Evidence, and what to try").click()
    expect(page.get_by_text("0.007")).to_be_visible()
    expect(page.get_by_label("Python to try").first).to_have_text(SURE["code"])
    page.get_by_text("About this diagnosis (1)").click()
    expect(page.get_by_text("The test set was not opened.")).to_be_visible()
    page.get_by_role("button", name="Look closer").click()
    assert sent(page)[-1] == {"command": "diagnose", "closer": True}


def test_a_clean_bill(mount):
    page = mount(view(stage="done", headline=HEADLINE, clean="Nothing was found that stands in its way."))
    expect(page.get_by_role("listitem")).to_have_text("Nothing was found that stands in its way.")


def test_the_link_opens_the_lab_so_and_a_notebook_shows_the_call(page):
    address = "http://127.0.0.1:9/voila/render/lab.ipynb"
    for host, count in (("voila", 1), ("", 0)):
        opened = page()
        opened.route(f"{address}**", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        opened.goto(f"{address}?token=secret")
        opened.evaluate("(host) => { if (host) document.body.dataset.voila = host; }", host)
        opened.evaluate(MOUNT, mounting(done()))
        opened.get_by_text("Evidence, and what to try").click()
        link = opened.get_by_role("link", name="Open the Lab with these settings")
        assert link.count() == count
        if count:
            assert link.evaluate("(a) => a.href") == f"{address}?T=4&labels=300"
            assert link.get_attribute("rel") == "noopener"
        else:
            expect(opened.get_by_text("kd.panels.Lab(labels=300)")).to_be_visible()


def test_what_comes_from_a_model_is_text_and_never_markup(mount):
    nasty = {**SURE, "sentence": "<img src=x onerror=alert(1)>", "code": "<b>x</b>", "evidence": [["<i>", "<u>"]]}
    page = mount(view(stage="done", headline="<h1>", findings=[nasty]))
    assert page.locator("#view img, #view b, #view i, #view u, #view h1").count() == 0


def test_a_failure_is_said(mount):
    page = mount(view(stage="failed", status="This cannot be looked at."))
    expect(page.get_by_text("This cannot be looked at.").first).to_be_visible()
    expect(page.get_by_role("button", name="Why did it (not) help?")).to_be_visible()


@pytest.mark.parametrize("scene", [{"hidden": ["diagnosis"]}, {"locked": ["diagnosis"]}])
def test_a_lecturer_hides_it(mount, scene):
    assert not mount(view(scene, stage="ready")).locator("#view").is_visible()


def test_a_file_without_python_keeps_what_was_found_and_has_no_button(mount):
    page = mount(view({"locked": ["diagnosis"]}, stage="done", headline=HEADLINE, findings=[SURE], closer="Trains."))
    expect(page.get_by_text(HEADLINE).first).to_be_visible()
    assert page.get_by_role("button").filter(visible=True).count() == 0


@pytest.mark.parametrize("width", [360, 400, 1280])
def test_nothing_is_wider_than_the_page(mount, width):
    page = mount(done(), width=width)
    page.get_by_text("Evidence, and what to try").click()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_a_row_that_lacks_a_field_is_refused():
    with pytest.raises(ValueError, match="without 'title'"):
        DiagnosisView(findings=[{"name": "x"}])
    with pytest.raises(ValueError, match="stage must be one of"):
        DiagnosisView(stage="thinking")
