"""MNIST and Fashion-MNIST: 28×28 grey images of ten classes."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

from kdviz.data.files import locate, read_idx, unpack
from kdviz.data.memory import Examples, Splits, proportional_order

VALIDATION = 5_000  # of the 60,000 training images, in the proportions of the classes

MNIST_FILES = {
    "train-images-idx3-ubyte.gz": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte.gz": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte.gz": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte.gz": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
FASHION_FILES = {
    "train-images-idx3-ubyte.gz": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte.gz": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte.gz": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte.gz": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
DIGITS = tuple("0123456789")
GARMENTS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


@lru_cache(maxsize=1)
def mnist() -> Splits:
    """Load MNIST: handwritten digits, 55,000 / 5,000 / 10,000 images of 28×28 grey pixels.

    Loaded once a process (about half a second, 55 MB); later calls give the same object.

    Returns
    -------
    Splits
        Images uint8 (N, 1, 28, 28). The validation images are drawn from the 60,000 training images, the same
        ones each time, in the proportions of the classes.

    Raises
    ------
    FileNotFoundError
        If the files are in none of the folders looked in.
    ValueError
        If a file is damaged.

    References
    ----------
    LeCun, Bottou, Bengio, Haffner 1998, "Gradient-based learning applied to document recognition".
    """
    return _read("mnist", "MNIST", DIGITS, MNIST_FILES)


@lru_cache(maxsize=1)
def fashion_mnist() -> Splits:
    """Load Fashion-MNIST: pieces of clothing, in all else like `mnist`.

    Returns
    -------
    Splits
        Images uint8 (N, 1, 28, 28), split as `mnist` is.

    Raises
    ------
    FileNotFoundError
        If the files are in none of the folders looked in.
    ValueError
        If a file is damaged.

    References
    ----------
    Xiao, Rasul, Vollgraf 2017, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
    Algorithms".
    """
    return _read("fashion-mnist", "Fashion-MNIST", GARMENTS, FASHION_FILES)


def _read(name: str, title: str, classes: tuple[str, ...], files: dict[str, str]) -> Splits:
    folder = locate(name, files)
    if folder is None:
        raise FileNotFoundError(
            f"the {title} files were not found: put the four *-ubyte.gz files into a folder {name} and "
            "set KDVIZ_DATASETS to the folder above it"
        )
    arrays = [read_idx(unpack(folder / file, sha256)) for file, sha256 in files.items()]
    x, y, test_x, test_y = arrays
    order = proportional_order(y, seed=0)
    train, validation = np.sort(order[:-VALIDATION]), np.sort(order[-VALIDATION:])
    return Splits(
        name,
        title,
        classes,
        _examples(x[train], y[train]),
        _examples(x[validation], y[validation]),
        _examples(test_x, test_y),
    )


def _examples(images: np.ndarray, labels: np.ndarray) -> Examples:
    return Examples(torch.from_numpy(images)[:, None], torch.from_numpy(labels.astype(np.int64)))
