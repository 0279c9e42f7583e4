"""Terms on layers: which layers there must be."""

from __future__ import annotations

import pytest

import kdviz as kd

HINT = 0.9 * kd.SoftTargets() + 0.1 * kd.HardLabels() + 0.5 * kd.Hint("relu1")


def test_layers_that_do_not_exist_or_cannot_be_compared_are_told_before_the_first_step(make):
    with pytest.raises(ValueError, match=r"layer of the student .* got 'relu7'; there are relu1"):
        make(objective=HINT + kd.Cosine("relu7", "relu1"))
    with pytest.raises(ValueError, match=r"layer of the teacher .* got 'relu7'"):
        make(objective=HINT + kd.Cosine("relu1", "relu7"))
    with pytest.raises(ValueError, match=r"\(2, 8\)"):
        make(objective=HINT + kd.AttentionTransfer("relu1"))
    with pytest.raises(ValueError, match="as many layers each, got 2 and 1"):
        kd.Hint(("a", "b"), "c")
    with pytest.raises(ValueError, match="at least 2 layers a side"):
        kd.SolutionFlow("a")
    with pytest.raises(TypeError, match='such as "relu2"'):
        kd.Hint(3)
