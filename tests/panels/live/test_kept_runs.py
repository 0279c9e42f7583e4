"""Of the runs that are kept for a browser the newest stay; each is found by its choices alone."""

from __future__ import annotations

import os

import pytest

from kdviz.panels.live import kept_runs


def test_a_run_is_found_by_its_choices_whatever_their_order(tmp_path):
    place = kept_runs.place_of(tmp_path, {"scheme": "quantized", "seed": 1})
    assert place == kept_runs.place_of(tmp_path, {"seed": 1, "scheme": "quantized"})
    assert place != kept_runs.place_of(tmp_path, {"seed": 2, "scheme": "quantized"})
    assert kept_runs.kept(place) is None
    kept_runs.keep(place, {"seen": [[0, {"wrong": 3}]]})
    assert kept_runs.kept(place) == {"seen": [[0, {"wrong": 3}]]}
    (place / "student").mkdir()
    kept_runs.forget(place)
    assert not place.exists() and kept_runs.kept(place) is None


def test_an_edited_run_moves_and_takes_the_place_of_an_older_one(tmp_path):
    before, after = tmp_path / "a", tmp_path / "b"
    kept_runs.keep(before, {"n": 1})
    kept_runs.keep(after, {"n": 2})
    kept_runs.move(before, after)
    assert kept_runs.kept(after) == {"n": 1} and not before.exists()


def test_the_oldest_go(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_runs, "MOST", 2)
    for age, name in enumerate(("new", "older", "oldest")):
        kept_runs.keep(tmp_path / name, {})
        os.utime(tmp_path / name, (10**9 - age, 10**9 - age))
    (tmp_path / "half-way" / "student").mkdir(parents=True)
    os.utime(tmp_path / "half-way", (1, 1))
    kept_runs.keep(tmp_path / "newest", {})
    assert sorted(os.listdir(tmp_path)) == ["new", "newest"]


@pytest.mark.parametrize("text", ["{", '{"version": 1, "kdviz": "0.0.1", "run": {}}', "[]"])
def test_another_version_and_damage_are_nothing(tmp_path, text):
    kept_runs.keep(tmp_path / "a", {})
    (tmp_path / "a" / kept_runs.FILE).write_text(text)
    assert kept_runs.kept(tmp_path / "a") is None
