"""The scrubber: all views go back in time in the browser, Python hears where the cursor came to rest."""

from itertools import pairwise

import pytest

from kdviz.widgets import LearningCurves, SoftTargets

from .conftest import hold_the_clock

FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
STEP = "() => scene.get('step')"


def scrubber(page):
    return page.get_by_role("slider", name="Step shown")


def committed(page):
    return page.evaluate("() => scene.log.filter((entry) => entry.saved).map((entry) => entry.saved.step)")


def where(page):
    page.evaluate(FRAME)
    return page.locator(".kd-scrub-where").inner_text()


def track(page):
    """Left and right end of the plot's axis, and the height of the scrubber's middle, in px of the page."""
    grid, thumb = page.locator(".kd-grid").first.bounding_box(), scrubber(page).bounding_box()
    return grid["x"], grid["x"] + grid["width"], thumb["y"] + thumb["height"] / 2


def test_at_first_the_views_follow_the_newest_step(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene()))
    assert where(page) == "Latest step: 1,920"
    assert scrubber(page).get_attribute("aria-valuetext") == "Latest step: 1,920"
    assert not page.locator(".kd-travel-line").is_visible()
    assert page.get_by_role("button", name="Latest").get_attribute("aria-disabled") == "true"


def test_dragging_moves_every_view_and_tells_python_only_at_its_end(mount, runs_scene):
    scene = runs_scene()
    page = mount(LearningCurves(scene=scene), SoftTargets(scene=scene))
    left, right, y = track(page)
    page.mouse.move(right, y)
    page.mouse.down()
    seen = []
    for share in (0.75, 0.5, 0.25):
        page.mouse.move(left + share * (right - left), y)
        page.evaluate(FRAME)
        seen.append((page.evaluate(STEP), where(page), page.locator(".kd-side-student").inner_text().split("\n")[-1]))
    assert seen == [(s, f"Step {s:,} of 1,920", f"step {s:,}") for s in (1440, 960, 480)]
    assert committed(page) == []
    page.mouse.up()
    assert committed(page) == [480]


def test_the_thumb_and_the_line_stand_at_the_step_on_the_axis(mount, runs_scene):
    for width in (400, 622):
        page = mount(LearningCurves(scene=runs_scene()), width=width)
        page.evaluate("() => scene.set('step', 480)")
        page.evaluate(FRAME)
        left, right, _ = track(page)
        wanted = left + 480 / 1920 * (right - left)
        assert page.locator(".kd-travel-line").bounding_box()["x"] == pytest.approx(wanted, abs=1.5)
        thumb = scrubber(page).evaluate(
            """(n) => {
              const box = n.getBoundingClientRect();
              return box.left + 9 + ((n.value - n.min) / (n.max - n.min)) * (box.width - 18);
            }"""
        )
        assert thumb == pytest.approx(wanted, abs=1.5)


def test_keys_go_from_recorded_step_to_recorded_step(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene()))
    slider = scrubber(page)
    hold_the_clock(page)
    presses = [("ArrowLeft", 1800), ("ArrowDown", 1680), ("ArrowRight", 1800), ("PageDown", 1560), ("PageUp", 1800)]
    for key, step in [*presses, ("Home", 0), ("ArrowLeft", 0), ("End", None), ("ArrowRight", None)]:
        slider.press(key)
        assert page.evaluate(STEP) == step, key
    slider.press("Home")
    slider.press("ArrowRight")
    page.clock.run_for(2000)
    assert committed(page) == [120]


def test_the_keys_end_at_once_with_the_focus(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene()))
    scrubber(page).press("ArrowLeft")
    scrubber(page).blur()
    assert committed(page) == [1800]


def test_going_back_to_a_step_is_told_again_after_python_has_moved_on(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene()))
    for _ in range(2):
        scrubber(page).press("Home")
        scrubber(page).blur()
        page.evaluate("() => scene.set('step', null)")
    assert committed(page) == [0, 0]


def test_a_press_on_the_plot_goes_there_and_a_drag_goes_on(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene()))
    left, right, _ = track(page)
    plot = page.locator(".kd-plot").bounding_box()
    page.mouse.move(left + (right - left) / 4, plot["y"] + 150)
    assert page.evaluate(STEP) is None, "moving only reads"
    page.mouse.down()
    assert page.evaluate(STEP) == 480
    page.mouse.move(left + (right - left) / 2, plot["y"] + 100)
    assert page.evaluate(STEP) == 960
    assert page.locator(".kd-readout b").inner_text() == "Step 960"
    assert committed(page) == []
    page.mouse.up()
    assert committed(page) == [960]
    page.mouse.move(right + 5, plot["y"] + 100)
    page.mouse.down()
    page.mouse.up()
    assert page.evaluate(STEP) is None, "the right end follows the newest"


def test_now_goes_back_to_the_newest(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene(step=480)))
    assert where(page) == "Step 480 of 1,920"
    page.get_by_role("button", name="Latest").click()
    assert page.evaluate(STEP) is None
    assert committed(page) == [None]
    assert where(page) == "Latest step: 1,920"


def hear_frame(page, step):
    """A frame comes from the kernel."""
    page.evaluate(
        """(step) => {
          const told = { frames: [{ run: "s", step, scale: 1 }], whole: null };
          for (const hear of scene.listeners["msg:custom"]) hear(told, [new DataView(new Int16Array(6).buffer)]);
        }""",
        step,
    )


