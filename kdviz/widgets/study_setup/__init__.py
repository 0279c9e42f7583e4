"""StudySetup: what a study varies, what it holds still, how many seeds and epochs; and how long it would take."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Bool, Dict, Int, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import View, rows_with

FIELDS = ("name", "title", "axis", "options", "chosen")


class StudySetup(View):
    """Two axes with their values as check boxes, all else as selects.

    A choice sends the custom message `{"command": "choose", "name": field, "value": text}` (see `on_msg`), the text as
    a link has it: the values of an axis with commas between. ``answer`` counts the answers, so that a choice that was
    refused is taken back on the page.

    Parameters
    ----------
    **traits
        Values by trait name; `StudySetup.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> StudySetup(fields=[{"name": "alpha", "title": "α", "axis": "x", "options": [], "chosen": []}]).locked
    False
    """

    _esm, _css = bundle.view(__file__)
    part = "setup"
    needs_python = True

    scene = SceneTrait()
    fields = List(
        Dict(),
        help='Settings: {"name", "title", "axis": "x", "y" or "", "options": [{"value", "text"}], "chosen": [value]}; '
        'with "group": "budget" those of the budget.',
    ).tag(sync=True)
    axes = List(Dict(), help='What can be an axis: {"value", "text"}.').tag(sync=True)
    size = Unicode("", help="How many cells, seeds and twins that is.").tag(sync=True)
    estimate = Unicode("", help="How long what is left would take, or why it is too much for a page.").tag(sync=True)
    too_much = Bool(False, help="Whether it cannot be started for that.").tag(sync=True)
    locked = Bool(False, help="True while a study is under way.").tag(sync=True)
    locked_reason = Unicode("", help="Why nothing can be chosen now.").tag(sync=True)
    answer = Int(0, help="How many choices were answered.").tag(sync=True)

    @traitlets.validate("fields")
    def _check_fields(self, proposal: Any) -> list[dict]:
        return rows_with("fields", proposal["value"], FIELDS)
