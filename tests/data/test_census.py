"""Adult: rows, groups and numbers are those of the official files."""

from __future__ import annotations

import csv
import gzip
import re
from pathlib import Path

import numpy as np
import torch

import kdviz.data
from kdviz.data import census

DATASETS = Path(__file__).resolve().parents[2] / "datasets"


def adult_rows(file: str) -> list[list[str]]:
    with gzip.open(DATASETS / "adult" / file, "rt") as lines:
        return [row for row in csv.reader(lines, skipinitialspace=True) if len(row) == 15]


def test_adult_test_rows_are_the_official_file_in_order() -> None:
    data, rows = kdviz.data.adult(), adult_rows("adult.test.gz")
    assert len(data.test) == len(rows) == 16_281
    assert data.test.y.tolist() == [int(row[-1] == ">50K.") for row in rows]
    assert data.test.groups["age"].tolist() == [int(row[0]) for row in rows]
    assert data.test.groups["sex"].tolist() == [row[9] for row in rows]
    column = data.features.index("race=Black")
    assert data.test.x[:, column].tolist() == [float(row[8] == "Black") for row in rows]


def test_adult_groups_belong_to_the_rows_they_stand_beside() -> None:
    data = kdviz.data.adult()
    for part in (data.train, data.validation, data.test):
        women = part.x[:, data.features.index("sex=Female")].numpy() == 1
        assert np.array_equal(part.groups["sex"] == "Female", women)


def test_adult_numbers_are_standardized_on_the_training_part_alone() -> None:
    train = kdviz.data.adult().train.x[:, : len(census.NUMERIC)]
    torch.testing.assert_close(train.mean(0), torch.zeros(5), atol=1e-5, rtol=0)
    torch.testing.assert_close(train.std(0), torch.ones(5), atol=1e-4, rtol=0)


def test_adult_categories_are_one_hot() -> None:
    data = kdviz.data.adult()
    assert len(data.features) == data.shape[0] == 91
    hot = data.train.x[:, len(census.NUMERIC) :]
    assert set(hot.unique().tolist()) == {0.0, 1.0}
    assert (hot.sum(1) == len(census.CATEGORICAL)).all()
    assert not [name for name in data.features if re.match("fnlwgt|education=", name)]
