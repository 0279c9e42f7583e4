"""Small perceptrons of one shape trained together: one stack of weights, one matrix product for all of them.

A small student leaves most of a core's time to what happens around its matrix products. Runs that share everything but
their objective (a grid over temperature and alpha, the twin too) see the same batches, so their weights can be stacked
along a first axis M and trained as one model; each run's loss is a sum of its own, so no gradient crosses over. What a
run gives is the same as by itself but for the rounding of sums.
"""

from __future__ import annotations

import itertools
import json
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..data import Examples
from ..distill import Cancelled, Distillation, schedules
from ..distill.batches import Batches
from ..distill.optimizer import make_optimizer
from ..distill.schedules import value_at
from ..distill.teacher import Answers
from .half_done import HalfDone
from .jobs import Job, Outcome, do, failed, finished, held_out, measured
from .parts import Parts
from .stacked_terms import StackedTerms, stackable
from .stopping import News, StopSign, Watch

MOST = 16  # runs in a stack; more are no faster, and the weights leave the cache
WORTH_IT = 500_000  # weights of a student: no size up to here was slower in a stack (benchmarks/study.py)
ROWS = 512  # validation examples answered at once

Teller = Callable[[int, int, Sequence[int]], None]  # step, number of all, errors of each run on validation data


def units(jobs: Sequence[Job], *, workers: int, most_weights: float) -> list[tuple[Job, ...]]:
    """Group jobs into units of work: stacks of runs that can be trained together, the others alone.

    Parameters
    ----------
    jobs : sequence of Job
    workers : int
        Stacks are cut so that each of as many workers gets one.
    most_weights : float
        Students with more weights are left alone: :data:`WORTH_IT`, infinity for all that fit, 0 for none.

    Returns
    -------
    list of tuple of Job
        Stacks first, since they take longest.
    """
    groups: dict[str, list[Job]] = {}
    alone: list[Job] = []
    for job in sorted(jobs, key=lambda j: j.role != "student"):  # a twin joins the first stack that it fits
        shared = _shared(job) if _weights(job) <= most_weights else None
        if shared is None:
            alone.append(job)
            continue
        teacher = job.recipe.teacher or "own"
        fitting = [name for name in groups if name.startswith(shared)]
        name = fitting[0] if job.role != "student" and fitting else f"{shared} {teacher}"
        groups.setdefault(name, []).append(job)
    stackable = sum(len(group) for group in groups.values())
    size = min(MOST, max(2, math.ceil(stackable / max(1, workers))))
    cut = [tuple(group[i : i + size]) for group in groups.values() for i in range(0, len(group), size)]
    alone.sort(key=lambda job: job.recipe.seed)  # all arms have their first seed before one has its second
    return sorted(cut, key=len, reverse=True) + [(job,) for job in alone]


def _weights(job: Job) -> int:
    """Return how many weights the layers of an mlp hold; infinitely many for any other student."""
    student = job.recipe.student
    if student is None or student["name"] != "mlp":
        return 10**18
    sizes = [student.get("inputs", 784), *student.get("hidden", (64,)), student.get("classes", 10)]
    return sum(a * b for a, b in itertools.pairwise(sizes))


def _shared(job: Job) -> str | None:
    """Return, as text, what a run must have in common with others to be trained with them; None if it cannot be."""
    recipe = job.recipe
    student = recipe.student or {}
    plain = student.get("name") == "mlp" and not student.get("dropout") and not student.get("input_dropout")
    if (
        not plain
        or recipe.optimizer != "adam"
        or recipe.weight_decay is not None
        or recipe.augment is not None
        or recipe.edits
        or recipe.scheme is not None
        or not stackable(recipe.objective)
    ):
        return None
    return json.dumps(
        {
            "data": [recipe.data, recipe.draw],
            "student": student,
            "learning_rate": schedules.to_json(recipe.learning_rate),
            "numbers": [recipe.batch_size, recipe.epochs, recipe.seed],
        },
        sort_keys=True,
    )


