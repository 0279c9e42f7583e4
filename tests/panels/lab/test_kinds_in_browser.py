"""Students of other kinds on the page: chosen, estimated, trained, stopped, looked into, kept and taken up again."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from kdviz.models.kinds import KINDS

from ..conftest import choose_view

READY_MS, TRAINED_MS = 90_000, 240_000
LINK = "voila/render/dashboards/lab.ipynb?kind=convnet&teacher=mnist-mlp-1200&labels=100&units=2&epochs=80&smoothing=0"


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def test_a_convnet_and_a_transformer_with_a_distillation_token_from_choice_to_end(serve, page):
    lab = page(f"{serve().base}{LINK}")
    expect(button(lab, "Train")).to_have_attribute("aria-disabled", "false", timeout=READY_MS)
    lab.locator(".kd-setup-fold > summary").click()
    kind, estimate = lab.get_by_label("Kind of student"), lab.get_by_text(re.compile("takes about"))
    expect(kind).to_have_value("convnet")
    expect(lab.get_by_role("group", name="Convolutions")).to_be_visible()
    expect(estimate).to_be_visible(timeout=READY_MS)
    before = estimate.inner_text()
    lab.get_by_role("group", name="Convolutions").get_by_role("radio", name="11").check()
    expect(estimate).not_to_have_text(before, timeout=READY_MS)
    expect(lab.locator(".kd-size-text-student").first).to_have_text("student 2,256")  # parameters

    kind.select_option("deit")  # epochs, labels and teacher are the reader's own and stay
    expect(lab.get_by_text(re.compile("class token learns from the labels"))).to_be_visible()
    expect(lab.locator(".kd-setup-chosen")).to_have_text(re.compile(r"DeiT.*width 32, depth 2 .* 80 epochs"))
    lab.get_by_role("slider", name="Student, numbers in a token").press("Home")
    lab.get_by_role("group", name="Blocks").get_by_role("radio", name="1", exact=True).check()
    lab.locator(".kd-setup-fields .kd-more > summary").click()
    lab.get_by_label("Course of T", exact=True).select_option("falling")
    lab.get_by_label("Optimizer").select_option("adamw")
    expect(lab.get_by_text("A T that is moved while the student learns stays where it is put.")).to_be_visible()

    button(lab, "Train").click()
    progress = lab.get_by_role("progressbar")
    expect(lab.locator(".kd-transport[data-state=running]")).to_be_visible(timeout=TRAINED_MS)
    expect(progress).not_to_have_attribute("aria-valuenow", "0", timeout=READY_MS)
    button(lab, "Stop").click()
    expect(lab.locator(".kd-status")).to_have_text(re.compile("what was learned is kept"), timeout=READY_MS)
    at = int(progress.get_attribute("aria-valuenow") or 0)
    assert 0 < at < 80
    choose_view(lab, "Attention")
    expect(lab.get_by_text("The teacher has no attention heads.")).to_be_visible(timeout=READY_MS)
    expect(lab.locator(".kd-attention canvas").first).to_be_visible(timeout=READY_MS)

    lab.goto("about:blank")
    lab.goto(f"{serve().base}voila/render/dashboards/lab.ipynb")
    expect(lab.get_by_text(re.compile("distillation token.* of width 16"))).to_be_visible(timeout=READY_MS)
    button(lab, "Resume").click()
    expect(progress).to_have_attribute("aria-valuenow", str(at), timeout=READY_MS)
    expect(lab.locator(".kd-setup-chosen")).to_have_text(re.compile(r"DeiT.*width 16, depth 1"))
    button(lab, "Resume").click()
    expect(lab.locator(".kd-status")).to_have_text(re.compile("Finished after 80 steps"), timeout=TRAINED_MS)
    expect(lab.locator(".kd-curves .kd-sentence, .kd-learning-curves .kd-sentence").first).to_contain_text("10,000")
    button(lab, "Code").click()
    program = lab.get_by_label("Python program")
    expect(program).to_contain_text("kd.TokenSoftTargets(temperature=kd.schedules.Linear(start=4, end=1)")
    button(lab, "Link").click()
    address = lab.locator(".kd-share").get_by_role("textbox").first
    expect(address).to_have_value(
        re.compile("kind=deit&units=16&layers=1.*optimizer=adamw.*temperature_course=falling")
    )


EACH = [("recurrent", "mobile"), pytest.param(tuple(KINDS), marks=[pytest.mark.full, pytest.mark.timeout(1200)])]


@pytest.mark.parametrize("names", EACH, ids=["two", "all"])
def test_kinds_learn_one_after_the_other_each_beside_the_runs_before(serve, page, names):
    lab = page(f"{serve().base}voila/render/dashboards/lab.ipynb?labels=100&epochs=1&batch_size=50&smoothing=0")
    expect(button(lab, "Train")).to_have_attribute("aria-disabled", "false", timeout=READY_MS)
    lab.locator(".kd-setup-fold > summary").click()
    for before, name in enumerate(names):
        lab.get_by_label("Kind of student").select_option(name)
        expect(lab.get_by_text(KINDS[name].says, exact=True)).to_be_visible(timeout=READY_MS)
        button(lab, "New run" if before else "Train").click()
        expect(lab.locator(".kd-earlier-show")).to_have_count(before, timeout=READY_MS)
        expect(lab.locator(".kd-status")).to_have_text(re.compile("Finished after 2 steps"), timeout=TRAINED_MS)
        expect(lab.locator(".kd-curves .kd-sentence, .kd-learning-curves .kd-sentence").first).to_contain_text("10,000")
