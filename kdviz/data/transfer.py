"""Transfer sets: what a student may learn from beside labelled examples of its classes.

A teacher can be asked about anything that has the right shape, so a transfer set needs no labels, and need not even be
of the classes in question:

- without labels, or a class left out: ``data.with_labels(1000, keep_unlabelled=True, omit=("3",))``;
- made up from the examples at hand: :func:`munge`;
- with examples of something else mixed in: :func:`mixed_in`;
- made from the teacher alone: :func:`kdviz.distill.schemes.data_impressions`.

What it buys, in test errors of 10,000 (MNIST, 1,000 labels, teacher ``mnist-mlp-1200``, a student of 64 units, α = 0.9,
T = 4, about 2,400 steps of 128, mean of three seeds): labels alone 1,129; distilled on the 1,000 examples 962; with
9,000 more without a label: noise 927, Fashion-MNIST 896, MUNGE 695, real digits 397.

>>> from kdviz import data
>>> toy = data.splits((torch.randn(200, 4), torch.arange(200) % 4))
>>> few = toy.with_labels(9, keep_unlabelled=True, omit=("3",))
>>> few.train
Examples(120×4 float32, 9 labelled)
>>> munge(few).train
Examples(240×4 float32, 9 labelled)
>>> mixed_in(few, data.examples(torch.randn(500, 4)), count=80).train
Examples(200×4 float32, 9 labelled)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kdviz.data.memory import Examples, Splits

NEIGHBOURS_AT_ONCE = 1024  # rows of a distance matrix held at a time


def munge(
    data: Splits,
    times: int = 1,
    *,
    p: float = 0.5,
    s: float = 1.0,
    nominal: Sequence[Sequence[int]] | None = None,
    fixed_neighbours: bool = False,
    seed: int = 0,
) -> Splits:
    """Add made-up examples to the training part, without labels: MUNGE.

    Each example trades values with its nearest neighbour, so that what is made stays near the data and keeps how the
    values of an example go together.

    Parameters
    ----------
    data : Splits
    times : int
        k: the made-up examples are k times as many as the training examples.
    p : float
        In [0, 1]: the probability with which an attribute is traded.
    s : float
        > 0, the local variance parameter: the larger, the nearer to the neighbour's very value.
    nominal : sequence of sequences of int, optional
        For tables: columns that are one attribute together, one-hot, and are swapped as they are. Default: those
        whose names in ``data.features`` are alike up to the first "=", as Adult's are. All else is continuous.
    fixed_neighbours : bool
        Look for neighbours once, in the examples as given, rather than each time among the examples as they have
        become: faster for many examples.
    seed : int
        Fixes the draws.

    Returns
    -------
    Splits
        Named after the data, with ``+munge`` behind; validation and test as they were. Group columns are unknown
        (None, or NaN) for made-up examples.

    Raises
    ------
    ValueError
        If a number is out of range, or there are less than two training examples.

    Notes
    -----
    Of the training examples T, k times over::

        T′ ← T
        for each e in T′:
            e′ ← the closest example to e in T′
            for each attribute a, with probability p:
                continuous: sd ← |e_a − e′_a| / s;   e_a ← N(e′_a, sd),  e′_a ← N(e_a, sd)   (both of the old values)
                nominal:    swap e_a and e′_a
        D ← D ∪ T′

    Distances are Euclid's, with the columns of a table scaled to [0, 1] and a nominal attribute adding 1 where it
    differs; of images and other inputs all values count alike. Pixels (uint8) are rounded and kept in 0 ... 255;
    other values are not bounded.

    Public implementations differ in where they look for neighbours: in T′ as it changes, as here by default, or in T
    once and for all. Time and memory: with changing neighbours N passes over N × D numbers, k times.

    References
    ----------
    Buciluă, Caruana, Niculescu-Mizil (2006), Model Compression, KDD, doi:10.1145/1150402.1150464.

    Examples
    --------
    >>> from kdviz import data
    >>> toy = data.splits((torch.randn(100, 3), torch.arange(100) % 2))
    >>> munge(toy, times=2)
    Splits('yours+munge', 2 classes, train 240, validation 10, test 10)
    """
    if times < 1:
        raise ValueError(f"times must be at least 1, got {times}")
    if not 0 <= p <= 1:
        raise ValueError(f"p must lie in [0, 1] (it is a probability), got {p}")
    if not 0 < s < float("inf"):
        raise ValueError(f"s must be a finite number > 0, got {s}")
    x = data.train.x
    if len(x) < 2:
        raise ValueError(f"an example trades with its nearest neighbour and there is {len(x)} training example in all")
    attributes, blocks = _attributes(x, _nominal_columns(data.features) if nominal is None else nominal)
    rows = x.flatten(1).numpy().astype(np.float32)
    weight = _weights(rows, blocks, table=x.ndim == 2)
    random = np.random.RandomState(seed)  # its stream is frozen for good
    neighbours = _nearest(rows * weight) if fixed_neighbours else None
    made = [_traded(rows, weight, attributes, neighbours, p, s, random) for _ in range(times)]
    return with_more(data, _as_inputs(np.concatenate(made), x), "munge")


def _traded(
    T: np.ndarray,
    weight: np.ndarray,
    attributes: np.ndarray,
    neighbours: np.ndarray | None,
    p: float,
    s: float,
    random: np.random.RandomState,
) -> np.ndarray:
    """Return T′: the examples (N, D) after each has traded with its nearest neighbour.

    ``attributes`` (D,) holds the number of the nominal attribute that a column belongs to, -1 for continuous ones.
    """
    T = T.copy()
    scaled = T * weight
    squares = (scaled**2).sum(1)
    continuous, several = attributes < 0, attributes.max(initial=-1) + 1
    for i in range(len(T)):
        if neighbours is None:
            far = squares - 2 * (scaled @ scaled[i])  # |e − e′|² but for |e|², the same for all
            far[i] = np.inf
            j = int(far.argmin())
        else:
            j = int(neighbours[i])
        e, other = T[i].copy(), T[j].copy()
        traded = random.random_sample(len(e)) < p
        if several:
            traded = np.where(continuous, traded, (random.random_sample(several) < p)[attributes])
        sd = np.where(continuous, np.abs(e - other) / s, 0)
        T[i] = np.where(traded, other + sd * random.standard_normal(len(e)), e)
        T[j] = np.where(traded, e + sd * random.standard_normal(len(e)), other)
        for k in (i, j):
            scaled[k] = T[k] * weight
            squares[k] = (scaled[k] ** 2).sum()
    return T


def _nearest(rows: np.ndarray) -> np.ndarray:
    """Return the index of each row's nearest other row, (N,)."""
    points = torch.from_numpy(rows)
    squares = (points**2).sum(1)
    found = []
    for start in range(0, len(points), NEIGHBOURS_AT_ONCE):
        part = points[start : start + NEIGHBOURS_AT_ONCE]
        far = squares - 2 * (part @ points.T)
        far[torch.arange(len(part)), torch.arange(start, start + len(part))] = float("inf")
        found.append(far.argmin(1))
    return torch.cat(found).numpy()


