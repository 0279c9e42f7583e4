"""A page that keeps what was made: for which browser, and what it says of one that cannot be."""

from __future__ import annotations

from kdviz.panels.live.keeping import Keeping


class Page(Keeping):
    kept_as = "things"
    said = ""

    def _refuse(self, why):
        self.said = why


def test_a_browser_s_folder_is_told_once(tmp_path, monkeypatch):
    monkeypatch.setenv("KDVIZ_KEEP", str(tmp_path))
    page = Page()
    assert page._is_kept_for("") is None and page._folder is None
    assert page._is_kept_for("../../elsewhere") is None and page._folder is None
    assert page.said.startswith("a browser's token is 32 hexadecimal characters")
    assert page._is_kept_for("a" * 32) == tmp_path / "things" / ("a" * 32) == page._folder
    assert page._is_kept_for("a" * 32) is None
    assert page._is_kept_for("b" * 32) == page._folder
