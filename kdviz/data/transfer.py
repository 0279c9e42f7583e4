"""Transfer sets: what a student can learn from besides labelled examples of its classes.

A teacher can be run on anything of the right shape, so a transfer set needs no labels, and not even examples of the
classes in question:

- without labels, or a class left out: ``data.with_labels(1000, keep_unlabelled=True, omit=("3",))``;
- synthesized from the available examples: :func:`munge`;
- with examples of something else mixed in: :func:`mixed_in`;
- made from the teacher alone: :func:`kdviz.distill.schemes.data_impressions`.

The effect, in test errors of 10,000 (MNIST, 1,000 labels, teacher ``mnist-mlp-1200``, a student of 64 units, α = 0.9,
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

from kdviz.data.inputs import Inputs, named, tensors
from kdviz.data.memory import Examples, Splits
from kdviz.data.neighbours import Points


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
    """Add synthetic examples to the training part, without labels (MUNGE).

    Each example trades values with its nearest neighbor, so that synthetic examples stay near the data and preserve the
    dependence between the values of an example.

    Parameters
    ----------
    data : Splits
    times : int
        k: there are k synthetic examples for each training example.
    p : float
        In [0, 1]: the probability that an attribute is traded.
    s : float
        > 0, the local variance parameter: the larger, the closer to the neighbor's value.
    nominal : sequence of sequences of int, optional
        For tables: columns that together are one attribute, one-hot, and are swapped unchanged. Default: those whose
        names in ``data.features`` are equal up to the first "=", as Adult's are. All else is continuous.
    fixed_neighbours : bool
        Find neighbors once, among the original examples, rather than each time among the modified ones: faster for many
        examples.
    seed : int
        Fixes the draws.

    Returns
    -------
    Splits
        Named after the data, with the suffix ``+munge``; validation and test are unchanged. Group columns are unknown
        (None, or NaN) for synthetic examples.

    Raises
    ------
    ValueError
        If a number is out of range, there are fewer than two training examples, or these are not finite numbers.

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

    Distances are Euclidean, with the columns of a table scaled to [0, 1] and a nominal attribute adding 1 where it
    differs; in images and other inputs all values count equally. Pixels (uint8) are rounded and clipped to 0 ... 255;
    other values are not bounded.

    Public implementations differ in where they find neighbors: in T′ as it changes, as here by default, or once in T.
    Time and memory: with changing neighbors N passes over N × D numbers, k times.

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
    x = _numbers_of(data)
    attributes, blocks = _attributes(x, _nominal_columns(data.features) if nominal is None else nominal)
    rows = x.flatten(1).to(torch.float32 if x.dtype == torch.uint8 else torch.float64).numpy()
    weight = _weights(rows, blocks, table=x.ndim == 2)
    random = np.random.RandomState(seed)  # its stream is frozen for good
    neighbours = Points(rows * weight).all_nearest() if fixed_neighbours else None
    made = [_traded(rows, weight, attributes, neighbours, p, s, random) for _ in range(times)]
    return with_more(data, _as_inputs(np.concatenate(made), x), "munge")


def _numbers_of(data: Splits) -> Tensor:
    """Return the training examples, once they are known to be numbers that can be traded."""
    train = data.train
    if not train.single or not (train.x.dtype == torch.uint8 or train.x.is_floating_point()):
        raise ValueError(
            f"munge trades numbers between examples, pixels or columns of a table, and those of {data.title} are "
            f"{train.describe()}; mix in other examples instead: kd.data.mixed_in"
        )
    if len(train) < 2:
        raise ValueError(
            f"munge needs at least 2 training examples (each trades with its nearest neighbor), got {len(train)}"
        )
    if not bool(train.x.isfinite().all()):
        raise ValueError(f"munge needs finite numbers, got NaN or infinity in {data.title}; fill them")
    return train.x


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
    T, scaled = T.copy(), Points(T * weight)
    continuous, several = attributes < 0, attributes.max(initial=-1) + 1
    for i in range(len(T)):
        j = scaled.nearest(i) if neighbours is None else int(neighbours[i])
        e, other = T[i].copy(), T[j].copy()
        traded = random.random_sample(len(e)) < p
        if several:
            traded = np.where(continuous, traded, (random.random_sample(several) < p)[attributes])
        sd = np.where(continuous, np.abs(e - other) / s, 0)
        T[i] = np.where(traded, other + sd * random.standard_normal(len(e)), e)
        T[j] = np.where(traded, e + sd * random.standard_normal(len(e)), other)
        for k in (i, j):
            scaled.move(k, T[k] * weight)
    return T


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
        return np.ones(rows.shape[1], dtype=rows.dtype)
    extent = rows.max(0) - rows.min(0)
    weight = np.divide(1, extent, out=np.ones_like(extent), where=extent > 0)  # a constant column weighs nothing
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
    """Mix examples of another kind into the training part, without labels.

    The teacher labels them as best it can: its uncertainty is knowledge too. Whether it helps, the run shows.

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
        raise ValueError(f"pass either count or share, got count={count} and share={share}")
    if share is not None:
        if not 0 < share < 1:
            raise ValueError(f"share must lie in (0, 1), got {share}")
        count = max(1, round(len(data.train) * share / (1 - share)))
    assert count is not None
    if not 1 <= count <= len(pool):
        raise ValueError(f"count must lie in 1 ... {len(pool):,}, the examples of {name}, got {count:,}")
    order = np.random.RandomState(seed).permutation(len(pool))[:count]  # its stream is frozen for good
    return with_more(data, pool.take(np.sort(order)).x, name)


def with_more(data: Splits, x: Inputs, name: str) -> Splits:
    """Return data with further training examples, without labels.

    Parameters
    ----------
    data : Splits
    x : Tensor, shape (M, ...), or dict or tuple of such
        In the form, the shapes and the dtypes of the training examples.
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
    if _kind(x) != _kind(train.x):
        raise ValueError(
            f"further examples must be {_kind(train.x)} like those of {data.title}, got {_kind(x)}; convert them"
        )
    if train.redraw is not None:
        raise ValueError(
            f"the training examples of {data.title} are drawn anew each time and the others are not; take them in one "
            "draw: dataclasses.replace(data, train=data.train.fixed())"
        )
    count = len(tensors(x)[0])
    unknown = torch.full((count, *train.y.shape[1:]), -1)
    soft = None if train.soft is None else torch.cat((train.soft, train.soft.new_zeros(count, train.soft.shape[1])))
    both = _joined(train.x, x)
    more = Examples(both, torch.cat((train.y, unknown)), _longer(train.groups, count), soft)
    return replace(data, name=f"{data.name}+{name}", title=f"{data.title} and {name}", train=more, draw=None)


def _joined(x: Inputs, more: Inputs) -> Inputs:
    """Return the examples of both, of one form; those of ``more`` come last."""
    if isinstance(x, Tensor) and isinstance(more, Tensor):
        return torch.cat((x, more))
    if isinstance(x, dict) and isinstance(more, dict):
        return {name: torch.cat((part, more[name])) for name, part in x.items()}
    return tuple(torch.cat(pair) for pair in zip(tensors(x), tensors(more), strict=True))


def _kind(x: Inputs) -> str:
    """Say what examples are: one text for all that can be joined."""
    kinds = [
        f"{name} {str(part.dtype).removeprefix('torch.')} of shape {tuple(part.shape[1:])}".strip()
        for name, part in sorted(named(x))
    ]
    return ", ".join(kinds)


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
