"""A study on disk: one JSON file for each finished run, named by its key, never half written."""

from __future__ import annotations

import json
import os
import uuid
import warnings
from pathlib import Path

from .jobs import VERSION, Outcome

FIELDS = {"version", "key", "role", "recipe", "state", "sentence"}


def write(folder: Path, outcome: Outcome) -> None:
    """Write an outcome; whenever the process dies, the file is whole or absent."""
    place = _place(folder, outcome["key"])
    fresh = place.with_name(f".{place.name}.{uuid.uuid4().hex[:8]}")
    try:
        with open(fresh, "w", encoding="utf-8") as handle:
            json.dump(outcome, handle, indent=1, ensure_ascii=False, allow_nan=False)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(fresh, place)
    finally:
        fresh.unlink(missing_ok=True)


def read(folder: Path, key: str) -> Outcome | None:
    """Return the outcome of a key, or None where there is none; a damaged file is said in a warning, and none."""
    place = _place(folder, key)
    try:
        outcome = json.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        reason = str(error)
    else:
        reason = _what_is_wrong(outcome, key)
        if not reason:
            return outcome
    warnings.warn(f"{place} cannot be read ({reason}), so this run is done anew", stacklevel=4)
    return None


def _what_is_wrong(outcome: object, key: str) -> str:
    """Return why this is not the outcome of a key; nothing where it is."""
    if not isinstance(outcome, dict) or not set(outcome) >= FIELDS:
        return "it is no outcome of a run"
    if outcome["version"] != VERSION or outcome["key"] != key:
        return f"version {VERSION} and the key of its name are expected"
    return ""


def _place(folder: Path, key: str) -> Path:
    return folder / f"{key}.json"
