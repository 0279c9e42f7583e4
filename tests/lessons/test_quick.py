"""The quick mode of lessons is one environment variable."""

from __future__ import annotations

import pytest

from kdviz.lessons import quick


@pytest.mark.parametrize(("value", "is_quick"), [(None, False), ("", False), ("0", False), ("1", True), ("yes", True)])
def test_one_variable_chooses_the_quick_mode(value: str | None, is_quick: bool, monkeypatch) -> None:
    monkeypatch.delenv(quick.VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(quick.VARIABLE, value)
    assert quick.quick() is is_quick
    assert quick.full_or_quick(20, 1) == (1 if is_quick else 20)
