"""Which runs train side by side: the student and its twins, branches, and the same again with other seeds."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ...distill import Distillation, Runner, checks
from ...distill.current_settings import CurrentSettings
from ...distill.evaluate import evaluate
from ...distill.live import OF_OBJECTIVE
from ...distill.runner import KeepGoing
from ...distill.twin import SHARED
from ...measure import PairedErrors
from ...words import mark, number, t
from ..live.roster import MOST, Entry, Roster, paired_on_test
from . import verdict
from .repeats import Repeats, can_repeat, with_twins
from .time_travel import TimeTravel

TWINS = ("twin", "smoothed")


class RunGroups:
    """Makes groups of runs for the runner, puts them on the roster, and says how they compare.

    Methods that take the runner are called on its thread, between two steps, unless they say otherwise.

    Attributes
    ----------
    repeats : Repeats or None
        The seeds trained so far.
    repeating : bool
        Whether other seeds are being trained now.
    """

    def __init__(self, roster: Roster, travel: TimeTravel) -> None:
        self._roster, self._travel = roster, travel
        self._made = 0  # keys given out
        self._groups = 0
        self._joining: list[tuple[Distillation, dict[str, Any]]] = []
        self.clear()

    def clear(self) -> None:
        """Forget all runs."""
        self._roster.clear()
        self._joining.clear()
        self._differences: dict[str, PairedErrors] = {}
        self._seeds: list[dict[str, int]] = []  # test errors by role
        self._can_repeat = False
        self.repeats: Repeats | None = None
        self.repeating = False

    @property
    def verdict(self) -> str:
        """What the difference between student and twins is worth; empty before there is one."""
        over_seeds = verdict.of_seeds(self._seeds)
        return over_seeds or verdict.of_one_run(self._differences, can_repeat=self._can_repeat)

    @property
    def results(self) -> dict[str, Any]:
        """The numbers behind the verdict, JSON-able."""
        differences = {role: asdict(one) for role, one in self._differences.items()}
        return {"differences": differences, "seeds": self._seeds, "can_repeat": self._can_repeat}

    @property
    def coming_key(self) -> str:
        """The key that the next student will have."""
        return f"run-{self._made + 1}"

    def _key(self) -> str:
        key = self.coming_key
        self._made += 1
        return key

    def begin(self, run: Distillation, *, smoothing: bool) -> Sequence[Distillation]:
        """Return the student's run and its twins, which join the roster when the runner has taken them."""
        labelled = run.data.train.labelled > 0
        roles = ["student", *(role for role in TWINS if labelled and (role == "twin" or smoothing))]
        runs = with_twins(run, roles)
        self._groups += 1
        self._joining = [(r, {"role": role, "group": self._groups}) for r, role in zip(runs, roles, strict=True)]
        return runs

    def branch_from(self, runner: Runner, key: str, step: int | None, edits: dict[str, Any]) -> None:
        """Have the runner train a branch of the run ``key`` from ``step`` (None: from now). From any thread.

        Raises
        ------
        ValueError, TypeError
            In one sentence, if there cannot be such a branch; nothing is changed then.
        """
        parent = self._roster.get(key)
        if parent is None:
            raise ValueError(t("there is no run to branch from yet; press Train first"))
        if self.repeating:
            raise ValueError(t("other seeds are being trained; stop them before you branch"))
        at = parent.run.steps_done if step is None else checks.whole("step", step)
        if not 0 <= at <= parent.run.steps_done:
            last = number(parent.run.steps_done)
            raise ValueError(t("a branch must begin in 0 ... {last}, the steps done, got {step}", last=last, step=at))
        given = changed_at(parent.run, at, checked_edits(parent.run, edits))
        if len(self._roster) >= MOST:
            raise ValueError(t("the page holds at most {n} runs; remove a branch before you make another", n=MOST))
        runner.send("turn_to", build=lambda _: self.branch(parent, at, given))

    def branch(self, parent: Entry, step: int, edits: dict[str, float]) -> Sequence[Distillation]:
        """Return a branch of a run on the page, and one of its twin where an edit concerns the twin too."""
        parents = [parent]
        twin = self._roster.role("twin")
        if set(SHARED) & set(edits) and twin is not None and parent.role in ("student", "branch"):
            parents.append(twin)
        self._groups += 1
        joining = []
        for one in parents:
            kept = {name: value for name, value in edits.items() if name in one.run.editable}
            note = mark("no teacher") if one is not parent else ""
            more = {"role": "branch", "group": self._groups, "start": step, "note": note, "parent": one.key}
            joining.append((one.run.branch(min(step, one.run.steps_done), **kept), more))
        self._joining = joining
        return [run for run, _ in joining]

    def record(self, runner: Runner) -> str | None:
        """Record the runs in hand; return the key of a run that came to the page now and should be shown."""
        fresh = None
        for run, more in self._joining:
            if any(run is r for r in runner.runs):
                parent = more.pop("parent", None)
                entry = self._roster.add(run, more.pop("role"), key=self._key(), **more)
                fresh = fresh or entry.key
                if parent is not None:
                    self._travel.branch_film(parent, entry.key, entry.start or 0)
        self._joining = [(run, more) for run, more in self._joining if "role" in more]
        entries = self.in_hand(runner)
        for entry in entries:
            _remember_best(entry)
        self._travel.record(entries)
        return fresh

    def in_hand(self, runner: Runner) -> list[Entry]:
        """Return the entries of the runs that the runner has; none while other seeds are trained. From any thread."""
        return [entry for entry in self._roster if any(entry.run is run for run in runner.runs)]

    def finished(self, runner: Runner) -> None:
        """Compare the runs that have ended; while repeating, go on with the next seed."""
        if self.repeating and self.repeats is not None and not self.in_hand(runner):
            self.repeats.take(runner.runs)
            self._seeds = self.repeats.test_errors
            if self.repeats.done:
                self.end_repeats(runner)
            else:
                runner.send("turn_to", build=self.repeats.build)
            return
        entries = self.in_hand(runner)
        for entry in entries:
            _test_best(entry)
        if any(entry.role == "student" for entry in entries) and not self.repeats:
            beside = ("student", *TWINS)
            self._differences = paired_on_test({e.role: e.run for e in entries if e.role in beside})
            self._can_repeat = can_repeat(entries[0].run)

    def repeat(self, runner: Runner, seeds: int) -> None:
        """Begin to train the student's group again with other seeds. From any thread."""
        student = self._roster.student
        if self.repeating:
            raise ValueError(t("other seeds are being trained already; stop them before you begin anew"))
        if student is None or not student.run.history.evaluated("test"):
            raise ValueError(t("train the run on the page to its end first; then repeat it with other seeds"))
        if not can_repeat(student.run):
            raise ValueError(t("the student is a model of your own; kdviz cannot build it anew with another seed"))
        group = [(entry.role, entry.run) for entry in self._roster.group(student.group)]
        self.repeats = Repeats(group, seeds)
        self.repeating = True
        runner.send("turn_to", build=self.repeats.build)

    @property
    def now_repeating(self) -> tuple[int, int] | None:
        """Which seed is being trained, of how many; None while none is."""
        if not self.repeating or self.repeats is None:
            return None
        return min(len(self.repeats.results) + 1, self.repeats.seeds), self.repeats.seeds

    def bands(self) -> list[dict[str, Any]]:
        """Return what the seeds so far span, for ``Scene.bands``. From any thread."""
        return self.repeats.bands() if self.repeats is not None else []

    def take_up(self, saved: list[dict[str, Any]], runs: dict[str, Distillation], results: Mapping[str, Any]) -> None:
        """Put kept runs on the roster again, under new keys; entries in ``saved`` and ``runs`` use the old keys.

        ``results`` are those of :attr:`results`.
        """
        self.clear()
        names = ("start", "colour", "hidden", "note", "own_name", "number")
        for entry in saved:
            more = {name: entry[name] for name in names if name in entry}
            self._roster.add(runs[entry["key"]], entry["role"], key=self._key(), group=int(entry["group"]), **more)
            self._groups = max(self._groups, int(entry["group"]))
        self._differences = {role: PairedErrors(**one) for role, one in results.get("differences", {}).items()}
        self._seeds = list(results.get("seeds", []))
        self._can_repeat = bool(results.get("can_repeat"))

    def end_repeats(self, runner: Runner) -> None:
        """Turn back to the runs on the page. From any thread."""
        self.repeating = False
        student = self._roster.student
        if student is not None:
            self.turn_to(runner, student, train=False)

    def turn_to(self, runner: Runner, entry: Entry, *, train: bool) -> None:
        """Have the runner take the group of an entry in hand again. From any thread."""
        runs = [e.run for e in self._roster.group(entry.group)]

        def build(_: KeepGoing) -> Sequence[Distillation]:
            return runs

        runner.send("turn_to", build=build, train=train)


