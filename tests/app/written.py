"""Notebooks written for a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def notebook(path: Path, *markdown: str, **metadata: Any) -> Path:
    cells = [{"cell_type": "markdown", "metadata": {}, "source": text} for text in markdown]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))
    return path
