"""Calibration: is a model right as often as it is sure, at the step under the cursor?"""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Bool, Int, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.catalogue import tab
from kdviz.widgets.from_page import BY_PAGE
from kdviz.widgets.scene import InViews
from kdviz.widgets.traits import one_of, within

STRATEGIES = ("width", "mass")


@tab("calibration", "Calibration", group="trust", place=70)
class Calibration(InViews):
    """The reliability diagram of teacher and student: over all examples, or the sample while a film plays.

    All is computed in the browser from the scene's logits, and follows its step and run. The same numbers in Python:
    `kdviz.measure.calibration`.

    Parameters
    ----------
    **traits
        Values by trait name; `Calibration.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value is not among those a trait can take.

    Examples
    --------
    >>> from kdviz.widgets.scene import Scene
    >>> Calibration(scene=Scene(view="calibration"), bins=20).strategy
    'width'
    """

    _esm, _css = bundle.view(__file__)

    bins = Int(15, help="Number of bins, 2 to 40.").tag(**BY_PAGE)
    strategy = Unicode("width", help=f"How bins are cut: {' or '.join(STRATEGIES)}.").tag(**BY_PAGE)
    at_temperature = Bool(False, help="Whether the logits are divided by the scene's T first.").tag(**BY_PAGE)

    @traitlets.validate("bins")
    def _check_bins(self, proposal: Any) -> int:
        return int(within("bins", proposal["value"], 2, 40))

    @traitlets.validate("strategy")
    def _check_strategy(self, proposal: Any) -> str:
        return one_of("strategy", proposal["value"], STRATEGIES)
