"""The figures of robustness draw what was measured."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from kdviz.data import Examples
from kdviz.figures.robustness import curves, outside
from kdviz.measure.robustness import Change, Outside, robustness


@pytest.fixture(scope="module")
def found():
    torch.manual_seed(0)
    models = {who: nn.Sequential(nn.Flatten(), nn.Linear(9, 3)) for who in ("teacher", "student", "twin")}
    some = Examples(torch.rand(40, 1, 3, 3), torch.arange(40) % 3)
    return robustness(models, some, kinds=("fgsm", "noise"), radii=(0.1, 0.3), severities=(1, 3))


def test_a_curve_a_model_with_its_intervals(found):
    for made_on in (None, "teacher"):
        figure = curves(found, "fgsm", made_on=made_on)
        assert [line.name for line in figure.data] == ["Teacher", "Student", "Twin"]
        for who, line in zip(found.models, figure.data, strict=True):
            a = found.accuracy(who, Change("fgsm", 0.3, made_on or who))
            assert tuple(line.x) == (0, 0.1, 0.3) and line.y[-1] == a.value
            assert line.y[-1] - line.error_y.arrayminus[-1] == pytest.approx(a.low)
    assert tuple(curves(found, "noise").data[0].x) == (0, 1, 3)
    with pytest.raises(ValueError, match="nothing was changed by 'pgd'"):
        curves(found, "pgd")


def test_histograms_of_what_is_inside_and_outside():
    scores = Outside({"teacher": np.array([0.9, 0.8, 0.95])}, {"teacher": np.array([0.2, 0.85])}, "confidence")
    figure = outside(scores, bins=10)
    own, others = figure.data
    assert own.y[9] == pytest.approx(2 / 3) and others.y[8] == 0.5 and sum(others.y) == 1
    assert "AUROC 0.833" in figure.layout.yaxis.title.text
