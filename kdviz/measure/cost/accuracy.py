"""How much of the teacher's accuracy a student keeps, on the same examples."""

from __future__ import annotations

import math
from dataclasses import dataclass

from numpy.typing import ArrayLike

from ...words import number, t
from ..paired import paired_errors


@dataclass(frozen=True)
class Kept:
    """The student's accuracy divided by the teacher's, with its interval.

    Attributes
    ----------
    value : float
        nan if the teacher gets nothing right.
    low, high : float
        Ends of the interval, over test sets of this size: for these two models, not for other seeds.
    confidence : float
    """

    value: float
    low: float
    high: float
    confidence: float

    def written(self) -> str:
        """Return it as a sentence has it: "99.2 % (95 % CI 98.9 % to 99.5 %)"."""
        ends = {"low": number(self.low, ".1%"), "high": number(self.high, ".1%")}
        level = number(100 * self.confidence, "g")
        return t("{kept} ({level}\u202f% CI {low} to {high})", kept=number(self.value, ".1%"), level=level, **ends)


def kept(wrong_student: ArrayLike, wrong_teacher: ArrayLike, confidence: float = 0.95) -> Kept:
    """Return how much of the teacher's accuracy the student keeps.

    Parameters
    ----------
    wrong_student, wrong_teacher : array of bool, shape (N,)
        Whether each gets each example wrong; the same examples in the same order.
    confidence : float
        In (0, 1).

    Raises
    ------
    ValueError
        As :func:`kdviz.measure.paired_errors` does.

    Notes
    -----
    1 − d / r, with d the student's errors − the teacher's and r what the teacher gets right. The interval is that of d,
    which pairs the examples; the noise of r is left out: it scales a difference that is small where a student is worth
    asking about.

    Examples
    --------
    >>> import numpy as np
    >>> student, teacher = np.arange(1000) < 30, np.arange(1000) < 20
    >>> kept(student, teacher).written().replace("\u202f", " ")
    '99.0 % (95 % CI 98.2 % to 99.8 %)'
    """
    import numpy as np

    d = paired_errors(wrong_student, wrong_teacher, confidence)
    right = int((~np.asarray(wrong_teacher)).sum())
    if not right:
        return Kept(math.nan, math.nan, math.nan, confidence)
    return Kept(1 - d.mean / right, max(0.0, 1 - d.high / right), 1 - d.low / right, confidence)
