"""The reliability diagram holds the numbers it was given."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kdviz.figures import calibration as of_calibration
from kdviz.measure.calibration import calibration


def logits(n=200, classes=4, seed=0):
    return torch.randn(n, classes, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


Y = torch.arange(200) % 4


def test_reliability_draws_the_bins_that_hold_examples_with_their_intervals():
    measured = calibration(3 * logits(), Y, bins=10)
    figure = of_calibration.reliability({"student": measured})
    held = [b for b in measured.bins if b.count]
    line, bars = figure.data[1:]
    assert list(line.y) == [b.accuracy for b in held]
    assert np.asarray(line.y) + line.error_y.array == pytest.approx([b.accuracy_interval.high for b in held])
    assert sum(bars.y) == 200
    with pytest.raises(ValueError, match="at least one model"):
        of_calibration.reliability({})
