"""The user's own data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset

from kdviz.data import Examples, examples, splits

X = torch.randn(60, 5, generator=torch.Generator().manual_seed(0))
Y = torch.arange(60) % 3


class Pairs(Dataset):
    """A data set that gives one pair at a time, and draws from torch's generator as augmentation would."""

    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        torch.rand(1)
        return X[index], int(Y[index])


class Stream(IterableDataset):
    """A data set without a length."""

    def __iter__(self) -> Any:
        return ((x, int(y)) for x, y in zip(X, Y, strict=True))


FORMS = {
    "tensors": (X, Y),
    "arrays": (X.numpy(), Y.numpy()),
    "float64": (X.double(), Y.numpy().astype(np.int32)),
    "lists": [X.tolist(), Y.tolist()],
    "column of labels": (X, Y[:, None]),
    "TensorDataset": TensorDataset(X, Y),
    "Dataset": Pairs(),
    "IterableDataset": Stream(),
    "Subset": Subset(TensorDataset(X, Y), range(60)),
    "DataLoader": DataLoader(TensorDataset(X, Y), batch_size=7),
    "shuffled DataLoader": DataLoader(Pairs(), batch_size=7, shuffle=True, drop_last=True),
    "DataLoader of a stream": DataLoader(Stream(), batch_size=7),
    "Examples": Examples(X, Y),
}


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_give_the_same_examples(form: str) -> None:
    state = torch.get_rng_state()
    held = examples(FORMS[form])
    assert torch.equal(torch.get_rng_state(), state)
    assert held.fingerprint() == Examples(X, Y).fingerprint()


def test_a_loader_with_its_own_batching_is_read_as_it_is() -> None:
    def doubled(items: list[Any]) -> tuple[Tensor, Tensor]:
        return 2 * torch.stack([x for x, _ in items]), torch.tensor([y for _, y in items])

    held = examples(DataLoader(TensorDataset(X, Y), batch_size=8, collate_fn=doubled))
    assert torch.equal(held.x, 2 * X)


def test_pixels_stay_bytes_and_get_a_channel() -> None:
    held = examples((np.zeros((4, 6, 6), dtype=np.uint8), [0, 1, 0, 1]))
    assert held.x.dtype == torch.uint8
    assert held.shape == (1, 6, 6)


def test_whole_numbers_in_a_table_are_taken_as_they_are() -> None:
    held = examples((np.array([[200, 3]], dtype=np.uint8), [0]))
    assert held.inputs().tolist() == [[200.0, 3.0]]


def test_inputs_alone_have_no_labels() -> None:
    assert examples(X).labelled == 0


@given(st.integers(20, 80), st.integers(2, 4), st.floats(0.05, 0.4), st.floats(0.05, 0.4), st.integers(0, 9))
def test_parts_cover_the_data_and_share_nothing(
    count: int, classes: int, validation: float, test: float, seed: int
) -> None:
    x, y = np.arange(count, dtype=np.float32)[:, None], np.arange(count) % classes
    data = splits((x, y), validation=validation, test=test, seed=seed)
    parts = [part.x[:, 0].int().tolist() for part in (data.train, data.validation, data.test)]
    assert sorted(index for part in parts for index in part) == list(range(count))
    assert len(parts[1]) == max(1, round(validation * count))
    assert all(part == sorted(part) for part in parts)
    for part in (data.train, data.validation, data.test):
        assert part.y.tolist() == [int(v) % classes for v in part.x[:, 0]]


def test_the_draw_is_a_matter_of_its_seed_alone() -> None:
    draws = []
    for noise, seed in ((0, 1), (7, 1), (7, 2)):
        torch.manual_seed(noise)
        np.random.seed(noise)
        draws.append(splits((X, Y), seed=seed).test.fingerprint())
    assert draws[0] == draws[1] != draws[2]


