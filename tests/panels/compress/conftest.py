"""The Compress page, closed after the test, with what it keeps in a folder of its own: Adult's small teacher."""

from __future__ import annotations

import pytest
import torch

from kdviz.panels import Compress

BROWSER = "c" * 32
QUICK = {"teacher": "adult-mlp", "units": 0.5, "teaching": 1}  # 32 steps of a network of some thousand weights


@pytest.fixture(autouse=True)
def one_torch_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def compress_page(closed, tmp_path, monkeypatch):
    """``compress_page(**chosen)`` makes a page that is ready; ``browser=True`` opens it in one that keeps points."""
    monkeypatch.setenv("KDVIZ_KEEP", str(tmp_path))

    def make(*, browser=False, **chosen):
        page = closed(Compress(**chosen))
        if browser:
            page._opened(BROWSER, "")
        assert page.wait()
        return page

    return make
