"""The example packages, each installed into a folder that a Python of its own looks into."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def python_with(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[str, ...]]:
    """``python_with("view")``: the beginning of a command, a Python in which ``examples/view`` is installed too."""

    def install(name: str) -> tuple[str, ...]:
        folder = tmp_path_factory.mktemp(name)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
        subprocess.run([*command, "--target", str(folder), str(EXAMPLES / name)], check=True, timeout=200)
        path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
        return ("env", f"PYTHONPATH={path}", sys.executable)

    return install
