"""Which runs train side by side: the student and its twins, branches, and the same again with other seeds."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ...distill import Distillation, Evaluation, RunName, Runner, checks
from ...distill.courses import chosen_number
from ...distill.current_settings import CurrentSettings
from ...distill.evaluate import evaluate
from ...distill.live import OF_OBJECTIVE, WITH_SLIDER
from ...distill.runner import KeepGoing
from ...distill.twin import SHARED, labels_alone
from ...measure import PairedErrors, paired
from ...words import mark, number, t
from ..live.roster import MOST, Entry, Roster, difference_row, paired_on_test
from . import verdict
from .choices import Choices
from .outcome import same_network
from .repeats import Repeats, can_repeat, with_twins
from .time_travel import TimeTravel

TWINS = ("twin", "smoothed")


@dataclass
class Results:
    """What is known of how the runs of a round compare.

    Attributes
    ----------
    differences : dict of str to PairedErrors
        In test errors, the student's − a twin's, by the twin's role.
    branches : dict of str to PairedErrors
        A branch's − those of the run that it left, by the branch's key.
    same : tuple of str
        Roles of the twins that have the student's weights, bit for bit.
    seeds : list of dict
        Test errors by role, seed by seed.
    repeats : Repeats or None
        The seeds trained so far.
    """

    differences: dict[str, PairedErrors] = field(default_factory=dict)
    branches: dict[str, PairedErrors] = field(default_factory=dict)
    same: tuple[str, ...] = ()
    seeds: list[dict[str, int]] = field(default_factory=list)
    can_repeat: bool = False
    repeats: Repeats | None = None


class RunGroups:
    """Makes groups of runs for the runner, puts them on the roster, and says how they compare.

    Methods that take the runner are called on its thread, between two steps, unless they say otherwise.

    Attributes
    ----------
    repeating : bool
        Whether other seeds are being trained now.
    """

    def __init__(self, roster: Roster, travel: TimeTravel) -> None:
        self._roster, self._travel = roster, travel
        self._made = 0  # keys given out
        self._groups = 0
        self._results: dict[int, Results] = {}  # by round
        self._joining: list[tuple[Distillation, dict[str, Any]]] = []
        self.repeating = False

    def clear(self) -> None:
        """Forget all runs."""
        self._roster.clear()
        self._results.clear()
        self.leave()

    def leave(self) -> None:
        """Forget what was about to come to the page, or to be repeated; the runs that are there stay."""
        self._joining.clear()
        self.repeating = False

    def drop_round(self, number: int) -> Results:
        """Forget how the runs of a round compared, and return it."""
        return self._results.pop(number, Results())

    def put_back(self, number: int, results: Results) -> None:
        self._results[number] = results

    @property
    def _now(self) -> Results:
        """The results of the round in hand."""
        return self._results.setdefault(self._roster.in_hand, Results())

    @property
    def repeats(self) -> Repeats | None:
        """The seeds trained so far."""
        return self._now.repeats

    def verdict_on(self, shown: Entry | None) -> str:
        """Return what the difference between the run shown and those beside it is worth; empty before there is one."""
        if shown is not None and shown.role == "branch":
            difference = self._now.branches.get(shown.key)
            parent = self._roster.get(shown.parent)
            return verdict.of_branch(shown.name, parent.name, difference) if difference and parent else ""
        over_seeds = verdict.of_seeds(self._now.seeds)
        return over_seeds or verdict.of_one_run(self._now.differences, self._now.same)

    @property
    def verdict(self) -> str:
        """What the difference between student and twins is worth."""
        return self.verdict_on(None)

    def caveat_on(self, shown: Entry | None) -> str:
        """Return what the intervals of that verdict do not hold; empty over several seeds, and of a branch."""
        now = self._now
        if verdict.of_seeds(now.seeds) or (shown is not None and shown.role == "branch"):
            return ""
        return verdict.caveat(now.differences, now.same, can_repeat=now.can_repeat)

    @property
    def against_twin(self) -> dict[str, Any]:
        """The difference in test errors, student − twin, for ``LearningCurves.against``; empty before there is one."""
        seeds = [one["student"] - one["twin"] for one in self._now.seeds if {"student", "twin"} <= set(one)]
        if len(seeds) > 1:
            return difference_row(paired(seeds), seeds, self._first_seed)
        one_run = self._now.differences.get("twin")
        return {} if one_run is None else difference_row(one_run, [one_run.mean], self._first_seed)

    @property
    def _first_seed(self) -> int:
        student = self._roster.student
        return student.run.settings.seed if student is not None else 0

    def results_of(self, number: int) -> dict[str, Any]:
        """Return the numbers behind the verdicts of a round, JSON-able."""
        known = self._results.get(number, Results())
        return {
            "differences": {role: asdict(one) for role, one in known.differences.items()},
            "branches": {key: asdict(one) for key, one in known.branches.items()},
            "same": list(known.same),
            "seeds": known.seeds,
            "can_repeat": known.can_repeat,
        }

    @property
    def results(self) -> dict[str, Any]:
        """The numbers behind the verdict, JSON-able."""
        return self.results_of(self._roster.in_hand)

    @property
    def differences(self) -> Mapping[str, PairedErrors]:
        """Student − twin on the test set, by the twin's role."""
        return self._now.differences

    @property
    def same(self) -> tuple[str, ...]:
        """Roles of the twins that have the student's weights, bit for bit."""
        return self._now.same

    @property
    def seeds(self) -> Sequence[Mapping[str, int]]:
        """Test errors by role, seed by seed; empty before the run was repeated."""
        return self._now.seeds

    @property
    def coming_key(self) -> str:
        """The key that the next student will have."""
        coming = self._made + 1
        while self._roster.get(f"run-{coming}") is not None:
            coming += 1
        return f"run-{coming}"

    def _key(self) -> str:
        key = self.coming_key
        self._made = int(key.removeprefix("run-"))
        return key

    def begin(self, run: Distillation, *, smoothing: bool) -> Sequence[Distillation]:
        """Return the student's run and its twins, which join the roster when the runner has taken them."""
        twins = run.data.train.labelled > 0 and not learns_from_labels_alone(run)
        roles = ["student", *(role for role in TWINS if twins and (role == "twin" or smoothing))]
        runs = with_twins(run, roles)
        self._groups += 1
        self._joining = [(r, {"role": role, "group": self._groups}) for r, role in zip(runs, roles, strict=True)]
        return runs

    def adopt(self, run: Distillation, title: RunName | str | None = None) -> Entry:
        """Put a run on the roster that was trained elsewhere; its twins may come later."""
        self._groups += 1
        return self._roster.add(run, "student", key=self._key(), group=self._groups, title=title)

    @property
    def lacks_twin(self) -> bool:
        """Whether the student of the round in hand could have a twin and has none."""
        student = self._roster.student
        if student is None or self._roster.role("twin") is not None:
            return False
        run = student.run
        return run.data.train.labelled > 0 and not learns_from_labels_alone(run) and not run.plan.replay.lost

    def train_twins(self, runner: Runner, *, smoothing: bool) -> None:
        """Have the runner train the twins that the student has none of, from step 0 on. From any thread."""
        student = self._roster.student
        if student is None or not self.lacks_twin:
            raise ValueError(t("there is no run on the page that could have a twin and has none"))
        roles = [role for role in TWINS if role == "twin" or smoothing]

        def build(_: KeepGoing) -> Sequence[Distillation]:
            runs = with_twins(student.run, ["student", *roles])
            joining = zip(runs[1:], roles, strict=True)
            self._joining = [(run, {"role": role, "group": student.group}) for run, role in joining]
            return runs

        runner.send("turn_to", build=build)

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
                entry = self._roster.add(run, more.pop("role"), key=self._key(), **more)
                fresh = fresh or entry.key
                if entry.parent:
                    self._travel.branch_film(entry.parent, entry.key, entry.start or 0)
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
            self._now.seeds = self.repeats.test_errors
            if self.repeats.done:
                self.end_repeats(runner)
            else:
                runner.send("turn_to", build=self.repeats.build)
            return
        entries = self.in_hand(runner)
        for entry in entries:
            _test_best(entry)
        if any(entry.role == "student" for entry in entries) and not self.repeats:
            runs = {e.role: e.run for e in entries if e.role in ("student", *TWINS)}
            differences = self._now.differences = paired_on_test(runs)
            of = runs["student"].student
            self._now.same = tuple(role for role in differences if same_network(of, runs[role].student))
            self._now.can_repeat = can_repeat(entries[0].run)
        for entry in entries:
            parent = self._roster.get(entry.parent)
            if parent is not None and parent.run.history.evaluated("test"):
                both = {"student": entry.run, "parent": parent.run}
                self._now.branches[entry.key] = paired_on_test(both)["parent"]

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
        repeats = self._now.repeats = Repeats(group, seeds)
        self.repeating = True
        runner.send("turn_to", build=repeats.build)

    @property
    def now_repeating(self) -> tuple[int, int] | None:
        """Which seed is being trained, of how many; None while none is."""
        if not self.repeating or self.repeats is None:
            return None
        return min(len(self.repeats.results) + 1, self.repeats.seeds), self.repeats.seeds

    def bands(self) -> list[dict[str, Any]]:
        """Return what the seeds so far span, for ``Scene.bands``. From any thread."""
        return self.repeats.bands() if self.repeats is not None else []

    def take_up(
        self, saved: list[dict[str, Any]], runs: dict[str, Distillation], results: Mapping[str, Any]
    ) -> dict[str, str]:
        """Put kept runs on the roster's round in hand, under new keys; return these by the old ones.

        Entries in ``saved`` and ``runs`` use the old keys; ``results`` are those of :attr:`results`.
        """
        names = ("start", "colour", "hidden", "note", "own_name", "number")
        before, keys = self._groups, {entry["key"]: self._key() for entry in saved}
        for entry in saved:
            more = {name: entry[name] for name in names if name in entry}
            if entry.get("best_test"):
                more["best_test"] = Evaluation.from_dict(entry["best_test"])
            more |= {"parent": keys.get(entry.get("parent", ""), ""), "group": before + int(entry["group"])}
            self._roster.add(runs[entry["key"]], entry["role"], key=keys[entry["key"]], **more)
            self._groups = max(self._groups, more["group"])
        self._results[self._roster.in_hand] = Results(
            {role: PairedErrors(**one) for role, one in results.get("differences", {}).items()},
            {keys[key]: PairedErrors(**one) for key, one in results.get("branches", {}).items() if key in keys},
            tuple(results.get("same", ())),
            list(results.get("seeds", [])),
            bool(results.get("can_repeat")),
        )
        return keys

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


def learns_from_labels_alone(run: Distillation) -> bool:
    """Whether a run is what its twin would be."""
    objective = run.settings.objective
    return run.teacher is None and objective.weighted == labels_alone(objective).weighted


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


def as_in_force(choices: Choices, run: Distillation) -> Choices:
    """Return choices with the numbers that a run trains with now, where they can be chosen."""
    values = {name: run.objective.value(name) for name in WITH_SLIDER}
    for name, value in values.items():
        if value is not None:
            with suppress(ValueError):
                choices = replace(choices, **{name: chosen_number(value)})  # type: ignore[arg-type]
    return choices
