"""The wall: what is counted is what is drawn, under the bias slider, the film and the search's answer."""

from __future__ import annotations

import numpy as np
from playwright.sync_api import expect

from kdviz.widgets import Scene, Wall
from kdviz.widgets.recording import Frame

N, C, OMITTED, SAMPLE = 130, 10, 3, 120
RNG = np.random.default_rng(3)
Y = np.where(np.arange(N) % 2, OMITTED, RNG.choice([0, 1, 2, 4, 5, 6, 7, 8, 9], N))
STUDENT = {s: (RNG.standard_normal((N, C)) * 2 + s / 20 * np.eye(C)[Y]).astype(np.float32) for s in (0, 100)}
for _logits in STUDENT.values():
    _logits[:, OMITTED] -= 4

DRAWN = """() => [...document.querySelectorAll(".kd-wall-block")].map((block) => {
  const tiles = [...block.querySelectorAll(".kd-wall-tile")];
  const right = tiles.filter((tile) => tile.dataset.right === "true");
  return { n: tiles.length, right: right.length, told: block.querySelector(".kd-wall-count").textContent,
    signs: tiles.map((tile) => tile.querySelector(".kd-wall-sign").textContent),
    names: tiles.map((tile) => tile.ariaLabel),
    frames: new Set(tiles.map((tile) => getComputedStyle(tile).borderTopColor)).size,
    pictures: block.querySelectorAll("canvas").length };
})"""


def make_wall(labels=Y, **traits):
    scene = Scene(
        classes=[str(c) for c in range(C)],
        images=RNG.integers(0, 256, (N, 6, 6)),
        image_shape=[6, 6],
        labels=labels.tolist(),
        sample=SAMPLE,
        teacher_logits=STUDENT[100],
        view="wall",
        bias_class=OMITTED,
        total_steps=100,
    )
    for step, logits in STUDENT.items():
        scene.record("s", Frame.of(step, logits))
    scene.shown_run = "s"
    return Wall(scene=scene, **traits)


def wanted(step, bias, labels=Y):
    logits = Frame.of(step, STUDENT[step]).logits().copy()
    logits[:, OMITTED] += np.float32(bias)
    says = logits.argmax(1)
    rows = [np.flatnonzero(labels[:SAMPLE] == OMITTED)[:40], np.flatnonzero(labels[:SAMPLE] != OMITTED)[:40]]
    return [(says[r], labels[r]) for r in rows]


def check(page, step, bias, labels=Y):
    shown = page.evaluate(DRAWN)
    for block, (says, y), name in zip(shown, wanted(step, bias, labels), ("threes", "others"), strict=True):
        right = int((says == y).sum())
        assert (block["n"], block["pictures"], block["right"]) == (len(y), len(y), right)
        assert block["told"] == f"{right} of {len(y)} {name} right"
        assert block["signs"] == ["" if s == c else str(s) for s, c in zip(says, y, strict=True)]
        assert block["names"] == [
            f"{c}: right" if s == c else f"{c}: wrong, the answer is {s}" for s, c in zip(says, y, strict=True)
        ]
    return shown


def test_counts_are_what_is_drawn_at_every_bias_and_step_without_python(mount):
    page = mount(make_wall())
    expect(page.locator(".kd-wall h2")).to_have_text("This network never saw a 3.")
    before = check(page, 100, 0)
    assert before[0]["n"] == 40 == before[1]["n"] and before[0]["frames"] == 2
    slider = page.get_by_role("slider", name="Bias of class 3")
    slider.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".kd-slider-value")).to_have_text("+3")
    assert not [row for row in page.evaluate("() => model.log") if "sent" in row], "nothing is asked of Python"
    after = check(page, 100, 3)
    assert after[0]["right"] > before[0]["right"] and after[1]["right"] <= before[1]["right"]
    page.evaluate("() => scene.set('step', 0)")
    expect(page.locator(".kd-wall .kd-head .kd-note")).to_have_text("Student, before training: it guesses")
    check(page, 0, 3)


def test_the_button_asks_once_and_the_answer_is_a_sentence_of_that_step(mount):
    page = mount(make_wall())
    page.get_by_role("button", name="What bias suits validation?").click()
    assert {"sent": {"command": "across"}} in page.evaluate("() => model.log")
    best = {
        "run": "s",
        "step": 100,
        "bias": 7.6,
        "before": {"own": 178, "own_n": 511, "others": 4369, "others_n": 4489},
        "after": {"own": 444, "own_n": 511, "others": 4326, "others_n": 4489},
    }
    page.evaluate("(best) => { model.set('best', best); scene.set('bias', best.bias); }", best)
    found = page.locator(".kd-wall-found")
    expect(found).to_have_text(
        "+7.6 suits validation best: of all 5,000 validation images 95.4\u00a0% are right instead of 90.9\u00a0%; "
        "444 of 511 threes instead of 178. Its cost: 43 of the 4,489 others are lost."
    )
    check(page, 100, 7.6)
    page.evaluate("() => scene.set('step', 0)")
    expect(found).to_be_hidden()
    page.evaluate("() => scene.set('locked', ['bias'])")
    expect(page.get_by_role("button", name="What bias suits validation?")).to_be_hidden()


def test_one_summary_is_spoken_and_the_wall_has_one_tab_stop(mount):
    page = mount(make_wall())
    assert page.locator("[aria-live=polite], [role=status]").count() == 3  # the summary, the note and what was found
    assert page.locator(".kd-wall-tile[tabindex='0']").count() == 1
    page.locator(".kd-wall-tile[tabindex='0']").focus()
    page.keyboard.press("End")
    last = np.flatnonzero(Y[:SAMPLE] != OMITTED)[39]
    assert page.evaluate("() => scene.get('selected')") == last
    expect(page.locator(".kd-wall-tile[aria-checked='true']")).to_be_focused()


def test_where_the_sample_holds_fewer_all_of_them_are_shown_and_it_says_so(mount):
    labels = np.where(np.arange(N) % 5, 7, OMITTED)
    page = mount(make_wall(labels))
    shown = check(page, 100, 0, labels)
    assert shown[0]["n"] == 24
    expect(page.locator(".kd-wall-key")).to_contain_text("All 24 among 120 validation images drawn at random")
