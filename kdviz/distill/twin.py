"""The twin: what the same student learns from the labels alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .live import LIVE
from .objective import Objective
from .state import restore
from .terms import HardLabels, LabelSmoothing, Term
from .terms.labels import weight_of_labels

if TYPE_CHECKING:
    from .distillation import Distillation

SHARED = ("total_steps", *(name for name, number in LIVE.items() if number.of_twin))  # edits that concern a twin too


def twin(run: Distillation, smoothing: float = 0.0) -> Distillation:
    """Return the twin of ``run`` at step 0; see :meth:`kdviz.Distillation.twin`."""
    if run.data.train.labelled == 0:
        raise ValueError("a twin learns from labels alone and the transfer set has none")
    objective = labels_alone(run.settings.objective, smoothing)
    with run.lock:
        other = type(run).__new__(type(run))
        student = run._copy("a twin")
        first = run._snapshots.before(0)
        restore(student, first.student, first.extra)
        settings = replace(run.settings, objective=objective)
        other._assemble(None, student, run.data, settings, modes=run._modes, replay=run._replay)
        other.history.edits.extend(e for e in run.history.edits if e.name in SHARED)
        return other


def labels_alone(objective: Objective, smoothing: float = 0.0) -> Objective:
    """Return what a twin learns: labels, smoothed where asked, with the class weights of ``objective``; its penalties.

    >>> from kdviz import SoftTargets
    >>> labels_alone(0.9 * SoftTargets() + 0.1 * HardLabels(weight=[1, 10]))
    1 * HardLabels(weight=(1.0, 10.0))
    """
    weight = weight_of_labels(objective)
    term: Term = HardLabels(weight) if smoothing == 0 else LabelSmoothing(smoothing, weight)
    return Objective(((1.0, term), *((w, t) for w, t in objective.weighted if t.kept_by_twin)))
