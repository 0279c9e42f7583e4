"""Study: several distillations compared, each with its twin."""

from __future__ import annotations

import copy
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from torch import nn
from tqdm import tqdm

from .. import data as data_sets
from ..distill import Recipe
from ..distill.checks import whole
from ..losses.labels import check_smoothing
from ..models.wrap import as_module
from ..words.lines import Lines
from . import folder as on_disk
from . import sentences as words
from . import stacked as together
from . import workers
from .arms import Arm, grid, named, with_own
from .comparison import Comparison, Moment, Split, compare
from .jobs import Job, Outcome, Role, make_job
from .parts import Parts
from .stopping import Address, News, Watch, stopped_by_ctrl_c

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class Result:
    """The result of one run: its place in an arm (a twin may be in several), and its outcome as plain JSON."""

    arm: Arm
    seed: int
    role: Role
    outcome: Outcome

    def __repr__(self) -> str:
        if self.outcome["state"] == "failed":
            what = f"failed: {self.outcome['sentence']}"
        else:
            found = self.outcome["moments"]["last"]["test"]
            what = f"{found['errors']:,} errors of {found['examples']:,} test examples"
        return f"Result({self.arm.name}, {self.role}, seed {self.seed}: {what})"


class Study:
    """Several distillations compared: same student, seeds, batches and budget, always with the twin.

    Parameters
    ----------
    arms : dict of str to Recipe
        The recipes to compare, by name. :meth:`grid` makes the arms of a grid.
    seeds : int or sequence of int
        How many, from 0 on, or which. A seed determines batches and initial weights, for all arms alike.
    smoothing : float
        If > 0, each student is also compared with a twin trained on labels smoothed by this much.
    teacher : nn.Module, optional
        For recipes that name no teacher, and in place of the one that all of them name. In eval mode.
    student : callable or nn.Module, optional
        For recipes that describe no student, and in place of the one that all of them describe: a function from a seed
        to an untrained module (torch's generator is seeded for it), or a module that each run copies, with the same
        initial weights for every seed.
    data : Splits, (X, y), Dataset or DataLoader, optional
        For all recipes; anything :func:`kdviz.data.splits` takes.

    Raises
    ------
    TypeError, ValueError
        In one sentence, if an argument cannot work.

    Notes
    -----
    A run's twin is the same student with the same seed, batches, learning rate and budget, and no teacher. Settings of
    the teacher alone (temperature, alpha) do not affect the twin: arms that differ in nothing else share one, which is
    computed once.

    Each run is evaluated on validation data after each epoch, and on test data at two moments only: after its last step
    and at its best epoch on validation data. Both are reported.

    Examples
    --------
    >>> import torch, kdviz as kd
    >>> X, y = torch.randn(300, 4), torch.randint(0, 3, (300,))
    >>> teacher = kd.models.mlp(hidden=(16,), inputs=4, classes=3).eval()
    >>> run = kd.Distillation(teacher, kd.models.mlp(hidden=(4,), inputs=4, classes=3), (X, y), epochs=2)
    >>> study = Study.grid(run.recipe, temperature=[1, 4], seeds=2, teacher=teacher, data=(X, y))
    >>> study
    Study(2 arms, 2 seeds, 0 of 6 runs done)
    >>> study.run(progress=False, n_jobs=1)
    Study(2 arms, 2 seeds, 6 of 6 runs done)
    >>> study.table()[["arm", "seeds"]].values.tolist()
    [['temperature 1', 2], ['temperature 4', 2]]
    """

    def __init__(
        self,
        arms: Mapping[str, Recipe],
        *,
        seeds: int | Sequence[int] = 3,
        smoothing: float = 0.0,
        teacher: nn.Module | None = None,
        student: nn.Module | Callable[[int], nn.Module] | None = None,
        data: Any = None,
    ) -> None:
        self._assemble(named(arms), seeds, smoothing, _parts(teacher, student, data))

    @classmethod
    def grid(cls, recipe: Recipe, *, seeds: int | Sequence[int] = 3, smoothing: float = 0.0, **axes: Any) -> Study:
        """Return a study of all combinations of the values on some axes.

        Parameters
        ----------
        recipe : Recipe
            What all arms have in common, such as ``run.recipe``.
        seeds, smoothing
            As for :class:`Study`.
        **axes
            Values by the name of a field of the recipe (``learning_rate=[1e-3, 1e-2]``, ``teacher=["mnist-mlp-1200",
            "mnist-convnet"]``), or ``temperature``, ``alpha`` and ``fairness`` of its objective, or ``hidden``, the
            layers of an mlp (``hidden=[(16,), (64,)]``). ``teacher``, ``student`` and ``data`` that are not lists of
            names or descriptions are your own objects, as for :class:`Study`.

        Raises
        ------
        TypeError, ValueError
            In one sentence, if an axis does not exist or a value does not fit.

        Examples
        --------
        >>> recipe = Recipe(data="mnist", draw={"count": 4000}, teacher="mnist-mlp-1200",
        ...                 student={"name": "mlp", "hidden": [64]}, epochs=60)
        >>> study = Study.grid(recipe, temperature=[1, 2, 4, 8], alpha=[0.1, 0.5, 0.9], seeds=3)
        >>> len(study.arms), study.arms[5].name, study.arms[5].coordinates
        (12, 'temperature 2, alpha 0.9', {'temperature': 2, 'alpha': 0.9})
        """
        own = {n: axes.pop(n) for n in ("teacher", "student", "data") if n in axes and not _is_axis(axes[n])}
        study = cls.__new__(cls)
        study._assemble(grid(recipe, axes), seeds, smoothing, _parts(**own))
        return study

    def _assemble(self, arms: tuple[Arm, ...], seeds: int | Sequence[int], smoothing: float, parts: Parts) -> None:
        self.arms = with_own(arms, parts.own)
        self.seeds, self.smoothing, self.parts = _seeds(seeds), float(smoothing), parts
        check_smoothing(self.smoothing)
        parts.check(arm.recipe for arm in arms)
        self._outcomes: dict[str, Outcome] = {}
        self._address: Address | None = None
        self._lock = threading.Lock()

    @property
    def axes(self) -> tuple[str, ...]:
        """The names of a grid's axes; empty for arms given by name."""
        return tuple(self.arms[0].coordinates)

    @cached_property
    def _jobs(self) -> dict[tuple[str, int, Role], Job]:
        """Every run by arm, seed and role. A twin that several arms share is one job under several keys."""
        jobs: dict[tuple[str, int, Role], Job] = {}
        for arm in self.arms:
            for role in self._roles(arm):
                for seed in self.seeds:
                    jobs[arm.name, seed, role] = make_job(arm.with_seed(seed, role, self.smoothing), role, self.parts)
        return jobs

    def _roles(self, arm: Arm) -> tuple[Role, ...]:
        if not self.parts.data_of(arm.recipe).train.labelled:
            return ("student",)  # a twin would have nothing to learn from
        return ("student", "twin", "smoothed") if self.smoothing else ("student", "twin")

    @property
    def places(self) -> Mapping[str, tuple[tuple[str, int, Role], ...]]:
        """Arm, seed and role of each run, by its key; a twin that several arms share has several."""
        found: dict[str, tuple[tuple[str, int, Role], ...]] = {}
        for place, job in self._jobs.items():
            found[job.key] = (*found.get(job.key, ()), place)
        return found

    @property
    def total(self) -> int:
        """Number of runs in all."""
        return len({job.key for job in self._jobs.values()})

    @property
    def left(self) -> int:
        """Number of runs still to do, including those that failed for a reason that may pass."""
        return len(self.left_to_do)

    @property
    def left_to_do(self) -> list[Job]:
        """The jobs of the runs that are still to do."""
        settled = {key for key, outcome in list(self._outcomes.items()) if _settled(outcome)}  # it may be under way
        return list({job.key: job for job in self._jobs.values() if job.key not in settled}.values())

    def run(
        self,
        folder: str | Path | None = None,
        *,
        progress: bool = True,
        n_jobs: int | None = None,
        stacked: bool | Literal["auto"] = "auto",
        watch: Watch | None = None,
    ) -> Study:
        """Do all runs that are not done yet.

        Parameters
        ----------
        folder : path, optional
            Each outcome is written there as soon as it is known, one JSON file per run; outcomes already there are not
            computed again. Without a folder, outcomes are kept only in this object.
        progress : bool
            Show a bar with the time left.
        n_jobs : int, optional
            Worker processes, each with one thread; 1 computes in this process. By default the setting of
            ``joblib.parallel_config``, else the number of CPUs. With ``joblib.parallel_config(backend="dask")`` the
            runs go to dask's workers.
        stacked : {"auto", True, False}
            Train small perceptrons that differ only in the objective as one model: where that is faster, wherever
            possible, or never. Outcomes are equal up to the rounding of sums.
        watch : callable, optional
            Called on this thread with ``kdviz.study.stopping.News``: when runs have finished and, where they are
            trained in this process (``n_jobs=1``), after each epoch.

        Returns
        -------
        Study
            Itself. A failed run does not stop the others; :meth:`table` and :meth:`sentences` report it.

        Raises
        ------
        KeyboardInterrupt
            After Ctrl-C, once the current steps are done; finished runs are kept.
        RuntimeError
            If the study is already running, or a worker process died.
        """
        if stacked not in ("auto", True, False):
            raise ValueError(f'stacked must be "auto", True or False, got {stacked!r}')
        if folder is None:
            with tempfile.TemporaryDirectory(prefix="kdviz-study-") as place:
                return self._run(Path(place), progress, n_jobs, stacked, watch)
        return self._run(Path(folder), progress, n_jobs, stacked, watch)

    def load(self, folder: str | Path) -> Study:
        """Take up the outcomes that an earlier ``run(folder)`` left, of this study or of one that shares runs with it.

        Returns
        -------
        Study
            Itself.
        """
        if Path(folder).is_dir():
            for key in {job.key for job in self._jobs.values()}:
                if (found := on_disk.read(Path(folder), key)) is not None:
                    self._outcomes[key] = found
        return self

    def _run(self, folder: Path, progress: bool, n_jobs: int | None, stacked: bool | str, watch: Watch | None) -> Study:
        folder.mkdir(parents=True, exist_ok=True)
        on_disk.clear(folder)
        address = Address(str(folder / f".stop-{uuid.uuid4().hex[:8]}"), keeps=True)
        with self._under_way(address), stopped_by_ctrl_c(address) as pressed:
            missing = self._missing(folder)
            count = workers.how_many(n_jobs)
            most = {"auto": together.WORTH_IT, True: float("inf"), False: 0}[stacked]
            units = together.units(missing, workers=count, most_weights=most)
            with tqdm(total=self.total, initial=self.total - len(missing), disable=not progress, unit="run") as bar:
                self._do(units, address, count, folder, bar, watch)
        if pressed.is_set():
            raise KeyboardInterrupt(
                f"stopped with {self.left:,} of {self.total:,} runs to do; run it again to continue"
            )
        return self

    def _do(
        self,
        units: list[tuple[Job, ...]],
        address: Address,
        count: int,
        folder: Path,
        bar: tqdm,
        watch: Watch | None,
    ) -> None:
        """Have the units done, and store each outcome as it arrives."""
        try:
            for done in workers.outcomes(units, self.parts, address, count, watch):
                for outcome in done:
                    self._outcomes[outcome["key"]] = outcome
                    if _settled(outcome):
                        on_disk.write(folder, outcome)
                bar.update(len(done))  # at once, so that the time left is estimated from whole units
                if watch is not None and done:
                    watch(News(tuple(outcome["key"] for outcome in done), 0, 0, finished=True))
        except BrokenProcessPool as error:
            if not Path(address.path).exists():
                raise RuntimeError(
                    "a worker process died before its run had finished (out of memory?); finished runs are kept: "
                    "run the study again, with fewer n_jobs"
                ) from error

    def _missing(self, folder: Path) -> list[Job]:
        """Read the outcomes on disk, write those that are missing there, and return the jobs still to do."""
        missing = []
        for key, job in {job.key: job for job in self._jobs.values()}.items():
            found = on_disk.read(folder, key)
            known = self._outcomes.get(key)
            if found is not None:
                self._outcomes[key] = found
            elif known is not None and _settled(known):
                on_disk.write(folder, known)
            else:
                missing.append(job)
        return missing

    @contextmanager
    def _under_way(self, address: Address) -> Iterator[None]:
        with self._lock:
            if self._address is not None:
                raise RuntimeError("this study is already running; wait for it, or call study.cancel()")
            self._address = address
        try:
            yield
        finally:
            with self._lock:
                self._address = None
            address.take_down()

    def cancel(self) -> None:
        """Stop a running study, from any thread; finished runs are kept, and ``run`` continues with the rest."""
        with self._lock:
            if self._address is not None:
                self._address.put_up()

    @property
    def results(self) -> list[Result]:
        """The finished runs, by arm, role and seed."""
        arms = {arm.name: arm for arm in self.arms}
        return [
            Result(arms[name], seed, role, self._outcomes[job.key])
            for (name, seed, role), job in self._jobs.items()
            if job.key in self._outcomes
        ]

    @property
    def failed_twins(self) -> Sequence[tuple[str, Role, int, str]]:
        """Arm, role, seed and sentence of each failed twin; for a shared one, the first arm."""
        found = {
            result.outcome["key"]: (result.arm.name, result.role, result.seed, result.outcome["sentence"])
            for result in reversed(self.results)
            if result.outcome["state"] == "failed" and result.role != "student"
        }
        return list(found.values())[::-1]

    def frame(self) -> pd.DataFrame:
        """Return the runs as a tidy pandas frame: a row for each run, split and moment.

        Columns: arm, the axes of a grid, seed, role ("student", "twin", "smoothed"), run (a shared twin has the same in
        the rows of each of its arms), split, moment ("last" step, or "best" epoch on validation data), step, examples,
        errors, accuracy, nll (nats), ece, brier, agreement with the teacher and kl(teacher ‖ student) at T = 1 (nats; a
        twin, which may belong to arms with several teachers, is compared with none), teacher_errors, the gaps between
        groups where the data name any (``gap:sex:accuracy_difference``, ``kdviz.study.outcomes.gaps``), parameters,
        macs, latency_ms (of one example, on one thread), seconds (of computing, on one thread), stacked (runs trained
        together), state and sentence. A failed run has one row, with the reason.
        """
        from .table import frame

        return frame(self)

    def table(self, *, full: bool = False) -> pd.DataFrame:
        """Return the arms as a pandas frame: one row per arm, errors on test data.

        Columns: arm, seeds (finished students), errors (mean over seeds, after the last step) and sd (their standard
        deviation), twin and, with ``smoothing``, smoothed (the twins' errors), difference, low, high and verdict (the
        paired difference student − twin with its 95 % interval, :func:`kdviz.measure.paired`) and chosen (whether it is
        what :meth:`best` gives). Numbers of errors are rounded to one decimal.

        Parameters
        ----------
        full : bool
            All columns, unrounded: arm, the axes of a grid, seeds, failed, examples, teacher_errors; then, each with
            the suffix ``_last`` (after the last step) and ``_best`` (at the best epoch on validation data): ``errors``
            and ``errors_sd``, the same of the twin, and ``twin_`` ``difference``, ``low``, ``high``, ``pairs`` and
            ``verdict``, ``validation_errors``; at last ``chosen``. With ``smoothing`` the same of ``smoothed_``.
        """
        from .table import full_table, table

        return full_table(self) if full else table(self)

    def sentences(self) -> Lines:
        """Return the results so far in words, a list that prints as lines; no noise is called a gain."""
        return Lines(words.sentences(self))

    def compare(self, arm: str, *, moment: Moment = "last", split: Split = "test") -> Comparison:
        """Return one arm's errors, seed by seed, beside its twins'.

        Raises
        ------
        ValueError
            If there is no such arm, moment or split.
        """
        found = next((a for a in self.arms if a.name == arm), None)
        if found is None:
            raise ValueError(f"arm must be one of {', '.join(a.name for a in self.arms)}, got {arm!r}")
        return compare(self, found, moment, split)

    def best(self, split: str = "validation", *, moment: Moment = "last") -> Arm:
        """Return the arm with the fewest errors on validation data, on average over the seeds.

        Parameters
        ----------
        split : {"validation"}
            For the reader's sake: an arm is never chosen on test data.
        moment : {"last", "best"}
            After the last step, or at each run's best epoch.

        Raises
        ------
        ValueError
            If another split is passed, or no arm has finished all its seeds.
        """
        if split != "validation":
            raise ValueError(
                f"an arm must be chosen on validation data, got {split!r}: chosen there, its errors would be too good "
                'to be true; use best("validation")'
            )
        arm = self.choice(moment)
        if arm is None:
            raise ValueError("no arm has finished all its seeds on labelled validation data; run the study first")
        return arm

    def choice(self, moment: Moment) -> Arm | None:
        """Return :meth:`best`, or None if there is none yet; an arm with a failed run is not chosen."""
        found = [compare(self, arm, moment, "validation") for arm in self.arms]
        whole_ones = [one for one in found if len(one.errors["student"]) == len(self.seeds)]
        return min(whole_ones, key=lambda one: one.mean()).arm if whole_ones else None

    def _repr_html_(self) -> str:
        """The table and the sentences, as the last line of a cell."""
        return f"<p>{escape(repr(self))}</p>{self.table().to_html(index=False)}{self.sentences()._repr_html_()}"

    def __repr__(self) -> str:
        arms, seeds = words.count(len(self.arms), "arm"), words.count(len(self.seeds), "seed")
        return f"Study({arms}, {seeds}, {self.total - self.left:,} of {self.total:,} runs done)"


