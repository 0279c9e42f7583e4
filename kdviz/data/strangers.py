"""Pictures of something else: what a model of one data set is shown to see whether it notices."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F

from kdviz.data.files import locate, read_idx, unpack
from kdviz.data.images import FASHION_FILES, MNIST_FILES
from kdviz.data.memory import Examples
from kdviz.words import mark

SIDE, MARGIN = 28, 4  # of MNIST's pictures, and what of it is left free around a digit
TITLES = {"fashion-mnist": "Fashion-MNIST", "mnist": "MNIST", "sklearn-digits": mark("scikit-learn’s digits")}


def strangers(of: str, shape: tuple[int, ...], count: int = 500) -> dict[str, Examples]:
    """Return pictures of the other data sets that come with kdviz, in the form of one's own.

    Parameters
    ----------
    of : str
        Name of the own data set, which is left out: "mnist", "fashion-mnist", or another.
    shape : tuple of int
        Of an own picture: (1, H, W).
    count : int
        How many of each; the first of the test parts.

    Returns
    -------
    dict of str to Examples
        By name: "fashion-mnist", "mnist", and "sklearn-digits", whose 8×8 pixels are made larger, with MNIST's margin.
        Those whose files are not here are left out.

    Raises
    ------
    ValueError
        If a picture has not the shape (1, H, W).
    """
    if len(shape) != 3 or shape[0] != 1:
        raise ValueError(f"strangers are grey pictures of shape (1, height, width), got the shape {tuple(shape)}")
    found = {}
    for name, read in _READ.items():
        part = None if name == of or of.startswith(f"{name}-") else read(count)
        if part is not None:
            found[name] = part if part.shape == tuple(shape) else Examples(_resized(part.x, shape[1:]), part.y)
    return found


@lru_cache(maxsize=4)
def _of_files(name: str, count: int) -> Examples | None:
    files = {"mnist": MNIST_FILES, "fashion-mnist": FASHION_FILES}[name]
    folder = locate(name, files)
    if folder is None:
        return None
    x, y = (read_idx(unpack(folder / file, files[file])) for file in files if file.startswith("t10k"))
    return Examples(torch.from_numpy(x[:count])[:, None].clone(), torch.from_numpy(y[:count].astype(np.int64)))


@lru_cache(maxsize=4)
def _of_sklearn(count: int) -> Examples:
    from sklearn.datasets import load_digits

    pixels, y = load_digits(return_X_y=True)
    x = torch.from_numpy(pixels[:count].reshape(-1, 1, 8, 8) * (255 / 16)).round().to(torch.uint8)
    side = SIDE - 2 * MARGIN
    return Examples(F.pad(_resized(x, (side, side)), [MARGIN] * 4), torch.from_numpy(y[:count].astype(np.int64)))


def _resized(x: torch.Tensor, size: tuple[int, ...]) -> torch.Tensor:
    larger = F.interpolate(x.float(), size, mode="bilinear", align_corners=False, antialias=True)
    return larger.round().clamp(0, 255).to(torch.uint8)


_READ: dict[str, Callable[[int], Examples | None]] = {
    "fashion-mnist": lambda count: _of_files("fashion-mnist", count),
    "mnist": lambda count: _of_files("mnist", count),
    "sklearn-digits": _of_sklearn,
}
