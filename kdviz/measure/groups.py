"""Groups of examples, from the pixels of digits (stroke thickness, slant) or from numbers cut into bands, and which
groupings can be compared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from ..data.missing import missing
from ..words import mark, number, t

BLOCK = 2**20  # pixels looked at together
MOST_GROUPS = 1000
MOST_NUMBERS = 10  # different numbers that stay groups of their own
MOST_CROSSED = 4  # groupings of which all pairs are formed


def stroke_thickness(images: Tensor | np.ndarray) -> np.ndarray:
    """Return the mean width of the strokes in each image, in pixels.

    Parameters
    ----------
    images : uint8 or float, shape (N, H, W) or (N, 1, H, W)
        Ink bright on 0.

    Returns
    -------
    ndarray of float64, shape (N,)
        NaN for a blank image. A scale of brightness changes nothing.

    Raises
    ------
    ValueError
        If the shape or dtype does not fit, or a pixel is negative or not finite.

    Notes
    -----
    Area of the ink / half the length of its boundary. A long stroke of width w and length L has w·L pixels of ink and
    a boundary of about 2·L; its ends make it read w·L/(L + w). The area is the sum of the grey values; the length is
    that of all contours of the grey image, averaged over its levels, by Cauchy's and Crofton's formula with four
    directions: changes of grey value to the right, down and along both diagonals, weighted by the distance of the
    parallel lines. It is between 95 % and 103 % of the truth, depending on the direction of the stroke.

    References
    ----------
    Serra (1982), Image Analysis and Mathematical Morphology, ch. 7.

    Examples
    --------
    >>> images = np.zeros((2, 28, 28))
    >>> images[0, 4:24, 13:15] = images[1, 4:24, 11:17] = 1
    >>> stroke_thickness(images).round(1)
    array([2., 5.])
    """
    return np.concatenate([np.empty(0), *(_thickness(block) for block in _blocks(images))])


def slant(images: Tensor | np.ndarray) -> np.ndarray:
    """Return how far the ink of each image leans to the right, in degrees.

    Parameters
    ----------
    images : uint8 or float, shape (N, H, W) or (N, 1, H, W)
        Ink bright on 0.

    Returns
    -------
    ndarray of float64, shape (N,)
        In (−90, 90), positive to the right, 0 upright; NaN for a blank image and one with ink in a single row.

    Raises
    ------
    ValueError
        If the shape or dtype does not fit, or a pixel is negative or not finite.

    Notes
    -----
    atan(μ₁₁ / μ₀₂) with the second moments about the centre of the ink, x to the right and y upwards. A shear by the
    angle φ adds tan φ to the tangent of the slant, exactly; an upright digit gets the slant φ.

    Examples
    --------
    >>> image = np.zeros((1, 28, 28))
    >>> image[0, np.arange(4, 24), 27 - np.arange(4, 24)] = 1
    >>> slant(image).round(6)
    array([45.])
    """
    return np.concatenate([np.empty(0), *(_leaning(block) for block in _blocks(images))])


def bands(values: ArrayLike | Tensor, count: int = 3, names: Sequence[str] | None = None) -> np.ndarray:
    """Cut numbers into bands of about equally many examples.

    Parameters
    ----------
    values : array of numbers, shape (N,)
        NaN, None and pandas' NA belong to no band.
    count : int
        How many bands, at least 2.
    names : sequence of str, optional
        From the lowest band up; by default the range, such as "17 to 28".

    Returns
    -------
    ndarray of object, shape (N,)
        The name of each example's band, None if it has no number: a grouping for :func:`kdviz.measure.bias.bias`.

    Raises
    ------
    ValueError
        If ``values`` are no numbers, there is nothing to cut, so many are equal that a band is empty, or ``names`` does
        not fit.

    Notes
    -----
    The edges are the quantiles k/count (linear between the two nearest values); a value on an edge belongs to the lower
    band, also where the edge is not exact in floating point.

    Examples
    --------
    >>> bands([17, 20, 28, 35, 60, 90]).tolist()
    ['17 to 20', '17 to 20', '28 to 35', '28 to 35', '60 to 90', '60 to 90']
    >>> bands([1.5, 2.5], count=2, names=("thin", "thick")).tolist()
    ['thin', 'thick']
    """
    v = _numbers(to_numpy(values))
    if v.ndim != 1 or v.dtype.kind not in "iuf" or np.isinf(v).any():
        raise ValueError(f"values must be finite numbers, or NaN, of shape (N,), got {v.dtype} of shape {v.shape}")
    if count < 2:
        raise ValueError(f"count must be at least 2, got {count}")
    if names is not None and (len(set(names)) != count or len(names) != count):
        raise ValueError(f"names must hold {count} different names, one per band, got {list(names)}")
    there = ~np.isnan(v)
    if not there.any():
        raise ValueError(f"values holds no number among {len(v)} entries: there is nothing to cut into bands")
    band = np.searchsorted(quantile_edges(np.sort(v[there]), count)[1:-1], v[there], side="left")
    filled = len(np.unique(band))
    if filled < count:
        raise ValueError(
            f"values has so many equal numbers that only {filled} of {count} bands are filled: ask for fewer"
        )
    if names is None:
        names = _ranges([(v[there][band == i].min(), v[there][band == i].max()) for i in range(count)])
    out = np.full(len(v), None, dtype=object)
    out[there] = np.array(list(names), dtype=object)[band]
    return out


def comparable(groups: Mapping[str, Any], y: ArrayLike | Tensor) -> tuple[dict[str, Any], list[str]]:
    """Return the groupings that can be compared, with numbers cut into bands, and sentences about what was changed.

    Parameters
    ----------
    groups : mapping of str to shape (N,)
        The group of each example, one entry per grouping, as for :func:`kdviz.measure.bias.bias`. Numbers with more
        than 10 different values are cut into 3 bands, or 2 if so many are equal that one of 3 would be empty.
    y : int, shape (N,)
        Classes; -1 if unknown. A grouping is left out unless it divides the labelled examples into at least 2 and at
        most 1,000 groups.

    Examples
    --------
    >>> kept, notes = comparable({"age": np.arange(20, 50), "country": ["Chad"] * 30}, np.zeros(30, dtype=int))
    >>> sorted(set(kept["age"])), notes[1]
    (['20 to 29', '30 to 39', '40 to 49'], 'country left out: all labelled examples in a group belong to Chad.')
    """
    notes: list[str] = []
    cut = {name: _banded(name, values, notes) for name, values in groups.items()}
    known = to_numpy(y) >= 0
    kept = {}
    for name, values in cut.items():
        of_known = to_numpy(values)[known]
        there = {str(v) for v in of_known[~missing(of_known)].tolist()}
        if 2 <= len(there) <= MOST_GROUPS:
            kept[name] = values
        elif len(there) == 1:
            text = mark("{name} left out: all labelled examples in a group belong to {group}.")
            notes.append(t(text, name=name, group=there.pop()))
        else:
            notes.append(_left_out(name, len(there)))
    if len(kept) > MOST_CROSSED:
        notes.append(t("Pairs of groupings are formed from at most {n} groupings.", n=MOST_CROSSED))
    return kept, notes


def _left_out(name: str, groups: int) -> str:
    if not groups:
        return t("{name} left out: it has no group.", name=name)
    n, most = number(groups), number(MOST_GROUPS)
    return t("{name} left out: it has {n} groups, more than {most}.", name=name, n=n, most=most)


def _banded(name: str, values: Any, notes: list[str]) -> Any:
    """Return numbers of more than 10 different values as bands, all else as it is."""
    v = _numbers(to_numpy(values))
    if v.dtype.kind not in "iuf" or len(np.unique(v[~np.isnan(v)])) <= MOST_NUMBERS:
        return values
    for count in (3, 2):
        try:
            cut = bands(v, count)
        except ValueError:  # so many are equal that a band is empty
            continue
        text = mark("Numbers of {name} are cut into {n} bands with about equally many examples.")
        notes.append(t(text, name=name, n=count))
        return cut
    return values


def _ranges(ends: list[tuple[Any, Any]]) -> list[str]:
    """Name bands by their lowest and highest value, with as many digits as tell them apart."""
    if isinstance(ends[0][0], np.integer):
        return [f"{low} to {high}" for low, high in ends]
    for digits in range(3, 18):
        names = [f"{low:.{digits}g} to {high:.{digits}g}" for low, high in ends]
        if len(set(names)) == len(names):
            break
    return names


def _blocks(images: Tensor | np.ndarray) -> list[np.ndarray]:
    """Return the images as float64 in blocks of shape (B, H, W)."""
    pixels = to_numpy(images)
    if pixels.ndim == 4 and pixels.shape[1] == 1:
        pixels = pixels[:, 0]
    if pixels.ndim != 3 or (pixels.dtype != np.uint8 and pixels.dtype.kind != "f"):
        raise ValueError(
            "images must be uint8 or float of shape (N, H, W) or (N, 1, H, W), "
            f"got {pixels.dtype} of shape {pixels.shape}"
        )
    if pixels.dtype.kind == "f" and not (np.isfinite(pixels).all() and (pixels >= 0).all()):
        raise ValueError("images must be finite and at least 0, ink bright on 0: pass them as they are in the data set")
    rows = max(1, BLOCK // max(1, math.prod(pixels.shape[1:])))
    return [pixels[i : i + rows].astype(np.float64) for i in range(0, len(pixels), rows)]


def _thickness(image: np.ndarray) -> np.ndarray:
    area = image.sum((1, 2))
    p = np.pad(image, ((0, 0), (1, 1), (1, 1)))
    straight = np.abs(np.diff(p, axis=1)).sum((1, 2)) + np.abs(np.diff(p, axis=2)).sum((1, 2))
    down, up = p[:, 1:, 1:] - p[:, :-1, :-1], p[:, 1:, :-1] - p[:, :-1, 1:]
    diagonal = (np.abs(down).sum((1, 2)) + np.abs(up).sum((1, 2))) / math.sqrt(2)  # parallels lie 1/√2 apart
    boundary = math.pi / 2 * (straight + diagonal) / 4
    return share(area, boundary / 2)


def _leaning(image: np.ndarray) -> np.ndarray:
    area = image.sum((1, 2))
    x, y = np.arange(image.shape[2]), -np.arange(image.shape[1])  # y upwards
    columns, rows = image.sum(1), image.sum(2)  # (B, W) and (B, H)
    x = x - share(columns @ x, area)[:, None]
    y = y - share(rows @ y, area)[:, None]
    mu11 = np.einsum("bhw,bh,bw->b", image, y, x)
    mu02 = np.einsum("bh,bh->b", rows, y * y)
    tangent = np.where((rows > 0).sum(1) > 1, share(mu11, mu02), math.nan)
    return np.degrees(np.arctan(tangent))


def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return part / whole, nan for 0/0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.true_divide(part, whole)


def to_numpy(values: Any) -> np.ndarray:
    """Return an array, or a tensor from any device, as an array; a list of words with gaps keeps its gaps.

    >>> to_numpy(["a", None, float("nan")]).tolist()
    ['a', None, nan]
    """
    if isinstance(values, torch.Tensor):
        return values.detach().cpu().numpy()
    found = np.asarray(values)
    if found.dtype.kind in "US" and not isinstance(values, np.ndarray):
        found = np.asarray(values, dtype=object)  # numpy writes a NaN among words as the word "nan"
    return found


def _numbers(values: np.ndarray) -> np.ndarray:
    """Return an array of objects that are numbers or missing as floats, all else as it is."""
    if values.dtype.kind != "O" or not len(values):
        return values
    absent = missing(values)
    there = values[~absent].tolist()
    if not there or not all(isinstance(v, int | float | np.integer | np.floating) for v in there):
        return values
    found = np.full(values.shape, math.nan)
    found[~absent] = there
    return found


def quantile_edges(ordered: np.ndarray, count: int) -> np.ndarray:
    """Return the quantiles 0, 1/count, ..., 1 of sorted values along the last axis, shape (..., count + 1).

    Linear between the two nearest values, with their places found by whole numbers: rounded by ``np.quantile``, an edge
    that is one of the values may fall short of it.

    >>> quantile_edges(np.arange(91), 10)[7]
    np.float64(63.0)
    """
    n = ordered.shape[-1]
    below, rest = np.divmod(np.arange(count + 1) * (n - 1), count)
    a, b = ordered[..., below], ordered[..., np.minimum(below + 1, n - 1)]
    return a + rest / count * (b - a)
