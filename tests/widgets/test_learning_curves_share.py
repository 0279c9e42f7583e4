"""Pictures and films to share: made in the browser, from this run's numbers."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from kdviz.widgets import LearningCurves

# A page without an address is given no clipboard.
CLIPBOARD = """() => {
  window.ClipboardItem = class { constructor(items) { this.items = items; } };
  const bytes = async (item) => new Uint8Array(await (await item.items["image/png"]).arrayBuffer());
  const write = async ([item]) => { window.copied = await bytes(item); };
  Object.defineProperty(navigator, "clipboard", { configurable: true, value: { write } });
}"""
NAME = "kdviz-T4-alpha0.9-seed3"


@pytest.fixture
def curves(mount, runs_scene):
    """``curves(**options)`` opens a page with curves whose run was trained with T = 4, α = 0.9, seed 3."""

    def show(**options):
        images = np.full((3, 4, 4), 200, dtype=np.uint8)
        scene = runs_scene(images=images.tobytes(), image_shape=[4, 4], teacher_name="2×1200", student_name="128 units")
        more = {"temperature": 4.0, "alpha": 0.9, "seed": 3, "named": False, "epoch_steps": 120}
        scene.runs = [{**row, **more} for row in scene.runs]
        return mount(LearningCurves(scene=scene), **options)

    return show


def picture(download):
    return Image.open(io.BytesIO(download.path().read_bytes()))


def chosen(page, name):
    page.get_by_text("Share", exact=True).click()
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("button", name=name).click()
    return download.value


def test_a_picture_has_its_size_its_caption_and_the_colours_of_the_theme(curves):
    page = curves()
    expect(page.get_by_text("optimizer step (16 epochs of 120)")).to_be_visible()
    saved = chosen(page, "Save picture (PNG)")
    assert saved.suggested_filename == f"{NAME}-step1920.png"
    light = picture(saved).convert("RGB")
    assert light.size == (2400, 1350)
    assert light.getpixel((5, 5)) == (255, 255, 255)
    assert (230, 159, 0) in {colour for _, colour in light.getcolors(1 << 24)}, "the student's bars are orange"
    expect(page.get_by_role("status")).to_have_text(f"Saved as {saved.suggested_filename}.")
    svg = chosen(page, "Save picture (SVG)").path().read_text(encoding="utf-8")
    for text in (
        "Student: 203 test errors; its twin without a teacher: 243",
        "T = 4 · α = 0.9 · seed 3",
        "2×1200",
        "label: a",
    ):
        assert text in svg
    page.emulate_media(color_scheme="dark")
    dark = picture(chosen(page, "Save picture (PNG)")).convert("RGB")
    assert dark.getpixel((5, 5)) == (33, 33, 33)


def test_a_film_has_a_picture_of_each_recorded_step(curves):
    page = curves()
    saved = chosen(page, "Save film (GIF)")
    assert saved.suggested_filename == f"{NAME}.gif"
    film = picture(saved)
    assert (film.n_frames, film.size) == (17, (960, 540))
    first = np.asarray(film.convert("RGB")).astype(int)
    film.seek(16)
    last = np.asarray(film.convert("RGB")).astype(int)
    assert (np.abs(first - last).max(-1) > 60).sum() > 1000, "the curves have grown"
    assert film.info["duration"] == 2500


def test_a_picture_is_copied_and_where_that_is_refused_it_is_saved(curves):
    page = curves()
    page.evaluate(CLIPBOARD)
    page.get_by_text("Share", exact=True).click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Copy picture")).to_be_hidden()
    page.get_by_text("Share", exact=True).click()
    page.get_by_role("button", name="Copy picture").click()
    expect(page.get_by_role("status")).to_have_text("Picture copied.")
    copied = bytes(page.evaluate("() => [...window.copied]"))
    assert Image.open(io.BytesIO(copied)).size == (2400, 1350)
    page.evaluate(
        "() => { navigator.clipboard.write = async () => { throw new DOMException('no', 'NotAllowedError'); }; }"
    )
    saved = chosen(page, "Copy picture")
    assert saved.suggested_filename == f"{NAME}-step1920.png"
    expect(page.get_by_role("status")).to_contain_text(f"so it was saved as {NAME}-step1920.png")


def test_there_is_nothing_to_share_before_a_run_or_where_a_link_hides_it(mount, remount, runs_scene):
    page = mount(LearningCurves(scene=runs_scene(runs=[], frames=0)))
    expect(page.get_by_text("Share", exact=True)).to_be_hidden()
    remount(page, LearningCurves(scene=runs_scene(hidden=["share"])))
    expect(page.get_by_text("Share", exact=True)).to_be_hidden()
