"""Teacher assistants (TAKD): a large teacher teaches a medium-sized assistant, the assistant teaches the small student.

teacher → assistant → … → student, each step taught by the previous one. The idea is that a student much smaller than
its teacher cannot follow it, and that one in between can translate. Whether the detour is worth its cost is for the
data to decide: compare the last run with one taught by the teacher itself, at equal budget.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from torch import nn

from ...words import mark
from ..distillation import Distillation
from ..objective import Objective
from ..terms import Term
from .generations import frozen, named


def assistant_chain(
    teacher: nn.Module | Distillation,
    students: Iterable[nn.Module],
    data: Any,
    objective: Objective | Term | None = None,
    **training: Any,
) -> Iterator[Distillation]:
    """Yield one run for each student, the first taught by the teacher and each other by the one before.

    Parameters
    ----------
    teacher : nn.Module or Distillation
        The largest.
    students : iterable of nn.Module
        Assistants from large to small, the student last.
    data : Splits, (X, y), Dataset or DataLoader
    objective : Objective or Term, optional
        The same at each step; default :func:`kdviz.hinton`.
    **training
        Arguments of :class:`kdviz.Distillation`, the same at each step.

    Yields
    ------
    Distillation
        Untrained; train it before requesting the next (:func:`train_each` does).

    Raises
    ------
    ValueError
        If a run was not trained before the next was requested.

    Notes
    -----
    A real chain: each step sees only the previous one as its teacher. The chain costs the budget of all its steps.

    References
    ----------
    Mirzadeh, Farajtabar, Li, Levine, Matsukawa, Ghasemzadeh (2020), Improved Knowledge Distillation via Teacher
    Assistant, AAAI, arXiv:1902.03393.

    Examples
    --------
    >>> import torch
    >>> from kdviz import models
    >>> from kdviz.distill.schemes import train_each
    >>> X, y = torch.randn(200, 4), torch.arange(200) % 3
    >>> teacher = models.mlp((32,), inputs=4, classes=3).eval()
    >>> smaller = [models.mlp((width,), inputs=4, classes=3) for width in (16, 4)]
    >>> first, last = train_each(assistant_chain(teacher, smaller, (X, y), epochs=2), progress=False)
    >>> bool((last.teacher(X) == first.student.eval()(X)).all())
    True
    """
    students = tuple(students)
    for n, student in enumerate(students, start=1):
        run = Distillation(frozen(teacher), student, data, objective, **training)
        name = mark("Assistant {n}") if n < len(students) else mark("Student")
        yield named(run, name, n=n)  # the caller trains it
        teacher = run
        training = {"allow_weaker_teacher": True, **training}  # from now on the teacher is a former student
