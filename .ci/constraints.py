"""Resolve the test extras afresh: ``python .ci/constraints.py > constraints.txt``."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

TORCH = "torch==2.13.0"
EXTRAS = ("app", "docs", "export", "test", "test-foreign")
LEFT_OUT = ("torchvision", "nvidia-")  # asked for by timm and xgboost, and not installed: see foreign.py
HEADER = """\
# Every version that the tests run with, for python -m pip install -c constraints.txt -e ".[app]".
# Written by: python .ci/constraints.py > constraints.txt
"""


def requirements() -> list[str]:
    """All that kdviz, its app and its tests ask for, with torch held."""
    root = Path(__file__).resolve().parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *(name for extra in EXTRAS for name in extras[extra])]
    return [TORCH, *(name for name in asked if not name.startswith("kdviz"))]


def resolve(asked: list[str]) -> dict[str, str]:
    """Name to version of the whole closure, as pip would install it into an empty environment."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        options = ["--dry-run", "--ignore-installed", "--quiet", "--report", str(report)]
        subprocess.run([sys.executable, "-m", "pip", "install", *options, *asked], check=True)
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
    # A local version ("+cpu") names a build, not a release.
    versions = {item["metadata"]["name"]: item["metadata"]["version"].partition("+")[0] for item in found}
    return {name: version for name, version in versions.items() if not name.startswith(LEFT_OUT)}


if __name__ == "__main__":
    closure = resolve(requirements())
    sys.stdout.write(HEADER)
    for name in sorted(closure, key=str.lower):
        print(f"{name}=={closure[name]}")
