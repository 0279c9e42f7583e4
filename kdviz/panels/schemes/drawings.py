"""Drawings as data, as :class:`kdviz.widgets.SchemeView` draws them: curves, bars, matrices, images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

Drawing = dict[str, Any]
LOOKS = ("student", "hinton", "twin", "teacher", *(f"branch-{i}" for i in range(5)))


def curves(
    title: str, lines: Sequence[Mapping[str, Any]], *, x: str, y: str, percent: bool = False, sentence: str = ""
) -> Drawing:
    """Lines over numbers.

    Parameters
    ----------
    title : str
    lines : sequence of dict
        Each {"name", "look": one of ``LOOKS``, "x": [number], "y": [number]}.
    x, y : str
        What the axes are.
    percent : bool
        Whether y is in percent.
    sentence : str
        What it shows.
    """
    return {
        "kind": "curves",
        "title": title,
        "lines": [dict(line) for line in lines],
        "x": x,
        "y": y,
        "percent": percent,
        "sentence": sentence,
    }


def line(name: str, look: str, x: Sequence[float], y: Sequence[float]) -> dict[str, Any]:
    """One line of :func:`curves`."""
    return {"name": name, "look": look, "x": [float(one) for one in x], "y": [float(one) for one in y]}


def bars(title: str, rows: Sequence[Mapping[str, Any]], *, unit: str = "", sentence: str = "") -> Drawing:
    """Horizontal bars, each with its number.

    Parameters
    ----------
    rows : sequence of dict
        Each {"name", "look", "value", "text": the number as it is written, "note": said below it, or ""}.
    """
    return {"kind": "bars", "title": title, "rows": [dict(row) for row in rows], "unit": unit, "sentence": sentence}


def bar(name: str, look: str, value: float, text: str, note: str = "") -> dict[str, Any]:
    """One row of :func:`bars`."""
    return {"name": name, "look": look, "value": float(value), "text": text, "note": note}


def matrix(
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float | None]],
    texts: Sequence[Sequence[str]],
    *,
    low: float,
    high: float,
    across: str = "",
    down: str = "",
    sentence: str = "",
) -> Drawing:
    """A table of numbers as shades, from ``low`` (white) to ``high`` (dark); None for no number.

    Parameters
    ----------
    across, down : str
        What the columns and the rows are.
    """
    shown = [[None if one is None else float(one) for one in row] for row in values]
    return {
        "kind": "matrix",
        "title": title,
        "rows": list(rows),
        "columns": list(columns),
        "values": shown,
        "texts": [list(row) for row in texts],
        "low": low,
        "high": high,
        "across": across,
        "down": down,
        "sentence": sentence,
    }


def images(title: str, pictures: Tensor, captions: Sequence[str], *, sentence: str = "") -> Drawing:
    """Grey pictures, (N, 1, H, W) or (N, H, W) in [0, 1], each with its caption; as rows of numbers from 0 to 255."""
    grey = (pictures.detach().float().reshape(len(pictures), *pictures.shape[-2:]).clamp(0, 1) * 255).round()
    return {
        "kind": "images",
        "title": title,
        "shape": list(grey.shape[1:]),
        "pixels": [one.flatten().to(torch.int64).tolist() for one in grey],
        "captions": list(captions),
        "sentence": sentence,
    }
