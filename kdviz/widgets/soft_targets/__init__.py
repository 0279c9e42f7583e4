"""SoftTargets: what teacher and student say about fixed probes, at the temperature under the thumb."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

import traitlets
from traitlets import Bool, Dict, Int, List, Unicode

from kdviz.distill.live import WITH_SLIDER
from kdviz.distill.variants import SOFT_LOSSES
from kdviz.widgets import bundle, catalogue
from kdviz.widgets.from_page import BY_PAGE
from kdviz.widgets.live_traits import live_traits, page_bounds
from kdviz.widgets.scene import VIEWS, SceneTrait
from kdviz.widgets.traits import Packed, View, WrongTraitError, one_of, within

SLIDERS = ("temperature", "alpha")  # what the loss of one example depends on
PARTS = (*SLIDERS, "formula", "probes", "bars", "numbers", "sentence")
SCALES = ("linear", "log", "logits")
ON_REQUEST = (
    "adds",
    *(name for name in WITH_SLIDER if name not in SLIDERS),
    "bias",
    "temperatures",
)  # drawn where `shown` names them


catalogue.part("one", "One example", group="knows", place=10)


LiveTraits: Any = live_traits(*SLIDERS, **BY_PAGE)


class SoftTargets(LiveTraits, View):
    """Sliders for temperature and alpha, a strip of probes, mirrored bars, the formula with its numbers.

    All numbers are computed in the browser from logits sent once. Dragging a slider sends nothing; its
    release sends the value. For the probe shown, with p_t = softmax(t / T) and p_s = softmax(s / T)::

        L = alpha · T² · KL(p_t ‖ p_s) + (1 − alpha) · CE(s, y)

    KL and CE are in nats (CE at T = 1), entropies in bits.

    With a ``scene`` its traits stand for those of the same name here: the temperature, the logits, the example
    selected. The strip of probes is not drawn then (``Examples`` is), parts that the scene hides are left out, and
    several of these show different parts of one page. Four parts are drawn only when ``shown`` names them: "adds",
    what the teacher adds to the label [1]_, "fairness", a slider for the weight of ``scene.penalty``, "bias", a
    slider for the bias of ``scene.bias_class`` [2]_, and "temperatures", a table of the likeliest classes at a few T.

    Parameters
    ----------
    **traits
        Values by trait name; `SoftTargets.own_traits()` lists them with their units.

    Raises
    ------
    WrongTraitError
        When a value does not fit, alone or with the others; `update` sets several together.

    References
    ----------
    .. [1] Zhao et al. (2022), Decoupled Knowledge Distillation, eq. 7: KL = TCKD + (1 − p_t(y)) · NCKD.
    .. [2] Hinton, Vinyals, Dean (2015), Distilling the Knowledge in a Neural Network, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> probes = SoftTargets(classes=["cat", "dog"], teacher_logits=np.array([[2.0, 0.0]]), labels=[0])
    >>> len(probes.teacher_logits)
    8
    """

    _esm, _css = bundle.view(__file__)

    scene = SceneTrait()
    views = List(
        Unicode(), help="Hidden unless the scene's `view` is one of these; empty: always there. Without a scene unused."
    ).tag(sync=True)
    loss = Unicode("soft_targets", help=f"The loss that formula and L follow: one of {', '.join(SOFT_LOSSES)}.").tag(
        sync=True
    )
    two_heads = Bool(False, help="Whether the student has a head for the labels and one for the teacher (DeiT).").tag(
        sync=True
    )
    scale = Unicode(
        "linear", help=f"What the bars are as long as: one of {', '.join(SCALES)}; log begins at 1e-6."
    ).tag(**BY_PAGE)
    shown = List(
        Unicode(), default_value=list(PARTS), help=f"Parts that are drawn, of {', '.join(PARTS + ON_REQUEST)}."
    ).tag(sync=True)
    locked = List(Unicode(), help=f"Disabled controls, of {', '.join(SLIDERS)}.").tag(sync=True)
    in_force = Dict(
        help='What training uses: {} or {"temperature": 4, "alpha": 0.9, "step": 200}, since that step.'
    ).tag(sync=True)

    classes = List(Unicode(), help="Names of the C classes, in the order of the logits.").tag(sync=True)
    images = Packed("u1", help="Grey values 0 to 255 of the N probes, N·H·W bytes; empty for rows.").tag(sync=True)
    image_shape = List(Int(), default_value=[0, 0], help="Height and width of one image, in pixels.").tag(sync=True)
    captions = List(Unicode(), help="A text for each probe, for rows without an image; may be empty.").tag(sync=True)
    labels = List(Int(), help="True class of each probe; -1 where it is not known; may be empty.").tag(sync=True)
    selected = Int(0, help="Index of the probe shown, from 0.").tag(**BY_PAGE)

    teacher_logits = Packed("<f4", help="Teacher's logits, N·C float32 numbers row by row.").tag(sync=True)
    student_logits = Packed("<f4", help="Student's logits, the same; empty when there is none.").tag(sync=True)
    student_step = Int(0, help="Step after which the student's logits were taken.").tag(sync=True)
    teacher_name = Unicode("", help="Teacher's name, printed above its bars.").tag(sync=True)
    student_name = Unicode("", help="Student's name, printed above its bars.").tag(sync=True)

    @property
    def probe_count(self) -> int:
        """Number N of probes, from the length of the teacher's logits."""
        return len(self.teacher_logits) // (4 * len(self.classes)) if self.classes else 0

    def page_choices(self) -> Mapping[str, Container[Any]]:
        return {**page_bounds(self, SLIDERS), **dict.fromkeys(self.locked, ())}

    @traitlets.validate("loss")
    def _check_loss(self, proposal: Any) -> str:
        return one_of("loss", proposal["value"], tuple(SOFT_LOSSES))

    @traitlets.validate("views")
    def _check_views(self, proposal: Any) -> list[str]:
        return [one_of("views", view, VIEWS) for view in proposal["value"]]

    @traitlets.validate("scale")
    def _check_scale(self, proposal: Any) -> str:
        return one_of("scale", proposal["value"], SCALES)

    @traitlets.validate("shown")
    def _check_shown(self, proposal: Any) -> list[str]:
        return [one_of("shown", part, PARTS + ON_REQUEST) for part in proposal["value"]]

    @traitlets.validate("locked")
    def _check_locked(self, proposal: Any) -> list[str]:
        return [one_of("locked", control, SLIDERS) for control in proposal["value"]]

    @traitlets.validate("in_force")
    def _check_in_force(self, proposal: Any) -> dict[str, float]:
        value = proposal["value"]
        if value and not {"temperature", "alpha"} <= value.keys():
            raise WrongTraitError(f"in_force must be empty or hold temperature and alpha, got {value}")
        return value

    @traitlets.validate("teacher_logits")
    def _check_teacher_logits(self, proposal: Any) -> bytes:
        value, row = proposal["value"], 4 * len(self.classes)
        if value and not row:
            raise WrongTraitError("teacher_logits need classes, got none: set classes first or both with update()")
        if row and len(value) % row:
            raise WrongTraitError(
                f"teacher_logits must hold N rows of {row // 4} float32 numbers ({row} bytes each), "
                f"got {len(value)} bytes"
            )
        return value

    @traitlets.validate("student_logits")
    def _check_student_logits(self, proposal: Any) -> bytes:
        value, wanted = proposal["value"], len(self.teacher_logits)
        if value and len(value) != wanted:
            raise WrongTraitError(
                f"student_logits must be as long as teacher_logits ({wanted} bytes) or empty, got {len(value)} bytes"
            )
        return value

    @traitlets.validate("images")
    def _check_images(self, proposal: Any) -> bytes:
        value = proposal["value"]
        height, width = _height_and_width(self.image_shape)
        wanted = self.probe_count * height * width
        if value and len(value) != wanted:
            raise WrongTraitError(
                f"images must hold {self.probe_count} × {height} × {width} = {wanted} bytes, got {len(value)}"
            )
        return value

    @traitlets.validate("image_shape")
    def _check_shape(self, proposal: Any) -> list[int]:
        return _height_and_width(proposal["value"])

    @traitlets.validate("captions", "labels")
    def _check_per_probe(self, proposal: Any) -> list:
        name, value = proposal["trait"].name, proposal["value"]
        if value and len(value) != self.probe_count:
            raise WrongTraitError(f"{name} must have one entry for each of {self.probe_count} probes, got {len(value)}")
        if name == "labels" and any(not -1 <= label < len(self.classes) for label in value):
            raise WrongTraitError(f"labels must be in [-1, {len(self.classes) - 1}], got {value}")
        return value

    @traitlets.validate("selected")
    def _check_selected(self, proposal: Any) -> int:
        return int(within("selected", proposal["value"], 0, max(0, self.probe_count - 1)))


def _height_and_width(shape: Sequence[int]) -> list[int]:
    if len(shape) != 2 or min(shape) < 0:
        raise WrongTraitError(f"image_shape must be [height, width] in pixels, got {list(shape)}")
    return list(shape)
