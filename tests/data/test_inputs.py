"""Inputs by name and in order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from kdviz.data import splits

N = 60


Y = np.arange(N) % 2


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
