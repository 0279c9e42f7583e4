"""Install what tests/foreign is about, the extra ``test-foreign``, into the environment of this Python.

Two of the packages come without what they ask for: timm asks for torchvision, whose builds do not fit beside a CPU
build of torch, and xgboost for NVIDIA's NCCL, some 200 MB that no test needs. Where something does not install, the
tests about it are left out.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ALONE = ("timm", "xgboost")


def wanted() -> list[str]:
    """Return the extra's requirements, without kdviz itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [name for name in project["optional-dependencies"]["test-foreign"] if not name.startswith("kdviz")]


def install(names: list[str], *options: str) -> bool:
    """Whether pip installed them, at the versions of constraints.txt."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return subprocess.run([*pip, "--constraint", str(ROOT / "constraints.txt"), *options, *names]).returncode == 0


if __name__ == "__main__":
    alone = [name for name in wanted() if name.startswith(ALONE)]
    done = [install([name for name in wanted() if name not in alone]), install(alone, "--no-deps")]
    sys.exit(0 if all(done) else "Not all of them install here; the tests about the others are left out.")
