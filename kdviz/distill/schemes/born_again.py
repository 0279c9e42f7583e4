"""Born-again networks (BAN): a network teaches a fresh copy of itself, generation after generation.

The first generation learns the labels; each later one has the same architecture, new initial weights, and learns the
labels and the previous generation's predictions. All generations together make an ensemble.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from torch import nn

from ... import models
from ...words import mark
from ..distillation import Distillation
from ..objective import Objective
from ..terms import HardLabels, Term, hinton
from .generations import frozen, named

GENERATION = mark("Generation {n}")


def born_again(
    student: nn.Module | Callable[[int], nn.Module],
    data: Any,
    objective: Objective | Term | None = None,
    *,
    generations: int = 3,
    first: Objective | Term | None = None,
    **training: Any,
) -> Iterator[Distillation]:
    """Yield one run for each generation: the first without a teacher, each other taught by the one before.

    Parameters
    ----------
    student : nn.Module or callable
        The first generation, a model built by kdviz: later ones are built with the next seeds. Or a function that
        returns a fresh module for generation 0, 1, 2, …
    data : Splits, (X, y), Dataset or DataLoader
    objective : Objective or Term, optional
        From the second generation on; default ``0.5 * SoftTargets(temperature=1) + 0.5 * HardLabels()``.
    generations : int
        How many in all, at least 2.
    first : Objective or Term, optional
        The first generation's; default :class:`kdviz.HardLabels`.
    **training
        Arguments of :class:`kdviz.Distillation`, the same for each generation: same batches, other initial weights.

    Yields
    ------
    Distillation
        Untrained; train it before requesting the next (:func:`train_each` does). ``ensemble(runs)`` makes the ensemble
        of all students.

    Raises
    ------
    ValueError
        If a run was not trained before the next was requested, or kdviz cannot rebuild the student.

    Notes
    -----
    Half of L = CE(s, y) + KL(σ(t) ‖ σ(s)): labels and the teacher's predictions at T = 1, weighted equally. The paper
    also learns from the teacher alone: ``objective=kd.SoftTargets(1)``. The ensemble averages probabilities.

    No new knowledge enters: compare a generation's gain over the one before with a second network trained on labels
    alone with another seed, and the ensemble with one of as many of these.

    References
    ----------
    Furlanello, Lipton, Tschannen, Itti, Anandkumar (2018), Born-Again Neural Networks, ICML, arXiv:1805.04770.

    Examples
    --------
    >>> import torch
    >>> from kdviz.distill.schemes import ensemble, train_each
    >>> X, y = torch.randn(200, 4), torch.arange(200) % 3
    >>> student = models.mlp((8,), inputs=4, classes=3)
    >>> runs = train_each(born_again(student, (X, y), generations=3, epochs=2), progress=False)
    >>> [run.student.seed for run in runs], runs[0].teacher is None, len(ensemble(runs).members)
    ([0, 1, 2], True, 3)
    """
    if generations < 2:
        raise ValueError(f"generations must be at least 2, the first and one that learns from it, got {generations}")
    make = _maker(student)
    objective = hinton(alpha=0.5, temperature=1.0) if objective is None else objective
    return _generations(make, data, HardLabels() if first is None else first, objective, generations, training)


def _generations(
    make: Callable[[int], nn.Module],
    data: Any,
    first: Objective | Term,
    objective: Objective | Term,
    generations: int,
    training: dict[str, Any],
) -> Iterator[Distillation]:
    run = Distillation(None, make(0), data, first, **training)
    yield named(run, GENERATION, n=1)  # the caller trains it
    training = {"allow_weaker_teacher": True, **training}  # the teacher is the previous student: nothing was swapped
    for generation in range(1, generations):
        run = Distillation(frozen(run), make(generation), data, objective, **training)
        yield named(run, GENERATION, n=generation + 1)


def _maker(student: nn.Module | Callable[[int], nn.Module]) -> Callable[[int], nn.Module]:
    """Return a function that returns the student of a generation."""
    if not isinstance(student, nn.Module):
        return student
    architecture, seed = getattr(student, "architecture", None), getattr(student, "seed", None)
    if architecture is None or seed is None:
        raise ValueError(
            "a student that is a module of your own cannot be rebuilt; pass a function that returns a fresh one "
            "for each generation: born_again(lambda generation: MyNet(), ...)"
        )
    return lambda generation: student if generation == 0 else models.build(architecture, seed=seed + generation)
