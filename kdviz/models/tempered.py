"""A model whose logits are divided by a number: softer or sharper, with the same first choice."""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor, nn

from kdviz.models.wrap import Wrapped


class Tempered(Wrapped):
    """A model whose logits are divided by T: as a teacher, softer than it is for T > 1, sharper for T < 1.

    Its accuracy stays the same, as each example's first choice does. With the T that
    :func:`kdviz.measure.temperature.fit_temperature` finds on validation data it is a calibrated teacher.

    Parameters
    ----------
    module : nn.Module
        Its weights are shared, not copied; its layers keep their names.
    temperature : float
        T > 0.

    Raises
    ------
    ValueError
        If ``temperature`` is not a finite number above 0.

    Notes
    -----
    σ((z/T) / T′) = σ(z / (T T′)): soft targets at T′ of a tempered teacher are the teacher's own at T T′, while the
    student is softened by T′ alone.

    Examples
    --------
    >>> import torch, kdviz as kd
    >>> teacher = kd.models.mlp((8,), inputs=4, classes=3).eval()
    >>> x = torch.ones(2, 4)
    >>> torch.equal(Tempered(teacher, 2.0)(x), teacher(x) / 2)
    True
    """

    def __init__(self, module: nn.Module, temperature: float) -> None:
        if isinstance(temperature, bool) or not isinstance(temperature, int | float) or not 0 < temperature < math.inf:
            raise ValueError(f"temperature must be a finite number > 0, got {temperature!r}")
        super().__init__(module)
        self.temperature = float(temperature)

    @property
    def _orig_mod(self) -> Tempered:
        """The same around the uncompiled model, if it is compiled."""
        inner = getattr(self.module, "_orig_mod", None)
        if not isinstance(inner, nn.Module):
            raise AttributeError("_orig_mod")
        return Tempered(inner, self.temperature).train(self.training)

    def mark(self) -> str:
        """Return how the outputs differ from the model's, as text."""
        return f"divided by {self.temperature!r}"

    def forward(self, *inputs: Any, **named: Any) -> Tensor:
        """Return logits / T, (B, C)."""
        return super().forward(*inputs, **named) / self.temperature

    def extra_repr(self) -> str:
        return f"temperature={self.temperature:g}"
