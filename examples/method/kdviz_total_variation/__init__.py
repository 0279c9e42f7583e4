"""Distillation by total variation: half the sum of |p − q| over the classes, of both models' softened answers."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from kdviz.distill.methods import Method, register
from kdviz.distill.schedules import Hyperparameter
from kdviz.distill.terms import Outputs, SoftTargets


def total_variation(s: Tensor, t: Tensor, temperature: float) -> Tensor:
    """Return T · ½ Σ_c |σ_T(t)_c − σ_T(s)_c|, its mean over the examples.

    T keeps the gradient from fading at large T, as T² does for KL.

    Parameters
    ----------
    s, t : Tensor, shape (B, C)
        Logits of student and teacher; no gradient reaches the teacher.
    temperature : float
        > 0.

    References
    ----------
    Wen et al. (2023), f-Divergence Minimization for Sequence-Level Knowledge Distillation, arXiv:2307.15190.
    """
    p, q = (t.detach() / temperature).softmax(-1), (s / temperature).softmax(-1)
    return temperature * (p - q).abs().sum(-1).mean() / 2


@dataclass(frozen=True)
class TotalVariation(SoftTargets):
    """Be near the teacher in total variation. See :func:`total_variation`."""

    temperature: Hyperparameter = 1.0

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        assert outputs.teacher is not None
        return total_variation(outputs.student, outputs.teacher, hyper["temperature"])


METHOD = register(
    Method(
        "total_variation", "Total variation", "response", "logits",
        "Put no more probability elsewhere than the teacher does, whichever class it is.",
        r"\tfrac{T}{2}\textstyle\sum_c \big|\sigma_T(t)_c - \sigma_T(s)_c\big|",
        "Wen et al. 2023, arXiv:2307.15190", 1.0, lambda pairs: TotalVariation(1.0),
    ),
    TotalVariation,
)  # fmt: skip
