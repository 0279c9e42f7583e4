"""Texts side by side: each token with its surprise, a prompt of the reader's own, and an answer that is waited for."""

import pytest
from playwright.sync_api import expect

from kdviz.widgets import Scene, Writing
from kdviz.widgets.traits import WrongTraitError

from ..axe import serious

SAMPLINGS = [{"value": "greedy", "text": "likeliest"}, {"value": "1", "text": "drawn"}]


def one(who, name, tokens, bits, teacher_bits=None):
    given = {"tokens": list(tokens), "bits": bits, "teacher_bits": bits if teacher_bits is None else teacher_bits}
    return {"who": who, "name": name, "note": "drawn", **given}


TEXTS = [
    one("teacher", "Teacher", "a b\n", [None, 1.0, 0.25, 7.0]),
    one("student", "Student", "a cc", [None, 3.0, 8.5, 0.5], [None, 4.0, 12.0, 0.1]),
]


def shade(page, who, place):
    token = page.get_by_role("listbox", name=f"Written by: {who}").get_by_role("option").nth(place)
    return token.get_attribute("data-shade")


def test_tokens_are_shaded_and_read_by_pointer_and_keys(mount):
    page = mount(Writing(scene=Scene(), texts=TEXTS, samplings=SAMPLINGS, sampling="1", prompt="a"), width=700)
    assert [shade(page, "Teacher", i) for i in range(4)] == ["0", "13", "3", "88"]
    assert shade(page, "Student", 2) == "100"
    student = page.locator(".kd-writing-row").nth(1)
    expect(student.locator(".kd-writing-read")).to_have_text("4.00 bits a token on average")
    student.get_by_role("listbox").focus()
    student.get_by_role("listbox").press("End")
    expect(student.locator(".kd-writing-read")).to_have_text("c, 0.5 bits")
    page.get_by_role("radio", name="the teacher").check(force=True)
    expect(student.locator(".kd-writing-read")).to_have_text("c, 0.1 bits")
    assert shade(page, "Student", 1) == "50"
    page.locator(".kd-writing-row").nth(0).get_by_role("option").nth(3).hover()
    expect(page.locator(".kd-writing-read").first).to_have_text("⏎, 7 bits")
    assert serious(page) == []


def test_a_prompt_is_sent_once_and_its_answer_is_waited_for(mount):
    page = mount(
        Writing(scene=Scene(), texts=TEXTS, samplings=SAMPLINGS, sampling="1", prompt="a"), width=400, dark=True
    )
    prompt, write = page.get_by_label("Begin with"), page.get_by_role("button", name="Write")
    prompt.fill("my own")
    page.evaluate("() => model.set('texts', [...model.state.texts])")  # news while it is typed
    expect(prompt).to_have_value("my own")
    page.get_by_label("How").select_option("greedy")
    prompt.press("Enter")
    write.click(force=True)
    sent = page.evaluate("() => model.log.filter(({ sent }) => sent).map(({ sent }) => sent)")
    assert sent == [{"command": "write", "prompt": "my own", "sampling": "greedy"}]
    expect(write).to_have_attribute("aria-disabled", "true")
    page.evaluate("() => { model.set('refused', 'No such letter.'); model.set('answer', 1); }")
    expect(page.get_by_role("status").filter(has_text="No such letter.")).to_be_visible()
    expect(write).to_have_attribute("aria-disabled", "false")
    expect(prompt).to_have_value("my own")  # to be corrected
    page.evaluate("() => { model.set('refused', ''); model.set('prompt', 'mine'); model.set('answer', 2); }")
    expect(prompt).to_have_value("mine")  # what was written on
    expect(page.get_by_label("How")).to_have_value("1")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert serious(page) == []


def test_a_text_needs_a_surprise_for_each_token():
    with pytest.raises(WrongTraitError, match="as many as tokens"):
        Writing(texts=[one("twin", "Twin", "abc", [1.0])])
    with pytest.raises(WrongTraitError, match="must be one of 'teacher', 'student', 'twin'"):
        Writing(texts=[one("peer", "Peer", "", [])])
