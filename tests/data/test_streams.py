"""Data sets, loaders and streams: each row read once, in the order of the data, and never for ever."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Sampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
)

from kdviz.data import Examples, Splits, copies, examples, splits, spool, streams

N = 60
X = torch.randn(N, 5, generator=torch.Generator().manual_seed(0))
Y = torch.arange(N) % 3
IDS = torch.arange(N * 4).view(N, 4)
PLAIN = Examples(X, Y).fingerprint()


def joined(items: list[Any]) -> Any:
    return default_collate(items)


class Items(Dataset):
    """Gives what a function makes of each index."""

    def __init__(self, make: Any, count: int = N) -> None:
        self.make, self.count = make, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, i: int) -> Any:
        return self.make(i)


class Stream(IterableDataset):
    def __init__(self, items: Any) -> None:
        self.items = items

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)


class Own:
    """A data set that is of no class of torch's."""

    def __len__(self) -> int:
        return N

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        return X[i], int(Y[i])


PAIRS = [(x, int(y)) for x, y in zip(X, Y, strict=True)]
BATCHES = [(X[i : i + 8], Y[i : i + 8]) for i in range(0, N, 8)]

FORMS = {
    "list of pairs": lambda: PAIRS,
    "loader of a list": lambda: DataLoader(PAIRS, batch_size=7, shuffle=True),
    "generator": lambda: (pair for pair in PAIRS),
    "generator of batches": lambda: (pair for pair in BATCHES),
    "stream of batches": lambda: DataLoader(Stream(BATCHES), batch_size=None),
    "stream": lambda: Stream(PAIRS),
    "loader of a stream with a collate_fn": lambda: DataLoader(Stream(PAIRS), 7, collate_fn=joined),
    "loader of batches by index": lambda: DataLoader(
        TensorDataset(X, Y), sampler=BatchSampler(range(N), 7, False), batch_size=None
    ),
    "own class": Own,
    "loader of workers": lambda: DataLoader(Items(lambda i: PAIRS[i]), 7, num_workers=2),
    "drop_last": lambda: DataLoader(Items(lambda i: PAIRS[i]), 7, collate_fn=joined, drop_last=True),
    "named, with x": lambda: Items(lambda i: {"x": X[i], "y": int(Y[i])}),
    "concatenated": lambda: ConcatDataset([TensorDataset(X[:9], Y[:9]), TensorDataset(X[9:], Y[9:])]),
    "loader with numpy": lambda: DataLoader(Items(lambda i: (X[i].numpy(), np.int64(Y[i])))),
    "one-element labels": lambda: Items(lambda i: (X[i], Y[i : i + 1])),
    "loader of parts": lambda: DataLoader(Subset(TensorDataset(X, Y), range(N)), sampler=SubsetRandomSampler(range(N))),
}


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_give_the_same_examples(form: str) -> None:
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    assert examples(FORMS[form]()).fingerprint() == PLAIN
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states[1:]


NAMED = {
    "data set": lambda: Items(lambda i: {"input_ids": IDS[i], "attention_mask": IDS[i] > 0, "labels": int(Y[i])}),
    "loader": lambda: DataLoader(
        Items(lambda i: {"input_ids": IDS[i], "attention_mask": IDS[i] > 0, "label": int(Y[i])}), 7, shuffle=True
    ),
    "pairs": lambda: Items(lambda i: ({"input_ids": IDS[i], "attention_mask": IDS[i] > 0}, int(Y[i]))),
    "stream": lambda: Stream(
        [{"input_ids": i, "attention_mask": i > 0, "y": int(y)} for i, y in zip(IDS, Y, strict=True)]
    ),
    "list": lambda: [{"input_ids": i, "attention_mask": i > 0, "target": y} for i, y in zip(IDS, Y, strict=True)],
    "collated": lambda: DataLoader(
        list(range(N)),
        7,
        collate_fn=lambda at: {"input_ids": IDS[at], "attention_mask": IDS[at] > 0, "labels": Y[at]},
    ),
}


@pytest.mark.parametrize("form", NAMED)
def test_named_inputs_come_from_all_forms(form: str) -> None:
    data = splits(NAMED[form]())
    assert data.train.describe() == "input_ids (4,) int64, attention_mask (4,) bool"
    assert data.train.fingerprint() == splits(({"input_ids": IDS, "attention_mask": IDS > 0}, Y)).train.fingerprint()


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


def test_copies_of_training_rows_are_counted_and_dropped_on_request() -> None:
    with pytest.warns(UserWarning, match=r"9 of 10 test rows are copies of training rows.*copies=\"drop\"") as caught:
        splits((X, Y), validation=(X + 1, Y), test=(torch.cat((X[:9], X[:1] + 3)), torch.cat((Y[:9], Y[:1]))))
    assert len(caught) == 1
    doubled = (torch.cat((X, X)), torch.cat((Y, Y)))
    for given in (doubled, ConcatDataset([TensorDataset(X, Y)] * 2), Subset(TensorDataset(X, Y), [*range(N)] * 2)):
        with pytest.warns(UserWarning, match="rows are copies of training rows"):
            splits(given)
        data = splits(given, copies="drop")
        assert data.train.fingerprint() == splits((X, Y)).train.fingerprint()
    given = splits((X, Y), validation=(X[:20], Y[:20]), test=(X[10:30], Y[10:30]), copies="drop")
    rows = [set(map(tuple, part.x.tolist())) for part in (given.train, given.validation, given.test)]
    assert [len(r) for r in rows] == [30, 10, 20] and not rows[0] & rows[1] and not rows[0] & rows[2]
    with pytest.raises(ValueError, match='copies must be "keep" or "drop", got \'no\''):
        splits((X, Y), copies="no")


def test_of_copies_a_labelled_one_is_kept() -> None:
    y = torch.cat((torch.full((N,), -1), Y))
    assert splits((torch.cat((X, X)), y), copies="drop").train.labelled == 48


def test_copies_are_found_among_named_inputs_and_beyond_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    named = {"a": IDS, "b": X}
    both = {name: torch.cat((t, t[:3], t[:3] + 1)) for name, t in named.items()}
    for most in (copies.WORDS, 1):
        monkeypatch.setattr(copies, "WORDS", most)
        (found,) = copies.keys([Examples(both, torch.zeros(N + 6).long())])
        assert len(set(found[:N].tolist())) == N
        assert np.array_equal(found[N : N + 3], found[:3]) and not set(found[N + 3 :]) & set(found[:N])
    swapped = copies.keys([Examples((X, X + 1), Y), Examples((X + 1, X), Y)])
    assert not set(swapped[0]) & set(swapped[1])


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