def do_together(jobs: Sequence[Job], parts: Parts, sign: StopSign, watch: Watch | None = None) -> list[Outcome]:
    """Do a unit of work and return an outcome for each of its jobs; ``watch`` is called after each epoch.

    A run whose loss is not finite is done again by itself, so that its sentence is the engine's.

    Raises
    ------
    Cancelled
        If the sign to stop went up before the end.
    """
    if len(jobs) == 1:
        return [do(jobs[0], parts, sign, watch)]
    start = time.perf_counter()
    ready: list[tuple[Job, Distillation]] = []
    outcomes: list[Outcome] = []
    for job in jobs:
        try:
            ready.append((job, parts.distillation(job.recipe, job.role)))
        except Exception as error:
            outcomes.append(failed(job, error))
    if len(ready) < 2:
        return outcomes + [do(job, parts, sign, watch) for job, _ in ready]
    try:
        keys = [job.key for job, _ in ready]
        stack = Stack([run for _, run in ready])
        half_done = HalfDone(sign.folder, keys)
        half_done.take_up(stack)
        reached = stack.moments(_trained(stack, half_done, sign, _teller(watch, keys)))
        half_done.drop()
    except Cancelled:
        raise
    except Exception:  # each says by itself what is wrong with it
        return outcomes + [do(job, parts, sign, watch) for job, _ in ready]
    seconds = (time.perf_counter() - start) / len(ready)
    for i, (job, run) in enumerate(ready):
        if bool(stack.finite[i]):
            outcomes.append(finished(job, run, reached[i], seconds=seconds, stacked=len(ready)))
        else:
            outcomes.append(do(job, parts, sign, watch))
    return outcomes


def _trained(stack: Stack, half_done: HalfDone, sign: StopSign, tell: Teller | None) -> BestOfEach | None:
    """Train a stack to its end, and keep it on the way."""

    def heard(step: int, total: int, errors: Sequence[int]) -> None:
        half_done.now_and_then(stack)
        if tell is not None:
            tell(step, total, errors)

    try:
        return stack.train(sign, heard)
    except Cancelled:
        half_done.keep(stack)
        raise


def _teller(watch: Watch | None, keys: Sequence[str]) -> Teller | None:
    if watch is None:
        return None
    return lambda step, total, errors: watch(News(tuple(keys), step, total, tuple(errors)))


@dataclass
class BestOfEach:
    """The weights of each run at its own best epoch."""

    step: list[int]
    errors: Tensor  # (M,)
    weights: list[Tensor]


