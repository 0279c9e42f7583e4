"""Gradients: how strongly each term of an objective pulls the student, and whether the terms pull the same way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..distill import Distillation


@dataclass(frozen=True)
class TermGradients:
    """The terms of a run on its next batch.

    Attributes
    ----------
    step : int
        Steps that the student has been trained for.
    names : tuple of str
        Names of the K terms, as in the history.
    values : tuple of float
        The terms, unweighted.
    weights : tuple of float
        Their current weights.
    norms : tuple of float
        Norm of the gradient of weight · value with respect to the student's parameters.
    cosines : tuple of tuple of float, K × K
        Between these gradients: 1 the same direction, 0 orthogonal, −1 opposite; nan if one has norm 0.
    """

    step: int
    names: tuple[str, ...]
    values: tuple[float, ...]
    weights: tuple[float, ...]
    norms: tuple[float, ...]
    cosines: tuple[tuple[float, ...], ...]


def term_gradients(run: Distillation) -> TermGradients:
    """Return the gradient of each term on the next batch; the run is not changed.

    Parameters
    ----------
    run : Distillation

    Returns
    -------
    TermGradients

    Notes
    -----
    It costs about one step per term. Randomness (dropout, augmentation) is that of the step to come, so that the
    weighted gradients add up to the one that it will take.

    Examples
    --------
    >>> import kdviz as kd
    >>> X, y = torch.randn(60, 4), torch.randint(0, 3, (60,))
    >>> teacher, student = (kd.models.mlp((8,), inputs=4, classes=3, seed=seed) for seed in (0, 1))
    >>> pulls = term_gradients(kd.Distillation(teacher.eval(), student, (X, y)))
    >>> pulls.names, len(pulls.norms), round(pulls.cosines[0][0], 6)
    (('soft', 'hard'), 2, 1.0)
    """
    names, values, weights, gradients = [], [], [], []
    with run.next_terms() as terms:
        parameters = [p for p in run.student.parameters() if p.requires_grad]
        for name, weight, value in terms:
            names.append(name)
            weights.append(weight)
            values.append(value.detach())
            gradients.append(_flat(weight * value, parameters))
    together = torch.stack(gradients)  # (K, parameters)
    norms = together.norm(dim=1)
    cosines = (together @ together.T) / (norms[:, None] * norms[None])
    return TermGradients(
        run.steps_done,
        tuple(names),
        tuple(torch.stack(values).tolist()),
        tuple(weights),
        tuple(norms.tolist()),
        tuple(tuple(row) for row in cosines.tolist()),
    )


def _flat(loss: Tensor, parameters: Sequence[Tensor]) -> Tensor:
    """Return the gradient of ``loss`` as one vector in float64, 0 where a parameter plays no part."""
    if not loss.requires_grad:
        return torch.cat([torch.zeros_like(p, dtype=torch.float64).flatten() for p in parameters])
    found = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
    return torch.cat(
        [(torch.zeros_like(p) if g is None else g).double().flatten() for p, g in zip(parameters, found, strict=True)]
    )
