"""A generalist and specialists: for classes that a model confuses, copies of it that tell just these apart.

1. Find classes S^m that the generalist often takes for one another: k-means on its predictions' covariance.
2. For each S^m train a specialist: it begins as the generalist, sees the examples of S^m and equally many others, and
   answers over S^m and one dustbin class for all the rest.
3. Ask: the generalist names the likeliest classes k; the specialists whose S^m meets k are asked too; the answer is the
   distribution q over all classes that agrees with them best, argmin_q KL(p^g ‖ q) + Σ_m KL(p^m ‖ q).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
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
from ..terms import Term, hinton
from .classes import class_index
from .generations import frozen, named, trainable_copy

RESTARTS, ROUNDS = 20, 100  # of k-means
STEPS = 1000  # at most, towards the q that all agree on; each at least halves the distance with one specialist


def confusable_classes(
    model: nn.Module, examples: Examples, count: int, *, temperature: float = 2.0, seed: int = 0
) -> tuple[tuple[int, ...], ...]:
    """Find classes that a model often takes for one another.

    Parameters
    ----------
    model : nn.Module
        The generalist.
    examples : Examples
        What it is asked about; labels are not looked at.
    count : int
        Number of clusters, from 2 to the number of classes.
    temperature : float
        T > 0 of the predictions. A model that is hardly ever unsure shows at T = 1 what it confuses in few examples
        only.
    seed : int
        Begins the search.

    Returns
    -------
    tuple of tuples of int
        Clusters of at least two classes, the largest first; a class of its own needs no specialist and is left out,
        so there may be fewer than ``count``.

    Raises
    ------
    ValueError
        If ``count`` or ``temperature`` is out of range.

    Notes
    -----
    With p = σ_T(z): Σ_ij = cov(p_i, p_j) over the examples, scaled to ρ_ij = Σ_ij / √(Σ_ii Σ_jj), and Lloyd's k-means
    on the columns of ρ, the best of 20 starts by k-means++. The paper runs an online k-means on the columns of Σ
    itself. With its 15,000 classes that works; with ten classes the variances on the diagonal are larger than all
    that tells classes apart, and most clusters would be of one class.

    References
    ----------
    Hinton, Vinyals, Dean (2015), Distilling the Knowledge in a Neural Network, §5.3, arXiv:1503.02531.

    Examples
    --------
    >>> class Unsure(nn.Module):  # of classes 0 and 1, and of 2 and 3
    ...     def forward(self, x):
    ...         return torch.cat((x[:, :1], x[:, :1], -x[:, :1], -x[:, :1]), 1) + 0.1 * x[:, 1:]
    >>> X = torch.randn(200, 5, generator=torch.Generator().manual_seed(0))
    >>> sorted(confusable_classes(Unsure(), Examples(X, torch.full((200,), -1)), 2))
    [(0, 1), (2, 3)]
    """
    if not 0 < temperature < math.inf:
        raise ValueError(f"temperature must be a finite number > 0, got {temperature}")
    p = torch.softmax(inference.logits(model, examples).double() / temperature, 1)  # (N, C)
    if not 2 <= count <= p.shape[1]:
        raise ValueError(f"count must lie in 2 ... {p.shape[1]}, the number of classes, got {count}")
    cov = torch.cov(p.T)
    scale = cov.diagonal().clamp(min=torch.finfo(p.dtype).tiny).rsqrt()
    of = _k_means(scale[:, None] * cov * scale, count, torch.Generator().manual_seed(mix(seed, 6)))
    clusters = [tuple(torch.nonzero(of == k).flatten().tolist()) for k in range(count)]
    return tuple(sorted((c for c in clusters if len(c) > 1), key=lambda c: (-len(c), c)))


def _k_means(points: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return which of ``count`` clusters each point (N, D) belongs to."""
    best, least = torch.zeros(len(points), dtype=torch.int64), math.inf
    for _ in range(RESTARTS):
        centres = points[torch.randint(len(points), (1,), generator=generator)]
        while len(centres) < count:  # k-means++: far points are likelier
            far = torch.cdist(points, centres).amin(1) ** 2 + 1e-30
            centres = torch.cat((centres, points[torch.multinomial(far, 1, generator=generator)]))
        for _ in range(ROUNDS):
            of = torch.cdist(points, centres).argmin(1)
            means = [points[of == k].mean(0) if bool((of == k).any()) else centres[k] for k in range(count)]
            if torch.equal(torch.stack(means), centres):
                break
            centres = torch.stack(means)
        cost = float(((points - centres[of]) ** 2).sum())
        if cost < least * (1 - 1e-9):
            best, least = of, cost
    return best


