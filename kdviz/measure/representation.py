"""Representation: what a layer has learned, apart from the layers above it: probed, drawn, followed over steps.

How alike two layers are by their CKA is :mod:`kdviz.measure.similarity`; who is nearest to whom,
:mod:`kdviz.measure.relations`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from ..data.inputs import Inputs
from ..models.inference import Cancelled
from ..words import mark, number, t
from .fidelity import Array
from .layers import Layers, asking, checked_inputs, chosen_layers, watch
from .named import named
from .relations import kept, neighbors
from .similarity import linear_cka
from .wilson import wilson

if TYPE_CHECKING:
    import pandas as pd

    from .saliency import Progress

NEAREST = 10
HELD_OUT = 0.5
CONVERGES = 300  # iterations of a probe at most
PROBED = mark(
    "A linear probe reads the class from the {who}'s layer {layer} on {right} of the held-out examples ({low} to "
    "{high})."
)
DRAWN = mark(
    "Two principal components hold {teacher} of the teacher's layer and {student} of the student's; turned onto the "
    "teacher's, the student's drawing leaves {rest} of it unexplained."
)


@dataclass(frozen=True)
class Probe:
    """How often a linear classifier on a frozen layer is right on held-out examples.

    Attributes
    ----------
    layer : str
    accuracy, low, high : float
        On the held-out examples, with Wilson's 95 % interval.
    trained, held_out : int
        How many examples.
    """

    layer: str
    accuracy: float
    low: float
    high: float
    trained: int
    held_out: int

    def sentence(self, who: str = "student") -> str:
        """Return the result in words."""
        shares = {"right": self.accuracy, "low": self.low, "high": self.high}
        return t(PROBED, who=named(who), layer=self.layer, **{name: number(v, ".1%") for name, v in shares.items()})


@dataclass(frozen=True, eq=False)
class Embedding:
    """The same examples in two dimensions, as a layer of each model arranges them.

    Attributes
    ----------
    teacher, student : ndarray of float64, shape (N, 2)
        Principal components, centered; each of total size 1, the student's turned onto the teacher's.
    explained : tuple of float
        The share of the layers' variance that two components hold, teacher's and student's.
    rest : float
        What of the teacher's drawing the turned student's leaves unexplained, in [0, 1]: Procrustes' disparity.
    """

    teacher: np.ndarray = field(repr=False)
    student: np.ndarray = field(repr=False)
    explained: tuple[float, float]
    rest: float

    def sentence(self) -> str:
        """Return the result in words."""
        teacher, student = (number(share, ".0%") for share in self.explained)
        return t(DRAWN, teacher=teacher, student=student, rest=number(self.rest, ".0%"))


@dataclass(frozen=True, eq=False)
class OverTraining:
    """How a layer approaches its teacher's, step by step.

    Attributes
    ----------
    steps : ndarray of int64, shape (S,)
    cka : ndarray of float64, shape (S,)
        Debiased linear CKA with the teacher's layer.
    kept : ndarray of float64, shape (S,)
        The share of the teacher's nearest examples that are nearest in the layer too.
    by_chance : float
        That share by chance.
    """

    steps: np.ndarray
    cka: np.ndarray
    kept: np.ndarray
    by_chance: float

    def frame(self) -> pd.DataFrame:
        """Return a row for each step: ``step``, ``cka`` and ``kept``."""
        import pandas as pd

        return pd.DataFrame({"step": self.steps, "cka": self.cka, "kept": self.kept})


def features(
    model: nn.Module,
    X: Inputs,
    layers: Layers = None,
    *,
    batch_size: int = 500,
    progress: Progress | None = None,
    who: str = "model",
) -> dict[str, Tensor]:
    """Return the outputs of a model's layers for some examples; maps and tokens are averaged over their places.

    Parameters
    ----------
    model : nn.Module
        It is left as it was.
    X : Tensor, mapping or tuple
        Inputs of N examples.
    layers : str or sequence of str, optional
        Dotted names; by default the ends of the model's steps, see
        :func:`kdviz.measure.attention.activation_maps`, the logits last.
    batch_size : int
    progress : callable, optional
        Called with (examples done, examples in all); return False to stop with ``Cancelled``.
    who : str
        The name of the model in messages.

    Returns
    -------
    dict of str to Tensor, shape (N, D)

    Raises
    ------
    ValueError
        If there is no such layer, or an output is not finite.
    """

    def keep(out: Tensor) -> Tensor:
        if out.ndim > 2:
            out = out.double().mean(1) if out.ndim == 3 else out.double().flatten(2).mean(2)
        return out.flatten(1)

    x = checked_inputs(X, batch_size)
    with asking(model):
        chosen = chosen_layers(model, x, layers, lambda shape: len(shape) >= 2, "one tensor (examples, ...)", who)
        return watch(model, x, chosen, keep, batch_size, progress, who)


def last_hidden(found: Mapping[str, Tensor]) -> str:
    """Return the last layer before the logits, of :func:`features`; the logits where there is no other."""
    names = list(found)
    return names[-2] if len(names) > 1 else names[-1]


def probe(features: Array, y: Array, *, layer: str = "", held_out: float = HELD_OUT, seed: int = 0) -> Probe:
    """Return how often logistic regression on a frozen layer is right on examples it was not fitted to.

    Parameters
    ----------
    features : Tensor or array, shape (N, D)
        A layer's output.
    y : Tensor or array of int, shape (N,)
    layer : str
        Its name, for the sentence.
    held_out : float
        The share of examples that it is tried on, in (0, 1).
    seed : int
        Which.

    Raises
    ------
    ValueError
        If shapes do not fit, ``held_out`` is out of range, or fewer than two classes are in either part.

    Notes
    -----
    Features are standardized by the mean and standard deviation of the fitted part, and the regression has
    scikit-learn's default penalty. An accuracy near the model's own says that the layer separates the classes already.

    References
    ----------
    Alain, Bengio (2017), Understanding Intermediate Layers Using Linear Classifier Probes, arXiv:1610.01644.
    """
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    z, labels = torch.as_tensor(features).detach().cpu().double().numpy(), torch.as_tensor(y).cpu().numpy()
    if z.ndim != 2 or labels.shape != z.shape[:1]:
        raise ValueError(f"features and y must have shapes (N, D) and (N,), got {z.shape} and {labels.shape}")
    if not 0 < held_out < 1:
        raise ValueError(f"held_out must lie between 0 and 1 (it is a share), such as {HELD_OUT}, got {held_out}")
    order = np.random.RandomState(seed).permutation(len(z))
    test, train = np.split(order, [round(held_out * len(z))])
    if min(len(np.unique(labels[part])) for part in (train, test)) < 2:
        raise ValueError("a probe needs two classes among the examples it is fitted to, and among those held out")
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=CONVERGES))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(z[train], labels[train])
    right = int((model.predict(z[test]) == labels[test]).sum())
    return Probe(layer, right / len(test), *wilson(right, len(test), 0.95), len(train), len(test))


def embedding(teacher: Array, student: Array) -> Embedding:
    """Return two layers' first two principal components of the same examples, the student's turned onto the teacher's.

    Parameters
    ----------
    teacher, student : Tensor or array, shapes (N, D) and (N, E)
        The layers' outputs for the same N ≥ 3 examples.

    Raises
    ------
    ValueError
        If the numbers of examples differ, there are fewer than 3, or a value is not finite.

    Notes
    -----
    A principal component has no sign, and two of nearly the same variance no order: drawn as they are, two equal layers
    can look unlike. Each component of the teacher points where its largest coordinate is positive, and the student's
    drawing is turned, mirrored where that helps, to lie on the teacher's as closely as it can (orthogonal Procrustes).

    References
    ----------
    Schönemann (1966), A generalized solution of the orthogonal Procrustes problem, Psychometrika 31.
    """
    ours, shares = zip(
        *(_components(each, who) for each, who in ((teacher, "teacher"), (student, "student"))), strict=True
    )
    if len(ours[0]) != len(ours[1]):
        raise ValueError(f"both layers must be of the same examples, got {len(ours[0])} and {len(ours[1])} of them")
    signs = np.sign(ours[0][np.abs(ours[0]).argmax(0), [0, 1]])
    first = ours[0] * np.where(signs == 0, 1, signs)
    u, sizes, v = np.linalg.svd(ours[1].T @ first)
    turned = ours[1] @ (u @ v)
    return Embedding(first, turned, (shares[0], shares[1]), float(max(0.0, 1 - sizes.sum() ** 2)))


def _components(features: Array, who: str) -> tuple[np.ndarray, float]:
    """Return the first two principal components, of total size 1, and the share of variance they hold."""
    z = torch.as_tensor(features).detach().cpu().double().numpy()
    if z.ndim != 2 or len(z) < 3 or not np.isfinite(z).all():
        raise ValueError(f"the {who}'s layer must be finite numbers of shape (N, D) with N ≥ 3, got shape {z.shape}")
    centred = z - z.mean(0)
    u, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    two = np.zeros((len(z), 2))
    held = min(2, len(sizes))
    two[:, :held] = u[:, :held] * sizes[:held]
    whole = float((sizes**2).sum())
    size = float(np.sqrt((two**2).sum()))
    return two / (size or 1.0), float((sizes[:held] ** 2).sum() / whole) if whole else 0.0


def over_training(
    teacher: Array,
    students: Iterable[tuple[int, nn.Module]],
    X: Inputs,
    layer: str | None = None,
    *,
    nearest: int = NEAREST,
    total: int = 0,
    progress: Progress | None = None,
) -> OverTraining:
    """Return how alike a student's layer is to a teacher's, at each of several steps.

    Parameters
    ----------
    teacher : Tensor or array, shape (N, D)
        The teacher's layer's output, see :func:`features`.
    students : iterable of (int, nn.Module)
        Step and student after it, such as ``((step, run.at(step)) for step in steps)``.
    X : Tensor, mapping or tuple
        Inputs of the same N examples.
    layer : str, optional
        The student's layer; by default the last before the logits.
    nearest : int
        How many neighbors of each example are compared.
    total : int
        How many students there are, for the progress.
    progress : callable, optional
        Called with (students done, students in all); return False to stop with ``Cancelled``.

    Raises
    ------
    ValueError
        If there is no student, or what is given does not fit.
    """
    theirs = torch.as_tensor(teacher)
    near = neighbors(theirs.double().numpy(), nearest)
    rows = []
    for done, (step, student) in enumerate(students, 1):
        found = features(student, X, layer, who="student")
        ours = found[layer or last_hidden(found)]
        cka = float(linear_cka({"teacher": theirs}, {"student": ours})[0, 0])
        rows.append((step, cka, kept(neighbors(ours.double().numpy(), nearest), near, nearest)))
        if progress is not None and progress(done, max(total, done)) is False:
            raise Cancelled(f"stopped after {done} students")
    if not rows:
        raise ValueError("over_training needs at least one step and student, got none")
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return OverTraining(columns[0], columns[1], columns[2], nearest / (len(theirs) - 1))
