"""LearningCurves: error on validation data, step by step, for the student, its twin and the teacher."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import traitlets
from traitlets import Dict, Float, Int, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.from_page import BY_PAGE, Between
from kdviz.widgets.scene import MOST_STEPS, SceneTrait
from kdviz.widgets.traits import View, WrongTraitError, finite_above_zero, one_of, rows_with, within


class LearningCurves(View):
    """Curves of student (solid orange), twin (solid grey) and teacher (dashed, dark blue) over steps.

    The error axis is logarithmic and begins at what was measured once training had begun; 0 % has a row of its own
    below a break. One click shows accuracy on a linear axis. Moving over the plot reads the values at a step; a click
    or the arrow keys keep a cursor there (trait `cursor`). "Share" copies or saves what is seen, and a film.

    With a scene, its runs, bands and teacher are drawn in place of the own traits, hidden runs left out and the run
    shown boldest, and the scene's `step` is the cursor: a scrubber below the plot, and dragging on the plot, take all
    views to a recorded step; a film plays the recorded steps. A branch's line begins at its fork. "Start branch" sends
    the custom message `{"command": "branch", "step": 480, "temperature": 1.0}` (see `on_msg`), with those of
    temperature, alpha, fairness and learning_rate that are another value than was in force there.

    Parameters
    ----------
    **traits
        Values by trait name; `LearningCurves.own_traits()` lists them with their units.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> curves = LearningCurves(teacher=0.4, total_steps=400)
    >>> curves.series = [{"role": "student", "name": "Student", "steps": [0, 100], "values": [90.1, 8.2]}]
    """

    _esm, _css = bundle.view(__file__)

    scene = SceneTrait()
    series = List(
        Dict(),
        help='Curves: {"role": "student" or "twin", "name": str, "steps": [int], "values": [error in %]}.',
    ).tag(sync=True)
    teacher = Float(None, allow_none=True, help="The teacher's error in %; None draws no line.").tag(sync=True)
    edits = List(Dict(), help='Edits marked on the curves: {"step": int, "text": str}.').tag(sync=True)
    total_steps = Int(0, help="Optimiser steps planned; the right end of the axis.").tag(sync=True)
    y_label = Unicode("Error on validation data", help="Title; values are in %.").tag(sync=True)
    measure = Unicode("error", help='What is drawn: "error" or "accuracy" (100 − error), in %.').tag(**BY_PAGE)
    ghost = Dict(
        help='A run recorded earlier, drawn until there is one: {"lines": [{"role", "steps", "values"}], "teacher": '
        'error in %, "says": what it is, a sentence}, or {}.'
    ).tag(sync=True)
    against = Dict(
        help='The difference in test errors, student − twin: {"seeds": [{"seed", "difference"}], "mean", "low", '
        '"high": ends of its 95 % interval or None}, or {}; told in the plot, and drawn below it for several seeds.'
    ).tag(sync=True)
    cursor = Int(None, allow_none=True, help="Step at which the values are read; None for none.").tag(**BY_PAGE)
    learning_rate = Float(
        None, allow_none=True, help="Learning rate in force, filled in for a branch; None where it is not known."
    ).tag(sync=True)
    sentence = Unicode("", help="One sentence on what the curves show; also the screen reader's text.").tag(sync=True)

    def page_choices(self) -> Mapping[str, Container[Any]]:
        return {"cursor": Between(0, MOST_STEPS)}

    @traitlets.validate("series")
    def _check_series(self, proposal: Any) -> list[dict]:
        rows = rows_with("series", proposal["value"], ("role", "name", "steps", "values"))
        for index, row in enumerate(rows):
            one_of(f"series[{index}]['role']", row["role"], ("student", "twin"))
            if len(row["steps"]) != len(row["values"]):
                raise WrongTraitError(
                    f"series[{index}] must have as many steps as values, "
                    f"got {len(row['steps'])} and {len(row['values'])}"
                )
        return rows

    @traitlets.validate("teacher")
    def _check_teacher(self, proposal: Any) -> float | None:
        value = proposal["value"]
        return None if value is None else within("teacher", value, 0, 100)

    @traitlets.validate("learning_rate")
    def _check_learning_rate(self, proposal: Any) -> float | None:
        value = proposal["value"]
        return None if value is None else finite_above_zero("learning_rate", value)

    @traitlets.validate("edits")
    def _check_edits(self, proposal: Any) -> list[dict]:
        return rows_with("edits", proposal["value"], ("step", "text"))

    @traitlets.validate("total_steps")
    def _check_total(self, proposal: Any) -> int:
        value = proposal["value"]
        if value < 0:
            raise WrongTraitError(f"total_steps must be >= 0, got {value}")
        return value

    @traitlets.validate("measure")
    def _check_measure(self, proposal: Any) -> str:
        return one_of("measure", proposal["value"], ("error", "accuracy"))
