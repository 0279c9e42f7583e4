"""A case: two models, perhaps a twin, data and a history, and the models' logits, computed once and when needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..data import Examples, Splits
from ..distill import Distillation, Teacher
from ..distill.schedules import value_at
from ..measure import PairedErrors, paired_errors
from ..models import inference
from ..words import number, t, tn
from .findings import NotLookedAt
from .lab_state import lab_state
from .trials import Arm

MOST = 10_000  # examples of a part that models are run on
LEARNED = 2_000  # of the transfer set: training errors are compared, not counted
HELD_OUT = ("validation", "test")

Progress = Callable[[int, int], "bool | None"]


@dataclass(eq=False)
class Case:
    """What is looked at.

    Attributes
    ----------
    parts : dict of str to Examples
        "train", "validation", "test", where they exist.
    models : dict of str to nn.Module
        "teacher", "student", "twin", where they exist.
    run, twin_run : Distillation or None
    twin_note : str
        Why the twin passed in was not looked at.
    temperature : float or None
        T at which the teacher teaches; None if no term has one.
    looked_for : float
        The difference worth finding, as a share of the twin's errors.
    pairs : tuple of (float, float)
        Errors of the student and of its twin, seed by seed.
    arms : list of Arm
        Runs that the small study has trained.
    length : int
        Steps that the study's arms were trained for.
    given : dict of (str, str) to Tensor
        Logits known beforehand, by model and part, for all examples of the part.
    """

    parts: Mapping[str, Examples]
    models: dict[str, nn.Module]
    run: Distillation | None = None
    twin_run: Distillation | None = None
    twin_note: str = ""
    temperature: float | None = None
    looked_for: float = 0.1
    pairs: tuple[tuple[float, float], ...] = ()
    arms: list[Arm] = field(default_factory=list)
    length: int = 0
    given: Mapping[tuple[str, str], Tensor] = field(default_factory=dict)
    progress: Progress | None = None
    splits: Splits | None = None
    _cache: dict[tuple[str, str], tuple[Tensor, Tensor]] = field(default_factory=dict)

    @property
    def held_out(self) -> str:
        """The part that models are judged on: validation data, else test data."""
        for part in HELD_OUT:
            if part in self.parts and self.parts[part].labelled:
                return part
        raise NotLookedAt("No example held out from training has a label, so nothing that needs errors was looked at.")

    @property
    def sample(self) -> str:
        """The examples that models are judged on, for a sentence."""
        who = next(w for w in ("teacher", "student", "twin") if self.has(w))
        count = len(self.wrong(who))
        split = t(self.held_out)
        return tn("{n} {split} example", "{n} {split} examples", count, n=number(count), split=split)

    def has(self, who: str) -> bool:
        """Whether there is such a model, or its logits."""
        return who in self.models or any(w == who for w, _ in self.given)

    def logits(self, who: str, part: str | None = None) -> tuple[Tensor, Tensor]:
        """Return a model's logits (n, C) and the labels (n,) on the labelled examples of a part, tokens one by one.

        Raises
        ------
        NotLookedAt
            If there is no such model, no label, or the model cannot be run on these examples.
        """
        part = self.held_out if part is None else part
        if (who, part) not in self._cache:
            if not self.has(who):
                raise NotLookedAt(
                    (self.twin_note if who == "twin" else "") or _MISSING.get(who, f"There is no {who} to look at.")
                )
            examples, chosen = self.chosen(part)
            given = self.given.get((who, part))
            logits = given[chosen] if given is not None else self._ask(who, examples.take(chosen), part)
            y = examples.y[chosen].flatten()
            labelled = y >= 0
            self._cache[who, part] = logits.reshape(-1, logits.shape[-1])[labelled], y[labelled]
        return self._cache[who, part]

    def chosen(self, part: str) -> tuple[Examples, Tensor]:
        """Return a part and which of its labelled examples models are run on: all, or a fixed random few."""
        examples = self.parts.get(part)
        if examples is None or not examples.labelled:
            raise NotLookedAt(f"The {part} part has no labelled example, so nothing that needs it was looked at.")
        rows = torch.nonzero(examples.known).flatten()
        most = LEARNED if part == "train" else MOST
        if len(rows) > most:
            order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))
            rows = rows[order[:most].sort().values]
        return examples, rows

    def _ask(self, who: str, examples: Examples, part: str) -> Tensor:
        if who == "teacher" and self.run is not None and self.run.teacher is not None:
            return self._ask_teacher(self.run.teacher, examples, part)
        model = self.models[who]
        runs = {"student": self.run, "twin": self.twin_run}
        run = runs.get(who)
        with run.lock if run is not None else nullcontext():
            return inference.logits(model, examples, who=who, progress=self.progress)

    def _ask_teacher(self, teacher: Teacher, examples: Examples, part: str) -> Tensor:
        """Ask a teacher, for whole parts where it caches its answers."""
        whole, chosen = self.chosen(part)
        if not teacher.knows(whole):
            raise NotLookedAt(f"The teacher has no answers for the {part} part, so what needs them was not looked at.")
        if part != "train" and len(whole) <= MOST:
            return teacher.logits(whole, progress=self._asking)[chosen].cpu()
        if part == "train" and self._taught_live:
            return inference.logits(teacher.module, examples, who="teacher", progress=self.progress)
        return teacher.logits(whole, progress=self._asking)[chosen].cpu()

    def _asking(self, done: int, total: int) -> bool:
        return self.progress is None or self.progress(done, total) is not False

    @property
    def _taught_live(self) -> bool:
        """Whether the teacher is asked at each step, so that no answers for the whole transfer set are cached."""
        return self.run is None or self.run.settings.augment is not None or self.run.data.train.redraw is not None

    def wrong(self, who: str, part: str | None = None) -> np.ndarray:
        """Return whether a model is wrong on each labelled example, bool (n,)."""
        logits, y = self.logits(who, part)
        return (logits.argmax(1) != y).numpy()

    def error(self, who: str, part: str | None = None) -> float:
        """Return the share of labelled examples that a model gets wrong."""
        return float(self.wrong(who, part).mean())

    def difference(self, one: str, other: str) -> PairedErrors:
        """Return errors of one model − another's on the held-out examples, with the 95 % interval."""
        return paired_errors(self.wrong(one), self.wrong(other))

    @cached_property
    def gain(self) -> PairedErrors:
        """Errors of student − twin; raises `NotLookedAt` without either."""
        self.need_trained()
        return self.difference("student", "twin")

    def need_run(self) -> Distillation:
        """Return the run; raise `NotLookedAt` if only models were given."""
        if self.run is None:
            raise NotLookedAt("Only models were given: how the student was trained was not looked at.")
        return self.run

    def need_trained(self) -> None:
        """Raise `NotLookedAt` if the run has not taken a step."""
        if self.run is not None and self.run.steps_done == 0:
            raise NotLookedAt("The run has not been trained: only the teacher and the data were looked at.")

    @property
    def teacher_code(self) -> str:
        """The teacher's name in the code to try."""
        return "run.teacher.module" if self.run is not None else "teacher"

    def with_teacher(self, code: str) -> str:
        """Return code that tries another teacher."""
        if self.run is not None:
            return f"better = kd.diagnosis.again(run, teacher={code})\nbetter.train()"
        return f"kd.diagnose({code}, student, data)"

    def lab(self, **changes: Any) -> dict[str, Any] | None:
        """Return the Lab's choices for this run with changes, or None if the Lab cannot show this run."""
        return None if self._lab is None else {**self._lab, **changes}

    @cached_property
    def _lab(self) -> dict[str, Any] | None:
        return None if self.run is None else lab_state(self.run)

    def edited(self, **changes: float) -> str:
        """Return code that trains the run again from its start with these changes."""
        arguments = ", ".join(f"{name}={value!r}" for name, value in changes.items())
        return f"better = run.branch(0, {arguments})\nbetter.train()"

    def now(self, name: str) -> float:
        """Return the current value of learning_rate, temperature or alpha."""
        run = self.need_run()
        value = run.learning_rate if name == "learning_rate" else getattr(run.objective, name)
        if value is None:
            raise NotLookedAt(f"The objective has no {name}.")
        return value_at(value, run.steps_done, max(1, run.total_steps))

    def counts(self, part: str) -> int:
        """Return how many labelled examples a part has."""
        return self.parts[part].labelled if part in self.parts else 0

    # What the small study has trained

    def judged(self, model: nn.Module, who: str) -> np.ndarray:
        """Return whether a model is wrong on each held-out example, as `wrong` does."""
        examples, chosen = self.chosen(self.held_out)
        few = examples.take(chosen)
        logits = inference.logits(model, few, who=who)
        y = few.y.flatten()
        return (logits.reshape(-1, logits.shape[-1]).argmax(1) != y)[y >= 0].numpy()

    def reference(self, role: str) -> np.ndarray:
        """Return where the run's own student or twin is wrong, trained for as many steps as the study's arms."""
        steps = self.length or (self.run.steps_done if self.run is not None else 0)
        for arm in self.arms:
            if arm.role == role and not arm.changes and arm.steps == steps and arm.wrong is not None:
                return arm.wrong
        if self.run is not None and steps < self.run.steps_done:
            raise NotLookedAt(f"The unchanged {role} was not trained for as few steps as the arms of the study.")
        return self.wrong(role)

    def trial_difference(self, one: np.ndarray, other: np.ndarray, tries: int = 1) -> PairedErrors:
        """Return the errors of one − other; the best of several tries gets a wider interval (Bonferroni)."""
        return paired_errors(one, other, confidence=1 - 0.05 / tries)


_MISSING = {
    "teacher": "There is no teacher to look at.",
    "student": "No student was given: only the teacher and the data were looked at.",
    "twin": "No twin was given, so there was nothing to compare with: pass twin=run.twin().train(), or study=True.",
}
