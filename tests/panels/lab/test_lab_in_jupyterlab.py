"""The Lab in the real JupyterLab, where callbacks may come on a subshell's thread."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import expect

from ...in_jupyterlab import run_all, started
from ..conftest import choose_view

SERVER: dict[str, int] = {}
LAB_SAYS = {
    "Fidelity": re.compile(r"After step [\d,]+ the student agrees"),
    "Saliency": "share",
    "Calibration": "labelled examples",
    "Bias": "stroke thickness",
}
COMPARE_SAYS = {
    "Fidelity": "agrees with the teacher on",
    "Saliency": "share",
    "Calibration": "labelled examples",
    "Bias": "slant",
    "Attention": "block4",
}


@pytest.fixture(scope="module")
def jupyterlab(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[str]:
    """The address of a JupyterLab on copies of the dashboards, the Lab's with a run of 480 steps."""
    folder = tmp_path_factory.mktemp("jupyterlab")
    for name in ("lab.ipynb", "compare.ipynb"):
        text = (repository / "notebooks" / "dashboards" / name).read_text(encoding="utf-8")
        short = text.replace("kd.panels.Lab()", "kd.panels.Lab(epochs=15, smoothing=False)")
        (folder / name).write_text(short, encoding="utf-8")
    with started(folder, tmp_path_factory.mktemp) as server:
        SERVER["pid"] = server.pid
        yield server.address


@pytest.mark.timeout(600)
def test_the_lab_trains_travels_and_branches_in_jupyterlab(jupyterlab, page, watch):
    opened = open_lab(jupyterlab, page, watch)
    opened.get_by_role("slider", name=re.compile("Temperature")).press("ArrowRight")
    opened.get_by_role("button", name="Train", exact=True).click()
    expect(opened.locator(".kd-transport[data-state=finished]")).to_be_visible(timeout=180_000)
    expect(opened.get_by_text(re.compile("fewer than its twin")).first).to_be_visible()
    at_the_end = opened.locator(".kd-hero .kd-p-student").all_inner_texts()
    scrubber = opened.locator(".kd-scrubber input[type=range]")
    for name, said in LAB_SAYS.items():
        view(opened, name)
        expect(opened.locator(f".kd-host-{name.lower()}:visible")).to_contain_text(said, timeout=60_000)
    view(opened, "One example")
    scrubber.press("Home")
    expect(opened.locator(".kd-hero .kd-p-student")).not_to_have_text(at_the_end)
    for _ in range(6):
        scrubber.press("PageUp")
    opened.get_by_role("button", name=re.compile(r"^Branch from step [\d,]+")).click()
    opened.get_by_role("form", name="Branch").get_by_label("T", exact=True).fill("8")
    opened.get_by_role("button", name="Start branch").click()
    expect(opened.get_by_label("Name of Branch 1")).to_be_visible(timeout=120_000)


def test_a_kernel_that_died_is_told_by_the_page_itself(jupyterlab, page, watch):
    opened = open_lab(jupyterlab, page, watch)
    expect(opened.locator(".kd-status")).to_have_text("Ready to train.")
    # JupyterLab starts the kernel anew, and may say so in a dialog, sooner or later.
    opened.add_locator_handler(opened.locator(".jp-Dialog"), lambda: opened.keyboard.press("Escape"))
    process = psutil.Process(SERVER["pid"])
    for child in process.children(recursive=True):
        if "ipykernel_launcher" in " ".join(child.cmdline()):
            child.kill()
    opened.get_by_role("button", name="Step", exact=True).click()
    said = opened.get_by_text(re.compile("Python has not answered for 8 seconds.*run the cell again"))
    expect(said.first).to_be_visible(timeout=30_000)
    watch.errors.clear()  # what JupyterLab logs of its lost kernel
    watch.failed.clear()


@pytest.mark.full
def test_two_models_are_compared_in_jupyterlab(jupyterlab, page, watch):
    opened = page(f"{jupyterlab}/lab/workspaces/compare/tree/compare.ipynb", width=1440, height=1000)
    run_all(opened, ".kd-two-models", watch.errors)
    for name, said in COMPARE_SAYS.items():
        view(opened, name)
        expect(opened.locator(f".kd-host-{name.lower()}:visible")).to_contain_text(said, timeout=60_000)
    expect(opened.locator(".kd-host-attention canvas:visible").first).to_be_visible()


def view(opened, name):
    choose_view(opened, name)


def open_lab(jupyterlab, page, watch):
    opened = page(f"{jupyterlab}/lab/workspaces/lab/tree/lab.ipynb", width=1440, height=1000)
    return run_all(opened, ".kd-transport[data-state=idle]", watch.errors)
