"""Counts behind the rates of groups: how often the models select, and are right about, the members of each group."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .disparity import RATES, RateName


@dataclass(frozen=True)
class Cells:
    """Counts of examples with the same group, label and predictions, sorted by group."""

    counts: np.ndarray  # (K,)
    starts: np.ndarray  # (G,), the first cell of each group
    y: np.ndarray  # (K,), whether the label is the positive class
    chosen: np.ndarray  # (M, K), whether the model predicts the positive class
    right: np.ndarray  # (M, K)
    positive: bool


def cells_of(codes: np.ndarray, y: np.ndarray, choices: Mapping[str, np.ndarray], positive: int | None) -> Cells:
    is_positive = y == positive if positive is not None else np.zeros(len(y), dtype=bool)
    none = np.zeros(len(y), dtype=bool)
    chosen = np.stack([c == positive if positive is not None else none for c in choices.values()])
    right = np.stack([c == y for c in choices.values()])
    key = codes * 2 + is_positive
    for c, r in zip(chosen, right, strict=True):  # dense after each model: any number of models fits
        key = np.unique(key * 4 + c * 2 + r, return_inverse=True)[1]
    _, first, counts = np.unique(key, return_index=True, return_counts=True)
    starts = np.unique(codes[first], return_index=True)[1]
    return Cells(counts, starts, is_positive[first], chosen[:, first], right[:, first], positive is not None)


def hits_of(cells: Cells) -> dict[RateName, tuple[np.ndarray, np.ndarray]]:
    """Return the numerator of each rate, shape (M, G), and its denominator, (G,)."""
    return {name: (np.stack([_by_group(cells, m) for m in masks]), of) for name, masks, of in _counted(cells)}


def hits_of_both(cells: Cells, one: int, other: int) -> dict[RateName, np.ndarray]:
    """Return how often both of two models count towards a rate on the same example, each (G,)."""
    return {name: _by_group(cells, masks[one] & masks[other]) for name, masks, _ in _counted(cells)}


def _counted(cells: Cells) -> list[tuple[RateName, np.ndarray, np.ndarray]]:
    """Return each rate, the cells that count towards it for each model (M, K), and its denominator (G,)."""
    n = _by_group(cells, np.ones(len(cells.y), dtype=bool))
    counted: list[tuple[RateName, np.ndarray, np.ndarray]] = [("accuracy", cells.right, n)]
    if cells.positive:
        positives = _by_group(cells, cells.y)
        counted += [
            ("selection_rate", cells.chosen, n),
            ("true_positive_rate", cells.chosen & cells.y, positives),
            ("false_positive_rate", cells.chosen & ~cells.y, n - positives),
        ]
    return counted


def _by_group(cells: Cells, mask: np.ndarray) -> np.ndarray:
    return np.add.reduceat(cells.counts * mask, cells.starts)


def by_fairlearn(cells: Cells, which: int) -> dict[RateName, np.ndarray]:
    """Return fairlearn's rates of one model by group, each (G,); nan where the denominator is 0.

    Each cell is one row weighted by its number of examples, as fairlearn takes seconds for some ten thousand rows.
    """
    from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
    from sklearn.metrics import accuracy_score

    def accuracy(y: Any, right: np.ndarray, sample_weight: np.ndarray) -> float:
        return float(accuracy_score(np.ones(len(right), dtype=int), right, sample_weight=sample_weight))

    def of_positives(y: np.ndarray, chosen: np.ndarray, sample_weight: np.ndarray) -> float:
        return float(true_positive_rate(y, chosen, sample_weight, pos_label=1)) if y.any() else math.nan

    def of_negatives(y: np.ndarray, chosen: np.ndarray, sample_weight: np.ndarray) -> float:
        return float(false_positive_rate(y, chosen, sample_weight, pos_label=1)) if not y.all() else math.nan

    def by_group(metrics: dict[str, Any], predicted: np.ndarray) -> dict[RateName, np.ndarray]:
        frame = MetricFrame(
            metrics=metrics,
            y_true=cells.y.astype(int),
            y_pred=predicted.astype(int),
            sensitive_features=np.repeat(np.arange(len(cells.starts)), np.diff([*cells.starts, len(cells.y)])),
            sample_params={name: {"sample_weight": cells.counts} for name in metrics},
        ).by_group
        return {name: frame[name].to_numpy(dtype=np.float64) for name in RATES if name in metrics}

    rates = by_group({"accuracy": accuracy}, cells.right[which])
    if cells.positive:
        chosen = {
            "selection_rate": selection_rate,
            "true_positive_rate": of_positives,
            "false_positive_rate": of_negatives,
        }
        rates |= by_group(chosen, cells.chosen[which])
    return rates
