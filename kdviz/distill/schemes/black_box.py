"""Black box: the teacher gives a class for each example and nothing else.

No logits, no layers: all that comes through is y_t = argmax t, or a class drawn from σ_T(t), as text is sampled from a
language model. The student learns these labels as if they were true. What the soft targets say beyond the first choice
is lost, except that many draws of one example add up to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ...data import Examples, Splits, splits
from ..distillation import Distillation
from ..objective import Objective
from ..randomness import mix
from ..teacher import ROWS_AT_ONCE, Teacher
from ..terms import HardLabels, Term

Labels = Literal["argmax", "sampled"]
Labeller = Callable[[Tensor], Tensor]


def black_box(
    teacher: nn.Module | Teacher | Labeller,
    student: nn.Module,
    data: Any,
    objective: Objective | Term | None = None,
    *,
    labels: Labels = "argmax",
    temperature: float = 1.0,
    draws: int = 1,
    **training: Any,
) -> Distillation:
    """Return a run that learns the teacher's labels of the transfer set, and never its logits.

    Parameters
    ----------
    teacher : nn.Module, Teacher or callable
        A callable maps inputs (B, ...) to classes (B,): somebody else's service. It is asked once for each example.
    student : nn.Module
    data : Splits, (X, y), X, Dataset or DataLoader
        Labels of ``data.train`` are replaced by the teacher's, unlabelled examples get one too.
    objective : Objective or Term, optional
        Of terms that ask no teacher; default :class:`kdviz.HardLabels`.
    labels : {"argmax", "sampled"}
        The teacher's first choice, or classes drawn from σ_T(t).
    temperature : float
        T > 0 of the draws.
    draws : int
        Draws for each example; every one is an example of the transfer set, so an epoch is that much longer.
    **training
        Arguments of :class:`kdviz.Distillation`. Its seed fixes the draws as well.

    Returns
    -------
    Distillation
        Its teacher, where it is a module, is only asked how often the student agrees with it.

    Raises
    ------
    ValueError
        If the objective asks a teacher, a setting is out of range, or a callable gives no classes.

    Notes
    -----
    L = CE(s, argmax t), or CE(s, c) with c ~ σ_T(t). The mean of the latter over draws is CE(s, σ_T(t)); with T = 1 its
    gradient is that of soft targets at T = 1. So draws carry what the soft targets carry, with noise on it.

    The labels make data of their own: to load a saved run pass ``data=labelled_by(teacher, data, ...)`` with the same
    arguments.

    References
    ----------
    Tramèr, Zhang, Juels, Reiter, Ristenpart (2016), Stealing Machine Learning Models via Prediction APIs, USENIX
    Security, arXiv:1609.02943. Kim, Rush (2016), Sequence-Level Knowledge Distillation, arXiv:1606.07947: sampled text.

    Examples
    --------
    >>> from kdviz import models
    >>> X, y = torch.randn(200, 4), torch.arange(200) % 3
    >>> teacher = models.mlp((16,), inputs=4, classes=3).eval()
    >>> run = black_box(teacher, models.mlp((4,), inputs=4, classes=3), (X, y), epochs=2)
    >>> bool((run.data.train.y == teacher(run.data.train.inputs()).argmax(1)).all()), run.objective
    (True, 1 * HardLabels())
    """
    objective = HardLabels() if objective is None else objective
    if getattr(objective, "needs_teacher", False):
        raise ValueError(
            f"a black box gives labels alone and the objective {objective} asks for the teacher's logits; "
            "use terms on labels, such as kd.HardLabels()"
        )
    told = labelled_by(teacher, data, labels=labels, temperature=temperature, draws=draws, seed=training.get("seed", 0))
    known = teacher if isinstance(teacher, nn.Module | Teacher) else None
    return Distillation(known, student, told, objective, **training)


def labelled_by(
    teacher: nn.Module | Teacher | Labeller,
    data: Any,
    *,
    labels: Labels = "argmax",
    temperature: float = 1.0,
    draws: int = 1,
    seed: int = 0,
) -> Splits:
    """Return data whose training labels are the teacher's; validation and test stay as they are.

    Parameters
    ----------
    teacher, data, labels, temperature, draws
        As for :func:`black_box`.
    seed : int
        Fixes the draws.

    Returns
    -------
    Splits
        Named after the data, with ``-as-told`` behind.

    Raises
    ------
    ValueError
        As for :func:`black_box`.

    Examples
    --------
    >>> X, y = torch.randn(200, 4), torch.arange(200) % 2
    >>> labelled_by(lambda inputs: (inputs[:, 0] > 0).long(), (X, y)).name
    'yours-as-told'
    """
    if labels not in ("argmax", "sampled"):
        raise ValueError(f'labels must be "argmax" or "sampled", got {labels!r}')
    if draws < 1 or (draws > 1 and labels == "argmax"):
        raise ValueError(f'draws must be at least 1, and more than 1 asks for labels="sampled", got {draws}')
    if not 0 < temperature < float("inf"):
        raise ValueError(f"temperature must be a finite number > 0, got {temperature}")
    data = splits(data)
    if isinstance(teacher, nn.Module | Teacher):
        logits = (Teacher(teacher) if isinstance(teacher, nn.Module) else teacher).logits(data.train).cpu()
        told = logits.argmax(1) if labels == "argmax" else _drawn(logits / temperature, draws, seed)
    elif labels == "argmax":
        told = _asked(teacher, data.train, len(data.classes))
    else:
        raise ValueError('labels="sampled" draws from a teacher\'s logits and this teacher gives classes; use "argmax"')
    index = torch.arange(len(data.train)).repeat(draws)
    train = replace(data.train.take(index) if draws > 1 else data.train, y=told)
    return replace(data, name=f"{data.name}-as-told", train=train, draw=None)


def _drawn(logits: Tensor, draws: int, seed: int) -> Tensor:
    """Return ``draws`` classes for each row of logits, (draws · N,): the first draw of all rows, then the second."""
    generator = torch.Generator().manual_seed(mix(seed, 5))
    p = torch.softmax(logits.double(), 1)
    return torch.multinomial(p, draws, replacement=True, generator=generator).T.flatten()


def _asked(teacher: Labeller, examples: Examples, classes: int) -> Tensor:
    """Return the classes (N,) that a callable gives for all examples."""
    starts = range(0, len(examples), ROWS_AT_ONCE)
    told = torch.cat([torch.as_tensor(teacher(examples.inputs(slice(i, i + ROWS_AT_ONCE)))).cpu() for i in starts])
    whole = not told.is_floating_point() and not told.is_complex()
    if told.shape != examples.y.shape or not whole or int(told.min()) < 0 or int(told.max()) >= classes:
        raise ValueError(
            f"a teacher that is a callable must give one whole number below {classes} for each of {len(examples)} "
            f"examples, got {str(told.dtype).removeprefix('torch.')} of shape {tuple(told.shape)}"
        )
    return told.long()
