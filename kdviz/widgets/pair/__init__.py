"""Pair: which two models are compared, and what the smaller one saves."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import traitlets
from traitlets import Bool, Dict, Float, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.from_page import BY_PAGE
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import View, rows_with

FIELDS = ("name", "title", "group")


class Pair(View):
    """Teacher and student, chosen from a list or given, with their sizes.

    Parameters
    ----------
    **traits
        Values by trait name; `Pair.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> Pair(models=[{"name": "a", "title": "A", "group": "digits"}], teacher="a").fixed
    False
    """

    _esm, _css = bundle.view(__file__)

    scene = SceneTrait()
    models = List(
        Dict(),
        help='What can be chosen: {"name", "title", "group"}, and "of", the teacher that it learned from, if any. '
        "A pair is of one group, such as a data set.",
    ).tag(sync=True)
    teacher = Unicode("", help="Name of the teacher.").tag(**BY_PAGE)
    student = Unicode("", help="Name of the student.").tag(**BY_PAGE)
    fixed = Bool(False, help="Whether both are given: then nothing can be chosen.").tag(sync=True)
    sizes = Dict(
        help='Of both: {"teacher": {"title", "parameters", "macs": int or None}, "student": {...}, "data": str}.'
    ).tag(sync=True)
    same = Bool(False, help="Whether both are the same model.").tag(sync=True)
    note = Unicode("", help="What is going on, or what went wrong, in one sentence.").tag(sync=True)
    cost = Unicode("", help="What the student costs beside the teacher; empty before it was measured.").tag(sync=True)
    progress = Float(None, allow_none=True, help="Share of the answers that are there; None when at rest.").tag(
        sync=True
    )

    def page_choices(self) -> Mapping[str, Container[Any]]:
        names = [] if self.fixed else [row["name"] for row in self.models]
        return {"teacher": names, "student": names}

    @traitlets.validate("models")
    def _check_models(self, proposal: Any) -> list[dict]:
        return rows_with("models", proposal["value"], FIELDS)
