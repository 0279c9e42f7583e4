"""Groups read from pixels, and bands of numbers."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import scipy.ndimage
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import kdviz
from kdviz.measure.bias import bias
from kdviz.measure.groups import bands, comparable, slant, stroke_thickness


def digits(n=300):
    return kdviz.data.mnist().test.x[:n]


def bar(width, length=20):
    image = np.zeros((1, 40, 40))
    image[0, 10 : 10 + length, 10 : 10 + width] = 1
    return image


@pytest.mark.parametrize("width", [1, 2, 3, 5, 8])
def test_the_thickness_of_a_bar_is_its_width_less_what_its_ends_take(width):
    found = stroke_thickness(bar(width))[0]
    assert found == pytest.approx(width * 20 / (20 + width), rel=0.13)
    assert stroke_thickness(np.ones((1, 40, 40)))[0] > 15


@pytest.mark.parametrize("angle", range(0, 180, 15))
def test_a_turned_stroke_is_as_thick(angle):
    image = np.zeros((1, 61, 61))
    image[0, 8:53, 28:33] = 1  # five pixels wide, forty-five long
    turned = scipy.ndimage.rotate(image, angle, axes=(1, 2), reshape=False, order=1)
    assert stroke_thickness(turned)[0] == pytest.approx(5 * 45 / 50, rel=0.08)


def test_dilation_makes_digits_thicker_and_erosion_thinner():
    images = digits().numpy()[:, 0]
    sizes = [scipy.ndimage.grey_dilation(images, size=(1, s, s)) for s in (1, 2, 3, 5)]
    thickness = [stroke_thickness(scipy.ndimage.grey_erosion(images, size=(1, 2, 2))), *map(stroke_thickness, sizes)]
    assert all((after > before)[~np.isnan(before)].all() for before, after in pairwise(thickness))
    step = np.median(thickness[3] - thickness[1])
    assert step == pytest.approx(2, abs=0.5)  # a square of three adds a pixel on either side


def test_thickness_and_slant_take_all_the_forms_of_images():
    x = digits(50)
    for measure in (stroke_thickness, slant):
        whole = measure(x)
        assert whole.shape == (50,) and whole.dtype == np.float64
        for other in (x[:, 0], x.numpy(), x.float() / 255, x.double().numpy() * 7):
            assert measure(other) == pytest.approx(whole, rel=1e-5, abs=1e-5)
        assert np.concatenate([measure(x[:7]), measure(x[7:])]) == pytest.approx(whole, rel=1e-12)
        assert measure(x[:0]).shape == (0,)


def test_blocks_change_nothing():
    x = digits().repeat(6, 1, 1, 1)
    assert len(x) * 28 * 28 > 2**20
    for measure in (stroke_thickness, slant):
        assert np.array_equal(measure(x), np.tile(measure(x[:300]), 6))


def sheared(images, degrees):
    """Shear to the right about the middle row: column x of row y comes from x − tan φ · (y upwards)."""
    t = math.tan(math.radians(degrees))
    up = 20 - np.arange(41)
    return np.stack([
        np.stack([np.interp(np.arange(41) - t * u, np.arange(41), row, 0, 0) for u, row in zip(up, image, strict=True)])
        for image in images
    ])  # fmt: skip


@pytest.mark.parametrize("degrees", [-25, -10, 5, 15, 30])
def test_a_shear_moves_the_slant_by_its_angle(degrees):
    images = np.pad(digits(200).numpy()[:, 0].astype(float), ((0, 0), (6, 7), (6, 7)))
    before = slant(images)
    after = slant(sheared(images, degrees))
    tangent = np.tan(np.radians(before)) + math.tan(math.radians(degrees))
    assert after == pytest.approx(np.degrees(np.arctan(tangent)), abs=0.2)
    upright = np.abs(before) < 4
    assert upright.sum() > 20
    assert np.abs(after - before - degrees)[upright].max() < 2


def test_slant_is_of_the_moments_and_a_mirror_turns_it_round():
    images = digits(40).numpy()[:, 0]
    a = images[3].astype(float)
    y, x = np.mgrid[:28, :28]
    cx, cy = (a * x).sum() / a.sum(), (a * y).sum() / a.sum()
    mu11, mu02 = (a * (x - cx) * (y - cy)).sum(), (a * (y - cy) ** 2).sum()
    assert slant(images)[3] == pytest.approx(math.degrees(math.atan(-mu11 / mu02)), abs=1e-9)
    assert slant(images[:, :, ::-1].copy()) == pytest.approx(-slant(images), abs=1e-9)


def test_blank_images_have_neither_thickness_nor_slant():
    images = np.zeros((2, 28, 28), dtype=np.uint8)
    images[1, 5, 3:9] = 255  # one row
    assert np.isnan(stroke_thickness(images)).tolist() == [True, False]
    assert np.isnan(slant(images)).all()
    images[1, 5:20, 3] = 0
    images[1, 5, 3:9], images[1, 5:20, 3] = 0, 255
    assert slant(images)[1] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("images", "says"), [
    (np.zeros((2, 3, 28, 28)), r"images must be uint8 or float of shape .* got float64 of shape \(2, 3, 28, 28\)"),
    (np.zeros((28, 28)), r"got float64 of shape \(28, 28\)"),
    (np.zeros((1, 28, 28), dtype=np.int64), "got int64 of shape"),
    (np.full((1, 28, 28), math.nan), "images must be finite and at least 0, ink bright on 0"),
    (np.full((1, 28, 28), -0.4), "images must be finite and at least 0"),
])  # fmt: skip
def test_what_are_no_images_is_said_in_a_sentence(images, says):
    for measure in (stroke_thickness, slant):
        with pytest.raises(ValueError, match=says):
            measure(images)


@settings(max_examples=50)
@given(st.lists(st.floats(-1e3, 1e3), min_size=5, max_size=60, unique=True), st.integers(2, 5))
def test_bands_hold_about_equally_many_in_order(values, count):
    found = bands(values, count, names=[f"{i}" for i in range(count)])
    sizes = pd.Series(found).value_counts()
    assert len(sizes) == count and sizes.max() - sizes.min() <= 1
    assert [int(b) for b in found[np.argsort(values)]] == sorted(int(b) for b in found)
    theirs = pd.qcut(values, count, labels=[f"{i}" for i in range(count)])
    assert found.tolist() == theirs.tolist()


def test_bands_are_named_by_what_they_hold_with_digits_enough():
    assert bands([1, 2, 3, 4], 2).tolist() == ["1 to 2", "1 to 2", "3 to 4", "3 to 4"]
    assert bands([1.00001, 1.00002], 2).tolist() == ["1.00001 to 1.00001", "1.00002 to 1.00002"]
    with_none = bands(torch.tensor([0.5, math.nan, 2.5]), 2).tolist()
    assert with_none == ["0.5 to 0.5", None, "2.5 to 2.5"]


@pytest.mark.parametrize(("values", "count", "names", "says"), [
    ([], 3, None, "values holds no number among 0 entries"),
    ([math.nan], 3, None, "values holds no number among 1 entries"),
    ([math.inf, 1.0], 2, None, "values must be finite numbers, or NaN"),
    (["a"], 2, None, "values must be finite numbers, or NaN"),
    ([1, 2], 1, None, "count must be at least 2, got 1"),
    ([1, 1, 1, 2], 3, None, "only 2 of 3 bands are filled: ask for fewer"),
    ([1, 2], 2, ("a",), r"names must hold 2 different names, one per band, got \['a'\]"),
    ([1, 2], 2, ("a", "a"), "names must hold 2 different names"),
])  # fmt: skip
def test_what_cannot_be_cut_is_said_in_a_sentence(values, count, names, says):
    with pytest.raises(ValueError, match=says):
        bands(values, count, names)


@pytest.mark.parametrize(
    ("values", "count"), [(np.arange(91), 10), (np.arange(91) * 0.1, 10), (np.arange(1002) / 7, 7)]
)
def test_a_value_on_an_edge_belongs_to_the_lower_band(values, count):
    """Of whole steps the edges are values themselves: the numbers of examples say on which side they went."""
    found = bands(values, count, names=[f"{i}" for i in range(count)])
    sizes = [int((found == f"{i}").sum()) for i in range(count)]
    assert sizes == [(len(values) - 1) // count + 1] + [(len(values) - 1) // count] * (count - 1)
    if count == 10:
        assert (found[63], found[64]) == ("6", "7")


NONE_OF_FOUR = {
    "list with nan": ["a", "b", math.nan, "a"],
    "tuple with nan": ("a", "b", math.nan, "a"),
    "list with None": ["a", "b", None, "a"],
    "list with NA": ["a", "b", pd.NA, "a"],
    "list with NaT": ["a", "b", pd.NaT, "a"],
    "array of words that numpy made": np.array(["a", "b", math.nan, "a"]),
    "array of objects": np.array(["a", "b", math.nan, "a"], dtype=object),
    "floats": [1.0, 2.0, math.nan, 1.0],
    "tensor": torch.tensor([1.0, 2.0, math.nan, 1.0]),
    "numbers and None": [1, 2, None, 1],
    "strings of pandas": pd.Series(["a", "b", None, "a"], dtype="string"),
    "whole numbers of pandas": pd.Series([1, 2, None, 1], dtype="Int64"),
    "booleans of pandas": pd.array([True, False, None, True], dtype="boolean"),
    "categories": pd.Categorical(["a", "b", None, "a"]),
    "series of categories": pd.Series(["a", "b", np.nan, "a"], dtype="category"),
    "index": pd.Index(["a", "b", np.nan, "a"]),
    "dates of numpy": np.array(["2020", "2021", "NaT", "2020"], dtype="datetime64[D]"),
    "dates of pandas": pd.to_datetime(pd.Series(["2020", "2021", None, "2020"])),
}


@pytest.mark.parametrize("spelling", NONE_OF_FOUR)
def test_a_missing_group_is_left_out_in_every_spelling(spelling):
    y, values = np.zeros(4, dtype=int), NONE_OF_FOUR[spelling]
    found = bias({"m": y}, y, {"g": values}, resamples=2).of("m", "g")
    assert sorted(g.n for g in found.groups) == [1, 2], [g.name for g in found.groups]
    assert not any("nan" in g.name.lower() or g.name.endswith(".0") for g in found.groups)
    kept, notes = comparable({"g": values}, y)
    assert list(kept) == ["g"] and not notes


def test_a_group_that_is_called_nan_stays_one():
    y = np.zeros(3, dtype=int)
    found = bias({"m": y}, y, {"bread": np.array(["nan", "naan", "nan"])}, resamples=2).of("m", "bread")
    assert [g.name for g in found.groups] == ["naan", "nan"]


def test_numbers_with_gaps_are_cut_into_bands_in_every_spelling():
    expected = ["1 to 2", "1 to 2", None, "4 to 4"]
    for values in ([1, 2, None, 4], pd.Series([1, 2, None, 4], dtype="Int64"), np.array([1, 2, None, 4], dtype=object)):
        assert bands(values, 2).tolist() == expected
