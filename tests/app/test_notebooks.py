"""Notebooks: read within bounds, and refused in a sentence."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import nbformat
import pytest

from kdviz.app import notebooks, pages

from .written import notebook


def test_a_broken_notebook_is_listed_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "half-written.ipynb").write_text("{")
    assert pages.listing(tmp_path)[0].title == "half written"


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_thousand_damaged_notebooks_are_listed_and_read_or_refused(tmp_path: Path) -> None:
    chance = random.Random(0)
    told = {"title": "T", "description": "D", "lang": "de"}
    whole = notebook(tmp_path / "whole.ipynb", "# A\n\nWords.", "$x$", kdviz=told, kernelspec={"name": "python3"})
    text, values = whole.read_text(), (None, 5, -1.5, True, [], {}, "x", [[]], {"a": None}, "\ud800", "\x00")
    path = tmp_path / "damaged.ipynb"
    refused = 0
    for _ in range(1000):
        if chance.random() < 0.3:
            damaged = bytearray(text.encode())
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            path.write_bytes(damaged)
        else:
            path.write_text(json.dumps(_changed(json.loads(text), chance, values)))
        listed = pages.entry(path, tmp_path)
        assert listed.title.encode()
        word = notebooks.trouble(path)
        if word:
            refused += 1
            assert listed.trouble, word
            assert len(word) < 120
        else:
            nbformat.validate(notebooks.read(path))
    assert 100 < refused < 900


def _changed(value: Any, chance: random.Random, values: tuple[Any, ...]) -> Any:
    """One place anywhere in a JSON value replaced."""
    if not value or not isinstance(value, (dict, list)) or chance.random() < 0.15:
        return chance.choice(values)
    key = chance.choice(list(value)) if isinstance(value, dict) else chance.randrange(len(value))
    value[key] = _changed(value[key], chance, values)
    return value


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of nbformat: an old notebook's cells have no id
def test_an_older_notebook_is_brought_up(tmp_path: Path) -> None:
    cells = [{"cell_type": "heading", "level": 1, "metadata": {}, "source": ["Old"]}]
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": cells, "metadata": {}}],
    }
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps(old))
    assert notebooks.read(path).cells[0].source == "# Old"
    assert not notebooks.trouble(path)
