"""Out of domain: how sure teacher, student and twin are of pictures that are not theirs."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Dict, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.catalogue import tab
from kdviz.widgets.from_page import BY_PAGE
from kdviz.widgets.measured import MeasuredView
from kdviz.widgets.traits import Packed, one_of

SCORES = ("confidence", "entropy", "energy", "logit")


@tab("domain", "Out of domain", group="holds", place=88)
class Domain(MeasuredView):
    """Histograms of a score on own and on strange pictures, model under model, with how well it tells them apart.

    Python measures while the view is shown (see `kdviz.measure.robustness.outside`); which score and which pictures are
    looked at is the browser's.

    Parameters
    ----------
    **traits
        Values by trait name; `Domain.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value is not among those a trait can take.

    Examples
    --------
    >>> from kdviz.widgets.scene import Scene
    >>> Domain(scene=Scene(view="domain"), score="energy").found
    {}
    """

    _esm, _css = bundle.view(__file__)
    needs_python = True
    follows = ()

    score = Unicode("confidence", help=f"What tells own from strange pictures: {', '.join(SCORES)}.").tag(**BY_PAGE)
    strangers = Unicode("", help="Which strange pictures are looked at, by name; empty: the first.").tag(**BY_PAGE)
    found = Dict(
        help='What was measured: {} or {"n", "confidence", "models": [{"id", "role", "name"}], "sets": [{"name", '
        '"title", "n", "same": whether they are of the same classes, "mean": {id: [own, strange]}, "right": {id: '
        '[right, share, low, high]}, "scores": {score: {"range": [low, high], "bins": {id: [[own], [strange]]}, '
        '"auroc": {id: [value, low, high]}, "difference": {"of", "than", "value": [value, low, high]}}}, "says": '
        '{id: [[class, probability]]}}], "shape": [H, W]}.'
    ).tag(sync=True)
    pictures = Packed("u1", help="Grey values of some strange pictures: set × example × H × W.").tag(sync=True)

    @traitlets.validate("score")
    def _check_score(self, proposal: Any) -> str:
        return one_of("score", proposal["value"], SCORES)

    @traitlets.validate("strangers")
    def _check_strangers(self, proposal: Any) -> str:
        names = ["", *(one["name"] for one in self.found.get("sets", []))]
        return one_of("strangers", proposal["value"], names)
