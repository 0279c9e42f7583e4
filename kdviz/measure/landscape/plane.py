"""The loss on a plane through a student's weights, and its twin's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...data.inputs import Inputs
from ...models.inference import Cancelled
from ...words import mark, number, t
from .loss import Loss, Values, added, norm

if TYPE_CHECKING:
    import pandas as pd

    from ..saliency import Progress

POINTS = 21  # along a side
REACH = (-0.5, 1.5)  # from student (0) to twin (1), and half as far beyond
ACROSS = (-1.0, 1.0)  # as many lengths of each filter
BARRIER = mark(
    "On the straight line from {first} (loss {a}) to {second} (loss {b}) the loss rises to {high}: a barrier of {size}."
)
NO_BARRIER = mark("On the straight line from {first} (loss {a}) to {second} (loss {b}) the loss rises above neither.")
AROUND = mark("The loss of {first} is {a}; on this plane it goes up to {high}.")


@dataclass(frozen=True, eq=False)
class Plane:
    """The loss on a grid of weights: student + a · first + b · second direction.

    Attributes
    ----------
    along, across : ndarray of float64, shapes (A,) and (B,)
        The coefficients a and b.
    loss : ndarray of float64, shape (B, A)
        Mean cross-entropy; row by row of ``across``.
    accuracy : ndarray of float64, shape (B, A)
    lengths : tuple of float
        Euclidean lengths of both directions.
    twin : bool
        Whether a = 1 is the twin; without one both directions are random.
    barrier : float
        How far the loss on the line between both, at the points of the grid, lies above the straight line between
        their losses at most; nan without a twin.
    n : int
        Examples.
    """

    along: np.ndarray
    across: np.ndarray
    loss: np.ndarray = field(repr=False)
    accuracy: np.ndarray = field(repr=False)
    lengths: tuple[float, float]
    twin: bool
    barrier: float
    n: int

    def at(self, along: float) -> float:
        """Return the loss at the grid point (along, 0)."""
        row, column = np.abs(self.across).argmin(), np.abs(self.along - along).argmin()
        return float(self.loss[row, column])

    def frame(self) -> pd.DataFrame:
        """Return a row for each point: ``along``, ``across``, ``loss`` and ``accuracy``."""
        import pandas as pd

        b, a = np.meshgrid(self.across, self.along, indexing="ij")
        columns = {"along": a, "across": b, "loss": self.loss, "accuracy": self.accuracy}
        return pd.DataFrame({name: values.ravel() for name, values in columns.items()})

    def sentence(self, first: str = "", second: str = "") -> str:
        """Return the result in words."""
        first, second = first or t("the student"), second or t("the twin")
        told = {"first": first, "a": number(self.at(0), ".3f")}
        if not self.twin:
            return t(AROUND, **told, high=number(float(self.loss.max()), ".3f"))
        told |= {"second": second, "b": number(self.at(1), ".3f")}
        middle = (self.along >= -1e-9) & (self.along <= 1 + 1e-9)
        line = self.loss[np.abs(self.across).argmin(), middle]
        if line.max() <= max(self.at(0), self.at(1)):
            return t(NO_BARRIER, **told)
        return t(BARRIER, **told, high=number(float(line.max()), ".3f"), size=number(self.barrier, ".3f"))


def plane(
    student: nn.Module,
    X: Inputs,
    y: Tensor,
    twin: nn.Module | None = None,
    *,
    points: int = POINTS,
    along: Sequence[float] = REACH,
    across: Sequence[float] = ACROSS,
    seed: int = 0,
    progress: Progress | None = None,
) -> Plane:
    """Return the loss on a plane through a student, and through its twin.

    Parameters
    ----------
    student : nn.Module
        Any classifier; it is left as it was.
    X : Tensor, mapping or tuple
        Inputs of N examples, as ``Examples.inputs()`` returns them.
    y : Tensor of int, shape (N,)
    twin : nn.Module, optional
        Of the same layers; the first direction then leads from the student to it. Without one it is random.
    points : int
        Along a side, at least 3; student and twin are among them whatever it is.
    along, across : pair of float
        Between which coefficients.
    seed : int
        Of the random directions.
    progress : callable, optional
        Called with (points done, points in all); return False to stop with ``Cancelled``.

    Raises
    ------
    ValueError
        If the twin's parameters are not the student's, or a number is out of range.

    Notes
    -----
    A random direction has the length of the student's filter in each filter (a row of a matrix, a channel of a
    convolution), so that a step means the same for large and small weights, and is 0 for biases and normalization
    (Li et al.). It is made orthogonal to the first direction filter by filter, before it is given its length: so it is
    orthogonal to it as a whole, and normalized, exactly.

    Buffers, such as the statistics of batch normalization, go from the student's to the twin's along the first
    direction and no further, so that a = 1 is the twin as it is. The picture depends on the random direction, and two
    of billions of dimensions are shown: a plane without a barrier does not show that there is none.

    References
    ----------
    Li, Xu, Taylor, Studer, Goldstein (2018), Visualizing the Loss Landscape of Neural Nets, NeurIPS, arXiv:1712.09913.
    Frankle, Dziugaite, Roy, Carbin (2020), Linear Mode Connectivity and the Lottery Ticket Hypothesis, ICML,
    arXiv:1912.05671: the barrier.
    """
    if points < 3:
        raise ValueError(f"points must be at least 3, such as {POINTS}, got {points}")
    for name, ends in (("along", along), ("across", across)):
        if len(ends) != 2 or not ends[0] < 0 < ends[1]:
            raise ValueError(f"{name} must be two numbers with 0 between them, got {list(ends)}")
    loss = Loss.of(student, X, y)
    random = torch.Generator().manual_seed(seed)
    start = loss.parameters
    buffers = loss.buffers
    if twin is None:
        first = _random(start, {}, random)
    else:
        other = Loss.of(twin, X, y)
        _check_alike(loss, other)
        first = {name: other.parameters[name].to(value) - value for name, value in start.items()}
        buffers = other.buffers
    second = _random(start, first, random)
    a = _grid(along, points, (0.0, 1.0) if twin is not None else (0.0,))
    b = _grid(across, points, (0.0,))
    found = np.empty((2, len(b), len(a)))
    labels = loss.labels
    with torch.no_grad():
        for column, by in enumerate(a.tolist()):
            moved, there = added(start, first, by), _between(loss.buffers, buffers, by)
            for row, beside in enumerate(b.tolist()):
                z = loss.logits(added(moved, second, beside), there).double()
                found[0, row, column] = float(F.cross_entropy(z, labels))
                found[1, row, column] = float((z.argmax(1) == labels).double().mean())
                done = column * len(b) + row + 1
                if progress is not None and progress(done, len(a) * len(b)) is False:
                    raise Cancelled(f"stopped after {done:,} of {len(a) * len(b):,} points")
    lengths = norm(first), norm(second)
    barrier = _barrier(a, found[0][np.abs(b).argmin()]) if twin is not None else np.nan
    return Plane(a, b, found[0], found[1], lengths, twin is not None, barrier, len(labels))


def _check_alike(student: Loss, twin: Loss) -> None:
    ours, theirs = ({n: tuple(v.shape) for n, v in one.parameters.items()} for one in (student, twin))
    differing = next((name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)), None)
    if differing is not None:
        raise ValueError(
            f"a plane needs a twin of the student's layers, and {differing} has shape "
            f"{ours.get(differing, 'none')} in the student and {theirs.get(differing, 'none')} in the other"
        )


def _random(start: Values, first: Values, random: torch.Generator) -> Values:
    """Return a random direction, orthogonal to another in each filter, of the length of each filter."""
    made = {}
    for name, value in start.items():
        if value.ndim < 2:
            made[name] = torch.zeros_like(value)
            continue
        rows = value.double().flatten(1)
        drawn = torch.randn(rows.shape, generator=random, dtype=torch.float64).to(rows.device)
        if name in first:
            other = first[name].double().flatten(1)
            share = (drawn * other).sum(1, keepdim=True) / other.square().sum(1, keepdim=True).clamp_min(1e-300)
            drawn = drawn - share * other
        drawn = drawn * (rows.norm(dim=1) / drawn.norm(dim=1).clamp_min(1e-300))[:, None]
        made[name] = drawn.reshape(value.shape).to(value.dtype)
    return made


def _grid(ends: Sequence[float], points: int, among: Sequence[float]) -> np.ndarray:
    """Return evenly spaced coefficients, the nearest ones moved to those that have to be among them."""
    grid = np.linspace(ends[0], ends[1], points)
    for value in among:
        if ends[0] <= value <= ends[1]:
            grid[np.abs(grid - value).argmin()] = value
    return grid


def _between(first: Values, second: Values, share: float) -> Values:
    """Return buffers on the way from one model's to the other's, not beyond either."""
    share = min(1.0, max(0.0, share))
    return {
        name: value.lerp(second[name].to(value), share)
        if value.is_floating_point() and second[name].shape == value.shape
        else value
        for name, value in first.items()
    }


def _barrier(along: np.ndarray, line: np.ndarray) -> float:
    inside = (along >= -1e-9) & (along <= 1 + 1e-9)
    a, values = along[inside], line[inside]
    return float((values - ((1 - a) * values[0] + a * values[-1])).max())
