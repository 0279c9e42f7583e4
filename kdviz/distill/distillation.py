"""Distillation: one student being taught. ``run`` takes the steps; this module creates, branches and saves runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from tqdm import tqdm

from ..models.looking import switch
from . import checks, save_folder, state, storage, symbols
from .batches import Augment
from .evaluate import evaluate
from .history import Edit, Evaluation
from .interruption import interruptible
from .objective import Objective, Term
from .optimizer import OptimizerFactory
from .plan import Plan, make_plan
from .recipe import Recipe
from .run import Run
from .run_state import RunState
from .schedules import Hyperparameter
from .settings import Step
from .step import LOGIT_BYTES
from .teacher import Cancelled, Teacher
from .terms.mutual import Peers
from .tracking import Log, Tracking
from .twin import SHARED, twin_plan


class Distillation(Run):
    """One student being taught by one teacher on one transfer set.

    Parameters
    ----------
    teacher : nn.Module, Teacher or None
        Used in eval mode and never changed. None where no term needs one. Any other predictor is passed through
        :func:`kdviz.wrap` where the conversion is unambiguous.
    student : nn.Module
        Trained in place. Any module that maps inputs (B, ...) to logits (B, C), or (B, L, C) for tokens. If it is in
        training mode, its submodules in eval mode (frozen batch normalization) stay so, and parameters that require no
        gradient stay fixed; if it is in eval mode, all of it is put into training mode.
    data : Splits, (X, y), Dataset or DataLoader
        Anything that :func:`kdviz.data.splits` accepts. ``data.train`` is the transfer set; labels of -1 are unknown.
        A penalty on unequal treatment reads its column of ``data.train.groups`` once, at the start.
    objective : Objective or Term, optional
        Default ``0.9 * SoftTargets(temperature=4) + 0.1 * HardLabels()``.
    optimizer : {"adam", "adamw", "sgd"} or callable
        Pass a function of the parameters for any other. Where its groups have different learning rates, these keep
        their ratios.
    weight_decay : float, optional
        Of an optimizer by name. Default PyTorch's: 0.01 of "adamw" and 0 of the others.
    learning_rate : float or Schedule, optional
        Default 1e-3, or that of the optimizer which the function returns. With several groups: the largest rate.
    batch_size : int, optional
        Default that of a DataLoader passed as data, else 128.
    epochs : int
        The plan: the span of schedules, and where ``train()`` and iteration end. ``train(epochs=...)`` can extend it.
    seed : int
        Fixes batches, augmentation and dropout. The same seed, weights, data and thread count give identical bits.
    augment : {"shift"} or callable, optional
        ``"shift"``: ±2 pixels each step (teacher outputs then cannot be cached). A callable takes (inputs, generator).
    snapshot_every : int
        Steps between the snapshots that ``at`` and ``branch`` replay from.
    allow_weaker_teacher : bool
        Skip the checks of the teacher: no error if the student is more accurate, and no warnings about its logits.

    Raises
    ------
    ValueError, TypeError
        In one sentence, when an argument cannot work.

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

    @symbols.checked
    def __init__(
        self,
        teacher: nn.Module | Teacher | None,
        student: nn.Module,
        data: Any,
        objective: Objective | Term | None = None,
        *,
        optimizer: str | OptimizerFactory = "adam",
        weight_decay: float | None = None,
        learning_rate: Hyperparameter | None = None,
        batch_size: int | None = None,
        epochs: int = 10,
        seed: int = 0,
        augment: str | Augment | None = None,
        snapshot_every: int = 200,
        allow_weaker_teacher: bool = False,
    ) -> None:
        plan = make_plan(
            teacher,
            student,
            data,
            objective,
            optimizer=optimizer,
            weight_decay=weight_decay,
            learning_rate=learning_rate,
            batch_size=batch_size,
            epochs=epochs,
            seed=seed,
            augment=augment,
            snapshot_every=snapshot_every,
        )
        super().__init__(plan.checked(allow_weaker_teacher=allow_weaker_teacher))
        if self._training_step.needs_rehearsal:
            self._enter(0)
            self._training_step.rehearse(self._current.weighted)

    @classmethod
    def _of(cls, plan: Plan) -> Distillation:
        """Return a run at step 0 from a checked plan."""
        run = cls.__new__(cls)
        Run.__init__(run, plan)
        return run

    def __iter__(self) -> Iterator[Step]:
        """Take the remaining steps of the plan, one at a time."""
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
        log: Log | None = None,
    ) -> Distillation:
        """Train to the end of the plan, or for ``epochs`` more; interrupting leaves a usable run.

        Parameters
        ----------
        epochs : int, optional
            How many more epochs. More than the plan has left extends the plan.
        progress : bool
            Show a progress bar.
        evaluate : bool
            Evaluate on validation data after each epoch.
        patience : int, optional
            Stop early, after this many epochs in a row without fewer errors on validation data: the task counts, not
            the distillation loss. The student keeps its last state; ``run.at(run.best_step())`` is the best one.
        log : callable, optional
            Tells an experiment tracker, as ``log(values, step=...)``: ``wandb.log``, ``mlflow.log_metrics``,
            ``trackio.log``, or :func:`kdviz.export.tensorboard`. Values are the means of the last 50 steps
            (``train/loss``, each term, its weight and numbers, the learning rate), and each evaluation
            (``validation/accuracy``, ``errors``, ``nll``, ``agreement`` with the teacher). Where the tracker fails, a
            warning says so, and the run goes on without it.

        Raises
        ------
        NonFiniteLossError
            If the loss becomes NaN or infinite; the run is then back at its last good snapshot.
        KeyboardInterrupt
            After Ctrl-C, once the current step is done.
        """
        waits = checks.check_patience(patience, evaluate, self.data)
        last, tracking = self.plan_to(epochs), Tracking(log, self.history)
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
                tracking.step()
                bar.update()
                if evaluate and self.steps_done % self.steps_per_epoch == 0 and self.data.validation.labelled:
                    with self.lock:
                        self.settle()
                    result = self.evaluate("validation")
                    tracking.evaluated(result)
                    bar.set_postfix_str(f"validation accuracy {result.accuracy:.1%}", refresh=False)
                    if self.best_step() == self.steps_done:
                        self.keep_best()
                    if self.steps_done - (self.best_step() or 0) >= waits * self.steps_per_epoch:
                        break
        self.finish()
        tracking.rest()
        if interrupted.is_set():
            raise KeyboardInterrupt(f"stopped after step {self.steps_done}; the run can go on from here")
        return self

    def at(self, step: int) -> nn.Module:
        """Return a copy of the student as it was after ``step`` steps, in eval mode.

        It is restored from the nearest earlier snapshot and replayed from there, so it is exact for every step.
        """
        student = self._fork(step).student
        switch(student, training=False)
        return student

    def branch(self, step: int | None = None, **edits: Hyperparameter) -> Distillation:
        """Return a new run that continues from ``step`` (default: now) of this one, with ``edits`` made there.

        Without edits it repeats this run bit for bit, including edits that this run made at ``step`` or later. With
        edits it diverges: of the later edits it keeps only an extension of the plan. This run is unchanged.
        """
        other = self._fork(self.steps_done if step is None else step)
        later = [e for e in self.history.edits if e.step >= other.steps_done]
        other.history.edits.extend(e for e in later if not edits or e.name == "total_steps")
        if edits:
            other.edit(**edits)
        other._enter(other.steps_done)
        return other

    def twin(self, smoothing: float = 0.0) -> Distillation:
        """Return the twin at step 0: the same student, seed, batches and learning rate, only labels, no teacher.

        It keeps a penalty on unequal treatment, which needs no teacher, with its weight and its edits.

        With ``smoothing`` > 0 the labels are smoothed: a baseline that blurs the targets without any knowledge.
        """
        with self.lock:
            student, first = self._copy("a twin"), self._store.before(0)
            state.restore(student, first.student, first.extra)
            other = self._of(twin_plan(self.plan, student, smoothing))
            other.history.edits.extend(e for e in self.history.edits if e.name in SHARED)
            return other

    def best_step(self, split: str = "validation") -> int | None:
        """Return the step of the recorded evaluation with fewest errors on a split, the earliest of ties; None without
        any."""
        best = min(self.history.evaluated(split), key=lambda e: (e.errors, e.step), default=None)
        return None if best is None else best.step

    def _copy(self, what: str) -> nn.Module:
        """Return a copy of the student; raise if a copy could not start from the run's state."""
        if self.plan.replay.lost:
            raise ValueError(f"this run cannot have {what}: {self.plan.replay.lost}")
        return state.copied(self.student)

    def _fork(self, step: int) -> Distillation:
        """Return a copy of this run as it was after ``step`` steps."""
        with self.lock:
            if not 0 <= step <= self.steps_done:
                raise ValueError(f"step must lie in 0 ... {self.steps_done}, the steps this run has done, got {step}")
            self.check_teacher()
            if step == self.steps_done:
                self._keep()
            other = self._of(replace(self.plan, student=self._copy("a branch")))
            other.restore(RunState(self._store.held, self.history).until(step))
        while other.steps_done < step:
            other.step()
        other._enter(step)
        return other

    def evaluate(self, split: str = "validation", *, progress: Callable[[int, int], bool] | None = None) -> Evaluation:
        """Evaluate the student on a split, record it in the history and return it; peers are counted with it.

        ``progress`` reports on the teacher's logits, the first time they are computed (see ``Teacher.logits``).
        """
        if split not in ("train", "validation", "test"):
            raise ValueError(f'split must be "train", "validation" or "test", got {split!r}')
        examples = getattr(self.data, split)
        if not examples.labelled:
            raise ValueError(f"the {split} split has no labelled example; add labels or evaluate another split")
        self.check_teacher()
        logits = ask = None
        if self.teacher is not None and self.teacher.knows(examples):
            if self.teacher.logit_bytes(examples) > LOGIT_BYTES:
                ask = self.teacher
            else:
                logits = self.teacher.logits(examples, progress=progress)
        with self.lock:
            result = evaluate(self.student, examples, step=self.steps_done, split=split, teacher_logits=logits, ask=ask)
            beside = [evaluate(peer, examples, step=self.steps_done, split=split) for peer in self._peers]
            result = replace(result, peer_errors=tuple(one.errors for one in beside))
            kept = [e for e in self.history.evaluations if (e.step, e.split) != (result.step, split)]
            self.history.evaluations[:] = [*kept, result]
        return result

    @property
    def _peers(self) -> list[nn.Module]:
        """The networks that learn beside the student."""
        return [peer for beside in self.auxiliary.values() if isinstance(beside, Peers) for peer in beside]

    def diagnose(self, **options: Any) -> Any:
        """Diagnose why the teacher did not help, if anything is wrong; see :func:`kdviz.diagnose`."""
        above = import_module("kdviz")  # by the package's lazy names
        return above.diagnose(self, **options)

    @property
    def recipe(self) -> Recipe:
        """All that is needed to repeat this run from the start, as far as its parts have names."""
        return Recipe.of(self.plan, self._store.before(0), self.history.edits)

    @classmethod
    def from_recipe(
        cls, recipe: Recipe, *, teacher: Any = None, student: nn.Module | None = None, data: Any = None, **more: Any
    ) -> Distillation:
        """Return the run of a recipe at step 0, with edits pending at their steps.

        ``teacher``, ``student`` and ``data`` supply the parts without a name; ``more`` goes to ``Distillation``.

        Raises
        ------
        ValueError
            If a part has no name to load it by and was not passed, or the recipe is a scheme of several runs.
        """
        if recipe.scheme is not None:
            raise ValueError(
                f"this recipe is a scheme of several runs ({recipe.scheme.get('name')}); take them one by one from "
                "kd.schemes.stages(recipe)"
            )
        parts = recipe.parts(teacher=teacher, student=student, data=data)
        run = cls(parts.teacher, parts.student, parts.data, recipe.objective, **recipe.numbers() | more)
        run.history.edits.extend(sorted((Edit.from_dict(e) for e in recipe.edits), key=lambda e: e.step))
        return run

    def save(self, folder: str | Path) -> Path:
        """Write the run to ``folder``, atomically: if this process dies at any time, the last complete save loads."""
        folder = Path(folder)
        with self.lock:
            self.check_teacher()
            self._keep()
            captured, recipe = self.capture(), self.recipe
        storage.save(self.plan, captured, recipe, folder)
        return folder

    @classmethod
    def load(
        cls,
        folder: str | Path,
        *,
        teacher: nn.Module | Teacher | None = None,
        student: nn.Module | None = None,
        data: Any = None,
        **own: Any,
    ) -> Distillation:
        """Return the run saved in ``folder``, at the step and with the history it had.

        Parameters
        ----------
        folder : path
        teacher, student, data
            Only needed where the run used your own: a teacher that is not shipped, a module that kdviz cannot build,
            your data.
        **own
            ``optimizer`` and ``augment``, where they were functions of your own.

        Raises
        ------
        FileNotFoundError
            If the folder holds no complete save.
        ValueError
            If a part is missing or differs from that of the run, or if the save is damaged; the sentence then says how
            to load the previous save, if that one is intact.
        """
        described, tensors = save_folder.read(Path(folder))
        return cls.from_saved(described, tensors, teacher=teacher, student=student, data=data, **own)

    @classmethod
    def from_saved(
        cls,
        described: dict[str, Any],
        tensors: Mapping[str, Tensor],
        *,
        teacher: nn.Module | Teacher | None = None,
        student: nn.Module | None = None,
        data: Any = None,
        **own: Any,
    ) -> Distillation:
        """Return the run that `storage.describe` and `storage.snapshot_tensors` wrote; arguments as in `load`."""
        recipe, parts = storage.parts_of(described, tensors, teacher=teacher, student=student, data=data, own=own)
        run = cls.from_recipe(recipe, **parts)
        storage.check_plan(run.plan, described)
        run.restore(storage.state_of(described, tensors))
        return run

    def __repr__(self) -> str:
        return f"Distillation({self.objective}, {self.data.name}, step {self.steps_done:,} of {self.total_steps:,})"
