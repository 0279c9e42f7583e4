"""A folder of saves: safetensors for tensors, JSON for the rest, each save a folder of its own, never half written.

``CURRENT``, a file of one line, names the save in force. A save's name ends in the hash of its ``run.json``, and that
holds the hash of each file of tensors: a number that changed on the disk is never loaded. A file is written and read
for itself, so that a save may be larger than the memory. The save before stays beside it, in
case the one in force is damaged later. Whoever dies while writing leaves the save before in force; the next saver
clears away what they left.
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
LEFT_OVER = "fresh-"  # before the name of a save that is not written to its end
BESIDE = 1 << 16  # bytes that names and folders take

Files = Iterable[tuple[str, dict[str, Tensor]]]  # each with its name


class SavedTensors(Mapping[str, Tensor]):
    """The tensors in some files, by name; each is read when it is asked for."""

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
    """A save is not what was written."""


def write(folder: Path, step: int, described: Mapping[str, Any], files: Files, nbytes: int) -> None:
    """Write a save beside the one in force and put it in force; the one that was stays, all older ones go.

    ``described`` is written last: whoever gives the files may add to it meanwhile. ``nbytes`` is about what they take.

    Raises
    ------
    OSError
        In one sentence, if there is no room or another process does not end its save. The save before stays in force.
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
    """Write all of a save into a new folder, wait until it is on the disk, and return what it will be called."""
    fresh.mkdir()
    written = {}
    for name, tensors in files:
        save_file(tensors, fresh / name)
        to_disk(fresh / name)
        written[name] = _told(fresh / name)
    told = {"version": VERSION, **described, "files": written}
    try:
        text = json.dumps(told, indent=1).encode()
    except TypeError as error:
        raise ValueError(
            f"the run cannot be written down ({error}); describe its models in numbers and text"
        ) from error
    (fresh / DESCRIBED).write_bytes(text)
    for place in (fresh / DESCRIBED, fresh):
        to_disk(place)
    return f"save-{step:08d}-{uuid.uuid4().hex[:8]}-{digest_of(text)}"


def _told(file: Path) -> dict[str, Any]:
    return {"bytes": file.stat().st_size, "blake2b": digest(file)}


def _clear(folder: Path, needed: set[str]) -> None:
    """Remove saves that are not needed, and what dead processes left; we are the only writer, so none of it lives."""
    for place in folder.iterdir():
        old = _is_save(place.name) and place.name not in needed
        if (old or place.name.startswith(LEFT_OVER)) and place.is_dir():
            shutil.rmtree(place, ignore_errors=True)
        elif re.fullmatch(rf"{CURRENT}\.[0-9a-f]{{8}}", place.name):
            place.unlink(missing_ok=True)


def _is_save(name: str) -> bool:
    return NAME.fullmatch(name) is not None


def _names(folder: Path) -> list[str]:
    """Return the names of the saves that are there, the latest step first."""
    return sorted((place.name for place in folder.iterdir() if _is_save(place.name)), reverse=True)


def _said(folder: Path) -> str:
    """Return what CURRENT says; empty where there is none."""
    try:
        with open(folder / CURRENT, "rb") as file:
            return file.read(1000).decode("utf-8", errors="replace").strip()
    except OSError:
        return ""


def _in_force(folder: Path) -> str:
    """Return the name of the save in force; empty where CURRENT names none that is there."""
    name = _said(folder)
    return name if _is_save(name) and (folder / name).is_dir() else ""


def read(folder: Path) -> Saved:
    """Return what the save in force says, and its tensors, once all of it is known to be what was written.

    ``folder`` may be one save within a folder of saves too. A save that another process replaces meanwhile is read
    anew.

    Raises
    ------
    FileNotFoundError
        If no save is in force.
    ValueError
        In one sentence, if it is damaged; where the save before is whole, the sentence says how to load that one.
    """
    one = _is_save(folder.name) and (folder / DESCRIBED).exists()
    name = folder.name if one else _in_force(folder)
    while True:
        try:
            if name:
                return _read_save(folder if one else folder / name)
            raise _DamagedError(f"{folder / CURRENT} must name a save beside it, got {_said(folder)[:100]!r}")
        except _DamagedError as error:
            before, name = name, name if one else _in_force(folder)
            if name != before:
                continue
            way_out = _way_out(folder.parent if one else folder, name)
            if name or (folder / CURRENT).exists():
                raise ValueError(f"{error}; {way_out}") from error.__cause__
            raise FileNotFoundError(
                f"{folder} holds no complete save in force, and {way_out}; give the folder that run.save(folder) wrote"
            ) from None


def _way_out(folder: Path, damaged: str) -> str:
    """Return what can be done about a damaged save."""
    for name in _names(folder) if folder.is_dir() else ():
        if name == damaged:
            continue
        try:
            _read_save(folder / name)
        except _DamagedError:
            continue
        step = int(name.split("-")[1])
        return f"the save of step {step:,} is whole: load that one, kd.Distillation.load({str(folder / name)!r})"
    return "no other whole save is there: restore it from a copy, or start anew"


def _read_save(place: Path) -> Saved:
    """Return what one save says, and its tensors; raise if any of it is not what was written."""
    named = NAME.fullmatch(place.name)
    try:
        text = (place / DESCRIBED).read_bytes()
        if named is None or digest_of(text) != named[2]:
            raise ValueError(f"{DESCRIBED} is not what was written")
        described = schema.parse(text, DESCRIBED)
        _HEAD.check(described, "run")
        _check_files(place, described["files"])
        tensors = SavedTensors(place / name for name in described["files"])
    except (OSError, ValueError, SafetensorError) as error:
        raise _DamagedError(f"the save in {place} is damaged ({' '.join(str(error).split())})") from error
    return described, tensors


def _check_files(place: Path, files: Mapping[str, Any]) -> None:
    for name, told in files.items():
        if not TENSOR_FILE.fullmatch(name):
            raise ValueError(f"a file of tensors must be called so, got {name[:100]!r}")
        if _told(place / name) != told:
            raise ValueError(f"{name} is not what was written")


_FILE = Record({"bytes": Whole(most=2**62), "blake2b": Text(longest=32)})
_HEAD = Record({"version": OneOf((VERSION,)), "files": MapOf(_FILE, fewest=1, longest=MOST)}, others=True)
