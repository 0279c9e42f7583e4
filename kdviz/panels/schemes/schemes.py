"""Schemes: choose one, see who teaches whom and when, read its code, and run it at equal budget beside others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, cast

from ... import widgets
from ...distill import Distillation, Runner, symbols
from ...distill.runner import KeepGoing
from ...distill.schema import Kind, Record, Text
from ...widgets.traits import View
from ...words import mark, t
from ..live import messages
from ..live.catalogue import BEGUN
from . import code, sentences
from .catalogue import schemes
from .choices import HIDEABLE, LINK, SchemeChoices, scheme_kinds
from .drawings import Drawing
from .lab import ToTheLab
from .lane import Lane
from .scheme import Course, Scheme
from .setting import Setting
from .shown import curves_of_bits, difference, listed, offers, picture, rows

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

    links, choices, hideable, kept_as = LINK, SchemeChoices, HIDEABLE, "schemes"
    traits: ClassVar[Mapping[str, str]] = {"chosen": "scheme"}
    opening = mark("Opening the scheme.")
    under_way = mark("A run is under way: stop or clear it to choose another scheme.")
    of_ones_own = mark("this is a setting of your own; a state can only name the page's")
    still = mark("This page is a copy without Python: its scheme stays.")
    _messages: ClassVar[Mapping[str, Kind]] = {
        **messages.METHODS,
        "lab": Record({}),
        "close_lab": Record({}),
        "option": Record({"name": _NAME, "value": _NAME}),
    }

    def __init__(self, setting: Setting | None = None, **chosen: Any) -> None:
        symbols.check("Schemes", chosen, SchemeChoices.__dataclass_fields__)
        super().__init__(SchemeChoices(**chosen))
        if setting is not None:
            self._choices.chosen.check(setting)
        self._own_setting = setting
        self.course: Course | None = None
        self._planned: Course | None = None  # what Train will begin
        self._drawn: list[Drawing] = []  # of the scheme, as it was last seen
        self._seconds: float | None = None
        self._open_page(heard=("schemes", "to_lab"))

    def _columns(self) -> dict[str, list[View]]:
        self.schemes = widgets.Schemes()
        self.picture = widgets.SchemePicture()
        self.drawings = widgets.SchemeView()
        self._make_way_to_lab()
        return {
            "choose": [self.schemes],
            "see": [self.picture],
            "run": [self.transport, self.curves, self.drawings, self.to_lab],
        }

    def _listen(self) -> None:
        self.schemes.observe(self._on_chosen, ["chosen"])

    @property
    def runs(self) -> dict[str, Lane]:
        return {} if self.course is None else self.course.lanes

    @property
    def _listing(self) -> View:
        return self.schemes

    @property
    def _is_by_name(self) -> bool:
        return self._own_setting is None

    # What is chosen

    def _show_as_it_was(self) -> None:
        self._publisher.put(self.schemes, chosen=self._choices.scheme)

    def choose(self, scheme: str, **options: str) -> None:
        """Turn to another scheme; what was trained leaves the page. Returns at once.

        Raises
        ------
        ValueError
            In one sentence, if there is no such scheme or option, or a run is under way.
        """
        fresh = replace(self._choices, scheme=scheme, options=options)
        if self._own_setting is not None:
            fresh.chosen.check(self._own_setting)
        self._turn_to(fresh)

    def _option(self, name: str, value: str) -> None:
        self._turn_to(replace(self._choices, options={**self._choices.options, name: value}))

    def _commands(self) -> dict[str, Callable[..., None]]:
        return {**super()._commands(), **self._lab_commands(), "option": self._option}

    # On the runner's thread

    def _show_anew(self, choices: SchemeChoices) -> None:
        self.course = None
        self._publisher.put(self.drawings, drawings=[], note="")
        setting = self._setting(choices)
        scheme = choices.chosen
        self._drawn = []
        plain = [] if setting.count.in_percent else ["curves"]  # they draw errors; others are a drawing below
        self._publisher.put(self.scene, hidden=list(dict.fromkeys([*self.unused, *self._hidden, *plain])))
        options = scheme.chosen(choices.options)
        offered = {"schemes": listed(schemes()), "options": offers(scheme, options)}
        self._publisher.put(self.schemes, chosen=choices.scheme, note=setting.note, **offered)
        self._planned = scheme.begin(setting, options)
        self._seconds = sentences.estimated(self._planned)
        self._publisher.put(self.scene, total_steps=self._planned.own.total_steps, question=t(scheme.title))
        source = {"code": code.source(scheme.file), "file": code.place(scheme.file)}
        self._publisher.put(self.picture, **picture(scheme), **source, phase=-1)
        self._publisher.put(self.drawings, note=self._planned.budget)

    def _setting(self, choices: SchemeChoices) -> Setting:
        if self._own_setting is None:
            return choices.chosen.of_page(epochs=choices.epochs, seed=choices.seed)
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
        self._drawn = self._shown_choices.chosen.draw(course)
        self._show_drawn(course)

    def _show_drawn(self, course: Course) -> None:
        """Show what was drawn, below the curves where the learning curves cannot draw them."""
        first = []
        if not course.setting.count.in_percent and "curves" not in self._hidden and course.own.evaluations:
            first = [curves_of_bits(course, self._shown_choices.chosen)]
        self._publisher.put(self.drawings, drawings=[*first, *self._drawn])

    # What is kept

    def _to_keep(self, place: Path) -> dict[str, Any]:
        if self.course is None:
            raise ValueError(t("this scheme cannot be run here; choose another"))
        return self.course.to_dict()

    def _shown_again(self, place: Path, said: dict[str, Any]) -> Sequence[Any]:
        scheme = self._shown_choices.chosen
        course = scheme.begin(self._setting(self._shown_choices), scheme.chosen(self._shown_choices.options))
        course.restore(said)
        drawn = scheme.draw(course)
        self.course, self._drawn = course, drawn
        self._show_drawn(course)
        return list(course.lanes.values())

    @property
    def _goes_on(self) -> bool:
        course = self.course
        return course is None or not course.recorded

    @property
    def _planned_steps(self) -> int:
        return self._planned.own.total_steps if self._planned is not None else 0

    def _show_runner(self, runner: Runner) -> None:
        self._show_progress(runner, runner.state)
        self._show_locked(runner)
        if self.course is not None and runner.runs:
            self._show_runs(runner, self.course, self._shown_choices.chosen)
        self._show_way_to_lab()

    def _show_runs(self, runner: Runner, course: Course, scheme: Scheme) -> None:
        """Show the curves, and which phase of the scheme is under way."""
        of_teacher = course.setting.of_teacher("validation")
        teacher = 100 * of_teacher.errors / of_teacher.examples
        self._publisher.put(self.scene, runs=rows(course, scheme), teacher_error=teacher, state=runner.state)
        sentence = sentences.errors_sentence(course, scheme)
        self._publisher.put(self.curves, sentence=sentence, against=difference(course))
        if not course.setting.count.in_percent:
            self._show_drawn(course)
        phase = scheme.phase_at(len(course.own.stages) - 1) if scheme.phase(0) >= 0 else -1
        self._publisher.put(self.picture, phase=phase if runner.state in BEGUN else -1)

    def _status_of(self, runner: Runner) -> str:
        return sentences.status(runner, self.course, self._seconds, outdated=self._outdated)

    # What others ask

    @classmethod
    def kinds(cls) -> Mapping[str, Kind]:
        return scheme_kinds()

    def _forget(self) -> None:
        for course in (self.course, self._planned):
            if course is not None:
                for lane in course.lanes.values():
                    lane.let_go()
        self.course = self._planned = None
