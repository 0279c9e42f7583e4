"""Terms on features: the outputs of inner layers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from ... import losses
from ...words import mark
from ..adapters import adapter
from ..method import Method, catalogue, on_block, on_layers, on_maps
from ..outputs import Outputs, Seen
from ..schedules import Hyperparameter, positive
from .layered import Adapted, Layered, OverChannels

__all__ = [
    "AttentionTransfer",
    "ChannelAttention",
    "Contrastive",
    "Cosine",
    "Gram",
    "Hint",
    "NeuronSelectivity",
    "Variational",
]

WIDE = math.log(math.expm1(5.0))  # a variance of 5, where the authors' code begins


@dataclass(frozen=True)
class Hint(Adapted):
    """Hint (FitNets): match the output of a teacher's layer, through a regressor. See :func:`kdviz.losses.hint`.

    Parameters
    ----------
    student, teacher : str or sequence of str
        Layers, pair by pair; see :func:`kdviz.distill.taps`.
    regressor : {"auto", "linear", "mlp", "conv", "conv-bn"}
        Converts the shapes; trained with the student but not counted in its size. "auto" is the identity where the
        shapes are equal.
    distance : {"l2", "l1"}
        Squared or absolute differences.

    Examples
    --------
    >>> from kdviz import HardLabels
    >>> HardLabels() + 50 * Hint("relu3", "stage2_1")
    1 * HardLabels() + 50 * Hint(student=('relu3',), teacher=('stage2_1',), regressor='auto', distance='l2')
    """

    distance: Literal["l2", "l1"] = "l2"

    name: ClassVar[str] = "hint"
    static_fields: ClassVar[tuple[str, ...]] = ("student", "teacher", "regressor", "distance")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.distance not in ("l2", "l1"):
            raise ValueError(f'distance must be "l2" or "l1", got {self.distance!r}')

    def _is_saved(self, field: str) -> bool:
        return field != "distance" or self.distance != "l2"  # as recipes were before there was a choice

    def compare(self, s: Tensor, t: Tensor, hyper: dict[str, float]) -> Tensor:
        return losses.hint(s, t, distance=self.distance)


catalogue(Method(
    "hint", mark("Hints (FitNets)"), "feature", "maps",
    mark("Match the output of the teacher's middle layer, through a regressor that is discarded afterwards."),
    r"\big\|r(F_s) - F_t\big\|^2 / n,\quad n = \mathrm{numbers\ in}\ F_t",
    "Romero et al. 2015, arXiv:1412.6550", 10.0, on_block(Hint, -2),
    acronyms="FitNets",
))  # fmt: skip
catalogue(Method(
    "hint_l1", mark("Hints, absolute differences"), "feature", "maps",
    mark("Match the output of the teacher's middle layer; large differences count linearly, not squared."),
    r"\big\|r(F_s) - F_t\big\|_1 / n,\quad n = \mathrm{numbers\ in}\ F_t", "after Romero et al. 2015", 10.0,
    on_block(lambda s, t: Hint(s, t, distance="l1"), -2), acronyms="L1", variant_of="hint",
))  # fmt: skip


@dataclass(frozen=True)
class AttentionTransfer(Layered):
    """Attention transfer (AT): normalized maps of activity. See :func:`kdviz.losses.attention_transfer`.

    Parameters
    ----------
    student, teacher : str or sequence of str
        Layers that output maps (B, C, H, W); channels and sizes may differ.
    form : {"code", "paper"}
        As in the authors' code, or as in the paper.
    """

    form: str = "code"

    name: ClassVar[str] = "attention_transfer"
    static_fields: ClassVar[tuple[str, ...]] = ("student", "teacher", "form")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.form not in ("code", "paper"):
            raise ValueError(f'form must be "code" or "paper", got {self.form!r}')

    def compare(self, s: Tensor, t: Tensor, hyper: dict[str, float]) -> Tensor:
        return losses.attention_transfer(s, t, form=self.form)  # type: ignore[arg-type]


catalogue(Method(
    "attention_transfer", mark("Attention transfer"), "feature", "maps",
    mark("Be active at the places of the image where the teacher is active, in all stages."),
    r"\big\|\hat Q(F_s) - \hat Q(F_t)\big\|^2 / (HW),\quad Q = \textstyle\sum_c F_c^2,\ \hat Q = Q / \|Q\|",
    "Zagoruyko, Komodakis 2017, arXiv:1612.03928", 500.0, on_maps(AttentionTransfer),
    in_words=mark("how active each place of the image is"), picture="map",
    acronyms="AT",
))  # fmt: skip


@dataclass(frozen=True)
class ChannelAttention(OverChannels):
    """Channel attention: channels as active as the teacher's, wherever. See :func:`kdviz.losses.channel_attention`.

    Parameters
    ----------
    student, teacher : str or sequence of str
        Layers that output maps (B, C, H, W).
    regressor : {"auto", "conv", "conv-bn"}
        Bridges different numbers of channels.
    """

    name: ClassVar[str] = "channel_attention"

    def compare(self, s: Tensor, t: Tensor, hyper: dict[str, float]) -> Tensor:
        return losses.channel_attention(s, t)


catalogue(Method(
    "channel_attention", mark("Channel attention"), "feature", "maps",
    mark("Have the channels active that the teacher has active, wherever in the image."),
    r"\big\|\hat Q(F_s) - \hat Q(F_t)\big\|^2 / C,\quad Q = \textstyle\sum_x F_x^2,\ \hat Q = Q / \|Q\|",
    "after Zagoruyko, Komodakis 2017", 50.0, on_block(ChannelAttention, places=True),
    in_words=mark("how active each channel is"), picture="vector", acronyms="CA", variant_of="attention_transfer",
))  # fmt: skip


@dataclass(frozen=True)
class Gram(OverChannels):
    """Gram matrices: channels active together as the teacher's are. See :func:`kdviz.losses.gram`.

    Parameters
    ----------
    student, teacher : str or sequence of str
        Layers that output maps (B, C, H, W).
    regressor : {"auto", "conv", "conv-bn"}
        Bridges different numbers of channels.
    """

    name: ClassVar[str] = "gram"

    def compare(self, s: Tensor, t: Tensor, hyper: dict[str, float]) -> Tensor:
        return losses.gram(s, t)


catalogue(Method(
    "gram", mark("Gram matrices"), "feature", "maps",
    mark("Have channels active together as the teacher's are."),
    r"\big\|G(F_s) - G(F_t)\big\|^2 / C^2,\quad G = F F^\top / (HW)", "Gatys et al. 2015; Huang, Wang 2017", 10.0,
    on_block(Gram, places=True),
    in_words=mark("which channels are active together"), picture="matrix",
))  # fmt: skip


@dataclass(frozen=True)
class NeuronSelectivity(Layered):
    """Neuron selectivity transfer (NST): channels that respond where the teacher's do.

    See :func:`kdviz.losses.neuron_selectivity`.

    Parameters
    ----------
    student, teacher : str or sequence of str
        Layers that output maps (B, C, H, W); channels and sizes may differ.
    """

    name: ClassVar[str] = "neuron_selectivity"

    def compare(self, s: Tensor, t: Tensor, hyper: dict[str, float]) -> Tensor:
        return losses.neuron_selectivity(s, t)


catalogue(Method(
    "neuron_selectivity", mark("Neuron selectivity (NST)"), "feature", "maps",
    mark("Have channels that respond at the places where the teacher's channels do."),
    r"\mathrm{MMD}^2\big(\{\hat F_s^i\}, \{\hat F_t^j\}\big),\quad k(x, y) = (x^\top y)^2",
    "Huang, Wang 2017, arXiv:1707.01219", 50.0, on_block(NeuronSelectivity, places=True),
    in_words=mark("at which places the channels respond"), picture="map",
    acronyms="NST",
))  # fmt: skip


@dataclass(frozen=True)
class Cosine(Adapted):
    """Cosine of features: point in the direction of the teacher's, 1 − cos. See :func:`kdviz.losses.cosine`.

    Of tokens, padding does not count where the inputs have an ``attention_mask``.

    Parameters
    ----------
    student, teacher : str or sequence of str
        Layers that output vectors (B, D) or tokens (B, L, D).
    regressor : {"auto", "linear"}
        Bridges different widths.
    """

    name: ClassVar[str] = "cosine"
    by_token: ClassVar[bool] = True

    def compare(self, s: Tensor, t: Tensor, hyper: dict[str, float], mask: Tensor | None = None) -> Tensor:
        return losses.cosine(s, t, mask)


catalogue(Method(
    "cosine", mark("Cosine of features"), "feature", "features",
    mark("Point where the teacher's last features point."),
    r"1 - \cos\big(r(h_s), h_t\big)", "Sanh et al. 2019, arXiv:1910.01108", 1.0, on_layers("features", Cosine),
    in_words=mark("the directions of the features"),
))  # fmt: skip


@dataclass(frozen=True)
class Contrastive(Layered):
    """Contrastive (after CRD): be nearer to the teacher's features of the same example than of others.

    See :func:`kdviz.losses.contrastive`.

    Both sides are flattened (maps are averaged over places first) and projected to ``width`` numbers; the projections
    are trained with the student, as in CRD.

    Parameters
    ----------
    student, teacher : str or sequence of str
        Layers, pair by pair.
    temperature : float or Schedule
        τ > 0.
    width : int
        Numbers in an embedding.
    """

    temperature: Hyperparameter = 0.07
    width: int = 128

    name: ClassVar[str] = "contrastive"
    static_fields: ClassVar[tuple[str, ...]] = ("student", "teacher", "width")

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "temperature", positive("temperature", self.temperature))
        object.__setattr__(self, "width", at_least_one("width", self.width))

    def auxiliary(self, seen: Seen) -> nn.Module:
        return nn.ModuleList(
            nn.ModuleList(
                (
                    adapter(seen.student_taps[s], (2, self.width), "linear"),
                    adapter(seen.teacher_taps[t], (2, self.width), "linear"),
                )
            )
            for s, t in self.pairs
        )

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        heads: Any = outputs.auxiliary
        total = [
            losses.contrastive(of_student(s), of_teacher(t), hyper["temperature"], detach=False)
            for (of_student, of_teacher), (s, t) in zip(heads, self.tapped(outputs), strict=True)
        ]
        return sum(total[1:], start=total[0])


catalogue(Method(
    "contrastive", mark("Contrastive (after CRD)"), "feature", "features",
    mark("Tell the teacher's features of the same example from those of all others in the batch."),
    r"-\tfrac12\big[\log\frac{\exp(u_s^i\cdot u_t^i/\tau)}{\sum_j \exp(u_s^i\cdot u_t^j/\tau)}"
    r" + \log\frac{\exp(u_s^i\cdot u_t^i/\tau)}{\sum_j \exp(u_s^j\cdot u_t^i/\tau)}\big]",
    "Tian et al. 2020, arXiv:1910.10699", 0.5, on_layers("features", Contrastive),
    in_words=mark("the features of each example with those of every other in the batch"),
    acronyms="CRD",
))  # fmt: skip


@dataclass(frozen=True)
class Variational(Adapted):
    """Variational information distillation (VID): predict the teacher's features, with uncertainty.

    See :func:`kdviz.losses.variational`. Mean and variance, one per channel, are trained with the student.

    Parameters
    ----------
    student, teacher : str or sequence of str
        Layers, pair by pair.
    regressor : {"auto", "linear", "conv", "conv-bn"}
        Predicts the mean.
    """

    name: ClassVar[str] = "variational"

    def auxiliary(self, seen: Seen) -> nn.Module:
        means = super().auxiliary(seen)
        assert isinstance(means, nn.ModuleList)
        widths = [seen.teacher_taps[t][-1 if len(seen.teacher_taps[t]) == 3 else 1] for _, t in self.pairs]
        return nn.ModuleDict(
            {"mean": means, "log_scale": nn.ParameterList(nn.Parameter(torch.full((width,), WIDE)) for width in widths)}
        )

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        learned: Any = outputs.auxiliary
        total = [
            losses.variational(mean(outputs.student_taps[s]), outputs.teacher_taps[t], log_scale)
            for mean, log_scale, (s, t) in zip(learned["mean"], learned["log_scale"], self.pairs, strict=True)
        ]
        return sum(total[1:], start=total[0])


catalogue(Method(
    "variational", mark("Variational (VID)"), "feature", "maps",
    mark("Predict the teacher's features, with a variance of its own for each channel."),
    r"\tfrac{1}{2n}\textstyle\sum\big[(\mu(F_s) - F_t)^2/\sigma^2 + \log\sigma^2\big]"
    r",\quad n = \mathrm{numbers\ in}\ F_t",
    "Ahn et al. 2019, arXiv:1904.05835", 1.0, on_block(Variational),
    acronyms="VID",
))  # fmt: skip


def at_least_one(what: str, given: Any) -> int:
    """Return a whole number of at least 1 as an int."""
    if isinstance(given, bool) or not hasattr(given, "__index__") or given < 1:
        raise ValueError(f"{what} must be a whole number of at least 1, got {given!r}")
    return int(given)
