"""Tables, named inputs and other arrays: what just works, and sentences that name the column and what to do."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
from sklearn.datasets import load_iris

from kdviz.data import Examples, examples, splits

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
    stamps = 1.7e9 + np.arange(N) * 10.0
    with pytest.warns(UserWarning, match="column 'time': the numbers lie so far from 0 .* subtract the smallest first"):
        splits((frame(time=stamps), Y))
    with pytest.warns(UserWarning, match="column 1: the numbers lie so far from 0"):
        splits((np.stack([AGE, stamps], 1), Y))
    splits((frame(time=stamps - stamps.min()), Y))  # the advice
    splits((frame(year=2000.0 + np.arange(N)), Y))  # years are far from 0 and exact


def test_missing_numbers_of_an_array_are_placed() -> None:
    X = RANDOM.rand(N, 3)
    X[:5, 1] = np.nan
    with pytest.raises(ValueError, match=r"inputs must be finite, got NaN or infinity in column 1 \(5 of 60 rows\)"):
        splits((X, Y))
    with pytest.raises(ValueError, match=r"inputs have masked values.*X.filled\(0\)"):
        splits((np.ma.masked_invalid(X), Y))
    assert splits((np.ma.masked_invalid(X).filled(0), Y)).train.labelled == 48


IDS = torch.randint(0, 9**5, (N, 5), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", [lambda t: t, lambda t: t.numpy(), lambda t: t.tolist(), lambda t: list(t)])
def test_named_inputs_keep_their_whole_numbers(kind: Any) -> None:
    given = {"input_ids": kind(IDS), "attention_mask": kind(torch.ones_like(IDS))}
    for data in (splits((given, Y)), splits({**given, "labels": kind(torch.from_numpy(Y))})):
        assert data.train.describe() == "input_ids (5,) int64, attention_mask (5,) int64"
        assert data.train.labelled == 48
        assert torch.equal(data.test.x["input_ids"], IDS[torch.isin(IDS[:, 0], data.test.x["input_ids"][:, 0])])


def test_inputs_in_order_and_examples_in_a_tuple_are_told_apart() -> None:
    pair = splits(((IDS, torch.randn(N, 2)), Y))
    assert pair.train.describe() == "input 0 (5,) int64, input 1 (2,) float32"
    rows, labels = zip(*[(row, int(y)) for row, y in zip(IDS.float(), Y, strict=True)], strict=True)
    assert splits((rows, labels)).train.shape == (5,)


def test_a_name_that_says_nothing_is_the_only_input() -> None:
    assert splits({"image": torch.rand(N, 1, 4, 4), "label": Y}).train.single
    assert not splits({"pixel_values": torch.rand(N, 1, 4, 4), "label": Y}).train.single


def test_named_inputs_that_do_not_fit_are_said() -> None:
    for given, message in (
        ({"ids": [[1], [1, 2]] * 30}, r"input 'ids' must all have the same length, got several: pad them, tokenizer"),
        ({"ids": IDS, "mask": IDS[:50]}, "all inputs must have equally many examples, got ids 60, mask 50"),
        ({"text": ["a"] * N}, r"input 'text' hold text such as 'a': turn it into numbers first, tokenizer"),
        ({"ids": IDS, "labels": Y}, "X holds labels too: give them once"),
        (
            {"z": torch.zeros(N, 2, dtype=torch.complex64)},
            r"input 'z' must hold .*, got torch.complex64: pass x.abs\(\)",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            splits((given, Y))
    padded = torch.nn.utils.rnn.pad_sequence([torch.ones(n % 3 + 1).long() for n in range(N)], batch_first=True)
    assert splits(({"ids": padded + IDS[:, :3]}, Y)).train.describe() == "ids (3,) int64"


def test_whole_numbers_of_a_tensor_are_ids_and_of_an_array_a_table() -> None:
    assert splits((IDS, Y)).train.describe() == "(5,) int64"
    assert splits((IDS.numpy(), Y)).train.describe() == "(5,) float32"
    assert examples((IDS.bool(), Y)).describe() == "(5,) float32"


def test_other_containers_are_read() -> None:
    dense = RANDOM.rand(N, 4).astype(np.float32) * (RANDOM.rand(N, 4) > 0.3)
    whole = examples((dense, Y)).fingerprint()
    assert examples((scipy.sparse.csr_matrix(dense), Y)).fingerprint() == whole
    assert examples((torch.from_numpy(dense).to_sparse(), Y)).fingerprint() == whole
    assert examples((dense.astype(">f4"), Y)).fingerprint() == whole
    assert examples((dense[::-1][::-1], Y)).fingerprint() == whole
    assert examples((dense.tolist(), Y.tolist())).fingerprint() == whole
    records = np.array([tuple(row) for row in dense], dtype=[(n, "f4") for n in "abcd"])
    assert examples((records, Y)).fingerprint() == whole
    assert splits((records, Y)).features == ("a", "b", "c", "d")
    with pytest.raises(ValueError, match=r"sparse matrix of 60 × 9,000,000.*2.0 GB: keep fewer columns"):
        examples((scipy.sparse.csr_matrix((N, 9_000_000)), Y))


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


def test_bytes_of_0_and_1_are_numbers_and_said() -> None:
    masks = (RANDOM.rand(N, 1, 6, 6) > 0.5).astype(np.uint8)
    for given in (masks, masks[:, 0], torch.from_numpy(masks)):
        with pytest.warns(UserWarning, match="X is uint8 and holds only 0 and 1: it was read as these numbers"):
            data = splits((given, Y))
        assert data.train.shape == (1, 6, 6)
        assert data.train.inputs().unique().tolist() == [0.0, 1.0]
    assert splits((255 * masks, Y)).train.inputs().unique().tolist() == [0.0, 1.0]  # the advice
    images = splits((np.arange(N * 36, dtype=np.uint8).reshape(N, 1, 6, 6), Y), copies="drop")
    assert images.train.x.dtype == torch.uint8
    with pytest.warns(UserWarning, match="X is uint8 and reaches 16 of 255: as pixels it is divided by 255"):
        splits((masks * 16, Y))
    with pytest.warns(UserWarning, match="X is uint8 and reaches 1 of 255"):
        splits(Examples(torch.from_numpy(masks), torch.from_numpy(Y)))
    with pytest.warns(UserWarning, match="input 'mask' is uint8 and holds only 0 and 1"):
        named = splits(({"ids": IDS, "mask": masks[:, 0]}, Y))
    assert named.train.describe() == "ids (5,) int64, mask (6, 6) int64"


def test_bytes_are_read_alike_in_all_parts() -> None:
    dark = (RANDOM.rand(N, 1, 6, 6) > 0.5).astype(np.uint8)
    light = RANDOM.randint(0, 256, (N, 1, 6, 6)).astype(np.uint8)
    data = splits((light, Y), test=(dark, Y))
    assert data.test.inputs().max() == pytest.approx(1 / 255)


@pytest.mark.parametrize("kind", ["array", "tensor"])
def test_pictures_with_channels_at_the_end_are_refused_and_the_advice_works(kind: str) -> None:
    X: Any = RANDOM.rand(N, 8, 8, 3)
    X = torch.from_numpy(X) if kind == "tensor" else X
    with pytest.raises(ValueError, match=r"use X.transpose\(0, 3, 1, 2\), or X.permute\(0, 3, 1, 2\) for a tensor"):
        splits((X, Y))
    assert splits((X.permute(0, 3, 1, 2) if kind == "tensor" else X.transpose(0, 3, 1, 2), Y)).shape == (3, 8, 8)
    with pytest.raises(ValueError, match=r"for one number per example use X\[:, None\]"):
        splits((AGE, Y))
    assert splits((AGE[:, None], Y)).shape == (1,)
