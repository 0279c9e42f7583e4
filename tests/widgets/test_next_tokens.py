"""A text under a cursor: the bars are the softmax at T of the place, and nothing travels before T is let go."""

import numpy as np
import pytest
from playwright.sync_api import expect

from kdviz.widgets import NextTokens, Scene
from kdviz.widgets.traits import WrongTraitError

from ..axe import serious

SYMBOLS = ["▸", " ", "a", "b", "c"]
TOKENS = [0, 2, 3, 1, 4, 2]
RNG = np.random.default_rng(0)
TEACHER, STUDENT = 3 * RNG.standard_normal((5, 5)), RNG.standard_normal((5, 5))


def text(**more):
    given = {"symbols": SYMBOLS, "tokens": TOKENS, "first": 1, "teacher_logits": TEACHER, "student_logits": STUDENT}
    return NextTokens(scene=Scene(), **{**given, "student_step": 40, "temperature": 1.0, **more})


def softmax(z, temperature=1.0):
    p = np.exp(z / temperature)
    return p / p.sum()


def row(page, name):
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))


def test_the_cursor_goes_by_keys_and_pointer_and_the_bars_follow(mount):
    page = mount(text(), width=700)
    sentence = page.locator(".kd-dark-sentence > .kd-sentence")
    listbox = page.get_by_role("listbox", name="Text under the cursor")
    expect(sentence).to_contain_text("After “▸ab” comes “␣”")
    assert serious(page) == []
    listbox.focus()
    listbox.press("ArrowRight")
    p, q = softmax(TEACHER[3]), softmax(STUDENT[3])
    kl = float((p * np.log(p / q)).sum())
    expect(sentence).to_contain_text("After “▸ab␣” comes “c”: at T = 1 the teacher gives it")
    expect(sentence).to_contain_text(f"KL(teacher ‖ student) here is {float(f'{kl:.2g}'):g} nats.")
    expect(row(page, "c, the true class").locator(".kd-p-teacher")).to_have_attribute("title", f"{p[4]:.4f}")
    expect(row(page, "c, the true class").locator(".kd-p-student")).to_have_attribute("title", f"{q[4]:.4f}")
    surprise = -np.log2(q[4])
    expect(page.get_by_role("option").nth(4)).to_have_attribute("title", f"c, {float(f'{surprise:.2g}'):g} bits")
    expect(page.get_by_role("option").nth(0)).to_have_attribute("title", "▸ begins a text, given")
    lengths = page.locator(".kd-bar").evaluate_all("(bars) => bars.map((bar) => parseFloat(bar.style.width))")
    assert max(lengths) == 100 and min(lengths) == pytest.approx(100 * min(*p, *q) / max(*p, *q), abs=0.1)
    listbox.press("Home")
    expect(sentence).to_contain_text("After “▸” comes “a”")  # what was given has no soft targets
    page.get_by_role("option").nth(5).hover()
    expect(sentence).to_contain_text("After “▸ab c” comes “a”")
    assert page.evaluate("() => model.log") == []


def test_dragging_t_sends_nothing_its_release_does(mount):
    page = mount(text(cursor=2), width=400, dark=True)
    slider = page.get_by_role("slider", name="Temperature")
    slider.evaluate("(s) => { s.value = s.max; s.dispatchEvent(new Event('input')); }")
    hot = softmax(TEACHER[1], 20.0)
    expect(row(page, "b, the true class").locator(".kd-p-teacher")).to_have_attribute("title", f"{hot[3]:.4f}")
    assert page.evaluate("() => model.log") == []
    slider.evaluate("(s) => s.dispatchEvent(new Event('change'))")
    assert page.evaluate("() => model.log.at(-1).saved.temperature") == 20
    page.get_by_role("radio", name="Teacher", exact=True).check(force=True)
    surprise = -np.log2(softmax(TEACHER[1])[3])
    expect(page.get_by_role("option").nth(2)).to_have_attribute("title", f"b, {float(f'{surprise:.2g}'):g} bits")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert serious(page) == []


def test_without_a_student_the_teacher_stands_alone_and_before_it_nothing(mount):
    page = mount(text(student_logits=b"", heated=False), width=700)
    expect(page.get_by_text("This method has no temperature")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Student")).to_have_count(0)
    page.evaluate("() => model.set('teacher_logits', new DataView(new ArrayBuffer(0)))")
    expect(page.get_by_text("The text is being read.")).to_be_visible()


def test_logits_of_another_length_are_refused():
    with pytest.raises(WrongTraitError, match="must hold 5 rows of 5 float32 numbers"):
        text(student_logits=np.zeros((4, 5)))
    with pytest.raises(WrongTraitError, match=r"tokens must be in \[0, 4\], got 7"):
        NextTokens(symbols=SYMBOLS, tokens=[7])
