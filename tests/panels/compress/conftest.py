"""The Compress page, closed after the test, with what it keeps in a folder of its own: Adult's small teacher."""

from __future__ import annotations

from functools import partial

import pytest

from kdviz.panels import Compress

QUICK = {"teacher": "adult-mlp", "units": 0.5, "teaching": 1}  # 32 steps of a network of some thousand weights


@pytest.fixture
def compress_page(kept_page, one_torch_thread):
    """``compress_page(**chosen)`` makes a page that is ready; ``browser=True`` opens it in one that keeps points."""
    return partial(kept_page, Compress)
