"""Several models combined into one by the mean of their probabilities."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Literal

import torch
from torch import Tensor, nn

from kdviz.models.inference import answer

Mean = Literal["arithmetic", "geometric"]


class Ensemble(nn.Module):
    """A module that outputs the mean of its members' probabilities, as logits.

    Parameters
    ----------
    members : iterable of nn.Module
        Each returns logits (B, C). They can be tapped as "members.0", "members.1" and so on.
    mean : {"arithmetic", "geometric"}
        Of the probabilities. The geometric one, a normalized product, follows any member that rules out a class.

    Raises
    ------
    ValueError
        Without members, or if the mean is unknown.

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

    def forward(self, *inputs: Any, **named: Any) -> Tensor:
        """Return the logits of the mean (B, C) for a batch: a tensor, several of them, or named ones."""
        batch: Any = named or (inputs[0] if len(inputs) == 1 else inputs)
        outputs = [answer(member, batch, who=f"member {k} of the ensemble") for k, member in enumerate(self.members)]
        if len({logits.shape for logits in outputs}) > 1:
            raise ValueError(
                "the members of an ensemble must have the same classes, got shapes "
                f"{', '.join(str(tuple(logits.shape)) for logits in outputs)}"
            )
        each = torch.stack([torch.log_softmax(logits, -1) for logits in outputs])  # (K, B, C)
        if self.mean == "geometric":
            return each.mean(0)
        return each.logsumexp(0) - math.log(len(self.members))
