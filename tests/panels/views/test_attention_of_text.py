"""Attention in a text: each head's matrix as the model has it, windows of long texts, and chance."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.measure.attention import attention_matrices, distance
from kdviz.measure.one_token import asked_at
from kdviz.panels.views.attention_of_text import MOST, drawn

DRAW = torch.Generator().manual_seed(0)


def encoder(heads: int, seed: int, context: int = 8):
    return kd.models.encoder(20, context, 8, 2, heads, classes=3, seed=seed).eval()


def test_matrices_are_those_of_the_heads_without_padding_and_their_likeness_that_of_the_maps():
    ids = torch.randint(1, 20, (5, 8), generator=DRAW)
    mask = torch.arange(8) < torch.tensor([[5], [8], [7], [6], [8]])
    X = {"input_ids": ids, "attention_mask": mask}
    teacher, student = encoder(4, 1), encoder(2, 2)
    found = drawn(teacher, student, X, "heads", None)
    assert found["tokens"] == [str(i) for i in ids[0, :5].tolist()] and found["place"] == -1
    A, B = attention_matrices(teacher, X), attention_matrices(student, X)
    second = np.asarray(found["teacher_maps"]).reshape(8, 5, 5)[5] * found["teacher_layers"][5]["most"]
    np.testing.assert_allclose(second, A["block2.attention"][0, 1, :5, :5], atol=1e-6)
    assert [one["name"] for one in found["student_layers"][:2]] == ["block1.attention#1", "block1.attention#2"]
    pairs = mask[:, :, None] & mask[:, None, :]
    a, b = A["block2.attention"][:, 1] * pairs, B["block1.attention"][:, 0] * pairs
    assert found["numbers"]["cosine"][5][0] == pytest.approx(float(distance(a[:1], b[:1]).cosine[0]))
    assert found["numbers"]["squared"][5][0] == pytest.approx(float(distance(a[:1], b[:1]).squared[0]))
    others = distance(a[1:], b[:1].expand(4, -1, -1)).cosine
    assert np.sort(others)[1] - 1e-9 <= found["numbers"]["chance"][5][0] <= np.sort(others)[2] + 1e-9
    rolled = drawn(teacher, student, X, "rollout", None)
    assert [one["head"] for one in rolled["teacher_layers"]] == [0, 0]


def test_of_a_long_text_the_tokens_around_the_place_are_shown_and_a_model_without_heads_says_so():
    ids = torch.randint(1, 20, (2, 100), generator=DRAW)
    X = {"input_ids": ids, "at": torch.tensor([[90], [3]])}
    asked = asked_at(
        {"teacher": kd.models.decoder(20, 100, 8, 1, 2).eval(), "student": kd.models.gru(20, 4).eval()},
        kd.data.Examples(ids, torch.full((2, 100), -1)),
    )
    found = drawn(asked["teacher"], asked["student"], X, "heads", None)
    assert len(found["tokens"]) == MOST and found["tokens"][found["place"]] == str(int(ids[0, 90]))
    assert found["reasons"]["student"] == "The student has no attention heads." and "of 100" in found["reasons"]["both"]
    assert found["numbers"] == {} and found["student_layers"] == []
    with pytest.raises(ValueError, match=r"teacher has no attention heads.* student has no"):
        drawn(asked["student"], asked["student"], X, "heads", None)