class Specialist(nn.Module):
    """A model over all classes, seen through a window on some: their logits, and one for all the others together.

    Parameters
    ----------
    model : nn.Module
        Gives logits (B, C).
    special : sequence of int
        The classes of the window, S.
    oversampled : float
        log r: by how much more often the special classes occur among the training examples than they naturally do,
        against the rest. The dustbin's logit is lowered by it.

    Notes
    -----
    The answer is (z_c for c in S, log Σ_{c ∉ S} exp z_c − log r), shape (B, |S| + 1). Before training it is just what
    the generalist believes, at the odds of the training examples. The paper raises the dustbin's logit by the log of
    the oversampling after training; here it is lowered during training, which is the same, so that ``model`` alone is
    the corrected specialist.
    """

    special: Tensor
    rest: Tensor
    oversampled: Tensor

    def __init__(self, model: nn.Module, special: Sequence[int], classes: int, oversampled: float = 0.0) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("special", torch.tensor(list(special)))
        self.register_buffer("rest", torch.tensor([c for c in range(classes) if c not in set(special)]))
        self.register_buffer("oversampled", torch.tensor(float(oversampled)))

    def forward(self, x: Tensor) -> Tensor:
        at_home = self.natural(x)
        return torch.cat((at_home[:, :-1], at_home[:, -1:] - self.oversampled), 1)  # (B, |S| + 1)

    def natural(self, x: Tensor) -> Tensor:
        """Return the logits (B, |S| + 1) at the odds at which the classes naturally occur."""
        z = self.model(x)
        return torch.cat((z[:, self.special], z[:, self.rest].logsumexp(1, keepdim=True)), 1)


def specialists(
    generalist: nn.Module,
    data: Any,
    special: Iterable[Sequence[int | str]] | None = None,
    objective: Objective | Term | None = None,
    *,
    count: int = 3,
    **training: Any,
) -> Iterator[Distillation]:
    """Yield one run for each group of confusable classes: a specialist, taught by labels and by the generalist.

    Parameters
    ----------
    generalist : nn.Module
        Trained on all classes. It is copied, never changed.
    data : Splits, (X, y), Dataset or DataLoader
    special : iterable of sequences of int or str, optional
        The classes of each specialist. Default: :func:`confusable_classes` on the validation part, or on the training
        part where there is none.
    objective : Objective or Term, optional
        Default ``0.5 * SoftTargets(temperature=2) + 0.5 * HardLabels()``. The soft targets are the generalist's
        through the same window; they keep a specialist, which sees few examples, from forgetting.
    count : int
        Number of clusters, where ``special`` is not given.
    **training
        Arguments of :class:`kdviz.Distillation`, for each run.

    Yields
    ------
    Distillation
        Untrained. Its student is a :class:`Specialist` that begins as the generalist; its data are the labelled
        examples of the special classes and equally many others (all there are, if fewer), in all three parts.

    Raises
    ------
    ValueError
        If a group names fewer than two classes, all of them, or none that occurs.

    Notes
    -----
    Specialists do not need one another: they may be trained in any order, or at once. Put them to use with
    :class:`WithSpecialists`.

    The paper's specialists (§5.3) learn from hard labels; that soft targets keep them from overfitting is its §6.
    There half of each batch is special; here half of the examples are.

    Four specialists took a generalist of 64 units on Fashion-MNIST from 1,431 test errors to 1,282 (three epochs each
    on labels alone at a third of the learning rate, one seed; 1,356 with the default objective). Three more epochs of
    the generalist itself on all examples took it to 1,207: with ten classes and a model that has not learned all it
    can, specialists are no bargain. The paper's case is 15,000 classes and a model that nobody can afford to train on.

    A specialist is a module of its own: to load a saved run, pass ``data=``, ``teacher=`` and ``student=`` as another
    run of the same call has them.

    References
    ----------
    Hinton, Vinyals, Dean (2015), Distilling the Knowledge in a Neural Network, §5 and §6, arXiv:1503.02531.

    Examples
    --------
    >>> from kdviz import data, models
    >>> toy = data.splits((torch.randn(600, 4), torch.arange(600) % 4))
    >>> generalist = models.mlp((8,), inputs=4, classes=4).eval()
    >>> runs = [run.train(progress=False) for run in specialists(generalist, toy, [(0, 1), (2, 3)], epochs=1)]
    >>> runs[0].data.classes
    ('0', '1', 'any other')
    >>> WithSpecialists(generalist, runs)(torch.zeros(5, 4)).shape
    torch.Size([5, 4])
    """
    data = splits(data)
    objective = hinton(alpha=0.5, temperature=2.0) if objective is None else objective
    seed = int(training.get("seed", 0))
    if special is None:
        asked = data.validation if len(data.validation) else data.train
        special = confusable_classes(generalist, asked, count, seed=seed)
    for number, group in enumerate(special, start=1):
        classes = _window(group, data)
        part, oversampled = _examples_for(classes, data, number, seed)
        seen = Specialist(generalist, classes, len(data.classes), oversampled)
        run = Distillation(frozen(seen), trainable_copy(seen).requires_grad_(True), part, objective, **training)
        names = ", ".join(data.classes[c] for c in classes)
        yield named(run, mark("Specialist {n}: {classes}"), n=number, classes=names)


