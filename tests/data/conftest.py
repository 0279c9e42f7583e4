"""Property tests are not timed: the machine may be busy."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from kdviz.data import files

settings.register_profile("unhurried", deadline=None)


settings.load_profile("unhurried")


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No data set is found."""
    monkeypatch.delenv("KDVIZ_DATASETS", raising=False)
    monkeypatch.setattr(files, "__file__", str(tmp_path / "kdviz" / "data" / "files.py"))
