"""Robust terms: the student answers inputs changed against itself, at each step, as it should answer the originals.

``outputs.model`` is asked again on inputs of the batch that ``kdviz.models.attack.climb`` moves uphill on the
term's own loss. The student is in eval mode while they are made, and in its own mode when it learns from them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn

from ... import losses
from ...models.attack import check_bounds, climb
from ...models.inference import answer
from ...models.looking import evaluating
from .. import schedules
from ..objective import Objective, Term
from ..outputs import Outputs
from ..schedules import Hyperparameter, Schedule, positive
from .feature import at_least_one
from .labels import LearnsLabels
from .response import teacher_logits

__all__ = ["RobustLabels", "RobustSoftTargets"]

if TYPE_CHECKING:
    from ...data import Splits

NEAR = 1e-3  # standard deviation of the first step of RSLAD's and TRADES' attack: at the input itself it has no slope
BOUNDS = (0.0, 1.0)


class Robust(Term):
    """What both terms have in common: how far the inputs are moved, and in how many steps."""

    radius: Hyperparameter  # fields of each class derived from this one
    steps: int

    def _checked(self) -> None:
        object.__setattr__(self, "radius", positive("radius", self.radius, zero=True))
        object.__setattr__(self, "steps", at_least_one("steps", self.steps))

    def for_data(self, data: Splits, objective: Objective) -> Term:
        """Return the term; raise where the inputs are none that can be moved a little, or lie outside [0, 1]."""
        few = data.train.inputs(slice(0, 100))
        _check_movable(type(self).__name__, few)
        check_bounds(few, BOUNDS)
        return super().for_data(data, objective)

    def changed(
        self, outputs: Outputs, radius: float, start: Tensor, loss: Callable[[Tensor], Tensor]
    ) -> tuple[nn.Module, Tensor]:
        """Return the student, and the batch's inputs moved uphill on a loss of its logits, one value an example."""
        model, x = outputs.model, outputs.inputs
        assert model is not None and isinstance(x, Tensor)
        step = 2.5 * radius / self.steps
        with evaluating(model):
            moved = climb(
                lambda now: loss(answer(model, now, who="student")),
                x, radius=radius, steps=self.steps, step_size=step, start=start, bounds=BOUNDS,
            )  # fmt: skip
        return model, moved


@dataclass(frozen=True)
class RobustSoftTargets(Robust):
    """Robust soft targets (RSLAD): answer inputs changed against the student as the teacher answers the originals.

    Parameters
    ----------
    temperature : float or Schedule
        T > 0.
    radius : float or Schedule
        The largest change of a pixel, ≥ 0. Live: ``run.edit(robust_soft_radius=0.2)``.
    steps : int
        Of the attack on the student, ≥ 1, each 2.5 · radius / steps long.

    Notes
    -----
    With t = T(x) the teacher's logits of the originals and s(x′) the student's::

        T² · KL(σ_T(t) ‖ σ_T(s(x′))),   x′ = argmax over ‖x′ − x‖∞ ≤ radius of KL(σ(t) ‖ σ(s(x′)))

    The attack begins a little beside x (normal, sd 0.001), as the authors' does. Their whole loss is
    ``5/6 * RobustSoftTargets(1) + 1/6 * SoftTargets(1)``, with ten steps of a quarter of the radius. Inputs must lie in
    [0, 1]. A step costs ``steps`` + 1 further passes of the student; the teacher is never attacked, so that its answers
    stay cached.

    References
    ----------
    Zi, Zhao, Ma, Jiang (2021), Revisiting Adversarial Robustness Distillation: Robust Soft Labels Make Student Better,
    ICCV, arXiv:2108.07969. Goldblum, Fowl, Feizi, Goldstein (2020), Adversarially Robust Distillation, AAAI,
    arXiv:1905.09747.

    Examples
    --------
    >>> from kdviz import SoftTargets
    >>> 5 / 6 * RobustSoftTargets(1, radius=0.1) + 1 / 6 * SoftTargets(1)
    0.833333 * RobustSoftTargets(temperature=1.0, radius=0.1, steps=10) + 0.166667 * SoftTargets(temperature=1.0)
    """

    temperature: Hyperparameter = 1.0
    radius: Hyperparameter = 0.1
    steps: int = 10

    name: ClassVar[str] = "robust_soft"
    needs_teacher: ClassVar[bool] = True
    outside_alpha: ClassVar[bool] = True
    static_fields: ClassVar[tuple[str, ...]] = ("steps",)

    def __post_init__(self) -> None:
        for number in schedules.extremes(self.temperature):
            losses.check_temperature(number)
        if not isinstance(self.temperature, Schedule):
            object.__setattr__(self, "temperature", float(self.temperature))
        self._checked()

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        t, x = teacher_logits(outputs), outputs.inputs
        assert x is not None
        model, moved = self.changed(
            outputs,
            hyper["radius"],
            x + NEAR * torch.randn_like(x),
            lambda s: losses.soft_targets(s, t, 1.0, reduction="none"),
        )
        return losses.soft_targets(answer(model, moved, who="student"), t, hyper["temperature"])


@dataclass(frozen=True)
class RobustLabels(Robust, LearnsLabels):
    """Adversarial training (PGD-AT): learn the labels on inputs changed against the student; no teacher.

    Parameters
    ----------
    radius : float or Schedule
        The largest change of a pixel, ≥ 0. Live: ``run.edit(robust_labels_radius=0.2)``.
    steps : int
        Of the attack, ≥ 1, each 2.5 · radius / steps long. It begins at a random point within the radius. With one step
        it is the fast form, FGSM from a random start.

    Notes
    -----
    min over the weights of max over ‖x′ − x‖∞ ≤ radius of CE(s(x′), y). Inputs must lie in [0, 1]; unlabelled examples
    of a batch are left out. Data with soft labels are learned by these, and attacked by their first choice.

    References
    ----------
    Madry, Makelov, Schmidt, Tsipras, Vladu (2018), Towards Deep Learning Models Resistant to Adversarial Attacks, ICLR,
    arXiv:1706.06083. Wong, Rice, Kolter (2020), Fast Is Better than Free, ICLR, arXiv:2001.03994.

    Examples
    --------
    >>> RobustLabels(0.1, steps=1)
    RobustLabels(radius=0.1, steps=1)
    """

    radius: Hyperparameter = 0.1
    steps: int = 10

    name: ClassVar[str] = "robust_labels"
    outside_alpha: ClassVar[bool] = True
    static_fields: ClassVar[tuple[str, ...]] = ("steps",)

    def __post_init__(self) -> None:
        self._checked()

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        x, y = outputs.inputs, outputs.labels
        assert x is not None
        somewhere = x + hyper["radius"] * (2 * torch.rand_like(x) - 1)
        model, moved = self.changed(
            outputs, hyper["radius"], somewhere, lambda s: losses.hard_labels(s, y, reduction="none")
        )
        return self.on_labels(answer(model, moved, who="student"), outputs)


def _check_movable(name: str, x: Any) -> None:
    if not isinstance(x, Tensor) or not x.is_floating_point():
        raise ValueError(
            f"{name} moves inputs a little and needs one tensor of numbers an example, such as pixels; tokens, and "
            "several inputs, cannot be moved so"
        )
