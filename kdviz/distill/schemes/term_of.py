"""The term that makes a run one of a scheme, and the module that learns for it."""

from __future__ import annotations

from typing import Any, TypeVar

from ..distillation import Distillation
from ..terms import Term

Kind = TypeVar("Kind", bound=Term)


def term_of(run: Distillation, kind: type[Kind], what: str) -> tuple[Kind, Any]:
    """Return the term of a kind in a run's objective, and its auxiliary module.

    Parameters
    ----------
    run : Distillation
    kind : class
        A kind of term that has an auxiliary module.
    what : str
        What the term would have given, for the error: "peers".

    Returns
    -------
    (Term, nn.Module)

    Raises
    ------
    ValueError
        If the objective has no such term.

    Examples
    --------
    >>> import torch
    >>> from kdviz import HardLabels, Mutual, models
    >>> X, y = torch.randn(200, 4), torch.arange(200) % 3
    >>> run = Distillation(None, models.mlp((8,), inputs=4, classes=3), (X, y), HardLabels() + Mutual(peers=3))
    >>> len(term_of(run, Mutual, "peers")[1])
    3
    """
    for name, term in zip(run.objective.names, run.objective.terms, strict=True):
        if isinstance(term, kind):
            return term, run.auxiliary[name]
    raise ValueError(f"{run} has no kd.{kind.__name__} term and so no {what}")
