"""The soft-targets panel: what a teacher, and if there is one a student, say about a few examples at T."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from .. import data as data_sets
from .. import models, widgets
from ..distill import checks, symbols
from ..distill.schema import Kind, ListOf, Number, OneOf, Whole, or_null
from ..models import inference
from ..models.naming import name_of
from ..models.wrap import as_module
from ..widgets.from_page import VBox
from ..widgets.soft_targets import ON_REQUEST, PARTS
from .live.panel import Panel
from .views.probes import SHOWN, Probes, choose_probes

MOST_EXAMPLES = 100


class SoftTargets(Panel):
    """Temperature and dark knowledge on a handful of real examples; all that moves is drawn in the browser.

    Parameters
    ----------
    teacher : nn.Module or str
        In eval mode, or a name of :func:`kdviz.models.pretrained`.
    student : nn.Module, optional
        Shown on the other side. Without one, only the teacher's side is drawn.
    data : Splits or str, optional
        Default: the data set on the card of a shipped teacher.
    examples : sequence of int, optional
        Indices into the validation split. Default: of each class the one the teacher finds most ambiguous.
    temperature, alpha : float
        Where the sliders stand at first.
    shown : list of str, optional
        Parts that are drawn, of ``kdviz.widgets.soft_targets.PARTS``. Default: all that make sense.

    Attributes
    ----------
    widget : kdviz.widgets.SoftTargets
        Its traits are the panel's live values (``panel.widget.temperature``).
    """

    @symbols.checked
    def __init__(
        self,
        teacher: nn.Module | str = "mnist-mlp-1200",
        student: nn.Module | None = None,
        data: data_sets.Splits | str | None = None,
        *,
        examples: list[int] | None = None,
        temperature: float = 4.0,
        alpha: float = 0.9,
        shown: list[str] | None = None,
    ) -> None:
        self._teacher_name = teacher if isinstance(teacher, str) else ""
        module = models.pretrained(teacher) if isinstance(teacher, str) else as_module(teacher, "teacher")
        card = getattr(module, "card", None)
        if data is None:
            if card is None:
                raise ValueError("the teacher is a model of your own; say which data to show, as data=")
            data = card.data
        self.data = data_sets.load(data) if isinstance(data, str) else data
        self._examples = examples
        probes = self._probes(module, examples)
        without_student = ["temperature", "probes", "bars", "numbers", "sentence"]
        self.widget = widgets.SoftTargets(
            classes=list(self.data.classes),
            temperature=temperature,
            alpha=alpha,
            teacher_name=name_of(module),
            student_name=name_of(student) if student is not None else "",
            shown=shown or (list(widgets.soft_targets.PARTS) if student is not None else without_student),
        )
        logits = inference.logits(student, probes.examples).numpy() if student is not None else b""
        self.widget.update(**probes.traits(), student_logits=logits)
        self.view = VBox([self.widget])

    def _probes(self, module: nn.Module, examples: list[int] | None) -> Probes:
        if examples is None:
            return choose_probes(module, self.data, SHOWN)
        count = len(self.data.validation)
        for index in examples:
            if not 0 <= checks.whole("an index in examples", index) < count:
                raise ValueError(f"examples must be indices from 0 to {count - 1:,}, got {index:,}")
        chosen = self.data.validation.take(torch.tensor(examples))
        return Probes(chosen, inference.logits(module, chosen))

    @classmethod
    def kinds(cls) -> Mapping[str, Kind]:
        return {
            "teacher": OneOf(tuple(models.names())),
            "data": OneOf(tuple(data_sets.names())),
            "examples": or_null(ListOf(Whole(), fewest=1, longest=MOST_EXAMPLES)),
            "temperature": Number(above=0),
            "alpha": Number(least=0, most=1),
            "shown": ListOf(OneOf((*PARTS, *ON_REQUEST)), longest=len(PARTS) + len(ON_REQUEST)),
        }

    @property
    def settings(self) -> dict[str, Any]:
        if not self._teacher_name:
            raise ValueError("the teacher is a model of your own; a state can only name shipped teachers")
        return {
            "teacher": self._teacher_name,
            "data": self.data.name,
            "examples": self._examples,
            "temperature": self.widget.temperature,
            "alpha": self.widget.alpha,
            "shown": list(self.widget.shown),
        }
