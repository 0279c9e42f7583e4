"""What terms need beside the two models' answers: layers to look at, and modules that learn beside the student.

Both are found out once, when a run is set up, by showing the models two examples.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import nn

from ..models.inference import Inputs, device_of, fitted
from .objective import Objective, Term
from .outputs import Seen
from .randomness import mix, seeded
from .taps import Tap, check_taps, probe
from .teacher import Teacher

FEATURE_BYTES = 256 * 2**20  # of a teacher's layers kept for all examples; beyond, the teacher is asked at each step


class TappedLayers(NamedTuple):
    """The layers that the terms of an objective look at, on both sides."""

    student: tuple[str, ...] = ()
    teacher: tuple[str, ...] = ()
    copied: tuple[str, ...] = ()  # of the student's: a later layer writes into what they give


def prepare(
    objective: Objective, teacher: Teacher | None, student: nn.Module, few: Inputs, seed: int
) -> tuple[TappedLayers, nn.ModuleDict]:
    """Return the layers that ``objective`` looks at and the auxiliary modules that its terms need, by the terms' names.

    Parameters
    ----------
    objective : Objective
    teacher : Teacher or None
    student : nn.Module
    few : inputs
        Two examples (or one, where there is only one).
    seed : int
        What the auxiliary modules' weights are drawn from.

    Raises
    ------
    ValueError
        In one sentence, if a layer does not exist or shapes cannot be brought together.
    """
    taps = [term.taps for term in objective.terms]
    ours = tuple(dict.fromkeys(name for of_term in taps for name in of_term.student))
    theirs = tuple(dict.fromkeys(name for of_term in taps for name in of_term.teacher))
    modules = nn.ModuleDict()
    if not ours and not theirs and all(type(term).auxiliary is Term.auxiliary for term in objective.terms):
        return TappedLayers(), modules
    device = device_of(student)
    found = probe(student, fitted(few, student))
    check_taps(found, ours, "student")
    found_there = teacher.probe_layers(few) if teacher is not None else {}
    if teacher is not None:
        check_taps(found_there, theirs, "teacher")
    seen = Seen(_shapes(found), _shapes(found_there), found[""].shape[-1], getattr(student, "architecture", None), seed)
    with seeded(mix(seed, 4), torch.device("cpu")):
        for name, term in zip(objective.names, objective.terms, strict=True):
            module = term.auxiliary(seen)
            if module is not None:
                modules[name] = module
    copied = tuple(name for name in ours if found[name].overwritten)
    return TappedLayers(ours, theirs, copied), modules.to(device).train()


def _shapes(found: Mapping[str, Tap]) -> dict[str, tuple[int, ...]]:
    return {name: tap.shape for name, tap in found.items()}
