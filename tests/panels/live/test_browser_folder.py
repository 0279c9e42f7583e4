"""Where a page keeps what a browser has made."""

import pytest

from kdviz.panels.live.browser_folder import browser_folder


def test_each_page_has_its_folder_below_the_chosen_one(tmp_path, monkeypatch):
    monkeypatch.setenv("KDVIZ_KEEP", str(tmp_path))
    assert browser_folder("a" * 32, "compress") == tmp_path / "compress" / ("a" * 32)
    assert browser_folder("", "compress") is None
    for wrong in ("../x", "A" * 32, "a" * 33):
        with pytest.raises(ValueError, match="a browser's token is 32 hexadecimal characters, got"):
            browser_folder(wrong, "compress")
