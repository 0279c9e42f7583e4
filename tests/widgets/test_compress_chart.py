"""Chart and table of the Compress page in a browser, without a server."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from kdviz import words
from kdviz.widgets import CompressChart, Scene

from .test_german import OVERFLOW, left_in_english

TEACHER = {"name": "MNIST", "errors": 68, "examples": 10_000, "bytes": 9_580_840, "gzipped": 5_690_000}
WAYS = ("distilled", "weights", "units", "rank", "integers", "several", "none")


def point(i, way, **more):
    numbers = {"errors": 90 * (i + 1), "examples": 10_000, "bytes": 10 ** (4 + i % 3), "gzipped": 9000 * 3**i}
    times = {"ms": 0.1, "ratio": 0.2 * (i + 1), "ratio_low": 0.1 * (i + 1), "ratio_high": 0.3 * (i + 1)}
    texts = {
        "name": f"way {way}",
        "note": "",
        "beside_twin": "",
        "code": f"made = {i}",
        "twin_code": "",
        "taught": i > 0,
    }
    return {"id": i + 1, "way": way, **numbers, **times, **texts, **more}


def chart():
    points = [point(i, way) for i, way in enumerate(WAYS)]
    points[1] |= {"twin_errors": 200, "low": -30.0, "high": 10.0, "twin_code": "twin = 1", "beside_twin": "20 fewer"}
    return CompressChart(scene=Scene(), teacher=TEACHER, points=points, csv="name\nx\n", sentences=["One sentence."])


def test_every_point_has_a_form_a_number_and_a_row(mount):
    page = mount(chart())
    plot = page.locator(".kd-compress-plot")
    expect(plot.locator(".kd-compress-point")).to_have_count(len(WAYS))
    assert plot.locator(".kd-compress-number").all_text_contents() == [str(i + 1) for i in range(len(WAYS))]
    expect(plot.locator(".kd-compress-twin")).to_have_count(1)
    rows = page.locator(".kd-compress-tbody .kd-compress-line")
    expect(rows).to_have_count(len(WAYS) + 1)
    expect(rows.nth(2)).to_contain_text(
        re.compile(r"way weights.*180.*98\.9\s%.*20 fewer.*100 kB.*27 kB.*0\.4 × \(0\.2 to 0\.6\)")
    )
    forms = {
        one.evaluate("(g) => g.querySelector('.kd-compress-mark').outerHTML")
        for one in plot.locator(".kd-compress-point").all()
    }
    assert len(forms) == len(WAYS)


def test_lower_errors_lie_lower_and_fewer_bytes_further_left(mount):
    page = mount(chart())
    boxes = [one.bounding_box() for one in page.locator(".kd-compress-plot .kd-compress-point").all()]
    assert [box["x"] for box in boxes] == sorted(box["x"] for box in boxes)
    assert [box["y"] for box in boxes] == sorted((box["y"] for box in boxes), reverse=True)
    page.get_by_role("radio", name="Time of one answer, teacher = 1").check()
    expect(page.locator(".kd-compress-plot")).to_contain_text("Time of one answer")
    expect(page.locator(".kd-compress-key")).to_contain_text("more bytes after gzip")
    assert page.evaluate("() => model.get('across')") == "ratio"


def test_a_number_opens_the_programs_and_a_cross_asks_to_remove(mount):
    page = mount(chart())
    read = page.get_by_role("button", name="Read point 2")
    read.press("Enter")
    expect(read).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".kd-compress-code").first).to_have_text("made = 1")
    expect(page.get_by_text("Its twin’s program")).to_be_visible()
    page.locator(".kd-compress-plot .kd-compress-point").nth(0).click()
    expect(page.locator(".kd-compress-code").first).to_have_text("made = 0")
    expect(page.get_by_text("Its twin’s program")).to_be_hidden()
    page.get_by_role("button", name="Remove point 3").click()
    page.get_by_role("button", name="Remove all").click()
    sent = page.evaluate("() => model.log.filter((one) => one.sent).map((one) => one.sent)")
    assert sent == [{"command": "remove", "id": 3}, {"command": "clear"}]
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the table (CSV)").click()
    assert saved.value.suggested_filename == "compress.csv"


def test_errors_are_those_on_validation_data_until_the_test_set_is_opened(mount):
    made = chart()
    page = mount(made)
    head = page.locator(".kd-compress-top")
    expect(head).to_contain_text("validation errors")
    expect(page.get_by_role("radio", name="Test", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Open the test set").click()
    page.evaluate("() => { model.set('opened', true); model.set('errors_on', 'test'); }")
    expect(head).to_contain_text("test errors")
    expect(page.locator(".kd-compress-plot")).to_have_attribute("aria-label", re.compile("^Test errors against"))
    expect(page.get_by_role("button", name="Open the test set")).to_be_hidden()
    page.get_by_role("radio", name="Validation").check()
    sent = page.evaluate("() => model.log.filter((one) => one.sent).map((one) => one.sent)")
    assert sent == [{"command": "open"}, {"command": "count_on", "part": "validation"}]


def test_before_there_is_a_point_the_marks_to_come_are_named_and_no_axes_drawn(mount):
    made = chart()
    made.points = []
    page = mount(made, width=400)
    expect(page.get_by_text("No point yet.")).to_be_visible()
    expect(page.locator(".kd-compress-to-come .kd-compress-entry")).to_have_count(len(WAYS) - 1)
    expect(page.locator(".kd-compress-plot")).to_have_count(0)
    expect(page.locator(".kd-compress-of-teacher")).to_contain_text("68")


@pytest.mark.parametrize("width", [400, 1280])
def test_it_is_german_and_fits(mount, monkeypatch, width):
    monkeypatch.setattr(words, "_chosen", ["de"])
    made = chart()  # with names that Python made in German
    texts = {"name": "Netz", "beside_twin": "", "code": "x", "twin_code": "x"}
    made.points = [{**one, **texts} for one in made.points]
    made.sentences = []
    page = mount(made, width=width)
    page.get_by_role("button", name="Punkt 2 lesen").click()
    expect(page.get_by_text("Programm des Zwillings")).to_be_visible()
    assert left_in_english(page) == []
    assert page.evaluate(OVERFLOW) <= 0