def test_while_training_runs_the_right_end_follows_and_a_step_gone_back_to_stays(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene(total_steps=3000, state="running")))
    assert where(page) == "Latest step: 1,920"
    hear_frame(page, 2000)
    assert where(page) == "Latest step: 2,000"
    assert scrubber(page).input_value() == "2000"
    scrubber(page).press("ArrowLeft")
    hear_frame(page, 2100)
    assert where(page) == "Step 1,920 of 1,920"
    assert scrubber(page).input_value() == "1920"


def test_beyond_the_newest_step_there_is_nothing_to_drag_to(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene(total_steps=3840, state="running")))
    scrubber(page).evaluate("(n) => { n.value = 3500; n.dispatchEvent(new Event('input', { bubbles: true })); }")
    assert page.evaluate(STEP) is None
    assert scrubber(page).input_value() == "1920"


FILM = """() => {
  window.played = [];
  scene.on("change:step", () => played.push([scene.get("step"), performance.now()]));
}"""


def test_the_film_plays_every_recorded_step_in_about_six_seconds(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene(frames=17)))
    hold_the_clock(page)
    page.evaluate(FILM)
    button = page.get_by_role("button", name="Play film")
    button.click()
    page.clock.run_for(100)
    assert page.get_by_role("button", name="Pause film").is_visible()
    page.clock.run_for(5700)
    steps = [step for step, _ in page.evaluate("() => played")]
    assert steps == [*range(0, 1801, 120)]
    assert committed(page) == []
    page.clock.run_for(500)
    assert page.evaluate(STEP) is None, "at its end the film follows the newest"
    assert button.is_visible()


def test_space_plays_and_pauses_and_the_film_goes_on_from_there(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene(step=960)))
    hold_the_clock(page)
    scrubber(page).press(" ")
    page.clock.run_for(1000)
    scrubber(page).press(" ")
    stopped = page.evaluate(STEP)
    assert 960 < stopped < 1920
    assert committed(page) == [stopped]
    page.clock.run_for(2000)
    assert page.evaluate(STEP) == stopped
    page.evaluate(FILM)
    scrubber(page).press(" ")
    page.clock.run_for(500)
    assert page.evaluate("() => played[0][0]") == stopped + 120


@pytest.mark.parametrize("frames", [17, 200])
def test_with_reduced_motion_the_film_has_two_frames_a_second(mount, runs_scene, frames):
    page = mount(LearningCurves(scene=runs_scene(frames=frames)), reduced_motion="reduce")
    hold_the_clock(page)
    page.evaluate(FILM)
    page.get_by_role("button", name="Play film").click()
    page.clock.run_for(4000)
    times = page.evaluate("() => played.map(([, at]) => at)")
    assert 7 <= len(times) <= 9
    assert min(b - a for a, b in pairwise(times)) > 450
    page.clock.run_for(9000)
    assert page.evaluate(STEP) is None


def test_a_hand_on_the_scrubber_stops_the_film(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene()))
    hold_the_clock(page)
    page.get_by_role("button", name="Play film").click()
    page.clock.run_for(1000)
    scrubber(page).press("Home")
    page.clock.run_for(2000)
    assert page.evaluate(STEP) == 0
    assert page.get_by_role("button", name="Play film").is_visible()


def test_a_film_under_way_ends_with_its_view(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene()))
    hold_the_clock(page)
    page.get_by_role("button", name="Play film").click()
    page.clock.run_for(1000)
    page.evaluate("() => end()")
    at = page.evaluate(STEP)
    page.clock.run_for(2000)
    assert page.evaluate(STEP) == at


def test_before_the_first_steps_there_is_nothing_to_scrub(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene(runs=[], frames=1, state="idle")))
    assert where(page) == "No steps recorded yet"
    assert scrubber(page).is_disabled()
    before = page.locator(".kd-card").bounding_box()["height"]
    assert page.locator(".kd-scrubber button[aria-disabled=false]").count() == 0
    page.get_by_role("button", name="Play film").dispatch_event("click")
    hear_frame(page, 1920)
    assert where(page) == "Latest step: 1,920"
    assert page.locator(".kd-card").bounding_box()["height"] == before, "nothing moves when the steps come"


def test_a_link_can_hide_the_scrubber_and_the_keys_then_read_the_plot(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene(hidden=["scrubber"])))
    assert not page.locator(".kd-scrubber").is_visible()
    plot = page.get_by_role("slider", name="Read the curves at a step")
    plot.press("ArrowLeft")
    assert page.evaluate("() => [scene.get('step'), model.get('cursor')]") == [None, 1800]


def test_the_exact_step_that_python_shows_is_told(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene(step=500)))
    assert where(page) == "Step 480 of 1,920"
    page.evaluate(
        """() => {
          scene.set("exact_logits", new DataView(new Float32Array(6).buffer));
          scene.set("exact", { run: "s", step: 500 });
        }"""
    )
    assert where(page) == "Step 500 of 1,920"


def test_a_move_makes_no_new_node(mount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene(branches=3)))
    made = page.evaluate(
        """async () => {
          let made = 0;
          scene.set("step", 480);
          await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
          const watcher = new MutationObserver((all) => {
            const nodes = all.flatMap((change) => [...change.addedNodes]);
            made += nodes.filter((added) => added.nodeType === Node.ELEMENT_NODE).length;
          });
          watcher.observe(document.body, { childList: true, subtree: true });
          for (const step of [600, 720, 840]) {
            scene.set("step", step);
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
          }
          watcher.disconnect();
          return made;
        }"""
    )
    assert made == 0
