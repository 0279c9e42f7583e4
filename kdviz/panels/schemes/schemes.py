"""Schemes: choose one, see who teaches whom and when, read its code, and run it at equal budget beside others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, cast

import ipywidgets
from traitlets import Bunch

from ... import widgets
from ...distill import Distillation, Runner, symbols
from ...distill.runner import KeepGoing
from ...distill.schema import Kind, Record, Text
from ...widgets.from_page import Box, VBox
from ...widgets.share import PARTS
from ...widgets.traits import View
from ...words import t
from ..live import messages
from ..live.diagnosis import DiagnosisController
from ..live.page import UNDER_WAY
from . import code, sentences
from .catalogue import schemes
from .choices import HIDEABLE, LINK, SchemeChoices, said_in_link, scheme_kinds
from .lab import ToTheLab
from .lane import Lane
from .scheme import Course, Scheme
from .setting import Setting
from .shown import difference, listed, offers, picture, rows

UNUSED = ("scrubber", "branch", "diagnosis")  # parts of the Lab that are not here
BEGUN = (*UNDER_WAY, "paused")  # states in which another scheme would throw away what is being done
_NAME = Text(longest=40)


class Schemes(ToTheLab):
    """One scheme of distillation at a time: its diagram, its code, and a live run with the view that makes it visible.

    Parameters
    ----------
    setting : Setting, optional
        Teacher, data and budget of your own (:class:`kdviz.panels.schemes.setting.Setting`); default MNIST with 1,000
        labels and the shipped perceptron.
    **chosen
        The fields of :class:`kdviz.panels.schemes.choices.SchemeChoices`: scheme, options, epochs, seed.

    Attributes
    ----------
    runs : dict of str to Lane
        By role: "student" (the scheme's), "hinton" (offline distillation), "twin", and others that the scheme adds;
        empty before training.
    course : Course or None
        The runs with what was seen of them.
    trained : dict of str to Distillation
        The runs by their names, once they have ended: ``kd.panels.Lab(panel.trained)`` opens them.
    schemes, picture, transport, curves, drawings, to_lab, share
        The widgets.

    Raises
    ------
    TypeError, ValueError
        In one sentence, if what is given does not fit.

    Notes
    -----
    All lanes take equally many steps of single networks; ``course.budget`` says how a scheme shares them out.

    In a notebook, ``kd.panels.Schemes()`` as the last line of a cell. Without a page, the same things by hand:
    ``panel.command("train")``, then ``panel.wait("finished")``.
    """

    links = LINK
    _messages: ClassVar[Mapping[str, Kind]] = {
        **messages.METHODS,
        "lab": Record({}),
        "close_lab": Record({}),
        "option": Record({"name": _NAME, "value": _NAME}),
    }

    def __init__(self, setting: Setting | None = None, **chosen: Any) -> None:
        super().__init__()
        symbols.check("Schemes", chosen, SchemeChoices.__dataclass_fields__)
        self._own_setting = setting
        self._choices = self._shown_choices = SchemeChoices(**chosen)
        self.course: Course | None = None
        self._planned: Course | None = None  # what Train will begin
        self._seconds: float | None = None
        self._hidden: list[str] = []
        asked = self._asked_for() if self._is_by_name else None
        if asked is not None:
            self._take(asked)
        self._make_page()
        self._begin((self.schemes, self.to_lab))

    def _make_page(self) -> None:
        self.scene = widgets.Scene(hidden=[*UNUSED, *self._hidden])
        parts = {name: t(PARTS[name]) for name in HIDEABLE}
        self.share = widgets.Share(scene=self.scene, offers=["link"], names={"hide": parts, "lock": {}}, bounds=False)
        self.schemes = widgets.Schemes()
        self.picture = widgets.SchemePicture()
        self.transport = widgets.Transport(scene=self.scene)
        self.curves = widgets.LearningCurves(scene=self.scene)
        self.drawings = widgets.SchemeView()
        self.diagnosis = DiagnosisController(self.scene, self._publisher, lambda: None)  # not on this page
        self._undrawn = self.diagnosis.widget
        self._make_way_to_lab()
        columns: dict[str, list[View]] = {
            "choose": [self.schemes],
            "see": [self.picture],
            "run": [self.transport, self.curves, self.drawings, self.to_lab],
        }
        if self._is_by_name:
            columns["run"].append(self.share)
        boxes = [VBox(column).add_class(f"kd-methods-{name}") for name, column in columns.items()]
        page = Box(boxes).add_class("kd-methods-page")
        self.view = VBox([Box([page]).add_class("kd-methods-room"), self._room])

    def _listen(self) -> None:
        self.schemes.observe(self._on_chosen, ["chosen"])

    @property
    def runs(self) -> dict[str, Lane]:
        return {} if self.course is None else self.course.lanes

    # Links

    @property
    def _is_by_name(self) -> bool:
        return self._own_setting is None

    def _opened(self, browser: str, query: str) -> None:
        if self._is_by_name and self.course is None:
            super()._opened(browser, query)

    def _open_as(self, state: dict[str, Any]) -> None:
        self._reset(lambda: self._open_taken(state))

    def _open_taken(self, state: dict[str, Any]) -> None:
        self._take(state)
        self._publisher.put(self.scene, hidden=[*UNUSED, *self._hidden])
        self._show_chosen()

    def _take(self, state: dict[str, Any]) -> None:
        self._hidden = state["hidden"]
        self._choices = SchemeChoices(**{name: value for name, value in state.items() if name != "hidden"})
        self._shown_choices = self._choices

    def _show_link(self) -> None:
        """Show the link and the call that open the page as it is."""
        if self._is_by_name:
            said = said_in_link(self._choices, self._hidden)
            given = ", ".join(f"{name}={value!r}" for name, value in said.items() if name != "hidden")
            query = LINK.written(said)
            self._publisher.put(self.share, query=query, call=f"kd.panels.Schemes({given})")
            self._publisher.put(self.schemes, query=query)

    # What is chosen

    def _on_chosen(self, change: Bunch) -> None:
        if change.new == self._choices.scheme:
            return
        try:
            self.choose(change.new)
        except ValueError as error:
            self._publisher.put(self.schemes, chosen=self._choices.scheme)
            self._say(str(error))

    def choose(self, scheme: str, **options: str) -> None:
        """Turn to another scheme; what was trained leaves the page. Returns at once.

        Raises
        ------
        ValueError
            In one sentence, if there is no such scheme or option, or a run is under way.
        """
        self._choose(replace(self._choices, scheme=scheme, options=options))

    def _option(self, name: str, value: str) -> None:
        self._choose(replace(self._choices, options={**self._choices.options, name: value}))

    def _choose(self, choices: SchemeChoices) -> None:
        if self._runner.state in BEGUN:
            raise ValueError(self._locked_reason(self._runner))
        self._choices = choices
        if self._runner.runs or self._runner.state == "failed":
            self._reset()
        else:
            self._show_soon()

    def _commands(self) -> dict[str, Callable[..., None]]:
        return {**super()._commands(), **self._lab_commands(), "option": self._option}

    # On the runner's thread

    def _show_soon(self) -> None:
        if not self._asked_to_show:
            self._publisher.put(self.transport, state="loading", status=t("Opening the scheme."))
        super()._show_soon()

    def _show_chosen(self) -> None:
        """Show what is chosen, before the first step."""
        self._asked_to_show = False
        if self._runner.runs:  # Train came first: what was chosen after it does not count
            self._choices = self._shown_choices
            self._publisher.put(self.schemes, chosen=self._choices.scheme)
            return
        choices = self._shown_choices = self._choices
        self.course, self._outdated = None, False
        fresh: dict[str, Any] = {"runs": [], "teacher_error": None, "total_steps": 0, "shown_run": "student"}
        self._publisher.put(self.scene, **fresh)
        self._publisher.put(self.curves, sentence="", against={})
        self._publisher.put(self.drawings, drawings=[], note="")
        setting = self._setting(choices)
        scheme = choices.chosen
        options = scheme.chosen(choices.options)
        offered = {"schemes": listed(schemes()), "options": offers(scheme, options)}
        self._publisher.put(self.schemes, chosen=choices.scheme, note=setting.note, **offered)
        self._planned = scheme.begin(setting, options)
        self._seconds = sentences.estimated(self._planned)
        own, found = self._planned.own, self._planned
        self._publisher.put(self.scene, total_steps=own.total_steps, question=t(scheme.title))
        source = {"code": code.source(scheme.file), "file": code.place(scheme.file)}
        self._publisher.put(self.picture, **picture(scheme), **source, phase=-1)
        self._publisher.put(self.drawings, note=found.budget)
        self._show_link()
        self._report(self._runner)

    def _setting(self, choices: SchemeChoices) -> Setting:
        if self._own_setting is None:
            return Setting.of(epochs=choices.epochs, seed=choices.seed, **choices.chosen.setting)
        changes: dict[str, Any] = {"seed": choices.seed}
        return replace(self._own_setting, **changes | ({} if choices.epochs is None else {"epochs": choices.epochs}))

    def _build(self, keep_going: KeepGoing) -> Sequence[Distillation]:
        """Make the first runs of all lanes, and ask the teacher about the transfer set."""
        if self._planned is None:
            raise ValueError(t("this scheme cannot be run here; choose another"))
        if self._planned.own.steps_done:
            raise ValueError(t("this run has begun already; clear it to begin another"))
        for lane in self._planned.lanes.values():
            lane.prepare(keep_going)
        self.course = self._planned
        return cast("Sequence[Distillation]", list(self.course.lanes.values()))

    def _record(self, runner: Runner) -> None:
        """Look at the scheme: when the runs were built, and at each evaluation."""
        if runner is self._runner and self.course is not None:
            self.course.look(self._shown_choices.chosen.look(self.course))
            self._draw(self.course)

    def _finished(self, runner: Runner) -> None:
        if runner is self._runner and self.course is not None:
            self.course.finished = True
            self._record(runner)

    def _draw(self, course: Course) -> None:
        self._publisher.put(self.drawings, drawings=self._shown_choices.chosen.draw(course))

    @property
    def _planned_steps(self) -> int:
        return self._planned.own.total_steps if self._planned is not None else 0

    def _show_runner(self, runner: Runner) -> None:
        self._show_progress(runner, runner.state)
        reason = self._locked_reason(runner)
        self._publisher.put(self.schemes, locked=bool(reason), locked_reason=reason)
        if self.course is not None and runner.runs:
            self._show_runs(runner, self.course, self._shown_choices.chosen)
        self._show_way_to_lab()

    def _show_runs(self, runner: Runner, course: Course, scheme: Scheme) -> None:
        """Show the curves, and which phase of the scheme is under way."""
        validation = course.setting.data.validation
        teacher = 100 * course.setting.teacher_errors("validation") / validation.labelled
        self._publisher.put(self.scene, runs=rows(course, scheme), teacher_error=teacher, state=runner.state)
        sentence = sentences.errors_sentence(course, scheme)
        self._publisher.put(self.curves, sentence=sentence, against=difference(course))
        phase = scheme.phase_at(len(course.own.stages) - 1) if scheme.phase(0) >= 0 else -1
        self._publisher.put(self.picture, phase=phase if runner.state in BEGUN else -1)

    @staticmethod
    def _locked_reason(runner: Runner) -> str:
        """Return why no other scheme can be chosen now; empty when one can."""
        return t("A run is under way: stop or clear it to choose another scheme.") if runner.state in BEGUN else ""

    def _status_of(self, runner: Runner) -> str:
        return sentences.status(runner, self.course, self._seconds, outdated=self._outdated)

    # What others ask

    @classmethod
    def kinds(cls) -> Mapping[str, Kind]:
        return scheme_kinds()

    @property
    def settings(self) -> dict[str, Any]:
        if self._own_setting is not None:
            raise ValueError("this is a setting of your own; a state can only name the page's")
        return self._choices.to_dict()

    def _without_python(self) -> Mapping[ipywidgets.Widget, Mapping[str, Any]]:
        reason = t("This page is a copy without Python: its scheme stays.")
        return {self.schemes: {"locked": True, "locked_reason": reason}}

    def _forget(self) -> None:
        for course in (self.course, self._planned):
            if course is not None:
                for lane in course.lanes.values():
                    lane.let_go()
        self.course = self._planned = None
