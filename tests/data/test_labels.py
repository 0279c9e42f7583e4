"""Labels as people write them: each gets the right reading, and a word where something was chosen for the user."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from kdviz.data import Examples, Splits, examples, splits

N = 120
X = torch.randn(N, 5, generator=torch.Generator().manual_seed(0))
Y = np.arange(N) % 3


def said(match: str, data: Any, **arguments: Any) -> Splits:
    """Split, and check that exactly one warning was given."""
    with pytest.warns(UserWarning, match=match) as caught:
        found = splits(data, **arguments)
    assert len(caught) == 1 and "\n" not in str(caught[0].message)
    return found


def labels_of(data: Splits) -> list[int]:
    """Return the labels of all parts in the order of the data that were given."""
    label = {tuple(row.tolist()): int(y) for part in (data.train, data.validation, data.test) for row, y in both(part)}
    return [label[tuple(row.tolist())] for row in X]


def both(part: Examples) -> Any:
    return zip(part.x, part.y, strict=True)


@pytest.mark.parametrize("kind", [np.int8, np.float32, torch.tensor, list])
def test_minus_one_and_one_are_two_classes(kind: Any) -> None:
    y = np.array([-1, 1] * 60)
    given = kind(y) if kind in (torch.tensor, list) else y.astype(kind)
    data = said("-1 and 1 were read as two classes.* pass kd.data.Examples", (X, given))
    assert data.classes == ("-1", "1")
    assert labels_of(data) == (y > 0).astype(int).tolist()
    assert data.train.labelled == len(data.train)
    named = splits((X, given), classes=("no", "yes"))  # said what they are: no warning
    assert named.classes == ("no", "yes") and labels_of(named) == (y > 0).astype(int).tolist()
    assert labels_of(splits((X, given), classes=2)) == (y > 0).astype(int).tolist()
    with pytest.warns(UserWarning, match="two classes"):
        assert examples((X, given)).y.tolist() == (y > 0).astype(int).tolist()
    held = splits(Examples(X, torch.from_numpy(y)))  # the advice: there -1 is unknown
    assert int((held.train.y < 0).sum()) == 60


def test_minus_one_and_one_in_parts_of_their_own_are_read_alike() -> None:
    y = np.array([-1, 1] * 60)
    data = said("two classes", (X, y), validation=(X + 9, np.ones(N)), test=(X + 5, -np.ones(N)))
    assert data.validation.y.tolist() == [1] * N and data.test.y.tolist() == [0] * N


def test_minus_one_beside_0_and_1_is_unknown_and_said_or_a_class_if_said() -> None:
    y = np.arange(N) % 3 - 1
    data = said("-1 was read as unknown, as always; if it is a class pass", (X, y))
    assert data.classes == ("0", "1") and int((data.train.y < 0).sum()) == 40
    for classes in (("-1", "0", "1"), 3, ("neg", "neutral", "pos")):
        three = splits((X, y), classes=classes)
        assert labels_of(three) == (y + 1).tolist()
    assert int((splits((X, y), classes=2).train.y < 0).sum()) == 40  # confirmed: no warning


def test_unknown_labels_among_many_classes_need_no_word() -> None:
    y = np.arange(N) % 5 - 1
    assert int((splits((X, y)).train.y < 0).sum()) == 24
    y[y == -1] = -100
    assert int((splits((X, y)).train.y < 0).sum()) == 24


def test_numbers_written_as_text_are_in_natural_order() -> None:
    y = np.arange(N) % 12
    for given in (
        y.astype(str),
        [str(n) for n in y],
        pd.Series(y.astype(str)),
        pd.Series(y.astype(str), dtype="category"),
    ):
        data = said("in the order 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11; pass classes=", (X, given))
        assert data.classes == tuple(map(str, range(12)))
        assert labels_of(data) == y.tolist()
    named = [f"class {n}" for n in y]
    assert said("class 2, class 3", (X, named)).classes[2:12:8] == ("class 2", "class 10")
    assert said("-1, 1.5, 2", (X, ["1.5", "-1", "2"] * 40)).classes == ("-1", "1.5", "2")


def test_an_order_that_the_data_bring_or_the_user_says_needs_no_word() -> None:
    names = np.array(["low", "mid", "high"])[Y]
    kind = pd.CategoricalDtype(["low", "mid", "high"], ordered=True)
    assert splits((X, pd.Series(names, dtype=kind))).classes == ("low", "mid", "high")
    assert splits((X, pd.Categorical(names, categories=["high", "low", "mid"]))).classes == ("high", "low", "mid")
    data = splits((X, names), classes=["low", "mid", "high"])
    assert labels_of(data) == Y.tolist()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ValueError, match=r"classes=2 and the labels name 3 .*: pass their names"):
            splits((X, names), classes=2)


@pytest.mark.parametrize("missing", [None, float("nan"), "", "  ", pd.NA, np.nan])
def test_missing_names_are_unlabelled_and_counted(missing: Any) -> None:
    names = ["ant" if n else "bee" for n in Y]
    names[:7] = [missing] * 7
    for given in (names, np.array(names, dtype=object), pd.Series(names)):
        data = said(
            "^7 of 120 labels are missing: these examples were taken as unlabelled", (X, given), classes=["ant", "bee"]
        )
        assert data.train.labelled == len(data.train) - 7


def test_names_that_numpy_made_of_missing_ones_are_unlabelled_unless_named() -> None:
    names = np.array(["ant" if n else "bee" for n in Y])
    names[:7] = "nan"
    data = said(r"7 of 120 labels are missing \(written 'nan'; name it in classes=", (X, names), classes=["ant", "bee"])
    assert data.train.labelled == len(data.train) - 7
    assert splits((X, names), classes=["ant", "bee", "nan"]).train.labelled == 96


@pytest.mark.parametrize("kind", ["float", "Int64", "object", "boolean"])
def test_missing_numbers_are_unlabelled_and_counted(kind: str) -> None:
    values = [None if i < 9 else bool(i % 2) if kind == "boolean" else i % 2 for i in range(N)]
    data = said("9 of 120 labels are missing", (X, pd.Series(values, dtype=kind)))
    assert data.train.labelled == len(data.train) - 9 and data.classes == ("0", "1")


def test_masked_labels_are_unlabelled() -> None:
    y = np.ma.masked_array(Y, mask=np.arange(N) < 4)
    assert said("4 of 120 labels are missing", (X, y)).train.labelled == len(X) - 24 - 4


def test_truth_values_and_whole_floats_are_classes() -> None:
    for given in (Y == 1, torch.from_numpy(Y == 1), [bool(n == 1) for n in Y], (Y == 1).astype(np.float64)):
        assert labels_of(splits((X, given))) == (Y == 1).astype(int).tolist()


@pytest.mark.parametrize("kind", [np.int64, np.float32, bool])
def test_one_hot_labels_are_read_with_a_word(kind: Any) -> None:
    data = said(
        r"labels of shape \(120, 3\) are one-hot and were read as class numbers", (X, np.eye(3)[Y].astype(kind))
    )
    assert labels_of(data) == Y.tolist() and data.train.soft is None


def test_one_hot_rows_without_a_one_are_unlabelled() -> None:
    hot = np.eye(3)[Y]
    hot[:5] = 0
    assert said("5 rows without a 1 have no label", (X, hot)).train.labelled == 96 - 5


def test_probabilities_become_soft_labels() -> None:
    soft = np.random.RandomState(0).dirichlet([1, 1, 1], N)
    data = splits((X, soft))
    assert labels_of(data) == soft.argmax(1).tolist() and data.classes == ("0", "1", "2")
    assert data.train.soft.dtype == torch.float64
    where = {tuple(row.tolist()): i for i, row in enumerate(X)}
    for part in (data.train, data.validation, data.test):
        at = [where[tuple(row.tolist())] for row in part.x]
        assert np.array_equal(part.soft.numpy(), soft[at])
    rounded = torch.from_numpy(soft.round(4)).float()
    assert splits((X, rounded)).train.soft.dtype == torch.float32
    soft[:4] = np.nan
    assert splits((X, soft)).train.labelled == 96 - 4


def test_labels_that_are_no_classes_get_a_true_sentence_and_advice_that_works() -> None:
    several = np.stack([Y == 0, Y < 2], 1).astype(int)
    with pytest.raises(ValueError, match=r"multi-label \(40 rows hold several ones\).*y\[:, 0\]$"):
        splits((X, several))
    assert labels_of(splits((X, several[:, 0]))) == (Y == 0).astype(int).tolist()

    amounts = np.random.RandomState(0).randn(N)
    with pytest.raises(ValueError, match=r"labels must be whole numbers, got .*regression.*np.digitize"):
        splits((X, amounts))
    assert len(splits((X, np.digitize(amounts, np.quantile(amounts, [0.25, 0.5, 0.75])))).classes) == 4

    share = 1 / (1 + np.exp(-amounts))
    with pytest.raises(ValueError, match=r"np.stack\(\[1 - y, y\], axis=1\)$"):
        splits((X, share))
    assert np.allclose(splits((X, np.stack([1 - share, share], axis=1))).train.soft.sum(1), 1)

    logits = torch.randn(N, 3, generator=torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match=r"pass y.softmax\(1\) for logits"):
        splits((X, logits))
    assert labels_of(splits((X, logits.softmax(1)))) == logits.argmax(1).tolist()

    with pytest.raises(ValueError, match=r"neither one-hot nor one for each token of the inputs: pass one column"):
        splits((X, np.stack([Y, Y], 1)))
    with pytest.raises(ValueError, match=r"use y - y.min\(\) to count from 0, or classes=np.unique"):
        splits((X, Y - 5))
    assert splits((X, Y - 5), classes=np.unique(Y - 5)).classes == ("-5", "-4", "-3")
    assert labels_of(splits((X, (Y - 5) - (Y - 5).min()))) == Y.tolist()


def test_tokens_may_have_labels_of_their_own() -> None:
    ids = torch.arange(N * 4).view(N, 4)
    y = torch.from_numpy(np.stack([Y, Y + 1, Y * 0 - 100, Y], 1))
    data = splits(({"input_ids": ids, "attention_mask": ids > 0}, y), validation=10, test=10)
    assert data.train.y.shape == (100, 4) and len(data.classes) == 4
    assert (data.train.y[:, 2] == -1).all()
    frames = splits((torch.randn(N, 4, 7), y))  # sequences of vectors
    assert frames.test.y.shape == (12, 4)
    with pytest.raises(ValueError, match=r"neither one-hot nor one for each token"):
        splits((torch.randn(N, 7), y))
    with pytest.raises(ValueError, match=r"labels must be .*lists of different length.*pad"):
        splits(({"ids": ids}, [[0], [1, 2]] * 60))


def test_gaps_between_labels_are_said_and_the_advice_works() -> None:
    y = np.array([3, 7, 9])[Y]
    data = said(
        r"labels are 3, 7, 9, so 10 classes were counted, of which 7 never occur; pass classes=\(3, 7, 9\)", (X, y)
    )
    assert len(data.classes) == 10
    alone = splits((X, y), classes=(3, 7, 9))
    assert alone.classes == ("3", "7", "9") and labels_of(alone) == Y.tolist()
    assert labels_of(splits((X, y), classes=np.unique(y))) == Y.tolist()
    assert labels_of(splits((X, y), classes=("3", "7", "9"))) == Y.tolist()
    assert labels_of(splits((X, y), classes=10)) == y.tolist()
    other = splits((X, Y), classes=(2, 0, 1))  # numbers are labels, names are places
    assert labels_of(other) == [(2, 0, 1).index(n) for n in Y]
    assert labels_of(splits((X, Y), classes=("2", "0", "1"))) == Y.tolist()


def test_labels_from_1_are_said() -> None:
    assert len(said("they begin at 1: subtract 1, or pass classes=", (X, Y + 1)).classes) == 4


@pytest.mark.parametrize("y", [[0, 10**9], [0.0, 1e12], [0, 10**30], [0, 2**62]])
def test_numbers_that_are_no_classes_are_refused_at_once(y: Any) -> None:
    with pytest.raises(ValueError, match=r"classes, got a label of|labels must be whole numbers below"):
        splits((X, y * 60))
    if y[1] == 10**9:
        found = np.unique(y * 60, return_inverse=True)[1]  # the advice
        assert splits((X, found)).classes == ("0", "1")


@pytest.mark.parametrize("classes", [10**9, range(10**9), np.int64(10**9)])
def test_too_many_classes_are_refused_at_once(classes: Any) -> None:
    with pytest.raises(ValueError, match="data can have at most 524,288 classes, got"):
        splits((X, Y), classes=classes)
    with pytest.raises(ValueError, match="at most 524,288 classes, got a label of 1000000000"):
        splits(Examples(X, torch.from_numpy(Y) * 500_000_000))


def test_labels_of_an_odd_kind_are_refused_in_a_sentence() -> None:
    for y, match in (
        ([{"box": 1}] * N, "labels must be whole numbers or class names, got dict such as"),
        (np.array(["2020-01-01"] * N, dtype="M8[D]"), "labels must be whole numbers or class names, got datetime64"),
        (np.full(N, np.inf), "labels must be whole numbers, got infinity"),
        (5, "inputs and labels must have equal length, got 120 and a single value"),
        (np.zeros((N, 2, 2)), r"labels must have shape \(120,\), \(120, classes\) or"),
    ):
        with pytest.raises(ValueError, match=match):
            splits((X, y))