def _remember_best(entry: Entry) -> None:
    """Keep a copy of the weights whenever the run is at its best on validation data."""
    run = entry.run
    step = run.best_step("validation")
    if step == run.steps_done and (entry.best_weights is None or entry.best_weights[0] != step):
        weights = {name: tensor.detach().clone() for name, tensor in run.student.state_dict().items()}
        entry.best_weights = (step, weights)


def _test_best(entry: Entry) -> None:
    """Evaluate the student as it was at its best validation step on the test set."""
    run, step = entry.run, entry.run.best_step("validation")
    tested = run.history.evaluated("test")
    if step is None or not tested:
        return
    if step == run.steps_done:
        entry.best_test = tested[-1]
        return
    if entry.best_weights is not None and entry.best_weights[0] == step:
        student = copy.deepcopy(run.student)
        student.load_state_dict(entry.best_weights[1])
    else:
        student = run.at(step)
    entry.best_test = evaluate(student.eval(), run.data.test, step=step, split="test")


def changed_at(run: Distillation, step: int, edits: dict[str, float]) -> dict[str, float]:
    """Return the edits that change something: others than what is in force at ``step`` and stays so in this run."""
    now = CurrentSettings(run.settings, run.steps_per_epoch)
    now.enter(step, run.history.edits)
    there = {**{name: now.objective.value(name) for name in OF_OBJECTIVE}, "learning_rate": now.learning_rate}
    later = {edit.name for edit in run.history.edits if edit.step > step}
    return {name: value for name, value in edits.items() if value != there[name] or name in later}


def checked_edits(run: Distillation, edits: dict[str, Any]) -> dict[str, float]:
    """Return edits that can be made on a run, as numbers; raise in one sentence otherwise."""
    given = {name: float(checks.number(name, value)) for name, value in edits.items()}  # type: ignore[arg-type]
    for name, value in given.items():
        if name not in run.editable:
            raise ValueError(f"this run can be branched with {', '.join(run.editable)}, got {name!r}")
        if name == "learning_rate":
            checks.check_numbers(learning_rate=value, batch_size=1, epochs=1)
        else:
            run.objective.edited(**{name: value})
    return given
