"""TwoHumps: a teacher with two humps, a student that has one, and where each direction of KL puts it."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import traitlets
from traitlets import Bool, Float, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.from_page import BY_HAND, Between
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import View, one_of, within

PLACES = ("", "left", "between", "right")
RANGES = {"first": (-4.0, 4.0), "second": (-4.0, 4.0), "share": (0.05, 0.95), "width": (0.3, 1.5)}


class TwoHumps(View):
    """Two humps that are dragged, and the one hump nearest to them by KL(teacher ‖ student) and by the reverse.

    The teacher is ``share · N(first, width²) + (1 − share) · N(second, width²)``, the student ``N(m, s²)``. Both fits
    are made in the browser: that of the first by its mean and variance, that of the second by Newton's method from
    three places. A guess is asked for before they are drawn.

    Parameters
    ----------
    **traits
        Values by trait name; `TwoHumps.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> TwoHumps(first=-1.0, share=0.7).shown
    False
    """

    _esm, _css = bundle.view(__file__)
    part = "humps"

    scene = SceneTrait()
    first = Float(-2.0, help="Where the one hump is.").tag(**BY_HAND)
    second = Float(2.0, help="Where the other hump is.").tag(**BY_HAND)
    share = Float(0.6, help="How much of the probability the first hump has.").tag(**BY_HAND)
    width = Float(0.6, help="Standard deviation of either hump.").tag(**BY_HAND)
    forward_guess = Unicode("", help=f"Where KL(teacher ‖ student) is guessed to settle: one of {PLACES}.").tag(
        **BY_HAND
    )
    reverse_guess = Unicode("", help=f"Where KL(student ‖ teacher) is guessed to settle: one of {PLACES}.").tag(
        **BY_HAND
    )
    shown = Bool(False, help="Whether the fits are drawn: after both guesses, or where none is wanted.").tag(**BY_HAND)

    def page_choices(self) -> Mapping[str, Container[Any]]:
        return {name: Between(low, high) for name, (low, high) in RANGES.items()}

    @traitlets.validate(*RANGES)
    def _check_number(self, proposal: Any) -> float:
        name = proposal["trait"].name
        return within(name, proposal["value"], *RANGES[name])

    @traitlets.validate("forward_guess", "reverse_guess")
    def _check_guess(self, proposal: Any) -> str:
        return one_of(proposal["trait"].name, proposal["value"], PLACES)
