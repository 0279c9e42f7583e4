"""Data sets that draw anew at each access: noticed, read again with the seed asked for, or kept on request."""

from __future__ import annotations

import pickle
import random
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import ConcatDataset, DataLoader, Dataset, Subset, default_collate

from kdviz.data import Examples, examples, splits

N = 60
X = torch.randn(N, 5, generator=torch.Generator().manual_seed(0))
Y = torch.arange(N) % 3


class Noisy(Dataset):
    """Each draws from another generator."""

    def __init__(self, kind: str = "torch") -> None:
        self.kind = kind
        self.own = np.random.default_rng(0)

    def __len__(self) -> int:
        return N

    def __getitem__(self, i: int) -> Any:
        x, y = X[i], int(Y[i])
        if self.kind == "torch":
            return x + torch.randn(5), y
        if self.kind == "numpy":
            return x.numpy() + np.random.randn(5).astype(np.float32), y
        if self.kind == "python":
            return x + random.random(), y
        if self.kind == "rare flip":
            return (x.flip(0) if random.random() < 0.2 else x), y
        if self.kind == "named":
            return {"ids": (torch.rand(5) > 0.5).long(), "x": x, "labels": y}
        if self.kind == "picture":
            return Image.fromarray(np.random.randint(0, 256, (4, 6), dtype=np.uint8)), y
        if self.kind == "own":
            return x + torch.from_numpy(self.own.normal(size=5)).float(), y
        if self.kind == "labels":
            return x + torch.randn(5), random.randrange(3)
        return x, y


def anew(data: Any, **arguments: Any) -> Any:
    with pytest.warns(
        UserWarning, match=r"draws anew at each access: inputs, so each epoch reads them again.*fixed=True"
    ):
        return splits(data, **arguments)


def first(x: Any) -> Tensor:
    return next(iter(x.values())) if isinstance(x, dict) else x


KINDS = ["torch", "numpy", "python", "rare flip", "named", "picture"]


@pytest.mark.parametrize("kind", KINDS)
def test_data_drawn_anew_are_noticed_and_each_seed_gives_its_draw(kind: str) -> None:
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    data = anew(Noisy(kind), validation=6, test=6)
    redraw = data.train.redraw
    assert redraw is not None and data.validation.redraw is None and data.test.redraw is None
    at = torch.tensor([3, 40, 0])
    one, again, other = (redraw(at, seed) for seed in (1, 1, 2))
    assert torch.equal(first(one), first(again))
    assert not torch.equal(first(redraw(torch.arange(48), 1)), first(redraw(torch.arange(48), 2)))
    held = data.train.inputs(at)
    assert first(one).shape == first(held).shape and first(one).dtype == first(held).dtype and type(one) is type(other)
    assert torch.equal(first(redraw(torch.tensor([0, 40]), 1)), first(one)[[2, 1]])  # whatever the others beside it
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states[1:]
    if kind == "named":
        assert torch.equal(one["x"], held["x"])
    if kind == "picture":
        assert one.min() >= 0 and 0.5 < one.max() <= 1


def test_rows_are_drawn_anew_in_their_place() -> None:
    class Marked(Noisy):
        def __getitem__(self, i: int) -> Any:
            return torch.tensor([float(i), random.random()]), i % 3

    data = anew(Marked())
    index = torch.randperm(len(data.train), generator=torch.Generator().manual_seed(0))[:20]
    assert torch.equal(data.train.redraw(index, 3)[:, 0], data.train.x[index, 0])
    some = anew(Subset(Marked(), range(10, 40)))
    assert torch.equal(some.train.redraw(torch.arange(5), 3)[:, 0], some.train.x[:5, 0])


def test_the_draw_that_is_held_does_not_depend_on_what_was_drawn_before() -> None:
    held = []
    for noise in range(2):
        torch.manual_seed(noise)
        held.append(anew(Noisy()).train.fingerprint())
    assert held[0] == held[1]


@pytest.mark.parametrize("make", [
    lambda data: DataLoader(data, 7, shuffle=True),
    lambda data: DataLoader(data, 7, collate_fn=lambda items: default_collate(items)),
    lambda data: ConcatDataset([data]),
])  # fmt: skip
def test_loaders_of_such_data_are_noticed(make: Any) -> None:
    redraw = anew(make(Noisy())).train.redraw
    assert torch.equal(redraw(torch.tensor([5]), 1), redraw(torch.tensor([4, 5]), 1)[1:])
    assert not torch.equal(redraw(torch.tensor([5]), 1), redraw(torch.tensor([5]), 2))


@pytest.mark.parametrize("kind", KINDS)
def test_one_draw_is_kept_on_request(kind: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        held = examples(Noisy(kind), fixed=True)
        assert held.redraw is None and splits(Noisy(kind), fixed=True).train.redraw is None


def test_data_that_do_not_draw_are_left_alone() -> None:
    assert splits(Noisy("none")).train.redraw is None


@pytest.mark.parametrize(("kind", "match"), [
    ("own", "from a generator of its own that cannot be seeded, so one draw of each example is kept"),
    ("labels", "labels too, so one draw of each example and its label is kept"),
])  # fmt: skip
def test_what_cannot_be_drawn_again_is_kept_with_a_word(kind: str, match: str) -> None:
    with pytest.warns(UserWarning, match=match):
        data = splits(Noisy(kind))
    assert data.train.redraw is None


def test_bytes_of_0_and_1_stay_so_when_they_are_drawn_anew() -> None:
    class Masks(Noisy):
        def __getitem__(self, i: int) -> Any:
            return (torch.rand(1, 4, 4) > 0.5).to(torch.uint8), i % 3

    with pytest.warns(UserWarning, match="draws anew|holds only 0 and 1") as caught:
        data = splits(Masks())
    assert len(caught) == 2
    assert data.train.redraw is not None
    assert data.train.redraw(torch.arange(5), 0).unique().tolist() == [0.0, 1.0]


def test_another_shape_in_a_later_draw_is_said() -> None:
    class Growing(Noisy):
        longer = False

        def __getitem__(self, i: int) -> Any:
            return torch.rand(5 + self.longer), i % 3

    source = Growing()
    data = anew(source)
    source.longer = True
    with pytest.raises(ValueError, match=r"must keep its shape \(5,\) when it is drawn again, got \(6,\)"):
        data.train.redraw(torch.tensor([0]), 0)


def test_they_travel_to_other_processes() -> None:
    held: Examples = anew(Noisy()).train
    there = pickle.loads(pickle.dumps(held.redraw))
    assert torch.equal(there(torch.arange(4), 9), held.redraw(torch.arange(4), 9))
