"""NextTokens: a text under a cursor, and what teacher and student expect at that place."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import traitlets
from traitlets import Bool, Float, Int, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.from_page import BY_HAND, Between
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import Packed, View, WrongTraitError, finite_above_zero, one_of, within

READ_BY = ("student", "teacher")
SLIDER = (0.5, 20.0)  # of T


class NextTokens(View):
    """A text whose tokens are shaded by their surprise, and the soft targets of the one under the cursor.

    All is computed in the browser from logits sent once: softmax at T, the divergence, the surprise. Moving the cursor
    and dragging T send nothing; the release of T sends its value.

    Parameters
    ----------
    **traits
        Values by trait name; `NextTokens.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> text = NextTokens(symbols=["a", "b"], tokens=[0, 1], first=1, teacher_logits=np.zeros((1, 2)))
    >>> text.position_count
    1
    """

    _esm, _css = bundle.view(__file__)
    part = "next"

    scene = SceneTrait()
    symbols = List(Unicode(), help="The V tokens of the vocabulary, as text.").tag(sync=True)
    tokens = List(Int(), help="The text as L numbers of tokens.").tag(sync=True)
    first = Int(1, help="Tokens before this one were given: no model was asked about them.").tag(sync=True)
    teacher_logits = Packed("<f4", help="Teacher's logits for the tokens from `first` on, (L − first)·V float32.").tag(
        sync=True
    )
    student_logits = Packed("<f4", help="Student's logits, the same; empty when there is none.").tag(sync=True)
    student_step = Int(0, help="Step after which the student's logits were taken.").tag(sync=True)
    cursor = Int(-1, help="Place of the token whose soft targets are shown; -1 for one in the middle.").tag(**BY_HAND)
    temperature = Float(2.0, help="T of the soft targets.").tag(**BY_HAND)
    heated = Bool(True, help="Whether training uses this T.").tag(sync=True)
    query = Unicode("", help="The page's link as a query string, for its address.").tag(sync=True)
    read_by = Unicode("student", help=f"Whose surprise is shown: one of {', '.join(READ_BY)}.").tag(**BY_HAND)

    @property
    def position_count(self) -> int:
        """How many tokens the models were asked about."""
        return max(0, len(self.tokens) - self.first)

    def page_choices(self) -> Mapping[str, Container[Any]]:
        return {
            "cursor": Between(-1, max(0, len(self.tokens) - 1)),
            "temperature": Between(*SLIDER),
            "read_by": READ_BY,
        }

    @traitlets.validate("teacher_logits", "student_logits")
    def _check_logits(self, proposal: Any) -> bytes:
        name, value = proposal["trait"].name, proposal["value"]
        wanted = 4 * len(self.symbols) * self.position_count
        if value and len(value) != wanted:
            raise WrongTraitError(
                f"{name} must hold {self.position_count} rows of {len(self.symbols)} float32 numbers "
                f"({wanted} bytes), got {len(value)} bytes"
            )
        return value

    @traitlets.validate("tokens")
    def _check_tokens(self, proposal: Any) -> list[int]:
        for token in proposal["value"]:
            within("tokens", token, 0, max(0, len(self.symbols) - 1))
        return proposal["value"]

    @traitlets.validate("temperature")
    def _check_temperature(self, proposal: Any) -> float:
        return finite_above_zero("temperature", proposal["value"])

    @traitlets.validate("read_by")
    def _check_read_by(self, proposal: Any) -> str:
        return one_of("read_by", proposal["value"], READ_BY)
