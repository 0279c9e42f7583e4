"""A folder of saves: safetensors for tensors, JSON for the rest, each save a folder of its own, never half written.

``CURRENT``, a file of one line, names the current save. A save's name ends in the hash of its ``run.json``, which holds
the hash of each tensor file: a number that changed on disk is never loaded. Files are written and read one at a time,
so a save may be larger than memory. The previous save is kept in case the current one is damaged later. A process that
dies while writing leaves the previous save current; the next writer removes its leftovers.
"""

from __future__ import annotations

import json
import re
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from . import schema
from .durable import CURRENT, digest, digest_of, no_room, only_writer, point_to, to_disk
from .schema import MOST, MapOf, OneOf, Record, Text, Whole

VERSION = 2
TENSORS, DESCRIBED = "tensors.safetensors", "run.json"
TENSOR_FILE = re.compile(r"[a-z]+(-\d+)?\.safetensors")
NAME = re.compile(r"save-(\d{8,})-[0-9a-f]{8}-([0-9a-f]{32})")
LEFT_OVER = "fresh-"  # prefix of an unfinished save
BESIDE = 1 << 16  # bytes for names and folders

Files = Iterable[tuple[str, dict[str, Tensor]]]  # each with its name


class SavedTensors(Mapping[str, Tensor]):
    """The tensors in some files, by name; each is read on access."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._file_of: dict[str, Any] = {}
        for file in files:
            opened = safe_open(file, framework="pt")
            self._file_of |= dict.fromkeys(opened.keys(), opened)

    def __getitem__(self, name: str) -> Tensor:
        tensor: Tensor = self._file_of[name].get_tensor(name)
        return tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self._file_of)

    def __len__(self) -> int:
        return len(self._file_of)


Saved = tuple[dict[str, Any], Mapping[str, Tensor]]


class _DamagedError(ValueError):
    """A save differs from what was written."""


def write(folder: Path, step: int, described: Mapping[str, Any], files: Files, nbytes: int) -> None:
    """Write a new save and make it the current one; the previous one is kept, all older ones are removed.

    ``described`` is written last: the iterator of files may add to it meanwhile. ``nbytes`` is their approximate size.

    Raises
    ------
    OSError
        In one sentence, if there is no space or another process does not finish its save. The previous save stays
        current.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with only_writer(folder):
        before = _in_force(folder)
        _clear(folder, {before} if before else set(_names(folder)[:1]))
        fresh = folder / f"{LEFT_OVER}{uuid.uuid4().hex[:8]}"
        try:
            name = _written(fresh, step, described, files)
            fresh.rename(folder / name)
            point_to(folder, name)
        except (OSError, SafetensorError) as error:
            raise no_room("the save", folder, nbytes + BESIDE, error) from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        _clear(folder, {name, before} if before else {name, *_names(folder)[:2]})


def _written(fresh: Path, step: int, described: Mapping[str, Any], files: Files) -> str:
    """Write a complete save into a new folder, wait until it is on disk, and return its name."""
    fresh.mkdir()
    written = {}
    for name, tensors in files:
        save_file(tensors, fresh / name)
        to_disk(fresh / name)
        written[name] = _size_and_hash(fresh / name)
    try:
        text = json.dumps({"version": VERSION, **described, "files": written}, indent=1).encode()
    except TypeError as error:
        raise ValueError(f"the run cannot be saved ({error}); describe its models in numbers and text") from error
    (fresh / DESCRIBED).write_bytes(text)
    for path in (fresh / DESCRIBED, fresh):
        to_disk(path)
    return f"save-{step:08d}-{uuid.uuid4().hex[:8]}-{digest_of(text)}"


def _size_and_hash(file: Path) -> dict[str, Any]:
    return {"bytes": file.stat().st_size, "blake2b": digest(file)}


