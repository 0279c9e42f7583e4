"""DigitPad: draw a digit of your own; teacher and student answer while you draw."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import traitlets
from traitlets import Int, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.catalogue import tab
from kdviz.widgets.from_page import BY_PAGE, MOST_WHOLE, Between
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import Packed, View, one_of


@tab("draw", "Your own digit", group="knows", place=30, images=True)
class DigitPad(View):
    """A square pad, the picture the models get of it, their answers, and what each stroke did to them.

    Strokes are kept in the browser and rendered there as MNIST's digits were made: the ink is cropped, scaled so that
    its longer side is 20 of 28 pixels, and placed by whole pixels with its centre of mass at (14, 14), counting pixels
    from 0 as MNIST's own digits have it. A drawing that starts from an example, or of anything but digits, stays where
    it is.

    The page sets `pixels` and raises `asked` in one message, then waits: whoever answers sets the logits and
    `answered` to the `asked` it has answered. Until then nothing more is sent, so no queue can build up.

    Parameters
    ----------
    **traits
        Values by trait name; `DigitPad.own_traits()` lists them with their units.

    Examples
    --------
    >>> pad = DigitPad()
    >>> pad.observe(lambda change: pad.update(teacher_logits=[0.0] * 10, answered=change.new), "asked")
    >>> pad.set_state({"pixels": bytes(784), "asked": 1})
    >>> pad.answered
    1
    """

    _esm, _css = bundle.view(__file__)
    needs_python = True

    scene = SceneTrait()
    views = List(Unicode(), default_value=["draw"], help="The scene's views in which the pad is shown.").tag(sync=True)
    scale = Unicode("linear", help='Scale of the bars: "linear" or "log" (from 1e-6).').tag(**BY_PAGE)

    pixels = Packed("u1", help="The drawing, H·W grey values 0 to 255, set by the page.").tag(**BY_PAGE)
    asked = Int(0, help="Number of the question that `pixels` is, set by the page.").tag(**BY_PAGE)
    answered = Int(0, help="Number of the last question answered.").tag(sync=True)
    teacher_logits = Packed("<f4", help="Teacher's C logits for that drawing; empty where it had no answer.").tag(
        sync=True
    )
    student_logits = Packed("<f4", help="Student's C logits for it; empty when there is none.").tag(sync=True)
    student_step = Int(0, help="Optimiser step after which the student was asked.").tag(sync=True)
    student_name = Unicode("", help="Name of the student asked.").tag(sync=True)
    note = Unicode("", help="One sentence when a drawing could not be answered.").tag(sync=True)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the page sends; a drawing that is no bytes becomes an empty one, a number that is none is left out.

        Whoever answers tells the page about an empty drawing: a page's mistake is no traceback in the kernel.
        """
        taken = dict(sync_data)
        if not isinstance(taken.get("pixels", b""), bytes | bytearray | memoryview):
            taken["pixels"] = b""
        if type(taken.get("asked", 0)) is not int:
            del taken["asked"]
        super().set_state(taken)

    def page_choices(self) -> Mapping[str, Container[Any]]:
        return {"asked": Between(0, MOST_WHOLE)}

    @traitlets.validate("scale")
    def _check_scale(self, proposal: Any) -> str:
        return one_of("scale", proposal["value"], ("linear", "log"))
