"""Data sets, loaders and streams: each row read once, in the order of the data, and never for ever."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    RandomSampler,
    Sampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)

from kdviz.data import Splits, examples, splits, spool, streams

from .forms import PAIRS, PLAIN, Items, N, Stream, X, Y


def test_pictures_of_pillow_become_channels_of_bytes() -> None:
    for mode, channels in (("L", 1), ("RGB", 3), ("P", 3), ("1", 1), ("LA", 1), ("RGBA", 4)):
        pixels = np.random.RandomState(0).randint(0, 256, (N, 6, 8, 3)).astype(np.uint8)
        held = examples(Items(lambda i, p=pixels, m=mode: (Image.fromarray(p[i]).convert(m), int(Y[i]))))
        assert held.shape == (channels, 6, 8) and held.x.dtype == torch.uint8
        if mode == "RGB":
            assert np.array_equal(held.x.permute(0, 2, 3, 1).numpy(), pixels)


def test_the_batch_size_of_a_loader_is_kept() -> None:
    assert splits(DataLoader(TensorDataset(X, Y), batch_size=17)).batch_size == 17
    assert splits(DataLoader(Stream(PAIRS), batch_size=17)).batch_size == 17
    own = DataLoader(TensorDataset(X, Y), batch_sampler=BatchSampler(RandomSampler(X), 9, drop_last=True))
    assert splits(own).batch_size == 9
    assert splits((X, Y)).batch_size is None


class Twice(Sampler):
    def __iter__(self) -> Iterator[int]:
        return iter([i for i in range(N) for _ in range(2)])


class Endless(Sampler):
    def __iter__(self) -> Iterator[int]:
        return itertools.cycle(range(N))


REPEATING = {
    "WeightedRandomSampler": {"sampler": WeightedRandomSampler(torch.ones(N), 2 * N)},
    "RandomSampler": {"sampler": RandomSampler(range(N), replacement=True, num_samples=3 * N)},
    "Twice": {"sampler": Twice()},
    "Endless": {"sampler": Endless()},
    "BatchSampler": {"batch_sampler": BatchSampler(Twice(), 8, False)},
    "list": {"batch_sampler": [[i, (i + 1) % N] for i in range(N)]},
}


@pytest.mark.parametrize("name", REPEATING)
@pytest.mark.parametrize("data", [TensorDataset(X, Y), Items(lambda i: PAIRS[i])])
def test_a_sampler_that_repeats_rows_is_passed_over_with_a_word(name: str, data: Any) -> None:
    with pytest.warns(UserWarning, match="gives rows more than once: each of the 60 rows was read once"):
        held = examples(DataLoader(data, **REPEATING[name]))
    assert held.fingerprint() == PLAIN


def test_a_sampler_that_chooses_rows_is_obeyed() -> None:
    data = TensorDataset(X, Y)
    part = examples(DataLoader(data, sampler=SubsetRandomSampler([5, 3, 9, 40])))
    assert torch.equal(part.x, X[[3, 5, 9, 40]])
    weights = torch.ones(N)
    weights[:20] = 0
    with pytest.warns(UserWarning, match="each of the 40 rows was read once"):
        assert torch.equal(examples(DataLoader(data, sampler=WeightedRandomSampler(weights, 99))).x, X[20:])


def test_a_stream_without_an_end_is_read_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless() -> Iterator[tuple[Tensor, int]]:
        return ((X[i % N] + i // N, i % 3) for i in itertools.count())

    monkeypatch.setattr(streams, "STREAM_ROWS", 100)
    for make in (endless, lambda: Stream(endless()), lambda: DataLoader(Stream(endless()), 7)):
        with pytest.warns(
            UserWarning, match="a stream without a length: its first 100 examples were read; pass limit="
        ):
            assert len(examples(make())) == 100
        assert len(examples(make(), limit=43)) == 43
    assert len(splits(DataLoader(Stream(endless()), 7), limit=50).train) == 40
    monkeypatch.setattr(streams, "STREAM_BYTES", 0)
    monkeypatch.setattr(spool, "CHUNK", 0)
    with pytest.warns(UserWarning, match="its first 1 examples were read"):
        examples(endless())


def test_a_stream_that_says_its_length_is_read_to_there() -> None:
    class Long(Stream):
        def __len__(self) -> int:
            return 43

    assert len(examples(Long(itertools.cycle(PAIRS)))) == 43
    assert len(examples(DataLoader(Long(itertools.cycle(PAIRS)), 7))) == 43


@pytest.mark.parametrize("limit", [0, -1, 2.5])
def test_limits_hold_for_all_data(limit: Any) -> None:
    for given in ((X, Y), TensorDataset(X, Y), Items(lambda i: PAIRS[i]), {"x": X, "y": Y}):
        assert torch.equal(examples(given, limit=10).x, X[:10])
        assert len(examples(given, limit=99)) == N
    with pytest.raises(ValueError, match="limit must be a whole number of at least 1, got"):
        examples((X, Y), limit=limit)


def test_a_data_set_without_room_is_refused_before_it_is_read() -> None:
    with pytest.raises(ValueError, match=r"the data would take .* GB, and .* GB are free .*: pass limit="):
        examples(Items(lambda i: PAIRS[i % N], 10**14))
    assert len(examples(Items(lambda i: PAIRS[i % N], 10**14), limit=7)) == 7


def test_what_a_data_set_raises_is_one_sentence() -> None:
    def broken(i: int) -> Any:
        if i == 7:
            raise KeyError("photo\n7.png")
        return PAIRS[i]

    with pytest.raises(ValueError, match=r"the data set fails at example 7 of 60 \(KeyError: .*photo") as caught:
        examples(Items(broken))
    assert isinstance(caught.value.__cause__, KeyError) and "\n" not in str(caught.value)


def test_examples_that_do_not_fit_together_are_refused_and_the_advice_works() -> None:
    ragged = Items(lambda i: (torch.arange(i % 4 + 1), int(Y[i])))
    with pytest.raises(ValueError, match=r"inputs must all have the same length, got several: pad them") as caught:
        examples(ragged)
    assert "torch.nn.utils.rnn.pad_sequence(list_of_tensors, batch_first=True)" in str(caught.value)
    tensors = [ragged[i][0] for i in range(N)]
    assert examples((torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True), Y)).shape == (4,)
    with pytest.raises(ValueError, match="the same inputs, got a and then b"):
        examples([({"b" if i else "a": X[i]}, 0) for i in range(N)])
    with pytest.raises(ValueError, match=r"labels must be equally many for each example.*pad them with -100"):
        examples([(X[i], [0] * (i % 2 + 1)) for i in range(N)])
    with pytest.raises(ValueError, match=r"the label of an example must be its class, got a dict \(boxes\)"):
        examples([(X[i], {"boxes": X[i]}) for i in range(N)])


def test_class_names_that_a_data_set_brings_are_used() -> None:
    class Torchvisionlike(Items):
        classes = ("airplane", "bird", "cat")

    data = Torchvisionlike(lambda i: PAIRS[i])
    for given in (data, Subset(data, range(40)), DataLoader(Subset(Subset(data, range(40)), range(30)), 9)):
        assert splits(given).classes == ("airplane", "bird", "cat")
    assert splits(data, classes=("a", "b", "c")).classes == ("a", "b", "c")
    more = Torchvisionlike(lambda i: (X[i], i % 4))
    assert splits(more).classes == ("0", "1", "2", "3")


def test_data_with_parts_of_their_own_keep_them() -> None:
    one, two, three = (TensorDataset(X + n, Y) for n in range(3))
    data: Splits = splits({"train": one, "valid": two, "test": three})
    assert [float(part.x[0, 0] - X[0, 0]) for part in (data.train, data.validation, data.test)] == pytest.approx(
        [0, 1, 2]
    )
    assert len(splits({"train": one, "test": three}).validation) == 6
    with pytest.warns(UserWarning, match="the parts extra were left out"):
        splits({"train": one, "test": three, "extra": two})
    with pytest.warns(UserWarning, match="the test part has no labels, so it is drawn from the training part"):
        data = splits({"train": one, "validation": two, "test": TensorDataset(X + 2, torch.full((N,), -1))})
    assert data.test.labelled == 6
