"""Several models that answer as one: by the mean of their probabilities."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

import torch
from torch import Tensor, nn

from ..distillation import Distillation
from .generations import frozen

Mean = Literal["arithmetic", "geometric"]


class Ensemble(nn.Module):
    """A module that answers with the mean of its members' probabilities.

    Parameters
    ----------
    members : iterable of nn.Module
        Each maps inputs (B, ...) to logits (B, C). They can be tapped as "members.0", "members.1" and so on.
    mean : {"arithmetic", "geometric"}
        Of the probabilities. The geometric one, a product once it is normalised, trusts whoever rules a class out.

    Raises
    ------
    ValueError
        Without members, or if the mean is not known.

    Notes
    -----
    log (1/K) Σ_k σ(z_k), or (1/K) Σ_k log σ(z_k): logits of the mean at T = 1. Softening the arithmetic mean is not the
    mean of softened members; :class:`kdviz.MultiTeacher` softens each member first.

    Examples
    --------
    >>> from kdviz import models
    >>> both = Ensemble(models.mlp((8,), inputs=4, classes=3, seed=seed) for seed in range(2))
    >>> x = torch.zeros(1, 4)
    >>> torch.allclose(both(x).exp(), sum(m(x).softmax(1) for m in both.members) / 2)
    True
    """

    def __init__(self, members: Iterable[nn.Module], mean: Mean = "arithmetic") -> None:
        super().__init__()
        self.members, self.mean = nn.ModuleList(members), mean
        if len(self.members) == 0:
            raise ValueError("an ensemble needs at least one member, got none")
        if mean not in ("arithmetic", "geometric"):
            raise ValueError(f'mean must be "arithmetic" or "geometric", got {mean!r}')

    def forward(self, inputs: Tensor) -> Tensor:
        each = torch.stack([torch.log_softmax(member(inputs), 1) for member in self.members])  # (K, B, C)
        if self.mean == "geometric":
            return each.mean(0)
        return each.logsumexp(0) - math.log(len(self.members))


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
