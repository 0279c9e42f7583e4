"""Examples: the watched examples, by what teacher and student make of them at the step under the cursor."""

from __future__ import annotations

from kdviz.widgets import bundle
from kdviz.widgets.scene import InViews


class Examples(InViews):
    """A row of the scene's watched examples with a filter; the one chosen is ``scene.selected``, for all views.

    It is there in the scene's views that ``views`` names, in all where it names none.

    The lists are made in the browser and follow the step under the cursor. With y the true class, t and s the first
    choices of teacher and student: "ambiguous" the 24 whose second choice the teacher gives most at T = 1 |
    "teacher_wrong" t ≠ y | "differ" s ≠ t | "inherited" s = t ≠ y | "new" t = y ≠ s | "corrected" s = y ≠ t |
    "both_right" t = s = y | "both_wrong" t ≠ y and s ≠ y | "all". The filter is ``scene.filter``.

    Parameters
    ----------
    **traits
        Values by trait name; `Examples.own_traits()` lists them.

    Examples
    --------
    >>> from kdviz.widgets.scene import Scene
    >>> Examples(scene=Scene(filter="new")).scene.filter
    'new'
    """

    _esm, _css = bundle.view(__file__)
    part = "examples"
