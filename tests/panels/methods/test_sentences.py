"""What the Methods page says of the pull of the terms."""

from __future__ import annotations

import pytest

from kdviz.measure.gradients import TermGradients
from kdviz.panels.methods.sentences import pull_sentence


@pytest.mark.parametrize(
    ("norms", "cosine", "said"),
    [
        ((0.5, 1.5), 0.05, "pulls 3 times as hard as the labels, and nearly at right angles to them (cosine 0.05)"),
        ((1.0, 0.079), -0.4, "pulls 7.9 % as hard as the labels, and partly against them (cosine −0.40)"),
        ((1.0, 1.05), 0.9, "pulls about as hard as the labels, and much the same way (cosine 0.90)"),
        ((1.0, 0.0), float("nan"), "gives a gradient of length 0, the labels one of 1"),
    ],
)
def test_the_sentence_on_the_pull(norms, cosine, said):
    found = TermGradients(9, ("hard", "hint"), (2.0, 0.1), (1.0, 1.0), norms, ((1.0, cosine), (cosine, 1.0)))
    assert said in pull_sentence(found, 1).replace("\u202f", " ")
