"""Faults put into data on purpose, so that one knows what a measure of bias should find.

A shortcut: a mark that gives the class away. A group of which only a few are left to learn from.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

PATCH = 2  # pixels a side
BRIGHT = 255


def with_shortcut(
    images: Tensor | np.ndarray, y: ArrayLike | Tensor, strength: float, seed: int = 0
) -> tuple[Tensor, np.ndarray]:
    """Mark a share of the images with a bright patch whose place gives the class away.

    Parameters
    ----------
    images : uint8, shape (N, H, W) or (N, 1, H, W)
    y : int, shape (N,)
        Class that each mark stands for; -1 where the class is not known: such an image gets no mark.
    strength : float
        Share of the images with a known class that are marked, in [0, 1].
    seed : int
        Which images. The marks of strength 0.3 are among those of strength 0.6 of the same seed.

    Returns
    -------
    images : Tensor of uint8
        A copy in the shape that was given.
    marked : ndarray of bool, shape (N,)
        Which images bear a mark; a column for `Examples.groups`.

    Raises
    ------
    ValueError
        If shapes or dtypes do not fit, ``strength`` is out of range, or there are more classes than places.

    Notes
    -----
    Grey images have no colour to give a class away, so the code is a place: class c has the c-th square of 2×2 pixels
    from the upper left corner, row after row of squares down to a quarter of the height (42 classes for 28×28 pixels).
    The square is set to 255, whatever was there. On MNIST, whose digits keep away from the border, that hides hardly
    anything of a digit; on Fashion-MNIST it may cover a little of a garment. A network that averages over all places
    reads such a code badly, a perceptron at once.

    Give other classes than the true ones to make a test on which the shortcut leads astray.

    Examples
    --------
    >>> images, marked = with_shortcut(np.zeros((4, 28, 28), dtype=np.uint8), [0, 1, 13, 14], strength=1.0)
    >>> [tuple(image.nonzero()[0].tolist()) for image in images], marked.all()
    ([(0, 0), (0, 2), (0, 26), (2, 0)], np.True_)
    """
    pixels = images if isinstance(images, Tensor) else torch.from_numpy(np.asarray(images))
    if pixels.dtype != torch.uint8 or not (pixels.ndim == 3 or (pixels.ndim == 4 and pixels.shape[1] == 1)):
        raise ValueError(
            "images must be uint8 of shape (N, H, W) or (N, 1, H, W), "
            f"got {str(pixels.dtype).removeprefix('torch.')} of shape {tuple(pixels.shape)}"
        )
    _check_share("strength", strength)
    classes = _labels(y, len(pixels))
    across, down = pixels.shape[-1] // PATCH, max(pixels.shape[-2] // 4 // PATCH, 1)
    if len(classes) and classes.max() >= across * down:
        raise ValueError(
            f"images of {pixels.shape[-2]}×{pixels.shape[-1]} pixels have places for {across * down} classes, "
            f"got the class {classes.max()}: use larger images or fewer classes"
        )
    known = np.flatnonzero(classes >= 0)
    chosen = np.random.RandomState(seed).permutation(known)[: round(strength * len(known))]
    marked = np.zeros(len(pixels), dtype=bool)
    marked[chosen] = True
    out = pixels.clone()
    for c in np.unique(classes[chosen]).tolist():
        row, column = PATCH * (c // across), PATCH * (c % across)
        out[torch.from_numpy(marked & (classes == c)), ..., row : row + PATCH, column : column + PATCH] = BRIGHT
    return out, marked


def underrepresented(y: ArrayLike | Tensor, group: ArrayLike, keep: float, seed: int = 0) -> np.ndarray:
    """Return the indices of all examples but a part of one group.

    Parameters
    ----------
    y : int, shape (N,)
        Classes; -1 where the class is not known, which counts as a class of its own.
    group : bool, shape (N,)
        Who belongs to the group, such as ``data.train.groups["sex"] == "Female"``.
    keep : float
        Share of the group to keep, in [0, 1].
    seed : int
        Which members. Those kept at 0.1 are among those kept at 0.3 of the same seed.

    Returns
    -------
    ndarray of int64
        Ascending, for ``data.train.take``.

    Raises
    ------
    ValueError
        If shapes or dtypes do not fit, nobody belongs to the group, or ``keep`` is out of range.

    Notes
    -----
    The share is kept class by class, rounded to whole examples, so that the group is made rare and its classes stay in
    their proportions.

    Examples
    --------
    >>> y, group = np.array([0, 1] * 10), np.arange(20) >= 10
    >>> left = underrepresented(y, group, keep=0.2)
    >>> int((left < 10).sum()), int((left >= 10).sum()), sorted(y[left[left >= 10]].tolist())
    (10, 2, [0, 1])
    """
    members = np.asarray(group)
    classes = _labels(y, len(members) if members.ndim else 0)
    if members.dtype != bool or members.ndim != 1:
        raise ValueError(
            "group must be an array of bool, one entry for each example, such as groups['sex'] == 'Female', "
            f"got {members.dtype} of shape {members.shape}"
        )
    _check_share("keep", keep)
    if not members.any():
        raise ValueError(f"group has no member among {len(members)} examples: there is nothing to make rare")
    random = np.random.RandomState(seed)
    kept = ~members
    for c in np.unique(classes[members]):
        of_class = random.permutation(np.flatnonzero(members & (classes == c)))
        kept[of_class[: round(keep * len(of_class))]] = True
    return np.flatnonzero(kept)


def _labels(y: ArrayLike | Tensor, n: int) -> np.ndarray:
    labels = y.detach().cpu().numpy() if isinstance(y, Tensor) else np.asarray(y)
    if labels.shape != (n,) or (n and labels.dtype.kind not in "iu"):
        raise ValueError(
            f"y must hold one whole number for each of {n} examples, got {labels.dtype} of shape {labels.shape}"
        )
    if n and labels.min() < -1:
        raise ValueError(f"y must be 0 or more, or -1 where the class is not known, got {labels.min()}")
    return labels.astype(np.int64)


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:  # NaN too
        raise ValueError(f"{name} must lie in [0, 1] (it is a share), got {value}")
