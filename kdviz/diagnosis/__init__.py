"""Why did it not help? Findings about a run, each with its evidence, confidence, and what to try.

A new look is one function in a file of ``looks/``: decorated with `findings.look`, it takes a `case.Case` and returns a
`Finding` or None. Nothing else names it.
"""

from __future__ import annotations

from .again import again
from .copies import shared_rows, without_copies
from .examination import diagnose, of_answers
from .findings import LOOKS, Finding
from .power import examples_needed, power, seeds_needed
from .result import Diagnosis
from .trials import Arm

__all__ = [
    "LOOKS",
    "Arm",
    "Diagnosis",
    "Finding",
    "again",
    "diagnose",
    "examples_needed",
    "of_answers",
    "power",
    "seeds_needed",
    "shared_rows",
    "without_copies",
]
