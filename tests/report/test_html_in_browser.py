"""The report's file in Chromium, from the disk and with the network blocked: linked examples, both themes, widths."""

from __future__ import annotations

import pytest
import torch
from playwright.sync_api import expect

import kdviz as kd

NASTY = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def report():
    data = kd.data.mnist()
    part = data.test.take(slice(0, 600))
    student = kd.models.mlp((8,))
    run = kd.Distillation(kd.models.pretrained("mnist-mlp-1200"), student, data.with_labels(500), seed=0)
    run.train(epochs=4)
    report = kd.compare(run.teacher.module, student, part, classes=[*data.classes[:9], NASTY])
    report.saliency("gradient", count=40)
    return report


@pytest.fixture(scope="module")
def file(report, tmp_path_factory):
    return report.to_html(tmp_path_factory.mktemp("report") / "report.html")


def open_file(page, file, **options):
    opened = page(offline=True, **options)
    opened.goto(file.as_uri())
    return opened


def test_a_cell_chooses_the_examples_and_an_example_all_its_views(page, file, report, watch):
    opened = open_file(page, file)
    cells = report.cells()
    for name, members in cells.items():
        button = opened.locator(f"[data-cell={name}]")
        assert button.locator("b").inner_text() == f"{len(members):,}"
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(opened.locator("#strip button")).to_have_count(min(36, len(members)))
    opened.locator("[data-cell=errors_new]").click()
    second = opened.locator("#strip button").nth(1)
    second.click()
    said = opened.locator("#said").inner_text()
    example = int(said.split(":")[0].removeprefix("Example ").replace(",", "")) - 1
    assert example in cells["errors_new"]
    y = int(report.examples.y[example])
    assert f"its class is {report.classes[y]}; the teacher says {report.classes[y]}," in said
    assert opened.locator("#one canvas").count() == 4, "the example, two maps and their difference"
    shown = [float(p) for p in opened.locator(".bars .p").all_inner_texts()]
    expected = torch.softmax(report.logits["teacher"][example].double(), 0).tolist()
    assert shown[::2] == pytest.approx(expected, abs=6e-4)
    assert opened.get_by_text("orange supports it, blue opposes it").is_visible()
    assert not [url for url in watch.requests if url.startswith("http")]


def test_figures_are_drawn_in_the_colours_of_the_theme(page, file, report):
    for dark, ink in ((False, "rgb(31, 35, 40)"), (True, "rgb(236, 238, 240)")):
        opened = open_file(page, file, dark=dark)
        expect(opened.locator(".plot .main-svg").first).to_be_attached()
        assert opened.locator(".js-plotly-plot").count() == len(report.figures())
        fill = "() => getComputedStyle(document.querySelector('.plot .xtick text')).fill"
        assert opened.evaluate(fill) == ink


@pytest.mark.parametrize("width", [360, 768, 1280, 1920])
def test_the_file_fits_its_width(page, file, width):
    opened = open_file(page, file, width=width)
    expect(opened.locator(".plot .main-svg").first).to_be_attached()
    assert opened.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_a_class_name_cannot_run_code(page, file):
    opened = open_file(page, file)
    opened.on("dialog", lambda dialog: pytest.fail("a class name ran as code"))
    expect(opened.locator("#one .bars")).to_be_visible()
    assert NASTY in opened.locator("#one .bars").inner_text()
    assert opened.locator("img").count() == 0


@pytest.fixture(scope="module")
def bias_report():
    part = kd.data.adult().test.take(slice(0, 1500))
    teacher, student = kd.models.pretrained("adult-mlp"), kd.models.mlp((8,), inputs=91, classes=2)
    groups = {NASTY: part.groups["sex"], "race": part.groups["race"]}
    return kd.compare(teacher, student, part, groups=groups, classes=["at most 50K", "more than 50K"])


@pytest.mark.parametrize(("width", "dark"), [(400, True), (1280, False)])
def test_the_bias_section_draws_its_figures_and_its_tables_scroll_inside(page, bias_report, tmp_path, width, dark):
    opened = open_file(page, bias_report.to_html(tmp_path / "report.html"), width=width, dark=dark)
    section = opened.locator("section").filter(has=opened.get_by_role("heading", name="Bias: whom do they fail?"))
    expect(section.locator(".plot .main-svg").first).to_be_attached()
    assert section.get_by_text("The positive class is “more than 50K”").is_visible()
    said = [s for s in bias_report.sentences("bias") if " & " not in s.split(",")[0]]
    assert said and all(section.get_by_text(s, exact=True).is_visible() for s in said)
    shown = section.locator("table", has_text="true-positive rate").first.locator("tbody tr").first.inner_text()
    first = bias_report.bias.of("teacher", NASTY).groups[0]
    assert shown.split("\t")[:3] == [first.name, f"{first.n:,}", "teacher"] and f"{first.accuracy.value:.3f} (" in shown
    pair = section.locator("details").last
    pair.locator("summary").click()
    expect(pair.locator(".main-svg").first).to_be_visible()
    fits = "(node) => node.querySelector('.main-svg').getBoundingClientRect().width <= node.clientWidth"
    opened.wait_for_function(f"() => [...document.querySelectorAll('details[open] .plot')].every({fits})")
    section.locator("details").first.locator("summary").click()
    assert section.locator("details").first.get_by_text("demographic parity").first.is_visible()
    assert opened.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert opened.locator("img").count() == 0
