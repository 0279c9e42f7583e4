"""What is input and what is label, in data sets of all forms."""

from __future__ import annotations

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from kdviz.data import examples, splits

from .forms import IDS, PLAIN, Items, N, X, Y


def test_the_label_can_be_named() -> None:
    named = Items(lambda i: {"image": X[i], "cls": int(Y[i])})
    with pytest.raises(ValueError, match=r"none of labels, label, y, target is among image, cls: name the label"):
        splits(named)
    assert examples(named, label="cls").fingerprint() == PLAIN
    assert splits(DataLoader(named, 9), label="cls").train.labelled == 48
    with pytest.raises(ValueError, match=r"label must be one of image, cls, got 'klass'"):
        splits(named, label="klass")


def test_more_than_two_parts_need_a_word_only_where_the_label_is_in_doubt() -> None:
    three = splits(TensorDataset(IDS, IDS > 0, Y))
    assert three.train.describe() == "input 0 (4,) int64, input 1 (4,) bool"
    assert splits(DataLoader(Items(lambda i: (IDS[i], IDS[i] > 0, int(Y[i]))))).train.fingerprint() == (
        three.train.fingerprint()
    )
    for doubtful in (Items(lambda i: (X[i], int(Y[i]), i)), TensorDataset(X, Y, torch.arange(N))):
        with pytest.raises(ValueError, match=r"gives 3 parts must say which is the label: pass label=-1 for the last"):
            splits(doubtful)
        assert splits(doubtful, label=1).train.labelled == 48
    tokens = TensorDataset(IDS, IDS > 0, IDS % 3)
    with pytest.raises(ValueError, match="gives 3 parts must say which"):
        splits(tokens)
    assert splits(tokens, label=-1).train.y.shape == (48, 4)


def test_inputs_without_labels_are_read() -> None:
    for given in (TensorDataset(X), Items(lambda i: X[i]), Items(lambda i: (X[i],)), [(x,) for x in X]):
        held = examples(given)
        assert held.labelled == 0 and torch.equal(held.x, X)
    assert splits(TensorDataset(X), classes=3, validation=(X + 1, Y), test=(X + 2, Y)).train.labelled == 0


def test_text_and_row_numbers_are_left_out_with_a_word() -> None:
    rows = [{"text": "a b", "idx": i, "input_ids": IDS[i], "label": int(Y[i])} for i in range(N)]
    with pytest.warns(UserWarning, match=r"text \(text\) and idx \(numbers the rows\) was left out.* are input_ids"):
        assert splits(rows).train.describe() == "input_ids (4,) int64"
    with pytest.raises(ValueError, match=r"inputs hold text alone \(text\): turn it into numbers first, tokenizer"):
        splits([{"text": "a", "label": 0}] * N)
    with pytest.raises(ValueError, match="inputs hold text such as 'a b'"):
        splits([("a b", 0)] * N)
