"""Inside: the layers of both models drawn, the loss around the student, and how its layers came to be."""

from __future__ import annotations

from traitlets import Dict

from kdviz.widgets import bundle
from kdviz.widgets.catalogue import tab
from kdviz.widgets.measured import MeasuredView
from kdviz.widgets.traits import Packed


@tab("inside", "Inside", group="looks", place=65)
class Inside(MeasuredView):
    """A layer of each model in two dimensions, whose points select examples; on request, the loss around the student.

    The numbers are Python's (see `kdviz.measure.representation` and `kdviz.measure.landscape`). The button sends the
    custom message `{"command": "across"}`, and `{"command": "stop"}`.

    Parameters
    ----------
    **traits
        Values by trait name; `Inside.own_traits()` lists them.

    Examples
    --------
    >>> from kdviz.widgets.scene import Scene
    >>> Inside(scene=Scene(view="inside")).drawn
    {}
    """

    _esm, _css = bundle.view(__file__)
    needs_python = True
    follows = ()

    drawn = Dict(
        help='What the points are of: {} or {"ids", "layers", "explained": by the teacher, the student and, if there '
        'is one, another run; "rest", "n", "said"}.'
    ).tag(sync=True)
    teacher_points = Packed("<f4", help="Two coordinates of each of the first n examples, by the teacher.").tag(
        sync=True
    )
    student_points = Packed("<f4", help="The same by the student.").tag(sync=True)
    beside_points = Packed("<f4", help="The same by another run, such as its twin; may be empty.").tag(sync=True)
    across = Dict(help='What was measured on request: {} or {"n", "plane", "sharpness", "probes", "training"}.').tag(
        sync=True
    )
