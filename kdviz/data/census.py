"""Adult: census records of 1994, with sex, race and age kept beside the inputs."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch

from kdviz.data.files import locate, unpack
from kdviz.data.memory import Examples, Splits, proportional_order

ADULT_FILES = {
    "adult.data.gz": "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d",
    "adult.test.gz": "a2a9044bc167a35b2361efbabec64e89d69ce82d9790d2980119aac5fd7e9c05",
}
COLUMNS = (
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education-num",
    "marital-status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital-gain",
    "capital-loss",
    "hours-per-week",
    "native-country",
    "income",
)
NUMERIC = ("age", "education-num", "capital-gain", "capital-loss", "hours-per-week")
LOGARITHMIC = ("capital-gain", "capital-loss")
CATEGORICAL = (
    "workclass",
    "marital-status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "native-country",
)
VALIDATION = 3_256  # one tenth of the 32,561 training rows


def adult(*, without: Sequence[str] = ()) -> Splits:
    """Load Adult: does a person earn more than 50,000 dollars a year? 29,305 / 3,256 / 16,281 rows.

    Loaded once a process; later calls give the same object.

    Parameters
    ----------
    without : sequence of str
        Columns that are no inputs, such as ``("sex", "race")``. They stay in `groups`, so that one can see what the
        other columns tell of them: proxies.

    Returns
    -------
    Splits
        Float32 rows. Numeric columns are standardized on the training part, after log(1 + x) for the two
        capital columns; the others are one-hot, "?" being a category. `fnlwgt` (a sampling weight) and
        `education` (the same as `education-num`) are left out. `groups` holds sex, race and age of each
        person.

    Raises
    ------
    FileNotFoundError
        If the files are in none of the folders looked in.
    ValueError
        If a file is damaged, or there is no such column.

    References
    ----------
    Becker, Kohavi 1996, "Adult", UCI Machine Learning Repository, doi:10.24432/C5XW20.
    """
    if isinstance(without, str):
        raise TypeError(f"without must be a sequence of columns, got {without!r}: write without=({without!r},)")
    inputs = (*NUMERIC, *CATEGORICAL)
    for name in without:
        if name not in inputs:
            raise ValueError(f"without must name columns among {', '.join(inputs)}, got {name!r}")
    return _adult(tuple(name for name in inputs if name in without))


@lru_cache(maxsize=4)
def _adult(without: tuple[str, ...]) -> Splits:
    folder = locate("adult", ADULT_FILES)
    if folder is None:
        raise FileNotFoundError(
            "the Adult files were not found: put adult.data.gz and adult.test.gz into a folder adult and "
            "set KDVIZ_DATASETS to the folder above it"
        )
    learn, test = (_columns(unpack(folder / file, sha256)) for file, sha256 in ADULT_FILES.items())
    order = proportional_order(_income(learn), seed=0)
    train, validation = np.sort(order[:-VALIDATION]), np.sort(order[-VALIDATION:])
    features, x, test_x = _encode(learn, test, train)
    if without:
        kept = [i for i, feature in enumerate(features) if feature.partition("=")[0] not in without]
        features, x, test_x = tuple(features[i] for i in kept), x[:, kept], test_x[:, kept]
    whole = _examples(learn, x)
    return Splits(
        "-".join(("adult-without", *without)) if without else "adult",
        f"Adult, without {' and '.join(without)}" if without else "Adult",
        ("at most 50K", "more than 50K"),
        whole.take(train),
        whole.take(validation),
        _examples(test, test_x),
        features=features,
    )


def _columns(content: bytes) -> dict[str, np.ndarray]:
    lines = content.decode("ascii").splitlines()
    rows = [row for row in csv.reader(lines, skipinitialspace=True) if len(row) == len(COLUMNS)]
    return {name: np.array(values) for name, values in zip(COLUMNS, zip(*rows, strict=True), strict=True)}


def _income(columns: dict[str, np.ndarray]) -> np.ndarray:
    return np.char.startswith(columns["income"], ">").astype(np.int64)


def _encode(
    learn: dict[str, np.ndarray], test: dict[str, np.ndarray], train: np.ndarray
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Give the names of the inputs, and the inputs of both files."""
    features: list[str] = list(NUMERIC)
    blocks: list[Sequence[np.ndarray]] = [_standardized(name, learn[name], test[name], train) for name in NUMERIC]
    for name in CATEGORICAL:
        categories = np.unique(learn[name])
        features += [f"{name}={category}" for category in categories]
        blocks.append([columns[name][:, None] == categories for columns in (learn, test)])
    x, test_x = (np.concatenate(part, axis=1, dtype=np.float32) for part in zip(*blocks, strict=True))
    return tuple(features), x, test_x


def _standardized(name: str, learn: np.ndarray, test: np.ndarray, train: np.ndarray) -> list[np.ndarray]:
    values = [column.astype(np.float64)[:, None] for column in (learn, test)]  # (N, 1)
    if name in LOGARITHMIC:
        values = [np.log1p(v) for v in values]
    mean, deviation = values[0][train].mean(), values[0][train].std()
    return [(v - mean) / deviation for v in values]


def _examples(columns: dict[str, np.ndarray], x: np.ndarray) -> Examples:
    groups = {"sex": columns["sex"], "race": columns["race"], "age": columns["age"].astype(np.int64)}
    return Examples(torch.from_numpy(x), torch.from_numpy(_income(columns)), groups)
