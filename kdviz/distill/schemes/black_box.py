"""Black box: the teacher returns a class for each example and nothing else.

No logits, no layers: all that is available is y_t = argmax t, or a class drawn from σ_T(t), as text is sampled from a
language model. The student learns these labels as if they were true. The information of the soft targets beyond the
first choice is lost, except that many draws of one example recover it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ...data import Examples, Splits, splits
from ...models.kept_answers import KeptAnswers, kept_answers
from ...models.wrap import as_module
from ..distillation import Distillation
from ..objective import Objective
from ..randomness import mix
from ..teacher import ROWS_AT_ONCE, Cancelled, Teacher
from ..terms import HardLabels, Term

Labels = Literal["argmax", "sampled"]
Labeller = Callable[[Tensor], Tensor]
Progress = Callable[[int, int], bool]
Cache = str | Path | bool | None


def black_box(
    teacher: nn.Module | Teacher | Labeller | KeptAnswers,
    student: nn.Module,
    data: Any,
    objective: Objective | Term | None = None,
    *,
    labels: Labels = "argmax",
    temperature: float = 1.0,
    draws: int = 1,
    cache: Cache = None,
    progress: Progress | None = None,
    **training: Any,
) -> Distillation:
    """Return a run that learns the teacher's labels of the transfer set, and never its logits.

    Parameters
    ----------
    teacher : nn.Module, Teacher or callable
        A callable maps inputs (B, ...) to classes (B,), as a remote service does. It is called once for each example,
        and its answers are kept as they arrive: call again with the same object, and a pass that failed or was stopped
        continues.
    student : nn.Module
    data : Splits, (X, y), X, Dataset or DataLoader
        Labels of ``data.train`` are replaced by the teacher's; unlabelled examples get one too.
    objective : Objective or Term, optional
        Of terms that need no teacher; default :class:`kdviz.HardLabels`.
    labels : {"argmax", "sampled"}
        The teacher's first choice, or classes drawn from σ_T(t).
    temperature : float
        T > 0 of the draws.
    draws : int
        Draws for each example; each is an example of the transfer set, so an epoch is that many times longer.
    cache : str, Path, bool or None
        For a callable's answers. None: in memory, as long as the callable lives. A folder: on disk, only for this
        service, beyond this process. False: call it for every example again, for example when the service has changed.
    progress : callable, optional
        Called with (done, total) after each batch of answers; return False to stop.
    **training
        Arguments of :class:`kdviz.Distillation`. Its seed fixes the draws as well.

    Returns
    -------
    Distillation
        Its teacher, where it is a module, only serves to measure agreement.

    Raises
    ------
    ValueError
        If the objective needs a teacher, a setting is out of range, or a callable returns no classes.
    Cancelled
        If ``progress`` returned False.

    Notes
    -----
    L = CE(s, argmax t), or CE(s, c) with c ~ σ_T(t). The mean of the latter over draws is CE(s, σ_T(t)); with T = 1 its
    gradient is that of soft targets at T = 1. So draws carry the information of the soft targets, with noise.

    The labels make a new data set: to load a saved run pass ``data=labelled_by(teacher, data, ...)`` with the same
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
            f"a black box returns only labels and the objective {objective} needs the teacher's logits; "
            "use terms on labels, such as kd.HardLabels()"
        )
    labelled = labelled_by(
        teacher,
        data,
        labels=labels,
        temperature=temperature,
        draws=draws,
        seed=training.get("seed", 0),
        cache=cache,
        progress=progress,
    )
    module = teacher if isinstance(teacher, nn.Module | Teacher) else None
    return Distillation(module, student, labelled, objective, **training)


def labelled_by(
    teacher: nn.Module | Teacher | Labeller | KeptAnswers,
    data: Any,
    *,
    labels: Labels = "argmax",
    temperature: float = 1.0,
    draws: int = 1,
    seed: int = 0,
    cache: Cache = None,
    progress: Progress | None = None,
) -> Splits:
    """Return data whose training labels are the teacher's; validation and test are unchanged.

    Parameters
    ----------
    teacher, data, labels, temperature, draws, cache, progress
        As for :func:`black_box`.
    seed : int
        Fixes the draws.

    Returns
    -------
    Splits
        Named after the data, with the suffix ``-as-told``.

    Raises
    ------
    ValueError, Cancelled
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
        raise ValueError(f'draws must be at least 1, and more than 1 needs labels="sampled", got {draws}')
    if not 0 < temperature < float("inf"):
        raise ValueError(f"temperature must be a finite number > 0, got {temperature}")
    data = splits(data)
    if not callable(teacher) and not isinstance(teacher, Teacher):
        teacher = as_module(teacher, "teacher", classes=data.classes, features=data.features)
    if isinstance(teacher, nn.Module | Teacher):
        logits = (Teacher(teacher) if isinstance(teacher, nn.Module) else teacher).logits(data.train, progress=progress)
        logits = logits.cpu()
        y = logits.argmax(1) if labels == "argmax" else _drawn(logits / temperature, draws, seed)
    elif labels == "argmax":
        y = _answers(kept_answers(teacher, cache), data.train, len(data.classes), progress)
    else:
        raise ValueError('labels="sampled" draws from logits and this teacher returns classes; use "argmax"')
    index = torch.arange(len(data.train)).repeat(draws)
    train = replace(data.train.take(index) if draws > 1 else data.train, y=y, soft=None)
    return replace(data, name=f"{data.name}-as-told", train=train, draw=None)


def _drawn(logits: Tensor, draws: int, seed: int) -> Tensor:
    """Return ``draws`` classes for each row of logits, (draws · N,): the first draw of all rows, then the second."""
    generator = torch.Generator().manual_seed(mix(seed, 5))
    p = torch.softmax(logits.double(), 1)
    return torch.multinomial(p, draws, replacement=True, generator=generator).T.flatten()


def _answers(teacher: KeptAnswers, examples: Examples, classes: int, progress: Progress | None) -> Tensor:
    """Return the classes (N,) that a service returns for all examples."""

    def check(y: Tensor) -> None:
        whole = not y.is_floating_point() and not y.is_complex()
        if y.ndim != 1 or not whole or int(y.min()) < 0 or int(y.max()) >= classes:
            raise ValueError(
                f"a teacher that is a callable must return one whole number below {classes} for each of {len(y)} "
                f"examples, got {str(y.dtype).removeprefix('torch.')} of shape {tuple(y.shape)}"
            )

    parts = []
    for start in range(0, len(examples), ROWS_AT_ONCE):
        done = min(start + ROWS_AT_ONCE, len(examples))
        parts.append(teacher(examples.inputs(slice(start, done)), check=check))
        if progress is not None and progress(done, len(examples)) is False:
            raise Cancelled(f"stopped after {done:,} of {len(examples):,} answers; they are kept for the next call")
    every = torch.cat(parts)
    check(every)  # including earlier ones
    return every.long()
