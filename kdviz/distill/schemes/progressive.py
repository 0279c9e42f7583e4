"""Progressive: first the layers, from the bottom up, then the answers.

Stage by stage: the student's layer learns to give what the teacher's gives (a hint, through a regressor), a deeper
layer after it, and at last the whole student learns soft targets and labels. FitNets has one such hint before the end.
Each stage goes on with the weights of the one before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from torch import nn

from ...words import mark
from ..adapters import Kind
from ..distillation import Distillation
from ..objective import Objective
from ..teacher import Teacher
from ..terms import Hint, Term
from .generations import named, trainable_copy


def progressive(
    teacher: nn.Module | Teacher,
    student: nn.Module,
    data: Any,
    layers: Sequence[tuple[str, str]],
    objective: Objective | Term | None = None,
    *,
    regressor: Kind = "auto",
    hint_epochs: int | None = None,
    **training: Any,
) -> Iterator[Distillation]:
    """Yield one run for each pair of layers, on hints alone, and a last one on the objective.

    Parameters
    ----------
    teacher, student : nn.Module
    data : Splits, (X, y), Dataset or DataLoader
    layers : sequence of (str, str)
        A layer of the student and the teacher's that it learns from, stage by stage, from shallow to deep.
    objective : Objective or Term, optional
        Of the last stage; default :func:`kdviz.hinton`.
    regressor : {"auto", "linear", "conv", "conv-bn"}
        What bridges the shapes; each stage has a new one and leaves it behind.
    hint_epochs : int, optional
        Epochs of each stage of hints; by default as many as the last stage.
    **training
        Arguments of :class:`kdviz.Distillation`, the same for each stage.

    Yields
    ------
    Distillation
        Untrained; train it before asking for the next (:func:`train_each` does). The student given is trained in the
        first stage; later ones go on with copies.

    Raises
    ------
    ValueError
        If there are no layers, or a run was not trained before the next was asked for.

    Notes
    -----
    Stage i: L = MSE(r_i(F_s), F_t), which no layer of the student above the tapped one takes part in. Last stage: the
    objective. The optimizer begins anew with each stage. The budget is that of all stages together: a fair comparison
    gives the student without hints as many epochs.

    FitNets: one pair, from the middle of both networks; a convolutional regressor as large as the sizes ask for, where
    kdviz has a 1×1 one; and in the last stage a weight λ of the soft targets that falls linearly to 1:
    ``objective=kd.schedules.Linear(4, 1) * kd.SoftTargets(3) + kd.HardLabels()``.

    References
    ----------
    Romero, Ballas, Kahou, Chassang, Gatta, Bengio (2015), FitNets: Hints for Thin Deep Nets, ICLR, arXiv:1412.6550.

    Examples
    --------
    >>> import torch
    >>> from kdviz import models
    >>> from kdviz.distill.schemes import train_each
    >>> X, y = torch.randn(200, 4), torch.arange(200) % 3
    >>> teacher = models.mlp((16, 16), inputs=4, classes=3).eval()
    >>> student = models.mlp((4, 4, 4), inputs=4, classes=3)
    >>> stages = progressive(teacher, student, (X, y), [("relu1", "relu1"), ("relu3", "relu2")], epochs=1)
    >>> [run.objective.names for run in train_each(stages, progress=False)]
    [('hint',), ('hint',), ('soft', 'hard')]
    """
    if not layers:
        raise ValueError("progressive needs at least one pair of layers, such as ('relu1', 'relu1'), got none")
    return _stages(teacher, student, data, [Hint(s, t, regressor) for s, t in layers], objective, hint_epochs, training)


def _stages(
    teacher: nn.Module | Teacher,
    student: nn.Module,
    data: Any,
    hints: Sequence[Hint],
    objective: Objective | Term | None,
    hint_epochs: int | None,
    training: dict[str, Any],
) -> Iterator[Distillation]:
    teacher = teacher if isinstance(teacher, Teacher) else Teacher(teacher)  # asked once for all stages
    short = training if hint_epochs is None else {**training, "epochs": hint_epochs}
    for hint in hints:
        run = Distillation(teacher, student, data, hint, **short)
        yield named(run, mark("Hint at {layer}"), layer=", ".join(hint.student))  # the caller trains it
        student = trainable_copy(run)
    yield named(Distillation(teacher, student, data, objective, **training), mark("Soft targets and labels"))
