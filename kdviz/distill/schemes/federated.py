"""Federated distillation (FedMD): clients share neither data nor weights, only logits on the same public examples.

Each client has examples of its own, and a model of any kind. In each round (FedMD)

1. every client sends the server its logits on public examples,
2. the server sends their mean back: all it ever sees are logits,
3. digest: every client learns to say of the public examples what all said together,
4. revisit: every client goes back to its own examples and labels.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from ...data import Examples, Splits, examples, splits
from ...models import inference
from ...words import mark
from ..distillation import Distillation
from ..objective import Objective
from ..randomness import mix
from ..terms import HardLabels, LogitMSE, Term
from .generations import named, trainable_copy
from .label_free import without_labels

MARK_BYTES = 16  # of an example, to know it again


def federated(
    students: Sequence[nn.Module],
    private: Sequence[Splits],
    public: Any,
    objective: Objective | Term | None = None,
    *,
    rounds: int = 3,
    first_epochs: int = 5,
    digest_epochs: int = 1,
    revisit_epochs: int = 1,
    shared: int | None = None,
    **training: Any,
) -> Iterator[Distillation]:
    """Yield the runs of federated distillation, client by client and round by round.

    First each client learns from its own examples alone. Then, in each round, it digests and revisits.

    Parameters
    ----------
    students : sequence of nn.Module
        One a client, of any architecture, over the same classes. Each is trained by its first run; later runs train
        copies.
    private : sequence of Splits
        Each client's own examples; :func:`private_parts` cuts a data set into some.
    public : Splits, Examples, X, (X, y), Dataset or DataLoader
        What all are asked about; labels are not looked at. Of Splits, the training part; its validation and test parts
        measure the digests. Other data are public as a whole, and measured on the first client's.
    objective : Objective or Term, optional
        What a client digests by; default :class:`kdviz.LogitMSE`.
    rounds : int
        How often logits are exchanged.
    first_epochs, digest_epochs, revisit_epochs : int
        Of the runs.
    shared : int, optional
        How many public examples are drawn in each round; default all.
    **training
        Further arguments of :class:`kdviz.Distillation`, for each run; its seed goes up by one from run to run, and
        fixes which public examples are drawn.

    Yields
    ------
    Distillation
        Untrained. Train it, in any way, before asking for the next. First one for each client, then two for each
        client in each round: the digest, whose teacher is :class:`RecordedAnswers`, and the revisit, which has none.
        :func:`final_runs` picks those that each client ends with.

    Raises
    ------
    ValueError
        If there are not as many students as private parts, a number is out of range, or a run was not trained before
        the next is asked for.

    Notes
    -----
    f̃(x) = (1/m) Σ_k f_k(x) over the m clients' logits f_k. Digest: mean (f_k(x) − f̃(x))². The authors' code takes the
    mean absolute difference, begins with labelled public examples, and keeps the optimizer's state from round to
    round; here it starts anew in each run.

    Revisits are where forgetting shows: what a client has digested about classes it does not own fades again. Four
    clients with 3,000 MNIST digits between them (shares of concentration 0.3), 5,000 public ones and 20 first, 5
    digest and 1 revisit epochs were right on 44 to 71 % of the test digits alone; in the third round on 84 to 85 %
    after the digest, and on 64 to 74 % after the revisit.

    References
    ----------
    Li, Wang (2019), FedMD: Heterogenous Federated Learning via Model Distillation, arXiv:1910.03581.

    Examples
    --------
    >>> from kdviz import data, models
    >>> y = torch.arange(600) % 3
    >>> toy = data.splits((torch.nn.functional.one_hot(y, 4) + 0.3 * torch.randn(600, 4), y))
    >>> own = private_parts(toy, 2)
    >>> students = [models.mlp((8,), inputs=4, classes=3, seed=seed) for seed in range(2)]
    >>> runs = [run.train(progress=False, evaluate=False) for run in federated(students, own, torch.randn(100, 4),
    ...                                                                        rounds=1)]
    >>> len(runs), [run.objective for run in runs[2:4]], len(final_runs(runs, 2))
    (6, [1 * LogitMSE(), 1 * HardLabels()], 2)
    """
    if len(students) != len(private) or len(students) < 2:
        raise ValueError(
            f"expected as many students as private parts, at least two, got {len(students)} and {len(private)}"
        )
    if "epochs" in training:
        raise ValueError(f"give first_epochs, digest_epochs and revisit_epochs, got epochs={training['epochs']}")
    public = _public(public, private[0])
    if shared is not None and not 1 <= shared <= len(public.train):
        raise ValueError(f"shared must lie in 1 ... {len(public.train)}, the public examples, got {shared}")
    objective = LogitMSE() if objective is None else objective
    seed = int(training.pop("seed", 0))
    seeds = itertools.count(seed)
    learned: list[nn.Module] = []
    for client, (student, own) in enumerate(zip(students, private, strict=True), start=1):
        alone = Distillation(None, student, own, HardLabels(), epochs=first_epochs, seed=next(seeds), **training)
        yield named(alone, mark("Client {n} alone"), n=client)
        learned.append(trainable_copy(alone))
    for number in range(1, rounds + 1):
        asked = _drawn(public, shared, number, seed)
        everyone = consensus([inference.logits(student, asked.train) for student in learned])
        teacher = RecordedAnswers(asked.train, everyone).eval()
        for client, own in enumerate(private):
            digest = Distillation(
                teacher,
                learned[client],
                asked,
                objective,
                epochs=digest_epochs,
                seed=next(seeds),
                **{**training, "allow_weaker_teacher": True},
            )
            yield named(digest, mark("Client {n}, round {round}, digest"), n=client + 1, round=number)
            student = trainable_copy(digest)
            revisit = Distillation(
                None, student, own, HardLabels(), epochs=revisit_epochs, seed=next(seeds), **training
            )
            yield named(revisit, mark("Client {n}, round {round}, revisit"), n=client + 1, round=number)
            learned[client] = trainable_copy(revisit)


def _public(given: Any, first: Splits) -> Splits:
    """Return the public data without labels."""
    if isinstance(given, Splits):
        return without_labels(given)
    everything = examples(given)
    unlabelled = everything.without_labels(torch.ones(len(everything), dtype=torch.bool))
    return replace(first, name="public", title="public examples", train=unlabelled, draw=None)


def _drawn(public: Splits, shared: int | None, number: int, seed: int) -> Splits:
    """Return the public data with the examples that are shared in a round."""
    title = f"{public.title}, round {number}"
    if shared is None:
        return replace(public, name=f"{public.name}-public", title=title, draw=None)
    generator = torch.Generator().manual_seed(mix(seed, 8, number))
    chosen = torch.randperm(len(public.train), generator=generator)[:shared].sort().values
    return replace(
        public, name=f"{public.name}-round-{number}", title=title, train=public.train.take(chosen), draw=None
    )


def consensus(logits: Sequence[Tensor]) -> Tensor:
    """Return what all clients say together: the mean of their logits (N, C).

    >>> consensus([torch.tensor([[1.0, 0.0]]), torch.tensor([[3.0, 2.0]])])
    tensor([[2., 1.]])
    """
    return torch.stack(list(logits)).mean(0)


class RecordedAnswers(nn.Module):
    """A teacher of whom nothing is known but its answers to certain examples.

    Parameters
    ----------
    asked : Examples
        N examples.
    logits : Tensor, shape (N, C)
        What was said of them.

    Notes
    -----
    Examples are known again by a hash of their content (the float32 numbers that a model sees), so that it does not
    matter in which order, or in which batches, they come. Any other example, an augmented one too, is answered by one
    sentence: ``ValueError``.

    Examples
    --------
    >>> X = torch.arange(6.0).view(3, 2)
    >>> teacher = RecordedAnswers(Examples(X, torch.full((3,), -1)), torch.eye(3)).eval()
    >>> teacher(X[[2, 0]])
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    >>> teacher(X + 1)
    Traceback (most recent call last):
        ...
    ValueError: this teacher is known by its answers to 3 examples alone and 3 of the 3 it is asked about are others;
    ask about those, without augmentation
    """

    logits: Tensor
    marks: Tensor

    def __init__(self, asked: Examples, logits: Tensor) -> None:
        super().__init__()
        if logits.ndim != 2 or len(logits) != len(asked):
            raise ValueError(f"logits must have shape ({len(asked)}, classes), got {tuple(logits.shape)}")
        marks = _marks_of(asked)
        self.register_buffer("logits", logits.detach().clone())
        self.register_buffer(
            "marks", torch.frombuffer(bytearray(b"".join(marks)), dtype=torch.uint8).view(-1, MARK_BYTES)
        )
        self._places = {mark: place for place, mark in enumerate(marks)}

    def forward(self, inputs: Tensor) -> Tensor:
        places = [self._places.get(mark, -1) for mark in _marks(inputs)]
        unknown = places.count(-1)
        if unknown:
            raise ValueError(
                f"this teacher is known by its answers to {len(self.logits):,} examples alone and {unknown:,} of the "
                f"{len(places):,} it is asked about are others; ask about those, without augmentation"
            )
        return self.logits[torch.tensor(places, dtype=torch.int64, device=self.logits.device)].to(inputs.device)

    def knows(self, asked: Examples) -> bool:
        """Whether it has an answer to each of some examples."""
        return all(mark in self._places for mark in _marks_of(asked))


def _marks(inputs: Tensor) -> list[bytes]:
    """Return a hash of each example of a batch (B, ...)."""
    rows = inputs.detach().to("cpu", torch.float32).flatten(1).contiguous().numpy()
    return [hashlib.blake2b(row.data, digest_size=MARK_BYTES).digest() for row in rows]


def _marks_of(asked: Examples, at_once: int = 1024) -> list[bytes]:
    starts = range(0, len(asked), at_once)
    return [mark for i in starts for mark in _marks(asked.inputs(slice(i, i + at_once)))]


def private_parts(data: Any, clients: int, *, concentration: float | None = None, seed: int = 0) -> tuple[Splits, ...]:
    """Deal a data set's training examples out to clients; all keep its validation and test parts.

    Parameters
    ----------
    data : Splits, (X, y), Dataset or DataLoader
    clients : int
        How many, at least 2.
    concentration : float, optional
        a > 0: of each class, clients get shares drawn from a Dirichlet distribution with all parameters a. The smaller,
        the more a client has of few classes and nothing of others. Default: all classes in equal parts.
    seed : int
        Fixes the draw.

    Returns
    -------
    tuple of Splits
        Named after the data, with ``-client-1`` and so on behind. No two share a training example; examples without
        a label are dealt as one more class.

    Raises
    ------
    ValueError
        If a number is out of range, or a client would be left without any example.

    References
    ----------
    The Dirichlet shares: Hsu, Qi, Brown (2019), Measuring the Effects of Non-Identical Data Distribution for Federated
    Visual Classification, arXiv:1909.06335, there drawn for each client over classes.

    Examples
    --------
    >>> from kdviz import data
    >>> toy = data.splits((torch.randn(100, 2), torch.arange(100) % 2))
    >>> [len(part.train) for part in private_parts(toy, 2)]
    [40, 40]
    """
    data = splits(data)
    if clients < 2:
        raise ValueError(f"clients must be at least 2, got {clients}")
    if concentration is not None and not 0 < concentration < float("inf"):
        raise ValueError(f"concentration must be a finite number > 0, got {concentration}")
    generator = torch.Generator().manual_seed(mix(seed, 9))
    hands: list[list[Tensor]] = [[] for _ in range(clients)]
    for label in data.train.y.unique().tolist():
        members = torch.nonzero(data.train.y == label).flatten()
        members = members[torch.randperm(len(members), generator=generator)]
        shares = torch.full((clients,), 1 / clients, dtype=torch.float64)
        if concentration is not None:
            gammas = torch._standard_gamma(torch.full_like(shares, concentration), generator=generator)
            shares = gammas.clamp(min=1e-300) / gammas.clamp(min=1e-300).sum()
        bounds = (shares.cumsum(0) * len(members)).round().long().tolist()
        for hand, start, end in zip(hands, [0, *bounds], bounds, strict=False):
            hand.append(members[start:end])
    chosen = [torch.cat(hand).sort().values for hand in hands]
    empty = [number for number, index in enumerate(chosen, start=1) if not len(index)]
    if empty:
        raise ValueError(
            f"client {empty[0]} would get no example of {len(data.train):,} at concentration {concentration}; "
            "raise it, take another seed, or fewer clients"
        )
    return tuple(
        replace(
            data,
            name=f"{data.name}-client-{number}",
            title=f"{data.title}, client {number}",
            train=data.train.take(index),
            draw=None,
        )
        for number, index in enumerate(chosen, start=1)
    )


def final_runs(runs: Sequence[Distillation], clients: int) -> tuple[Distillation, ...]:
    """Return the run that each client ends with: the last time it learned from its own examples.

    Parameters
    ----------
    runs : sequence of Distillation
        All runs of :func:`federated`, in order.
    clients : int
    """
    at_home = [run for run in runs if run.teacher is None]
    if len(at_home) < clients:
        raise ValueError(
            f"each of {clients} clients learns from its own examples at least once, got {len(at_home)} runs"
        )
    return tuple(at_home[-clients:])
