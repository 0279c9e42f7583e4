"""Continual learning with dark experience replay: one task after the other, and the student's own past as teacher.

The student meets classes task by task and never sees a task again. Trained on each alone it forgets those before. Here
a small memory goes from task to task; beside the task's labels the student learns to say of remembered examples what it
said of them when it met them (DER), and what they are (DER++)::

    CE(h(x), y)  +  α · mean (h(x′) − z′)²  +  β · CE(h(x″), y″)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ...data import Examples, Splits
from ...models import inference
from ...words import mark
from ..distillation import Distillation
from ..objective import Objective
from ..terms import DarkReplay, HardLabels, Term
from .classes import class_index
from .generations import named, trainable_copy


def continual(
    student: nn.Module, tasks: Iterable[Splits], objective: Objective | Term | None = None, **training: Any
) -> Iterator[Distillation]:
    """Yield one run per task, each continuing with the student and the memory of the previous run.

    Parameters
    ----------
    student : nn.Module
        Its logits are over the classes of all tasks. It is trained by the first run; later runs train copies.
    tasks : iterable of Splits
        In the order in which they are met; :func:`tasks_of` cuts a data set into some.
    objective : Objective or Term, optional
        Default ``HardLabels() + DarkReplay(alpha=0.5)``. ``HardLabels()`` alone shows what is forgotten without a
        memory, ``HardLabels() + DarkReplay(alpha=0.2, beta=1)`` is DER++.
    **training
        Arguments of :class:`kdviz.Distillation`, for each run; the seed goes up by one from task to task.

    Yields
    ------
    Distillation
        Untrained. Train it, in any way, before asking for the next.

    Raises
    ------
    ValueError
        If a run was not trained before the next is asked for, or as :class:`kdviz.Distillation` does.

    Notes
    -----
    What a term keeps beside the student, here the memory, is handed on as it is at the end of a run, by the terms'
    names. The optimizer starts anew with each task. As in the paper the memory does not know where a task ends.
    See :class:`kdviz.DarkReplay` for the loss and where the paper and its code differ.

    A run's twin forgets: it learns the same task from the same start without the memory.

    Test accuracy over all ten classes at the end (MNIST, 10,000 labels, five tasks of two classes, one epoch each,
    batches of 10, SGD at 0.01, 100 units, 200 examples remembered, one seed): labels alone 19 %; remembered labels
    alone, DarkReplay(alpha=0, beta=1, replayed=64), 80 %; DER (α = 0.5) 84 %; DER++ (α = 0.2, β = 1, 64 replayed) 86 %.

    To load a saved run pass ``data=`` its task. The memory is in the save.

    References
    ----------
    Buzzega, Boschini, Porrello, Abati, Calderara (2020), Dark Experience for General Continual Learning: a Strong,
    Simple Baseline, NeurIPS, arXiv:2004.07211.

    Examples
    --------
    >>> from kdviz import data, models
    >>> y = torch.arange(400) % 4
    >>> toy = data.splits((torch.nn.functional.one_hot(y, 4) + 0.3 * torch.randn(400, 4), y))
    >>> parts = tasks_of(toy, [(0, 1), (2, 3)])
    >>> runs = [run.train(progress=False) for run in continual(
    ...     models.mlp((8,), inputs=4, classes=4), parts, epochs=20, learning_rate=1e-2)]
    >>> [run.auxiliary["dark_replay"].labels.unique().tolist() for run in runs]
    [[0, 1], [0, 1, 2, 3]]
    """
    objective = HardLabels() + DarkReplay() if objective is None else objective
    seed = int(training.get("seed", 0))
    before: Distillation | None = None
    for number, task in enumerate(tasks):
        student = student if before is None else trainable_copy(before)
        run = Distillation(None, student, task, objective, **{**training, "seed": seed + number})
        if before is not None:
            _hand_on(before, run)
        yield named(run, mark("Task {n}"), n=number + 1)
        before = run


def _hand_on(before: Distillation, after: Distillation) -> None:
    """Give a run, at step 0, what the run before has beside its student."""
    with before.lock, after.lock:
        after.auxiliary.load_state_dict(before.auxiliary.state_dict())
        after.snapshot()  # in the place of the one that began with empty hands, so that replays begin right


def tasks_of(data: Splits, groups: Sequence[Sequence[int | str]]) -> tuple[Splits, ...]:
    """Cut a data set into tasks, each with the examples of some of its classes in all three parts.

    Parameters
    ----------
    data : Splits
    groups : sequence of sequences of int or str
        The classes of each task, by index or name. Labels stay what they are, over all classes. Examples without a
        label belong to no task.

    Returns
    -------
    tuple of Splits
        Named after the data, with ``-task-1`` and so on behind.

    Raises
    ------
    ValueError
        If a class does not exist or occurs twice, or a task has no training example.

    Examples
    --------
    >>> from kdviz import data
    >>> toy = data.splits((torch.randn(40, 2), torch.arange(40) % 4))
    >>> [sorted(task.train.y.unique().tolist()) for task in tasks_of(toy, [(0, 1), (2, 3)])]
    [[0, 1], [2, 3]]
    """
    chosen = [[class_index(which, data.classes) for which in group] for group in groups]
    flat = [index for group in chosen for index in group]
    if len(set(flat)) < len(flat):
        raise ValueError(f"each class may belong to one task, got {', '.join(str(list(group)) for group in groups)}")
    parts = []
    for number, group in enumerate(chosen, start=1):
        train, validation, test = (_only(examples, group) for examples in (data.train, data.validation, data.test))
        if not len(train):
            raise ValueError(f"task {number} has no training example; give it classes that occur in {data.title}")
        title = f"{data.title}, {' and '.join(data.classes[index] for index in group)}"
        parts.append(
            Splits(f"{data.name}-task-{number}", title, data.classes, train, validation, test, None, data.features)
        )
    return tuple(parts)


def _only(examples: Examples, classes: Sequence[int]) -> Examples:
    return examples.take(torch.nonzero(torch.isin(examples.y, torch.tensor(classes))).flatten())


class Retained(NamedTuple):
    """How much of each task is known after each."""

    accuracy: Tensor  # (T, T) float64: row i, column j holds the accuracy on task j after task i

    @property
    def last(self) -> float:
        """Mean accuracy over all tasks after the last one."""
        return float(self.accuracy[-1].mean())

    @property
    def forgetting(self) -> float:
        """How far the tasks before the last one fell below their best: mean over j < T of max_i a_ij − a_Tj."""
        if len(self.accuracy) < 2:
            raise ValueError("forgetting compares tasks with those after them and needs at least 2 tasks, got 1")
        before = self.accuracy[:-1, :-1]  # rows before a task was met count too, as in the paper
        return float((before.max(0).values - self.accuracy[-1, :-1]).mean())


def retained(
    runs: Sequence[Distillation], tasks: Sequence[Splits], split: str = "test", *, task_known: bool = False
) -> Retained:
    """Measure how well the student performs on each task after each.

    Parameters
    ----------
    runs : sequence of Distillation
        The T trained runs of :func:`continual`.
    tasks : sequence of Splits
        The T tasks.
    split : {"test", "validation"}
        Which part to measure on.
    task_known : bool
        Whether the task of an example is known, so that only the classes of that task's labels compete
        ("task-incremental"; else "class-incremental").

    Returns
    -------
    Retained

    Raises
    ------
    ValueError
        If there are not as many runs as tasks, or a task has no labelled example in ``split``.

    Notes
    -----
    Forgetting is that of Chaudhry et al.: 0 where nothing was lost, negative where later tasks helped.

    References
    ----------
    Chaudhry, Dokania, Ajanthan, Torr (2018), Riemannian Walk for Incremental Learning, ECCV, arXiv:1801.10112.

    Examples
    --------
    >>> Retained(torch.tensor([[0.9, 0.1], [0.4, 0.8]], dtype=torch.float64)).forgetting
    0.5
    """
    if len(runs) != len(tasks) or not runs:
        raise ValueError(f"expected as many trained runs as tasks, at least one, got {len(runs)} and {len(tasks)}")
    asked = [getattr(task, split) for task in tasks]
    if not all(examples.labelled for examples in asked):
        raise ValueError(f"each task needs labelled examples in its {split} part; ask another one")
    allowed = [_classes_of(task) for task in tasks] if task_known else [None] * len(tasks)
    rows = []
    for run in runs:
        with run.lock:
            pairs = zip(asked, allowed, strict=True)
            rows.append([_accuracy(run.student, examples, classes) for examples, classes in pairs])
    return Retained(torch.tensor(rows, dtype=torch.float64))


def _classes_of(task: Splits) -> Tensor:
    """Return the classes that a task's labels name, in any of its parts; an unknown label (-1) names none."""
    named = torch.cat([part.y.flatten() for part in (task.train, task.validation, task.test)]).unique()
    return named[named >= 0]


def _accuracy(student: nn.Module, examples: Examples, allowed: Tensor | None) -> float:
    logits = inference.logits(student, examples)
    if allowed is not None:
        others = torch.ones(logits.shape[-1], dtype=torch.bool).index_fill_(0, allowed, False)
        logits = logits.masked_fill(others, float("-inf"))
    known = examples.y >= 0
    return float((logits.argmax(-1) == examples.y)[known].double().mean())
