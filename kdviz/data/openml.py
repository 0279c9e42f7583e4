"""Fetch Fashion-MNIST once from OpenML into the user's cache."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from kdviz.data.files import DamagedFileError, cache_folder

LEVEL = 6  # of gzip: half the time of 9, 1 % larger


def fetch_fashion_mnist(files: Mapping[str, str]) -> Path:
    """Download Fashion-MNIST with scikit-learn and keep it as the four IDX files.

    Parameters
    ----------
    files : Mapping[str, str]
        Names of the four files (training images, training labels, test images, test labels) to the SHA-256 of
        their unpacked content.

    Returns
    -------
    Path
        The folder in the user's cache that now holds them.

    Raises
    ------
    FileNotFoundError
        If nothing could be fetched.
    DamagedFileError
        If what came is not Fashion-MNIST as published.
    """
    folder = cache_folder("fashion-mnist")
    try:
        from sklearn.datasets import fetch_openml

        pixels, labels = fetch_openml(
            "Fashion-MNIST",
            version=1,
            data_home=str(folder / "openml"),
            as_frame=False,
            return_X_y=True,
            n_retries=1,
        )
    except (OSError, ImportError) as error:
        missing = isinstance(error, ImportError)
        reason = 'pip install "kdviz[app]" to fetch it' if missing else f"OpenML could not be reached: {error}"
        raise FileNotFoundError(
            f"Fashion-MNIST is not on this machine ({reason}): or put the four *-ubyte.gz files into a "
            "folder fashion-mnist and set KDVIZ_DATASETS to the folder above it"
        ) from error
    images = np.asarray(pixels).astype(np.uint8).reshape(-1, 28, 28)
    classes = np.asarray(labels).astype(np.uint8)
    parts = (images[:60_000], classes[:60_000], images[60_000:], classes[60_000:])
    contents = [write_idx(part) for part in parts]
    for content, (file, sha256) in zip(contents, files.items(), strict=True):
        if hashlib.sha256(content).hexdigest() != sha256:
            raise DamagedFileError(f"what OpenML sent for {file} is not Fashion-MNIST as published: try again later")
    for content, file in zip(contents, files, strict=True):
        _keep(folder / file, gzip.compress(content, LEVEL, mtime=0))
    return folder


def write_idx(values: np.ndarray) -> bytes:
    """Write an array of bytes in the IDX format; the inverse of `kdviz.data.files.read_idx`."""
    header = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, dtype=">u4").tobytes()
    return header + np.ascontiguousarray(values, dtype=np.uint8).tobytes()


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    partial.write_bytes(content)
    os.replace(partial, path)