def _clear(folder: Path, needed: set[str]) -> None:
    """Remove old saves and leftovers of dead processes; we are the only writer, so none of it is in use."""
    for path in folder.iterdir():
        old = _is_save(path.name) and path.name not in needed
        if (old or path.name.startswith(LEFT_OVER)) and path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif re.fullmatch(rf"{CURRENT}\.[0-9a-f]{{8}}", path.name):
            path.unlink(missing_ok=True)


def _is_save(name: str) -> bool:
    return NAME.fullmatch(name) is not None


def _names(folder: Path) -> list[str]:
    """Return the names of the saves in a folder, the latest step first."""
    return sorted((path.name for path in folder.iterdir() if _is_save(path.name)), reverse=True)


def _pointer(folder: Path) -> str:
    """Return the content of CURRENT; empty if there is no such file."""
    try:
        with open(folder / CURRENT, "rb") as file:
            return file.read(1000).decode("utf-8", errors="replace").strip()
    except OSError:
        return ""


def _in_force(folder: Path) -> str:
    """Return the name of the current save; empty if CURRENT does not name an existing one."""
    name = _pointer(folder)
    return name if _is_save(name) and (folder / name).is_dir() else ""


def read(folder: Path) -> Saved:
    """Return the description and the tensors of the current save, once all of it is verified.

    ``folder`` may also be a single save within a folder of saves. If another process replaces the save meanwhile, the
    new one is read.

    Raises
    ------
    FileNotFoundError
        If there is no current save.
    ValueError
        In one sentence, if it is damaged; if another save is intact, the sentence says how to load that one.
    """
    one = _is_save(folder.name) and (folder / DESCRIBED).exists()
    name = folder.name if one else _in_force(folder)
    while True:
        try:
            if name:
                return _read_save(folder if one else folder / name)
            raise _DamagedError(f"{folder / CURRENT} must name a save beside it, got {_pointer(folder)[:100]!r}")
        except _DamagedError as error:
            before, name = name, name if one else _in_force(folder)
            if name != before:
                continue
            way_out = _way_out(folder.parent if one else folder, name)
            if name or (folder / CURRENT).exists():
                raise ValueError(f"{error}; {way_out}") from error.__cause__
            raise FileNotFoundError(
                f"{folder} holds no complete save, and {way_out}; pass the folder that run.save(folder) wrote"
            ) from None


def _way_out(folder: Path, damaged: str) -> str:
    """Return advice on a damaged save."""
    for name in _names(folder) if folder.is_dir() else ():
        if name == damaged:
            continue
        try:
            _read_save(folder / name)
        except _DamagedError:
            continue
        step = int(name.split("-")[1])
        return f"the save of step {step:,} is intact: load that one, kd.Distillation.load({str(folder / name)!r})"
    return "there is no other intact save: restore it from a copy, or start anew"


def _read_save(save: Path) -> Saved:
    """Return the description and the tensors of one save; raise if any of it differs from what was written."""
    named = NAME.fullmatch(save.name)
    try:
        text = (save / DESCRIBED).read_bytes()
        if named is None or digest_of(text) != named[2]:
            raise ValueError(f"{DESCRIBED} is not what was written")
        described = schema.parse(text, DESCRIBED)
        _HEAD.check(described, "run")
        _check_files(save, described["files"])
        tensors = SavedTensors(save / name for name in described["files"])
    except (OSError, ValueError, SafetensorError) as error:
        raise _DamagedError(f"the save in {save} is damaged ({' '.join(str(error).split())})") from error
    return described, tensors


def _check_files(save: Path, files: Mapping[str, Any]) -> None:
    for name, expected in files.items():
        if not TENSOR_FILE.fullmatch(name):
            raise ValueError(f"a tensor file must be named like snapshot-0.safetensors, got {name[:100]!r}")
        if _size_and_hash(save / name) != expected:
            raise ValueError(f"{name} is not what was written")


_FILE = Record({"bytes": Whole(most=2**62), "blake2b": Text(longest=32)})
_HEAD = Record({"version": OneOf((VERSION,)), "files": MapOf(_FILE, fewest=1, longest=MOST)}, others=True)
