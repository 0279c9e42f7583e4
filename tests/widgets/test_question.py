"""Questions are answered by pointer or keyboard; the first answer stands; what came grows out of what was drawn."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from kdviz.widgets import Question
from kdviz.widgets.traits import WrongTraitError

from .asked import ANSWERS, ASKED, answered, picture_to_mark, question
from .conftest import MOUNT, PAGE, hold_the_clock, mounting

KINDS = list(ASKED)
# As Python does it: what is right comes with the answer's being final.
TELL = "([i, solution]) => { models[i].set('solution', solution); models[i].set('final', true); }"


def part(page: Page, i: int):
    return page.locator(".kd-question").nth(i)


def given(page: Page, i: int = 0):
    text = page.evaluate("(i) => models[i].get('answer')", i)
    return json.loads(text) if text else None


def tell(page: Page, i: int, kind: str) -> None:
    page.evaluate(TELL, [i, ASKED[kind].solution()])


def answer_button(page: Page, i: int = 0):
    return part(page, i).get_by_role("button", name="Answer", exact=True)


def drag(page: Page, locator, start, *stops) -> None:
    """Drag from one place to others, in shares of a box, a single movement each."""
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, *stops)]
    page.mouse.move(*at[0])
    page.mouse.down()
    for place in at[1:]:
        page.mouse.move(*place)
    page.mouse.up()


def test_every_kind_is_answered_with_a_pointer(mount):
    page = mount(*[question(kind) for kind in KINDS])
    i = {kind: k for k, kind in enumerate(KINDS)}
    page.get_by_role("radio", name="A 6").check()
    page.get_by_role("checkbox", name="The first").check()
    part(page, i["number"]).get_by_label("Your number").fill("400 errors")
    shown = ASKED["order"].asked()["items"]
    page.get_by_role("button", name=f"Move “{shown[0]}” down").click()
    page.get_by_label("Your answer", exact=True).fill(" So that both count. ")
    bars = page.locator(".kd-drawn-bars")
    track = bars.locator(".kd-drawn-track").first.bounding_box()
    box = bars.bounding_box()
    left, width = (track["x"] - box["x"]) / box["width"], track["width"] / box["width"]
    drag(page, bars, (left + 0.2 * width, 0.08), (left + 0.8 * width, 0.79))  # below lie the ends of the axis
    plane = page.locator(".kd-plane")
    drag(page, plane.nth(0), (0.1, 0.1), (0.99, 0.5))
    cells = part(page, i["heat-map"]).get_by_role("button")
    cells.nth(1).click()
    cells.nth(3).click()
    drag(page, plane.nth(1), (0.5, 0.5), (0.6, 0.3))
    for kind in KINDS[1:]:
        answer_button(page, i[kind]).click()
        expect(answer_button(page, i[kind])).to_be_hidden()
    found = {kind: given(page, k) for kind, k in i.items()}
    for kind in ("choice", "several", "number", "text", "heat-map"):
        assert found[kind] == ANSWERS[kind]
    assert found["order"] == [shown[1], shown[0], shown[2]]
    low, middle, high = found["bars"]
    assert low == pytest.approx(0.2, abs=0.02) and 0.4 < middle < 0.6 and high == pytest.approx(0.8, abs=0.02), (
        "crossed"
    )
    assert found["curve"][0] == 900 and found["curve"][1:] == sorted(found["curve"][1:], reverse=True)
    assert 450 < found["curve"][-1] < 620 and found["curve"][1] > 700
    assert 1e4 < found["point"][0] < 1e6 and 500 < found["point"][1] < 900
    for kind, answer in found.items():
        assert ASKED[kind].checked(answer) == answer


def test_nothing_ticked_is_no_answer_until_that_is_said(mount):
    page = mount(question("several"))
    expect(answer_button(page)).to_be_disabled()
    none = page.get_by_role("checkbox", name="None of these")
    none.check()
    page.get_by_role("checkbox", name="The first").check()
    expect(none).not_to_be_checked()
    none.check()
    expect(page.get_by_role("checkbox", name="The first")).not_to_be_checked()
    answer_button(page).click()
    assert given(page) == []
    tell(page, 0, "several")
    expect(part(page, 0)).to_contain_text("Not this time. 1 of 2 is judged rightly.")
    expect(none).to_be_checked()
    expect(none).to_be_disabled()


def test_every_kind_is_answered_with_the_keyboard_alone(mount):
    page = mount(*[question(kind) for kind in KINDS])
    press = page.keyboard.press

    def focused() -> str:
        return page.evaluate(
            "() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
        )

    press("Tab")
    press("Space")
    assert given(page, 0) == ASKED["choice"].asked()["choices"][0]
    press("Tab")
    press("Tab")
    press("Space")
    press("Tab")  # to "None of these"
    press("Tab")
    assert focused() == "Answer"
    press("Enter")
    assert given(page, 1) == [ASKED["several"].asked()["choices"][1]]
    press("Tab")
    page.keyboard.type("12,5")
    press("Enter")
    assert given(page, 2) == 12.5
    press("Tab")
    items = ASKED["order"].asked()["items"]
    assert focused() == f"Move “{items[0]}” up"
    press("Tab")
    press("Space")
    press("Space")
    assert focused() == f"Move “{items[0]}” up", "at the end it can only go up again"
    expect(part(page, 3).locator("[aria-live]").first).to_have_text(f"{items[0]}: place 3 of 3")
    answer_button(page, 3).press("Enter")
    assert given(page, 3) == [items[1], items[2], items[0]]
    press("Tab")
    page.keyboard.type("So that both count.")
    press("Tab")
    press("Enter")
    assert given(page, 4) == "So that both count."
    for _ in range(3):
        press("Tab")
        press("PageUp")
        press("ArrowRight")
    press("Tab")
    press("Enter")
    assert len(set(given(page, 5))) == 1 and given(page, 5)[0] > 0.05
    for i in range(4):
        press("Tab")
        assert focused() == f"epoch = {5 * (i + 1)}"
        press("ArrowDown")
        expect(part(page, 6).locator("[data-focus]")).to_have_count(1)
    press("Tab")
    press("Enter")
    assert given(page, 6) == [900, 890, 890, 890, 890]
    press("Tab")
    for key in ("Enter", "ArrowDown", "ArrowDown", "Space"):
        press(key)
    press("Tab")
    press("Enter")
    assert given(page, 7) == [[0, 1], [2, 1]]
    press("Tab")
    press("ArrowLeft")
    press("Tab")
    press("ArrowUp")
    press("Tab")
    assert focused() == "Answer"
    press("Enter")
    assert given(page, 8) == [pytest.approx(30600, rel=0.02), 505]
    for kind, k in zip(KINDS, range(len(KINDS)), strict=True):
        assert ASKED[kind].reply(given(page, k)).text


def test_the_first_answer_stands_and_the_focus_stays(mount):
    page = mount(question("choice"), question("bars"), question("number"))
    page.get_by_role("radio", name="A 6").check()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("() => document.activeElement.value") == "A 6"
    page.get_by_role("radio", name="A 9").click(force=True)
    assert given(page) == "A 6"
    expect(part(page, 0)).not_to_contain_text("Not this time")
    tell(page, 0, "choice")
    expect(part(page, 0).locator(".kd-reply")).to_have_text("Not this time. Look again.")
    expect(part(page, 0)).to_contain_text("right answer")
    track = part(page, 1).locator(".kd-drawn-track")
    track.nth(1).click(position={"x": 60, "y": 10})
    answer_button(page, 1).press("Enter")
    assert page.evaluate("() => document.activeElement.matches('.kd-reply')"), "what is said is where one goes on"
    before = given(page, 1)
    track.nth(0).click(position={"x": 90, "y": 10})
    part(page, 1).get_by_role("slider", name="5").focus()
    page.keyboard.press("ArrowRight")
    assert given(page, 1) == before
    assert part(page, 1).get_by_role("slider", name="5").input_value() == str(round(100 * before[1]))
    number = part(page, 2).get_by_label("Your number")
    number.fill("2000")
    assert number.get_attribute("aria-invalid") == "true"
    number.press("Enter")
    assert given(page, 2) is None
    number.fill("250")
    number.press("Enter")
    number.press("1")
    assert given(page, 2) == 250 and page.evaluate("() => document.activeElement.id") == number.get_attribute("id")
    tell(page, 2, "number")
    assert part(page, 2).locator(".kd-reply").inner_text() == ASKED["number"].reply(250).text


def test_answers_that_came_from_elsewhere_are_shown_and_told(mount):
    page = mount(*[answered(kind) for kind in KINDS])
    for k, kind in enumerate(KINDS):
        assert part(page, k).locator(".kd-reply").inner_text() == ASKED[kind].reply(ANSWERS[kind]).text, kind
        assert not answer_button(page, k).count() or answer_button(page, k).is_hidden()
    texts = page.locator(".kd-drawn-value").all_inner_texts()
    assert texts == ["0.13", "0.50", "0.50", "0.30", "0.38", "0.20"], "as they count: shares of the whole"
    slider = part(page, 6).get_by_role("slider", name="epoch = 20")
    assert slider.get_attribute("aria-valuetext") == "yours 500 errors, what came 240 errors"
    assert part(page, 7).get_by_role("button", name="5, 3, one of the largest").get_attribute("aria-pressed") == "true"
    for name in ("yours", "what came"):
        assert part(page, 6).locator("text", has_text=name).count() == 1
    assert part(page, 8).locator("text", has_text="student").count() == 1


def test_an_answer_can_be_changed_until_it_is_submitted(mount):
    page = mount(question("choice", tells="submitted"), question("curve", tells="submitted"))
    expect(part(page, 0)).to_contain_text("until you submit")
    page.get_by_role("radio", name="A 6").check()
    expect(part(page, 0)).to_contain_text("Your answer is kept.")
    page.get_by_role("radio", name="A 0").check()
    assert given(page) == "A 0"
    plane = page.locator(".kd-plane")
    drag(page, plane, (0.1, 0.2), (0.99, 0.2))
    answer_button(page, 1).click()
    first = given(page, 1)
    change = part(page, 1).get_by_role("button", name="Change the answer")
    assert change.get_attribute("aria-disabled") == "true"
    drag(page, plane, (0.1, 0.8), (0.99, 0.8))
    change.click()
    assert max(given(page, 1)[1:]) < min(first[1:])
    for i, kind in enumerate(("choice", "curve")):
        page.evaluate("(i) => models[i].set('submitted', true)", i)
        tell(page, i, kind)
        said = ASKED[kind].reply(given(page, i)).text
        expect(part(page, i).locator(".kd-reply")).to_have_text(said)
    page.get_by_role("radio", name="A 9").click(force=True)
    assert given(page) == "A 0"


def test_an_answer_that_is_begun_again_or_refused_gives_a_fresh_question(mount):
    page = mount(answered("bars"), question("number"))
    page.evaluate("() => { model.set('answer', ''); model.set('final', false); model.set('solution', {}); }")
    assert page.locator(".kd-drawn-came").first.is_hidden()
    expect(answer_button(page)).to_have_attribute("aria-disabled", "true")
    part(page, 1).get_by_label("Your number").fill("5")
    part(page, 1).get_by_label("Your number").press("Enter")
    page.evaluate("() => { models[1].set('answer', ''); models[1].set('note', 'expected another'); }")
    expect(part(page, 1)).to_contain_text("expected another")
    expect(answer_button(page, 1)).to_be_visible()


def test_a_truth_that_comes_later_is_waited_for(mount):
    page = mount(question("curve", answer=json.dumps(ANSWERS["curve"]), final=True))
    expect(part(page, 0)).to_contain_text("What came is drawn here as soon as it is known")
    hold_the_clock(page)
    page.evaluate("(solution) => model.set('solution', solution)", ASKED["curve"].solution())
    assert part(page, 0).locator(".kd-reply").inner_text() == ASKED["curve"].reply(ANSWERS["curve"]).text


def test_a_kernel_that_does_not_answer_is_told(mount):
    page = mount(question("choice"), question("number"))
    hold_the_clock(page)
    page.get_by_role("radio", name="A 6").check()
    page.get_by_label("Your number").fill("7")
    page.get_by_label("Your number").press("Enter")
    tell(page, 1, "number")
    page.clock.run_for(7000)
    assert page.locator(".kd-question-note").all_inner_texts() == ["", ""]
    page.clock.run_for(1500)
    said = "Python has not answered for 8 seconds. If the kernel has died, run the notebook again."
    assert page.locator(".kd-question-note").all_inner_texts() == [said, ""]
    tell(page, 0, "choice")
    assert part(page, 0).locator(".kd-question-note").inner_text() == ""


CAME = """() => [...document.querySelectorAll('.kd-drawn-track')].map((track) => {
  const style = track.style;
  return [Number(style.getPropertyValue('--kd-yours-at')), Number(style.getPropertyValue('--kd-came-at'))];
})"""
LAST = """() => {
  const came = document.querySelectorAll('path.kd-plane-came')[1].getAttribute('d');
  return came.split('L').at(-1).split(' ').map(Number);
}"""


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_what_came_grows_out_of_what_was_drawn(mount, motion):
    page = mount(question("bars"), question("curve"), reduced_motion=motion)
    page.wait_for_function("() => document.querySelector('.kd-plane').hasAttribute('viewBox')")
    hold_the_clock(page)
    for i, kind in enumerate(("bars", "curve")):
        page.evaluate("([i, answer]) => models[i].set('answer', answer)", [i, json.dumps(ANSWERS[kind])])
        tell(page, i, kind)
    bars = [(page.evaluate(CAME), page.evaluate(LAST)[1])]
    for ms in (300, 400):
        page.clock.run_for(ms)
        bars.append((page.evaluate(CAME), page.evaluate(LAST)[1]))
    truth = ASKED["bars"].truth
    yours = [share / 1.6 for share in ANSWERS["bars"]]
    first, half, last = bars
    assert [came for _, came in last[0]] == pytest.approx(truth)
    assert [drawn for drawn, _ in last[0]] == pytest.approx(yours, abs=1e-3)
    if motion == "reduce":
        assert first == last
        return
    assert [came for _, came in first[0]] == pytest.approx(yours, abs=1e-3), "it begins at what was drawn"
    for (_, a), (_, b), (_, c) in zip(first[0], half[0], last[0], strict=True):
        assert min(a, c) < b < max(a, c)
    assert first[1] < half[1] < last[1], "a curve that came lower sinks"


def test_cells_of_a_picture_are_marked_and_no_more_than_asked(mount):
    page = mount(picture_to_mark())
    cells = page.locator(".kd-marked-cell")
    for k in (0, 5, 10):
        cells.nth(k).click()
    assert page.locator('[aria-pressed="true"]').count() == 2
    expect(page.locator(".kd-marked")).to_contain_text("2 are marked. Press one of them to take its mark away.")
    cells.nth(0).click()
    cells.nth(15).click()
    answer_button(page).click()
    assert given(page) == [[1, 1], [3, 3]]
    assert page.get_by_role("button", name="row 4, column 4").get_attribute("aria-pressed") == "true"


def test_text_is_drawn_as_text(mount):
    evil = '<img src=x onerror="window.evil = 1"> & *this* `<b>x</b>` 2 * 3'
    asked = {"choices": [evil, "*b*"]}
    page = mount(Question(kind="choice", text=evil, asked=asked))
    solution = {"said": [evil, ""], "right": evil}
    page.get_by_role("radio").first.check()
    page.evaluate(TELL, [0, solution])
    plain = '<img src=x onerror="window.evil = 1"> & this <b>x</b> 2 * 3'
    assert page.locator("legend").inner_text() == plain
    assert page.locator(".kd-reply").inner_text() == f"Right. {plain}"
    assert page.locator("legend em").inner_text() == "this" and page.locator("legend code").inner_text() == "<b>x</b>"
    assert page.evaluate("() => window.evil") is None and page.locator("img, b").count() == 0


def test_the_keys_of_a_question_are_kept_from_jupyterlab(mount):
    page = mount(question("bars"))
    slider = page.get_by_role("slider", name="5")
    slider.focus()
    for keys, kept in (("ArrowDown", True), ("Control+s", False), ("b", True), ("Shift+Enter", False)):
        page.keyboard.press(keys)
        assert (slider.get_attribute("data-lm-suppress-shortcuts") is not None) is kept, keys


def test_a_browser_brings_an_answer_back_where_nothing_else_keeps_it(page):
    opened = page()
    opened.route("**/*", lambda route: route.fulfill(content_type="text/html", body=PAGE))

    def show(*views: Question, voila: bool = True) -> None:
        opened.goto("http://127.0.0.1:1/")
        opened.evaluate("(voila) => { if (voila) document.body.dataset.voila = 'voila'; }", voila)
        opened.evaluate(MOUNT, mounting(*views))

    show(question("choice"), question("point"), question("number", tells="never"))
    opened.get_by_role("radio", name="A 6").check()
    drag(opened, opened.locator(".kd-plane"), (0.5, 0.5), (0.6, 0.4))
    answer_button(opened, 1).click()
    opened.get_by_label("Your number").fill("7")
    answer_button(opened, 2).click()
    answers = [given(opened, i) for i in range(3)]
    show(question("choice"), question("point"), question("number", tells="never"))
    assert [given(opened, i) for i in range(3)] == answers
    assert opened.evaluate("() => models[1].log.length") > 0, "Python hears of it"
    expect(opened.get_by_role("radio", name="A 6")).to_be_checked()
    hold_the_clock(opened)
    opened.evaluate(TELL, [1, ASKED["point"].solution()])
    dot = opened.locator(".kd-plane-arrived")
    at = [float(dot.get_attribute(name)) for name in ("cx", "cy")]
    opened.clock.run_for(700)
    assert [float(dot.get_attribute(name)) for name in ("cx", "cy")] == at, "what was seen before is no event"
    show(question("choice"), voila=False)
    assert given(opened) is None, "a notebook keeps its answers itself"
    other = question("choice")
    other.asked = {"choices": ["A 1", "A 2"]}
    show(other)
    assert given(opened) is None, "an answer to another question is none to this one"


def test_a_trait_takes_answers_alone():
    Question(answer='[["a", 1], [2.5, "b"]]')
    for text in ("x", "{}", "null", "true", "[[[1]]]", "[NaN]", json.dumps([0] * 401)):
        with pytest.raises(WrongTraitError):
            Question(answer=text)
    with pytest.raises(WrongTraitError, match="kind must be one of"):
        Question(kind="riddle")
    with pytest.raises(WrongTraitError, match="tells must be one of"):
        Question(tells="whenever")


def test_a_final_answer_cannot_be_changed_by_a_page():
    asked = answered("choice")
    asked.set_state({"answer": '"A 9"', "final": False, "solution": {}})
    assert json.loads(asked.answer) == "A 6" and asked.final and asked.solution


def test_a_cell_that_does_not_count_cannot_be_marked(mount):
    page = mount(question("heat-map"))
    diagonal = page.get_by_role("button", name="5, 5, does not count")
    diagonal.click(force=True)
    diagonal.press("Space")
    assert diagonal.get_attribute("aria-pressed") == "false"
    expect(page.get_by_text("0 of 2 marked")).to_be_visible()
    assert page.locator('.kd-marked-cell[tabindex="0"]').get_attribute("data-name") == "5, 5, does not count"  # focused
    names = [box.bounding_box() for box in page.locator(".kd-marked-column").all()]
    assert all(a["x"] + a["width"] <= b["x"] for a, b in pairwise(names))


def test_the_last_number_of_an_axis_is_not_cut_off(mount):
    page = mount(question("point"), width=400)
    page.wait_for_selector(".kd-plane text")
    ends = page.locator(".kd-plane text").evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().right)")
    edge = page.locator(".kd-plane").bounding_box()
    assert max(ends) <= edge["x"] + edge["width"] + 0.5
