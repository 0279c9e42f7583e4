"""Run: a plan in progress, step by step.

The whole algorithm is `Run._advance`: fetch the batch of this step, run the student, weight the terms, step the
optimizer. Everything else keeps it repeatable: snapshots, edits, and a state that can be captured and restored.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, NoReturn

from torch import Tensor

from ..models.inference import device_of, dtype_of
from ..models.looking import put_modes
from ..words import t
from . import checks, state
from .batches import Batches
from .current_settings import CurrentSettings
from .history import Edit, History
from .objective import Objective
from .optimizer import group_settings, make_optimizer, shares
from .plan import Plan
from .randomness import mix, seeded
from .run_state import RunState
from .schedules import Hyperparameter, value_at
from .settings import AUGMENTS, NonFiniteLossError, Step
from .snapshot import OnDisk, Snapshot, SnapshotStore, whole
from .step import TrainingStep
from .teacher import Answers


class RunName(NamedTuple):
    """What one of several runs is called: a text with its places, translated where it is shown.

    >>> str(RunName("Generation {n}", {"n": 2}))
    'Generation 2'
    """

    text: str
    places: Mapping[str, Any]

    def __str__(self) -> str:
        return t(self.text, **self.places)


class Run:
    """A plan in progress: a student, its optimizer, and its history.

    Parameters
    ----------
    plan : Plan
        Checked.

    Attributes
    ----------
    name : RunName, str or None
        What it is called where it is one of several, as schemes make them.
    """

    name: RunName | str | None = None

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.teacher, self.student, self.data, self.settings = plan.teacher, plan.student, plan.data, plan.settings
        self.lock = threading.RLock()
        self.steps_done = 0
        self._device = device_of(plan.student)
        settings = plan.settings
        augment = AUGMENTS[settings.augment] if isinstance(settings.augment, str) else settings.augment
        self._training_step = TrainingStep(plan, repeats=augment is None and plan.data.train.redraw is None)
        self.auxiliary = self._training_step.auxiliary
        self._batches = Batches(
            plan.data.train,
            partial(_answers, plan, self._training_step.cached_layers) if self._training_step.cached else None,
            batch_size=settings.batch_size,
            seed=settings.seed,
            device=self._device,
            dtype=dtype_of(plan.student),
            augment=augment,
            groups=None if plan.grouping is None else plan.grouping.codes,
            layer_numbers=self._training_step.layer_numbers,
        )
        put_modes(plan.student, plan.modes)
        rate = value_at(settings.learning_rate, 0, 1)
        self._optimizer = make_optimizer(
            settings.optimizer, self._training_step.parameters, rate, settings.weight_decay
        )
        self._shares = shares(self._optimizer)
        self._groups_at_start = group_settings(self._optimizer)
        objective = settings.objective
        self.history = History(("loss", *objective.names, *objective.numbers, "learning_rate"))
        self._current = CurrentSettings(settings, self.steps_per_epoch)
        self._store = SnapshotStore()
        self._store.put(self._taken())

    @property
    def objective(self) -> Objective:
        """The objective in force."""
        return self._current.objective

    @property
    def learning_rate(self) -> Hyperparameter:
        """The learning rate in force."""
        return self._current.learning_rate

    @property
    def editable(self) -> tuple[str, ...]:
        """Names that ``edit`` takes."""
        return (*self.settings.objective.editable, "learning_rate")

    @property
    def steps_per_epoch(self) -> int:
        return self._batches.steps_per_epoch

    @property
    def total_steps(self) -> int:
        """How many steps are planned in all, including pending extensions."""
        extensions = (int(value_at(e.value, 0, 1)) for e in self.history.edits if e.name == "total_steps")
        return max(self._current.horizon, *extensions, 0)

    def step(self) -> Step:
        """Take one optimizer step and return it; its tensors are read from the device only on access."""
        with self.lock:
            return self._advance()

    def _advance(self) -> Step:
        """Take one optimizer step. The caller holds the lock."""
        step = self.steps_done
        if not self.student.training:  # someone put it into eval mode
            put_modes(self.student, self.plan.modes)
        self._enter(step)
        batch = self._batches[step]
        with seeded(mix(self.settings.seed, 3, step), self._device, everywhere=self.plan.replay.everywhere):
            total, values = self._training_step.gradient(batch, self._current.weighted)
            self._optimizer.step()
        self.history.record((total, *values), self._current.numbers)
        self.steps_done = step + 1
        if self.history.full:
            self.settle()
        if self.steps_done % self.settings.snapshot_every == 0:
            self._keep()
        return Step(self.steps_done, total, dict(zip(self.settings.objective.names, values, strict=True)))

    def _enter(self, step: int) -> None:
        """Apply the edits made up to ``step``."""
        if self._current.enter(step, self.history.edits):
            for group, share in zip(self._optimizer.param_groups, self._shares, strict=True):
                group["lr"] = share * self._current.rate

    def edit(self, **changes: Hyperparameter) -> None:
        """Change temperature, alpha, the weight of any other term or the learning rate from the next step on.

        The history records the edit with its step. ``editable`` lists the names.

        Raises
        ------
        ValueError
            If a name cannot be edited or a value is out of range; then nothing changes.
        """
        with self.lock:
            self._enter(self.steps_done)
            for name in changes:
                if name not in self.editable:
                    raise ValueError(f"edit takes {', '.join(self.editable)}, got {name!r}")
            changes = {name: checks.number(name, value) for name, value in changes.items()}
            for name, value in changes.items():
                if name == "learning_rate":
                    checks.check_numbers(learning_rate=value, batch_size=1, epochs=1)
                else:
                    self.objective.edited(**{name: value})
            self._keep()
            for name, value in changes.items():
                self._record(Edit(self.steps_done, name, value))

    def _record(self, edit: Edit) -> None:
        """Add an edit; it replaces an earlier one of the same name and step."""
        kept = [e for e in self.history.edits if (e.step, e.name) != (edit.step, edit.name)]
        self.history.edits[:] = sorted([*kept, edit], key=lambda e: e.step)
        self._current.retake(sum(e.step < self.steps_done for e in kept))
        self._enter(self.steps_done)

    def plan_to(self, epochs: int | None) -> int:
        """Return the step to train to, extending the plan if it ends earlier."""
        with self.lock:
            self._enter(self.steps_done)
            if epochs is None:
                return self.total_steps
            epochs = checks.whole("epochs", epochs)
            if epochs < 1:
                raise ValueError(f"epochs must be at least 1, got {epochs}")
            last = self.steps_done + epochs * self.steps_per_epoch
            if last > self.total_steps:
                self._record(Edit(self.steps_done, "total_steps", last))
            return last

    @contextmanager
    def next_terms(self) -> Iterator[Iterator[tuple[str, float, Tensor]]]:
        """Yield the name, weight and value of each term on the next batch, with the graph of its gradient.

        The randomness (dropout, augmentation) is that of the step itself. After the block the run is unchanged.
        """
        with self.lock:
            self._enter(self.steps_done)
            if not self.student.training:
                put_modes(self.student, self.plan.modes)
            modules = (self.student, self.auxiliary)
            before = [state.capture(module) for module in modules]
            everywhere = self.plan.replay.everywhere
            try:
                with seeded(mix(self.settings.seed, 3, self.steps_done), self._device, everywhere=everywhere):
                    yield self._training_step.each_term(self._batches[self.steps_done], self._current.weighted)
            finally:  # put batch statistics and buffers back
                for module, was in zip(modules, before, strict=True):
                    state.restore(module, *was)

    @property
    def asks_each_step(self) -> bool:
        """Whether the teacher is run at each step, as what it gives for all examples is too much to be kept."""
        return self._training_step.teacher is not None and not self._training_step.cached

    def prepare(self, progress: Callable[[int, int], bool] | None = None) -> None:
        """Run the teacher on the whole transfer set now, rather than at the first step (see ``Teacher.logits``)."""
        if self.teacher is not None and self._training_step.cached:
            self.teacher.answers(self.data.train, self._training_step.cached_layers, progress=progress)

    def teacher_logits(self) -> Tensor:
        """Return the teacher's logits (N, C) on the transfer set, cached; raise if its weights changed since the
        start."""
        return _answers(self.plan, self._training_step.cached_layers).logits

    def check_teacher(self) -> None:
        """Raise if the teacher's weights changed since the run began."""
        if self.teacher is not None:
            self.teacher.check_unwritten(self.plan.teacher_mark)

    def snapshot(self) -> Snapshot:
        """Store a snapshot of the current state, and return it."""
        with self.lock:
            self._keep()
            return self._store.before(self.steps_done)

    @property
    def snapshots(self) -> tuple[Snapshot | OnDisk, ...]:
        """The stored snapshots, in order of their steps: in memory, or on disk."""
        return self._store.held

    def capture(self) -> RunState:
        """Return the current state and history; nothing is stored, and the run is unaffected."""
        with self.lock:
            held = self._store.held
            now = () if held[-1].step == self.steps_done else (self._taken(),)
            return RunState((*held, *now), self.history.copy())

    def restore(self, captured: RunState) -> None:
        """Return to a state that ``capture`` took of this run, or of another with the same plan.

        Raises
        ------
        ValueError
            If the weights do not fit the student.
        """
        with self.lock:
            try:
                self._store.fill(captured.snapshots)
                self._return_to(whole(captured.snapshots[-1]))
            except (RuntimeError, LookupError, TypeError) as error:  # torch's errors on weights that do not fit
                reason = " ".join(str(error).split())[:200]
                raise ValueError(f"the saved weights do not fit the student ({reason}); pass the run's") from error
            self.history = captured.history.copy()
            self._current = CurrentSettings(self.settings, self.steps_per_epoch)
            self._enter(self.steps_done)

    def finish(self) -> None:
        """Read the pending records, store a snapshot, and check that the teacher is unchanged."""
        with self.lock:
            self.settle()
            self._keep()
            if self.teacher is not None:
                self.teacher.check_unchanged(self.plan.teacher_mark)

    def settle(self) -> None:
        """Read the pending records; if a loss is not finite, go back to the last good snapshot and raise."""
        self.history.flush()
        bad = self.history.first_bad
        if bad is None:
            return
        what, remedy = f"the loss became {self.history.rows[bad, 0]} at step {bad + 1}", ""
        try:
            wrong, n = self._training_step.without_answer(self._batches[bad])
        except Exception:  # the run goes back, whatever is the matter with the teacher
            wrong = n = 0
        if wrong:
            what += f", as the teacher has logits that are not finite for {wrong:,} of {n:,} answers"
            remedy = "check its weights and the scale of the inputs"
        # The snapshot at step `bad` is the one that produced this loss.
        self._go_back(what, max(0, bad - 1), remedy)

    def _go_back(self, what: str, step: int, remedy: str = "") -> NoReturn:
        """Return to the last good snapshot at or before ``step`` and raise; ``what`` happened begins the message."""
        rate = self.history.rows[-1, -1]
        good = self._store.before(step)
        waiting = [e for e in self.history.edits if e.step > self.steps_done]
        undone = [e for e in self.history.edits if good.step <= e.step <= self.steps_done]
        self._store.drop_after(good.step)
        self._return_to(good)
        self.history.edits.extend(waiting)
        edits = f", {len(undone)} edit(s) made since are undone" if undone else ""
        raise NonFiniteLossError(
            f"{what}; the student is back at step {good.step}, its last good snapshot{edits}; "
            + (remedy or f"try a learning rate below {rate:g}")
        )

    def _return_to(self, snapshot: Snapshot) -> None:
        snapshot.restore(self.student, self._optimizer, self.auxiliary, self._groups_at_start)
        self.history = self.history.until(snapshot.step)
        self.steps_done = snapshot.step
        self._current = CurrentSettings(self.settings, self.steps_per_epoch)
        self._enter(self.steps_done)

    def _taken(self) -> Snapshot:
        """Return a snapshot of the current state without storing it."""
        return Snapshot.take(self.steps_done, self.student, self._optimizer, self.auxiliary, self._groups_at_start)

    def _keep(self) -> None:
        """Store a snapshot of the current state; if a weight is no longer finite, go back and raise."""
        self.settle()
        snapshot = self._taken()
        if not snapshot.finite:
            self._go_back(f"a weight was no longer finite after step {self.steps_done}", max(0, self.steps_done - 1))
        self._store.put(snapshot)

    def put_away(self, most: int) -> None:
        """Take less room, for a run that rests: keep so many snapshots at most, on disk where there is room.

        Every step can still be made again, bit for bit; it may take longer.
        """
        with self.lock:
            self._keep()
            self._store.put_away(max(2, most))
            self._batches.let_go()

    def keep_best(self) -> None:
        """Store a snapshot of the current state as that of the best step, so that going back needs no retraining."""
        with self.lock:
            self._store.put_best(self._taken())


def _answers(plan: Plan, layers: tuple[str, ...]) -> Answers:
    """Return the teacher's outputs on the transfer set; raise if its weights changed since the run began."""
    assert plan.teacher is not None, "only a run with a teacher has its outputs"
    plan.teacher.check_unwritten(plan.teacher_mark)
    return plan.teacher.answers(plan.data.train, layers)
