"""Random changes to image batches."""

from __future__ import annotations

import math
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


def draws(count: int, seed: int) -> Tensor:
    """What `warp` draws: angle, sizes across and down, slant, shifts across and down, each in [-1, 1]."""
    return torch.rand(6, count, generator=seeded(seed)) * 2 - 1


def direction(picture: Tensor) -> float:
    """Angle of a bright line against the rows, in degrees: of the first principal axis of its pixels."""
    rows, columns = torch.meshgrid(*(torch.arange(n, dtype=torch.float64) for n in picture.shape), indexing="ij")
    points = torch.stack((columns.flatten(), rows.flatten()))  # (2, H·W)
    weights = picture.double().flatten()
    main = torch.linalg.eigh(torch.cov(points, aweights=weights)).eigenvectors[:, -1]
    return math.degrees(math.atan(main[1] / main[0]))


SIZES = [(28, 28), (17, 65), (65, 17), (40, 64), (9, 33)]


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_a_line_turns_by_as_many_degrees_whatever_height_and_width_are(height: int, width: int) -> None:
    x = torch.zeros(40, 1, height, width, dtype=torch.float64)
    half = min(height, width) // 2 - 2  # short enough to stay inside
    x[:, 0, height // 2, width // 2 - half : width // 2 + half + 1] = 1
    turned = warp(x, degrees=10, zoom=0, shear=0, pixels=0, generator=seeded(3))
    found = [direction(picture[0]) for picture in turned]
    expected = (-10 * draws(40, 3)[0]).tolist()  # the grid says where a pixel comes from
    assert max(map(abs, expected)) > 9
    assert found == pytest.approx(expected, abs=1.5 if half > 5 else 3)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_warp_is_the_map_of_pixels_that_it_says(height: int, width: int) -> None:
    """Every number that goes in, pixel by pixel: a linear picture stays linear, so that bilinear means exact."""
    rows, columns = torch.meshgrid(
        *(torch.arange(n, dtype=torch.float64) - (n - 1) / 2 for n in (height, width)), indexing="ij"
    )
    count, seed = 5, 1
    x = (3 * columns + 7 * rows + 1000).expand(count, 1, -1, -1).double()
    found = warp(x, generator=seeded(seed))
    angle, across, down, slant, right, low = draws(count, seed).double()
    angle, across, down, slant = angle * math.radians(10), 1 + 0.1 * across, 1 + 0.1 * down, 0.1 * slant
    for k in range(count):
        from_column = angle[k].cos() * across[k] * columns + (slant[k] - angle[k].sin()) * down[k] * rows + 2 * right[k]
        from_row = angle[k].sin() * across[k] * columns + angle[k].cos() * down[k] * rows + 2 * low[k]
        inside = (from_column.abs() <= (width - 1) / 2) & (from_row.abs() <= (height - 1) / 2)
        expected = 3 * from_column + 7 * from_row + 1000
        assert inside.any()
        torch.testing.assert_close(found[k, 0][inside], expected[inside], rtol=1e-5, atol=1e-3)


def test_an_elastic_bend_is_as_many_pixels_down_as_across() -> None:
    height, width = 20, 80
    rows, columns = torch.meshgrid(*(torch.arange(float(n)) for n in (height, width)), indexing="ij")
    still = {"degrees": 0.0, "zoom": 0.0, "shear": 0.0, "pixels": 0.0}
    inner = (slice(None), 0, slice(6, -6), slice(6, -6))
    moved = []
    for picture in (columns, rows):
        x = picture.expand(200, 1, -1, -1)
        moved.append((warp(x, elastic=1.0, **still, generator=seeded(0)) - x)[inner].std().item())
    assert moved[0] == pytest.approx(moved[1], rel=0.1) and 0.5 < moved[0] < 1.2


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_warp_keeps_the_dtype(dtype: torch.dtype) -> None:
    x = pictures(dtype=dtype)
    assert warp(x, generator=seeded(0)).dtype == dtype


def test_warp_needs_floats_and_the_way_out_works() -> None:
    with pytest.raises(ValueError, match=r"needs images of floats, got torch.uint8: use x / 255"):
        warp(pictures())
    assert warp(pictures() / 255).shape == pictures().shape


@pytest.mark.parametrize(("height", "width"), [(1, 9), (9, 1), (3, 20)])
def test_all_changes_take_pictures_of_any_form(height: int, width: int) -> None:
    x = pictures(height=height, width=width, dtype=torch.float32)
    for change in (shift, flip, erase, warp):
        assert change(x, generator=seeded(0)).shape == x.shape
    assert torch.equal(shift(x, pixels=3, generator=seeded(5)), shift_one_by_one(x, 3, seeded(5)))
