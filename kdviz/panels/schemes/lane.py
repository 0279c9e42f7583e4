"""A lane: runs one after the other, in the steps of single networks, so that schemes can be trained side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

from ...data import Splits
from ...distill import Distillation, Evaluation, RunName
from ...models import inference
from .counts import Rows
from .setting import Setting

KeepGoing = Callable[[int, int], bool]
Answer = Callable[[Sequence[Distillation]], nn.Module]


class Lane:
    """Runs one after the other, as one: to :class:`kdviz.distill.Runner` it is a run like any other.

    Parameters
    ----------
    setting : Setting
    stages : iterable of Distillation
        Untrained; the next is asked for once the one before has taken its steps.
    plan : sequence of int
        How many steps each stage takes, whatever its own plan.
    networks : int
        How many networks learn in each step; it counts for so many, so that lanes of equal ``total_steps`` had equally
        many steps of single networks.
    answer : callable, optional
        Returns the model that answers for the lane, of the stages so far; default the newest stage's student.
    before : callable, optional
        Work to do before the first stage is there, which may take time; called with what ``prepare`` is given.
    cost : float
        How many times as long as a plain step one of a single network takes here, for the estimate.
    fixed_s : callable, optional
        Returns seconds that come on top, for the estimate, given the seconds of a plain step.
    name : RunName, optional
        What its stages are called that have no name of their own; ``{n}`` is a stage's number.

    Attributes
    ----------
    stages : list of Distillation
        Those that have begun.
    begun : list of int
        The lane's step at which each stage began.
    steps_done, total_steps : int
        Steps of single networks.
    evaluations : list of Evaluation
        By the lane's own steps.
    """

    def __init__(
        self,
        setting: Setting,
        stages: Iterable[Distillation],
        plan: Sequence[int],
        *,
        networks: int = 1,
        answer: Answer | None = None,
        before: Callable[[KeepGoing | None], None] | None = None,
        cost: float = 1.0,
        fixed_s: Callable[[float], float] | None = None,
        name: RunName | None = None,
    ) -> None:
        self.setting, self.plan, self.networks, self.cost = setting, tuple(plan), networks, cost
        self.fixed_s, self._name = fixed_s, name
        self._coming: Iterator[Distillation] = iter(stages)
        self._answer, self._before = answer or _newest, before
        self.stages: list[Distillation] = []
        self.begun: list[int] = []
        self.steps_done = 0
        self.total_steps = networks * sum(plan)
        self.evaluations: list[Evaluation] = []
        self.on_test = Rows.none()

    # What a runner asks of a run

    @property
    def data(self) -> Splits:
        """What it is measured on; its stages may learn from other examples."""
        return self.setting.data

    @property
    def settings(self) -> Setting:
        return self.setting

    @property
    def history(self) -> Lane:
        return self

    @property
    def editable(self) -> tuple[str, ...]:
        return ()

    def evaluated(self, split: str = "validation") -> list[Evaluation]:
        return [e for e in self.evaluations if e.split == split]

    def prepare(self, keep_going: KeepGoing | None = None) -> None:
        """Make the first stage, and have its teacher asked about the transfer set."""
        if not self.stages:
            if self._before is not None:
                self._before(keep_going)
            self._turn()
            self.stages[-1].prepare(keep_going)

    def step(self) -> None:
        """Take one step of the stage under way, or the first of the next."""
        self.prepare()
        if self.stages[-1].steps_done >= self.plan[len(self.stages) - 1]:
            self._turn()
        self.stages[-1].step()
        self.steps_done += self.networks

    def finish(self) -> None:
        """Read what is pending of the stage under way."""
        if self.stages:
            self.stages[-1].finish()

    def evaluate(self, split: str = "validation", *, progress: KeepGoing | None = None) -> Evaluation:
        """Measure the model that answers now by what the setting counts, on a split of its data."""
        self.prepare(progress)
        examples, count = getattr(self.data, split), self.setting.count
        found = count.evaluation(self.answer, examples, step=self.steps_done, split=split)
        found = replace(found, teacher_errors=self.setting.teacher_errors(split))
        if split == "test":
            self.on_test = count.rows(self.answer, examples)
        self.evaluations.append(found)
        _measured(self.stages[-1], split)
        return found

    # What the page asks

    @property
    def answer(self) -> nn.Module:
        """The model that answers for the lane now."""
        return self._answer(self.stages)

    @property
    def wrong_on_test(self) -> np.ndarray:
        """Which test examples the model that answers got wrong, bool (n,); empty before it was tested."""
        return self.on_test.totals > 0

    @property
    def student(self) -> nn.Module:
        """The student that is taught now."""
        return self.stages[-1].student

    @property
    def complete(self) -> bool:
        return self.steps_done >= self.total_steps

    def ended(self, stage: int) -> bool:
        """Whether a stage has taken all its steps."""
        return len(self.stages) > stage and self.stages[stage].steps_done >= self.plan[stage]

    def to_dict(self) -> dict[str, Any]:
        """Return how far it is and what was counted, for JSON."""
        return {
            "steps_done": self.steps_done,
            "begun": self.begun,
            "evaluations": [found.to_dict() for found in self.evaluations],
            "on_test": self.on_test.to_dict(),
        }

    def restore(self, said: Mapping[str, Any]) -> None:
        """Take what ``to_dict`` returned; the runs are not here, and none can be gone on with."""
        self.steps_done, self.begun = int(said["steps_done"]), [int(step) for step in said["begun"]]
        self.evaluations = [Evaluation.from_dict(found) for found in said["evaluations"]]
        self.on_test = Rows.from_dict(said["on_test"])

    def let_go(self) -> None:
        """Forget all runs."""
        self.stages = []
        self._coming = iter(())
        self._answer, self._before = _newest, None

    def _turn(self) -> None:
        """Begin the next stage."""
        if self.stages:
            self.stages[-1].finish()
            _measured(self.stages[-1])
        run = next(self._coming, None)
        if run is None:
            raise RuntimeError(f"the scheme ended after {len(self.stages)} of {len(self.plan)} planned runs")
        self.stages.append(run)
        if run.name is None and self._name is not None:
            run.name = RunName(self._name.text, {**self._name.places, "n": len(self.stages)})
        self.begun.append(self.steps_done)
        _measured(run)


def _measured(run: Distillation, split: str = "validation") -> None:
    """Have a stage's own history know its errors, on its own data, where the Lab can show them."""
    if run.data.train.y.ndim == 1 and getattr(run.data, split).labelled:
        run.evaluate(split)


def _newest(stages: Sequence[Distillation]) -> nn.Module:
    return stages[-1].student


def predictions(model: nn.Module, examples: Any) -> torch.Tensor:
    """Return the classes (N,) that a model takes examples for."""
    return inference.logits(model, examples).argmax(1)
