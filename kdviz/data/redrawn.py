"""Another draw of a selection of examples: inputs, and labels where these depend on the draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from kdviz.data.inputs import Inputs

Redraw = Callable[[Tensor, int], Inputs]
Relabel = Callable[[Tensor, int], Tensor]


@dataclass(frozen=True)
class Redrawn:
    """Another draw of a selection of examples."""

    redraw: Redraw
    at: Tensor

    def __call__(self, index: Tensor, seed: int) -> Inputs:
        return self.redraw(self.at[index], seed)

    @property
    def labels(self) -> Relabel | None:
        """What maps indices and a seed to the labels of that draw; None where they do not depend on it."""
        of_all = labels_of(self.redraw)
        return None if of_all is None else lambda index, seed: of_all(self.at[index], seed)


def labels_of(redraw: Redraw) -> Relabel | None:
    """Return what gives the labels of a draw, None where they are the stored ones."""
    found: Relabel | None = getattr(redraw, "labels", None)
    return found


def selected(redraw: Redraw, index: Tensor | slice, count: int) -> Redraw:
    """Return what draws anew the examples at `index` of the `count` that `redraw` draws."""
    at = torch.arange(count)[index] if isinstance(index, slice) else index
    return Redrawn(redraw.redraw, redraw.at[at]) if isinstance(redraw, Redrawn) else Redrawn(redraw, at)