def _settled(outcome: Outcome) -> bool:
    """Whether a run has finished, or failed as it would again."""
    return outcome["state"] == "finished" or bool(outcome.get("lasting"))


def _seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    given = tuple(seeds) if isinstance(seeds, Iterable) else tuple(range(whole("seeds", seeds)))
    numbers = tuple(whole("a seed", seed) for seed in given)
    if not numbers:
        raise ValueError(f"a study needs at least one seed, got seeds={seeds!r}")
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"each seed may appear once, got {', '.join(map(str, numbers))}")
    return numbers


def _parts(teacher: Any = None, student: Any = None, data: Any = None) -> Parts:
    """Return the user's own parts. Modules are copied, so that later changes to them do not invalidate the keys."""
    data = None if data is None else data_sets.splits(data)
    if teacher is not None:
        about = {} if data is None else {"classes": data.classes, "features": data.features}
        teacher = as_module(teacher, "teacher", **about)
    teacher, student = (copy.deepcopy(part) if isinstance(part, nn.Module) else part for part in (teacher, student))
    return Parts(teacher, student, data)


def _is_axis(value: Any) -> bool:
    """Whether a value for ``teacher``, ``student`` or ``data`` is a sequence of names and descriptions."""
    return isinstance(value, list | tuple) and all(isinstance(v, str | Mapping | None) for v in value)