def test_unlabelled_examples_stay_in_the_training_part() -> None:
    y = Y.clone()
    y[:20] = -1
    data = splits((X, y), validation=5, test=5)
    assert (data.train.labelled, len(data.train)) == (30, 50)
    assert data.validation.labelled == data.test.labelled == 5


def test_parts_can_be_given() -> None:
    data = splits((X, Y), validation=12, test=(X[:4] + 1, Y[:4]))
    assert (len(data.train), len(data.validation), len(data.test)) == (48, 12, 4)
    whole = splits(X, classes=3, validation=(X + 1, Y), test=Examples(X + 2, Y))
    assert (len(whole.train), whole.train.labelled) == (60, 0)


def test_class_names_are_numbered() -> None:
    names = np.array(["cat", "ant", "bee"])[Y]
    with pytest.warns(UserWarning, match=r"put in the order ant, bee, cat; pass classes=\(\.\.\.\)"):
        data = splits((X, names), validation=6, test=6)
    assert data.classes == ("ant", "bee", "cat")
    assert splits((X, names), classes=("cat", "ant", "bee")).train.y.tolist() == splits((X, Y)).train.y.tolist()


def test_splits_are_handed_back() -> None:
    data = splits((X, Y), classes=["a", "b", "c"], name="mine")
    assert splits(data) is data
    assert (data.name, data.classes) == ("mine", ("a", "b", "c"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((X[:0], Y[:0]), "data must hold at least 1 example, got 0"),
        (TensorDataset(X[:0], Y[:0]), "data must hold at least 1 example, got 0"),
        ((X, Y[:5]), "inputs and labels must have equal length, got 60 and 5"),
        ((X, Y + 0.5), "labels must be whole numbers, got 0.5"),
        ((X, Y - 3), "labels must be 0 or more, or -1 for unknown, got -3: use y - y.min()"),
        ((X[:, 0], Y), r"inputs must have shape \(N, ...\) with at least two axes, got \(60,\)"),
        ((X * float("nan"), Y), "inputs must be finite, got NaN or infinity"),
        (
            (np.zeros((2, 8, 8, 3)), [0, 1]),
            r"\(N, channels, height, width\), got \(2, 8, 8, 3\): use X.transpose",
        ),
        ((X, np.array(["a", "b", "c"])[Y]), "labels must be whole numbers, got 'a': kdviz.data.splits"),
    ],
)
def test_data_that_do_not_fit_are_said_in_a_sentence(data: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        examples(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [None, "mnist", 3, [X, Y, Y], (X, X, Y)])
def test_data_of_no_known_kind_are_refused(data: Any) -> None:
    with pytest.raises(TypeError, match=r"must (be|give)"):
        examples(data)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"validation": 1.5}, r"validation must be a fraction in \(0, 1\), a count or data, got 1.5"),
        ({"test": 0}, "test must hold at least 1 example, got 0"),
        (
            {"validation": 30, "test": 30},
            "test must leave examples for the training part, got 30 of 60 labelled",
        ),
        ({"classes": 2}, "labels must be below 2, the number of classes, got 2"),
        ({"classes": "abc"}, "classes must be a sequence of names or a number, got 'abc'"),
        ({"classes": ["a", "b", "a"]}, "class names must differ, got a, b, a"),
        ({"classes": 1}, "data must have at least 2 classes, got 1"),
        ({"validation": (X[:, :2], Y)}, r"validation examples must have shape \(5,\) like train, got \(2,\)"),
    ],
)
def test_splits_that_cannot_be_made_are_said_in_a_sentence(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        splits((X, Y), **arguments)


def test_a_part_cannot_be_drawn_without_labels() -> None:
    with pytest.raises(ValueError, match=r"validation is drawn from labelled examples, got none: pass \(X, y\)"):
        splits(X, classes=3)
    with pytest.raises(ValueError, match="labels must be among the classes ant, bee, got 'cat'"):
        splits((X, np.array(["cat", "ant", "bee"])[Y]), classes=("ant", "bee"))