class Stack:
    """M perceptrons of one shape, trained together on the same batches.

    Parameters
    ----------
    runs : sequence of Distillation
        At step 0, alike in all but the objective; their students are left as they are. One teacher at most.

    Attributes
    ----------
    weights : list of Tensor
        (M, in, out) and (M, 1, out) of each layer in turn.
    finite : Tensor of bool, shape (M,)
        Whether all losses of a run were, as far as they were looked at: after each epoch.
    best : BestOfEach or None
        The weights of each run at its own best epoch so far; None without labels in the validation split.
    """

    def __init__(self, runs: Sequence[Distillation]) -> None:
        first = runs[0]
        self.runs, self.data, self.settings = runs, first.data, first.settings
        teachers = [run.teacher for run in runs if run.teacher is not None and run.settings.objective.needs_teacher]
        self.teacher = teachers[0] if teachers else None
        self.weights = stacked_weights([run.student for run in runs])
        self.scale = _standardization(first.student)
        asked = self.teacher
        train = first.data.train
        self.batches = Batches(
            train,
            None if asked is None else lambda: Answers(asked.logits(train), {}),
            batch_size=self.settings.batch_size,
            seed=self.settings.seed,
            device=torch.device("cpu"),
        )
        self.total_steps = self.settings.epochs * self.batches.steps_per_epoch
        self.optimizer = make_optimizer("adam", self.weights, value_at(self.settings.learning_rate, 0, 1))  # type: ignore[arg-type]
        self.terms = StackedTerms([run.settings.objective for run in runs])
        self.steps_done = 0
        self.finite = torch.ones(len(runs), dtype=torch.bool)
        self.best: BestOfEach | None = None
        self._pending: list[Tensor] = []

    def step(self) -> Tensor:
        """Take one step of all runs; return their losses, shape (M,)."""
        step, rate = self.steps_done, self.settings.learning_rate
        batch = self.batches[step]
        s = forward(self.weights, self._scaled(batch.inputs))  # (M, B, C)
        soft = getattr(batch, "soft", None)
        losses = self.terms.losses(s, batch.teacher, batch.labels, batch.labelled, step, self.total_steps, soft)  # (M,)
        for group in self.optimizer.param_groups:
            group["lr"] = value_at(rate, step, self.total_steps)
        self.optimizer.zero_grad(set_to_none=True)
        losses.sum().backward()  # each weight belongs to one run: its gradient is that of its own loss
        self.optimizer.step()
        self.steps_done = step + 1
        self._pending.append(losses.detach())
        return self._pending[-1]

    def train(self, sign: StopSign, tell: Teller | None = None) -> BestOfEach | None:
        """Train to the end of the plan; return each run's best epoch, None where the validation split has no label.

        ``tell`` is called after each epoch with the step, the number of all, and the runs' errors on validation data,
        none where it has no label.
        """
        if self.teacher is not None:
            self.teacher.logits(self.data.train, progress=lambda *_: not sign.is_up)
        while self.steps_done < self.total_steps:
            sign.await_turn()
            if sign.is_up:
                raise Cancelled(f"stopped after step {self.steps_done}")
            self.step()
            if self.steps_done % self.batches.steps_per_epoch == 0:
                self._look_at_losses()
                errors = None
                if self.data.validation.labelled:
                    errors = self._errors(self.answers(self.weights, self.data.validation), self.data.validation)
                    self.best = self._better(self.best, errors)
                if tell is not None:
                    tell(self.steps_done, self.total_steps, [] if errors is None else errors.tolist())
        for w in self.weights:
            self.finite &= w.detach().isfinite().flatten(1).all(1)
        return self.best

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return all that a stack needs to go on from here: tensors, and numbers by name."""
        self._look_at_losses()
        tensors = {f"weights.{i}": w.detach().clone() for i, w in enumerate(self.weights)}
        for i, held in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{i}.{name}": torch.as_tensor(value).clone() for name, value in held.items()}
        tensors["finite"] = self.finite.clone()
        if self.best is not None:
            tensors |= {f"best.{i}": w.clone() for i, w in enumerate(self.best.weights)}
            tensors |= {"best.step": torch.tensor(self.best.step), "best.errors": self.best.errors.clone()}
        return tensors, {"step": self.steps_done}

    def take_up(self, tensors: Mapping[str, Tensor], numbers: Mapping[str, str]) -> None:
        """Go on from where another stack of the same runs was left.

        Raises
        ------
        KeyError, ValueError
            If something is missing, or of another shape; the stack is as it was.
        """
        weights = [tensors[f"weights.{i}"] for i in range(len(self.weights))]
        if any(a.shape != b.shape for a, b in zip(weights, self.weights, strict=True)):
            raise ValueError("the weights are of another shape")
        step, finite, best = int(numbers["step"]), tensors["finite"].bool(), None
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith("optimizer."):
                _, i, what = name.split(".")
                state.setdefault(int(i), {})[what] = value
        if "best.step" in tensors:
            of_best = [tensors[f"best.{i}"] for i in range(len(self.weights))]
            best = BestOfEach(tensors["best.step"].tolist(), tensors["best.errors"], of_best)
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})
        with torch.no_grad():
            for own, w in zip(self.weights, weights, strict=True):
                own.copy_(w)
        self.steps_done, self.finite, self.best = step, finite, best

    def _look_at_losses(self) -> None:
        if self._pending:
            self.finite &= torch.stack(self._pending).isfinite().all(0)
            self._pending.clear()

    def _better(self, best: BestOfEach | None, errors: Tensor) -> BestOfEach:
        """Return each run's best epoch so far, with the errors (M,) of now."""
        now = [w.detach() for w in self.weights]
        if best is None:
            return BestOfEach([self.steps_done] * len(self.runs), errors, [w.clone() for w in now])
        improved = errors < best.errors
        for i in torch.nonzero(improved).flatten().tolist():
            best.step[i] = self.steps_done
        best.errors = torch.where(improved, errors, best.errors)
        for kept, w in zip(best.weights, now, strict=True):
            kept[improved] = w[improved]
        return best

    @staticmethod
    def _errors(logits: Tensor, examples: Examples) -> Tensor:
        known = examples.y >= 0
        return (logits.argmax(-1) != examples.y)[:, known].sum(1)  # (M,)

    def answers(self, weights: Sequence[Tensor], examples: Examples) -> Tensor:
        """Return the logits of all runs, shape (M, N, C)."""
        with torch.no_grad():
            starts = range(0, len(examples), ROWS)
            pieces = (self._scaled(examples.inputs(slice(i, i + ROWS))) for i in starts)
            return torch.cat([forward(weights, x) for x in pieces], dim=1)

    def moments(self, best: BestOfEach | None) -> list[dict[str, Any]]:
        """Measure each run as :func:`kdviz.study.jobs.moments` does."""
        last = self._measured(self.weights, range(len(self.runs)), [self.steps_done] * len(self.runs))
        if best is None:
            return [{"last": last[i]} for i in range(len(self.runs))]
        earlier = [i for i, step in enumerate(best.step) if step < self.steps_done]
        found = last | (self._measured(best.weights, earlier, best.step) if earlier else {})
        return [{"last": last[i], "best": found[i]} for i in range(len(self.runs))]

    def _measured(self, weights: Sequence[Tensor], which: Iterable[int], steps: Sequence[int]) -> dict[int, dict]:
        """Return the numbers of some runs, with these weights, on the splits that have labels."""
        reached: dict[int, dict[str, Any]] = {i: {"step": steps[i]} for i in which}
        for name, examples in held_out(self.data).items():
            logits = self.answers(weights, examples)
            for i in reached:
                if bool(self.finite[i]):
                    reached[i][name] = measured(logits[i], examples, self.runs[i].teacher)
        return reached

    def student(self, i: int) -> nn.Module:
        """Return run ``i``'s student as it is now, as a module of its own in eval mode."""
        run = self.runs[i]
        layers = [layer for layer in run.student.modules() if isinstance(layer, nn.Linear)]
        with torch.no_grad():
            for layer, w, b in zip(layers, self.weights[::2], self.weights[1::2], strict=True):
                layer.weight.copy_(w[i].T)
                layer.bias.copy_(b[i, 0])
        return run.student.eval()

    def _scaled(self, inputs: Tensor) -> Tensor:
        mean, std = self.scale
        flat = inputs.flatten(1)
        return flat if (mean, std) == (0.0, 1.0) else (flat - mean) * (1 / std)


