"""Tables, named inputs and other arrays: what just works, and sentences that name the column and what to do."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_iris

from kdviz.data import examples, splits

N = 60


RANDOM = np.random.RandomState(0)


Y = np.arange(N) % 2


AGE = RANDOM.rand(N)


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"age": AGE, **columns})


def test_columns_of_numbers_and_truth_values_just_work() -> None:
    given = frame(
        member=Y == 0,
        visits=np.arange(N),
        nullable=pd.array(np.arange(N), dtype="Int64"),
        flags=pd.array([True, False] * 30, dtype="boolean"),
        amounts=pd.array(AGE, dtype="Float32"),
        objects=np.array([True, False] * 30, dtype=object),
        sparse=pd.arrays.SparseArray(Y),
    )
    data = splits((given, Y))
    assert data.features == tuple(given.columns)
    row = data.test.x[0]
    at = int(row[2])
    assert row.tolist() == pytest.approx([AGE[at], 1 - at % 2, at, at, 1 - at % 2, AGE[at], 1 - at % 2, at % 2])
    assert data.test.x.dtype == torch.float32


def test_the_labels_may_be_a_column() -> None:
    given = frame(income=Y)
    for data in (splits(given, label="income"), splits(given.rename(columns={"income": "target"}))):
        assert data.features == ("age",) and data.train.labelled == 48
        assert splits((given[["age"]], given.income)).train.fingerprint() == data.train.fingerprint()
    with pytest.raises(ValueError, match=r"label must be one of age, income, got 'wage'"):
        splits(given, label="wage")
    with pytest.raises(ValueError, match=r'must have labels.*got none; name the column of labels, label="..."'):
        splits(given)
    with pytest.raises(ValueError, match=r"the label may be label or target: name it, label='label'"):
        splits(frame(target=Y, label=Y))
    with pytest.raises(ValueError, match=r'validation is drawn from .*; name the column of labels, label="..."'):
        splits(given, classes=2)
    assert len(splits(frame(target=Y, label=Y), label="label").features) == 2
    assert splits(pd.DataFrame({0: AGE, 1: Y}), label=1).features == ("0",)


ADVICE = [
    ("city", ["Rome", "Oslo"] * 30, r"column 'city' holds text such as 'Rome': leave it out, frame.drop"),
    ("kind", pd.Categorical(["a", "b"] * 30), "column 'kind' holds categories: make a column of each"),
    ("when", pd.date_range("2020", periods=N), "column 'when' holds dates: make numbers of them"),
    ("when", list(pd.date_range("2020", periods=N).date), "column 'when' holds dates such as 2020-01-01"),
    ("took", pd.to_timedelta(np.arange(N), unit="h"), "column 'took' holds durations"),
    ("price", ["1.5", "2"] * 30, "column 'price' holds numbers written as text such as '1.5'"),
    ("gaps", [np.nan, 1.0] * 30, "column 'gaps' misses 30 of 60 values: fill them"),
    ("gaps", pd.array([None, 1] * 30, dtype="Int64"), "column 'gaps' misses 30 of 60 values: fill them"),
    ("gaps", pd.array([None, True] * 30, dtype="boolean"), "column 'gaps' misses 30 of 60 values: fill them"),
    ("gaps", [None, True] * 30, "column 'gaps' misses 30 of 60 values: fill them"),
    ("empty", [None] * N, "column 'empty' misses all its values: leave it out"),
    ("odd", [object()] * N, "column 'odd' holds values of type object: leave it out"),
]


@pytest.mark.parametrize(("name", "values", "message"), ADVICE)
@pytest.mark.filterwarnings("ignore:columns with a large")  # durations in seconds
def test_a_column_that_cannot_be_used_is_named_and_the_advice_works(name: str, values: Any, message: str) -> None:
    given = frame(**{name: values})
    with pytest.raises(ValueError, match=message) as caught:
        splits((given, Y))
    said = str(caught.value)
    assert "\n" not in said
    for advice in re.split(r", or |: |, (?=frame|pd)", said):
        code = advice.removeprefix("make a column of each word, ")
        if not code.startswith(("frame", "pd.")):
            continue  # "leave out those rows"
        known = {"frame": given.copy(), "pd": pd}
        if " = " in code:
            exec(code, known)
            mended = known["frame"]
        else:
            mended = eval(code, known)
        assert splits((mended, Y)).train.labelled == 48, code


def test_all_columns_that_cannot_be_used_are_named() -> None:
    with pytest.raises(ValueError, match=r"column 'a' holds text.*; column 'b' holds text.*; column 'c'.*and 1 more"):
        splits((frame(**{name: ["x"] * N for name in "abcd"}), Y))
    with pytest.raises(ValueError, match="column 'b' holds infinity or numbers beyond float32"):
        splits((frame(b=[1e300] * N), Y))


def test_a_column_that_spreads_far_is_named_and_the_advice_works() -> None:
    given = frame(income=np.arange(N) * 1000.0)
    with pytest.warns(UserWarning, match=r"'income' \(17,318\); networks learn .* as (.*)") as said:
        splits((given, Y))
    advice = str(said[0].message).partition("features as ")[2]
    assert splits((eval(advice, {"frame": given}), Y)).train.x.std(0).max() < 2


def test_a_column_of_words_may_be_the_label() -> None:
    words = frame(finding=np.array(["benign", "malignant"])[Y])
    with pytest.raises(ValueError, match=r"'finding' holds text .*; if it is the column of labels, name it, label="):
        splits(words)
    assert splits(words, label="finding", classes=("benign", "malignant")).train.labelled == 48


def test_rows_named_in_another_order_are_said() -> None:
    X, y = frame(), pd.Series(Y)
    assert splits((X, y)).train.labelled == 48
    with pytest.warns(
        UserWarning, match=r"put together by position, not by name; if the names are right pass y.loc\[X"
    ):
        splits((X, y.sample(frac=1, random_state=0)))
    shuffled = y.sample(frac=1, random_state=0)
    assert splits((X, shuffled.loc[X.index])).train.fingerprint() == splits((X, y)).train.fingerprint()


def test_columns_whose_differences_float32_loses_are_said() -> None:
    stamps = 1.7e9 + np.arange(N) * 5.0
    with pytest.warns(UserWarning, match="column 'time': the numbers lie so far from 0 .* subtract the smallest first"):
        splits((frame(time=stamps), Y))
    with pytest.warns(UserWarning, match="column 1: the numbers lie so far from 0"):
        splits((np.stack([AGE, stamps], 1), Y))
    splits((frame(time=stamps - stamps.min()), Y))  # the advice
    splits((frame(year=2000.0 + np.arange(N)), Y))  # years are far from 0 and exact


@pytest.mark.parametrize("as_frame", [False, True])
def test_a_bunch_of_scikit_learn_brings_its_names(as_frame: bool) -> None:
    data = splits(load_iris(as_frame=as_frame), copies="drop")
    assert data.classes == ("setosa", "versicolor", "virginica")
    assert data.features[0] == "sepal length (cm)" and data.shape == (4,)


def test_what_lies_in_a_file_stays_there(tmp_path: Any) -> None:
    whole = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float32, (N, 3))
    whole[:] = RANDOM.rand(N, 3)
    whole.flush()
    for mode in ("r", "r+"):
        there = np.load(tmp_path / "x.npy", mmap_mode=mode)
        held = examples((there, Y))
        assert held.x.data_ptr() == there.ctypes.data
        assert held.fingerprint() == examples((np.array(there), Y)).fingerprint()
        assert examples((there[10:20], Y[10:20])).x.data_ptr() == there[10:].ctypes.data
        held.inputs().zero_()
        assert (there != 0).all()
