"""Terms for transformers: attention, hidden states, embeddings, and a token that learns from the teacher."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from ... import losses
from ...words import mark
from .. import schedules
from ..method import Method, always, catalogue, on_layers
from ..objective import Term
from ..outputs import Outputs, Taps
from ..pairing import LayerPairs
from ..schedules import Hyperparameter, positive
from ..taps import SCORES
from .feature import Cosine
from .labels import ClassWeight, OnLabels
from .layered import Adapted, Layered, names
from .response import SoftTargets, teacher_logits

__all__ = [
    "AttentionMatrices",
    "DistillationToken",
    "Embeddings",
    "HiddenStates",
    "SoftCrossEntropy",
    "TokenLabels",
    "TokenSoftTargets",
]

TEACHER_HEAD = "logits.teacher_head"  # of ``kd.models.vit(distilled=True)``


@dataclass(frozen=True)
class AttentionMatrices(Layered):
    """Attention matrices (TinyBERT): scores before the softmax, head by head.

    Padding does not count, where the inputs have an ``attention_mask`` or a row's token labels end before it does; nor
    do the later tokens that a decoder does not see. See :func:`kdviz.losses.attention_matrices`.

    Parameters
    ----------
    student, teacher : str or sequence of str
        Modules of attention, such as "block1.attention" (``nn.MultiheadAttention``) or, in models of the transformers
        package, "bert.encoder.layer.0.attention.self"; equally many heads and tokens on both sides.
    """

    name: ClassVar[str] = "attention_matrices"
    by_token: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        for side in ("student", "teacher"):
            scored = tuple(name.removesuffix(SCORES) + SCORES for name in getattr(self, side))
            object.__setattr__(self, side, scored)

    def compare(self, s: Tensor, t: Tensor, hyper: dict[str, float], mask: Tensor | None = None) -> Tensor:
        return losses.attention_matrices(s, t, mask)


catalogue(Method(
    "attention_matrices", mark("Attention matrices (TinyBERT)"), "transformer", "attention",
    mark("Attend from token to token as the teacher attends."),
    r"\big\|A_s - A_t\big\|^2 / n,\quad n = \mathrm{numbers\ in}\ A_t", "Jiao et al. 2020, arXiv:1909.10351", 1.0,
    on_layers("attention", AttentionMatrices),
    in_words=mark("the attention of every token to every other"),
    acronyms="TinyBERT",
))  # fmt: skip


@dataclass(frozen=True)
class HiddenStates(Adapted):
    """Hidden states (TinyBERT): match the teacher's, through a linear map. See :func:`kdviz.losses.hidden_states`.

    Padding does not count: where the inputs have an ``attention_mask`` what it hides, else what follows a row's last
    token label.

    Parameters
    ----------
    student, teacher : str or sequence of str
        Layers that output tokens (B, L, D): a layer map, pair by pair.
    regressor : {"auto", "linear"}
        Bridges different widths.
    """

    name: ClassVar[str] = "hidden_states"
    by_token: ClassVar[bool] = True

    def compare(self, s: Tensor, t: Tensor, hyper: dict[str, float], mask: Tensor | None = None) -> Tensor:
        return losses.hidden_states(s, t, mask)


catalogue(Method(
    "hidden_states", mark("Hidden states (TinyBERT)"), "transformer", "tokens",
    mark("Have the teacher's tokens after each block, through a linear map."),
    r"\big\|W h_s - h_t\big\|^2 / n,\quad n = \mathrm{numbers\ in}\ h_t",
    "Jiao et al. 2020, arXiv:1909.10351", 1.0, on_layers("tokens", HiddenStates),
    in_words=mark("the tokens after each block"),
    acronyms="TinyBERT",
))  # fmt: skip


@dataclass(frozen=True)
class Embeddings(Adapted):
    """Embeddings (TinyBERT): match the teacher's, through a linear map. See :func:`kdviz.losses.embeddings`.

    Padding does not count: where the inputs have an ``attention_mask`` what it hides, else what follows a row's last
    token label.

    Parameters
    ----------
    student, teacher : str
        The layers that give the embedded tokens (B, L, D).
    regressor : {"auto", "linear"}
        Bridges different widths.
    """

    name: ClassVar[str] = "embeddings"
    by_token: ClassVar[bool] = True

    def compare(self, s: Tensor, t: Tensor, hyper: dict[str, float], mask: Tensor | None = None) -> Tensor:
        return losses.embeddings(s, t, mask)


catalogue(Method(
    "embeddings", mark("Embeddings (TinyBERT)"), "transformer", "embeddings",
    mark("Begin with the teacher's embedded tokens, through a linear map."),
    r"\big\|W e_s - e_t\big\|^2 / n,\quad n = \mathrm{numbers\ in}\ e_t", "Jiao et al. 2020, arXiv:1909.10351", 1.0,
    on_layers("embeddings", Embeddings),
    in_words=mark("the tokens before the first block"),
    acronyms="TinyBERT",
))  # fmt: skip


@dataclass(frozen=True)
class SoftCrossEntropy(SoftTargets):
    """Soft cross-entropy (TinyBERT): T² · CE(σ_T(s), σ_T(t)). See :func:`kdviz.losses.soft_cross_entropy`.

    The gradient is that of :class:`SoftTargets`; the value is larger by T² times the teacher's entropy, and so not 0 at
    s = t. TinyBERT has it at T = 1.

    Parameters
    ----------
    temperature : float or Schedule
        T > 0.
    """

    temperature: Hyperparameter = 1.0

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        return losses.soft_cross_entropy(outputs.student, teacher_logits(outputs), hyper["temperature"])


catalogue(Method(
    "soft_cross_entropy", mark("Soft cross-entropy (TinyBERT)"), "response", "logits",
    mark("Soft targets as cross-entropy: larger by the teacher's own entropy, which the student cannot change."),
    r"T^2\,\mathrm{CE}\big(\sigma_T(s), \sigma_T(t)\big)", "Jiao et al. 2020, arXiv:1909.10351", 1.0,
    always(lambda: SoftCrossEntropy(4.0)), acronyms="TinyBERT", variant_of="soft_targets",
))  # fmt: skip


@dataclass(frozen=True)
class DistillationToken(Term):
    """Distillation token (DeiT): a separate head learns from the teacher. See :func:`kdviz.losses.distillation_token`.

    Parameters
    ----------
    student : str
        The layer of the student that gives the logits (B, C) of the distillation token.
    form : {"hard", "soft"}
        Learn the teacher's first choice, or its soft targets.
    temperature : float or Schedule
        T > 0, of the soft form; the hard one has none, and nothing to edit.
    """

    student: str
    form: str = "hard"
    temperature: Hyperparameter = 3.0

    name: ClassVar[str] = "distillation_token"
    needs_teacher: ClassVar[bool] = True
    outside_alpha: ClassVar[bool] = True
    static_fields: ClassVar[tuple[str, ...]] = ("student", "form")

    def __post_init__(self) -> None:
        names("student", self.student)
        if self.form not in ("hard", "soft"):
            raise ValueError(f'form must be "hard" or "soft", got {self.form!r}')
        for number in schedules.extremes(self.temperature):
            losses.check_temperature(number)
        object.__setattr__(self, "temperature", positive("temperature", self.temperature))

    def hyperparameters(self) -> dict[str, Hyperparameter]:
        return super().hyperparameters() if self.form == "soft" else {}

    def to_dict(self) -> dict[str, Any]:
        return {**super().to_dict(), "temperature": schedules.to_json(self.temperature)}  # of the hard form too

    @property
    def taps(self) -> Taps:
        return Taps(student=(self.student,))

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        given = outputs.student_taps[self.student]
        temperature = hyper.get("temperature", 1.0)
        return losses.distillation_token(given, teacher_logits(outputs), self.form, temperature)  # type: ignore[arg-type]

    def in_twin(self, smoothing: float, weight: ClassWeight) -> Term:
        return TokenLabels(self.student, smoothing, weight)


@dataclass(frozen=True)
class TokenSoftTargets(SoftTargets):
    """Soft targets for the distillation token (DeiT), where alpha weights them against the labels of the class token.

    ``0.5 * TokenSoftTargets(form="hard") + 0.5 * HardLabels()`` is the paper's hard distillation,
    ``0.1 * TokenSoftTargets(3.0) + 0.9 * HardLabels()`` its soft one with λ = 0.1 and T = 3, on a head of its own. A
    twin without a teacher learns the labels with both heads. See :func:`kdviz.losses.distillation_token`.

    Parameters
    ----------
    temperature : float or Schedule
        T > 0, of the soft form. Live: ``run.edit(temperature=8)``.
    form : {"soft", "hard"}
        Learn the teacher's soft targets, or its first choice.
    student : str
        The layer of the student that gives the logits (B, C) of the distillation token.

    Examples
    --------
    >>> import kdviz as kd
    >>> (0.9 * kd.TokenSoftTargets(3.0) + 0.1 * kd.HardLabels()).alpha
    0.9
    """

    temperature: Hyperparameter = 3.0
    form: str = "soft"
    student: str = TEACHER_HEAD

    static_fields: ClassVar[tuple[str, ...]] = ("form", "student")

    def __post_init__(self) -> None:
        super().__post_init__()
        names("student", self.student)
        if self.form not in ("hard", "soft"):
            raise ValueError(f'form must be "hard" or "soft", got {self.form!r}')

    @property
    def taps(self) -> Taps:
        return Taps(student=(self.student,))

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        given = outputs.student_taps[self.student]
        return losses.distillation_token(given, teacher_logits(outputs), self.form, hyper["temperature"])  # type: ignore[arg-type]

    def in_twin(self, smoothing: float, weight: ClassWeight) -> Term:
        return TokenLabels(self.student, smoothing, weight)


@dataclass(frozen=True, repr=False)
class TokenLabels(OnLabels):
    """Labels for the distillation token: what it learns in a twin without a teacher, beside the class token.

    Parameters
    ----------
    student : str
        The layer of the student that gives the logits (B, C) of the distillation token.
    smoothing : float or Schedule
        ε in [0, 1]; see :class:`kdviz.LabelSmoothing`. 0: the labels as they are.
    weight : sequence of float or "balanced", optional
        What each class weighs; see :class:`kdviz.HardLabels`.

    Examples
    --------
    >>> import kdviz as kd
    >>> 0.5 * kd.HardLabels() + 0.5 * TokenLabels()
    0.5 * HardLabels() + 0.5 * TokenLabels(student='logits.teacher_head', smoothing=0.0)
    """

    student: str = TEACHER_HEAD
    smoothing: Hyperparameter = 0.0
    weight: ClassWeight = None

    name: ClassVar[str] = "token_labels"
    outside_alpha: ClassVar[bool] = True
    static_fields: ClassVar[tuple[str, ...]] = ("student", "weight")

    def __post_init__(self) -> None:
        super().__post_init__()
        names("student", self.student)
        for number in schedules.extremes(self.smoothing):
            losses.check_smoothing(number)
        object.__setattr__(self, "smoothing", positive("smoothing", self.smoothing, zero=True))

    def __repr__(self) -> str:
        classes = "" if self.weight is None else f", weight={self.weight!r}"
        return f"TokenLabels(student={self.student!r}, smoothing={self.smoothing!r}{classes})"

    @property
    def taps(self) -> Taps:
        return Taps(student=(self.student,))

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        given = outputs.student_taps[self.student]
        return losses.label_smoothing(
            given,
            outputs.labels,
            hyper["smoothing"],
            weight=self.class_weights(given),
            soft=outputs.soft,
            labelled=outputs.labelled,
        )


def _on_token(form: str) -> Callable[[LayerPairs], Term | None]:
    return lambda pairs: None if pairs.token is None else DistillationToken(pairs.token, form)


catalogue(Method(
    "distillation_token", mark("Distillation token, hard (DeiT)"), "transformer", "distillation token",
    mark("Let a token of its own learn the teacher's first choice, beside the one that learns the labels."),
    r"\mathrm{CE}\big(s^d, \mathrm{argmax}_c\, t_c\big)", "Touvron et al. 2021, arXiv:2012.12877", 1.0,
    _on_token("hard"),
    in_words=mark("the answer of the distillation token"), picture="bars", acronyms="DeiT",
))  # fmt: skip
catalogue(Method(
    "distillation_token_soft", mark("Distillation token, soft (DeiT)"), "transformer", "distillation token",
    mark("Let a token of its own learn the teacher's soft targets, beside the one that learns the labels."),
    r"T^2\,\mathrm{KL}\big(\sigma_T(t)\,\|\,\sigma_T(s^d)\big)", "Touvron et al. 2021, arXiv:2012.12877", 1.0,
    _on_token("soft"),
    in_words=mark("the answer of the distillation token"), picture="bars", acronyms="DeiT",
    variant_of="distillation_token",
))  # fmt: skip
catalogue(Method(
    "cosine_patient", mark("Patient distillation (after PKD)"), "transformer", "tokens",
    mark("Point where the teacher's tokens point, after every block."),
    r"1 - \cos\big(r(h_s), h_t\big)", "Sun et al. 2019, arXiv:1908.09355", 1.0, on_layers("tokens", Cosine),
    in_words=mark("the directions of the tokens after each block"), acronyms="PKD, Patient KD", variant_of="cosine",
))  # fmt: skip
