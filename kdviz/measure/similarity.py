"""Similarity: which layer of a student corresponds to which of its teacher.

Linear CKA measures how similarly two layers arrange the same examples relative to each other. It is debiased here: near
0 for unrelated features, however many there are, and accompanied by its value for shuffled examples.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from ..data.inputs import Inputs, rows
from ..models.inference import count
from ..words import mark, number, t
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
FEWEST = 4  # examples: the debiased form divides by N (N − 3)
SHUFFLES = 100  # of the examples, for the CKA by chance
CHANCE = 0.95  # quantile over the shuffles
BY_PRODUCTS = 1000  # examples up to which shuffles go by N × N products


LIKEST = mark("Over {examples} the student's layer {layer} is most like the teacher's {teacher} ({form} {cka}).")
LIKEST_BESIDE_CHANCE = mark(
    "Over {examples} the student's layer {layer} is most like the teacher's {teacher} ({form} {cka}; shuffled examples "
    "give up to {chance})."
)


@dataclass(frozen=True, eq=False)
class Correspondence:
    """Which layers of two models represent the same examples similarly.

    Attributes
    ----------
    teacher_layers, student_layers : tuple of str
        Names of the T and S layers.
    matrix : ndarray of float64, shape (T, S)
        Linear CKA; nan if a layer's output is the same for all examples.
    n : int
        Number of examples used.
    n_given : int
        Number of examples in X.
    by_chance : ndarray of float64, shape (T, S), or None
        The 95 % quantile of the CKA over shuffles of the student's examples; None if there were no shuffles.
    debiased : bool
        Whether CKA is the debiased form, which may be below 0, or the textbook's, in [0, 1].
    """

    teacher_layers: tuple[str, ...]
    student_layers: tuple[str, ...]
    matrix: np.ndarray = field(repr=False)
    n: int
    n_given: int
    by_chance: np.ndarray | None = field(default=None, repr=False)
    debiased: bool = True

    def best(self) -> dict[str, str]:
        """Return, for each student layer, the teacher layer with the largest CKA, the first of a tie.

        Student layers without a number are left out.
        """
        return best_match(self.teacher_layers, self.student_layers, self.matrix)

    def frame(self) -> pd.DataFrame:
        """Return a row for each pair: ``teacher_layer``, ``student_layer``, ``cka``, ``by_chance`` and ``best``.

        ``by_chance`` is nan without shuffles; ``best`` is True for the teacher layer most like this student layer.
        """
        import pandas as pd

        pairs = [(t, s) for t in self.teacher_layers for s in self.student_layers]
        table = pd.DataFrame(pairs, columns=["teacher_layer", "student_layer"])
        best = self.best()
        by_chance = math.nan if self.by_chance is None else self.by_chance.ravel()
        return table.assign(cka=self.matrix.ravel(), by_chance=by_chance, best=[best.get(s) == t for t, s in pairs])

    def sentence(self) -> str:
        """Return the result in words."""
        best = self.best()
        on = of_examples(self.n, self.n_given)
        if not best:
            return t(
                "Nothing can be said from {examples}: in each pair of layers one gives all of them the same output.",
                examples=on,
            )
        rows = {s: self.teacher_layers.index(name) for s, name in best.items()}
        cka = {s: float(self.matrix[row, self.student_layers.index(s)]) for s, row in rows.items()}
        last = list(best)[-1]
        chance = self.by_chance
        likest = t(
            LIKEST if chance is None else LIKEST_BESIDE_CHANCE,
            examples=on,
            layer=last,
            teacher=best[last],
            form=t("linear CKA") if self.debiased else t("linear CKA, not debiased,"),
            cka=number(cka[last], ".2f"),
            chance="" if chance is None else number(chance[rows[last], self.student_layers.index(last)], ".2f"),
        )
        return " ".join([likest, *self._matches(best, rows, cka), *self._without_number()])

    def _matches(self, best: Mapping[str, str], rows: Mapping[str, int], cka: Mapping[str, float]) -> list[str]:
        """Return which match is the poorest, whether they keep the order of depth, and which are chance, in words."""
        sentences = []
        if len(best) > 1:
            worst = min(cka, key=lambda layer: cka[layer])
            if worst == list(best)[-1]:
                sentences.append(t("It is the poorest match of its {n} layers.", n=len(best)))
            else:
                names = {"layer": worst, "teacher": best[worst], "cka": number(cka[worst], ".2f")}
                text = mark("Of its {n} layers {layer} has the poorest match, {teacher} ({cka}).")
                sentences.append(t(text, n=len(best), **names))
            keeps = all(a <= b for a, b in itertools.pairwise(rows.values()))
            sentences.append(
                t("The best matches keep the order of depth.")
                if keeps
                else t("The best matches do not keep the order of depth.")
            )
        unlike = [student for student, teacher in best.items() if self.is_chance(teacher, student)]
        if unlike:
            text = mark("No more similar than shuffled examples: the best match of {layers}.")
            sentences.append(t(text, layers=", ".join(unlike)))
        return sentences

    def _without_number(self) -> list[str]:
        lost = np.isnan(self.matrix)
        teacher = zip(self.teacher_layers, lost.all(1), strict=True)
        student = zip(self.student_layers, lost.all(0), strict=True)
        silent = [t("the teacher's {layer}", layer=name) for name, gone in teacher if gone]
        silent += [t("the student's {layer}", layer=name) for name, gone in student if gone]
        if not silent:
            return []
        return [t("No number for {layers}, whose output is the same for all examples.", layers=", ".join(silent))]

    def is_chance(self, teacher_layer: str, student_layer: str) -> bool:
        """Return whether two layers are no more similar than for shuffled examples; False without shuffles."""
        pair = self.teacher_layers.index(teacher_layer), self.student_layers.index(student_layer)
        return self.by_chance is not None and bool(self.matrix[pair] <= self.by_chance[pair])


def linear_cka(
    features_a: Mapping[str, Array], features_b: Mapping[str, Array], *, debiased: bool = True
) -> np.ndarray:
    """Return how similarly layers arrange the same examples: linear centered kernel alignment, debiased.

    Parameters
    ----------
    features_a, features_b : mapping of str to array of float, shape (N, ...)
        Each layer's output for the same N ≥ 4 examples (2 unless ``debiased``); axes after the first are flattened.
    debiased : bool
        False for the textbook form: in [0, 1], and far too high with fewer examples than features (0.94 for 200
        examples of 3,136 independent features).

    Returns
    -------
    ndarray of float64, shape (A, B)
        In [−1, 1]: 1 for the same features, near 0, on either side, for independent ones; nan if a layer's output is
        the same for all examples.

    Raises
    ------
    ValueError
        If there is no layer, the numbers of examples differ or are too small, or a value is not finite.

    See Also
    --------
    cka_by_chance : the value for shuffled examples.

    Notes
    -----
    With X, Y the features (N, d), columns centered, in float64, K = XXᵀ, L = YYᵀ, and k, l their diagonals::

        debiased   CKA = HSIC(K, L) / √(HSIC(K, K) HSIC(L, L))
                   HSIC(K, L) = ‖XᵀY‖_F² − N/(N−2) Σ_i k_i l_i + (Σ_i k_i)(Σ_i l_i) / ((N−1)(N−2))
        textbook   CKA = ‖XᵀY‖_F² / (‖XᵀX‖_F ‖YᵀY‖_F)

    HSIC(K, L) is N (N−3) times the unbiased estimate of Song et al.: products of an example with itself, which are
    large in any two layers, are left out. A layer with more features than examples is handled by its N × N products,
    any other by its features. CKA is invariant to rotations and to a common scale of the features. It does not see
    which class is which. With few examples it scatters widely about 0: for independent features 95 in 100 values are
    below about 0.3 for 10 examples and 0.03 for 100; :func:`cka_by_chance` computes this for your features.

    References
    ----------
    Kornblith, Norouzi, Lee, Hinton (2019), Similarity of Neural Network Representations Revisited, ICML,
    arXiv:1905.00414. Song, Smola, Gretton, Bedo, Borgwardt (2012), Feature Selection via Dependence Maximization, JMLR
    13 (unbiased HSIC). Nguyen, Raghu, Kornblith (2021), ICLR, arXiv:2010.15327. Murphy, Zylberberg, Fyshe (2024),
    Correcting Biased Centered Kernel Alignment Measures, arXiv:2405.01012.

    Examples
    --------
    >>> X = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, 0.0]])
    >>> linear_cka({"x": X}, {"turned": X.flip(1), "first": X[:, :1]}).round(4).tolist()
    [[1.0, 0.8704]]
    >>> linear_cka({"x": X}, {"turned": X.flip(1), "first": X[:, :1]}, debiased=False).round(4).tolist()
    [[1.0, 0.9261]]
    """
    return _cka(*_same_examples(features_a, features_b, debiased), debiased)


def cka_by_chance(
    features_a: Mapping[str, Array],
    features_b: Mapping[str, Array],
    *,
    debiased: bool = True,
    shuffles: int = SHUFFLES,
    seed: int = 0,
) -> np.ndarray:
    """Return the 95 % quantile of :func:`linear_cka` over shuffles of the examples of ``features_b``.

    Parameters
    ----------
    features_a, features_b, debiased
        See :func:`linear_cka`.
    shuffles : int
        At least 1.
    seed : int

    Returns
    -------
    ndarray of float64, shape (A, B)
        nan if a layer's output is the same for all examples.

    Raises
    ------
    ValueError
        As :func:`linear_cka`, or if ``shuffles`` is below 1.

    Notes
    -----
    A shuffle keeps the arrangement of the examples within each layer and breaks their pairing between the layers. The
    mean of the debiased form over all shuffles is 0; that of the textbook form is its bias from few examples.
    """
    if shuffles < 1:
        raise ValueError(f"shuffles must be at least 1, such as {SHUFFLES}, got {shuffles}")
    return _shuffled(*_same_examples(features_a, features_b, debiased), debiased, shuffles, seed)


def _same_examples(
    features_a: Mapping[str, Array], features_b: Mapping[str, Array], debiased: bool
) -> tuple[list[_Layer], list[_Layer]]:
    a, b = (_centred_layers(f, what, debiased) for f, what in ((features_a, "features_a"), (features_b, "features_b")))
    if a[0].n != b[0].n:
        raise ValueError(f"features must be of the same examples, got {a[0].n} and {b[0].n} of them")
    return a, b


def correspondence(
    teacher: nn.Module,
    student: nn.Module,
    X: Inputs,
    teacher_layers: Layers = None,
    student_layers: Layers = None,
    *,
    average: bool = False,
    limit: int = 500,
    batch_size: int = 64,
    debiased: bool = True,
    shuffles: int = SHUFFLES,
    progress: Progress | None = None,
) -> Correspondence:
    """Find which layer of a teacher is most like each layer of a student, by linear CKA.

    Parameters
    ----------
    teacher, student, X, batch_size
        See :func:`kdviz.measure.attention.activation_maps`.
    teacher_layers, student_layers : str or sequence of str, optional
        Names of layers that return one tensor (B, ...). If None, the end of each step of the model, see
        :func:`kdviz.measure.attention.activation_maps`, including linear layers.
    average : bool
        Whether maps (B, C, h, w) are averaged over positions, and tokens (B, L, D) over L, instead of flattened. Then
        only what is present counts, not where, and less memory is needed.
    limit : int
        Maximum number of examples, at least 4; if there are more, evenly spaced ones are used. The outputs of a model's
        layers for them are held at once: 4 · limit · features bytes per layer.
    debiased : bool
        False for the textbook's form of CKA, see :func:`linear_cka`.
    shuffles : int
        Shuffles of the student's examples for the CKA by chance; 0 for none.
    progress : callable, optional
        Called with (passes done, passes in all), a pass for each model and example; return False to stop.

    Raises
    ------
    ValueError
        If there is no such layer, a layer does not return a tensor (B, ...), there are fewer than 4 examples, or a
        value is not finite.
    Cancelled
        If ``progress`` returned False.

    See Also
    --------
    linear_cka : the number, and its limits.

    Examples
    --------
    >>> import kdviz as kd
    >>> model = kd.models.mlp((6,), inputs=4, classes=3)
    >>> result = correspondence(model, model, torch.rand(20, 4, generator=torch.Generator().manual_seed(0)))
    >>> result.best()
    {'relu1': 'relu1', 'logits': 'logits'}
    """
    chosen = evenly_spaced(checked_inputs(X, batch_size), limit)
    x, n = rows(X, torch.as_tensor(chosen)), len(chosen)
    fewest = FEWEST if debiased else 2
    if n < fewest:
        raise ValueError(
            f"expected at least {fewest} examples, as correspondence compares how they are arranged, got {n}"
        )
    sides: list[list[_Layer]] = []
    for who, model, layers, done in (("teacher", teacher, teacher_layers, 0), ("student", student, student_layers, n)):
        features = _features(model, x, layers, average, batch_size, part_of(progress, done, 2 * n), who)
        sides.append(_centred_layers(features, f"the {who}'s features", debiased))
    names = [tuple(layer.name for layer in side) for side in sides]
    by_chance = _shuffled(sides[0], sides[1], debiased, shuffles, seed=0) if shuffles else None
    return Correspondence(names[0], names[1], _cka(sides[0], sides[1], debiased), n, count(X), by_chance, debiased)


def _features(
    model: nn.Module,
    X: Inputs,
    layers: Layers,
    average: bool,
    batch_size: int,
    progress: Progress | None,
    who: str,
) -> dict[str, Tensor]:
    """Return each layer's output, shape (N, d)."""

    def keep(out: Tensor) -> Tensor:
        if average and out.ndim > 2:
            out = out.double().mean(1) if out.ndim == 3 else out.double().flatten(2).mean(2)
        return out.flatten(1)

    with asking(model):
        chosen = chosen_layers(model, X, layers, lambda shape: len(shape) >= 2, "one tensor (examples, ...)", who)
        return watch(model, X, chosen, keep, batch_size, progress, who)