def stacked_weights(students: Sequence[nn.Module]) -> list[Tensor]:
    """Return weights (M, in, out) and biases (M, 1, out) of the linear layers of M perceptrons, layer by layer."""
    by_student = [[m for m in student.modules() if isinstance(m, nn.Linear)] for student in students]
    stacked = []
    for layers in zip(*by_student, strict=True):
        stacked.append(torch.stack([layer.weight.detach().T for layer in layers]).contiguous().requires_grad_())
        stacked.append(torch.stack([layer.bias.detach() for layer in layers])[:, None].contiguous().requires_grad_())
    return stacked


def forward(weights: Sequence[Tensor], x: Tensor) -> Tensor:
    """Return the logits (M, B, C) of stacked perceptrons on the same inputs (B, D)."""
    h = x.expand(len(weights[0]), *x.shape)  # (M, B, D), one x for all
    for i in range(0, len(weights) - 2, 2):
        h = F.relu(torch.baddbmm(weights[i + 1], h, weights[i]))  # (M, B, H)
    return torch.baddbmm(weights[-1], h, weights[-2])  # (M, B, C)


def _standardization(student: nn.Module) -> tuple[float, float]:
    layer = getattr(student, "standardize", None)
    return (0.0, 1.0) if layer is None else (layer.mean, layer.std)
