"""Drawings as data."""

from __future__ import annotations

import pytest
import torch

from kdviz.panels.schemes import drawings
from kdviz.widgets import SchemeView
from kdviz.widgets.traits import WrongTraitError


def test_each_kind_fits_the_view():
    made = [
        drawings.curves("Curves", [drawings.line("a", "student", [0, 1], [2, 3])], x="step", y="error"),
        drawings.bars("Bars", [drawings.bar("a", "twin", 3, "3")]),
        drawings.matrix("Matrix", ["a"], ["b", "c"], [[1, None]], [["1", ""]], low=0, high=1),
        drawings.images("Images", torch.tensor([[[0.0, 0.5], [1.0, 2.0]]]), ["one"]),
    ]
    assert [row["kind"] for row in SchemeView(drawings=made).drawings] == ["curves", "bars", "matrix", "images"]
    assert made[3]["pixels"] == [[0, 128, 255, 255]] and made[3]["shape"] == [2, 2]


def test_what_is_no_drawing_is_refused():
    with pytest.raises(WrongTraitError, match="must be one of 'curves', 'bars', 'matrix', 'images', got 'pie'"):
        SchemeView(drawings=[{"kind": "pie"}])
    with pytest.raises(WrongTraitError, match="must be a dict with title, rows, unit, sentence"):
        SchemeView(drawings=[{"kind": "bars", "title": "x"}])
