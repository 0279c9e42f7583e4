"""Distillation: one student being taught.

The whole algorithm is `_advance`: fetch the batch of this step, ask the student, weigh the terms, step the optimiser.
Everything else keeps it honest (checks), repeatable (snapshots, edits, replay) and interruptible.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from torch import Tensor, nn
from tqdm import tqdm

from .. import data as data_sets
from ..data import Splits
from ..models.inference import device_of, dtype_of
from ..models.looking import put_modes, switch
from ..models.wrap import as_module
from . import checks
from .batches import Augment, Batches
from .current_settings import CurrentSettings
from .evaluate import evaluate
from .grouping import Grouping, grouping
from .history import Edit, Evaluation, History
from .interruption import interruptible
from .objective import Objective
from .optimizer import OptimizerFactory, group_settings, make_optimizer, shares, usual_rate
from .randomness import mix, seeded
from .schedules import Hyperparameter, value_at
from .settings import AUGMENTS, NonFiniteLossError, Settings, Step
from .snapshot import Snapshot, SnapshotStore
from .state import Replay, copied
from .step import TrainingStep
from .teacher import Answers, Cancelled, Teacher
from .terms import Term, hinton
from .twin import twin

if TYPE_CHECKING:
    from .recipe import Recipe


def _fitting(model: Any, who: str, data: Splits) -> nn.Module:
    """Return a model, whatever it is, as a module whose classes are the data's in their order."""
    return as_module(model, who, classes=data.classes, features=data.features)


