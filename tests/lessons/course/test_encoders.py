"""Lesson 20: its exercises tell right from wrong."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

import kdviz as kd
from kdviz.lessons.course.encoders import Encoders


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return Encoders(folder=tmp_path_factory.mktemp("answers"))


def hide(ids, chosen, fate, others, *, wrong=""):
    if wrong == "all":
        return torch.where(chosen, 4, ids)
    if wrong == "unchosen":
        chosen = chosen | True
    if wrong == "in place":
        ids[chosen & (fate < 0.8)] = 4
    early = chosen & (fate < 0.8)
    late = chosen & (
        (fate >= 0.9) if wrong == "exchanged" else (fate >= 0.8) & (fate < (2 if wrong == "no stay" else 0.9))
    )
    return torch.where(late, ids if wrong == "no other" else others, torch.where(early, 4, ids))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ("", ""),
        ("all", "You hide every word"),
        ("unchosen", "that were not chosen stay"),
        ("exchanged", "have these two exchanged"),
        ("no stay", "Nothing stays"),
        ("no other", "No word becomes another"),
        ("in place", ""),  # right, though what it was given is no longer what it was
    ],
)
def test_hidden_words(lesson, wrong, named):
    found = lesson.check("hide", lambda *given: hide(*given, wrong=wrong))
    assert bool(found) == (not named) and named in " ".join(found.sentences)


@pytest.mark.parametrize(
    ("begins", "named"),
    [
        (lambda n, m: [1 + i * (m // n) for i in range(n)], ""),
        (lambda n, m: [(i + 1) * (m // n) for i in range(n)], "from the first on"),
        (lambda n, m: list(range(1, n + 1)), "the lower half"),
        (lambda n, m: [i * (m // n) for i in range(n)], "Count blocks from 1"),
        (lambda n, m: [1, 3, 5, 8, 10, 12], "The authors' own script"),
        (lambda n, m: [1, 3, 5, 7, 9, 11], "Of 6 blocks, 2 begin as 1 and 4"),
    ],
)
def test_blocks(lesson, begins, named):
    found = lesson.check("blocks", begins)
    assert bool(found) == (not named) and named in " ".join(found.sentences)


def triple(s, t, h_s, h_t, y, counts, *, wrong=""):
    if wrong == "padding":
        counts = counts | True
    p, log_q = (t / 2).softmax(-1), (s / 2).log_softmax(-1)
    soft = 4 * (p * (p.log() - log_q)).sum(-1)[(y >= 0) if wrong == "hidden" else counts].mean()
    words = F.cross_entropy(s[y >= 0], y[y >= 0])
    if wrong == "minus one":
        words = F.cross_entropy(s.flatten(0, 1), y.flatten().clamp(min=0))
    cosine = F.cosine_similarity(h_s, h_t, dim=-1)[counts | True if wrong == "padded cosine" else counts].mean()
    if wrong == "weights":
        return soft + words + 1 - cosine
    return 5 * (soft / 4 if wrong == "T" else soft) + 2 * words + (cosine if wrong == "cosine" else 1 - cosine)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ("", ""),
        ("padding", "Padding counts in yours"),
        ("hidden", "hidden words alone"),
        ("T", "The T² of the soft targets is missing"),
        ("cosine", "the loss is 1 − cos"),
        ("weights", "The weights are missing"),
        ("minus one", "A label of −1 is no word"),
        ("padded cosine", "The cosine counts padding"),
    ],
)
def test_the_triple_loss(lesson, wrong, named):
    found = lesson.check("triple", lambda *given: triple(*given, wrong=wrong))
    assert bool(found) == (not named) and named in " ".join(found.sentences)


def test_the_words_of_the_first_prediction_are_one_piece_each_and_one_is_hidden(lesson):
    pieces = kd.data.word_pieces()
    assert all(len(pieces.encode(word)) == 1 for word in lesson.goes_in)
    row = lesson.hidden_line(pieces)
    assert pieces.decode(row["input_ids"][0]) == lesson.line.format("[MASK]")
    assert int((row["input_ids"] == pieces.mask).sum()) == 1


def test_right_answers_of_the_quiz_are_right(lesson):
    assert lesson.answer("inherits", ["The teacher's width", "The teacher's vocabulary"]).right
    for name, right in {
        "everywhere": "On all that are no padding",
        "tiny": "Teach a narrower student",
        "shows": "That it was ahead within this budget",
    }.items():
        assert lesson.answer(name, right).right
