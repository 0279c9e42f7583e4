"""The Lab on ipykernel 6, where callbacks come on the main thread: in an environment laid over this one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from ..conftest import QUICK, LabPage

REPORTED = "import ipykernel; print(ipykernel.__version__)"


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ipykernel 6 and what only it needs."""
    folder = tmp_path_factory.mktemp("ipykernel-6")
    wanted = ["ipykernel>=6.29,<7", "nest-asyncio"]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), *wanted]
    subprocess.run(command, check=True, timeout=200)
    return folder


@pytest.mark.full
def test_the_lab_trains_travels_and_branches_on_ipykernel_6(older: Path, serve: Callable, page: Callable) -> None:
    kernels = older / "share" / "jupyter"  # its own description: the newer one's promises encryption
    over = ("env", f"PYTHONPATH={older}", f"JUPYTER_PATH={kernels}", sys.executable)
    version = subprocess.run([*over, "-c", REPORTED], capture_output=True, text=True, check=True).stdout
    assert version.startswith("6.")
    server = serve(program=(*over, "-m", "kdviz.app.cli"))
    lab = LabPage(page(f"{server.url}?{QUICK}")).ready().train()
    at_the_end = lab.student()
    lab.scrubber.focus()
    lab.page.keyboard.press("Home")
    expect(lab.page.locator(".kd-hero .kd-p-student")).not_to_have_text(at_the_end)
    lab.temperature.focus()
    lab.page.keyboard.press("End")
    lab.button("Clear this run").click()
    expect(lab.status).to_have_text("Ready to train.")
