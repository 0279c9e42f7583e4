"""Given names, and words with their sounds."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

import kdviz.data
from kdviz.data import Splits, words

DATASETS = Path(__file__).resolve().parents[2] / "datasets"


def decoded(data: Splits, shown: str = "x") -> list[str]:
    """What stands in the rows, or in their labels, of all parts."""
    assert data.vocabulary is not None
    ids = [ids for part in (data.train, data.validation, data.test) for ids in getattr(part, shown)]
    return [data.vocabulary.decode(row[row >= 0]) for row in ids]


def published(path: str) -> list[str]:
    return gzip.decompress((DATASETS / path).read_bytes()).decode("ascii").splitlines()


def test_each_name_of_the_lists_is_in_one_part_and_is_its_own_label() -> None:
    data = kdviz.data.given_names()
    lists = {of: set(published(f"given-names/{of}.txt.gz")) for of in ("female", "male")}
    names = decoded(data)
    assert len(set(names)) == len(names) == 8_420 and names == decoded(data, "y")
    left_out = (lists["female"] | lists["male"]) - set(names)
    assert left_out == {"TEirtza", "ErvIn"}
    of = np.concatenate([part.groups["list"] for part in (data.train, data.validation, data.test)])
    for name, on in zip(names, of.tolist(), strict=True):
        assert [name in lists["female"], name in lists["male"]] == [on != "male", on != "female"]


def test_a_word_is_the_prompt_and_its_sounds_are_the_answer() -> None:
    data, sounds = kdviz.data.spelling(), dict(line.split("  ") for line in published("spelling/words.txt.gz"))
    rows, answered = decoded(data), decoded(data, "y")
    assert len(set(rows)) == len(rows) == len(sounds) == 13_324
    for row, answer in zip(rows, answered, strict=True):
        word, _, said = row.partition("=")
        plain = "".join(letter for letter in sounds[word.upper()] if letter not in "012")
        assert said == answer == f" {plain}"
    assert data.train.groups["prompt"].tolist() == [len(row.partition("=")[0]) + 2 for row in rows[: len(data.train)]]
    assert "whale= W EY L" in rows


@pytest.mark.parametrize("load", [words.given_names, words.spelling, kdviz.data.moby_dick])
def test_data_that_are_not_here_are_missed_in_a_sentence(load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kdviz.data.files.folders", lambda name: [tmp_path / name])
    for kept in (words.given_names, words.spelling, kdviz.data.text._moby_dick, kdviz.data.text.moby_dick_chapters):
        kept.cache_clear()
    with pytest.raises(FileNotFoundError, match=r"not found: put .*\.gz into a folder .* and set KDVIZ_DATASETS"):
        load()
