"""Runs that the Lab is opened with: one, or the several that a scheme came to, with their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ...distill import Distillation, Evaluation, RunName
from ...words import mark, number, t, tn
from ..live.roster import Entry
from ..live.status_text import name_of

MOST_GIVEN = 60
ALONE = mark(
    "This run has no teacher: its curves and what they are worth are shown; "
    "what sets a student beside a teacher is left out."
)
NO_TEACHER = mark("{name} learns without a teacher.")
TAUGHT = mark("{name} is taught by {teacher}.")
TEACHER = mark("{name}; its teacher: {teacher}.")
RECORDED = mark(
    "The teacher of this run is known by recorded answers to certain examples alone: its curves and what they are "
    "worth are shown; what sets a student beside a teacher is left out."
)
PEER = {
    "validation": mark(
        "After step {step}, on {n} validation examples, {name} makes {errors} errors, the student beside it {student}."
    ),
    "test": mark("On the {n} test examples {name} makes {errors} errors, the student beside it {student}."),
}


@dataclass(frozen=True, eq=False)
class Given:
    """A run that the Lab was opened with.

    Attributes
    ----------
    run : Distillation
    name : RunName, str or None
        None where it is alone and has none.
    examples : str
        Names its validation and test examples, where there are several: runs of one name are measured on the same.
    """

    run: Distillation
    name: RunName | str | None
    examples: str

    @property
    def asks_teacher(self) -> bool:
        """Whether there is a teacher that can be asked about the validation examples."""
        teacher = self.run.teacher
        return teacher is not None and teacher.knows(self.run.data.validation)

    @property
    def why_alone(self) -> str:
        """Why no teacher is shown beside the student, marked for translation; empty where one is."""
        if self.asks_teacher:
            return ""
        return ALONE if self.run.teacher is None else RECORDED


def given_runs(opened: Any) -> tuple[Given, ...]:
    """Return the runs that the Lab is opened with.

    Parameters
    ----------
    opened : Distillation, or a sequence or mapping of them
        What a scheme returns, or :func:`kdviz.schemes.train_each` of it; a mapping names them, and so do the pairs of
        :func:`kdviz.schemes.stages`, whose models without a run are left out.

    Raises
    ------
    TypeError, ValueError
        In one sentence that says what to open instead.
    """
    if isinstance(opened, Distillation):
        return (Given(opened, opened.name, ""),)
    pairs = list(_pairs(opened))
    if not 1 <= len(pairs) <= MOST_GIVEN:
        raise ValueError(f"the Lab opens 1 to {MOST_GIVEN} runs together, got {len(pairs)}")
    for name, run in pairs:
        if not run.steps_done:
            raise ValueError(
                f"{name} was not trained yet; train each run before the next is made, as kd.schemes.train_each does, "
                "or open it alone"
            )
    return tuple(Given(run, name, _examples_of(run)) for name, run in pairs)


def _pairs(opened: Any) -> Iterator[tuple[RunName | str, Distillation]]:
    """Yield the runs with their names."""
    if isinstance(opened, nn.Module):
        raise TypeError(
            f"the Lab opens runs and a {type(opened).__name__} is a model without one; "
            "open kd.panels.Compare(teacher, model, data) instead, or the Lab with the runs that it was made of"
        )
    if isinstance(opened, Iterator):
        raise TypeError(
            "the Lab opens runs that were made, and this scheme has yet to make them; "
            "open kd.panels.Lab(kd.schemes.train_each(scheme))"
        )
    if isinstance(opened, Mapping):
        opened = opened.items()
    elif not isinstance(opened, Iterable) or isinstance(opened, str):
        raise TypeError(f"the Lab opens a run, or a sequence or mapping of runs, got {type(opened).__name__}")
    for n, one in enumerate(opened, start=1):
        name, run = one if isinstance(one, tuple) and len(one) == 2 else (None, one)
        if isinstance(run, nn.Module) and name is not None:
            continue  # a stage that is made of the ones before, not trained
        if not isinstance(run, Distillation):
            raise TypeError(f"the Lab opens runs, got {type(run).__name__} among them; leave it out")
        yield name or run.name or RunName(mark("Run {n}"), {"n": n}), run


def _examples_of(run: Distillation) -> str:
    data = run.data
    return f"{data.validation.fingerprint()} {data.test.fingerprint()}"


def first_shown(given: Sequence[Given], name: str | None) -> Given:
    """Return the run that is shown first: the one of a name, else the last, which is what a scheme came to."""
    if name is None:
        return given[-1]
    found = [one for one in given if str(one.name) == name]
    if not found:
        raise ValueError(f"shown must be one of {', '.join(str(one.name) for one in given)}, got {name!r}")
    return found[0]


def taught_by(one: Given, given: Sequence[Given]) -> str:
    """Return a sentence on who teaches a run: another of those given, where its student has the teacher's weights."""
    name, teacher = str(one.name or t("Student")), one.run.teacher
    if teacher is None:
        return t(NO_TEACHER, name=name)
    for other in given:
        if other is not one and _same_weights(teacher.module, other.run.student):
            return t(TAUGHT, name=name, teacher=str(other.name))
    return t(TEACHER, name=name, teacher=name_of(teacher.module))


def peers_sentence(entry: Entry) -> str:
    """Return a sentence on the errors of those that learn beside a student; empty where nobody does."""
    known = _newest(entry)
    if known is None:
        return ""
    errors = ", ".join(number(one) for one in known.peer_errors)
    return tn("Its peer makes {errors}.", "Its peers make {errors}.", len(known.peer_errors), errors=errors)


def peer_sentence(entry: Entry, n: int) -> str:
    """Return a sentence on how one of the peers stands beside the student."""
    known = _newest(entry)
    if known is None or not 0 < n <= len(known.peer_errors):
        return ""
    figures = {"n": number(known.examples), "step": number(known.step), "student": number(known.errors)}
    return t(PEER[known.split], **figures, name=entry.peer_name(n), errors=number(known.peer_errors[n - 1]))


def _newest(entry: Entry) -> Evaluation | None:
    """Return the newest evaluation of a student with its peers: on test data where there is one."""
    found = [e for split in ("validation", "test") for e in entry.run.history.evaluated(split) if e.peer_errors]
    return found[-1] if found else None


def _same_weights(a: nn.Module, b: nn.Module) -> bool:
    ours, theirs = a.state_dict(), b.state_dict()
    return ours.keys() == theirs.keys() and all(
        ours[name].shape == theirs[name].shape and torch.equal(ours[name].cpu(), theirs[name].cpu()) for name in ours
    )
