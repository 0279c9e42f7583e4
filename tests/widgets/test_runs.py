"""The list of runs: what it tells, and what each of its controls sends."""

import pytest

from kdviz.widgets import LearningCurves, Runs, Scene

FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def messages(page):
    return page.evaluate("() => model.log.filter((entry) => entry.sent).map((entry) => entry.sent)")


def change_runs(page, change):
    """Python tells of the runs anew; ``change`` is JavaScript on their list."""
    page.evaluate(f"() => scene.set('runs', ({change})(scene.get('runs')))")
    page.evaluate(FRAME)


def rows(page):
    return page.locator(".kd-run-row:not(.kd-run-head)")


def test_three_runs_are_folded_into_one_line(mount, runs_scene):
    page = mount(Runs(scene=runs_scene()), width=622)
    line = page.locator(".kd-runs-short")
    assert line.inner_text().split("\n") == ["Student 2.00\u00a0%", "Twin 3.00\u00a0%", "Smoothed twin 2.50\u00a0%"]
    assert page.locator("details").bounding_box()["height"] <= 40
    assert not rows(page).first.is_visible()


def test_a_branch_that_comes_unfolds_them_each_time(runs_scene):
    branches = runs_scene(branches=2).runs
    scene = runs_scene()
    runs = Runs(scene=scene)
    assert runs.folded
    scene.runs = branches[:4]
    assert not runs.folded
    runs.folded = True
    scene.runs = [row | {"name": "mine"} for row in branches[:4]]
    assert runs.folded, "nothing new"
    scene.runs = branches
    assert not runs.folded
    runs.folded = True
    scene.runs = branches[:4]
    assert runs.folded, "one that goes is no news"
    assert not Runs(scene=scene).folded
    assert Runs(scene=scene, folded=True).folded


def test_a_closed_list_no_longer_follows_its_scene(runs_scene):
    scene = runs_scene()
    runs = Runs(scene=scene)
    runs.close()
    scene.runs = runs_scene(branches=1).runs
    assert runs.folded
    runs.close()


def test_folding_is_told_to_python(mount, runs_scene):
    page = mount(Runs(scene=runs_scene(branches=1)))
    assert rows(page).first.is_visible()
    page.locator("summary").click()
    page.wait_for_function("() => model.get('folded')")
    page.evaluate(FRAME)
    assert page.locator(".kd-runs-short").inner_text().endswith("Branch 1 1.00\u00a0%")
    assert page.evaluate("() => model.log.at(-1).saved.folded") is True


def test_a_row_tells_last_error_best_step_and_test_errors(mount, runs_scene):
    page = mount(Runs(scene=runs_scene(branches=1), folded=False))
    change_runs(page, "(all) => all.map((row) => ({ ...row, best: { step: 1200, value: 1.98 }, note: 'T = 4' }))")
    student, branch = rows(page).nth(0), rows(page).nth(3)
    assert student.locator(".kd-run-number").all_inner_texts() == [
        "2.00\u00a0%\nstep 1,920",
        "1.98\u00a0%\nstep 1,200",
        "203",
    ]
    assert branch.locator(".kd-run-number").nth(2).inner_text() == "–"
    assert student.locator(".kd-note").inner_text() == "T\u00a0=\u00a04"
    change_runs(page, "(all) => all.map((row) => ({ ...row, best_test: 198 }))")
    assert student.locator(".kd-run-number").nth(2).inner_text() == "203 (198)"


@pytest.mark.parametrize("term", ["Last error", "Best on validation", "Test errors"])
def test_every_number_has_its_definition(mount, runs_scene, term):
    page = mount(Runs(scene=runs_scene(), folded=False))
    page.get_by_role("button", name=term).focus()
    tip = page.locator(".kd-open .kd-tip")
    assert len(tip.inner_text()) > 40


def test_the_run_to_show_is_chosen_and_the_views_follow_at_once(mount, runs_scene):
    scene = runs_scene(branches=1)
    page = mount(Runs(scene=scene, folded=False), LearningCurves(scene=scene))
    assert page.get_by_role("radio", name="Show Student in the views").is_checked()
    page.get_by_role("radio", name="Show Branch 1 in the views").check()
    assert messages(page) == [{"command": "show", "run": "b0"}]
    page.evaluate(FRAME)
    assert page.locator(".kd-layer-lines .kd-bold.kd-run-branch-0").count() == 1
    page.evaluate("() => scene.set('shown_run', 's')")
    page.evaluate(FRAME)
    assert page.get_by_role("radio", name="Show Student in the views").is_checked()


def test_a_name_is_edited_in_place(mount, runs_scene):
    page = mount(Runs(scene=runs_scene(), folded=False))
    name = page.get_by_label("Name of Student")
    name.fill("  Cool student ")
    change_runs(page, "(all) => [...all]")
    assert name.input_value() == "  Cool student ", "news do not overwrite what is being typed"
    name.press("Enter")
    assert messages(page) == [{"command": "rename", "run": "s", "name": "Cool student"}]
    change_runs(page, "(all) => all.map((row) => (row.id === 's' ? { ...row, name: 'Cool student' } : row))")
    assert page.get_by_label("Name of Cool student").input_value() == "Cool student"


