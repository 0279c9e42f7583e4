"""What terms need besides the two models' outputs: tapped layers, and modules trained alongside the student.

Both are determined once, when a run is set up, by passing two examples through the models.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import nn

from ..models.inference import Inputs, ask, device_of, fitted
from ..models.looking import evaluating
from .objective import Objective, Term
from .outputs import Seen
from .randomness import mix, seeded
from .taps import Tap, check_taps, probe
from .teacher import Teacher

FEATURE_BYTES = 256 * 2**20  # of the teacher's layers to cache; above this, the teacher is run at each step


class TappedLayers(NamedTuple):
    """The layers that the terms of an objective use, on both sides."""

    student: tuple[str, ...] = ()
    teacher: tuple[str, ...] = ()
    copied: tuple[str, ...] = ()  # of the student's: a later layer overwrites their output in place


def prepare(
    objective: Objective, teacher: Teacher | None, student: nn.Module, few: Inputs, seed: int
) -> tuple[TappedLayers, nn.ModuleDict]:
    """Return the layers that ``objective`` uses and the auxiliary modules that its terms need, by the terms' names.

    Parameters
    ----------
    objective : Objective
    teacher : Teacher or None
    student : nn.Module
    few : inputs
        Two examples (or one, where there is only one).
    seed : int
        For the initial weights of the auxiliary modules.

    Raises
    ------
    ValueError
        In one sentence, if a layer does not exist or shapes are incompatible.
    """
    taps = [term.taps for term in objective.terms]
    ours = tuple(dict.fromkeys(name for of_term in taps for name in of_term.student))
    theirs = tuple(dict.fromkeys(name for of_term in taps for name in of_term.teacher))
    modules = nn.ModuleDict()
    if not ours and not theirs and all(type(term).auxiliary is Term.auxiliary for term in objective.terms):
        return TappedLayers(), modules
    device = device_of(student)
    student_taps = probe(student, fitted(few, student))
    check_taps(student_taps, ours, "student")
    teacher_taps = teacher.probe_layers(few) if teacher is not None else {}
    if teacher is not None:
        check_taps(teacher_taps, theirs, "teacher")
    classes = student_taps[""].shape[-1] if "" in student_taps else _classes(student, few)
    architecture = getattr(student, "architecture", None)
    seen = Seen(_shapes(student_taps), _shapes(teacher_taps), classes, architecture, seed)
    with seeded(mix(seed, 4), torch.device("cpu")):
        for name, term in zip(objective.names, objective.terms, strict=True):
            module = term.auxiliary(seen)
            if module is not None:
                modules[name] = module
    copied = tuple(name for name in ours if student_taps[name].overwritten)
    return TappedLayers(ours, theirs, copied), modules.to(device).train()


def _classes(student: nn.Module, few: Inputs) -> int:
    """Return the number of logits of a model that answers with an object or a dict."""
    with evaluating(student), torch.no_grad():
        return ask(student, few, who="student").shape[-1]


def _shapes(taps: Mapping[str, Tap]) -> dict[str, tuple[int, ...]]:
    return {name: tap.shape for name, tap in taps.items()}
