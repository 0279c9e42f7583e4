"""The Study page, closed after the test, with what it keeps in a folder of its own."""

from __future__ import annotations

from functools import partial

import pytest

from kdviz.panels import StudyPage

QUICK = {"temperature": [1, 4], "alpha": [0.1, 0.9], "labels": 100, "units": 8, "epochs": 2, "seeds": 2}  # 10 runs


@pytest.fixture(autouse=True)
def alone(one_torch_thread):
    """Studies of the tests count on one thread."""


@pytest.fixture
def study_page(kept_page):
    """``study_page(**chosen)`` makes a page that is ready; ``browser=True`` opens it in one that keeps runs."""
    return partial(kept_page, StudyPage)
