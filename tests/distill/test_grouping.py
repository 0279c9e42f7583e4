"""Groups as codes: one for each example, and columns that have none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

import kdviz as kd
from kdviz.distill.grouping import grouping

TAUGHT = 0.9 * kd.SoftTargets(4) + 0.1 * kd.HardLabels()


# Groups in codes.


def with_groups(**groups) -> kd.data.Examples:
    rows = len(next(iter(groups.values())))
    return kd.data.Examples(torch.zeros(rows, 1), torch.zeros(rows, dtype=torch.long), groups)


def test_codes_follow_the_order_of_categories_and_minus_one_is_missing():
    size = pd.Categorical(["small", None, "large", "small"], categories=["small", "medium", "large"])
    found = grouping(with_groups(size=size), "size")
    assert found.names == ("small", "large") and found.codes.tolist() == [0, -1, 1, 0]
    numbers = grouping(with_groups(site=np.array([3.0, np.nan, -1.0, 3.0])), "site")
    assert numbers.names == ("-1.0", "3.0") and numbers.codes.tolist() == [1, -1, 0, 1]
    truth = grouping(with_groups(marked=np.array([True, False])), "marked")
    assert truth.names == ("False", "True") and truth.codes.dtype == torch.int64
    missing = grouping(with_groups(sex=np.array(["b", pd.NA, "a", None, float("nan")], dtype=object)), "sex")
    assert missing.codes.tolist() == [1, -1, 0, -1, -1]


@pytest.mark.parametrize(("column", "says"), [
    ([None, None], "at least two groups to compare, got none"),
    (["a", "a"], "at least two groups to compare, got only 'a'"),
    ([str(i) for i in range(51)], "got 51 different values; join the rare ones"),
    (["a", 1], "must hold only strings or only numbers"),
])  # fmt: skip
def test_a_column_without_groups_to_compare_is_refused(column, says):
    with pytest.raises(ValueError, match=says):
        grouping(with_groups(sex=np.array(column, dtype=object)), "sex")


def test_data_without_any_group_column_say_so(make):
    with pytest.raises(ValueError, match=r"the training part of clouds has no group column; .* pass kd.data.Examples"):
        make(objective=TAUGHT + kd.DemographicParity("sex"))
