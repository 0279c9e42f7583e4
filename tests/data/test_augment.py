"""Random changes to image batches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Generator, Tensor

from kdviz.data import erase, flip, shift, warp


def pictures(count: int = 6, height: int = 7, width: int = 5, dtype: torch.dtype = torch.uint8) -> Tensor:
    values = np.random.RandomState(0).randint(1, 256, (count, 2, height, width))
    return torch.from_numpy(values).to(dtype)


def seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


def shift_one_by_one(x: Tensor, pixels: int, generator: Generator) -> Tensor:
    """The same as `shift`, pixel by pixel."""
    moves = torch.randint(2 * pixels + 1, (2, len(x)), generator=generator) - pixels
    out = torch.zeros_like(x)
    for image, (down, across) in enumerate(moves.T.tolist()):
        for row in range(x.shape[2]):
            for column in range(x.shape[3]):
                if 0 <= row + down < x.shape[2] and 0 <= column + across < x.shape[3]:
                    out[image, :, row, column] = x[image, :, row + down, column + across]
    return out


@given(st.integers(0, 4), st.integers(0, 99), st.sampled_from([torch.uint8, torch.float32]))
def test_shift_is_what_a_loop_over_pixels_gives(pixels: int, seed: int, dtype: torch.dtype) -> None:
    x = pictures(dtype=dtype)
    expected = shift_one_by_one(x, pixels, seeded(seed))
    found = shift(x, pixels=pixels, generator=seeded(seed))
    assert found.dtype == dtype
    assert torch.equal(found, expected)


def test_shift_reaches_each_place_equally_often() -> None:
    x = torch.zeros(5000, 1, 9, 9)
    x[:, :, 4, 4] = 1
    places = shift(x, pixels=2, generator=seeded(0)).sum((0, 1))
    inner = places[2:7, 2:7]
    assert inner.sum() == 5000
    assert inner.min() > 150  # 200 expected


@pytest.mark.parametrize("change", [shift, flip, erase, warp])
def test_changes_repeat_from_a_generator_and_leave_the_rest(change: Callable[..., Tensor]) -> None:
    x = pictures(dtype=torch.float32)
    before, state = x.clone(), torch.get_rng_state()
    first, again, other = (change(x, generator=seeded(s)) for s in (1, 1, 2))
    assert first.shape == x.shape
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(x, before)
    assert torch.equal(torch.get_rng_state(), state)


def test_flip_mirrors_about_half() -> None:
    x = pictures(count=400)
    flipped = flip(x, generator=seeded(0))
    mirrored = (flipped == x.flip(3)).flatten(1).all(1)
    kept = (flipped == x).flatten(1).all(1)
    assert (mirrored | kept).all()
    assert 150 < int(mirrored.sum()) < 250


def test_erase_blanks_one_square() -> None:
    x = torch.ones(200, 1, 20, 20)
    blank = (erase(x, size=6, generator=seeded(0)) == 0).sum((1, 2, 3))
    assert blank.max() == 36
    assert blank.min() >= 9  # a quarter is left in a corner


def test_warp_of_nothing_changes_nothing() -> None:
    x = pictures(dtype=torch.float32)
    same = warp(x, degrees=0, zoom=0, shear=0, pixels=0, generator=seeded(0))
    torch.testing.assert_close(same, x, rtol=1e-4, atol=1e-2)


def test_warp_turns_by_the_angle_it_is_given() -> None:
    x = torch.zeros(300, 1, 21, 21)
    x[:, :, 10, 2] = 1.0  # 8 pixels left of the middle
    turned = warp(x, degrees=30, zoom=0, shear=0, pixels=0, generator=seeded(0))
    rows, columns = torch.meshgrid(torch.arange(21.0), torch.arange(21.0), indexing="ij")
    mass = turned.sum((1, 2, 3))
    down, left = (
        ((turned[:, 0] * rows).sum((1, 2)) / mass - 10),
        (10 - (turned[:, 0] * columns).sum((1, 2)) / mass),
    )
    degrees = torch.rad2deg(torch.atan2(down, left)).abs()
    assert degrees.max() <= 31
    assert degrees.max() > 25
    torch.testing.assert_close(torch.hypot(down, left), torch.full((300,), 8.0), atol=0.3, rtol=0)


def test_wrong_arguments_are_said_in_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"images must have shape \(B, C, H, W\), got \(3, 4\)"):
        shift(torch.zeros(3, 4))
    with pytest.raises(ValueError, match="pixels must be >= 0, got -1"):
        shift(torch.zeros(1, 1, 2, 2), pixels=-1)
