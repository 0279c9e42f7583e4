"""Predictions drawn for groups whose error rates differ."""

from __future__ import annotations

import numpy as np

EOD, DPD, GAP = "equalized_odds_difference", "demographic_parity_difference", "accuracy_difference"


def synthetic(seed=0, n=600, groups=3, models=("teacher", "student"), classes=2):
    random = np.random.RandomState(seed)
    y, group = random.randint(0, classes, n), random.randint(0, groups, n)
    wrong = {m: random.rand(n) < 0.1 + 0.15 * group / groups for m in models}
    return {m: np.where(w, (y + 1) % classes, y) for m, w in wrong.items()}, y, group
