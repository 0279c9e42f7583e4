"""Where data files are looked for, and how they are read and checked."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np


class DamagedFileError(ValueError):
    """A data file is not the one that its checksum promises."""


def folders(name: str) -> list[Path]:
    """List the folders in which the files of data set `name` are looked for, first one first.

    These are `$KDVIZ_DATASETS/NAME`, the installed package's own files, and the `datasets/NAME` of a clone.
    """
    package = Path(__file__).resolve().parent
    chosen = os.environ.get("KDVIZ_DATASETS")
    return [
        *([Path(chosen).expanduser() / name] if chosen else []),
        package / "files" / name,
        package.parent.parent / "datasets" / name,
    ]


def locate(name: str, files: Mapping[str, str]) -> Path | None:
    """Give the first folder that holds all `files` of data set `name`, or None.

    Parameters
    ----------
    name : str
        Data set.
    files : Mapping[str, str]
        File names to SHA-256 of the unpacked content; only the names are used here.
    """
    return next((f for f in folders(name) if all((f / file).is_file() for file in files)), None)


def unpack(path: Path, sha256: str) -> bytes:
    """Read a gzipped file and check its unpacked content.

    Parameters
    ----------
    path : Path
        The file, ending in .gz.
    sha256 : str
        What the SHA-256 of the unpacked bytes must be.

    Raises
    ------
    DamagedFileError
        If the file cannot be unpacked or the checksum differs.
    """
    try:
        content = gzip.decompress(path.read_bytes())
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DamagedFileError(f"{path} is damaged ({error}): delete it and put a fresh copy there") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise DamagedFileError(
            f"{path} is damaged (SHA-256 of the unpacked file is {found[:12]}…, expected {sha256[:12]}…): "
            "delete it and put a fresh copy there"
        )
    return content


def read_idx(content: bytes) -> np.ndarray:
    """Read an array of bytes in the IDX format of MNIST.

    The format: two zero bytes, a type code (8: unsigned byte), the number of axes, the length of each axis as
    a big-endian 32-bit integer, then the values in C order.

    Returns
    -------
    ndarray of uint8
        A writable copy.

    Raises
    ------
    ValueError
        If the content is no IDX array of unsigned bytes.
    """
    header = np.frombuffer(content[:4], dtype=np.uint8)
    if len(header) < 4 or tuple(header[:3]) != (0, 0, 8):
        raise ValueError(f"an IDX file of bytes must begin with 00 00 08, got {content[:3].hex(' ')}")
    axes = int(header[3])
    shape = tuple(int(n) for n in np.frombuffer(content, dtype=">u4", count=axes, offset=4))
    values = np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * axes)
    if values.size != int(np.prod(shape)):
        raise ValueError(f"an IDX file of shape {shape} must hold {int(np.prod(shape))} values, got {values.size}")
    return values.reshape(shape).copy()
