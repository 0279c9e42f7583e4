"""Puts the data sets and notebooks into the wheel. An editable install finds them in the clone instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CARRIED = {
    "datasets/adult": "kdviz/data/files/adult",
    "datasets/definitions": "kdviz/data/files/definitions",
    "datasets/fashion-mnist": "kdviz/data/files/fashion-mnist",
    "datasets/mnist": "kdviz/data/files/mnist",
    "datasets/given-names": "kdviz/data/files/given-names",
    "datasets/moby-dick": "kdviz/data/files/moby-dick",
    "datasets/spelling": "kdviz/data/files/spelling",
    "notebooks": "kdviz/app/notebooks",
}
WITHHELD = "notebooks/solutions"  # for those who teach: the repository has them, an installation does not


class CustomBuildHook(BuildHookInterface):
    """Named by hatchling: it looks for one hook class in this file."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "standard":
            return
        root = Path(self.root)
        for folder, target in CARRIED.items():
            for path in sorted((root / folder).rglob("*")):
                inside = path.relative_to(root / folder)
                if path.is_relative_to(root / WITHHELD):
                    continue
                if path.is_file() and not any(part.startswith(".") for part in inside.parts):
                    build_data["force_include"][str(path)] = f"{target}/{inside.as_posix()}"
