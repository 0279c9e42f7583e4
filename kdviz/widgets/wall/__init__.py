"""Wall: forty images of a class that the student never saw and forty others, turning under the bias slider."""

from __future__ import annotations

from traitlets import Dict

from kdviz.widgets import bundle
from kdviz.widgets.catalogue import tab
from kdviz.widgets.measured import MeasuredView


@tab("wall", "Never seen", group="knows", place=35, images=True, omitted=True)
class Wall(MeasuredView):
    """Images of the class left out of training and of the others, each framed by whether the student answers it right.

    The images are the first of the scene's random sample, so that nobody chose them. The browser counts and draws them,
    at the step and the bias under the thumb. The button sends the custom message ``{"command": "across"}``; the answer
    comes as ``best``, and with it the scene's bias.

    Parameters
    ----------
    **traits
        Values by trait name; `Wall.own_traits()` lists them.

    Examples
    --------
    >>> from kdviz.widgets.scene import Scene
    >>> Wall(scene=Scene(view="wall")).views
    ['wall']
    """

    _esm, _css = bundle.view(__file__)

    best = Dict(
        help='The bias with the fewest errors on validation data: {} or {"run", "step", "bias", "before", "after"}; '
        'before and after, with the bias at 0 and raised: {"own", "own_n", "others", "others_n"}, right and counted of '
        "the class left out and of all others."
    ).tag(sync=True)
