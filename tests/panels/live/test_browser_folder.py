"""Where a page keeps what a browser has made."""

import os

import pytest

from kdviz.distill.schema import ListOf, Whole
from kdviz.panels.live.browser_folder import DAYS, browser_folder, keep, kept, prune


def test_each_page_has_its_folder_below_the_chosen_one(tmp_path, monkeypatch):
    monkeypatch.setenv("KDVIZ_KEEP", str(tmp_path))
    assert browser_folder("a" * 32, "compress") == tmp_path / "compress" / ("a" * 32)
    assert browser_folder("", "compress") is None
    for wrong in ("../x", "A" * 32, "a" * 33):
        with pytest.raises(ValueError, match="a browser's token is 32 hexadecimal characters, got"):
            browser_folder(wrong, "compress")


def test_a_file_is_whole_or_as_it_was_and_what_is_damaged_is_nothing(tmp_path, monkeypatch):
    file, fields = tmp_path / "new" / "made.json", {"points": ListOf(Whole())}
    assert kept(file, 1, fields) is None
    keep(file, 1, {"points": [1, 2]})
    keep(file, 1, {"points": [3]})
    assert kept(file, 1, fields) == {"version": 1, "points": [3]} and os.listdir(file.parent) == ["made.json"]
    assert kept(file, 2, fields) is None
    with monkeypatch.context() as full:
        full.setattr(os, "replace", refuse)
        with pytest.raises(OSError, match="no room"):
            keep(file, 1, {"points": [4]})
    assert kept(file, 1, fields)["points"] == [3] and os.listdir(file.parent) == ["made.json"]
    for text in ("{", '{"version": 1, "points": 7}', '{"version": 1, "points": ["x"]}', "[]"):
        file.write_text(text)
        assert kept(file, 1, fields) is None


def test_what_a_browser_left_long_ago_goes_and_nothing_else(tmp_path):
    own, old, lately = (tmp_path / (letter * 32) for letter in "abc")
    for place in (own, old, lately, tmp_path / "mine"):
        keep(place / "run" / "made.json", 1, {})
    limit = own.stat().st_mtime + DAYS * 86_400
    os.utime(lately / "run", (limit, limit))  # a folder's own time says nothing of what is written below it
    prune(own, limit - 60)
    assert len(list(tmp_path.iterdir())) == 4
    prune(own, limit + 60)
    assert sorted(place.name[0] for place in tmp_path.iterdir()) == ["a", "c", "m"]
    prune(tmp_path / "none" / ("a" * 32), limit)


def refuse(*paths):
    raise OSError("no room")
