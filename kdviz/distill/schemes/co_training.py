"""Co-training: two students with two views of the same examples label the unlabelled ones for each other.

Both learn the few labels there are. Each then labels, of examples that nobody labelled, those it is surest of; both
learn all labels anew, and so on. A view is a part of the input that would do by itself, such as either half of an
image: where one student is sure the other may be at a loss, and learns something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from ...data import Examples, Splits, splits
from ...models import inference
from ...words import mark
from ..distillation import Distillation
from ..objective import Objective
from ..randomness import mix
from ..terms import HardLabels, Term
from .generations import frozen, named, trainable_copy


def co_training(
    students: Sequence[nn.Module],
    data: Any,
    objective: Objective | Term | None = None,
    *,
    rounds: int = 5,
    per_class: int = 5,
    pool: int | None = None,
    **training: Any,
) -> Iterator[Distillation]:
    """Yield two runs per round, one for each student, on the labels of that round.

    Parameters
    ----------
    students : sequence of nn.Module
        Two, untrained: of different views (:class:`View`), or of different kinds. Copies of them are trained, from
        their initial weights in each round.
    data : Splits, (X, y), Dataset or DataLoader
        ``data.train`` has examples with and without labels: ``data.with_labels(100, keep_unlabelled=True)``.
    objective : Objective or Term, optional
        Of terms that ask no teacher; default :class:`kdviz.HardLabels`.
    rounds : int
        How often both learn.
    per_class : int
        How many examples of each class a student labels after a round, at most.
    pool : int, optional
        How many unlabelled examples, drawn at random and filled up after each round, they choose from; by default all.
    **training
        Arguments of :class:`kdviz.Distillation`. Its seed also draws the pool.

    Yields
    ------
    Distillation
        Untrained, first student's and second student's in turn; train each before asking for the next
        (:func:`train_each` does). The last two are the result: ``ensemble(runs[-2:], "geometric")`` is the paper's
        combined classifier. Their ``data.train`` holds the labels of the round, the students' own among them.

    Raises
    ------
    ValueError
        If there are not two students, no labelled or no unlabelled examples, or a run was not trained before the next
        was asked for.

    Notes
    -----
    The paper's loop, with classes instead of positives and negatives: it lets each classifier label 1 positive and 3
    negatives, as frequent as they are, from a pool of 75, for 30 rounds. Here each class gets equally many at most.
    "Surest of a class" are those that the student calls so, by their probability. Where both students choose an
    example and disagree, the surer one's label stands, where the paper adds it twice. A label once given is never
    taken back: errors stay, so compare with the first round, which knows the given labels alone.

    It asks for views that are independent given the class. Where they were drawn so (three clouds, 9 labels, 6 rounds,
    five draws) the combined classifier went from 15, 34, 31, 16, 17 errors to 11, 8, 11, 13, 6 of 270. The left and
    right halves of MNIST's digits are not (100 labels, 12 rounds of 5 a class, one seed): from 2,093 to 2,536 of
    10,000, though 92 % of the labels they gave were right.

    References
    ----------
    Blum, Mitchell (1998), Combining Labeled and Unlabeled Data with Co-Training, COLT.

    Examples
    --------
    >>> from kdviz import models
    >>> from kdviz.data import Examples, splits
    >>> from kdviz.distill.schemes import train_each
    >>> y = torch.arange(300) % 2
    >>> X = torch.randn(300, 4) + 2 * y[:, None]
    >>> data = splits((X, y)).with_labels(10, keep_unlabelled=True)
    >>> halves = [View(lambda x: x[:, :2], models.mlp((8,), inputs=2, classes=2)),
    ...           View(lambda x: x[:, 2:], models.mlp((8,), inputs=2, classes=2))]
    >>> runs = train_each(co_training(halves, data, rounds=2, per_class=3, epochs=2), progress=False)
    >>> len(runs), len(runs[0].data.train), len(runs[-1].data.train) > 10
    (4, 10, True)
    """
    students, data = tuple(students), splits(data)
    if len(students) != 2:
        raise ValueError(f"co-training needs two students, got {len(students)}")
    if rounds < 1 or per_class < 1 or (pool is not None and pool < 1):
        raise ValueError(f"rounds, per_class and pool must be at least 1, got {rounds}, {per_class} and {pool}")
    if not 0 < data.train.labelled < len(data.train):
        raise ValueError(
            f"co-training needs examples with and without labels, got {data.train.labelled:,} labels for "
            f"{len(data.train):,} examples; data.with_labels(count, keep_unlabelled=True) gives both"
        )
    objective = HardLabels() if objective is None else objective
    return _rounds(students, data, objective, rounds, per_class, pool, training)


def _rounds(
    students: tuple[nn.Module, ...],
    data: Splits,
    objective: Objective | Term,
    rounds: int,
    per_class: int,
    pool: int | None,
    training: dict[str, Any],
) -> Iterator[Distillation]:
    begun = [trainable_copy(student) for student in students]
    labels = data.train.y.clone()
    generator = torch.Generator().manual_seed(mix(training.get("seed", 0), 7))
    waiting = torch.nonzero(labels < 0).flatten()
    waiting = waiting[torch.randperm(len(waiting), generator=generator)]
    for number in range(1, rounds + 1):
        labelled = _with_labels(data, labels)
        runs = []
        for n, student in enumerate(begun, start=1):
            run = Distillation(None, trainable_copy(student), labelled, objective, **training)
            yield named(run, mark("Round {round}, student {n}"), round=number, n=n)  # the caller trains it
            runs.append(frozen(run))
        near = waiting if pool is None else waiting[:pool]
        labels[near] = _surest(runs, data.train.take(near), per_class)
        waiting = waiting[labels[waiting] < 0]


def _with_labels(data: Splits, labels: Tensor) -> Splits:
    """Return the data with the examples labelled so far, and no others, to learn from."""
    known = torch.nonzero(labels >= 0).flatten()
    train = data.train.take(known)
    soft = train.soft
    if soft is not None:  # those of what was labelled from the start stay as they are
        new = (train.y < 0)[:, None]
        soft = torch.where(new, torch.nn.functional.one_hot(labels[known], soft.shape[1]).to(soft), soft)
    train = replace(train, y=labels[known], soft=soft)
    return replace(data, name=f"{data.name}-co-labelled", train=train, draw=None)


def _surest(models: Sequence[nn.Module], examples: Examples, per_class: int) -> Tensor:
    """Return labels (N,) for the examples that a model is surest of, -1 for the others."""
    labels = torch.full((len(examples),), -1, dtype=torch.int64)
    surest = torch.full((len(examples),), -torch.inf, dtype=torch.float64)
    if len(examples) == 0:
        return labels
    for model in models:
        z = inference.logits(model, examples).double()  # (N, C)
        says = z.argmax(1)
        others = z.scatter(1, says[:, None], -torch.inf).logsumexp(1)
        sure = z.amax(1) - others  # log p − log (1 − p): in the order of p, and p itself rounds to 1 too soon
        for c in says.unique().tolist():
            of_class = torch.nonzero(says == c).flatten()
            best = of_class[sure[of_class].argsort(descending=True, stable=True)[:per_class]]
            best = best[sure[best] > surest[best]]  # the other model may be surer of another class
            labels[best], surest[best] = c, sure[best]
    return labels


class View(nn.Module):
    """A network that sees a part of its input.

    Parameters
    ----------
    part : callable
        Maps inputs (B, ...) to what the network takes: ``lambda x: x[..., :14]`` is the left half of an image.
    network : nn.Module

    Examples
    --------
    >>> from kdviz import models
    >>> left = View(lambda x: x[..., :14], models.mlp((8,), inputs=28 * 14))
    >>> left(torch.zeros(5, 1, 28, 28)).shape
    torch.Size([5, 10])
    """

    def __init__(self, part: Callable[[Tensor], Tensor], network: nn.Module) -> None:
        super().__init__()
        self.part, self.network = part, network

    def forward(self, inputs: Tensor) -> Tensor:
        return self.network(self.part(inputs))
