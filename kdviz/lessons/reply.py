"""What is said to an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..words import t


@dataclass(frozen=True)
class Reply:
    """What is said to an answer.

    Attributes
    ----------
    sentence : str
        What there is to say, for the learner.
    right : bool or None
        None where an answer is neither right nor wrong, or where the truth is not known yet.
    distance : float or None
        Of a prediction from what came; its unit is the question's.
    """

    sentence: str
    right: bool | None = None
    distance: float | None = None

    @property
    def text(self) -> str:
        """The verdict, where there is one, and the sentence."""
        verdict = {True: t("Right."), False: t("Not this time."), None: ""}[self.right]
        return f"{verdict} {self.sentence}".strip()

    def __str__(self) -> str:
        return self.text

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self.text)
