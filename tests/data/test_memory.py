"""Examples and Splits: what they hold, how they are addressed and reduced."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kdviz.data import Examples, Splits, memory, splits


def some_examples(count: int = 12, seed: int = 0) -> Examples:
    random = np.random.RandomState(seed)
    x = torch.from_numpy(random.randint(0, 256, (count, 1, 4, 4)).astype(np.uint8))
    return Examples(x, torch.arange(count) % 3, {"age": np.arange(count)})


def some_splits(count: int = 90) -> Splits:
    return splits(some_examples(count), validation=9, test=9)


def test_inputs_are_pixels_scaled_to_one() -> None:
    examples = some_examples()
    index = torch.tensor([3, 0, 3])
    assert torch.equal(examples.inputs(index), examples.x[index].float() / 255) or torch.allclose(
        examples.inputs(index), examples.x[index].float() / 255, rtol=1e-6
    )
    assert examples.inputs().dtype == torch.float32
    assert examples.inputs(slice(2, 5)).shape == (3, 1, 4, 4)


def test_the_brightest_pixel_is_exactly_one() -> None:
    pixels = torch.arange(256, dtype=torch.uint8).view(256, 1, 1, 1)
    inputs = Examples(pixels, torch.zeros(256, dtype=torch.int64)).inputs().flatten()
    assert inputs[0] == 0.0
    assert inputs[255] == 1.0
    assert (inputs.diff() > 0).all()


def test_rows_come_as_they_are() -> None:
    rows = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    examples = Examples(rows, torch.zeros(5, dtype=torch.int64))
    assert torch.equal(examples.inputs(torch.tensor([4, 1])), rows[[4, 1]])


def test_inputs_never_change_what_is_held() -> None:
    examples = some_examples()
    before = examples.x.clone()
    examples.inputs().zero_()
    assert torch.equal(examples.x, before)


@pytest.mark.parametrize("index", [torch.tensor([5, 2]), np.array([5, 2]), slice(1, 4)])
def test_take_keeps_inputs_labels_and_groups_together(index: Any) -> None:
    taken = some_examples().take(index)
    where = np.arange(12)[index]
    assert np.array_equal(taken.groups["age"], where)
    assert torch.equal(taken.y, torch.from_numpy(where) % 3)


def test_fingerprint_follows_content_not_identity() -> None:
    one, same = some_examples(), some_examples()
    assert one != same
    assert one.fingerprint() == same.fingerprint()
    other = Examples(one.x, one.y.roll(1))
    assert other.fingerprint() != one.fingerprint()
    reshaped = Examples(one.x.view(12, 1, 2, 8), one.y)
    assert reshaped.fingerprint() != one.fingerprint()


def test_labelled_counts_known_labels() -> None:
    assert Examples(torch.zeros(3, 2), torch.tensor([0, -1, -1])).labelled == 1


@pytest.mark.parametrize(
    ("x", "y", "groups", "message"),
    [
        (torch.zeros(3), torch.zeros(3).long(), {}, "x must have shape"),
        (
            torch.zeros(3, 2, dtype=torch.complex64),
            torch.zeros(3).long(),
            {},
            "x must hold floating-point or whole numbers, got torch.complex64",
        ),
        (torch.zeros(3, 2), torch.zeros(2).long(), {}, r"y must have shape \(3,\)"),
        (torch.zeros(3, 2), torch.zeros(3), {}, r"y must be int64, got torch.float32: use y.long\(\)"),
        (torch.zeros(1, 2), torch.tensor([-2]), {}, "labels must be 0 or more, or -1 for unknown, got -2"),
        (
            torch.zeros(1, 2),
            torch.tensor([0]),
            {"sex": np.zeros(2)},
            "group 'sex' must have 1 entries, got 2",
        ),
        (
            {"ids": torch.zeros(3, 2), "mask": torch.zeros(2, 2)},
            torch.zeros(3).long(),
            {},
            "all inputs must have equally many examples, got ids 3, mask 2",
        ),
        ({}, torch.zeros(3).long(), {}, "x must hold at least 1 tensor, got 0"),
        ((torch.zeros(3, 2), torch.zeros(())), torch.zeros(3).long(), {}, "input 1 must have shape"),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(x: Any, y: Any, groups: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Examples(x, y, groups)


def test_labels_beyond_the_classes_are_refused() -> None:
    part = Examples(torch.zeros(2, 1), torch.tensor([0, 2]))
    with pytest.raises(ValueError, match="train labels must be below 2, the number of classes, got 2"):
        Splits("a", "A", ("no", "yes"), part, part, part)


def test_parts_of_different_shape_are_refused() -> None:
    small, large = (Examples(torch.zeros(2, n), torch.tensor([0, 1])) for n in (1, 2))
    with pytest.raises(ValueError, match=r"test examples must have shape \(1,\) like train, got \(2,\)"):
        Splits("a", "A", ("no", "yes"), small, small, large)


IDS = torch.arange(60).view(12, 5)


SEVERAL = {
    "named": {"input_ids": IDS, "attention_mask": IDS % 2 == 0, "length": torch.arange(12.0)},
    "ordered": (IDS.float(), torch.arange(12 * 16, dtype=torch.uint8).view(12, 1, 4, 4)),
}


def parts_of(x: Any) -> list[torch.Tensor]:
    return list(x.values()) if isinstance(x, dict) else list(x) if isinstance(x, tuple) else [x]


@pytest.mark.parametrize("form", SEVERAL)
@pytest.mark.parametrize("index", [None, slice(2, 7), torch.tensor([5, 0, 5])])
def test_several_inputs_keep_their_form_and_whole_numbers(form: str, index: Any) -> None:
    held = Examples(SEVERAL[form], torch.arange(12) % 3)
    given_out = held.inputs(index)
    assert type(given_out) is type(SEVERAL[form]) and not held.single and len(held) == 12
    for tensor, source in zip(parts_of(given_out), parts_of(SEVERAL[form]), strict=True):
        there = source if index is None else source[index]
        if source.dtype == torch.uint8:
            assert torch.allclose(tensor, there.float() / 255)
        else:
            assert torch.equal(tensor, there) and tensor.dtype == source.dtype
        before = source.clone()
        tensor.zero_()
        assert torch.equal(source, before)


def test_several_inputs_are_described_and_fingerprinted_by_name() -> None:
    held = Examples(SEVERAL["named"], torch.arange(12) % 3)
    assert held.describe() == "input_ids (5,) int64, attention_mask (5,) bool, length () float32"
    assert held.shape == (5,)
    assert repr(held) == f"Examples(12 of {held.describe()}, 12 labelled)"
    other = Examples({("ids" if n == "input_ids" else n): t for n, t in SEVERAL["named"].items()}, held.y)
    assert held.fingerprint() != other.fingerprint()
    assert held.fingerprint() == Examples(dict(SEVERAL["named"]), held.y.clone()).fingerprint()
    assert Examples(SEVERAL["ordered"], held.y).describe() == "input 0 (5,) float32, input 1 (1, 4, 4) float32"


def test_an_example_counts_as_labelled_when_one_of_its_tokens_is() -> None:
    y = torch.tensor([[0, 1], [-100, 2], [-1, -100]])
    held = Examples({"ids": torch.zeros(3, 2).long()}, y)
    assert held.labelled == 2 and held.known.tolist() == [True, True, False]
    assert held.y.tolist() == [[0, 1], [-1, 2], [-1, -1]]
    assert y[1, 0] == -100  # what was given stays
    some = Splits("t", "T", ("a", "b", "c"), held, held, held)
    assert some.with_labels(1).train.known.tolist() == [True]
    assert some.with_labels(1, keep_unlabelled=True).train.labelled == 1
    with pytest.raises(ValueError, match="count must be at most 2"):
        some.with_labels(3)
    with pytest.raises(ValueError, match="these have one label per token: leave it out"):
        some.with_labels(2, omit=(0,))


def test_labels_that_are_hidden_take_their_probabilities_with_them() -> None:
    soft = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    held = Examples(torch.zeros(3, 2), soft.argmax(1), soft=soft)
    some = Splits("t", "T", ("a", "b"), held, held, held)
    kept = some.with_labels(2, keep_unlabelled=True).train
    assert torch.equal(kept.soft[kept.known], soft[kept.known]) and (kept.soft[~kept.known] == 0).all()
    assert torch.equal(held.take(torch.tensor([2, 0])).soft, soft[[2, 0]])
    assert held.fingerprint() != Examples(held.x, held.y).fingerprint()
    with pytest.raises(ValueError, match="train must give a probability for each of 3 classes, got 2"):
        Splits("t", "T", ("a", "b", "c"), held, held, held)
    with pytest.raises(ValueError, match=r"pass y.softmax\(1\) for logits"):
        Examples(held.x, held.y, soft=-soft)


def test_a_large_selection_is_not_copied_and_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Examples(SEVERAL["named"], torch.arange(12) % 3, {"age": np.arange(12)})
    index = torch.tensor([11, 3, 3, 8, 0])
    copied = whole.take(index)
    monkeypatch.setattr(memory, "GATHERED", 0)
    for most in (0, 10**9):
        monkeypatch.setattr(memory, "MOST_IN_MEMORY", most)
        kept = whole.take(index)
        assert "x" not in kept.__dict__
        for one, other in ((kept, copied), (kept.take(slice(1, 4)), copied.take(slice(1, 4)))):
            assert one.fingerprint() == other.fingerprint() and one.describe() == other.describe()
            assert len(one) == len(other) and one.groups["age"].tolist() == other.groups["age"].tolist()
            for at in (None, slice(1, 3), torch.tensor([2, 0])):
                for mine, theirs in zip(parts_of(one.inputs(at)), parts_of(other.inputs(at)), strict=True):
                    assert torch.equal(mine, theirs)
        hidden = kept.without_labels(torch.tensor([True, False, False, False, True]))
        assert hidden.y.tolist() == [-1, 0, 0, 2, -1] and "x" not in hidden.__dict__ and "x" not in kept.__dict__
        assert all(torch.equal(kept.x[n], copied.x[n]) for n in copied.x)
        assert kept.fingerprint() == copied.fingerprint()
        again = pickle.loads(pickle.dumps(whole.take(index)))
        assert again.fingerprint() == copied.fingerprint()
        assert replace(whole.take(index), y=copied.y).fingerprint() == copied.fingerprint()


def test_a_selection_is_drawn_anew_by_its_own_rows() -> None:
    held = Examples(
        torch.zeros(12, 2), torch.zeros(12).long(), redraw=lambda i, seed: torch.stack((i, 0 * i + seed), 1).float()
    )
    part = held.take(torch.tensor([7, 3, 9])).take(slice(1, 3))
    assert part.redraw is not None
    assert part.redraw(torch.tensor([1, 0]), 5).tolist() == [[9, 5], [3, 5]]
    assert part.fixed().redraw is None and torch.equal(part.fixed().x, part.x)
    assert held.fingerprint() != held.fixed().fingerprint()


def test_group_columns_are_addressed_by_position_and_keep_what_is_missing() -> None:
    frame = pd.DataFrame({"sex": ["f", "m", "f"], "site": pd.Categorical(["b", "a", "b"])}, index=[2, 0, 1])
    held = Examples(torch.zeros(3, 1), torch.zeros(3).long(), {"list": ["f", float("nan"), "m"], **frame})
    taken = held.take(np.array([1, 2]))
    assert taken.groups["sex"].tolist() == ["m", "f"]
    assert list(taken.groups["site"]) == ["a", "b"] and list(taken.groups["site"].categories) == ["a", "b"]
    assert taken.groups["list"].dtype == object and taken.groups["list"][0] != taken.groups["list"][0]


def test_parts_that_a_model_cannot_take_alike_are_refused() -> None:
    y = torch.tensor([0, 1])
    named = Examples({"ids": torch.zeros(2, 3).long()}, y)
    with pytest.raises(ValueError, match=r"validation inputs must be ids \(3,\) int64 like train, got \(3,\) float32"):
        Splits("a", "A", ("no", "yes"), named, Examples(torch.zeros(2, 3), y), named)
    with pytest.raises(ValueError, match="test must have one label per example like train, got one label per token"):
        Splits("a", "A", ("no", "yes"), named, named, Examples(named.x, torch.zeros(2, 3).long()))


@given(st.integers(3, 72), st.integers(3, 72), st.integers(0, 3))
def test_with_labels_is_nested_and_balanced(one: int, two: int, seed: int) -> None:
    data = some_splits()
    few, many = sorted((one, two))
    smaller, larger = (data.with_labels(count, seed=seed).train for count in (few, many))
    assert len(smaller) == few
    assert set(smaller.groups["age"]) <= set(larger.groups["age"])
    counts = np.bincount(smaller.y.numpy(), minlength=3)
    assert counts.max() - counts.min() <= 1
    assert (np.diff(smaller.groups["age"]) > 0).all()


def test_with_labels_can_keep_the_others_without_label() -> None:
    data = some_splits()
    alone, kept = data.with_labels(6).train, data.with_labels(6, keep_unlabelled=True).train
    assert (len(kept), kept.labelled) == (72, 6)
    assert torch.equal(kept.x, data.train.x)
    assert torch.equal(kept.take(torch.nonzero(kept.y >= 0)[:, 0]).x, alone.x)
    assert data.train.labelled == 72


def test_with_labels_leaves_validation_and_test() -> None:
    data = some_splits()
    reduced = data.with_labels(6)
    assert reduced.validation is data.validation
    assert reduced.test is data.test


def test_with_labels_is_a_matter_of_its_seed_alone() -> None:
    data = some_splits()
    torch.manual_seed(1)
    np.random.seed(1)
    first = data.with_labels(9, seed=5).train.groups["age"]
    state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()
    again, other = (data.with_labels(9, seed=s).train.groups["age"] for s in (5, 6))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)


def test_with_labels_tells_its_draw_and_draws_once() -> None:
    reduced = some_splits().with_labels(6, seed=4)
    assert reduced.draw == {"count": 6, "keep_unlabelled": False, "seed": 4}
    assert torch.equal(some_splits().with_labels(**reduced.draw).train.y, reduced.train.y)
    with pytest.raises(ValueError, match="must be called on the whole data, and these are already reduced to 6 labels"):
        reduced.with_labels(3)


def test_with_labels_says_what_counts_are_possible() -> None:
    data = some_splits()
    with pytest.raises(ValueError, match="count must be at least 3, one label for each class, got 2"):
        data.with_labels(2)
    with pytest.raises(ValueError, match="count must be at most 72, the labelled training examples, got 73"):
        data.with_labels(73)
    with pytest.raises(ValueError, match="got 0: for a transfer set without labels pass keep_unlabelled=True"):
        data.with_labels(0)
    with pytest.raises(ValueError, match="count must be at least 3, one label for each class, got -1"):
        data.with_labels(-1, keep_unlabelled=True)


def test_with_labels_0_keeps_all_examples_and_no_label() -> None:
    data = some_splits()
    silent = data.with_labels(0, keep_unlabelled=True)
    assert torch.equal(silent.train.x, data.train.x)
    assert (silent.train.y == -1).all()
    assert silent.draw == {"count": 0, "keep_unlabelled": True, "seed": 0}
    assert silent.validation is data.validation


@given(st.sets(st.integers(0, 2), min_size=1, max_size=2), st.integers(3, 24), st.integers(0, 3))
def test_an_omitted_class_does_not_occur_and_the_rest_is_drawn_as_ever(omit: set[int], count: int, seed: int) -> None:
    data = some_splits()
    alone = data.with_labels(count, seed=seed, omit=omit)
    kept = data.with_labels(count, keep_unlabelled=True, seed=seed, omit=omit)
    counts = np.bincount(alone.train.y.numpy(), minlength=3)
    assert counts.sum() == len(alone.train) == count
    assert all(counts[c] == 0 for c in omit)
    present = [counts[c] for c in range(3) if c not in omit]
    assert max(present) - min(present) <= 1
    stays = ~np.isin(data.train.y.numpy(), list(omit))
    assert np.array_equal(kept.train.groups["age"], data.train.groups["age"][stays])
    assert torch.equal(kept.train.x, data.train.x[torch.from_numpy(stays)])
    known = (kept.train.y >= 0).numpy()
    assert np.array_equal(kept.train.groups["age"][known], alone.train.groups["age"])
    assert torch.equal(kept.train.y[torch.from_numpy(known)], alone.train.y)
    for part in (alone, kept):
        assert part.validation is data.validation and part.test is data.test
        assert torch.equal(some_splits().with_labels(**dict(part.draw or {})).train.y, part.train.y)


def test_omitting_a_class_keeps_the_draw_of_the_others() -> None:
    data = some_splits()
    three, two = (data.with_labels(n, seed=1, omit=omit).train for n, omit in ((12, ()), (8, (1,))))
    others = three.y.numpy() != 1
    assert np.array_equal(three.groups["age"][others], two.groups["age"])


def test_classes_are_omitted_by_index_or_name_and_told_by_index() -> None:
    data = some_splits()
    assert data.classes == ("0", "1", "2")
    by_name, by_index = (data.with_labels(6, omit=omit) for omit in (("2", "0"), np.array([0, 2])))
    assert by_name.draw == by_index.draw == {"count": 6, "keep_unlabelled": False, "seed": 0, "omit": [0, 2]}
    assert by_name.train.y.unique().tolist() == [1]
    assert data.with_labels(6, omit=[]).draw == {"count": 6, "keep_unlabelled": False, "seed": 0}


def test_a_transfer_set_may_lack_both_labels_and_a_class() -> None:
    data = some_splits()
    silent = data.with_labels(0, keep_unlabelled=True, omit=(1,)).train
    assert silent.labelled == 0
    assert np.array_equal(silent.groups["age"], data.train.groups["age"][data.train.y.numpy() != 1])


def test_examples_without_a_label_to_begin_with_stay_when_a_class_is_omitted() -> None:
    whole = some_splits()
    y = whole.train.y.clone()
    y[::2] = -1
    data = replace(whole, train=Examples(whole.train.x, y, whole.train.groups))
    kept = data.with_labels(4, keep_unlabelled=True, omit=(1,)).train
    assert np.array_equal(kept.groups["age"], data.train.groups["age"][y.numpy() != 1])
    assert len(data.with_labels(4, omit=(1,)).train) == 4


def test_an_omission_that_cannot_be_is_said_in_a_sentence() -> None:
    data = some_splits()
    for wrong in (3, -1, "7", 0.5):
        with pytest.raises(ValueError, match=rf"by index below 3 or by name \(0, 1, 2\), got {wrong!r}"):
            data.with_labels(6, omit=(wrong,))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="omit must leave at least one class to learn, got all 3"):
        data.with_labels(6, omit=(0, 1, 2))
    with pytest.raises(TypeError, match=r"omit must be a sequence of classes, got '12': write omit=\('12',\)"):
        data.with_labels(6, omit="12")
    with pytest.raises(ValueError, match="count must be at least 2, one label for each class, got 1"):
        data.with_labels(1, omit=(0,))
    with pytest.raises(ValueError, match="count must be at most 48, the labelled training examples, got 49"):
        data.with_labels(49, omit=(0,))