def test_leaving_a_name_sends_it_and_escape_takes_it_back(mount, runs_scene):
    page = mount(Runs(scene=runs_scene(), folded=False))
    page.get_by_label("Name of Student").fill("no")
    page.keyboard.press("Escape")
    page.get_by_label("Name of Student").blur()
    page.get_by_label("Name of Twin, no teacher").focus()
    page.get_by_label("Name of Twin, no teacher").blur()
    assert messages(page) == []
    assert page.get_by_label("Name of Student").input_value() == "Student"
    page.get_by_label("Name of Student").fill("")
    page.get_by_label("Name of Student").blur()
    assert messages(page) == [{"command": "rename", "run": "s", "name": ""}]


def test_a_curve_is_hidden_and_shown_again(mount, runs_scene):
    page = mount(Runs(scene=runs_scene(), folded=False))
    hide = page.get_by_role("button", name="Hide the curve of Student")
    assert hide.get_attribute("aria-pressed") == "false"
    hide.click()
    change_runs(page, "(all) => all.map((row) => ({ ...row, hidden: true }))")
    assert hide.get_attribute("aria-pressed") == "true"
    hide.click()
    assert messages(page) == [{"command": "hide", "run": "s", "hidden": h} for h in (True, False)]


def test_only_what_can_be_removed_can_and_it_can_be_undone(mount, runs_scene):
    page = mount(Runs(scene=runs_scene(branches=2), folded=False))
    assert page.locator(".kd-run-remove:visible").count() == 2
    remove = page.locator(".kd-run-remove:visible").first
    assert remove.get_attribute("aria-label") == "Remove Branch 1"
    remove.click()
    assert messages(page) == [{"command": "remove", "run": "b0"}]
    change_runs(page, "(all) => all.filter((row) => row.id !== 'b0')")
    assert rows(page).count() == 4
    assert page.evaluate("() => document.activeElement.closest('.kd-run-row')") is not None, "the focus is not lost"


def earlier_run(scene, number, temperature, test, otherwise=""):
    """Return the rows of an earlier student and its twin."""
    rows = [row for row in scene.runs if row["role"] in ("student", "twin")]
    more = {"round": number, "same_page": True, "otherwise": otherwise}
    told = {"student": (temperature, test), "twin": (None, 660)}
    return [
        row | more | {"id": f"e{number}-{row['role']}", "removable": row["role"] == "student"}
        | dict(zip(("temperature", "test"), told[row["role"]], strict=True))
        for row in rows
    ]  # fmt: skip


def test_earlier_runs_are_listed_with_their_errors_over_t(mount, runs_scene):
    scene = runs_scene()
    scene.runs = [row | {"temperature": 4.0 if row["role"] == "student" else None, "test": 460} for row in scene.runs]
    scene.earlier = [*earlier_run(scene, 1, 9.0, 431), *earlier_run(scene, 2, 1.0, 1600, "α = 0.5")]
    page = mount(Runs(scene=scene, undo="Removed: Branch 1."), width=560)
    shows = page.locator(".kd-earlier-show")
    assert shows.all_inner_texts() == [
        "T\u00a0=\u00a01: 1,600 test errors\ntwin 660 · α = 0.5",
        "T\u00a0=\u00a09: 431 test errors\ntwin 660",
    ]
    shows.nth(1).click()
    page.locator(".kd-earlier .kd-run-remove").first.click()
    page.get_by_role("button", name="Undo (Removed: Branch 1)").click()
    assert messages(page) == [
        {"command": "show", "run": "e1-student"}, {"command": "remove", "run": "e2-student"}, {"command": "undo"},
    ]  # fmt: skip
    table = page.get_by_role("table", name="Test errors over T, of the runs made here")
    cells = [row.get_by_role("cell").all_inner_texts() for row in table.get_by_role("row").all()[1:]]
    assert cells == [["1", "1,600", "660", "α = 0.5"], ["4", "460", "460", "–"], ["9", "431", "660", "–"]]
    dots = page.locator(".kd-over-t-dot.kd-run-student")
    assert dots.count() == 3 and page.locator(".kd-over-t-dot.kd-open.kd-run-student").count() == 1
    page.evaluate("() => scene.set('earlier', [])")
    page.evaluate(FRAME)
    assert not page.locator(".kd-over-t").is_visible() and not page.locator(".kd-earlier").is_visible()


def test_twins_are_offered_to_a_run_that_has_none(mount, runs_scene):
    page = mount(Runs(scene=runs_scene(), can_twin=True))
    page.get_by_role("button", name="Train its twins").click()
    assert messages(page) == [{"command": "twins"}]


