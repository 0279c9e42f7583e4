"""Runner: one daemon thread that trains runs side by side and obeys commands at the next step.

The thread is started by the first command, never at import, construction or display. Callers only put a command into
a queue and return. The thread itself collects what others display, between two steps, at most a few times a second.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, Protocol

from ..words import mark, number, t
from .distillation import Distillation
from .teacher import Cancelled

State = Literal["idle", "loading", "running", "paused", "stopped", "finished", "failed"]
Command = Literal["train", "pause", "step", "edit", "stop", "call", "turn_to", "close"]
KeepGoing = Callable[[int, int], bool]
Build = Callable[[KeepGoing], Sequence[Distillation]]

REPORTS_PER_SECOND = 8
EVALUATIONS = 60  # points of a learning curve over a whole plan
FEWEST_EVALUATIONS = 20
CLOSE_TIMEOUT_S = 10.0
WAIT_S = 0.2  # between two looks whether it is this runner's turn
NO_MEMORY = mark(
    "There is not enough memory for this here. Take a smaller student, fewer examples, or one run instead of several."
)


class Place(Protocol):
    """A place in a line of trainers, where only so many train at once."""

    def before(self) -> int:
        """Return how many must train first; 0 while it is this one's turn."""

    def give_up(self) -> None:
        """Let the next one train."""


