"""Deep mutual learning (DML): no teacher, but peers that learn together from each other's predictions.

Each network k learns L_k = CE(z_k, y) + 1/(K − 1) · Σ_{l ≠ k} KL(σ(z_l) ‖ σ(z_k)), the others held fixed. One of them
is the student of the run, the others are its peers: they are kept in snapshots and replayed with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from ... import models
from ..distillation import Distillation
from ..objective import Objective
from ..schedules import Hyperparameter
from ..terms import HardLabels, Mutual, Term
from .term_of import term_of


def mutual_learning(
    students: Sequence[nn.Module],
    data: Any,
    objective: Objective | Term | None = None,
    *,
    weight: Hyperparameter = 1.0,
    temperature: Hyperparameter = 1.0,
    **training: Any,
) -> Distillation:
    """Return a run in which students teach each other.

    Parameters
    ----------
    students : sequence of nn.Module
        K ≥ 2, alike or not, with different initial weights. The first is the run's student, trained in place; copies
        of the others are its peers (see :func:`peers`).
    data : Splits, (X, y), Dataset or DataLoader
        Examples without a label count for the agreement alone.
    objective : Objective or Term, optional
        What the student learns beside the agreement; default :class:`kdviz.HardLabels`. Of its terms the peers share
        ``HardLabels``.
    weight : float or Schedule
        Of the agreement. Live: ``run.edit(weight_mutual=0.5)``.
    temperature : float or Schedule
        T > 0. Live: ``run.edit(mutual_temperature=2)``.
    **training
        Arguments of :class:`kdviz.Distillation`; the optimizer is one for all.

    Returns
    -------
    Distillation
        Its twin is the student alone: same seed, same batches, no peers.

    Raises
    ------
    ValueError
        With fewer than two students, or two of the same weights.

    Notes
    -----
    See :class:`kdviz.Mutual` for the formula and where public code differs. Peers as kdviz builds them, not yet
    trained, are written to recipes by architecture and seed; a run with peers of another kind cannot be saved.

    References
    ----------
    Zhang, Xiang, Hospedales, Lu (2018), Deep Mutual Learning, CVPR, arXiv:1706.00384.

    Examples
    --------
    >>> X, y = torch.randn(200, 4), torch.arange(200) % 3
    >>> students = [models.mlp((8,), inputs=4, classes=3, seed=seed) for seed in range(3)]
    >>> run = mutual_learning(students, (X, y), epochs=2).train(progress=False)
    >>> len(peers(run)), run.history.columns[:3]
    (2, ('loss', 'hard', 'mutual'))
    """
    students = tuple(students)
    if len(students) < 2:
        raise ValueError(f"mutual learning needs at least two students, got {len(students)}")
    for k, other in enumerate(students[1:], start=1):
        if any(_same_weights(other, before) for before in students[:k]):
            raise ValueError(
                f"student {k} has the weights of one before it, so they would say the same and learn nothing from each "
                "other; give each another seed"
            )
    others = tuple(_written_down(student) for student in students[1:])
    objective = HardLabels() if objective is None else objective
    return Distillation(None, students[0], data, objective + weight * Mutual(others, temperature), **training)


def peers(run: Distillation) -> tuple[nn.Module, ...]:
    """Return the networks that learn beside the student of a run, as they are now.

    Parameters
    ----------
    run : Distillation
        With a :class:`kdviz.Mutual` term.

    Returns
    -------
    tuple of nn.Module
        Not copies: train the run and they learn on. ``kd.schemes.frozen(peer)`` keeps one as it is.

    Raises
    ------
    ValueError
        If the run's objective has no such term.

    Examples
    --------
    >>> X, y = torch.randn(200, 4), torch.arange(200) % 3
    >>> student = models.mlp((8,), inputs=4, classes=3)
    >>> len(peers(Distillation(None, student, (X, y), HardLabels() + Mutual(peers=3))))
    3
    """
    return tuple(term_of(run, Mutual, "peers")[1])


def _written_down(student: nn.Module) -> dict[str, Any] | nn.Module:
    """Return a student's architecture and seed where they say all of it, else the student."""
    architecture, seed = getattr(student, "architecture", None), getattr(student, "seed", None)
    if architecture is None or seed is None or not _same_weights(student, models.build(architecture, seed=seed)):
        return student
    return {**architecture, "seed": seed}


def _same_weights(a: nn.Module, b: nn.Module) -> bool:
    ours, theirs = a.state_dict(), b.state_dict()
    return ours.keys() == theirs.keys() and all(
        ours[name].shape == theirs[name].shape and torch.equal(ours[name].cpu(), theirs[name].cpu()) for name in ours
    )
