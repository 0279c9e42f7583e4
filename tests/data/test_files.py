"""Where files are found, and that a damaged one is refused."""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import kdviz.data
from kdviz.data import census, images
from kdviz.data.files import DamagedFileError, folders, locate, read_idx, unpack

DATASETS = Path(__file__).resolve().parents[2] / "datasets"


def write_idx(values: np.ndarray) -> bytes:
    """An array of bytes in the IDX format, of which `read_idx` is the inverse."""
    header = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, dtype=">u4").tobytes()
    return header + np.ascontiguousarray(values, dtype=np.uint8).tobytes()


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=4, max_side=5)))
def test_idx_is_read_as_it_is_written(values: np.ndarray) -> None:
    assert np.array_equal(read_idx(write_idx(values)), values)


def test_idx_bytes_are_those_of_the_format() -> None:
    assert write_idx(np.array([[7, 8]], dtype=np.uint8)) == bytes([0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 2, 7, 8])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "must begin with 00 00 08, got"),
        (b"\x00\x00\x0d\x01", "must begin with 00 00 08, got 00 00 0d"),
        (b"\x00\x00\x08\x01\x00\x00\x00\x03ab", r"of shape \(3,\) must hold 3 values, got 2"),
    ],
)
def test_idx_that_is_none_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_idx(content)


@given(st.binary(min_size=1, max_size=200), st.data())
def test_a_changed_byte_never_gives_other_content(content: bytes, data: Any) -> None:
    packed = bytearray(gzip.compress(content, mtime=0))
    place = data.draw(st.integers(10, len(packed) - 1))  # after gzip's own header
    packed[place] ^= data.draw(st.integers(1, 255))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "read_bytes", lambda _: bytes(packed))
        unpacked, complaint = content, "some.gz is damaged (): delete it and put a fresh copy there"
        try:  # some bits only fill up the last byte of the packed data: those may change
            unpacked = unpack(Path("some.gz"), hashlib.sha256(content).hexdigest())
        except DamagedFileError as error:
            complaint = str(error)
    assert unpacked == content
    assert re.fullmatch(r"some\.gz is damaged \(.*\): delete it and put a fresh copy there", complaint)


@pytest.mark.parametrize("damage", ["cut short", "another file", "no gzip"])
def test_a_damaged_data_set_names_the_file(damage: str, tmp_path: Path, monkeypatch: Any) -> None:
    folder = shutil.copytree(DATASETS / "mnist", tmp_path / "mnist")
    victim = folder / "t10k-labels-idx1-ubyte.gz"
    if damage == "cut short":
        victim.write_bytes(victim.read_bytes()[:-100])
    elif damage == "another file":
        shutil.copy(DATASETS / "fashion-mnist" / victim.name, victim)
    else:
        victim.write_bytes(b"<html>not found</html>")
    monkeypatch.setenv("KDVIZ_DATASETS", str(tmp_path))
    with pytest.raises(DamagedFileError, match=r"t10k-labels-idx1-ubyte\.gz is damaged") as caught:
        images.mnist.__wrapped__()
    assert "\n" not in str(caught.value)


def test_the_users_folder_is_looked_in_first(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("KDVIZ_DATASETS", str(tmp_path))
    assert folders("mnist")[0] == tmp_path / "mnist"
    assert locate("mnist", images.MNIST_FILES) != tmp_path / "mnist"  # it is not there
    shutil.copytree(DATASETS / "mnist", tmp_path / "mnist")
    assert locate("mnist", images.MNIST_FILES) == tmp_path / "mnist"


@pytest.mark.usefixtures("nowhere")
def test_missing_files_are_said_in_a_sentence() -> None:
    assert kdviz.data.available() == ()
    loaders = {
        "MNIST": images.mnist.__wrapped__,
        "Fashion-MNIST": images.fashion_mnist.__wrapped__,
        "Adult": partial(census._adult.__wrapped__, ()),
    }
    for name, load in loaders.items():
        with pytest.raises(FileNotFoundError, match=f"the {name} files were not found: put .* set KDVIZ_DATASETS"):
            load()


def test_importing_the_data_floor_loads_no_pandas_and_no_sklearn() -> None:
    code = "import sys, kdviz.data as d; d.adult(); print({'pandas', 'sklearn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
