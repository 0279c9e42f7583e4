"""What a browser's studies leave on disk."""

from __future__ import annotations

import os

from kdviz.panels.study import kept


def test_choices_come_back_and_damaged_ones_are_none(tmp_path):
    folder = tmp_path / "new"
    assert kept.kept_choices(folder) is None
    kept.keep_choices(folder, {"seeds": 5})
    kept.keep_choices(folder, {"seeds": 8})
    assert kept.kept_choices(folder) == {"seeds": 8} and len(list(folder.iterdir())) == 1
    for text in ("{", '{"version": 2, "settings": {}}', '{"version": 1, "settings": []}', "[]"):
        (folder / kept.CHOSEN).write_text(text)
        assert kept.kept_choices(folder) is None


def test_the_oldest_runs_go_first_and_old_halves_too(tmp_path):
    for age, name in enumerate(("new.json", "older.json", "oldest.json", ".stack-a-b.safetensors")):
        (tmp_path / name).write_text("{}")
        os.utime(tmp_path / name, (10**9 - age, 10**9 - age))
    kept.keep_choices(tmp_path, {})
    kept.prune(tmp_path, most=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chosen.json", "new.json", "older.json"]
    kept.prune(tmp_path / "nowhere")