@dataclass(frozen=True, eq=False)
class _Layer:
    """Centered features of one layer, as columns (N, d) or, if d > N, as products (N, N)."""

    name: str
    n: int
    columns: Tensor | None
    products: Tensor | None
    lengths: Tensor  # (N,), squared
    constant: bool

    def shuffled(self, order: Tensor) -> _Layer:
        columns = None if self.columns is None else self.columns[order]
        products = None if self.products is None else self.products[order][:, order]
        return replace(self, columns=columns, products=products, lengths=self.lengths[order])

    def by_products(self) -> _Layer:
        return self if self.columns is None else replace(self, columns=None, products=self.columns @ self.columns.T)


def _centred_layers(features: Mapping[str, Array], what: str, debiased: bool) -> list[_Layer]:
    if not features:
        raise ValueError(f"{what} must hold at least one layer, got none")
    fewest = FEWEST if debiased else 2
    layers = [_centred(name, torch.as_tensor(each).detach(), what, fewest) for name, each in features.items()]
    counts = sorted({layer.n for layer in layers})
    if len(counts) > 1:
        raise ValueError(f"{what} must be of the same examples, got {listed(map(str, counts))} of them")
    return layers


def _centred(name: str, features: Tensor, what: str, fewest: int) -> _Layer:
    if features.ndim < 2 or features.numel() == 0 or len(features) < fewest:
        raise ValueError(
            f"{what} of {name!r} must have shape (examples, ...) with at least {fewest} examples, "
            f"got {tuple(features.shape)}"
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
        columns = torch.cat(list(centred), dim=1)
        return _Layer(name, n, columns, None, columns.square().sum(1), constant)
    products = torch.zeros(n, n, dtype=torch.float64)
    for part in centred:
        products.addmm_(part, part.T)
    return _Layer(name, n, None, products, products.diagonal().clone(), constant)


def _cka(first: Sequence[_Layer], second: Sequence[_Layer], debiased: bool) -> np.ndarray:
    norms = [np.array([_own(layer, debiased) for layer in side]) for side in (first, second)]
    inner = np.array([[_hsic(a, b, debiased) for b in second] for a in first])
    return _aligned(first, second, inner, norms, debiased)


def _aligned(
    first: Sequence[_Layer], second: Sequence[_Layer], inner: np.ndarray, norms: list[np.ndarray], debiased: bool
) -> np.ndarray:
    """Return inner products (..., A, B) over the roots of the layers' own, in range; nan for constant layers."""
    silent = np.array([[a.constant or b.constant for b in second] for a in first])
    with np.errstate(invalid="ignore", divide="ignore"):
        cka = inner / np.sqrt(norms[0][:, None] * norms[1][None, :])
    return np.where(silent, math.nan, cka.clip(-1 if debiased else 0, 1))


def _shuffled(
    first: Sequence[_Layer], second: Sequence[_Layer], debiased: bool, shuffles: int, seed: int
) -> np.ndarray:
    """Return the 95 % quantile of the CKA over shuffles of the second side's examples, shape (A, B)."""
    norms = [np.array([_own(layer, debiased) for layer in side]) for side in (first, second)]
    if first[0].n <= BY_PRODUCTS:
        first, second = [layer.by_products() for layer in first], [layer.by_products() for layer in second]
    random = torch.Generator().manual_seed(seed)
    drawn = []
    for _ in range(shuffles):
        order = torch.randperm(first[0].n, generator=random)
        turned = [layer.shuffled(order) for layer in second]
        drawn.append([[_hsic(a, b, debiased) for b in turned] for a in first])
    return np.quantile(_aligned(first, second, np.array(drawn), norms, debiased), CHANCE, axis=0)


def _own(layer: _Layer, debiased: bool) -> float:
    """Return a layer's HSIC with itself; nan if it is mere rounding."""
    own = _hsic(layer, layer, debiased)
    return own if own > 1e-13 * float(layer.lengths.sum()) ** 2 else math.nan


def _hsic(a: _Layer, b: _Layer, debiased: bool) -> float:
    """Return N (N − 3) times the unbiased estimate of HSIC, or ‖AᵀB‖_F²."""
    inner = _inner(a, b)
    if not debiased:
        return inner
    n, k, l = a.n, a.lengths, b.lengths  # noqa: E741
    return inner - n / (n - 2) * float(k @ l) + float(k.sum() * l.sum()) / ((n - 1) * (n - 2))


def _inner(a: _Layer, b: _Layer) -> float:
    """Return ‖AᵀB‖_F² = ⟨AAᵀ, BBᵀ⟩."""
    if a.products is not None and b.products is not None:
        return float(a.products.flatten() @ b.products.flatten())
    if a.columns is not None and b.columns is not None:
        return float((a.columns.T @ b.columns).square().sum())
    products, columns = (a.products, b.columns) if a.products is not None else (b.products, a.columns)
    assert products is not None and columns is not None, "a layer has its columns or their products"
    return float(((products @ columns) * columns).sum())
