"""The twin: what the same student learns from the labels alone."""

from __future__ import annotations

from dataclasses import replace

from torch import nn

from .live import LIVE
from .objective import Objective, Term
from .plan import Plan
from .terms import HardLabels, LabelSmoothing
from .terms.labels import weight_of_labels

SHARED = ("total_steps", *(name for name, number in LIVE.items() if number.of_twin))  # edits that concern a twin too


def twin_plan(plan: Plan, student: nn.Module, smoothing: float = 0.0) -> Plan:
    """Return the plan of a twin, whose ``student`` is the run's as it began; see :meth:`kdviz.Distillation.twin`."""
    if plan.data.train.labelled == 0:
        raise ValueError("a twin learns from labels alone and the transfer set has none")
    settings = replace(plan.settings, objective=labels_alone(plan.settings.objective, smoothing))
    return replace(plan, teacher=None, teacher_mark="", student=student, settings=settings)


def labels_alone(objective: Objective, smoothing: float = 0.0) -> Objective:
    """Return what a twin learns: labels, smoothed where asked, with the class weights of ``objective``; its penalties.

    >>> from kdviz import SoftTargets
    >>> labels_alone(0.9 * SoftTargets() + 0.1 * HardLabels(weight=[1, 10]))
    1 * HardLabels(weight=(1.0, 10.0))

    A head that learns from the teacher alone learns the labels too, and all heads weigh the same (DeiT's control):

    >>> from kdviz import TokenSoftTargets
    >>> labels_alone(0.9 * TokenSoftTargets() + 0.1 * HardLabels())
    0.5 * HardLabels() + 0.5 * TokenLabels(student='logits.teacher_head', smoothing=0.0)
    """
    weight = weight_of_labels(objective)
    term: Term = HardLabels(weight) if smoothing == 0 else LabelSmoothing(smoothing, weight)
    heads = dict.fromkeys(one.in_twin(smoothing, weight) for one in objective.terms)
    taught = [term, *(head for head in heads if head is not None)]
    kept = ((w, t) for w, t in objective.weighted if t.kept_by_twin)
    return Objective((*((1.0 / len(taught), one) for one in taught), *kept))