def _window(group: Sequence[int | str], data: Splits) -> list[int]:
    """Return a specialist's classes as indices, once they are known to be some, but not all."""
    classes = sorted({class_index(which, data.classes) for which in group})
    if not 2 <= len(classes) < len(data.classes):
        raise ValueError(
            f"a specialist tells at least 2 classes apart, and leaves out at least 1 of {len(data.classes)}, "
            f"got {len(classes)}: {', '.join(data.classes[c] for c in classes)}"
        )
    return classes


def _examples_for(classes: list[int], data: Splits, number: int, seed: int) -> tuple[Splits, float]:
    """Return the special examples and equally many others, labelled anew, and the log of the oversampling."""
    at = torch.full((len(data.classes) + 1,), len(classes))
    at[classes], at[-1] = torch.arange(len(classes)), -1  # the last is for labels of -1
    parts: dict[str, Any] = {}
    odds = {}
    for name in ("train", "validation", "test"):
        examples = getattr(data, name)
        y = at[examples.y]
        home, others = (torch.nonzero(which).flatten() for which in ((y >= 0) & (y < len(classes)), y == len(classes)))
        shuffled = torch.randperm(len(others), generator=torch.Generator().manual_seed(mix(seed, 7, number)))
        few = others[shuffled[: len(home)]]
        chosen = torch.cat((home, few)).sort().values
        parts[name] = _through(examples.take(chosen), y[chosen], at[:-1])
        odds[name] = (len(home), len(others), len(few))
    home_count, other_count, few_count = odds["train"]
    if not home_count or not few_count:
        raise ValueError(
            f"a specialist learns from labelled examples of its classes and of others, got {home_count} and "
            f"{few_count} in the training part of {data.title}"
        )
    names = tuple(data.classes[c] for c in classes)
    part = replace(
        data,
        name=f"{data.name}-special-{number}",
        title=f"{data.title}, {' and '.join(names)}",
        classes=(*names, "any other"),
        draw=None,
        **parts,
    )
    return part, math.log(other_count / few_count)


def _through(examples: Examples, y: Tensor, at: Tensor) -> Examples:
    """Return examples with labels ``y`` of a window; ``at`` (C,) says which of its classes each class becomes."""
    if examples.soft is None:
        return replace(examples, y=y)
    window = examples.soft.new_zeros(len(examples), int(at.max()) + 1).index_add(1, at, examples.soft)
    return replace(examples, y=window.argmax(1).masked_fill(y < 0, -1), soft=window)


