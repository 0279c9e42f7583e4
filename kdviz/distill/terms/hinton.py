"""The usual objective: soft targets and hard labels, balanced by alpha."""

from __future__ import annotations

from .. import symbols
from ..live import LIVE
from ..objective import Objective, shares
from ..schedules import Hyperparameter
from .labels import HardLabels
from .response import SoftTargets


@symbols.checked
def hinton(
    alpha: Hyperparameter = 0.9, temperature: Hyperparameter = 4.0, term: type[SoftTargets] = SoftTargets
) -> Objective:
    """Return alpha · term(temperature) + (1 − alpha) · HardLabels().

    Parameters
    ----------
    alpha : float or Schedule
        In [0, 1], the weight of the soft term.
    temperature : float or Schedule
        T > 0.
    term : class
        The soft term: :class:`SoftTargets`, or :class:`ReverseKL` or another class derived from it.

    Examples
    --------
    >>> hinton(alpha=0.5, temperature=2)
    0.5 * SoftTargets(temperature=2.0) + 0.5 * HardLabels()
    >>> from kdviz import ReverseKL
    >>> hinton(alpha=0.5, temperature=1, term=ReverseKL)
    0.5 * ReverseKL(temperature=1.0) + 0.5 * HardLabels()
    """
    LIVE["alpha"].check(alpha)
    if not (isinstance(term, type) and issubclass(term, SoftTargets)):
        raise TypeError(f"term must be SoftTargets or a class derived from it, such as ReverseKL, got {term!r}")
    soft, hard = shares(alpha)
    return soft * term(temperature) + hard * HardLabels()
