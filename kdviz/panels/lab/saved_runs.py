"""The runs that a Lab was opened with, in a folder and back, with their names."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...distill import Distillation, RunName, save_folder
from ...distill.schema import AnyOf, ListOf, MapOf, Number, OneOf, Record, Text, or_null
from .several import MOST_GIVEN, Given

FILE = "runs.json"
_NAME = Record({"text": Text(longest=200), "places": MapOf(AnyOf((Number(), Text(longest=200))), longest=10)})
_RUNS = Record(
    {"version": OneOf((1,)), "names": ListOf(or_null(AnyOf((Text(longest=200), _NAME))), fewest=1, longest=MOST_GIVEN)}
)


def save_runs(given: Sequence[Given], folder: str | Path) -> Path:
    """Write runs to folders in ``folder``, each as :meth:`kdviz.Distillation.save` does, and last a list of them.

    Raises
    ------
    ValueError
        In one sentence that names the run, if one cannot be saved; the folder then has no list.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    listed = folder / FILE
    listed.unlink(missing_ok=True)
    for n, one in enumerate(given, start=1):
        try:
            one.run.save(folder / f"run-{n}")
        except ValueError as error:
            raise ValueError(f"{one.name or 'the run'} cannot be saved: {error}") from error
    names = [{"text": n.text, "places": dict(n.places)} if isinstance(n, RunName) else n for n in _names(given)]
    fresh = listed.with_suffix(".new")
    fresh.write_text(json.dumps({"version": 1, "names": names}, ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(fresh, listed)
    return folder


def load_runs(
    folder: str | Path, *, teacher: Any = None, student: Any = None, data: Any = None
) -> Distillation | list[tuple[str | RunName, Distillation]]:
    """Return what :func:`save_runs` wrote, as the Lab takes it.

    Parameters
    ----------
    folder : path
    teacher, student, data
        Only needed where runs had your own (see :meth:`kdviz.Distillation.load`): one for all that need it, or a
        mapping from the names of runs. A teacher that is shipped, or whose weights were saved, is not replaced.

    Raises
    ------
    FileNotFoundError
        If the folder has no list of runs.
    ValueError
        In one sentence, if the list is damaged or a run lacks a part.
    """
    listed = Path(folder) / FILE
    if not listed.is_file():
        raise FileNotFoundError(f"{folder} holds no runs that a Lab has saved: there is no {FILE}")
    try:
        saved = json.loads(listed.read_text(encoding="utf-8"))
        _RUNS.check(saved, FILE)
    except ValueError as error:
        raise ValueError(f"the list of runs is damaged ({error}); load each run with kd.Distillation.load") from error
    pairs = []
    for n, named in enumerate(saved["names"], start=1):
        name = RunName(named["text"], named["places"]) if isinstance(named, dict) else named
        parts = {"teacher": teacher, "student": student, "data": data}
        given = {part: _of(value, name) for part, value in parts.items()}
        pairs.append((name, _loaded(Path(folder) / f"run-{n}", name, given)))
    if len(pairs) == 1 and pairs[0][0] is None:
        return pairs[0][1]
    return pairs


def _loaded(folder: Path, name: str | RunName | None, parts: dict[str, Any]) -> Distillation:
    described, tensors = save_folder.read(folder)
    recipe = described.get("recipe") or {}
    if not described.get("teacher") or described.get("teacher_architecture") is not None or recipe.get("teacher"):
        parts = {**parts, "teacher": None}
    try:
        run = Distillation.from_saved(described, tensors, **parts)
    except ValueError as error:
        raise ValueError(f"{name or 'the run'} cannot be loaded: {error}") from error
    run.name = name
    return run


def _of(value: Any, name: str | RunName | None) -> Any:
    """Return what a run gets of something that was given for all, or by their names."""
    return value.get(str(name)) if isinstance(value, Mapping) else value


def _names(given: Sequence[Given]) -> list[RunName | str | None]:
    return [one.name for one in given]
