"""Property tests are not timed: the machine may be busy."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from kdviz.data import fetching, files

settings.register_profile("unhurried", deadline=None)


settings.load_profile("unhurried")


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No data set is found but in this empty cache."""
    monkeypatch.delenv("KDVIZ_DATASETS", raising=False)
    monkeypatch.setattr(files, "__file__", str(tmp_path / "kdviz" / "data" / "files.py"))
    for module in (files, fetching):
        monkeypatch.setattr(module, "cache_folder", lambda name: tmp_path / "cache" / name)
    return tmp_path / "cache"
