"""Fidelity: how closely a student follows its teacher, example by example, and whose errors are whose.

A student may be as accurate as its teacher and yet predict other things, and it may share the teacher's errors.
Accuracy shows neither, so both models are compared on the same examples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike
from torch import Tensor

from ..losses import check_temperature
from ..words import number, t, tn

if TYPE_CHECKING:
    import pandas as pd

Cell = Literal["both_right", "errors_new", "errors_corrected", "errors_inherited"]
CELLS: tuple[Cell, ...] = ("both_right", "errors_new", "errors_corrected", "errors_inherited")
Array: TypeAlias = "Tensor | ArrayLike"

BLOCK = 2**21  # numbers ranked at a time: 1,000 classes of 10,000 examples need no more memory than the logits


@dataclass(frozen=True)
class ClassFidelity:
    """Teacher and student on the examples of one true class.

    Attributes
    ----------
    index : int
        The class.
    n : int
        Number of examples; if 0, the numbers below are nan.
    teacher_accuracy, student_accuracy : float
        Share of correct predictions.
    agreement : float
        Share of examples with the same prediction.
    kl : float
        Mean KL(teacher ‖ student) at the overall temperature, in nats.
    """

    index: int
    n: int
    teacher_accuracy: float
    student_accuracy: float
    agreement: float
    kl: float


@dataclass(frozen=True, eq=False)
class Fidelity:
    """What a student shares with its teacher on the same examples.

    Attributes
    ----------
    n : int
        Number of examples; agreement, divergence and ranks are over all of them.
    n_labelled : int
        Number of labelled examples; accuracies, the four cells and the classes are over these, and None or empty if
        there are none.
    temperature : float
        T of the divergence.
    teacher_accuracy, student_accuracy : float or None
        Share of correct predictions.
    agreed : int
        Examples with the same prediction.
    kl : float
        Mean over examples of KL(σ_T(teacher) ‖ σ_T(student)), in nats, without the factor T².
    kl_each : array of float64, shape (N,)
        The divergence of each example.
    rank_agreement : float
        Mean of Spearman's ρ over the examples where it is defined; nan if it is defined for none.
    rank_each : array of float64, shape (N,)
        Spearman's ρ of each example; nan if a model gives all classes the same logit.
    both_right, errors_new, errors_corrected, errors_inherited : int or None
        Labelled examples that both get right, the teacher only, the student only, and neither.
    same_error : int or None
        Of the inherited errors, those with the same wrong class.
    classes : tuple of ClassFidelity
        One for each class, in order.
    cells : array of int8, shape (N,)
        Index into ``CELLS`` of each example; -1 if its class is unknown.
    """

    n: int
    n_labelled: int
    temperature: float
    teacher_accuracy: float | None
    student_accuracy: float | None
    agreed: int
    kl: float
    kl_each: np.ndarray = field(repr=False)
    rank_agreement: float
    rank_each: np.ndarray = field(repr=False)
    both_right: int | None
    errors_new: int | None
    errors_corrected: int | None
    errors_inherited: int | None
    same_error: int | None
    classes: tuple[ClassFidelity, ...] = field(repr=False)
    cells: np.ndarray = field(repr=False)

    @property
    def agreement(self) -> float:
        """Share of all examples with the same prediction."""
        return self.agreed / self.n

    def cell(self, name: Cell) -> np.ndarray:
        """Return the indices of the examples of one cell, in order.

        Parameters
        ----------
        name : {"both_right", "errors_new", "errors_corrected", "errors_inherited"}

        Returns
        -------
        array of int64

        Raises
        ------
        ValueError
            If there is no such cell, or no example has a label.
        """
        if name not in CELLS:
            raise ValueError(f"cell must be one of {', '.join(CELLS)}, got {name!r}")
        if not self.n_labelled:
            raise ValueError(f"no example has a label, so none is in the cell {name}; pass the labels y to fidelity")
        return np.flatnonzero(self.cells == CELLS.index(name))

    def sentence(self) -> str:
        """Return the result in words.

        >>> t = torch.tensor([[3.0, 0.0], [3.0, 0.0], [0.0, 3.0]])
        >>> s = torch.tensor([[2.0, 0.0], [0.0, 2.0], [0.0, 2.0]])
        >>> print(fidelity(t, s, torch.tensor([0, 0, 0])).sentence())
        The student agrees with the teacher on 2 of 3 examples. It makes 1 new error, shares 1 with the teacher and
        fixes 0.
        """
        told = {"who": t("student"), "agreed": number(self.agreed), "n": number(self.n)}
        agrees = t("The {who} agrees with the teacher on {agreed} of {n} examples.", **told)
        if self.errors_new is None or self.errors_inherited is None or self.errors_corrected is None:
            return f"{agrees} {t('Without labels, nobody can say who is right.')}"
        new = self.errors_new
        errors = {"n": number(new), "shared": number(self.errors_inherited), "fixed": number(self.errors_corrected)}
        if self.n_labelled == self.n:
            makes = tn(
                "It makes {n} new error, shares {shared} with the teacher and fixes {fixed}.",
                "It makes {n} new errors, shares {shared} with the teacher and fixes {fixed}.",
                new,
                **errors,
            )
        else:
            makes = tn(
                "On the {labelled} with a label it makes {n} new error, shares {shared} with the teacher and fixes "
                "{fixed}.",
                "On the {labelled} with a label it makes {n} new errors, shares {shared} with the teacher and fixes "
                "{fixed}.",
                new,
                labelled=number(self.n_labelled),
                **errors,
            )
        return f"{agrees} {makes}"

    def frame(self) -> pd.DataFrame:
        """Return all numbers except those of single examples as a tidy table.

        Returns
        -------
        DataFrame
            Columns ``measure``, ``model`` ("teacher", "student", or "both" for the pair), ``class`` (a nullable
            integer, missing in rows about all examples) and ``value`` (float).

        Examples
        --------
        >>> t, s = torch.tensor([[3.0, 0.0], [0.0, 3.0]]), torch.tensor([[2.0, 0.0], [0.0, 2.0]])
        >>> table = fidelity(t, s, torch.tensor([0, 1])).frame()
        >>> table[(table.measure == "accuracy") & (table.model == "student")]["value"].tolist()
        [1.0, 1.0, 1.0]
        """
        import pandas as pd

        whole: list[tuple[str, str, float | None]] = [
            ("n", "both", self.n),
            ("n_labelled", "both", self.n_labelled),
            ("accuracy", "teacher", self.teacher_accuracy),
            ("accuracy", "student", self.student_accuracy),
            ("agreement", "both", self.agreement),
            ("kl", "both", self.kl),
            ("rank_agreement", "both", self.rank_agreement),
            *((name, "both", getattr(self, name)) for name in (*CELLS, "same_error")),
        ]
        rows: list[tuple[str, str, int | None, float]] = [
            (measure, model, None, value) for measure, model, value in whole if value is not None
        ]
        for c in self.classes:
            rows += [
                ("n", "both", c.index, c.n),
                ("accuracy", "teacher", c.index, c.teacher_accuracy),
                ("accuracy", "student", c.index, c.student_accuracy),
                ("agreement", "both", c.index, c.agreement),
                ("kl", "both", c.index, c.kl),
            ]
        table = pd.DataFrame(rows, columns=["measure", "model", "class", "value"])
        return table.astype({"class": "Int64", "value": "float64"})


def fidelity(
    teacher_logits: Array, student_logits: Array, y: Array | None = None, temperature: float = 1.0
) -> Fidelity:
    """Compare a student with its teacher on the same examples.

    Parameters
    ----------
    teacher_logits, student_logits : Tensor or array, shape (N, C)
        Logits for the same examples in the same order, over the same classes, C ≥ 2.
    y : Tensor or array of int, shape (N,), optional
        True classes; -1 marks an unknown class, and the example is left out of everything that needs it.
    temperature : float
        T > 0 of the divergence. Predictions and ranks are the same at any T.

    Returns
    -------
    Fidelity

    Notes
    -----
    With p = σ_T(teacher), q = σ_T(student), the divergence of one example is Σ_c p_c (log p_c − log q_c) in float64;
    the mean is plain, without the factor T² that makes its gradients comparable in a loss. Among equal logits the first
    is the prediction. Ranks of equal logits are averaged, and Spearman's ρ is the correlation of the ranks::

        teacher right   student right   cell
        yes             yes             both_right
        yes             no              errors_new
        no              yes             errors_corrected
        no              no              errors_inherited

    "Inherited" and "corrected" count who is wrong where, not why: a hard example can be wrong in both by itself.
    Stanton et al. found that students often differ from the teacher far more than their accuracy suggests.

    References
    ----------
    Stanton, Izmailov, Kirichenko, Alemi, Wilson (2021), Does Knowledge Distillation Really Work?, NeurIPS,
    arXiv:2106.05945. Spearman (1904), The Proof and Measurement of Association between Two Things.

    Examples
    --------
    >>> t = torch.tensor([[4.0, 1.0, 0.0], [0.0, 2.0, 1.0], [3.0, 2.0, 0.0]])
    >>> s = torch.tensor([[3.0, 1.0, 0.0], [0.0, 1.0, 2.0], [1.0, 0.0, 0.0]])
    >>> f = fidelity(t, s, torch.tensor([0, 1, 2]))
    >>> f.agreed, f.both_right, f.errors_new, f.errors_corrected, f.errors_inherited, f.same_error
    (2, 1, 1, 0, 1, 1)
    >>> round(f.kl, 4), round(f.rank_agreement, 4), f.cell("errors_new").tolist()
    (0.1976, 0.7887, [1])
    """
    check_temperature(temperature)
    t, s = float_logits(teacher_logits, "teacher logits"), float_logits(student_logits, "student logits")
    if t.shape != s.shape:
        raise ValueError(
            f"teacher and student logits must have the same shape (examples, classes), got {tuple(t.shape)} and "
            f"{tuple(s.shape)}; compute both on the same examples and classes"
        )
    n, c = t.shape
    labels = np.full(n, -1) if y is None else int_labels(y, n, c)
    choice_t, choice_s = first_choice(t), first_choice(s)
    agrees = choice_t == choice_s
    kl_each, rank_each = _kl(t, s, temperature), _spearman(t, s)
    defined = rank_each[~np.isnan(rank_each)]

    known = labels >= 0
    right_t, right_s = choice_t == labels, choice_s == labels
    cells = np.where(known, np.where(right_t, np.where(right_s, 0, 1), np.where(right_s, 2, 3)), -1).astype(np.int8)
    labelled = int(known.sum())
    counts = [int((cells == cell).sum()) if labelled else None for cell in range(len(CELLS))]
    for each in (kl_each, rank_each, cells):
        each.flags.writeable = False
    return Fidelity(
        n=n,
        n_labelled=labelled,
        temperature=float(temperature),
        teacher_accuracy=float(right_t[known].mean()) if labelled else None,
        student_accuracy=float(right_s[known].mean()) if labelled else None,
        agreed=int(agrees.sum()),
        kl=float(kl_each.mean()),
        kl_each=kl_each,
        rank_agreement=float(defined.mean()) if defined.size else math.nan,
        rank_each=rank_each,
        both_right=counts[0],
        errors_new=counts[1],
        errors_corrected=counts[2],
        errors_inherited=counts[3],
        same_error=int((agrees & (cells == 3)).sum()) if labelled else None,
        classes=_by_class(labels, c, right_t, right_s, agrees, kl_each) if labelled else (),
        cells=cells,
    )


def float_logits(logits: Array, what: str = "logits") -> Tensor:
    """Return logits as float64 on the CPU, shape (N, C); raise a one-sentence ``ValueError`` if they are invalid.

    >>> float_logits([[0.0, float("nan")], [1.0, 2.0]])
    Traceback (most recent call last):
        ...
    ValueError: logits must be finite, got nan or inf in 1 of 2 examples, first in example 0; leave these examples out
    or train again with a lower learning rate
    """
    z = torch.as_tensor(logits).detach().to("cpu", torch.float64)
    if z.ndim != 2 or z.shape[0] < 1 or z.shape[1] < 2:
        raise ValueError(
            f"{what} must have shape (examples, classes) with at least 1 example and 2 classes, got {tuple(z.shape)}"
        )
    bad = (~z.isfinite().all(dim=1)).nonzero().flatten().tolist()
    if bad:
        raise ValueError(
            f"{what} must be finite, got nan or inf in {len(bad):,} of {len(z):,} examples, first in example {bad[0]}; "
            "leave these examples out or train again with a lower learning rate"
        )
    return z


def int_labels(y: Array, n: int, classes: int) -> np.ndarray:
    """Return labels as int64, shape (n,); raise a one-sentence ``ValueError`` if they do not fit these logits.

    >>> int_labels([0, 3], 2, 3)
    Traceback (most recent call last):
        ...
    ValueError: labels must be in [-1, 2] for 3 classes (-1: unknown), got 0 to 3
    """
    labels = torch.as_tensor(y).detach().cpu().numpy()
    if labels.shape != (n,):
        raise ValueError(f"y must hold one label for each of {n:,} examples, got shape {labels.shape}")
    if labels.dtype.kind not in "iu":
        raise ValueError(f"y must hold whole numbers, one class index per example, got {labels.dtype}")
    if labels.min() < -1 or labels.max() >= classes:
        raise ValueError(
            f"labels must be in [-1, {classes - 1}] for {classes} classes (-1: unknown), "
            f"got {labels.min()} to {labels.max()}"
        )
    return labels.astype(np.int64)


def labelled(logits: Array, y: Array) -> tuple[Tensor, np.ndarray]:
    """Return logits and labels of the examples with a label, shapes (n, C) and (n,)."""
    z = float_logits(logits)
    labels = int_labels(y, *z.shape)
    known = labels >= 0
    if not known.any():
        raise ValueError(f"none of the {len(labels):,} examples has a label; calibration needs the true classes")
    return z[torch.from_numpy(known)], labels[known]


def first_choice(logits: Tensor) -> np.ndarray:
    """Return the class with the highest logit of each example, the first of a tie; shape (N,).

    >>> first_choice(torch.tensor([[1.0, 2.0, 2.0], [0.0, 0.0, 0.0]])).tolist()
    [1, 0]
    """
    return logits.numpy().argmax(axis=1)  # numpy promises the first of equals


def _kl(t: Tensor, s: Tensor, temperature: float) -> np.ndarray:
    """Return KL(σ_T(t) ‖ σ_T(s)) of each example, shape (N,)."""
    log_p, log_q = F.log_softmax(t / temperature, dim=1), F.log_softmax(s / temperature, dim=1)  # (N, C)
    kl = (log_p.exp() * (log_p - log_q)).sum(1)
    if not kl.isfinite().all():
        largest = max(t.abs().max().item(), s.abs().max().item())
        raise ValueError(
            f"logits of up to {largest:.3g} at temperature {temperature:g} are beyond float64; "
            "pass a higher temperature"
        )
    return kl.clamp(min=0).numpy()


def _spearman(t: Tensor, s: Tensor) -> np.ndarray:
    """Return Spearman's ρ of each example over the classes, shape (N,); nan where all ranks of a row are equal."""
    rows = max(1, BLOCK // t.shape[1])
    parts = []
    for a, b in zip(t.split(rows), s.split(rows), strict=True):
        u, v = _centred_ranks(a), _centred_ranks(b)
        parts.append((u * v).sum(1) / ((u * u).sum(1) * (v * v).sum(1)).sqrt())  # 0/0 is nan: no ranking
    return torch.cat(parts).clamp(-1, 1).numpy()


def _centred_ranks(logits: Tensor) -> Tensor:
    """Return ranks within each row minus their mean (C + 1)/2, averaged over ties; shape (n, C)."""
    ordered, order = logits.sort(dim=1)
    rank = torch.arange(logits.shape[1], dtype=torch.float64)
    differs = ordered[:, 1:] != ordered[:, :-1]
    if differs.all():
        mean = rank.expand_as(ordered)
    else:
        end = torch.ones(len(ordered), 1, dtype=torch.bool)
        first = torch.where(torch.cat((end, differs), 1), rank, 0.0).cummax(1).values  # rank of the first of a tie
        last = torch.where(torch.cat((differs, end), 1), rank, math.inf).flip(1).cummin(1).values.flip(1)
        mean = (first + last) / 2
    return torch.empty_like(ordered).scatter_(1, order, mean) - (logits.shape[1] - 1) / 2


def _by_class(
    labels: np.ndarray, classes: int, right_t: np.ndarray, right_s: np.ndarray, agrees: np.ndarray, kl: np.ndarray
) -> tuple[ClassFidelity, ...]:
    known = labels >= 0
    of = labels[known]
    n = np.bincount(of, minlength=classes)
    with np.errstate(invalid="ignore"):  # 0/0 is nan: no example
        means = [
            (np.bincount(of, weights=each[known], minlength=classes) / n).tolist()
            for each in (right_t, right_s, agrees, kl)
        ]
    return tuple(ClassFidelity(c, k, *values) for c, (k, *values) in enumerate(zip(n.tolist(), *means, strict=True)))
