"""The Distillation Lab: a real student learns from a real teacher, beside its twins that have none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from torch import nn
from traitlets import Bunch

from ... import data as data_sets
from ... import models
from ...data import Splits
from ...distill import Distillation, Objective, Runner, Teacher, checks
from ...distill.courses import chosen_number
from ...distill.live import OF_OBJECTIVE, WITH_SLIDER
from ...distill.runner import Command, KeepGoing
from ...words import mark, t
from ..live import code, messages, status_text
from ..live.diagnosis import DiagnosisInput
from ..live.page import AT_REST, LIVE, UNDER_WAY
from ..live.panel import STATE_VERSION
from ..views.probes import WatchedExamples, choose_watched
from . import link, presets, recorded
from .choices import Choices
from .duration import estimated, rounded
from .earlier import SAME_EXAMPLES
from .followed import examples_followed
from .options import PageOptions, edits_made
from .page import CHOSEN_BY_SETUP, setup_traits, student_traits
from .page_runs import LabRuns
from .run_groups import as_in_force
from .samples import NO_SAMPLES, plain, samples


class Lab(LabRuns):
    """The flagship page: choose, train, watch, edit while it learns, go back in time, branch, compare.

    Parameters
    ----------
    run : Distillation, optional
        A run of your own, shown and trained here in place of the choices on the page. Its twins are made from it. One
        without a teacher (peers, a student that teaches itself, labels alone) is shown by its curves and its verdict.
    **chosen
        What is trained: the fields of :class:`kdviz.panels.lab.choices.Choices` (data, labels, keep_unlabelled,
        teacher, kind, units, layers, epochs, temperature, temperature_course, alpha, learning_rate, rate_course,
        optimizer, weight_decay, batch_size, seed, loss, omit, smoothing, fairness, penalty, group, extra, fault), not
        with ``run``. How the page opens: those of :class:`kdviz.panels.lab.options.PageOptions` (view, selected,
        preset, hidden, locked, temperature_range, alpha_range, fairness_range, epochs_range, edits).

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
    (run, and its value), "undo" (bring back what was removed last), "twins" (of a run that has none), "preset" (name),
    "opening" (back to how the page opened), "take_up", "forget" or "restore" (kept).
    """

    title = mark("Distillation Lab")
    links = link.LINK
    _messages = messages.LAB

    def __init__(self, run: Distillation | None = None, **chosen: Any) -> None:
        opening = {f.name: chosen.pop(f.name) for f in fields(PageOptions) if f.name in chosen}
        if run is not None and chosen:
            raise TypeError(f"Lab takes a run or choices, got a run and {', '.join(chosen)}; edit the run instead")
        super().__init__()
        self._own, self._looked_at = run, False
        self._choices, self._opening = Choices.of(chosen), PageOptions(**opening)
        asked = self._asked_for() if run is None else None
        if asked is not None:
            self._choices, self._opening = _opening_of(asked)
        if run is not None:
            self._choices = as_in_force(self._choices, run)
        self._opened_with = self._choices, self._opening
        self._teachers: dict[str, Teacher] = {}
        self._watched: WatchedExamples | None = None
        self._made_data: tuple[tuple[Any, ...], Splits] | None = None  # by what they were chosen with
        self._watched_of = ("", "", -1)  # data, teacher and class left out that the examples were chosen with
        alone = run is not None and run.teacher is None
        kind = {"own": run is not None, "alone": alone}
        self._make_page(self._choices, self._opening, self._models_now, self._asked_about, **kind)
        self._make_runs()
        heard = (self.kept, self.presets, self.curves, self.runs, self.share)
        self._begin(heard, self._newest, self.controllers, self.drawing)
        if run is not None and run.steps_done:
            self._adopt(run)

    def _listen(self) -> None:
        self.setup.observe(self._on_data, "dataset")
        self.setup.observe(self._on_choice, list(CHOSEN_BY_SETUP))
        self.setup.observe(self._on_live, "learning_rate")
        self.scene.observe(self._on_live, list(WITH_SLIDER))
        self.scene.observe(lambda _: self._travel.rest(), ["step", "shown_run"])
        self.scene.observe(lambda _: self._link(), ["view", "selected"])
        self.presets.observe(self._on_bet, "bet")
        self.scene.observe(lambda change: setattr(self, "_showing", change.new), "shown_run")

    # What the page says

    def _check_not_late(self, command: str) -> None:
        """Refuse what would throw away the run under way: it was pressed before the page knew of that run."""
        if command in ("preset", "take_up") and self._runner.state in UNDER_WAY:
            raise ValueError(t("a run is under way; stop or clear it first"))

    def _opened(self, browser: str, query: str) -> None:
        """The page has opened: whose browser it is, and with which link it was called."""
        if self._own is not None:
            return
        self._looked_at = True
        self._session.begin(browser)
        self._turns.call(self._show_plan)
        if self._session.notice or self._session.problem:
            self._say(self._session.notice or self._session.problem)
        if not self.roster:
            super()._opened(browser, query)

    def _commands(self) -> dict[str, Callable[..., None]]:
        return {
            **super()._commands(),
            "edit": lambda **changes: self._runner.send("edit", **changes),
            **self._run_commands(),
            **({"reset": self._clear_own} if self._own is not None else {}),
            "repeat": lambda seeds=5: self._groups.repeat(self._runner, checks.whole("seeds", seeds)),
            "preset": self._take_preset,
            "opening": lambda: self._open_with(*self._opened_with),
        }

    def _go_on(self, command: Command) -> None:
        shown = self._shown_entry
        in_hand = self._groups.in_hand(self._runner)
        others = shown is not None and shown.round == self.roster.in_hand and shown not in in_hand
        if shown is not None and in_hand and others and not shown.finished:
            self._groups.turn_to(self._runner, shown, train=command == "train")
        else:
            super()._go_on(command)

    def _stop(self) -> None:
        super()._stop()
        if self._groups.repeating:
            self._groups.end_repeats(self._runner)

    def _take_preset(self, name: str) -> None:
        limits = replace(self._opened_with[1], view="one", selected=-1, preset="", bet="", edits=())
        if not name:
            self._open_with(Choices(), limits)
            return
        preset = presets.BY_NAME.get(str(name))
        if preset is None:
            raise ValueError(f"preset must be one of {', '.join(presets.BY_NAME)}, got {name!r}")
        self._open_with(Choices(**preset.choices), replace(limits, view=preset.view, preset=name))

    def _open_as(self, state: dict[str, Any]) -> None:
        """Open the page as a link says, and keep that as its start."""
        self._opened_with = _opening_of(state)
        self._open_with(*self._opened_with)

    @property
    def _is_by_name(self) -> bool:
        return self._own is None

    def _unmet(self) -> str:
        opening = self._opened_with[1]
        count = len(self._watched.examples) if self._watched is not None else 0
        if opening.view not in self._offered:
            wanted = {"names": ", ".join(self._offered), "value": opening.view}
            return t("with these data, {name} must be one of {names}, got {value}", name="view", **wanted)
        if opening.selected >= count:
            return t("selected must be below {n}, got {value}", n=count, value=opening.selected)
        return ""

    def _open_with(self, choices: Choices, opening: PageOptions) -> None:
        """Let the run go and open the page anew."""
        self._leaving = self._made_now
        self._choices, self._opening = choices, opening
        self._publisher.put(self.transport, state="loading", status=t("Opening the page."))
        self._reset(self._show_opening)

    # What is chosen

    def _on_data(self, change: Bunch) -> None:
        if change.new != self._choices.data:
            self._publisher.put(
                self.transport, state="loading", status=t("Opening {name}.", name=data_sets.title(change.new))
            )
            self._reset(lambda: self._open(change.new))

    def _on_choice(self, change: Bunch) -> None:
        if getattr(self._choices, change.name) == change.new:
            return
        try:
            chosen = {change.name: change.new}
            now = self._choices
            self._choices = now.with_kind(change.new) if change.name == "kind" else replace(now, **chosen)
        except ValueError as error:
            self._say(str(error))
            return
        self._outdated = bool(self._runner.runs)  # what is on the page belongs to the run that was
        if not self._outdated and change.name in ("teacher", "kind", "units", "layers", "omit", "loss"):
            self._show_soon()
        else:
            self._turns.call(self._show_plan)
        if change.name == "layers":
            self._publisher.put(self.setup, **student_traits(self._choices))
        if change.name == "kind":  # and with it what is usual for it
            self._publisher.put(self.setup, **setup_traits(self._choices, self._opening))
        if self._choices.alpha != self.scene.alpha:  # without labels only the teacher is left to learn from
            self._publisher.put(self.scene, alpha=self._choices.alpha)

    def _on_bet(self, change: Bunch) -> None:
        if self.presets.chosen == self._opening.preset:
            self._opening = replace(self._opening, bet=change.new)

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

    def _finished(self, runner: Runner) -> None:
        self._groups.finished(runner)
        if self._groups.in_hand(runner):
            self._bets.finished()

    def _build(self, keep_going: KeepGoing) -> Sequence[Distillation]:
        """Make the student's run and its twins' as chosen, and ask the teacher about the transfer set."""
        run = self._own
        if run is not None:
            run = self._again(run) if run.steps_done else run
        else:
            run = self._choices.distillation(self._teacher(self._choices.teacher), self._data_chosen())
            run.history.edits.extend(edit for edit in self._opening.waiting() if edit.name in run.editable)
            self._bets.begin(self._choices)
        run.prepare(keep_going)
        return self._groups.begin(run, smoothing=self._choices.smoothing)

    def _data_chosen(self) -> Splits:
        """Return the data as chosen: those of an earlier run, or made once, to be shown and then learned from."""
        same = tuple(getattr(self._choices, name) for name in SAME_EXAMPLES)
        if self._made_data is None or self._made_data[0] != same:
            self._made_data = same, self._earlier.data_like(self._choices) or self._choices.splits()
        return self._made_data[1]

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
        self._watched_of = ("", "", -1)  # the selection too
        self._show_chosen()

    def _show_chosen(self) -> None:
        """Show what there is before the first step: examples, teacher, an untrained student, an empty plot.

        What the reader has in hand (T, alpha, choices) is never sent back: it would undo what was set meanwhile.
        """
        self._asked_to_show = False
        c, own = self._choices, self._own
        teacher = own.teacher if own is not None else self._teacher(c.teacher)
        if teacher is None:
            assert own is not None, "what is chosen on the page has a teacher"
            self._show_alone(c, own.student)
            self._showing = self._groups.coming_key
            self._show_plan()
            return
        data = own.data if own is not None else data_sets.load(c.data)
        student = own.student if own is not None else c.student()
        watched_of = (data.name, c.teacher, c.omit)
        if self._watched is None or self._watched_of != watched_of:
            seen = examples_followed(data.name, c.teacher) if own is None else ()
            self._watched = choose_watched(teacher.module, data, about=c.omit, followed=seen)
            self._watched_of = watched_of
            self._travel.watch(self._watched.examples)
            self._show_examples(self._watched, data, self._opening.shown_first(self._watched))
        self._offer_views(omitted=c.omit)  # which depends on the kind of student too
        self._show_no_run(c, teacher.module, student)
        self._showing = self._groups.coming_key
        self._travel.open(self._showing, student)
        self.controllers.refresh()
        self._show_plan()

    def _show_plan(self) -> None:
        """Show how long the next run will be, unless a run is on the page."""
        self._publisher.put(self.scene, penalty=status_text.penalty(self._objective))
        self._publisher.put(self.curves, ghost=recorded.ghost(self._choices) if self._own is None else {})
        if not self._runner.runs:
            self._publisher.put(self.scene, total_steps=self._planned_steps)
            self._takes = rounded(estimated(self._choices)) if self._looked_at else None
            if self._own is None:
                c = self._choices
                self._publisher.put(self.setup, **(NO_SAMPLES if plain(c) else samples(c, self._data_chosen())))
            self._show_earlier()
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
            self._bets.look(runner, self._opening.preset)
            if fresh is not None:
                self._show_in_views(fresh)
                if self._earlier.made_with(self.roster.in_hand) is None:
                    self._earlier.begin(self._made_now)
                self._show_earlier()
            self.controllers.refresh()

    def _show_runner(self, runner: Runner) -> None:
        state = "running" if self._groups.repeating and runner.state == "finished" else runner.state
        if state in AT_REST or (self._session.due and not runner.measuring):
            self._keep(state)  # first, so that what is shown as kept is on the disk
        self._show_progress(runner, state, self._session.problem if state in ("idle", *AT_REST) else "")
        locked = status_text.locked_reason(runner)
        self._publisher.put(self.setup, locked=bool(locked), locked_reason=locked)
        in_hand = self._groups.in_hand(runner)
        live = in_hand[0].run if in_hand and state != "finished" else None
        self._publisher.put(self.scene, state=state, in_force=status_text.in_force(live) if live is not None else {})
        self._show_runs(self._groups, state)
        self._publisher.put(self.presets, **self._bets.answer(self._opening.preset, self._opening.bet))
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
        shown = self._shown_entry
        program = code.program(shown.run) if with_code and shown is not None else None
        try:
            self._show_link(self.state, program)
        except ValueError as error:
            self._publisher.put(self.share, note=status_text.as_sentence(str(error)))

    def _models_now(self) -> tuple[nn.Module, nn.Module, Any, int, str]:
        """Return teacher, student, its lock if it is learning, its step and its name: as they are at the cursor."""
        entry, student = self._shown_entry, self.roster.student
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

    # What others ask

    @property
    def bet(self) -> str | int | None:
        """What the reader bets on the preset's question: the name of an answer, or a number of errors; None if not."""
        bet = self._opening.bet
        return int(bet) if bet.isdigit() else bet or None

    def _status_of(self, runner: Runner) -> str:
        """Return the status line of a runner; one that was just reset may still report."""
        return status_text.status(
            runner, outdated=self._outdated, repeats=self._groups.now_repeating, branch=self._branch_in_hand(runner)
        )

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
            values["learning_rate"] = run.settings.learning_rate
            begun = {name: chosen_number(value) for name, value in values.items() if value is not None}
        selected = self.scene.selected
        if self._watched is not None and selected == self._opening.own_choice(self._watched):
            selected = -1  # the page's own choice
        opening = replace(self._opening, view=self.scene.view, selected=selected, edits=edits)
        return {**self._choices.to_dict(), **begun, **opening.to_dict()}

    def _forget(self) -> None:
        self._earlier.clear()
        self._travel.forget()
        self.controllers.forget()
        self.scene.films.clear()
        self._teachers.clear()
        self._own = self._watched = self._made_data = None


def _opening_of(state: Mapping[str, Any]) -> tuple[Choices, PageOptions]:
    """Return what a state says of training, and of how the page opens."""
    opening = PageOptions(**{f.name: state[f.name] for f in fields(PageOptions)})
    return Choices(**{f.name: state[f.name] for f in fields(Choices)}), opening
