"""A Lab of a few seconds, closed after the test."""

from __future__ import annotations

import pytest

from kdviz.panels import Lab

QUICK = {"labels": 300, "units": 16, "epochs": 4, "batch_size": 32, "smoothing": False}


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.setenv("KDVIZ_KEEP", str(tmp_path))
    made = []

    def make(**chosen) -> Lab:
        made.append(Lab(**(QUICK | chosen)))
        return made[-1]

    yield make
    for panel in made:
        panel.close()
