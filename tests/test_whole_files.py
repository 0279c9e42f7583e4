"""A file is there whole, as it was or as it is now, whatever happens while it is written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kdviz.whole_files import write_whole


def test_a_file_is_replaced_in_one_go_or_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_whole(tmp_path / "a.json", "grün")
    assert path.read_bytes() == "grün".encode()

    def refuses(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "replace", refuses)
    with pytest.raises(OSError, match="full"):
        write_whole(path, b"new")
    assert path.read_bytes() == "grün".encode() and [one.name for one in tmp_path.iterdir()] == ["a.json"]
