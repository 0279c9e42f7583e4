"""The ROC curves hold the numbers they were given."""

from __future__ import annotations

import numpy as np
import pytest

from kdviz.figures import privacy as drawn
from kdviz.measure.privacy import membership


def test_each_model_has_its_curve_and_its_interval_at_few_false_ones():
    rng = np.random.default_rng(0)
    found = {"teacher": membership(rng.normal(2, 1, 200), rng.normal(0, 1, 300)),
             "student": membership(rng.normal(0, 1, 200), rng.normal(0, 1, 300))}  # fmt: skip
    figure = drawn.roc(found)
    _, curve, mark, *_ = figure.data
    one = found["teacher"]
    seen = one.false_positive_rate > 0
    assert list(curve.x) == list(one.false_positive_rate[seen]) and list(curve.y) == list(one.true_positive_rate[seen])
    assert mark.y[0] + mark.error_y.array[0] == pytest.approx(one.tpr_high)
    assert mark.y[0] - mark.error_y.arrayminus[0] == pytest.approx(max(one.tpr_low, 1 / 600))
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "log"
    with pytest.raises(ValueError, match="at least one model"):
        drawn.roc({})
