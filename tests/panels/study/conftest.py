"""The Study page, closed after the test, with what it keeps in a folder of its own."""

from __future__ import annotations

import pytest
import torch

from kdviz.panels import StudyPage

QUICK = {"temperature": [1, 4], "alpha": [0.1, 0.9], "labels": 100, "units": 8, "epochs": 2, "seeds": 2}  # 10 runs
BROWSER = "b" * 32


@pytest.fixture(autouse=True)
def one_torch_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def study_page(closed, tmp_path, monkeypatch):
    """``study_page(**chosen)`` makes a page that is ready; ``browser=True`` opens it in one that keeps runs."""
    monkeypatch.setenv("KDVIZ_KEEP", str(tmp_path))

    def make(*, browser=False, **chosen):
        page = closed(StudyPage(**chosen))
        if browser:
            page._opened(BROWSER, "")
        assert page.wait()
        return page

    return make
