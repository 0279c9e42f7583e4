"""What the setup widget shows of the choices: a select or a slider for each step of the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import models
from ...words import mark, number, t, tn
from ..live.parameters import number_text
from .choices import INTEGER_NAMES, INTEGERS, CompressChoices, student_sizes, teacher_names
from .trial import LABELS

UNITS = (0, 0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
WEIGHTS = (0, 0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99)
RANKS = (0, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
BITS = (2, 3, 4, 5, 6, 7, 8)
TEACHING = (0, 1, 2, 3, 5, 10)
ROUNDED = mark("2 to 8 bits, rounded while it learns")


def fields(choices: CompressChoices) -> list[dict[str, Any]]:
    """Return all settings in their order, the teacher first and the teaching last."""
    teachers = [(name, t(models.card(name).title)) for name in teacher_names()]
    sizes = [(0, t("no: the teacher itself is made smaller")), *((n, _student(n, choices)) for n in _sizes(choices))]
    integers = {
        "none": t("no: 32 bits"),
        **{name: t(text) for name, text in INTEGER_NAMES.items()},
        "rounded": t(ROUNDED),
    }
    rows = [
        _row("teacher", t("Teacher"), choices.teacher, teachers, group="head"),
        _row("student", t("Distil into a fresh, small network"), choices.student, sizes),
        _slider(
            "units", t("Take whole units away"), choices.units, [(x, _share(x)) for x in _with(UNITS, choices.units)]
        ),
        _slider("rank", t("Low rank"), choices.rank, [(x, _rank(x)) for x in _with(RANKS, choices.rank)]),
        _slider(
            "weights",
            t("Set single weights to zero"),
            choices.weights,
            [(x, _share(x)) for x in _with(WEIGHTS, choices.weights)],
        ),
        _row("integers", t("Integers"), choices.integers, [(name, integers[name]) for name in INTEGERS]),
    ]
    if choices.integers == "rounded":
        rows.append(_slider("bits", t("Bits of a weight"), choices.bits, [(x, number(x)) for x in BITS]))
    epochs = [(n, _epochs(n)) for n in _with(TEACHING, choices.teaching)]
    hint = t("On {n} labelled examples; the twin learns from their labels alone.", n=number(LABELS))
    rows.append(_row("teaching", t("Teach it afterwards"), choices.teaching, epochs, hint=hint, group="foot"))
    return rows


def _with(stops: Sequence[float], value: float) -> list[float]:
    """Return the stops, and the value of a link among them."""
    return sorted({*stops, value})


def _sizes(choices: CompressChoices) -> list[int]:
    return sorted({*student_sizes(choices.teacher), *([choices.student] if choices.student else [])})


def _student(n: int, choices: CompressChoices) -> str:
    of_units = models.card(choices.teacher).architecture["name"] == "mlp"
    return tn("{n} unit a layer", "{n} units a layer", n) if of_units else tn("{n} channel", "{n} channels", n)


def _share(x: float) -> str:
    return number(x, ".0%") if x else t("none")


def _rank(x: float) -> str:
    return number(x) if x else t("full")


def _epochs(n: float) -> str:
    return tn("{n} epoch, by the teacher", "{n} epochs, by the teacher", int(n)) if n else t("no")


def _row(name: str, title: str, value: Any, options: list[tuple[Any, str]], **more: Any) -> dict[str, Any]:
    listed = [{"value": _text(one), "text": text} for one, text in options]
    return {"name": name, "title": title, "kind": "select", "options": listed, "value": _text(value), **more}


def _slider(name: str, title: str, value: Any, options: list[tuple[Any, str]]) -> dict[str, Any]:
    return _row(name, title, value, options) | {"kind": "slider"}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else number_text(value)
