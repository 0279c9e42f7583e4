"""Several models that answer as one: by the mean of their probabilities."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from ...models.ensemble import Ensemble, Mean
from ..distillation import Distillation
from .generations import frozen


def ensemble(learned: Iterable[Distillation | nn.Module], mean: Mean = "arithmetic") -> Ensemble:
    """Return an ensemble of frozen copies of what was learned: in eval mode, without gradients.

    Parameters
    ----------
    learned : iterable of Distillation or nn.Module
        Of runs, their students.
    mean : {"arithmetic", "geometric"}

    Returns
    -------
    Ensemble

    Raises
    ------
    ValueError
        Without any, or if a run was not trained.

    References
    ----------
    The ensemble of all generations, BANE: Furlanello et al. (2018), Born-Again Neural Networks, arXiv:1805.04770.

    Examples
    --------
    >>> from kdviz import models
    >>> ensemble([models.mlp((8,), inputs=4, classes=3)]).training
    False
    """
    return Ensemble((frozen(each) for each in learned), mean).eval()
