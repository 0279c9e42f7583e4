"""What the setup widget shows of the choices: a select or check boxes for each setting."""

from __future__ import annotations

from typing import Any

from ... import data as data_sets
from ...distill.variants import PENALTIES
from ...words import mark, number, t
from ..live.parameters import number_text
from .choices import (
    AXES,
    BATCHES,
    StudyChoices,
    axes_of,
    data_names,
    group_columns,
    methods_for,
    size_of,
    teacher_names,
    value_text,
)

SEEDS = (1, 2, 3, 5, 8, 10)
EPOCHS = (5, 10, 20, 30, 40, 60, 100)
_TITLES = {
    "data": mark("Data set"),
    "penalty": mark("Fairness penalty"),
    "group": mark("Groups compared"),
    "epochs": mark("Epochs"),
    "batch_size": mark("Batch size"),
    "seeds": mark("Seeds"),
}


def axis_options(choices: StudyChoices) -> list[dict[str, str]]:
    """Return what can be an axis, for a select."""
    return [{"value": name, "text": _axis_title(name)} for name in axes_of(choices.data)]


def fields(choices: StudyChoices) -> list[dict[str, Any]]:
    """Return all settings, those of the axes with all their values."""
    rows = [_of_axis(name, choices) for name in axes_of(choices.data) if _is_shown(name, choices)]
    data = [(name, t(data_sets.load(name).title)) for name in data_names()]
    rows.insert(0, _single("data", choices.data, data))
    columns = group_columns(choices.data)
    if columns and any(choices.fairness):
        rows.append(_single("penalty", choices.penalty, [(name, t(one.title)) for name, one in PENALTIES.items()]))
        rows.append(_single("group", choices.group, [(name, name) for name in columns]))
    budget = {"group": "budget"}
    rows.append(_single("seeds", choices.seeds, _counts(SEEDS, choices.seeds)) | budget)
    rows.append(_single("epochs", choices.epochs, _counts(EPOCHS, choices.epochs)) | budget)
    rows.append(_single("batch_size", choices.batch_size, _counts(BATCHES, choices.batch_size)))
    return rows


def _is_shown(name: str, choices: StudyChoices) -> bool:
    """Whether a setting does anything: T and α are none of a method without them."""
    if name in choices.axes or name not in ("temperature", "alpha"):
        return True
    return any(name in choices.objective(one).editable for one in choices.method)


def _of_axis(name: str, choices: StudyChoices) -> dict[str, Any]:
    chosen = getattr(choices, name)
    offered = {"teacher": teacher_names(choices.data), "method": methods_for(choices.x, choices.y)}
    values = offered.get(name, AXES[name].offered)
    if name == "labels":
        values = (*(n for n in values if n < size_of(choices.data)), size_of(choices.data))
    if not isinstance(chosen[0], str):
        values = tuple(sorted({*values, *chosen}))
    return {
        "name": name,
        "title": _axis_title(name),
        "axis": "x" if name == choices.x else "y" if name == choices.y else "",
        "options": [{"value": _written(value), "text": value_text(name, value)} for value in values],
        "chosen": [_written(value) for value in chosen],
    }


def _axis_title(name: str) -> str:
    return f"{t(AXES[name].title)} {AXES[name].symbol}".strip()


def _single(name: str, value: Any, options: list[tuple[Any, str]]) -> dict[str, Any]:
    listed = [{"value": str(one), "text": text} for one, text in options]
    return {"name": name, "title": t(_TITLES[name]), "axis": "", "options": listed, "chosen": [str(value)]}


def _counts(usual: tuple[int, ...], chosen: int) -> list[tuple[int, str]]:
    return [(count, number(count)) for count in sorted({*usual, chosen})]


def _written(value: Any) -> str:
    """Return a value as a link has it."""
    return value if isinstance(value, str) else number_text(value)
