"""Moby-Dick as rows, and rows of prompts and answers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import kdviz.data
from kdviz.data.text import answers, moby_dick_chapters
from kdviz.data.vocabulary import Vocabulary


def test_each_character_of_each_chapter_is_predicted_once() -> None:
    data, length = kdviz.data.moby_dick(50), 50
    assert (data.name, kdviz.data.moby_dick().name) == ("moby-dick-50", "moby-dick")
    vocabulary, found = data.vocabulary, {}
    assert vocabulary is not None and data.classes == vocabulary.symbols
    for part in (data.train, data.validation, data.test):
        assert part.shape == (length,)
        assert torch.equal(part.y[:, :-1][part.y[:, 1:] >= 0], part.x[:, 1:][part.y[:, 1:] >= 0])
        for chapter in np.unique(part.groups["chapter"]).tolist():
            rows = torch.from_numpy(part.groups["chapter"] == chapter)
            y = part.y[rows].flatten()
            assert chapter not in found
            found[chapter] = vocabulary.decode(y[y >= 0])
            assert y[y >= 0][-1] == vocabulary.end and part.x[rows][0, 0] == vocabulary.begin
    assert tuple(found[number] for number in sorted(found)) == moby_dick_chapters()


def test_chapters_are_kept_apart() -> None:
    data = kdviz.data.moby_dick()
    parts = [set(part.groups["chapter"].tolist()) for part in (data.train, data.validation, data.test)]
    assert [len(part) for part in parts] == [109, 14, 13] and len(set.union(*parts)) == 136
    assert [len(part) for part in (data.train, data.validation, data.test)] == [14_468, 2_626, 1_497]
    assert moby_dick_chapters()[0].startswith("Call me Ishmael. Some years ago--never mind how long precisely--having")


@pytest.mark.parametrize("length", [0, 4_097, 2.5, True])
def test_a_length_that_is_none_is_refused(length: float) -> None:
    with pytest.raises(ValueError, match=r"length must be a whole number of tokens from 1 to 4,096, got"):
        kdviz.data.moby_dick(length)  # type: ignore[arg-type]


def test_only_the_answer_is_a_label() -> None:
    vocabulary = Vocabulary("abc=")
    made = answers(vocabulary, ["a=", "ab="], ["bc", ""], 6)
    a, b, c, equals = vocabulary.encode("abc=")
    assert made.x.tolist() == [[1, a, equals, b, c, 0], [1, a, b, equals, 0, 0]]
    assert made.y.tolist() == [[-1, -1, b, c, 2, -1], [-1, -1, -1, 2, -1, -1]]
    assert made.groups["prompt"].tolist() == [3, 4]
    with pytest.raises(ValueError, match="length must be at least 5, what the longest pair takes, got 4"):
        answers(vocabulary, ["a="], ["bc"], 4)
