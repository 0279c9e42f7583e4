"""Terms on the response: the student's logits compared with the teacher's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ... import losses
from ...words import mark
from .. import schedules
from ..method import Method, always, catalogue
from ..objective import Term
from ..outputs import Outputs
from ..schedules import Hyperparameter, Schedule, positive

__all__ = [
    "Correlation",
    "Decoupled",
    "FirstChoice",
    "FocusedSoftTargets",
    "JensenShannon",
    "LogitHuber",
    "LogitMSE",
    "ReverseKL",
    "SoftTargets",
    "SoftTargetsWithoutT2",
    "StandardizedSoftTargets",
]


@dataclass(frozen=True)
class SoftTargets(Term):
    """Soft targets (KD): T² · KL(σ_T(t) ‖ σ_T(s)). See :func:`kdviz.losses.soft_targets`.

    Parameters
    ----------
    temperature : float or Schedule
        T > 0. Live: ``run.edit(temperature=8)``.
    """

    temperature: Hyperparameter = 4.0

    name: ClassVar[str] = "soft"
    needs_teacher: ClassVar[bool] = True
    unprefixed: ClassVar[tuple[str, ...]] = ("temperature",)

    def __post_init__(self) -> None:
        for number in schedules.extremes(self.temperature):
            losses.check_temperature(number)
        if not isinstance(self.temperature, Schedule):
            object.__setattr__(self, "temperature", float(self.temperature))

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        return losses.soft_targets(outputs.student, teacher_logits(outputs), hyper["temperature"])


catalogue(Method(
    "soft_targets", mark("Soft targets (Hinton)"), "response", "logits",
    mark("Give every class the probability that the teacher gives it at temperature T."),
    r"T^2\,\mathrm{KL}\big(\sigma_T(t)\,\|\,\sigma_T(s)\big)", "Hinton, Vinyals, Dean 2015, arXiv:1503.02531", 1.0,
    always(lambda: SoftTargets(4.0)),
    acronyms="KD",
))  # fmt: skip


@dataclass(frozen=True)
class ReverseKL(SoftTargets):
    """Reverse KL (MiniLLM): T² · KL(σ_T(s) ‖ σ_T(t)). See :func:`kdviz.losses.reverse_kl`.

    It can replace :class:`SoftTargets`: alpha weights it, the temperature is live.

    Parameters
    ----------
    temperature : float or Schedule
        T > 0.
    """

    temperature: Hyperparameter = 1.0

    @property
    def needs_finite_teacher(self) -> bool:
        return True

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        return losses.reverse_kl(outputs.student, teacher_logits(outputs), hyper["temperature"])


catalogue(Method(
    "reverse_kl", mark("Reverse KL (MiniLLM)"), "response", "logits",
    mark("Avoid what the teacher finds unlikely, even at the cost of missing some of its modes (mode-seeking)."),
    r"T^2\,\mathrm{KL}\big(\sigma_T(s)\,\|\,\sigma_T(t)\big)", "Gu et al. 2023, arXiv:2306.08543", 1.0,
    always(lambda: ReverseKL(4.0)),
    acronyms="MiniLLM, RKL",
))  # fmt: skip


@dataclass(frozen=True)
class SoftTargetsWithoutT2(SoftTargets):
    """A common mistake, to demonstrate: KL(σ_T(t) ‖ σ_T(s)) without its T². See :func:`kdviz.losses.soft_targets`.

    The higher T, the smaller the soft term's share of the gradient, whatever alpha is.

    Parameters
    ----------
    temperature : float or Schedule
        T > 0.
    """

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        return losses.soft_targets(
            outputs.student, teacher_logits(outputs), hyper["temperature"], times_t_squared=False
        )


catalogue(Method(
    "soft_targets_without_t2", mark("Soft targets without T²"), "response", "logits",
    mark("A common mistake: the higher T, the weaker the pull, because the T² is forgotten."),
    r"\mathrm{KL}\big(\sigma_T(t)\,\|\,\sigma_T(s)\big)", "", 1.0, always(lambda: SoftTargetsWithoutT2(4.0)),
    variant_of="soft_targets",
))  # fmt: skip


@dataclass(frozen=True)
class FirstChoice(SoftTargets):
    """The teacher's first choice as a label (hard distillation): CE(s, argmax t) at T = 1, whatever T is.

    See :func:`kdviz.losses.distillation_token`, whose hard form it is, for students with a single head.

    Parameters
    ----------
    temperature : float or Schedule
        It has no effect here; it stands where :class:`SoftTargets` have it, so that one can replace the other.
    """

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        return losses.distillation_token(outputs.student, teacher_logits(outputs), "hard")


@dataclass(frozen=True)
class JensenShannon(SoftTargets):
    """Generalized Jensen–Shannon (GKD): T² · (β·KL(T‖M) + (1−β)·KL(S‖M)). See :func:`kdviz.losses.jensen_shannon`.

    Parameters
    ----------
    temperature : float or Schedule
        T > 0.
    beta : float or Schedule
        β in (0, 1), the teacher's share of the mixture M.
    """

    temperature: Hyperparameter = 1.0
    beta: Hyperparameter = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        for number in schedules.extremes(self.beta):
            if not 0 < number < 1:
                raise ValueError(f"beta must lie in (0, 1) (it is the teacher's share of the mixture), got {number}")
        object.__setattr__(self, "beta", positive("beta", self.beta))

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        return losses.jensen_shannon(outputs.student, teacher_logits(outputs), hyper["temperature"], hyper["beta"])


catalogue(Method(
    "jensen_shannon", mark("Jensen–Shannon (GKD)"), "response", "logits",
    mark("Meet the teacher halfway: both are compared with their mixture."),
    r"T^2\big[\beta\,\mathrm{KL}(P_t\|M) + (1-\beta)\,\mathrm{KL}(P_s\|M)\big],\quad M = \beta P_t + (1-\beta) P_s",
    "Agarwal et al. 2023, arXiv:2306.13649", 1.0, always(lambda: JensenShannon(4.0)),
    acronyms="GKD, JSD",
))  # fmt: skip


@dataclass(frozen=True)
class LogitMSE(Term):
    """Logit matching: the mean of (s − t)². See :func:`kdviz.losses.logit_mse`."""

    name: ClassVar[str] = "logits"
    needs_teacher: ClassVar[bool] = True

    @property
    def needs_finite_teacher(self) -> bool:
        return True

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        return losses.logit_mse(outputs.student, teacher_logits(outputs))


catalogue(Method(
    "logit_mse", mark("Logit matching"), "response", "logits",
    mark("Give the teacher's logits themselves: soft targets in the limit of a large T."),
    r"\tfrac{1}{C}\textstyle\sum_c (s_c - t_c)^2", "Ba, Caruana 2014, arXiv:1312.6184", 1.0, always(LogitMSE),
    in_words=mark("the logits"),
))  # fmt: skip


@dataclass(frozen=True)
class LogitHuber(Term):
    """Logit matching with the Huber loss: linear for large differences. See :func:`kdviz.losses.logit_huber`.

    Parameters
    ----------
    delta : float or Schedule
        Where it turns from quadratic to linear, > 0.
    """

    delta: Hyperparameter = 1.0

    name: ClassVar[str] = "logits"
    needs_teacher: ClassVar[bool] = True

    @property
    def needs_finite_teacher(self) -> bool:
        return True

    def __post_init__(self) -> None:
        object.__setattr__(self, "delta", positive("delta", self.delta))

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        return losses.logit_huber(outputs.student, teacher_logits(outputs), hyper["delta"])


catalogue(Method(
    "logit_huber", mark("Logit matching, Huber"), "response", "logits",
    mark("Give the teacher's logits; large differences count linearly, not squared."),
    r"\tfrac{1}{C}\textstyle\sum_c \mathrm{Huber}_\delta(s_c - t_c)", "Huber 1964", 1.0,
    always(LogitHuber),
    in_words=mark("the logits"),
))  # fmt: skip


@dataclass(frozen=True)
class Decoupled(SoftTargets):
    """Decoupled knowledge distillation (DKD): T² · (α·TCKD + β·NCKD). See :func:`kdviz.losses.decoupled`.

    Target and non-target classes have separate weights. Without a label, the teacher's first choice replaces it.

    Parameters
    ----------
    temperature : float or Schedule
        T > 0.
    target : float or Schedule
        α of the paper, the weight of TCKD, ≥ 0.
    other : float or Schedule
        β of the paper, the weight of NCKD, ≥ 0.
    """

    target: Hyperparameter = 1.0
    other: Hyperparameter = 8.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for part in ("target", "other"):
            object.__setattr__(self, part, positive(part, getattr(self, part), zero=True))

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        t = teacher_logits(outputs)
        y = torch.where(outputs.labels == losses.UNLABELLED, t.argmax(1), outputs.labels)
        return losses.decoupled(outputs.student, t, y, hyper["target"], hyper["other"], hyper["temperature"])


catalogue(Method(
    "decoupled", mark("Decoupled (DKD)"), "response", "logits",
    mark("Learn how sure the teacher is of the true class, and apart from that how it ranks the others."),
    r"T^2\big(a\,\mathrm{TCKD} + b\,\mathrm{NCKD}\big)", "Zhao et al. 2022, arXiv:2203.08679", 1.0,
    always(lambda: Decoupled(4.0)),
    acronyms="DKD",
))  # fmt: skip


@dataclass(frozen=True)
class StandardizedSoftTargets(SoftTargets):
    """Logit standardization (LSKD): soft targets of standardized logits.

    See :func:`kdviz.losses.standardized_soft_targets`.

    Parameters
    ----------
    temperature : float or Schedule
        T > 0.
    """

    temperature: Hyperparameter = 2.0

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        return losses.standardized_soft_targets(outputs.student, teacher_logits(outputs), hyper["temperature"])


catalogue(Method(
    "standardized_soft_targets", mark("Standardized logits"), "response", "logits",
    mark("Learn the shape of the teacher's logits, whatever their mean and spread."),
    r"T^2\,\mathrm{KL}\big(\sigma_T(z(t))\,\|\,\sigma_T(z(s))\big)", "Sun et al. 2024, arXiv:2403.01427", 1.0,
    always(StandardizedSoftTargets),
    in_words=mark("the standardized logits"),
    acronyms="LSKD",
))  # fmt: skip


@dataclass(frozen=True)
class Correlation(SoftTargets):
    """Correlation (DIST): agree only in order and spacing, within and across examples.

    See :func:`kdviz.losses.correlation`.

    Parameters
    ----------
    temperature : float or Schedule
        T > 0.
    within : float or Schedule
        β of the paper, the weight of the rows (the classes of an example), ≥ 0.
    across : float or Schedule
        γ of the paper, the weight of the columns (the examples of a class), ≥ 0.
    """

    temperature: Hyperparameter = 1.0
    within: Hyperparameter = 1.0
    across: Hyperparameter = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for part in ("within", "across"):
            object.__setattr__(self, part, positive(part, getattr(self, part), zero=True))

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        return losses.correlation(
            outputs.student, teacher_logits(outputs), hyper["within"], hyper["across"], hyper["temperature"]
        )


catalogue(Method(
    "correlation", mark("Correlation (DIST)"), "response", "logits",
    mark("Correlate with the teacher: within each example over classes, and within each class over examples."),
    r"T^2\big[\beta(1-\bar\rho_{\mathrm{rows}}) + \gamma(1-\bar\rho_{\mathrm{columns}})\big]",
    "Huang et al. 2022, arXiv:2205.10536", 1.0, always(lambda: Correlation(4.0)),
    in_words=mark("the softened answers, as a table of examples and classes"),
    acronyms="DIST",
))  # fmt: skip


@dataclass(frozen=True)
class FocusedSoftTargets(SoftTargets):
    """Soft targets that emphasize the examples where student and teacher disagree.

    Example i has the weight w_i = d_i^γ / mean(d^γ), with d_i = ½ Σ_c |σ(t)_c − σ(s)_c|, the distance of both answers
    in total variation at T = 1; the weights have mean 1 over the batch and no gradient. γ = 0 is plain soft targets.
    See :func:`kdviz.losses.focused_soft_targets`.

    Parameters
    ----------
    temperature : float or Schedule
        T > 0.
    focus : float or Schedule
        γ ≥ 0.
    """

    focus: Hyperparameter = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "focus", positive("focus", self.focus, zero=True))

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        return losses.focused_soft_targets(
            outputs.student, teacher_logits(outputs), hyper["temperature"], hyper["focus"]
        )


catalogue(Method(
    "focused_soft_targets", mark("Soft targets, focused"), "response", "logits",
    mark("Learn most from the examples on which student and teacher disagree."),
    r"\tfrac{1}{B} T^2\,\textstyle\sum_i w_i\,\mathrm{KL}\big(\sigma_T(t_i)\,\|\,\sigma_T(s_i)\big)"
    r",\quad w_i = d_i / \bar d,\ d_i = \tfrac12\textstyle\sum_c |\sigma(t_i)_c - \sigma(s_i)_c|",
    "", 1.0, always(lambda: FocusedSoftTargets(4.0)), variant_of="soft_targets",
))  # fmt: skip


def teacher_logits(outputs: Outputs) -> Tensor:
    """Return the teacher's logits, which the engine passes to every term that needs them."""
    assert outputs.teacher is not None, "the engine passes teacher logits to every term that needs them"
    return outputs.teacher
