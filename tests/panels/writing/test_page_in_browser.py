"""The Words page in a real browser, served by the real server: from the first look to a run's end, and one stopped."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from ...axe import serious
from ..in_browser import check_widths, open_all_folds

READY_MS = 120_000
TRAINED_MS = 240_000


@pytest.fixture
def open_words(serve, page):
    def open_page(query: str, **options: object) -> Page:
        return ready(page(f"{serve().base}voila/render/dashboards/words.ipynb?{query}", **options))

    return open_page


def ready(page: Page) -> Page:
    expect(page.locator(".kd-transport[data-state=idle]")).to_be_visible(timeout=READY_MS)
    expect(page.get_by_role("listbox", name="Text under the cursor")).to_be_visible(timeout=READY_MS)
    expect(page.get_by_role("listbox", name="Written by: Teacher")).to_be_visible(timeout=READY_MS)
    return page


def test_a_student_is_chosen_trained_and_read_and_the_link_opens_the_same(open_words):
    page = open_words("student=gru-32&epochs=1&alpha=1")
    expect(page.locator(".kd-status")).to_have_text(re.compile(r"Ready to train: about \d+ (s|min) on this computer\."))
    page.emulate_media(reduced_motion="reduce")
    assert serious(page) == []
    page.get_by_label("Method").select_option("reverse")
    expect(page).to_have_url(re.compile("method=reverse"))
    expect(page.get_by_text("only where the teacher does")).to_be_visible()

    page.get_by_label("Begin with").fill("Call me ")
    page.get_by_label("How").select_option("greedy")
    page.get_by_role("button", name="Write").click()
    teacher = page.get_by_role("listbox", name="Written by: Teacher")
    expect(teacher).to_have_text(re.compile("^Call me .{20}"), timeout=READY_MS)
    page.get_by_label("Begin with").fill("Ωmega")
    page.get_by_role("button", name="Write").click()
    expect(page.get_by_text("A prompt can only have characters of the vocabulary, got 'Ω'.")).to_be_visible()

    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator(".kd-transport[data-state=finished]")).to_be_visible(timeout=TRAINED_MS)
    found = re.compile(r"On test text the student needs \d\.\d\d bits a token, .*95\s%\sCI .* One seed only")
    expect(page.locator(".kd-host-scheme-view .kd-sentence").first).to_have_text(found)
    expect(page.get_by_role("listbox", name="Written by: Twin, no teacher")).to_have_text(re.compile("^Call me "))
    expect(page.locator(".kd-next-tokens .kd-sentence")).to_contain_text("KL(teacher ‖ student) here is")
    expect(page.get_by_role("img", name="Teacher, block1, head 1")).to_be_visible()
    open_all_folds(page)
    expect(page.locator(".kd-writing-code pre")).to_contain_text("kd.ReverseKL(temperature=1)")
    assert serious(page) == []
    page.reload()
    expect(page.locator(".kd-transport[data-state=finished]")).to_be_visible(timeout=READY_MS)  # the run that was kept
    expect(page.get_by_role("listbox", name="Written by: Twin, no teacher")).to_be_visible(timeout=READY_MS)
    expect(page.get_by_label("Method")).to_have_value("reverse")
    expect(page.locator("select[data-field=student]")).to_have_value("gru-32")


def test_in_one_file_a_finished_run_has_no_control_that_does_nothing(words, page, tmp_path):
    panel = words(running=True)
    panel.bet.bet = "twin"
    panel.command("train")
    assert panel.wait("finished", "failed"), panel.status
    opened = page(offline=True)
    opened.goto(panel.to_html(tmp_path / "words.html").as_uri())
    expect(opened.get_by_text("You said “its twin”")).to_be_visible()
    expect(opened.get_by_role("listbox", name="Written by: Twin, no teacher")).to_be_visible()
    expect(opened.get_by_role("heading", name="Bits a token on validation text")).to_be_visible()
    expect(opened.get_by_text("Begin with")).to_be_hidden()
    expect(opened.get_by_role("combobox")).to_have_count(0)
    expect(opened.locator("button:visible:is(:disabled, [aria-disabled=true])")).to_have_count(0)
    text = opened.get_by_role("listbox", name="Text under the cursor")
    text.press("Home")
    expect(opened.locator(".kd-next-tokens .kd-sentence")).to_contain_text("After “▸” comes “t”")
    assert serious(opened) == []


def test_an_edit_of_t_and_a_stop_keep_what_was_learned_on_a_phone(open_words):
    page = open_words("student=gru-32&epochs=200", width=360, dark=True)
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible(timeout=READY_MS)
    expect(page.get_by_label("Method")).to_be_disabled()
    heat = page.get_by_role("slider", name="Temperature")
    heat.focus()
    heat.press("End")
    expect(page).to_have_url(re.compile("T=20"), timeout=READY_MS)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator(".kd-status")).to_have_text(re.compile("Stopped after step .* what was learned is kept"))
    expect(page.locator(".kd-host-scheme-view .kd-sentence").first).to_contain_text("bits a token on validation text")
    check_widths(page)
    page.emulate_media(reduced_motion="reduce")
    assert serious(page) == []
