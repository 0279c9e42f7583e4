"""Privacy: can one tell from the answers of each model which examples it was trained on?"""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Dict, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.catalogue import tab
from kdviz.widgets.from_page import BY_PAGE
from kdviz.widgets.measured import MeasuredView
from kdviz.widgets.traits import one_of

ATTACKS = ("loss", "calibrated")


@tab("privacy", "Privacy", group="trust", place=85)
class Privacy(MeasuredView):
    """The ROC curve of membership inference on log axes, model beside model, its numbers, and what may be said of them.

    The numbers are Python's (see `kdviz.measure.privacy`). The button sends the custom message
    `{"command": "across"}`, for the attack that is calibrated by reference models, and `{"command": "stop"}`.

    Parameters
    ----------
    **traits
        Values by trait name; `Privacy.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value is not among those a trait can take.

    Examples
    --------
    >>> from kdviz.widgets.scene import Scene
    >>> Privacy(scene=Scene(view="privacy")).attack
    'loss'
    """

    _esm, _css = bundle.view(__file__)
    follows = ()

    attack = Unicode("loss", help=f"Whose numbers are shown: {' or '.join(ATTACKS)}.").tag(**BY_PAGE)
    found = Dict(
        help='What the loss gives away: {} or {"members", "others", "at", "confidence", "models", "said", "notes", '
        '"passes"}.'
    ).tag(sync=True)
    across = Dict(help="The same, calibrated by reference models; {} before it was asked for.").tag(sync=True)

    @traitlets.validate("attack")
    def _check_attack(self, proposal: Any) -> str:
        return one_of("attack", proposal["value"], ATTACKS)
