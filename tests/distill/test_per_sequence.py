"""Sums over the tokens of each sequence."""

from __future__ import annotations

import math

import pytest
import torch

import kdviz as kd
from kdviz.distill.per_sequence import per_sequence

from .small_text import Causal, text


def test_the_sums_are_those_of_a_plain_loop():
    data, model = text().test, Causal().eval()
    with torch.no_grad():
        model.head.bias[0] += 1  # padding is a 0, and often the first choice
    found = per_sequence(model, data, batch_size=7)
    for i in range(len(data)):
        nll, tokens, hits = 0.0, 0, 0
        for t in range(data.x.shape[1]):
            if data.y[i, t] >= 0:
                z = model(data.x[i : i + 1, : t + 1])[0, -1].tolist()  # it reads no further
                nll += math.log(sum(math.exp(v) for v in z)) - z[data.y[i, t]]
                tokens += 1
                hits += max(range(7), key=z.__getitem__) == int(data.y[i, t])
        assert float(found.nll[i]) == pytest.approx(nll, rel=1e-5)
        assert (int(found.tokens[i]), int(found.hits[i])) == (tokens, hits)


def test_one_answer_an_example_is_refused():
    with pytest.raises(ValueError, match="sequences need logits"):
        per_sequence(
            kd.models.mlp((4,), inputs=8, classes=7), kd.data.Examples(torch.zeros(3, 8), torch.zeros(3).long())
        )