def test_repeating_is_offered_when_it_can_be_done(mount, runs_scene):
    page = mount(Runs(scene=runs_scene()))
    assert not page.get_by_role("button", name="Repeat with 5 seeds").is_visible()
    page.evaluate("() => { model.set('can_repeat', true); model.set('repeat_note', 'Takes about a minute.'); }")
    page.evaluate(FRAME)
    page.get_by_role("button", name="Repeat with 5 seeds").click()
    assert messages(page) == [{"command": "repeat", "seeds": 5}]
    assert page.locator(".kd-runs-repeat .kd-note").inner_text() == "Takes about a minute."
    page.evaluate("() => { model.set('can_repeat', false); model.set('repeat_note', 'Seed 2 of 5.'); }")
    page.evaluate(FRAME)
    button = page.get_by_role("button", name="Repeat with 5 seeds")
    button.dispatch_event("click")
    assert len(messages(page)) == 1


def test_a_link_can_lock_repeating_and_hide_the_list(mount, runs_scene):
    page = mount(Runs(scene=runs_scene(locked=["repeat"]), can_repeat=True, folded=False))
    page.get_by_role("button", name="Repeat with 5 seeds").dispatch_event("click")
    assert messages(page) == []
    page.evaluate("() => scene.set('hidden', ['runs'])")
    page.evaluate(FRAME)
    assert not page.locator("#view").is_visible()


def test_the_verdict_is_seen_and_spoken_when_it_comes(mount, runs_scene):
    page = mount(Runs(scene=runs_scene()))
    verdict = "40 fewer test errors than the twin without a teacher (95 % CI 13 to 67 fewer): a clear gain."
    page.evaluate("(text) => model.set('verdict', text)", "Nothing yet.")
    page.evaluate(FRAME)
    page.evaluate("(text) => model.set('verdict', text)", verdict)
    page.evaluate(FRAME)
    assert page.locator(".kd-sentence").inner_text() == verdict
    page.wait_for_function("(text) => document.querySelector('[aria-live=polite]').textContent === text", arg=verdict)
    assert page.get_by_role("button", name="What this covers").is_hidden()
    page.evaluate("() => model.set('caveat', 'Test-set noise only.')")
    page.evaluate(FRAME)
    page.get_by_role("button", name="What this covers").focus()
    assert page.get_by_role("tooltip").filter(has_text="Test-set noise only.").is_visible()


def test_without_runs_there_is_no_card(mount):
    page = mount(Runs(scene=Scene()))
    assert not page.locator("#view").is_visible()


@pytest.mark.parametrize("large", [False, True], ids=["usual text", "large text"])
@pytest.mark.parametrize("width", [360, 622, 1280])
def test_eight_runs_have_names_and_room(mount, runs_scene, width, large):
    page = mount(Runs(scene=runs_scene(branches=5), folded=False, can_repeat=True), width=width)
    if large:
        page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    faults = page.evaluate(
        """() => [...document.querySelectorAll("button, input, summary")].filter((n) => n.checkVisibility())
          .filter((n) => n.offsetHeight < 32 || !(n.getAttribute("aria-label") || n.textContent.trim()))
          .map((n) => n.outerHTML)"""
    )
    assert faults == []
    boxes = page.evaluate(
        """() => {
          const row = document.querySelector(".kd-run-row:last-child");
          return [...row.querySelectorAll("input[type=text], .kd-run-value, small, .kd-icon")]
            .filter((n) => n.checkVisibility() && n.offsetWidth > 0).map((n) => n.getBoundingClientRect().toJSON());
        }"""
    )
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            across = min(a["right"], b["right"]) - max(a["left"], b["left"])
            down = min(a["bottom"], b["bottom"]) - max(a["top"], b["top"])
            assert across <= 2 or down <= 0.35 * min(a["height"], b["height"])


def test_a_redraw_makes_no_new_node_and_keeps_the_focus(mount, runs_scene):
    page = mount(Runs(scene=runs_scene(branches=2), folded=False))
    page.get_by_label("Name of Branch 2").focus()
    page.evaluate("() => { window.old = [...document.querySelectorAll('.kd-run-row *')]; }")
    change_runs(page, "(all) => all.map((row) => ({ ...row, values: row.values.map((v) => v / 2) }))")
    assert page.evaluate("() => [...document.querySelectorAll('.kd-run-row *')].every((n, i) => n === old[i])")
    assert page.evaluate("() => document.activeElement.getAttribute('aria-label')") == "Name of Branch 2"


def test_a_list_that_ends_leaves_no_listener(mount, runs_scene):
    page = mount(Runs(scene=runs_scene(branches=1)))
    page.evaluate("() => end()")
    left = page.evaluate("() => Object.keys(scene.listeners).filter((name) => scene.listeners[name].length)")
    store = {"msg:custom"} | {
        f"change:{n}"
        for n in (
            "step",
            "shown_run",
            "exact",
            "exact_logits",
            "whole",
            "whole_logits",
            "bias",
            "bias_class",
            "link",
            "locked",
            "hidden",
        )
    }
    assert set(left) <= store
    assert page.evaluate("() => Object.values(model.listeners).flat().length") == 0