class Runner:
    """Trains a student, and any runs beside it, step by step on a thread of its own.

    Parameters
    ----------
    build : callable
        Called once, on the thread, with a function (done, total) -> bool that reports progress and returns whether to
        continue; returns the runs, the student's first. A run that is ahead waits for the others.
    report : callable
        Called on the thread with this runner when something is new: at most ``REPORTS_PER_SECOND`` times a second while
        training, and at each change of state. It may read the runs: no step is in progress.
    record : callable, optional
        Called on the thread with this runner after the runs were built, and after each evaluation during training: the
        moments worth keeping.
    finished : callable, optional
        Called on the thread with this runner when the plan is finished and evaluated, before that state is reported. It
        may ``send`` a further command.
    evaluate : bool
        Evaluate on validation data along the way, and on test data once the plan is finished.
    place : Place, optional
        Where trainers wait for one another; default: nobody waits.
    most_steps : int, optional
        Longer runs are refused.

    Attributes
    ----------
    state : {"idle", "loading", "running", "paused", "stopped", "finished", "failed"}
    message : str
        Why the last command failed, in one sentence; empty otherwise.
    runs : tuple of Distillation
        Empty until built.
    before : int
        How many others must train first; 0 when nobody must.
    measuring : bool
        Whether some of the runs have been evaluated where they are, and others not yet: no moment to keep them.
    """

    def __init__(
        self,
        build: Build,
        report: Callable[[Runner], None],
        *,
        record: Callable[[Runner], None] | None = None,
        finished: Callable[[Runner], None] | None = None,
        evaluate: bool = True,
        place: Place | None = None,
        most_steps: int | None = None,
    ) -> None:
        self._place, self._most_steps = place, most_steps
        self.before = 0
        self.measuring = False
        self._build, self._report, self._evaluate = build, report, evaluate
        self._record, self._finished = record or _nothing, finished or _nothing
        self.state: State = "idle"
        self.message = ""
        self.runs: tuple[Distillation, ...] = ()
        self.loading = ""  # what is being computed
        self.loaded = (0, 0)  # its progress: (done, total)
        self._commands: queue.SimpleQueue[tuple[str, dict[str, Any]]] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._open = 0  # commands not yet obeyed
        self._loading_since = 0.0
        self._next_report = 0.0
        self._running_s = 0.0  # time spent on steps, for the time left
        self._steps_timed = 0

    def send(self, command: Command, **values: Any) -> None:
        """Queue a command: "train", "pause", "step", "edit" (with values), "stop", "call" (with ``work``, a function),
        or "turn_to" (with ``build``, as for the runner: leave the runs where they are and train others instead;
        ``train=False`` only switches to them, ``measure=False`` evaluates none of them where it is)."""
        if self._closed:
            return
        self._closed = command == "close"
        if command in ("stop", "close"):
            self._stop.set()  # checked by a long load, which does not read the queue
        with self._starting:
            self._open += 1
            self._commands.put((command, values))
            if self._thread is None and command != "close":
                self._thread = threading.Thread(target=self._live, name="kdviz-runner", daemon=True)
                self._thread.start()

    def take(self, runs: Sequence[Distillation]) -> None:
        """Take runs in hand as they are, before the first command; nothing is computed, and no thread begins."""
        self.runs = tuple(runs)
        self.state = self._at_rest()

    def close(self) -> None:
        """Stop, and wait until the thread has ended."""
        self.send("close")
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(CLOSE_TIMEOUT_S)

    @property
    def alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    @property
    def quiet(self) -> bool:
        """Whether every command so far has been obeyed."""
        return self._open == 0

    @property
    def steps_done(self) -> int:
        return min((run.steps_done for run in self.runs), default=0)

    @property
    def total_steps(self) -> int:
        return max((run.total_steps for run in self.runs), default=0)

    @property
    def seconds_left(self) -> float | None:
        """Time left at the pace so far, in seconds, for the steps or the teacher's logits; None without a pace."""
        done, total = self.loaded
        if self.state == "loading" and done > 0:
            return (time.perf_counter() - self._loading_since) / done * (total - done)
        if self._steps_timed == 0 or self.state not in ("running", "paused"):
            return None
        return self._running_s / self._steps_timed * (self.total_steps - self.steps_done)

    def _live(self) -> None:
        while True:
            waits = self.state == "running" and self._must_wait()
            try:
                command, values = self._commands.get(self.state != "running" or waits, WAIT_S if waits else None)
            except queue.Empty:
                if not waits:
                    self._guarded(self._advance)
                continue
            if command == "close":
                self._leave_line()
                return
            if self._closed:  # commands queued before closing are dropped
                continue
            self._guarded(lambda: self._obey(command, values))  # noqa: B023 (called at once)
            with self._starting:
                self._open -= 1
            self._report(self)

    def _must_wait(self) -> bool:
        """Whether others train first; the page is told when their number changes."""
        if self._place is None:
            return False
        before = self._place.before()
        if before != self.before:
            self.before = before
            self._report(self)
        return before > 0

    def _leave_line(self) -> None:
        self.before = 0
        if self._place is not None:
            self._place.give_up()

    def _guarded(self, work: Callable[[], None]) -> None:
        """Do ``work``; an error becomes a state and a sentence, and the thread lives on."""
        try:
            work()
        except Cancelled as stop:
            self._turn("stopped" if self.runs else "idle", str(stop))
        except Exception as error:  # whatever it is, the panel must stay usable
            self._turn("failed", _sentence(error))

    def _obey(self, command: str, values: dict[str, Any]) -> None:
        self.message = ""
        if command == "edit":
            self._edit(values)
        elif command == "call":
            values["work"]()
        elif command == "turn_to":
            self._turn_to(values["build"], train=values.get("train", True), measure=values.get("measure", True))
        elif command == "pause" and self.state == "running":
            self._settle()
            self._turn("paused")
        elif command == "stop" and self.state in ("running", "paused"):
            self._settle()
            self._turn("stopped")
        elif command in ("train", "step") and self.state != "running":
            self._stop.clear()
            self._load()
            if self.steps_done >= self.total_steps:
                self._turn("finished")
            elif command == "train":
                self._turn("running")
            else:
                self._advance()
                if self.state != "finished":
                    self._settle()
                    self._turn("paused")

    def _edit(self, values: dict[str, Any]) -> None:
        """Edit every run that has the number; an invalid value is reported in a sentence and training continues."""
        try:
            for run in self.runs:
                run.edit(**{k: v for k, v in values.items() if k in run.editable})
        except (ValueError, TypeError) as error:
            self.message = _sentence(error)

    def _turn_to(self, build: Build, *, train: bool, measure: bool) -> None:
        """Switch to other runs; those left behind are settled where they are, and nothing of them is lost."""
        if self.state == "running":
            self._settle()
        self._stop.clear()
        before = self.runs
        self.runs = ()
        try:
            self._load(build, measure=measure)
        except Exception as error:
            self.runs = before
            self._turn(self._at_rest(), _sentence(error))
            return
        self._running_s, self._steps_timed = 0.0, 0
        resting = self._at_rest()
        self._turn("running" if train and resting == "stopped" else resting)

    def _at_rest(self) -> State:
        """The state in which nothing is in progress."""
        if not self.runs:
            return "idle"
        return "finished" if self.steps_done >= self.total_steps else "stopped"

    def _load(self, build: Build | None = None, *, measure: bool = True) -> None:
        if self.runs:
            return
        self._ask_about("transfer set")
        runs = tuple((build or self._build)(self._keep_loading))
        self._check_length(runs)
        if self._evaluate and measure:
            self._ask_about("validation set")
            for run in runs:
                if not any(e.step == run.steps_done for e in run.history.evaluated("validation")):
                    self._evaluate_on("validation", run)
        if self._stop.is_set():
            raise Cancelled(mark("stopped before the first step"))
        self.runs = runs
        self._record(self)

    def _check_length(self, runs: Sequence[Distillation]) -> None:
        steps = max((run.total_steps for run in runs), default=0)
        if self._most_steps is not None and steps > self._most_steps:
            raise ValueError(
                t(
                    "A run has {most} steps at most on this server, and this one would have {steps}. "
                    "Choose fewer epochs or larger batches.",
                    most=number(self._most_steps),
                    steps=number(steps),
                )
            )

    def _ask_about(self, what: str) -> None:
        """Set what is being computed from now on."""
        self.loading, self.loaded, self._loading_since = what, (0, 0), time.perf_counter()
        self._turn("loading")

    def _keep_loading(self, done: int, total: int) -> bool:
        self.loaded = (done, total)
        self._maybe_report()
        return not self._stop.is_set()

    def _advance(self) -> None:
        """One step of every run that is not ahead, an evaluation where one is due, and the end of the plan."""
        start = time.perf_counter()
        step = self.steps_done
        for run in self.runs:
            if run.steps_done == step:
                run.step()
        if self._evaluate and self.steps_done % self._evaluate_every == 0:
            with self._between():
                for run in self.runs:
                    self._evaluate_on("validation", run)
            self._record(self)
        self._running_s += time.perf_counter() - start
        self._steps_timed += 1
        if self.steps_done >= self.total_steps:
            self._finish()
        else:
            self._maybe_report()

    @property
    def _evaluate_every(self) -> int:
        """Steps between evaluations: ``EVALUATIONS`` of them, fewer where they would cost more than the training.

        A step runs forward and backward, about three times the cost of evaluating an example.
        """
        return max(
            (_apart(self.total_steps, len(r.data.validation), r.settings.batch_size) for r in self.runs), default=1
        )

    def _settle(self) -> None:
        """Read the pending records, so that a non-finite loss is noticed now."""
        for run in self.runs:
            run.finish()

    def _finish(self) -> None:
        self._settle()
        if self._evaluate:
            with self._between():
                self._ask_about("test set")
                for run in self.runs:
                    self._evaluate_on("validation", run)
                    self._evaluate_on("test", run)
        self._finished(self)
        self._turn("finished")

    @contextmanager
    def _between(self) -> Iterator[None]:
        """While this lasts, evaluations are due that not all runs have yet."""
        self.measuring = True
        try:
            yield
        finally:
            self.measuring = False

    def _evaluate_on(self, split: str, run: Distillation) -> None:
        if getattr(run.data, split).labelled:
            run.evaluate(split, progress=self._keep_loading)

    def _turn(self, state: State, message: str = "") -> None:
        self.state = state
        self.message = message or self.message
        if state not in ("running", "loading"):
            self._leave_line()
        self._next_report = time.perf_counter() + 1 / REPORTS_PER_SECOND
        self._report(self)

    def _maybe_report(self) -> None:
        now = time.perf_counter()
        if now < self._next_report:
            return
        self._next_report = now + 1 / REPORTS_PER_SECOND
        self._report(self)
        time.sleep(0.001)  # lets others acquire a run's lock, or the interpreter's


def _apart(total_steps: int, examples: int, batch_size: int) -> int:
    """Return how many steps lie between evaluations on so many examples."""
    affordable = min(math.ceil(examples / (3 * batch_size)), total_steps // FEWEST_EVALUATIONS)
    return max(1, math.ceil(total_steps / EVALUATIONS), affordable)


def evaluations(total_steps: int, examples: int, batch_size: int) -> int:
    """Return how often a run of so many steps is evaluated on validation data, before its first step included.

    >>> evaluations(1920, 5000, 128)
    61
    """
    return total_steps // _apart(total_steps, examples, batch_size) + 1


def _nothing(_: Runner) -> None:
    """Do nothing: the default callback."""


def _sentence(error: Exception) -> str:
    """Return an error as one sentence for a status line; an unexpected one with its type."""
    text = " ".join(str(error).split()) or "no message"
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "can't allocate memory" in text):
        return NO_MEMORY
    ours = isinstance(error, ValueError | TypeError | FileNotFoundError | FloatingPointError | Cancelled)
    return text if ours else f"{type(error).__name__}: {text}"