class WithSpecialists(nn.Module):
    """A generalist and its specialists as one model over all classes; a teacher like any other.

    Parameters
    ----------
    generalist : nn.Module
    learned : iterable of Distillation or Specialist
        The trained runs of :func:`specialists`, or their students. All are copied.
    chosen : int
        n: how many of the generalist's likeliest classes are looked at to choose whom to ask.

    Notes
    -----
    A_k are the specialists whose S^m meets the generalist's n likeliest classes k. The answer is log q with::

        q = argmin_q KL(p^g ‖ q) + Σ_{m ∈ A_k} KL(p^m ‖ q)

    where p^m is over S^m and the dustbin, at natural odds, and q is summed over the dustbin's classes in the same way.
    Where no specialist is asked q = p^g. The paper looks for q = σ(z) by gradient descent on z. The sum is convex in
    q, and this module goes to its minimum without a step size: each step sets q_c to the mean over the models of what
    they give class c, a dustbin shared out as q has it,

        q_c ← (p^g_c + Σ_m q_c · p^m_b / q_b) / (1 + |A_k|),   b the part of model m that holds c

    (it is expectation maximisation; with |A_k| specialists the distance shrinks at least by |A_k| / (1 + |A_k|)).

    References
    ----------
    Hinton, Vinyals, Dean (2015), Distilling the Knowledge in a Neural Network, §5.5, arXiv:1503.02531.
    """

    def __init__(self, generalist: nn.Module, learned: Iterable[Distillation | nn.Module], chosen: int = 1) -> None:
        super().__init__()
        if chosen < 1:
            raise ValueError(f"chosen must be at least 1, got {chosen}")
        self.chosen = chosen
        self.generalist = frozen(generalist)
        self.specialists = nn.ModuleList(frozen(each) for each in learned)
        for specialist in self.specialists:
            if not isinstance(specialist, Specialist):
                raise TypeError(f"expected runs of kd.schemes.specialists, got a {type(specialist).__name__}")
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        z = self.generalist(x)  # (B, C)
        asked, said = self.asked(z), []
        for specialist in self.specialists:
            p = torch.softmax(specialist.natural(x).double(), 1)  # type: ignore[operator]  # (B, |S| + 1)
            said.append((_part_of_class(specialist, z.shape[1]), p))
        q = agreed(torch.softmax(z.double(), 1), said, asked)
        return q.clamp(min=torch.finfo(z.dtype).tiny).log().to(z.dtype)

    def asked(self, z: Tensor) -> Tensor:
        """Return which specialists are asked, (B, M) bool, given the generalist's logits (B, C)."""
        likely = torch.zeros_like(z, dtype=torch.bool).scatter_(1, z.topk(self.chosen, 1).indices, True)
        meets = [likely[:, s.special].any(1) for s in self.specialists]  # type: ignore[index]
        return torch.stack(meets, 1) if meets else likely[:, :0]


def _part_of_class(specialist: nn.Module, classes: int) -> Tensor:
    """Return which part of a specialist's answer holds each class, (C,): its own place, or the dustbin's."""
    special: Tensor = specialist.special  # type: ignore[assignment]
    parts = torch.full((classes,), len(special), device=special.device)
    parts[special] = torch.arange(len(special), device=special.device)
    return parts


def agreed(p: Tensor, said: Sequence[tuple[Tensor, Tensor]], asked: Tensor) -> Tensor:
    """Return the distribution that agrees best with a generalist and those specialists that are asked.

    Parameters
    ----------
    p : Tensor of float64, shape (B, C)
        The generalist's probabilities.
    said : sequence of (Tensor of int64, shape (C,), Tensor, shape (B, K))
        For each specialist: which part of its answer holds each class, and its probabilities of the parts.
    asked : Tensor of bool, shape (B, M)
        Which of the M specialists count.

    Returns
    -------
    Tensor, shape (B, C)
        q = argmin_q KL(p ‖ q) + Σ_m KL(p^m ‖ q).

    Examples
    --------
    A generalist cannot tell classes 0 and 1 apart, a specialist can; class 2 keeps what it had.

    >>> p = torch.tensor([[0.4, 0.4, 0.2]], dtype=torch.float64)
    >>> said = [(torch.tensor([0, 1, 2]), torch.tensor([[0.7, 0.1, 0.2]], dtype=torch.float64))]
    >>> agreed(p, said, torch.tensor([[True]]))
    tensor([[0.5500, 0.2500, 0.2000]], dtype=torch.float64)
    """
    q = p
    models = 1 + asked.sum(1, keepdim=True)  # (B, 1)
    smallest = torch.finfo(p.dtype).tiny
    for _ in range(STEPS):
        total = p
        for m, (part, p_m) in enumerate(said):
            q_m = torch.zeros_like(p_m).index_add(1, part, q)  # (B, K)
            total = total + torch.where(asked[:, m : m + 1], q * (p_m / q_m.clamp(min=smallest))[:, part], 0)
        nearer = total / models
        moved = float((nearer - q).abs().max()) if len(q) else 0.0
        q = nearer
        if moved < 1e-12:
            break
    return q
