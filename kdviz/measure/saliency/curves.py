"""Deletion and insertion: whether the prediction changes with the positions that a map marks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from ...models.inference import Inputs
from ...models.looking import evaluating
from ..fidelity import Array
from .alike import checked_maps, of_examples
from .asking import (
    Asking,
    Progress,
    at_least_one,
    baseline_of,
    check_classes,
    checked,
    explained_part,
    generators,
    part_of,
)

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Curves:
    """The probability of the target while positions of each example are deleted, and while they are inserted.

    Attributes
    ----------
    fraction : ndarray of float64, shape (S,)
        Share of the positions that were changed, from 0 to 1.
    deletion : ndarray of float64, shape (N, S)
        Probability while positions are replaced by the baseline, the map's highest first. With a good map it falls
        early.
    insertion : ndarray of float64, shape (N, S)
        Probability while they are inserted into the baseline, the map's highest first. With a good map it rises early.
    random_deletion, random_insertion : ndarray of float64, shape (N, S)
        The same in a random order, one order for each example.
    """

    fraction: np.ndarray
    deletion: np.ndarray
    insertion: np.ndarray
    random_deletion: np.ndarray
    random_insertion: np.ndarray

    @property
    def n(self) -> int:
        """Number of examples."""
        return len(self.deletion)

    @property
    def deletion_area(self) -> np.ndarray:
        """Area under each example's deletion curve, shape (N,), in [0, 1]; low is good."""
        return np.trapezoid(self.deletion, self.fraction, axis=1)

    @property
    def insertion_area(self) -> np.ndarray:
        """Area under each example's insertion curve, shape (N,), in [0, 1]; high is good."""
        return np.trapezoid(self.insertion, self.fraction, axis=1)

    @property
    def random_deletion_area(self) -> np.ndarray:
        """Area under each example's deletion curve in random order, shape (N,)."""
        return np.trapezoid(self.random_deletion, self.fraction, axis=1)

    @property
    def random_insertion_area(self) -> np.ndarray:
        """Area under each example's insertion curve in random order, shape (N,)."""
        return np.trapezoid(self.random_insertion, self.fraction, axis=1)

    def frame(self) -> pd.DataFrame:
        """Return a table with a row for each example: ``example`` and the four areas."""
        import pandas as pd

        return pd.DataFrame({
            "example": np.arange(self.n),
            "deletion_area": self.deletion_area,
            "insertion_area": self.insertion_area,
            "random_deletion_area": self.random_deletion_area,
            "random_insertion_area": self.random_insertion_area,
        })  # fmt: skip

    def sentence(self) -> str:
        """Return the result in words."""
        out, back = self.deletion_area, self.insertion_area
        random_out, random_back = self.random_deletion_area, self.random_insertion_area
        lower, higher = int((out < random_out).sum()), int((back > random_back).sum())
        return (
            f"Over {of_examples(self.n)}, deletion in the map's order leaves a mean probability of {out.mean():.2f} "
            f"(random order {random_out.mean():.2f}; lower for {lower:,}), and insertion gives {back.mean():.2f} "
            f"(random order {random_back.mean():.2f}; higher for {higher:,})."
        )


