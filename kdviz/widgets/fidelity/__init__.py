"""Fidelity: how far the student does as its teacher does, at the temperature and the step under the thumb."""

from __future__ import annotations

from kdviz.widgets import bundle
from kdviz.widgets.catalogue import tab
from kdviz.widgets.scene import InViews


@tab("fidelity", "Fidelity", group="knows", place=40)
class Fidelity(InViews):
    """Agreement, the 2×2 of right and wrong, and each class: over all examples, or the sample while a film plays.

    All is computed in the browser from the scene's logits, and follows its T, step and run. A cell that is pressed sets
    ``scene.filter``, which lists as many examples as it counts. The same numbers in Python: `kdviz.measure.fidelity`.

    Parameters
    ----------
    **traits
        Values by trait name; `Fidelity.own_traits()` lists them.

    Examples
    --------
    >>> from kdviz.widgets.scene import Scene
    >>> Fidelity(scene=Scene(view="fidelity")).views
    ['fidelity']
    """

    _esm, _css = bundle.view(__file__)
