"""Bias: how each model treats each group, how far the groups lie apart, and what that costs in accuracy."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import traitlets
from traitlets import Dict, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.catalogue import tab
from kdviz.widgets.from_page import BY_PAGE
from kdviz.widgets.measured import MeasuredView
from kdviz.widgets.traits import one_of

RATES = ("selection_rate", "true_positive_rate", "false_positive_rate", "accuracy")


@tab("bias", "Bias", group="trust", place=80)
class Bias(MeasuredView):
    """One rate of each group, model beside model, with the gaps, the accuracies and what may be said of them.

    The numbers of all groupings and rates are Python's (see `kdviz.measure.bias`) and come at once; which of them are
    looked at is the browser's.

    Parameters
    ----------
    **traits
        Values by trait name; `Bias.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value is not among those a trait can take.

    Examples
    --------
    >>> from kdviz.widgets.scene import Scene
    >>> Bias(scene=Scene(view="bias"), rate="accuracy").grouping
    ''
    """

    _esm, _css = bundle.view(__file__)

    grouping = Unicode("", help="The grouping shown; one that is not there: the first.").tag(**BY_PAGE)
    rate = Unicode(
        "selection_rate", help=f"The rate shown: {', '.join(RATES)}; of more than two classes always the last."
    ).tag(**BY_PAGE)
    found = Dict(
        help='All numbers: {} or {"n", "positive", "confidence", "resamples", "models": [{"id", "step"}], "accuracy", '
        '"groupings", "notes", "proxies": {column: sentence}}; a model is "teacher" or the id of a run.'
    ).tag(sync=True)
    frontier = Dict(
        help='What a penalty buys and costs, recorded: {} or {"grouping", "rows": [{"penalty", "title", "weight", '
        '"accuracy", "parity", "odds", "sd"}], "teacher": {"accuracy", "parity", "odds"}, "says"}.'
    ).tag(sync=True)

    def page_choices(self) -> Mapping[str, Container[Any]]:
        return {"grouping": [one["name"] for one in self.found.get("groupings", ())]}

    @traitlets.validate("rate")
    def _check_rate(self, proposal: Any) -> str:
        return one_of("rate", proposal["value"], RATES)
