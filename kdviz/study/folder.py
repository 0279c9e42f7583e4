"""A study on disk: one JSON file for each finished run, named by its key, never half written."""

from __future__ import annotations

import json
import os
import re
import uuid
import warnings
from pathlib import Path

from ..distill import durable, schema
from .jobs import VERSION, Outcome

LEFT = re.compile(r"\.[0-9a-f]+\.json\.[0-9a-f]{8}")
WAIT_S = 60.0  # for another study that writes an outcome into the folder now


def write(folder: Path, outcome: Outcome) -> None:
    """Write an outcome with its hash; whenever the process dies, the file is whole or absent."""
    place = _place(folder, outcome["key"])
    fresh = place.with_name(f".{place.name}.{uuid.uuid4().hex[:8]}")
    with durable.only_writer(folder, WAIT_S):
        try:
            with open(fresh, "w", encoding="utf-8") as handle:
                record = {"hash": _hash(outcome), **outcome}
                json.dump(record, handle, indent=1, ensure_ascii=False, allow_nan=False)
                handle.flush()
                os.fsync(handle.fileno())
            os.replace(fresh, place)
        finally:
            fresh.unlink(missing_ok=True)
        durable.to_disk(folder)


def clear(folder: Path) -> None:
    """Remove partial files of processes that died while writing an outcome."""
    with durable.only_writer(folder, WAIT_S):  # so that nobody is writing one
        for left in folder.iterdir():
            if LEFT.fullmatch(left.name):
                left.unlink(missing_ok=True)


def read(folder: Path, key: str) -> Outcome | None:
    """Return the outcome of a key, or None if there is none; a damaged file is a warning, and None."""
    place = _place(folder, key)
    try:
        outcome = schema.read(place, "an outcome")
        _WRITTEN.check(outcome, "outcome")
        if outcome["key"] != key:
            raise ValueError("the key of its name is expected")
        if outcome.pop("hash") != _hash(outcome):
            raise ValueError("it is not what was written")
    except FileNotFoundError:
        return None
    except ValueError as error:
        warnings.warn(f"{place} cannot be read ({error}), so this run is done anew", stacklevel=4)
        return None
    return outcome


def _hash(outcome: Outcome) -> str:
    """Return the hash of an outcome's content, however it is laid out."""
    return durable.digest_of(json.dumps(outcome, sort_keys=True).encode())


def _place(folder: Path, key: str) -> Path:
    return folder / f"{key}.json"


_WRITTEN = schema.Record(
    {
        **{"version": schema.OneOf((VERSION,)), "hash": schema.Text(longest=32), "key": schema.Text(longest=100)},
        **{"role": schema.OneOf(("student", "twin", "smoothed")), "recipe": schema.MapOf(schema.Anything())},
        **{"state": schema.OneOf(("finished", "failed")), "sentence": schema.Text()},
    },
    others=True,  # the hash vouches for them
)
