"""The twin: what the same student learns from the labels alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .objective import Objective
from .state import restore
from .terms import HardLabels, LabelSmoothing, Term

if TYPE_CHECKING:
    from .distillation import Distillation

SHARED = ("learning_rate", "total_steps", "fairness")  # edits that concern a twin too


def twin(run: Distillation, smoothing: float = 0.0) -> Distillation:
    """Return the twin of ``run`` at step 0; see :meth:`kdviz.Distillation.twin`."""
    if run.data.train.labelled == 0:
        raise ValueError("a twin learns from labels alone and the transfer set has none")
    term: Term = HardLabels() if smoothing == 0 else LabelSmoothing(smoothing)
    penalties = tuple((weight, t) for weight, t in run.settings.objective.weighted if t.penalty)
    with run.lock:
        other = type(run).__new__(type(run))
        student = run._copy("a twin")
        first = run._shelf.before(0)
        restore(student, first.student, first.extra)
        settings = replace(run.settings, objective=Objective(((1.0, term), *penalties)))
        other._assemble(None, student, run.data, settings, modes=run._modes, replay=run._replay)
        other.history.edits.extend(e for e in run.history.edits if e.name in SHARED)
        return other
