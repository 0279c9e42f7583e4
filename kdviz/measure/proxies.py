"""Proxies: what the inputs tell of a group that is not among them.

A column that is taken away may be told by another: who is a husband is a man. A model that never saw the column can
then treat its groups as unlike as one that did.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kdviz.data import Examples, Splits


@dataclass(frozen=True)
class Proxy:
    """How well one attribute tells a group.

    Attributes
    ----------
    attribute : str
        The input that tells most: a column of numbers, or all columns "name=category" of a name.
    right : float
        Share of the examples whose group is guessed right from its value alone: for each value the group that is most
        frequent among those who have it.
    base : float
        The same without looking: the share of the largest group.
    n : int
        Examples whose group is known.
    """

    attribute: str
    right: float
    base: float
    n: int


def is_input(data: Splits, column: str) -> bool:
    """Whether a group column is among the inputs of a table; True where the inputs have no names."""
    return not data.features or any(name.partition("=")[0] == column for name in data.features)


def best_proxy(examples: Examples, features: tuple[str, ...], column: str) -> Proxy | None:
    """Return the attribute that tells most of a group column; None where no attribute tells more than nothing.

    Only attributes of categories are looked at, one at a time; several together may tell more.

    Parameters
    ----------
    examples : Examples
        Rows of a table, with the column in ``groups``.
    features : tuple of str
        Names of the inputs; those called "name=category" with the same name are one attribute, one-hot.
    column : str

    Examples
    --------
    >>> import torch
    >>> x = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    >>> rows = Examples(x, torch.zeros(4).long(), {"sex": np.array(["m", "m", "f", "m"])})
    >>> best_proxy(rows, ("married=husband", "married=no"), "sex") is None
    True
    >>> rows = Examples(x, torch.zeros(4).long(), {"sex": np.array(["m", "m", "f", "f"])})
    >>> best_proxy(rows, ("married=husband", "married=no"), "sex")
    Proxy(attribute='married', right=1.0, base=0.5, n=4)
    """
    groups = np.asarray(examples.groups[column])
    known = np.array([value is not None and value == value for value in groups])
    if not known.any():
        return None
    _, codes = np.unique(groups[known], return_inverse=True)
    n, base = len(codes), int(np.bincount(codes).max())
    x = examples.inputs().numpy()[known]
    blocks: dict[str, list[int]] = {}
    for i, feature in enumerate(features):
        name, one_hot, _ = feature.partition("=")
        if one_hot:
            blocks.setdefault(name, []).append(i)
    told = {name: _guessed(x[:, columns].argmax(1), codes) for name, columns in blocks.items() if len(columns) > 1}
    best = max(told, key=lambda name: told[name], default="")
    return Proxy(best, told[best] / n, base / n, n) if best and told[best] > base else None


def _guessed(values: np.ndarray, codes: np.ndarray) -> int:
    """Return how many groups are guessed right where each value stands for its most frequent group."""
    counts = np.zeros((values.max() + 1, codes.max() + 1), dtype=np.int64)
    np.add.at(counts, (values, codes), 1)
    return int(counts.max(1).sum())
