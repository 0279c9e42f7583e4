"""The Distillation Lab: a real student learns from a real teacher, beside its twins that have none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any

from torch import nn
from traitlets import Bunch

from ... import data as data_sets
from ... import models
from ...distill import Distillation, Objective, Runner, Teacher, checks
from ...distill.live import OF_OBJECTIVE, WITH_SLIDER
from ...distill.runner import Command, KeepGoing
from ...words import mark, t
from ..live import code, messages, status_text
from ..live.diagnosis import DiagnosisInput
from ..live.page import AT_REST, LIVE, UNDER_WAY
from ..live.panel import STATE_VERSION
from ..live.worker import LatestOnly
from ..views.probes import WatchedExamples, choose_watched
from . import choices as offered
from . import link, presets
from .choices import Choices
from .options import PageOptions, edits_made
from .page import CHOSEN_BY_SETUP, LabPage, setup_traits
from .run_groups import RunGroups
from .session import Session
from .time_travel import TimeTravel


class Lab(LabPage):
    """The flagship page: choose, train, watch, edit while it learns, go back in time, branch, compare.

    Parameters
    ----------
    run : Distillation, optional
        A run of your own, shown and trained here in place of the choices on the page. Its twins are made from it.
    **chosen
        What is trained: the fields of :class:`kdviz.panels.lab.choices.Choices` (data, labels, keep_unlabelled,
        teacher, units, layers, epochs, temperature, alpha, learning_rate, batch_size, seed, loss, omit, smoothing,
        fairness, penalty, group), not with ``run``. How the page opens: those of
        :class:`kdviz.panels.lab.options.PageOptions` (view, selected, preset, hidden, locked, temperature_range,
        alpha_range, fairness_range, epochs_range, edits).

    Attributes
    ----------
    run, twin, smoothed : Distillation or None
        The student's run and its twins'; None before training.

    Notes
    -----
    In a notebook, ``kd.panels.Lab()`` as the last line of a cell. Without a page, the same things by hand:
    ``lab.command("train")``, then ``lab.wait("finished")``.

    Its commands, besides those of every live page (:meth:`command`): "edit" (temperature, alpha, fairness,
    learning_rate), "branch" (step, and what is edited there), "repeat" (seeds), "show", "rename", "hide", "remove"
    (run, and its value), "preset" (name), "opening" (back to how the page opened), "take_up" or "forget" (kept).
    """

    title = mark("Distillation Lab")
    _messages = messages.LAB

    def __init__(self, run: Distillation | None = None, **chosen: Any) -> None:
        opening = {f.name: chosen.pop(f.name) for f in fields(PageOptions) if f.name in chosen}
        if run is not None and chosen:
            raise TypeError(f"Lab takes a run or choices, got a run and {', '.join(chosen)}; edit the run instead")
        super().__init__()
        self._own = run
        self._choices, self._opening = Choices.of(chosen), PageOptions(**opening)
        self._opened_with = self._choices, self._opening
        self._teachers: dict[str, Teacher] = {}
        self._watched: WatchedExamples | None = None
        self._watched_of = ("", "")  # data and teacher the examples were chosen with
        self._make_page(self._choices, self._opening, self._models_now, self._asked_about, own=run is not None)
        self._newest = LatestOnly("kdviz-answers")
        self._travel = TimeTravel(self.scene, self.roster, self._newest, self._publisher)
        self._groups = RunGroups(self.roster, self._travel)
        self._session = Session(
            self.roster, self._page_to_keep, self._title_of, partial(self._publisher.put, self.kept)
        )
        heard = (self.kept, self.presets, self.curves, self.runs, self.share)
        self._begin(heard, self._newest, self.controllers, self.drawing)

    def _listen(self) -> None:
        self.setup.observe(self._on_data, "dataset")
        self.setup.observe(self._on_choice, list(CHOSEN_BY_SETUP))
        self.setup.observe(self._on_live, "learning_rate")
        self.scene.observe(self._on_live, list(WITH_SLIDER))
        self.scene.observe(lambda _: self._travel.rest(), ["step", "shown_run"])
        self.scene.observe(lambda _: self._link(), ["view", "selected"])

    # What the page says

    def _check_not_late(self, command: str) -> None:
        """Refuse what would throw away the run under way: it was pressed before the page knew of that run."""
        if command in ("preset", "take_up") and self._runner.state in UNDER_WAY:
            raise ValueError(t("a run is under way; Stop or Reset it first"))

    def _opened(self, browser: str, query: str) -> None:
        """The page has opened: whose browser it is, and with which link it was called."""
        if self._own is not None:
            return
        try:
            self._session.begin(browser)
            if self._session.notice:
                self._say(self._session.notice)
        except ValueError as error:
            self._say(str(error))
        if query and not self.roster:
            found = link.follow(query)
            if found.left_out:
                self._publisher.put(self.share, note=status_text.as_sentence(found.note))
            if found.names:
                self._open_as(found.state)

    def _commands(self) -> dict[str, Callable[..., None]]:
        return {
            **super()._commands(),
            "edit": lambda **changes: self._runner.send("edit", **changes),
            "branch": self._branch,
            "repeat": lambda seeds=5: self._groups.repeat(self._runner, checks.whole("seeds", seeds)),
            "show": self._show_run,
            "rename": lambda run, name: self._with_rows(self.roster.rename, run, name),
            "hide": lambda run, hidden=True: self._with_rows(self.roster.hide, run, bool(hidden)),
            "remove": self._remove,
            "preset": self._take_preset,
            "opening": lambda: self._open_with(*self._opened_with),
            "take_up": self._take_up,
            "forget": lambda kept: self._session.forget(str(kept)),
        }

    def _go_on(self, command: Command) -> None:
        shown = self.roster.get(self.scene.shown_run)
        in_hand = self._groups.in_hand(self._runner)
        if shown is not None and in_hand and shown not in in_hand and not shown.finished:
            self._groups.turn_to(self._runner, shown, train=command == "train")
            return
        if self._own is None:
            super()._go_on(command)
        else:
            self._runner.send(command)

    def _stop(self) -> None:
        super()._stop()
        if self._groups.repeating:
            self._groups.end_repeats(self._runner)

    def _branch(self, step: int | None = None, **edits: float) -> None:
        self._groups.branch_from(self._runner, self.scene.shown_run, step, edits)

    def _show_run(self, run: str) -> None:
        entry = self.roster.get(str(run))
        if entry is None:
            raise ValueError(t("there is no run {name} on the page", name=repr(run)))
        self._publisher.put(self.scene, shown_run=entry.key, step=None)
        at_rest = self._runner.state in AT_REST and not self._groups.repeating
        if at_rest and entry not in self._groups.in_hand(self._runner):
            self._groups.turn_to(self._runner, entry, train=False)

    def _with_rows(self, change: Callable[..., None], run: str, value: Any) -> None:
        """Change what the reader made of a run, and show it."""
        change(str(run), value)
        self._show_runs(self._groups, self._runner.state)

    def _remove(self, run: str) -> None:
        entry = self.roster.get(str(run))
        in_hand = self._groups.in_hand(self._runner)
        if entry is None or not self.roster.remove(entry.key):
            raise ValueError(t("only a branch can be removed; Reset begins anew"))
        self.scene.drop(entry.key)
        student = self.roster.student
        if student is not None and (self.scene.shown_run == entry.key or entry in in_hand):
            self._publisher.put(self.scene, shown_run=student.key, step=None)
            self._groups.turn_to(self._runner, student, train=False)
        self._show_runs(self._groups, self._runner.state)

    def _take_preset(self, name: str) -> None:
        limits = replace(self._opened_with[1], view="one", selected=-1, preset="", edits=())
        if not name:
            self._open_with(Choices(), limits)
            return
        preset = presets.BY_NAME.get(str(name))
        if preset is None:
            raise ValueError(f"preset must be one of {', '.join(presets.BY_NAME)}, got {name!r}")
        self._open_with(Choices(**preset.choices), replace(limits, view=preset.view, preset=name))

    def _open_as(self, state: dict[str, Any]) -> None:
        """Open the page as a link says, and keep that as its start."""
        opening = PageOptions(**{f.name: state[f.name] for f in fields(PageOptions)})
        self._opened_with = Choices(**{f.name: state[f.name] for f in fields(Choices)}), opening
        self._open_with(*self._opened_with)

    def _open_with(self, choices: Choices, opening: PageOptions) -> None:
        """Let the run go and open the page anew."""
        self._choices, self._opening = choices, opening
        self._publisher.put(self.transport, state="loading", status=t("Opening the page."))
        self._reset(self._show_opening)

    # What is chosen

    def _on_data(self, change: Bunch) -> None:
        if change.new != self._choices.data:
            self._publisher.put(
                self.transport, state="loading", status=t("Opening {name}.", name=data_sets.load(change.new).title)
            )
            self._reset(lambda: self._open(change.new))

    def _on_choice(self, change: Bunch) -> None:
        if getattr(self._choices, change.name) == change.new:
            return
        try:
            self._choices = replace(self._choices, **{change.name: change.new})
        except ValueError as error:
            self._say(str(error))
            return
        self._outdated = bool(self._runner.runs)  # what is on the page belongs to the run that was
        if not self._outdated and change.name in ("teacher", "units", "layers", "omit", "loss"):
            self._show_soon()
        else:
            self._turns.call(self._show_plan)
        if change.name == "layers":
            self._publisher.put(self.setup, students=list(offered.student_rows(self._choices.data, change.new)))
        if self._choices.alpha != self.scene.alpha:  # without labels only the teacher is left to learn from
            self._publisher.put(self.scene, alpha=self._choices.alpha)

    def _on_live(self, change: Bunch) -> None:
        if getattr(self._choices, change.name) == change.new:
            return
        try:
            self._choices = replace(self._choices, **{change.name: change.new})
        except ValueError as error:
            self._say(str(error))
        if getattr(self._choices, change.name) != change.new:  # without labels only the teacher is left to learn from
            self._publisher.put(change.owner, **{change.name: getattr(self._choices, change.name)})
            return
        if self._runner.runs and self._runner.state in LIVE and not self._groups.repeating:
            self._runner.send("edit", **{change.name: change.new})
        self._link()

    def _let_go(self) -> None:
        self._groups.clear()

    def _finished(self, runner: Runner) -> None:
        self._groups.finished(runner)

    def _build(self, keep_going: KeepGoing) -> Sequence[Distillation]:
        """Make the student's run and its twins' as chosen, and ask the teacher about the transfer set."""
        run = self._own
        if run is None:
            run = self._choices.distillation(self._teacher(self._choices.teacher))
            run.history.edits.extend(edit for edit in self._opening.waiting() if edit.name in run.editable)
        run.prepare(keep_going)
        return self._groups.begin(run, smoothing=self._choices.smoothing)

    def _teacher(self, name: str) -> Teacher:
        """Return a shipped teacher with the answers it gave before."""
        if name not in self._teachers:
            self._teachers[name] = Teacher(models.pretrained(name))
        return self._teachers[name]

    # What is shown

    def _open(self, data: str) -> None:
        """Turn to another data set: its teachers, its labels, its examples."""
        self._choices = self._choices.with_data(data)
        self._publisher.put(self.setup, **setup_traits(self._choices, self._opening))
        self._show_chosen()

    def _show_opening(self) -> None:
        """Show the page as it is chosen and opened now."""
        self._show_choices(self._choices, self._opening)
        self._watched_of = ("", "")  # the selection too
        self._show_chosen()

    def _show_chosen(self) -> None:
        """Show what there is before the first step: examples, teacher, an untrained student, an empty plot.

        What the reader has in hand (T, alpha, choices) is never sent back: it would undo what was set meanwhile.
        """
        self._asked_to_show = False
        c, own = self._choices, self._own
        teacher = own.teacher if own is not None else self._teacher(c.teacher)
        if teacher is None:
            raise ValueError("expected a run with a teacher, which the Lab shows beside its student; got one without")
        data = own.data if own is not None else data_sets.load(c.data)
        student = own.student if own is not None else c.student()
        if self._watched is None or self._watched_of != (data.name, c.teacher):
            self._watched, self._watched_of = choose_watched(teacher.module, data), (data.name, c.teacher)
            self._travel.watch(self._watched.examples)
            self._show_examples(self._watched, data, self._opening.selected)
        self._show_no_run(c, teacher.module, student)
        self._travel.open(self._groups.coming_key, student)
        self.controllers.refresh()
        self._show_plan()

    def _show_plan(self) -> None:
        """Show how long the next run will be, unless a run is on the page."""
        self._publisher.put(self.scene, penalty=status_text.penalty(self._objective))
        if not self._runner.runs:
            self._publisher.put(self.scene, total_steps=self._planned_steps)
        self._link()
        self._report(self._runner)

    @property
    def _objective(self) -> Objective:
        """The objective of the run on the page, or of the one that would be made."""
        run = self.run
        return run.settings.objective if run is not None else self._choices.objective()

    @property
    def _planned_steps(self) -> int:
        return self._own.total_steps if self._own is not None else self._choices.steps

    def _record(self, runner: Runner) -> None:
        """Record the runs in hand; what has just come to the page is shown."""
        if runner is self._runner:
            fresh = self._groups.record(runner)
            if fresh is not None:
                self._publisher.put(self.scene, shown_run=fresh, step=None)
            self.controllers.refresh()

    def _show_runner(self, runner: Runner) -> None:
        state = "running" if self._groups.repeating and runner.state == "finished" else runner.state
        if state in AT_REST or self._session.due:
            self._keep(state)  # first, so that what is shown as kept is on the disk
        self._show_progress(runner, state, self._session.problem if state in AT_REST else "")
        locked = status_text.locked_reason(runner)
        self._publisher.put(self.setup, locked=bool(locked), locked_reason=locked)
        in_hand = self._groups.in_hand(runner)
        live = in_hand[0].run if in_hand and state != "finished" else None
        self._publisher.put(self.scene, state=state, in_force=status_text.in_force(live) if live is not None else {})
        self._show_runs(self._groups, state)
        if in_hand and state == "running":
            self._travel.record_if_due(in_hand)
        elif in_hand and state in AT_REST:
            self._rest()

    def _rest(self) -> None:
        """Training rests: the views get exact numbers, and the page shows the code of its run."""
        self._travel.record(self._groups.in_hand(self._runner))
        self._travel.rest()
        self.controllers.refresh()
        self._link(with_code=True)

    def _link(self, *, with_code: bool = False) -> None:
        """Show the link that opens the page as it is, and the code of the run shown."""
        if self._own is not None:
            return
        shown = self.roster.get(self.scene.shown_run)
        program = code.program(shown.run) if with_code and shown is not None else None
        try:
            self._show_link(self.state, program)
        except ValueError as error:
            self._publisher.put(self.share, note=status_text.as_sentence(str(error)))

    def _models_now(self) -> tuple[nn.Module, nn.Module, Any, int, str]:
        """Return teacher, student, its lock if it is learning, its step and its name: as they are at the cursor."""
        entry, student = self.roster.get(self.scene.shown_run), self.roster.student
        if entry is None or student is None or student.run.teacher is None:
            teacher = self._own.teacher if self._own is not None else self._teacher(self._choices.teacher)
            untrained = self._own.student if self._own is not None else self._choices.student()
            assert teacher is not None, "a Lab without a teacher does not open"
            return teacher.module, untrained, None, 0, status_text.name_of(untrained)
        run, step = entry.run, self.scene.step
        if step is None or step >= run.steps_done:
            return student.run.teacher.module, run.student, run.lock, run.steps_done, entry.name
        return student.run.teacher.module, self._travel.student_at(entry, step), None, step, entry.name

    def _asked_about(self) -> DiagnosisInput | None:
        """Return the student's run, its twin and the seeds so far, for who asks why it did (not) help."""
        if self.run is None:
            return None
        repeats = self._groups.repeats
        tests = [r.test_errors for r in repeats.results] if repeats is not None else []
        seeds = [(float(t["student"]), float(t["twin"])) for t in tests if {"student", "twin"} <= set(t)]
        return DiagnosisInput(self.run, self.twin, seeds if len(seeds) > 1 else ())

    # What is kept

    def _page_to_keep(self) -> dict[str, Any]:
        return {
            "choices": self._choices.to_dict(),
            "opening": self._opening.to_dict(),
            "shown": self.scene.shown_run,
            "results": self._groups.results,
        }

    def _keep(self, state: str) -> None:
        """Write what is on the page, if the browser said who it is. Between two steps."""
        if self._own is None:
            self._session.save(self.scene.films, title=self._choices.data, state=state)

    @staticmethod
    def _title_of(choices: Mapping[str, Any]) -> str:
        """Return what was trained, in a few words."""
        name = choices.get("data", "")
        data = data_sets.load(name).title if name in data_sets.names() else name
        return t("{data}, {units} hidden units", data=data, units=choices.get("units", ""))

    def _take_up(self, kept: str) -> None:
        """Go on with a run that was kept."""
        self._publisher.put(self.transport, state="loading", status=t("Resuming the kept run."))
        self._reset(lambda: None)
        self._runner.send("turn_to", build=lambda _: self._taken_up(str(kept)), train=False)

    def _taken_up(self, kept: str) -> Sequence[Distillation]:
        """Put what was kept on the page; return the runs that were in hand."""
        session, runs, films = self._session.load(kept, self._teacher)
        self._choices, self._opening = Choices(**session["choices"]), PageOptions(**session["opening"])
        self._show_opening()
        self._groups.take_up(session["entries"], runs, session.get("results", {}))
        keys = {saved["key"]: entry.key for saved, entry in zip(session["entries"], self.roster, strict=True)}
        self.scene.drop()
        self.scene.films.update({keys[old]: film for old, film in films.items()})
        shown = self.roster.get(keys.get(session["shown"], "")) or next(iter(self.roster))
        self._publisher.put(self.scene, shown_run=shown.key, step=None)
        self._session.offer()
        return [entry.run for entry in self.roster.group(shown.group)]

    # What others ask

    @property
    def run(self) -> Distillation | None:
        student = self.roster.student
        return student.run if student is not None else self._own

    @property
    def twin(self) -> Distillation | None:
        entry = self.roster.role("twin")
        return entry.run if entry is not None else None

    @property
    def smoothed(self) -> Distillation | None:
        entry = self.roster.role("smoothed")
        return entry.run if entry is not None else None

    def _status_of(self, runner: Runner) -> str:
        """Return the status line of a runner; one that was just reset may still report."""
        return status_text.status(runner, outdated=self._outdated, repeats=self._groups.now_repeating)

    @classmethod
    def check_settings(cls, settings: Mapping[str, Any]) -> None:
        link.as_given({"version": STATE_VERSION, "panel": cls.__name__, **settings})

    @property
    def settings(self) -> dict[str, Any]:
        if self._own is not None:
            raise ValueError("this Lab shows a run of your own; save the run (run.save) instead of the panel's state")
        run, begun, edits = self.run, {}, self._opening.edits
        made = edits_made(run) if run is not None else ()
        if run is not None and made:  # they lead from these to what is in force
            objective, edits = run.settings.objective, made
            values = {name: objective.value(name) for name in OF_OBJECTIVE}
            begun = {name: value for name, value in values.items() if value is not None}
            begun["learning_rate"] = run.settings.learning_rate
        selected = self.scene.selected
        if self._watched is not None and selected == self._watched.first:
            selected = -1  # the page's own choice
        opening = replace(self._opening, view=self.scene.view, selected=selected, edits=edits)
        return {**self._choices.to_dict(), **begun, **opening.to_dict()}

    def _forget(self) -> None:
        self._groups.clear()
        self._travel.forget()
        self.controllers.forget()
        self.scene.films.clear()
        self._teachers.clear()
        self._own = self._watched = None
