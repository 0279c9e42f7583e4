"""Bytes of 0 and 1 are numbers, and that is said."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kdviz.data import Examples, splits

N = 60


RANDOM = np.random.RandomState(0)


Y = np.arange(N) % 2


IDS = torch.randint(0, 9**5, (N, 5), generator=torch.Generator().manual_seed(0))


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