def deletion_insertion(
    model: nn.Module,
    X: Inputs,
    maps: Array,
    target: Array,
    steps: int = 20,
    baseline: float | Tensor = 0.0,
    batch_size: int = 64,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> Curves:
    """Return how the target's probability falls as a map's positions are deleted, and rises as they are inserted.

    Parameters
    ----------
    model, X, target, baseline
        See :func:`saliency`.
    maps : array of float, shape of X
        The highest value goes first. The channels of images are summed and changed together, pixel by pixel.
    steps : int
        Points after the first; at most the number of positions.
    batch_size : int
        Maximum number of examples that the model sees at once.
    seed : int
        Seed of the random order of each example, which also breaks ties of a map.
    progress : callable, optional
        See :func:`saliency`.

    Raises
    ------
    ValueError
        If there is no example, a shape does not fit, or X, a map or a logit is not finite.
    Cancelled
        If ``progress`` returned False.

    Notes
    -----
    Both are measured on inputs that the model was never trained on: with half of the pixels black, the prediction may
    change for the emptiness alone. The random order has the same emptiness, so compare each area with it.

    References
    ----------
    Petsiuk, Das, Saenko 2018, RISE, arXiv:1806.07421.

    Examples
    --------
    >>> model = nn.Linear(4, 2)
    >>> with torch.no_grad():
    ...     _ = model.weight.copy_(torch.tensor([[0.0, 0.0, 0.0, 0.0], [4.0, 2.0, 0.0, 0.0]])), model.bias.fill_(0.0)
    >>> X = torch.ones(1, 4)
    >>> curves = deletion_insertion(model, X, model.weight.detach()[1:] * X, [1], steps=4)
    >>> curves.deletion.round(3).tolist(), curves.insertion.round(3).tolist()
    ([[0.998, 0.881, 0.5, 0.5, 0.5]], [[0.5, 0.982, 0.998, 0.998, 0.998]])
    """
    X, classes = checked(X, target)
    at_least_one(batch_size=batch_size, steps=steps)
    explained = part_of(X, explained_part(X))
    values = checked_maps(maps, "maps")
    if values.shape != explained.shape:
        raise ValueError(f"maps must have the shape of X, {tuple(explained.shape)}, got {tuple(values.shape)}")
    channels = 1 if explained.ndim >= 4 else 0  # axis that is changed together
    value = (values.sum(1) if channels else values).flatten(1)  # (N, places)
    places = value.shape[1]
    counts = np.rint(np.linspace(0, places, min(steps, places) + 1)).astype(int)
    ask = Asking(model, X, progress)
    parts = []
    with evaluating(model), torch.no_grad():
        first, beside = ask.batch(X, slice(0, 1))
        check_classes(ask(first, *beside), classes)
        blank = torch.as_tensor(baseline).to(first.dtype) if ask.tokens else baseline_of(baseline, first)
        for start in range(0, len(value), batch_size):
            x, beside = ask.batch(X, slice(start, start + batch_size))
            t = classes[start : start + batch_size].to(x.device)
            chance = torch.stack([torch.randperm(places, generator=g) for g in generators(x, seed)])
            mapped = _by_value(value[start : start + batch_size], chance)
            shape = (len(x), *([1] if channels else []), *x.shape[1 + channels :])
            curves: list[Tensor] = []
            for rank in (mapped, chance):
                curves += _walk(partial(_probability, ask, beside, t), x, rank.view(shape).to(x.device), counts, blank)
            parts.append(torch.stack(curves))  # (4, B, S)
            ask.done += len(x)
            ask.tell()
    out, back, random_out, random_back = torch.cat(parts, dim=1).numpy()  # each (N, S)
    return Curves(counts / places, out, back, random_out, random_back)


def _probability(ask: Asking, beside: tuple[Tensor, ...], t: Tensor, x: Tensor) -> Tensor:
    return ask(x, *beside).double().softmax(1).gather(1, t.unsqueeze(1)).squeeze(1).cpu()


def _walk(
    probability: Callable[[Tensor], Tensor], x: Tensor, rank: Tensor, counts: np.ndarray, blank: float | Tensor
) -> tuple[Tensor, Tensor]:
    """Return the target's probability with the first positions deleted, and with them inserted; each (B, S)."""
    empty = torch.as_tensor(blank, dtype=x.dtype, device=x.device).expand_as(x)
    out = [probability(torch.where(rank < count, empty, x)) for count in counts.tolist()]
    back = [probability(torch.where(rank < count, x, empty)) for count in counts.tolist()]
    return torch.stack(out, dim=1), torch.stack(back, dim=1)


def _by_value(value: Tensor, chance: Tensor) -> Tensor:
    """Return each position's rank by value, highest 0; ties in random order."""
    shuffled = chance.argsort(dim=1)
    order = shuffled.gather(1, value.gather(1, shuffled).argsort(dim=1, descending=True, stable=True))
    return order.argsort(dim=1)
