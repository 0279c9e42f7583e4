"""DarkKnowledge: what teacher and student say over many examples, at the temperature and step under the thumb."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Bool, Unicode

from kdviz.distill.variants import SOFT_LOSSES
from kdviz.widgets import bundle
from kdviz.widgets.catalogue import tab
from kdviz.widgets.from_page import BY_PAGE
from kdviz.widgets.scene import InViews
from kdviz.widgets.traits import one_of

HEAT_MAPS = ("teacher", "student", "difference")


@tab("many", "Many examples", group="knows", place=20)
class DarkKnowledge(InViews):
    """Four figures over the scene's sample: mean soft targets, nearest classes, entropy and mass, the gradient's share.

    All is computed in the browser from the scene's logits, and follows its T, alpha, step and run. The same numbers in
    Python: `kdviz.measure.dark_knowledge`.

    Parameters
    ----------
    **traits
        Values by trait name; `DarkKnowledge.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value is not among those a trait can take.

    Examples
    --------
    >>> from kdviz.widgets.scene import Scene
    >>> DarkKnowledge(scene=Scene(view="many"), loss="without_t2").loss
    'without_t2'
    """

    _esm, _css = bundle.view(__file__)

    loss = Unicode("soft_targets", help=f"The soft term in use: {', '.join(SOFT_LOSSES)}.").tag(sync=True)
    heat_map = Unicode("teacher", help=f"What the heat map shows: {', '.join(HEAT_MAPS)}.").tag(**BY_PAGE)
    diagonal = Bool(False, help="Whether the heat map's colours reach to the diagonal.").tag(**BY_PAGE)

    @traitlets.validate("loss")
    def _check_loss(self, proposal: Any) -> str:
        return one_of("loss", proposal["value"], tuple(SOFT_LOSSES))

    @traitlets.validate("heat_map")
    def _check_heat_map(self, proposal: Any) -> str:
        return one_of("heat_map", proposal["value"], HEAT_MAPS)
