"""How far apart the maps of two models are, layer by layer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...data.inputs import rows
from ...models.inference import Inputs, count
from ...words import mark, number, t
from ..fidelity import Array
from ..layers import Layers, best_match, checked_inputs, evenly_spaced, listed, of_examples, part_of
from .maps import Form, maps_of, unit

if TYPE_CHECKING:
    import pandas as pd

    from ..saliency import Progress


@dataclass(frozen=True, eq=False)
class MapDistance:
    """How far apart two maps of each example are, each of L2 norm 1.

    Attributes
    ----------
    squared : ndarray of float64, shape (N,)
        ‖Q_a − Q_b‖² in [0, 2] if the maps have no negative value; 1 if only one of the two is 0 throughout.
    cosine : ndarray of float64, shape (N,)
        ⟨Q_a, Q_b⟩ in [-1, 1]; nan if either map is 0 throughout. Otherwise squared = 2 − 2 · cosine.
    """

    squared: np.ndarray
    cosine: np.ndarray


@dataclass(frozen=True, eq=False)
class Attention:
    """The maps of two models, layer by layer, and how far apart they are.

    Attributes
    ----------
    teacher_maps, student_maps : dict of str to Tensor, shape (N, h, w)
        By layer, in order.
    squared, cosine : ndarray of float64, shape (T, S, N)
        See :class:`MapDistance`; for each teacher layer, student layer and example.
    by_chance : ndarray of float64, shape (T, S)
        Median cosine of the student's map of an example with the teacher's map of the next one: what maps of unrelated
        examples share, provided that neighbours in X are unrelated. nan for a single example.
    examples : ndarray of int64, shape (N,)
        Indices of the examples in X.
    n_given : int
        Number of examples in X.
    """

    teacher_maps: dict[str, Tensor] = field(repr=False)
    student_maps: dict[str, Tensor] = field(repr=False)
    squared: np.ndarray = field(repr=False)
    cosine: np.ndarray = field(repr=False)
    by_chance: np.ndarray = field(repr=False)
    examples: np.ndarray = field(repr=False)
    n_given: int

    @property
    def n(self) -> int:
        """Number of examples used."""
        return len(self.examples)

    @property
    def teacher_layers(self) -> tuple[str, ...]:
        """Names of the T layers."""
        return tuple(self.teacher_maps)

    @property
    def student_layers(self) -> tuple[str, ...]:
        """Names of the S layers."""
        return tuple(self.student_maps)

    def median(self) -> np.ndarray:
        """Return the median cosine of each teacher and student layer, shape (T, S); nan if there is none."""
        return _median(self.cosine)

    def nearest(self) -> dict[str, str]:
        """Return, for each student layer, the teacher layer with the highest median cosine.

        Student layers whose maps are 0 throughout are left out. Small maps, and smooth ones, are easily similar:
        compare the cosine with ``by_chance``.
        """
        return best_match(self.teacher_layers, self.student_layers, self.median())

    def frame(self) -> pd.DataFrame:
        """Return a table with a row for each teacher layer, student layer and example.

        Columns ``teacher_layer``, ``student_layer``, ``example`` (index in X), ``squared`` and ``cosine``.
        """
        import pandas as pd

        pairs = [(t, s, i) for t in self.teacher_layers for s in self.student_layers for i in self.examples.tolist()]
        table = pd.DataFrame(pairs, columns=["teacher_layer", "student_layer", "example"])
        return table.assign(squared=self.squared.ravel(), cosine=self.cosine.ravel())

    def sentence(self) -> str:
        """Return the result in words.

        >>> maps = {"relu1": torch.eye(3).expand(2, 3, 3)}
        >>> print(compare(maps, maps).sentence())
        The student's map after relu1 is most similar to the teacher's after relu1 (median cosine 1.00); the last maps
        of both, the teacher's relu1 and the student's relu1, have a cosine of 1.00, and of 1.00 between different
        examples (medians of 2 examples).
        """
        median, nearest = self.median(), self.nearest()
        if not nearest:
            examples = of_examples(self.n, self.n_given)
            text = mark("Nothing can be said from {examples}: in each pair of maps one is 0 throughout.")
            return t(text, examples=examples)
        student = list(nearest)[-1]
        row, column = self.teacher_layers.index(nearest[student]), self.student_layers.index(student)
        last, by_chance = median[-1, -1], self.by_chance[-1, -1]
        text = WITHOUT_COSINE if np.isnan(last) else WITHOUT_CHANCE if np.isnan(by_chance) else WITH_CHANCE
        return t(
            text,
            student=student,
            teacher=nearest[student],
            nearest=number(median[row, column], ".2f"),
            last_teacher=self.teacher_layers[-1],
            last_student=self.student_layers[-1],
            cosine=number(last, ".2f"),
            chance=number(by_chance, ".2f"),
            examples=of_examples(self.n, self.n_given),
        )


WITH_CHANCE = mark(
    "The student's map after {student} is most similar to the teacher's after {teacher} (median cosine {nearest}); the "
    "last maps of both, the teacher's {last_teacher} and the student's {last_student}, have a cosine of {cosine}, and "
    "of {chance} between different examples (medians of {examples})."
)
WITHOUT_CHANCE = mark(
    "The student's map after {student} is most similar to the teacher's after {teacher} (median cosine {nearest}); the "
    "last maps of both, the teacher's {last_teacher} and the student's {last_student}, have a cosine of {cosine} "
    "(medians of {examples})."
)
WITHOUT_COSINE = mark(
    "The student's map after {student} is most similar to the teacher's after {teacher} (median cosine {nearest}); the "
    "last maps of both, the teacher's {last_teacher} and the student's {last_student}, have no cosine, as one is 0 "
    "throughout (medians of {examples})."
)


def distance(a: Array, b: Array) -> MapDistance:
    """Return how far apart two maps of each example are, whatever their sizes.

    Parameters
    ----------
    a, b : array of float, shape (N, h, w)
        Maps of the same examples in the same order.

    Raises
    ------
    ValueError
        If the numbers of examples differ, there is none, or a value is not finite.

    Notes
    -----
    If the sizes differ, the larger map is averaged down to the smaller (adaptive average pooling along each axis), as
    in the authors' code, since enlarging would invent detail. Both are then divided by their L2 norms. With Q_a, Q_b of
    M values, the authors' code uses the mean ‖Q_a − Q_b‖² / M as its loss, their paper ‖Q_a − Q_b‖; both follow from
    ``squared``.

    Maps without negative values always have something in common: compare a cosine with that between different
    examples, as :class:`Attention` does.

    References
    ----------
    Zagoruyko, Komodakis (2017), Paying More Attention to Attention, ICLR, arXiv:1612.03928.

    Examples
    --------
    >>> d = distance([[[3.0, 0.0], [0.0, 4.0]]], [[[0.0, 0.0], [0.0, 2.0]]])
    >>> round(float(d.squared[0]), 4), round(float(d.cosine[0]), 4)
    (0.4, 0.8)
    """
    first, second = _maps(a, "a"), _maps(b, "b")
    if len(first) != len(second):
        raise ValueError(f"a and b must be maps of the same examples, got {len(first)} and {len(second)} of them")
    return _apart(first, second)


def compare(teacher_maps: Mapping[str, Tensor], student_maps: Mapping[str, Tensor]) -> Attention:
    """Compare given maps, each of a teacher's with each of a student's.

    Parameters
    ----------
    teacher_maps, student_maps : mapping of str to Tensor, shape (N, h, w)
        From :func:`activation_maps`, or :func:`patch_map` of a transformer's layers, for the same examples.

    Raises
    ------
    ValueError
        If there is no map, the numbers of examples differ or a value is not finite.
    """
    return _compare(dict(teacher_maps), dict(student_maps))


def attention(
    teacher: nn.Module,
    student: nn.Module,
    X: Inputs,
    teacher_layers: Layers = None,
    student_layers: Layers = None,
    *,
    form: Form = "sum",
    power: float = 2.0,
    limit: int = 500,
    batch_size: int = 64,
    progress: Progress | None = None,
) -> Attention:
    """Compare where the layers of a teacher and a student are active, each with each.

    Parameters
    ----------
    teacher, student, X, form, power, batch_size
        See :func:`activation_maps`.
    teacher_layers, student_layers : str or sequence of str, optional
        See ``layers`` of :func:`activation_maps`.
    limit : int
        Maximum number of examples; if there are more, evenly spaced ones are used.
    progress : callable, optional
        Called with (passes done, passes in all), a pass for each model and example; return False to stop.

    Raises
    ------
    ValueError, Cancelled
        As :func:`activation_maps`.

    Examples
    --------
    >>> import kdviz as kd
    >>> result = attention(kd.models.convnet(4, seed=0), kd.models.convnet(2, seed=1), torch.rand(6, 1, 28, 28))
    >>> result.student_layers
    ('relu1', 'relu2', 'relu3', 'relu4', 'relu5')
    >>> result.cosine.shape
    (5, 5, 6)
    """
    chosen = evenly_spaced(checked_inputs(X, batch_size), limit)
    x, n = rows(X, torch.as_tensor(chosen)), len(chosen)
    maps = [
        maps_of(model, x, layers, form, power, batch_size, part_of(progress, done, 2 * n), who)
        for who, model, layers, done in (
            ("teacher", teacher, teacher_layers, 0),
            ("student", student, student_layers, n),
        )
    ]
    return _compare(maps[0], maps[1], chosen, count(X))


def _maps(maps: Array, what: str) -> Tensor:
    m = torch.as_tensor(maps).detach().to("cpu", torch.float64)
    if m.ndim != 3 or m.numel() == 0:
        raise ValueError(f"{what} must be maps (examples, height, width) of at least one example, got {tuple(m.shape)}")
    if not bool(m.isfinite().all()):
        raise ValueError(f"{what} must be finite, got nan or inf")
    return m


def _apart(a: Tensor, b: Tensor) -> MapDistance:
    """Return the distances of two sets of maps in float64, the larger averaged down to the smaller."""
    size = (min(a.shape[1], b.shape[1]), min(a.shape[2], b.shape[2]))
    p, q = (unit(F.adaptive_avg_pool2d(m.unsqueeze(1), size).squeeze(1)).flatten(1) for m in (a, b))  # (N, h·w)
    cosine = (p * q).sum(1).clamp(-1, 1)
    blank = (p == 0).all(1) | (q == 0).all(1)
    return MapDistance((p - q).square().sum(1).numpy(), cosine.masked_fill(blank, math.nan).numpy())


def _compare(
    teacher: dict[str, Tensor],
    student: dict[str, Tensor],
    examples: np.ndarray | None = None,
    n_given: int | None = None,
) -> Attention:
    sides = []
    for who, maps in (("teacher", teacher), ("student", student)):
        if not maps:
            raise ValueError(f"{who}_maps must hold the maps of at least one layer, got none")
        sides.append([_maps(m, f"the {who}'s maps of {name!r}") for name, m in maps.items()])
    counts = sorted({len(m) for side in sides for m in side})
    if len(counts) > 1:
        raise ValueError(f"all maps must be of the same examples, got {listed(map(str, counts))} of them")
    n = counts[0]
    pairs = [[_apart(t, s) for s in sides[1]] for t in sides[0]]
    by_chance = [[math.nan if n == 1 else _apart(t.roll(-1, 0), s).cosine for s in sides[1]] for t in sides[0]]
    return Attention(
        teacher_maps=teacher,
        student_maps=student,
        squared=np.array([[pair.squared for pair in row] for row in pairs]),
        cosine=np.array([[pair.cosine for pair in row] for row in pairs]),
        by_chance=_median(np.array(by_chance).reshape(len(teacher), len(student), -1)),
        examples=np.arange(n) if examples is None else examples,
        n_given=n if n_given is None else n_given,
    )


def _median(values: np.ndarray) -> np.ndarray:
    """Return the median over the last axis, ignoring nan; nan if there is nothing else."""
    defined = ~np.isnan(values).all(-1)
    median = np.full(values.shape[:-1], math.nan)
    median[defined] = np.nanmedian(values[defined], axis=-1)
    return median
