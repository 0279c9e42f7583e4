"""Controllers of the views, with their threads."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kdviz.panels.live.worker import LatestOnly


@pytest.fixture
def started():
    """``started(make)`` returns the controller ``make(newest, across)``, on two threads; all close after the test."""
    made = []

    def start(make: Callable):
        threads = LatestOnly("kdviz-subjects"), LatestOnly("kdviz-across")
        made.append((make(*threads), threads))
        return made[-1][0]

    yield start
    for controller, threads in made:
        for thread in threads:
            thread.close()
        controller.close()
