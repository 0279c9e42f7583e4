"""Out of domain: which scores are taken, and what is said of them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from kdviz.data import Examples
from kdviz.measure.robustness import outside


class Fixed(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1)


def test_scores_are_of_each_example_what_they_say():
    draw = torch.Generator().manual_seed(0)
    mine, theirs = (Examples(k * torch.randn(30, 1, 2, 2, generator=draw), torch.full((30,), -1)) for k in (6, 1))
    by_confidence = outside({"student": Fixed()}, mine, theirs)
    z = mine.inputs().flatten(1).double()
    assert by_confidence.inside["student"] == pytest.approx(z.softmax(1).amax(1).numpy())
    energy = outside({"student": Fixed()}, mine, theirs, score="energy").inside["student"]
    assert energy == pytest.approx(z.exp().sum(1).log().numpy())
    p = z.softmax(1)
    entropy = outside({"student": Fixed()}, mine, theirs, score="entropy").inside["student"]
    assert entropy == pytest.approx((p * p.log()).nansum(1).numpy())
    assert outside({"student": Fixed()}, mine, theirs, score="logit").inside["student"] == pytest.approx(z.amax(1))
    edges, inside, other = by_confidence.histogram("student", 10)
    assert len(edges) == 11 and inside.sum() == pytest.approx(1) and other.sum() == pytest.approx(1)
    assert inside[-1] > other[-1] and "AUROC" in by_confidence.sentences()[0]


def test_what_does_not_fit_is_said_in_one_sentence():
    x = Examples(torch.zeros(4, 1, 2, 2), torch.zeros(4).long())
    for wrong, sentence in (
        (lambda: outside({"a": Fixed()}, x, Examples(torch.zeros(4, 1, 3, 3), x.y)), "must have one form"),
        (lambda: outside({"a": Fixed()}, x, x, score="depth"), "score must be one of"),
    ):
        with pytest.raises(ValueError, match=sentence):
            wrong()
