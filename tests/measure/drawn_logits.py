"""Logits and labels drawn at a known temperature."""

from __future__ import annotations

import numpy as np
import scipy.optimize
import scipy.special
import scipy.stats
from hypothesis import strategies as st

from kdviz.measure.calibration import calibration

seeds, counts = st.integers(0, 2**31), st.integers(1, 20)


def drawn(seed, n=300, c=4, T=1.0):
    """Return logits and labels drawn from σ(logits / T): at T = 1 the model is calibrated, above it over-confident."""
    random = np.random.default_rng(seed)
    z = 2 * random.standard_normal((n, c))
    return z, (z / T + random.gumbel(size=(n, c))).argmax(1)


def softmax(z):
    return scipy.special.softmax(z, axis=1)


def measure(z, y, bins=15, strategy="width", **how):
    return calibration(z, y, bins, strategy, **{"resamples": 0, **how})
