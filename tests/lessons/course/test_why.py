"""Lesson 1: its exercises tell right from wrong, and its truths are those of the cards."""

from __future__ import annotations

import pytest
import torch

from kdviz import models
from kdviz.lessons.course.why import BY_HAND, OTHERS, TEACHER, UNITS, Why


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return Why(folder=tmp_path_factory.mktemp("answers"))


def test_the_order_is_that_of_the_engine(lesson):
    items = lesson.part("first").items
    macs = [models.mac_count(models.pretrained(name), (1, 28, 28)) for name in items]
    assert macs == sorted(macs)
    assert set(items) == {TEACHER, *OTHERS}


def test_a_student_by_hand_is_what_the_engine_counts(lesson):
    student = models.mlp((BY_HAND[1],))
    weights = models.parameter_count(student)
    assert lesson.check("by_hand", [weights, 4 * weights, models.mac_count(student, (1, 28, 28))])


@pytest.mark.parametrize(
    ("of", "named"),
    [
        (lambda w, m: [m, 4 * m, m], "biases are missing"),
        (lambda w, m: [784 * 32 + 32, 1, 1], "last layer"),
        (lambda w, m: [12, 1, 1], "a × b weights"),
        (lambda w, m: [w, 32 * w, m], "4 bytes"),
        (lambda w, m: [w, w, m], "number of weights"),
        (lambda w, m: [w, 4 * w, w], "added, not multiplied"),
        (lambda w, m: [w, 4 * w, 2 * m], "FLOPs"),
        (lambda w, m: [..., ..., ...], "nothing to check"),
    ],
)
def test_each_mistake_by_hand_gets_its_own_sentence(lesson, of, named):
    student = models.mlp((BY_HAND[1],))
    values = of(models.parameter_count(student), models.mac_count(student, (1, 28, 28)))
    assert named in lesson.check("by_hand", values).sentences[0]


def prune(w, share, *, key=torch.abs, largest=False, rows=False, own=False):
    kept = w if own else w.clone()
    if rows:
        for row in kept:
            row[row.abs().argsort()[: round(share * len(row))]] = 0
        return kept
    order = key(w).flatten().argsort(descending=largest)
    kept.view(-1)[order[: round(share * w.numel())]] = 0
    return kept


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({}, ""),
        ({"key": torch.clone}, "Compare abs()"),
        ({"largest": True}, "kept the small ones"),
        ({"rows": True}, "whole matrix"),
        ({"own": True}, "work on a copy"),
    ],
)
def test_pruning(lesson, wrong, named):
    found = lesson.check("prune", lambda w, share: prune(w, share, **wrong))
    assert bool(found) == (not named)
    assert not named or named in found.sentences[0]


def test_pruning_nothing_or_too_much(lesson):
    assert "4 zeros" in lesson.check("prune", lambda w, share: torch.zeros_like(w)).sentences[0]
    assert "share of 0" in lesson.check("prune", lambda w, share: prune(w, share or 0.5)).sentences[0]


def split(w, rank, *, where=slice(None, 4), values="left", lying=False):
    u, s, v = torch.linalg.svd(w, full_matrices=False)
    left = {"left": u * s, "both": u * s, "none": u}[values][:, where]
    right = ((s[:, None] * v) if values == "both" else v)[where]
    return left, right.T if lying else right


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({}, ""),
        ({"where": slice(None)}, "Nothing was left out"),
        ({"lying": True}, "transposed already"),
        ({"values": "none"}, "missing"),
        ({"values": "both"}, "both factors"),
        ({"where": slice(-4, None)}, "smallest singular values"),
    ],
)
def test_low_rank(lesson, wrong, named):
    found = lesson.check("factors", lambda w, rank: split(w, rank, **wrong))
    assert bool(found) == (not named)
    assert not named or named in found.sentences[0]


def test_runs_tell_what_came(lesson):
    lesson.answer("time", [8.0, 8.0, 2.0])
    assert lesson.see("time", [8.4, 7.9, 1.9]).right
    lesson.answer("bend", [800.0] * len(UNITS))
    assert lesson.see("bend", [800.0] * len(UNITS)).right
    lesson.answer("place", [50_890, 600])
    assert lesson.see("place", (models.parameter_count(models.mlp((64,))), 600)).distance < 0.01
    lesson.answer("half", 80)
    assert lesson.see("half", 85).right


def test_below_this_rank_two_factors_have_fewer_weights(lesson):
    rank = lesson.part("worth").right
    assert (rank - 1) * 2400 < 1200 * 1200 < (rank + 1) * 2400
