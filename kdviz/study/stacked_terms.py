"""The losses of runs that are trained together: soft targets and labels, each run with numbers of its own."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ..distill import HardLabels, LabelSmoothing, Objective, ReverseKL, SoftTargets, Term
from ..distill.schedules import Hyperparameter, Schedule, value_at
from ..losses.labels import UNLABELLED
from ..losses.softening import weighted_log_ratio

SOFT, LABELS = (SoftTargets, ReverseKL), (HardLabels, LabelSmoothing)


def stackable(objective: Objective) -> bool:
    """Whether an objective is at most one term on soft targets and at most one on labels, of those written out here.

    >>> stackable(0.9 * SoftTargets(4) + 0.1 * HardLabels()), stackable(1.0 * SoftTargets(4) + SoftTargets(1))
    (True, False)
    """
    soft = [t for t in objective.terms if type(t) in SOFT]
    labels = [t for t in objective.terms if type(t) in LABELS]
    return len(soft) <= 1 and len(labels) <= 1 and all(_plain(t) for t in objective.terms)


def _plain(term: Term) -> bool:
    """Whether a term is one of these kinds, with nothing but its number set."""
    if isinstance(term, SoftTargets) and type(term) in SOFT:
        return bool(term == type(term)(term.temperature))
    if isinstance(term, LabelSmoothing):
        return bool(term == LabelSmoothing(term.smoothing))
    return bool(term == HardLabels())


class StackedTerms:
    """The objectives of M runs, for which `stackable` holds, as one loss each.

    Parameters
    ----------
    objectives : sequence of Objective
        M of them.
    """

    def __init__(self, objectives: Sequence[Objective]) -> None:
        soft = [next(((w, t) for w, t in o.weighted if type(t) in SOFT), None) for o in objectives]
        labels = [next(((w, t) for w, t in o.weighted if type(t) in LABELS), None) for o in objectives]
        self._forward = _places(soft, SoftTargets)
        self._reverse = _places(soft, ReverseKL)
        self._numbers: tuple[list[Hyperparameter], ...] = (
            [0.0 if found is None else found[0] for found in soft],
            [getattr(found[1], "temperature", 1.0) if found is not None else 1.0 for found in soft],
            [0.0 if found is None else found[0] for found in labels],
            [getattr(found[1], "smoothing", 0.0) if found is not None else 0.0 for found in labels],
        )
        self._scheduled = any(isinstance(n, Schedule) for numbers in self._numbers for n in numbers)
        self._held: tuple[Tensor, ...] | None = None

    def losses(
        self,
        s: Tensor,
        t: Tensor | None,
        y: Tensor,
        labelled: int,
        step: int,
        total_steps: int,
        soft: Tensor | None = None,
    ) -> Tensor:
        """Return the loss of each run, shape (M,), at ``step`` of ``total_steps``.

        Parameters
        ----------
        s : Tensor, shape (M, B, C)
            Logits of the students.
        t : Tensor, shape (B, C), or None
            Logits of the teacher; None where no run asks it.
        y : Tensor of int64, shape (B,)
            Labels, -1 where unknown.
        labelled : int
            How many are known.
        soft : Tensor, shape (B, C), optional
            Probabilities in the place of the labels that are known.
        """
        soft_weight, temperature, label_weight, smoothing = self._at(step, total_steps)
        total = label_weight * _on_labels(s, y, labelled, smoothing, soft)  # (M,)
        if t is not None:
            for places, loss in ((self._forward, _soft_targets), (self._reverse, _reverse_kl)):
                if len(places):
                    T = temperature[places, None, None]  # (m, 1, 1)
                    log_q, log_p = F.log_softmax(s[places] / T, -1), F.log_softmax(t.detach() / T, -1)  # (m, B, C)
                    value = temperature[places] ** 2 * loss(log_q, log_p) / len(t)  # (m,)
                    total = total.index_add(0, places, soft_weight[places] * value)
        return total

    def _at(self, step: int, total_steps: int) -> tuple[Tensor, ...]:
        """Return weights of the soft terms, temperatures, weights of the labels and smoothing, each of shape (M,)."""
        if self._held is None or self._scheduled:
            self._held = tuple(
                torch.tensor([value_at(n, step, total_steps) for n in numbers]) for numbers in self._numbers
            )
        return self._held


def _places(found: Sequence[tuple[Hyperparameter, Term] | None], kind: type[Term]) -> Tensor:
    """Return the runs whose term is of a kind."""
    places = [i for i, one in enumerate(found) if one is not None and type(one[1]) is kind]
    return torch.tensor(places, dtype=torch.int64)


def _soft_targets(log_q: Tensor, log_p: Tensor) -> Tensor:
    """KL(p ‖ q), summed over examples and classes."""
    return weighted_log_ratio(log_p, log_q).sum((1, 2))


def _reverse_kl(log_q: Tensor, log_p: Tensor) -> Tensor:
    """KL(q ‖ p), summed over examples and classes."""
    return weighted_log_ratio(log_q, log_p).sum((1, 2))


def _on_labels(s: Tensor, y: Tensor, labelled: int, smoothing: Tensor, soft: Tensor | None) -> Tensor:
    """Return the cross-entropy (M,) with the labels that are known, smoothed for each run as it says."""
    classes = s.shape[-1]
    known = (y != UNLABELLED).to(s.dtype)[:, None]  # (B, 1)
    target = F.one_hot(y.clamp(min=0), classes) if soft is None else soft  # (B, C)
    target = target.to(s.dtype).masked_fill(known == 0, 0)
    if bool(smoothing.any()):
        share = smoothing[:, None, None]  # (M, 1, 1)
        target = (1 - share) * target + share / classes * known  # (M, B, C)
    return -(target * F.log_softmax(s, -1)).sum((1, 2)) / max(1, labelled)
