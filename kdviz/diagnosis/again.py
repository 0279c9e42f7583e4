"""The same run again, with some of its settings changed."""

from __future__ import annotations

from typing import Any

from ..distill import Distillation


def again(run: Distillation, **changes: Any) -> Distillation:
    """Return a copy of a run at its start, with some settings changed.

    Parameters
    ----------
    run : Distillation
        The run to repeat; not changed.
    **changes
        Arguments of :class:`kdviz.Distillation`: teacher, student, data, objective, epochs, ... All others are those
        the run started with: the student's first weights, the objective without later edits.

    Returns
    -------
    Distillation
        At step 0.

    Raises
    ------
    ValueError, TypeError
        Those of :class:`kdviz.Distillation`.

    Examples
    --------
    >>> import torch, kdviz as kd
    >>> X, y = torch.randn(200, 4), torch.randint(0, 3, (200,))
    >>> teacher = kd.models.mlp(hidden=(16,), inputs=4, classes=3).eval()
    >>> run = Distillation(teacher, kd.models.mlp(hidden=(4,), inputs=4, classes=3), (X, y), allow_weaker_teacher=True)
    >>> again(run, epochs=2, objective=kd.hinton(temperature=8))
    Distillation(0.9 * SoftTargets(temperature=8.0) + 0.1 * HardLabels(), yours, step 0 of 4)
    """
    settings = run.settings
    parts = {
        "teacher": run.teacher,
        "student": None if "student" in changes else run.at(0),
        "data": run.data,
        "objective": settings.objective,
    }
    numbers = (
        "optimizer",
        "weight_decay",
        "learning_rate",
        "batch_size",
        "epochs",
        "seed",
        "augment",
        "snapshot_every",
    )
    same = {**parts, **{name: getattr(settings, name) for name in numbers}, "allow_weaker_teacher": True}
    return Distillation(**(same | changes))
