"""Similarity: which layer of a student does the work of which of its teacher.

Linear CKA says how alike two layers place the same examples to each other.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from .fidelity import Array
from .layers import (
    Layers,
    asking,
    best_match,
    checked_inputs,
    chosen_layers,
    evenly_spaced,
    listed,
    of_examples,
    part_of,
    watch,
)

if TYPE_CHECKING:
    import pandas as pd

    from .saliency import Progress

COLUMNS = 4096  # features taken to float64 at a time


@dataclass(frozen=True, eq=False)
class Correspondence:
    """Which layers of two models place the same examples alike.

    Attributes
    ----------
    teacher_layers, student_layers : tuple of str
        Names of the T and S layers.
    matrix : ndarray of float64, shape (T, S)
        Linear CKA in [0, 1]; nan where a layer gives all examples the same.
    n : int
        How many examples were looked at.
    n_given : int
        How many X had.
    """

    teacher_layers: tuple[str, ...]
    student_layers: tuple[str, ...]
    matrix: np.ndarray = field(repr=False)
    n: int
    n_given: int

    def best(self) -> dict[str, str]:
        """Return, for each student layer, the teacher layer with the largest CKA, of equals the first.

        Student layers without a number are left out.
        """
        return best_match(self.teacher_layers, self.student_layers, self.matrix)

    def frame(self) -> pd.DataFrame:
        """Return a table with a row for each pair: ``teacher_layer``, ``student_layer``, ``cka`` and ``best``.

        ``best`` says whether no other teacher layer is more like this student layer.
        """
        import pandas as pd

        pairs = [(t, s) for t in self.teacher_layers for s in self.student_layers]
        table = pd.DataFrame(pairs, columns=["teacher_layer", "student_layer"])
        best = self.best()
        return table.assign(cka=self.matrix.ravel(), best=[best.get(s) == t for t, s in pairs])

    def sentence(self) -> str:
        """Return what was found, in words."""
        best = self.best()
        on = of_examples(self.n, self.n_given)
        if not best:
            return f"Nothing can be said of {on}: one of each two layers gives all of them the same."
        rows = {s: self.teacher_layers.index(t) for s, t in best.items()}
        cka = {s: float(self.matrix[row, self.student_layers.index(s)]) for s, row in rows.items()}
        last = list(best)[-1]
        says = (
            f"Over {on} the student's layer {last} is most like the teacher's {best[last]} (linear CKA {cka[last]:.2f})"
        )
        if len(best) > 1:
            worst = min(cka, key=lambda s: cka[s])
            order = list(rows.values())
            keeps = all(a <= b for a, b in itertools.pairwise(order))
            says += (
                f", the poorest match of its {len(best)} layers"
                if worst == last
                else f"; of its {len(best)} layers {worst} finds the poorest match, {best[worst]} ({cka[worst]:.2f})"
            )
            says += f"; the best matches {'keep' if keeps else 'do not keep'} the order of depth"
        lost = np.isnan(self.matrix)
        silent = [f"the teacher's {name}" for name, gone in zip(self.teacher_layers, lost.all(1), strict=True) if gone]
        silent += [f"the student's {name}" for name, gone in zip(self.student_layers, lost.all(0), strict=True) if gone]
        if silent:
            says += f". No number for {', '.join(silent)}: the same for all examples"
        return says + "."


def linear_cka(features_a: Mapping[str, Array], features_b: Mapping[str, Array]) -> np.ndarray:
    """Return how alike layers place the same examples to each other: linear centred kernel alignment.

    Parameters
    ----------
    features_a, features_b : mapping of str to array of float, shape (N, ...)
        What each layer gives for the same N ≥ 2 examples; axes after the first are flattened.

    Returns
    -------
    ndarray of float64, shape (A, B)
        In [0, 1]; nan where a layer gives all examples the same.

    Raises
    ------
    ValueError
        If there is no layer, the numbers of examples differ or are below 2, or a value is not finite.

    Notes
    -----
    With X, Y the features (N, d), each column less its mean, in float64::

        CKA = ‖XᵀY‖_F² / (‖XᵀX‖_F ‖YᵀY‖_F) = ⟨XXᵀ, YYᵀ⟩ / (‖XXᵀ‖_F ‖YYᵀ‖_F)

    A layer of more features than examples goes by its N × N products, any other by its features. CKA does not change
    when features are turned (orthogonally) or all scaled alike. It does not see which class is which, and it is
    too high where there are far fewer examples than features: compare it among layers of the same width, or take more
    examples.

    References
    ----------
    Kornblith, Norouzi, Lee, Hinton (2019), Similarity of Neural Network Representations Revisited, ICML,
    arXiv:1905.00414. Nguyen, Raghu, Kornblith (2021), ICLR, arXiv:2010.15327 (on few examples).

    Examples
    --------
    >>> X = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> linear_cka({"x": X}, {"turned": X.flip(1), "first": X[:, :1]}).round(4).tolist()
    [[1.0, 0.7906]]
    """
    sides = [_centred_layers(each, what) for each, what in ((features_a, "features_a"), (features_b, "features_b"))]
    (first, *_), (second, *_) = sides
    if first.n != second.n:
        raise ValueError(f"features must be of the same examples, got {first.n} and {second.n} of them")
    return _cka(*sides)


def correspondence(
    teacher: nn.Module,
    student: nn.Module,
    X: Tensor,
    teacher_layers: Layers = None,
    student_layers: Layers = None,
    *,
    average: bool = False,
    limit: int = 500,
    batch_size: int = 64,
    progress: Progress | None = None,
) -> Correspondence:
    """Find which layer of a teacher is most like each layer of a student, by linear CKA.

    Parameters
    ----------
    teacher, student, X, batch_size
        As of :func:`kdviz.measure.attention.activation_maps`.
    teacher_layers, student_layers : str or sequence of str, optional
        Names of layers that give one tensor (B, ...). If None, the end of each step of the model, as of
        :func:`kdviz.measure.attention.activation_maps`, linear layers included.
    average : bool
        Whether maps (B, C, h, w) are averaged over places, and tokens (B, L, D) over L, instead of flattened. Then only
        what is there counts, not where, and less memory is needed.
    limit : int
        Most examples to look at, at least 2; of more, that many evenly spaced ones. What a model's layers give for
        them is held at once: 4 · limit · features bytes a layer.
    progress : callable, optional
        Called with (passes done, passes in all), a pass for each model and example; return False to stop.

    Raises
    ------
    ValueError
        If there is no such layer, a layer gives no tensor (B, ...), there are fewer than 2 examples, or a value is not
        finite.
    Cancelled
        If ``progress`` returned False.

    See Also
    --------
    linear_cka : the number, and what it does not see.

    Examples
    --------
    >>> import kdviz as kd
    >>> model = kd.models.mlp((6,), inputs=4, classes=3)
    >>> found = correspondence(model, model, torch.rand(20, 4, generator=torch.Generator().manual_seed(0)))
    >>> found.best()
    {'relu1': 'relu1', 'logits': 'logits'}
    """
    chosen = evenly_spaced(checked_inputs(X, batch_size), limit)
    x, n = X[torch.as_tensor(chosen)], len(chosen)
    if n < 2:
        raise ValueError("correspondence needs at least 2 examples, as it is about how they lie to each other, got 1")
    sides = []
    for who, model, layers, done in (("teacher", teacher, teacher_layers, 0), ("student", student, student_layers, n)):
        features = _features(model, x, layers, average, batch_size, part_of(progress, done, 2 * n), who)
        sides.append(_centred_layers(features, f"the {who}'s features"))
    matrix = _cka(*sides)
    names = [tuple(layer.name for layer in side) for side in sides]
    return Correspondence(names[0], names[1], matrix, n, len(X))


def _features(
    model: nn.Module,
    X: Tensor,
    layers: Layers,
    average: bool,
    batch_size: int,
    progress: Progress | None,
    who: str,
) -> dict[str, Tensor]:
    """Return what each layer gives, shape (N, d)."""

    def keep(out: Tensor) -> Tensor:
        if average and out.ndim > 2:
            out = out.double().mean(1) if out.ndim == 3 else out.double().flatten(2).mean(2)
        return out.flatten(1)

    with asking(model):
        chosen = chosen_layers(model, X, layers, lambda shape: len(shape) >= 2, "one tensor (examples, ...)", who)
        return watch(model, X, chosen, keep, batch_size, progress, who)


@dataclass(frozen=True, eq=False)
class _Layer:
    """Centred features of one layer, by columns (N, d) or, where these are more than N, by products (N, N)."""

    name: str
    n: int
    columns: Tensor | None
    products: Tensor | None
    constant: bool


def _centred_layers(features: Mapping[str, Array], what: str) -> list[_Layer]:
    if not features:
        raise ValueError(f"{what} must hold at least one layer, got none")
    layers = [_centred(name, torch.as_tensor(each).detach(), what) for name, each in features.items()]
    counts = sorted({layer.n for layer in layers})
    if len(counts) > 1:
        raise ValueError(f"{what} must be of the same examples, got {listed(map(str, counts))} of them")
    return layers


def _centred(name: str, features: Tensor, what: str) -> _Layer:
    if features.ndim < 2 or features.numel() == 0 or len(features) < 2:
        raise ValueError(
            f"{what} of {name!r} must have shape (examples, ...) with at least 2 examples, got {tuple(features.shape)}"
        )
    if not bool(features.isfinite().all()):
        raise ValueError(f"{what} of {name!r} must be finite, got nan or inf")
    X = features.flatten(1).cpu()
    n, d = X.shape
    constant = bool((X[:1] == X).all())
    size = float(X.abs().max()) or 1.0  # CKA does not change, and squares neither vanish nor overflow
    blocks = ((part.double() / size) for part in X.split(COLUMNS, dim=1))
    centred = (part - part.mean(0) for part in blocks)
    if d <= n:
        return _Layer(name, n, torch.cat(list(centred), dim=1), None, constant)
    products = torch.zeros(n, n, dtype=torch.float64)
    for part in centred:
        products.addmm_(part, part.T)
    return _Layer(name, n, None, products, constant)


def _cka(first: Sequence[_Layer], second: Sequence[_Layer]) -> np.ndarray:
    norms = [np.array([math.sqrt(_inner(layer, layer)) for layer in side]) for side in (first, second)]
    inner = np.array([[_inner(a, b) for b in second] for a in first])
    silent = np.array([[a.constant or b.constant for b in second] for a in first])
    with np.errstate(invalid="ignore", divide="ignore"):
        cka = inner / (norms[0][:, None] * norms[1][None, :])
    return np.where(silent, math.nan, cka.clip(0, 1))


def _inner(a: _Layer, b: _Layer) -> float:
    """Return ‖AᵀB‖_F² = ⟨AAᵀ, BBᵀ⟩."""
    if a.products is not None and b.products is not None:
        return float((a.products * b.products).sum())
    if a.columns is not None and b.columns is not None:
        return float((a.columns.T @ b.columns).square().sum())
    products, columns = (a.products, b.columns) if a.products is not None else (b.products, a.columns)
    assert products is not None and columns is not None, "a layer has its columns or their products"
    return float(((products @ columns) * columns).sum())