class Distillation:
    """One student being taught by one teacher on one transfer set.

    Parameters
    ----------
    teacher : nn.Module, Teacher or None
        In eval mode; only ever asked, never changed. None where no term needs one. Anything else that can answer goes
        through :func:`kdviz.wrap` first, where it is clear how.
    student : nn.Module
        Trained in place. Any module that maps inputs (B, ...) to logits (B, C), or (B, L, C) of tokens. Given in
        training mode, its submodules that are in eval mode (frozen batch normalisation) stay so, and parameters that
        require no gradient stay as they are; given in eval mode, all of it goes into training mode.
    data : Splits, (X, y), Dataset or DataLoader
        What :func:`kdviz.data.splits` takes. ``data.train`` is the transfer set; labels of -1 are unknown. A penalty
        on unequal treatment reads its column of ``data.train.groups`` once, at the start.
    objective : Objective or Term, optional
        Default ``0.9 * SoftTargets(temperature=4) + 0.1 * HardLabels()``.
    optimizer : {"adam", "adamw", "sgd"} or callable
        A function of the parameters gives any other. Where its groups have learning rates of their own, they keep them
        in proportion to one another.
    learning_rate : float or Schedule, optional
        Default 1e-3, or the one that an optimiser made by a function has. Of several groups: the largest rate.
    batch_size : int, optional
        Default that of a DataLoader given as data, else 128.
    epochs : int
        The plan: how long schedules take, where ``train()`` and iteration end. ``train(epochs=...)`` can go beyond.
    seed : int
        Fixes batches, augmentation and dropout. The same seed, weights, data and thread count give the same bits.
    augment : {"shift"} or callable, optional
        ``"shift"``: ±2 pixels each step (teacher outputs then cannot be cached). A callable gets (inputs, generator).
    snapshot_every : int
        Steps between the snapshots that ``at`` and ``branch`` replay from.
    allow_weaker_teacher : bool
        Do not ask whether the roles were swapped when the student knows more than the teacher, nor say what else is
        wrong with the teacher.

    Raises
    ------
    ValueError, TypeError
        In one sentence, when something given cannot work.

    Examples
    --------
    >>> import torch, kdviz as kd
    >>> X, y = torch.randn(200, 4), torch.randint(0, 3, (200,))
    >>> teacher = kd.models.mlp(hidden=(16,), inputs=4, classes=3).eval()
    >>> run = Distillation(teacher, kd.models.mlp(hidden=(4,), inputs=4, classes=3), (X, y), epochs=2)
    >>> run.train(progress=False).steps_done
    4
    >>> run.branch(2).train(progress=False).history.rows.tolist() == run.history.rows.tolist()
    True
    """

    def __init__(
        self,
        teacher: nn.Module | Teacher | None,
        student: nn.Module,
        data: Any,
        objective: Objective | Term | None = None,
        *,
        optimizer: str | OptimizerFactory = "adam",
        learning_rate: Hyperparameter | None = None,
        batch_size: int | None = None,
        epochs: int = 10,
        seed: int = 0,
        augment: str | Augment | None = None,
        snapshot_every: int = 200,
        allow_weaker_teacher: bool = False,
    ) -> None:
        data = data_sets.splits(data)
        objective = hinton() if objective is None else objective
        objective = 1.0 * objective if isinstance(objective, Term) else objective
        teacher = teacher if isinstance(teacher, Teacher | None) else _fitting(teacher, "teacher", data)
        student = _fitting(student, "student", data)
        checks.check_kinds(teacher, student, objective)
        learning_rate = usual_rate(optimizer, student) if learning_rate is None else learning_rate
        batch_size = data.batch_size or 128 if batch_size is None else batch_size
        settings = Settings(objective, optimizer, learning_rate, batch_size, epochs, seed, augment, snapshot_every)
        checks.check_data(data, objective)
        if objective.needs_teacher and teacher is None:
            raise ValueError(f"the objective {objective} needs a teacher, got None")
        checks.check_roles(teacher.module if isinstance(teacher, Teacher) else teacher, student)
        teacher = Teacher(teacher) if isinstance(teacher, nn.Module) else teacher
        checks.check_answers(teacher, student, data, objective)
        checks.check_batches(student, data, settings.batch_size)
        if teacher is not None and not allow_weaker_teacher:
            checks.check_not_swapped(teacher, student, data)
            checks.check_teacher(teacher, data)
        modes = checks.modes_to_learn_in(student)
        replay = checks.check_replay(student, data, modes)
        self._assemble(teacher, student, data, settings, modes=modes, replay=replay)
        if self._training_step.layers.student or len(self.auxiliary):
            checks.check_batches(nn.ModuleList((student, self.auxiliary)), data, settings.batch_size)
            self._enter(0)
            self._training_step.rehearse(self._now.weighted)

    def _assemble(
        self,
        teacher: Teacher | None,
        student: nn.Module,
        data: Splits,
        settings: Settings,
        mark: str = "",
        *,
        modes: Mapping[str, bool],
        replay: Replay,
    ) -> None:
        """Set up a run at step 0; everything given has been checked.

        ``mark``: the teacher's fingerprint, if known. ``modes``: those that the student's modules learn in.
        """
        self.teacher, self.student, self.data, self.settings = teacher, student, data, settings
        self._modes, self._replay = modes, replay
        self.lock = threading.RLock()
        self.steps_done = 0
        self._device = device_of(student)
        self._teacher_mark = mark or (teacher.fingerprint() if teacher is not None else "")
        augment = AUGMENTS[settings.augment] if isinstance(settings.augment, str) else settings.augment
        column = settings.objective.group_column
        self._grouping: Grouping | None = None if column is None else grouping(data.train, column, data.title)
        self._training_step = TrainingStep(
            settings.objective.for_data(data),
            teacher,
            student,
            data.train,
            self._grouping,
            seed=settings.seed,
            repeats=augment is None and data.train.redraw is None,
        )
        self.auxiliary = self._training_step.auxiliary
        self._batches = Batches(
            data.train,
            self._ask_for_answers() if self._training_step.cached else None,
            batch_size=settings.batch_size,
            seed=settings.seed,
            device=self._device,
            dtype=dtype_of(student),
            augment=augment,
            groups=None if self._grouping is None else self._grouping.codes,
            layer_numbers=self._training_step.layer_numbers,
        )
        put_modes(student, modes)
        rate = value_at(settings.learning_rate, 0, 1)
        self._optimizer = make_optimizer(settings.optimizer, self._training_step.parameters, rate)
        self._shares = shares(self._optimizer)
        self._groups_at_start = group_settings(self._optimizer)
        self._now = CurrentSettings(settings, self.steps_per_epoch)
        self.history = History(self._columns())
        self._snapshots = SnapshotStore()
        self._snapshots.put(self._taken())

    @property
    def objective(self) -> Objective:
        """The objective in force."""
        return self._now.objective

    @property
    def learning_rate(self) -> Hyperparameter:
        """The learning rate in force."""
        return self._now.learning_rate

    def _columns(self) -> tuple[str, ...]:
        objective = self.settings.objective
        return ("loss", *objective.names, *objective.numbers, "learning_rate")

    def _enter(self, step: int) -> None:
        """Bring the edits made up to ``step`` into force."""
        if self._now.enter(step, self.history.edits):
            for group, share in zip(self._optimizer.param_groups, self._shares, strict=True):
                group["lr"] = share * self._now.rate

    @property
    def total_steps(self) -> int:
        """How many steps are planned in all, extensions that wait further on included."""
        waiting = (int(value_at(e.value, 0, 1)) for e in self.history.edits if e.name == "total_steps")
        return max(self._now.horizon, *waiting, 0)

    @property
    def steps_per_epoch(self) -> int:
        return self._batches.steps_per_epoch

    def _advance(self) -> Step:
        """Take one optimiser step. The caller holds the lock."""
        step = self.steps_done
        if not self.student.training:  # someone looked at it
            put_modes(self.student, self._modes)
        self._enter(step)
        batch = self._batches[step]
        with seeded(mix(self.settings.seed, 3, step), self._device, everywhere=self._replay.everywhere):
            total, values = self._training_step.gradient(batch, self._now.weighted)
            self._optimizer.step()
        self.history.record((total, *values), self._now.numbers)
        self.steps_done = step + 1
        if self.history.full:
            self._settle()
        if self.steps_done % self.settings.snapshot_every == 0:
            self._keep()
        return Step(self.steps_done, total, dict(zip(self.settings.objective.names, values, strict=True)))

    def step(self) -> Step:
        """Take one optimiser step and return it; its tensors are read only if you ask for them."""
        with self.lock:
            return self._advance()

    def __iter__(self) -> Iterator[Step]:
        """Take the steps that are left of the plan, one at a time."""
        while self.steps_done < self.total_steps:
            yield self.step()
        self.finish()

    def train(
        self,
        epochs: int | None = None,
        *,
        progress: bool = True,
        evaluate: bool = True,
        patience: int | None = None,
    ) -> Distillation:
        """Train to the end of the plan, or for ``epochs`` more; interrupting leaves a usable run.

        Parameters
        ----------
        epochs : int, optional
            How many epochs from here. More than the plan has left extends the plan.
        progress : bool
            Show a progress bar.
        evaluate : bool
            Evaluate on validation data after each epoch.
        patience : int, optional
            Stop early, after this many epochs in a row without fewer errors on validation data than before: the task is
            what counts, not the distillation loss. The student stays as it is then; ``run.at(run.best_step())`` is the
            best one.

        Raises
        ------
        NonFiniteLossError
            If the loss becomes NaN or infinite; the run is then back at its last good snapshot.
        KeyboardInterrupt
            After Ctrl-C, once the step under way is done.
        """
        waits = checks.check_patience(patience, evaluate, self.data)
        last = self._plan(epochs)
        with (
            interruptible() as interrupted,
            tqdm(total=last - self.steps_done, disable=not progress, unit="step") as bar,
        ):
            try:
                self.prepare(lambda *_: not interrupted.is_set())
            except Cancelled:
                interrupted.set()
            while self.steps_done < last and not interrupted.is_set():
                self.step()
                bar.update()
                if evaluate and self.steps_done % self.steps_per_epoch == 0 and self.data.validation.labelled:
                    with self.lock:
                        self._settle()
                    result = self.evaluate("validation")
                    bar.set_postfix_str(f"validation accuracy {result.accuracy:.1%}", refresh=False)
                    if self.best_step() == self.steps_done:
                        self._keep_best()
                    if self.steps_done - (self.best_step() or 0) >= waits * self.steps_per_epoch:
                        break
        self.finish()
        if interrupted.is_set():
            raise KeyboardInterrupt(f"stopped after step {self.steps_done}; the run can go on from here")
        return self

    def _plan(self, epochs: int | None) -> int:
        """Return the step to train to, extending the plan if it ends before."""
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

    def finish(self) -> None:
        """Read what is pending, keep a snapshot, and make sure that the teacher is what it was."""
        with self.lock:
            self._settle()
            self._keep()
            if self.teacher is not None:
                self.teacher.check_unchanged(self._teacher_mark)

    def prepare(self, progress: Callable[[int, int], bool] | None = None) -> None:
        """Ask the teacher about the whole transfer set now, rather than at the first step (see ``Teacher.logits``)."""
        if self.teacher is not None and self._training_step.cached:
            self.teacher.answers(self.data.train, self._training_step.layers.teacher, progress=progress)

    def teacher_logits(self) -> Tensor:
        """Return the teacher's logits (N, C) on the transfer set, cached; raise if its weights changed since the
        start."""
        return self._answers().logits

    def _answers(self) -> Answers:
        """Return what the teacher gives for the transfer set, the layers that terms look at included."""
        assert self.teacher is not None
        self._check_teacher()
        return self.teacher.answers(
            self.data.train, self._training_step.layers.teacher if self._training_step.cached else ()
        )

    def _ask_for_answers(self) -> Callable[[], Answers]:
        """Return ``_answers`` for the batches, without a circle of references that would keep a dropped run."""
        run = weakref.ref(self)

        def ask() -> Answers:
            alive = run()
            assert alive is not None, "batches are only asked for by their run"
            return alive._answers()

        return ask

    def _check_teacher(self) -> None:
        """Raise if the teacher's weights were written to since the run began."""
        if self.teacher is not None and self.teacher.fingerprint() != self._teacher_mark:
            self.teacher.check_unchanged(self._teacher_mark)

    def _settle(self) -> None:
        """Read the pending records; on a loss that is not finite go back to the last good snapshot and say so."""
        self.history.flush()
        bad = self.history.first_bad
        if bad is None:
            return
        # A snapshot at step `bad` is what gave this loss.
        self._go_back(f"the loss became {self.history.rows[bad, 0]} at step {bad + 1}", max(0, bad - 1))

    def _go_back(self, what: str, step: int) -> NoReturn:
        """Return to the last good snapshot at or before ``step`` and raise, saying ``what`` happened."""
        rate = self.history.rows[-1, -1]
        good = self._snapshots.before(step)
        waiting = [e for e in self.history.edits if e.step > self.steps_done]
        undone = [e for e in self.history.edits if good.step <= e.step <= self.steps_done]
        self._snapshots.drop_after(good.step)
        self._return_to(good)
        self.history.edits.extend(waiting)
        edits = f", {len(undone)} edit(s) made since are undone" if undone else ""
        raise NonFiniteLossError(
            f"{what}; the student is back at step {good.step}, its last good snapshot{edits}; "
            f"try a learning rate below {rate:g}"
        )

    def _return_to(self, snapshot: Snapshot) -> None:
        snapshot.restore(self.student, self._optimizer, self.auxiliary, self._groups_at_start)
        self.history = self.history.until(snapshot.step)
        self.steps_done = snapshot.step
        self._now = CurrentSettings(self.settings, self.steps_per_epoch)
        self._enter(self.steps_done)

    def _taken(self) -> Snapshot:
        """Return a snapshot of now that is not stored."""
        return Snapshot.take(self.steps_done, self.student, self._optimizer, self.auxiliary, self._groups_at_start)

    def _keep(self) -> None:
        """Store a snapshot of now; if a weight is no longer finite, go back and say so."""
        self._settle()
        snapshot = self._taken()
        if not snapshot.finite:
            self._go_back(f"a weight was no longer finite after step {self.steps_done}", max(0, self.steps_done - 1))
        self._snapshots.put(snapshot)

    def _keep_best(self) -> None:
        """Keep a snapshot of now as that of the best step, so that going back to it trains nothing again."""
        with self.lock:
            self._snapshots.put_best(self._taken())

    @property
    def editable(self) -> tuple[str, ...]:
        """Names that ``edit`` takes."""
        return (*self.settings.objective.editable, "learning_rate")

    def edit(self, **changes: Hyperparameter) -> None:
        """Change temperature, alpha, the weight of any other term or the learning rate from the next step on; the
        history records it with its step. ``editable`` lists the names.

        Raises
        ------
        ValueError
            If a name cannot be edited or a value is out of range; nothing is changed then.
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
        """Add an edit; of several at one step the last one stands."""
        kept = [e for e in self.history.edits if (e.step, e.name) != (edit.step, edit.name)]
        self.history.edits[:] = sorted([*kept, edit], key=lambda e: e.step)
        self._now.retake(sum(e.step < self.steps_done for e in kept))
        self._enter(self.steps_done)

    def snapshot(self) -> Snapshot:
        """Keep a snapshot of now, and return it."""
        with self.lock:
            self._keep()
            return self._snapshots.before(self.steps_done)

    def at(self, step: int) -> nn.Module:
        """Return a copy of the student as it was after ``step`` steps, in eval mode.

        It is restored from the nearest snapshot before and replayed from there, so it is exact for every step.
        """
        student = self._fork(step).student
        switch(student, training=False)
        return student

    def branch(self, step: int | None = None, **edits: Hyperparameter) -> Distillation:
        """Return a new run that goes on from ``step`` (default: now) of this one, with ``edits`` made there.

        Without edits it repeats this run bit for bit, edits that this run made at ``step`` or later included. With
        edits it goes a way of its own: of the later edits it keeps only an extension of the plan. This run
        stays as it is.
        """
        other = self._fork(self.steps_done if step is None else step)
        later = [e for e in self.history.edits if e.step >= other.steps_done]
        other.history.edits.extend(e for e in later if not edits or e.name == "total_steps")
        if edits:
            other.edit(**edits)
        other._enter(other.steps_done)
        return other

    def twin(self, smoothing: float = 0.0) -> Distillation:
        """Return the twin at step 0: the same student, seed, batches and learning rate, labels alone, no teacher.

        It keeps a penalty on unequal treatment, which asks no teacher, with its weight and the edits of it.

        With ``smoothing`` > 0 the labels are smoothed: a baseline that blurs the targets and knows nothing.
        """
        return twin(self, smoothing)

    def best_step(self, split: str = "validation") -> int | None:
        """Return the step of the recorded evaluation with fewest errors on a split, the earliest of equals; None
        without any."""
        best = min(self.history.evaluated(split), key=lambda e: (e.errors, e.step), default=None)
        return None if best is None else best.step

    def _copy(self, what: str) -> nn.Module:
        """Return a copy of the student; raise if what is made of it could not begin where the run was."""
        if self._replay.lost:
            raise ValueError(f"this run cannot have {what}: {self._replay.lost}")
        return copied(self.student)

    def _fork(self, step: int) -> Distillation:
        """Return a copy of this run as it was after ``step`` steps."""
        with self.lock:
            if not 0 <= step <= self.steps_done:
                raise ValueError(f"step must lie in 0 ... {self.steps_done}, the steps this run has done, got {step}")
            self._check_teacher()
            if step == self.steps_done:
                self._keep()
            other = Distillation.__new__(Distillation)
            student = self._copy("a branch")
            mark = self._teacher_mark
            other._assemble(
                self.teacher, student, self.data, self.settings, mark, modes=self._modes, replay=self._replay
            )
            other._snapshots.share(self._snapshots, step)
            other.history = self.history.until(step)
            past = other.history
            other._return_to(other._snapshots.before(step))
            other.history.edits, other.history.evaluations = past.edits, past.evaluations
        while other.steps_done < step:
            other.step()
        other._enter(step)
        return other

    def evaluate(self, split: str = "validation", *, progress: Callable[[int, int], bool] | None = None) -> Evaluation:
        """Evaluate the student on a split, record it in the history and return it.

        ``progress`` follows the teacher's answers, the first time they are needed (see ``Teacher.logits``).
        """
        if split not in ("train", "validation", "test"):
            raise ValueError(f'split must be "train", "validation" or "test", got {split!r}')
        examples = getattr(self.data, split)
        if not examples.labelled:
            raise ValueError(f"the {split} split has no labelled example; give it labels or evaluate another split")
        self._check_teacher()
        asked = self.teacher if self.teacher is not None and self.teacher.knows(examples) else None
        teacher = asked.logits(examples, progress=progress) if asked is not None else None
        with self.lock:
            result = evaluate(self.student, examples, step=self.steps_done, split=split, teacher_logits=teacher)
            kept = [e for e in self.history.evaluations if (e.step, e.split) != (result.step, split)]
            self.history.evaluations[:] = [*kept, result]
        return result

    def diagnose(self, **options: Any) -> Any:
        """Say why the teacher did not help, or that nothing stands in its way; see :func:`kdviz.diagnose`."""
        above = import_module("kdviz")  # by the package's lazy names
        return above.diagnose(self, **options)

    @property
    def recipe(self) -> Recipe:
        """All that is needed to run this again from the start, as far as it has a name."""
        from .recipe import Recipe

        return Recipe.of(self)

    def save(self, folder: str | Path) -> Path:
        """Write the run into ``folder``, atomically: whenever this process dies, the last complete save loads."""
        from .storage import save

        return save(self, folder)

    @classmethod
    def load(cls, folder: str | Path, **parts: Any) -> Distillation:
        """Return the run that ``save`` wrote; see :func:`kdviz.distill.storage.load`."""
        from .storage import load

        return load(folder, **parts)

    def __repr__(self) -> str:
        return f"Distillation({self.objective}, {self.data.name}, step {self.steps_done:,} of {self.total_steps:,})"
