"""Why did it not help? A list of findings about a run, each with its evidence, how sure it is, and what to try.

Adding a finding is one function in one file: decorated with `findings.look`, it takes a `case.Case` and returns a
`Finding` or None. Things are looked at in the
order in which the files are imported below.
"""

from __future__ import annotations

from . import knowledge, noise, objective, parts, roles, room, teacher, training, trial_looks  # noqa: F401 (in order)
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
