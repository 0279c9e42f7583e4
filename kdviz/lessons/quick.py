"""Whether a lesson runs quickly, as tests have it: fewer steps, the same cells."""

from __future__ import annotations

import os
from typing import TypeVar

VARIABLE = "KDVIZ_QUICK"
Value = TypeVar("Value")


def quick() -> bool:
    """Whether ``KDVIZ_QUICK=1`` is set."""
    return os.environ.get(VARIABLE, "") not in ("", "0")


def full_or_quick(full: Value, short: Value) -> Value:
    """Return ``full``, or ``short`` in the quick mode: ``epochs = full_or_quick(20, 1)``."""
    return short if quick() else full