def _nominal_columns(features: Sequence[str]) -> list[list[int]]:
    """Return the columns that are one attribute: those called "name=category" with the same name.

    >>> _nominal_columns(("age", "sex=Female", "sex=Male"))
    [[1, 2]]
    """
    columns: dict[str, list[int]] = {}
    for index, feature in enumerate(features):
        name, one_hot, _ = feature.partition("=")
        if one_hot:
            columns.setdefault(name, []).append(index)
    return list(columns.values())


def _attributes(x: Tensor, nominal: Sequence[Sequence[int]]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return which nominal attribute each column belongs to, -1 for none, and the columns of each."""
    if nominal and x.ndim != 2:
        raise ValueError(f"nominal names columns of a table (N, D), got examples of shape {tuple(x.shape[1:])}")
    of = np.full(x[0].numel(), -1)
    blocks = []
    for number, columns in enumerate(nominal):
        index = np.asarray(list(columns), dtype=np.int64)
        if not len(index) or index.min() < 0 or index.max() >= len(of) or (of[index] >= 0).any():
            raise ValueError(
                f"nominal must name columns below {len(of)}, each in one attribute, got {list(columns)} as number "
                f"{number}"
            )
        of[index] = number
        blocks.append(index)
    return of, blocks


def _weights(rows: np.ndarray, blocks: Sequence[np.ndarray], *, table: bool) -> np.ndarray:
    """Return what to multiply the columns by, (D,), before distances are taken."""
    if not table:
        return np.ones(rows.shape[1], dtype=np.float32)
    extent = rows.max(0) - rows.min(0)
    weight = np.divide(1, extent, out=np.ones_like(extent), where=extent > 0)
    for index in blocks:
        weight[index] = np.sqrt(0.5)  # two columns differ where one category takes the place of another
    return weight


def _as_inputs(rows: np.ndarray, like: Tensor) -> Tensor:
    if like.dtype == torch.uint8:
        rows = rows.round().clip(0, 255)
    return torch.from_numpy(rows).to(like.dtype).view(-1, *like.shape[1:])


def mixed_in(
    data: Splits, others: Splits | Examples, *, count: int | None = None, share: float | None = None, seed: int = 0
) -> Splits:
    """Mix examples of something else into the training part, without labels.

    The teacher says of them what it can: how it is unsure is knowledge too. Whether it helps, the run shows.

    Parameters
    ----------
    data : Splits
    others : Splits or Examples
        Examples of the same shape and kind, such as Fashion-MNIST's for MNIST; of Splits, the training part.
    count : int, optional
        How many are drawn.
    share : float, optional
        In (0, 1): the part of the new training examples that they make up, instead of ``count``.
    seed : int
        Fixes the draw.

    Returns
    -------
    Splits
        Named after both; validation and test as they were.

    Raises
    ------
    ValueError
        If neither or both of ``count`` and ``share`` are given, there are too few others, or they do not fit.

    Examples
    --------
    >>> from kdviz import data
    >>> toy = data.splits((torch.randn(100, 3), torch.arange(100) % 2))
    >>> mixed_in(toy, data.examples(torch.randn(500, 3)), share=0.2).train
    Examples(100×3 float32, 80 labelled)
    """
    name = others.name if isinstance(others, Splits) else "others"
    pool = others.train if isinstance(others, Splits) else others
    if (count is None) == (share is None):
        raise ValueError(f"one of count and share says how many are mixed in, got count={count} and share={share}")
    if share is not None:
        if not 0 < share < 1:
            raise ValueError(f"share must lie in (0, 1), got {share}")
        count = max(1, round(len(data.train) * share / (1 - share)))
    assert count is not None
    if not 1 <= count <= len(pool):
        raise ValueError(f"count must lie in 1 ... {len(pool):,}, the examples of {name}, got {count:,}")
    order = np.random.RandomState(seed).permutation(len(pool))[:count]  # its stream is frozen for good
    return with_more(data, pool.take(np.sort(order)).x, name)


def with_more(data: Splits, x: Tensor, name: str) -> Splits:
    """Return data with further training examples, without labels.

    Parameters
    ----------
    data : Splits
    x : Tensor, shape (M, ...)
        Of the same shape and dtype as the training examples.
    name : str
        What the new examples are; the data are called by both.

    Returns
    -------
    Splits
        The new examples come last. Their group columns are unknown: None, or NaN.

    Raises
    ------
    ValueError
        If the examples do not fit.
    """
    train = data.train
    if x.shape[1:] != train.x.shape[1:] or x.dtype != train.x.dtype:
        raise ValueError(
            f"further examples must be {_kind(train.x)} like those of {data.title}, got {_kind(x)}; convert them"
        )
    unknown = torch.full((len(x),), -1)
    more = Examples(torch.cat((train.x, x)), torch.cat((train.y, unknown)), _longer(train.groups, len(x)))
    return replace(data, name=f"{data.name}+{name}", title=f"{data.title} and {name}", train=more, draw=None)


def _kind(x: Tensor) -> str:
    return f"{str(x.dtype).removeprefix('torch.')} of shape {tuple(x.shape[1:])}"


def _longer(groups: Mapping[str, Any], count: int) -> dict[str, np.ndarray]:
    """Return group columns with ``count`` unknown entries more."""
    longer = {}
    for name, given in groups.items():
        column = np.asarray(given)
        if column.dtype.kind in "iuf":
            longer[name] = np.concatenate((column.astype(np.float64), np.full(count, np.nan)))
        else:
            longer[name] = np.concatenate((column.astype(object), np.full(count, None, dtype=object)))
    return longer
