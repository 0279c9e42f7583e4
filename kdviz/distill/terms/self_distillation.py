"""A network that teaches its own shallow layers: exits on the way, taught by the deepest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from ... import losses
from .. import schedules
from ..adapters import adapter
from ..outputs import Outputs, Seen, Taps
from ..schedules import Hyperparameter, positive
from .labels import LearnsLabels
from .layered import names

__all__ = ["SelfDistillation"]


@dataclass(frozen=True)
class SelfDistillation(LearnsLabels):
    """Self-distillation (BYOT, be your own teacher): exits at shallow layers learn from labels and the final output.

    The sum over exits i of (1 − α) · CE(z_i, y) + α · T² · KL(σ_T(z) ‖ σ_T(z_i)) + λ · MSE(F_i, F). The gradient goes
    through the exits into the layers below them. Classes weigh what they weigh in the objective's labels. Stands beside
    the labels of the network's end: ``HardLabels() + SelfDistillation(("relu1", "relu2"), features="relu3")``. See
    :func:`kdviz.schemes.self_distillation`.

    Parameters
    ----------
    layers : str or sequence of str
        Layers of the student where exits begin, from shallow to deep.
    features : str
        The layer that gives F, the deepest features: what the last classifier reads.
    alpha : float or Schedule
        α in [0, 1]: how much of what an exit learns from is the deepest answer rather than the label.
    hint : float or Schedule
        λ ≥ 0, the weight of the features.
    temperature : float or Schedule
        T > 0.

    Raises
    ------
    ValueError, TypeError
        If a layer is no name or a number is out of range.

    Notes
    -----
    An exit is a bottleneck, from its layer to features F_i of the size of F, and a linear classifier. F and z, the
    answer at the end, are held fixed in what the exits learn.

    The paper has ‖F_i − F‖² and bottlenecks of several convolutions; here the squares are averaged, as in
    :func:`kdviz.losses.hint`, and the bottleneck is one 1×1 convolution with batch normalization and ReLU (one linear
    map and ReLU where the features are not maps). α = 0.3, λ = 0.03 and T = 3 are those of the authors' code, which
    takes the distance without its square, and the cross-entropy at T without T².

    References
    ----------
    Zhang, Song, Gao, Chen, Bao, Ma (2019), Be Your Own Teacher: Improve the Performance of Convolutional Neural
    Networks via Self Distillation, ICCV, arXiv:1905.08094.

    Examples
    --------
    >>> SelfDistillation("relu1", features="relu2").taps
    Taps(student=('relu1', 'relu2'), teacher=())
    """

    layers: str | tuple[str, ...]
    features: str
    alpha: Hyperparameter = 0.3
    hint: Hyperparameter = 0.03
    temperature: Hyperparameter = 3.0

    name: ClassVar[str] = "self_distillation"
    outside_alpha: ClassVar[bool] = True
    static_fields: ClassVar[tuple[str, ...]] = ("layers", "features")

    def __post_init__(self) -> None:
        layers = names("layers", self.layers)
        if len(names("features", self.features)) != 1 or self.features in layers:
            raise ValueError(
                f"features must name one layer, deeper than the exits at {', '.join(layers)}, got {self.features!r}"
            )
        for number in schedules.extremes(self.alpha):
            if not 0 <= number <= 1:
                raise ValueError(f"alpha must lie in [0, 1] (it is the deepest answer's share), got {number}")
        for number in schedules.extremes(self.temperature):
            losses.check_temperature(number)
        object.__setattr__(self, "layers", layers)
        object.__setattr__(self, "alpha", positive("alpha", self.alpha, zero=True))
        object.__setattr__(self, "hint", positive("hint", self.hint, zero=True))
        object.__setattr__(self, "temperature", positive("temperature", self.temperature))

    @property
    def taps(self) -> Taps:
        return Taps(student=(*self.layers, self.features))

    def auxiliary(self, seen: Seen) -> nn.Module:
        wanted = seen.student_taps[self.features]
        return nn.ModuleList(Exit(seen.student_taps[layer], wanted, seen.classes) for layer in self.layers)

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        exits: Any = outputs.auxiliary
        deepest = outputs.student_taps[self.features]
        total = outputs.student.new_zeros(())
        for way_out, layer in zip(exits, self.layers, strict=True):
            features = way_out.bottleneck(outputs.student_taps[layer])
            z = way_out.classify(features)
            labels = self.on_labels(z, outputs)
            soft = losses.soft_targets(z, outputs.student, hyper["temperature"])
            total = total + (1 - hyper["alpha"]) * labels + hyper["alpha"] * soft
            total = total + hyper["hint"] * losses.hint(features, deepest)
        return total


class Exit(nn.Module):
    """A way out of a network: a bottleneck to features of the deepest size, and a classifier.

    Parameters
    ----------
    given, wanted : tuple of int
        Shapes of the layer where it begins and of the deepest features, with the batch axis.
    classes : int
    """

    def __init__(self, given: tuple[int, ...], wanted: tuple[int, ...], classes: int) -> None:
        super().__init__()
        maps = len(given) == len(wanted) == 4
        self.bottleneck: nn.Module = (
            adapter(given, wanted, "conv-bn") if maps else nn.Sequential(adapter(given, wanted, "linear"), nn.ReLU())
        )
        width = wanted[1] if len(wanted) == 4 else wanted[-1]
        self.classifier = nn.Linear(width, classes)

    def classify(self, features: Tensor) -> Tensor:
        """Return logits (B, C) for features (B, D), (B, L, D) or (B, D, H, W)."""
        if features.ndim == 4:
            features = features.mean((2, 3))
        elif features.ndim == 3:
            features = features.mean(1)
        return self.classifier(features)

    def forward(self, x: Tensor) -> Tensor:
        return self.classify(self.bottleneck(x))
