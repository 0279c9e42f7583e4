"""A question to answer before a slider may move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets
from traitlets import Bunch

from .. import widgets
from ..widgets.from_page import VBox
from .live.panel import Panel
from .soft_targets import SoftTargets


class Question(Panel):
    """A question above a soft-targets panel whose sliders are locked until it is answered.

    Parameters
    ----------
    text : str
        The question.
    answers : dict of str to str
        What can be answered, and what is said to each answer.
    panel : SoftTargets
        Its sliders are locked until then; everything else of it works.

    Examples
    --------
    ``Question("What will T = 4 do to the order of the classes?", {"Nothing": "Look …", "…": "…"}, panel)``
    """

    def __init__(self, text: str, answers: dict[str, str], panel: SoftTargets) -> None:
        if len(answers) < 2:
            raise ValueError(f"a question needs at least two answers to choose from, got {len(answers)}")
        self.panel = panel
        self.widget = widgets.Question(text=text, choices=list(answers), replies=list(answers.values()))
        panel.widget.locked = ["temperature", "alpha"]
        self.widget.observe(self._on_answer, "answer")
        self.view = VBox([self.widget, panel.view]).add_class("kd-lesson")

    def _on_answer(self, change: Bunch) -> None:
        self.panel.widget.locked = [] if change.new is not None else ["temperature", "alpha"]

    def _without_python(self) -> Mapping[ipywidgets.Widget, Mapping[str, Any]]:
        return {self.panel.widget: {"locked": []}}  # nobody would hear the answer

    @property
    def settings(self) -> dict[str, Any]:
        raise ValueError("a question has no state to share; share its panel's: question.panel.state")
