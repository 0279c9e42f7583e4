"""Methods: choose one, see what it compares, its formula and its code, and run it beside Hinton's and the twin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import ipywidgets
from torch import nn
from traitlets import Bunch

from ... import widgets
from ...distill import Distillation, Runner, hinton, symbols
from ...distill.objective import Objective
from ...distill.runner import KeepGoing
from ...distill.schema import Kind, Record
from ...distill.terms import HardLabels
from ...measure.gradients import TermGradients, term_gradients
from ...widgets.traits import View
from ...words import mark, t
from ..live import status_text
from ..live.catalogue import CataloguePage
from ..live.diagnosis import DiagnosisController, DiagnosisInput
from ..live.duration import rounded
from ..live.page import AT_REST
from . import code, sentences, shown
from .choices import HIDEABLE, LINK, NUMBERS, MethodChoices, added_kinds, method_kinds
from .duration import estimated
from .hybrid import seconds
from .relations import RelationsLook
from .sentences import ROLES
from .trial import OWN, Trial

MATRICES = ("teacher_similarity", "student_similarity", "teacher_distance", "student_distance")


class Methods(CataloguePage[MethodChoices]):
    """One method of the field at a time, in full, and live beside Hinton's soft targets and the twin.

    Parameters
    ----------
    teacher, student : nn.Module, optional
        Any two classifiers over the same classes, the student with the weights that every run is to begin with.
        Default: a shipped teacher with a small student, which can be changed on the page.
    data : optional
        What :func:`kdviz.data.splits` takes, with labels; needed with models of one's own.
    **chosen
        The fields of :class:`kdviz.panels.methods.choices.MethodChoices`: method, pair, weight, temperature, epochs,
        seed, second, second_weight, layers.

    Attributes
    ----------
    runs : dict of str to Distillation
        By role: "student" (the method's), "hinton", "twin"; empty before training.
    gradients : list of TermGradients
        What was seen of the terms of the method's run, in the order of its steps.
    methods, picture, transport, curves, pulls, relations, share
        The widgets.

    Raises
    ------
    TypeError, ValueError
        In one sentence, if what is given does not fit.

    Notes
    -----
    The three students have the same weights at first, and the same batches and budget. The default run is short and
    flatters nobody. Over the seeds 0 to 4 it ended with 156.4 errors on 2,000 test examples on average for the hint of
    weight 10, 135.4 for Hinton's soft targets and 138.6 for the twin. Against the twin that is +17.8 (95 % interval
    −1.2 to +36.8) and −3.2 (−19.7 to +13.3): no gain beyond the noise of these seeds. Of the weights 0.3, 1, 3 and 10
    the hint's best on validation data was 0.3: 131.6 errors, −7.0 (−26.7 to +12.7), which is no gain shown either.

    In a notebook, ``kd.panels.Methods()`` as the last line of a cell. Without a page, the same things by hand:
    ``panel.command("train")``, then ``panel.wait("finished")``.
    """

    diagnosis: DiagnosisController
    links, choices, hideable, kept_as = LINK, MethodChoices, HIDEABLE, "methods"
    traits: ClassVar[Mapping[str, str]] = {"chosen": "method"}
    opening = mark("Opening the method.")
    under_way = mark("A run is under way: stop or clear it to choose another method.")
    of_ones_own = mark("these are models of your own; a state can only name shipped models")
    still = mark("This page is a copy without Python: its method stays.")

    def __init__(
        self, teacher: nn.Module | None = None, student: nn.Module | None = None, data: Any = None, **chosen: Any
    ) -> None:
        given = [part is not None for part in (teacher, student, data)]
        if any(given) and not all(given):
            raise TypeError("Methods takes a teacher, a student and data together, or none of them")
        if all(given) and "pair" in chosen:
            raise TypeError(f"Methods takes models of your own or a pair, got both (pair={chosen['pair']!r})")
        symbols.check("Methods", chosen, MethodChoices.__dataclass_fields__)
        super().__init__(MethodChoices(**(chosen | {"pair": OWN} if all(given) else chosen)))
        self._trials: dict[str, Trial] = {}
        if teacher is not None and student is not None:
            c = self._choices
            self._trials[OWN] = Trial.own(teacher, student, data, epochs=c.epochs, seed=c.seed)
        self.runs: dict[str, Distillation] = {}
        self.gradients: list[TermGradients] = []
        self._planned: Distillation | None = None  # the method's run that Train will begin
        self._shown_numbers: dict[str, float] = {}
        self._refused = ""  # why what a link asks for cannot be tried
        self._looks: dict[str, RelationsLook] = {}  # by pair
        self._is_seen = False  # by a browser
        self._related = -1  # the step at which all runs were related
        self._takes: float | None = None  # seconds of the next run, roughly; None where nobody looks
        self._turned = ""  # why the page turned to another method than was asked for
        self._is_open = False  # before, who calls is told what cannot be tried; then the page says it
        self._open_page()
        self._is_open = True

    def _columns(self) -> dict[str, list[View]]:
        self.methods = widgets.Methods()
        self.picture = widgets.MethodPicture()
        self.pulls = widgets.Gradients()
        self.relations = widgets.Relations()
        self.diagnosis = DiagnosisController(self.scene, self._publisher, self._asked_about)
        return {
            "choose": [self.methods],
            "see": [self.picture],
            "run": [self.transport, self.curves, self.diagnosis.widget, self.pulls, self.relations],
        }

    def _listen(self) -> None:
        self.methods.observe(self._on_chosen, ["chosen", "pair"])
        self.picture.observe(self._on_slider, list(NUMBERS))
        self.picture.observe(self._on_chosen, ["second", "layers"])

    # What the page says

    @property
    def _is_by_name(self) -> bool:
        return self._choices.pair != OWN

    def _opened(self, browser: str, query: str) -> None:
        if not self._is_seen:
            self._is_seen = True
            self._turns.call(self._show_estimate)
        super()._opened(browser, query)

    def _take(self, state: dict[str, Any]) -> None:
        """Take the choices of a link; what was tried before was made for others."""
        super()._take(state)
        self._trials.clear()
        self._looks.clear()
        settled, self._refused = shown.settled(self._choices, self._trial(self._choices.pair))
        self._choices = self._shown_choices = settled

    def _unmet(self) -> str:
        if self._refused:
            return self._refused.rstrip(".")
        choices = self._choices
        heated = {"temperature": choices.chosen, "second_temperature": choices.added}
        for name, method in heated.items():
            if method is not None and getattr(choices, name) is not None and name not in self._shown_numbers:
                return t("{method} has no {name}", method=t(method.title), name="T")
        if choices.weight is not None and choices.chosen.family == "labels":
            return t("{method} has no {name}", method=t(choices.chosen.title), name="weight")
        return ""

    def _said(self) -> dict[str, Any]:
        without = [name for name in NUMBERS if name != "weight" and name not in self._shown_numbers]
        return {name: value for name, value in super()._said().items() if name not in without}

    def _show_as_it_was(self) -> None:
        c = self._choices
        self._publisher.put(self.methods, chosen=c.method, pair=c.pair)
        self._publisher.put(self.picture, second=c.second, layers=c.layers)

    def _on_slider(self, change: Bunch) -> None:
        """A released slider: an edit of the run under way, else the beginning of the next one."""
        value = float(change.new)
        if value == self._shown_numbers.get(change.name, value):  # as shown, or not shown at all
            return
        try:
            edited = replace(self._choices, **{change.name: value})  # type: ignore[arg-type]
        except ValueError as error:
            self._say(str(error))
            return
        self._shown_numbers[change.name] = value
        self._take_edited(edited, lambda: self._turns.call(partial(self._edit, change.name, value)))

    def choose(
        self, method: str | None = None, pair: str | None = None, second: str | None = None, layers: str | None = None
    ) -> None:
        """Turn to another method, to other models, to another second method, or to other layers of the first.

        What was trained leaves the page. With another method go its weight, its temperature and its layers; with other
        models the second method too; with another second method its weight and its temperature. Returns at once.

        Raises
        ------
        ValueError
            In one sentence, if there is no such method, pair or layers, or a run is under way.
        """
        named = {"method": method, "pair": pair, "second": second, "layers": layers}
        asked: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
        of_first = {"weight": None, "temperature": None, "layers": ""}
        of_second = {"second_weight": None, "second_temperature": None}
        if {"method", "pair"} & asked.keys():
            asked = {**of_first, **asked}
            kept = replace(self._choices, **{**asked, "second": "", **of_second}).chosen
            if pair is not None or self._choices.second not in seconds(kept):
                asked = {"second": "", **of_second, **asked}
        if second is not None or method is not None:
            asked = {**of_second, **asked}
        self._turn_to(replace(self._choices, **asked))

    # On the runner's thread

    def _show_anew(self, choices: MethodChoices) -> None:
        self.runs, self.gradients, self._planned, self._related = {}, [], None, -1
        trial = self._trial(choices.pair)
        self._publisher.put(self.relations, labels=[], scores=[], sentences={}, **dict.fromkeys(MATRICES, b""))
        self.diagnosis.offer(False)
        self._publisher.put(self.methods, **shown.listed(choices, trial))
        objective = choices.objective(trial.layer_pairs)
        self._planned = trial.distillation(objective)
        self._publisher.put(self.scene, total_steps=self._planned.total_steps)
        explained = shown.explained(choices, trial, self._planned)
        without = () if choices.second else ("second_weight",)
        self._shown_numbers = {n: float(explained[n]) for n in NUMBERS if n in explained and n not in without}
        self._publisher.put(self.picture, **explained)
        self._publisher.put(self.scene, question=choices.title)
        self._publisher.put(self.picture, code=self._program(self._planned))
        self._show_pulls(self._planned)
        self._takes = self._estimate() if self._is_seen else None

    def _show_estimate(self) -> None:
        """Say how long a run would take, once somebody looks."""
        if self._takes is None and not self._runner.runs:
            self._takes = self._estimate()
        self._report(self._runner)

    def _estimate(self) -> float | None:
        run = self._planned
        if run is None:
            return None
        return rounded(estimated(self._trial(self._shown_choices.pair), run, len(self._beside(run))))

    def _settled(self, choices: MethodChoices) -> MethodChoices:
        """Leave out what the models do not allow, to be said; who makes the page is told by an error."""
        if not self._is_open:
            return choices
        possible, self._turned = shown.settled(choices, self._trial(choices.pair))
        return possible

    @property
    def _listing(self) -> View:
        return self.methods

    @property
    def _chosen_on(self) -> tuple[View, ...]:
        return self.methods, self.picture

    def _trial(self, name: str) -> Trial:
        """Return what the method is tried on; it is made once."""
        if name not in self._trials:
            self._trials[name] = Trial.of(name, epochs=self._choices.epochs, seed=self._choices.seed)
        return self._trials[name]

    def _program(self, run: Distillation) -> str:
        choices, teachers = self._choices, self._trial(self._choices.pair).teachers
        return code.program(run, self._beside(run), choices.title, named=choices.pair != OWN, teachers=teachers)

    def _beside(self, run: Distillation) -> list[str]:
        """Return who is trained beside the method; not what would be the same run again."""
        same = {"hinton": hinton(), "twin": Objective(((1.0, HardLabels()),))}
        return [role for role in ("hinton", "twin") if run.settings.objective != same[role]]

    def _build(self, keep_going: KeepGoing) -> Sequence[Distillation]:
        """Make the runs that stand beside the method's, and ask the teacher about the transfer set."""
        run = self._planned
        if run is None:
            raise ValueError(t("this method cannot be run on these models; choose another"))
        made = {"hinton": lambda: self._trial(self._choices.pair).distillation(hinton()), "twin": run.twin}
        runs = {"student": run, **{role: made[role]() for role in self._beside(run)}}
        for one in runs.values():
            one.prepare(keep_going)
        self.runs = runs
        return list(runs.values())

    def _edit(self, what: str, value: float) -> None:
        """Edit the method's own run; those beside it stay as they are."""
        run = self.runs.get("student")
        if run is None:
            self._show_chosen()
            return
        try:
            run.edit(**self._choices.edit(run.objective, what, value))
        except (ValueError, TypeError) as error:
            self._runner.message = str(error)
        if self._runner.state != "running":
            self._look(run)

    def _record(self, runner: Runner) -> None:
        """Look at the gradients of the terms: when the runs were built, and at each evaluation."""
        if runner is self._runner:
            self._look(runner.runs[0])
            self._relate(("student",))

    def _to_keep(self, place: Path) -> dict[str, Any]:
        for role, run in self.runs.items():
            run.save(place / role)
        return {"roles": list(self.runs), "gradients": [asdict(found) for found in self.gradients]}

    def _shown_again(self, place: Path, said: dict[str, Any]) -> Sequence[Any]:
        trial = self._trial(self._shown_choices.pair)
        teachers = {role: None if role == "twin" else trial.teacher for role in ROLES if role in said["roles"]}
        runs = {role: Distillation.load(place / role, teacher=one, data=trial.data) for role, one in teachers.items()}
        self.gradients = [TermGradients(**found) for found in said["gradients"]]
        self.runs, self._planned = runs, runs["student"]
        self._show_pulls(runs["student"])
        return list(runs.values())

    def _look(self, run: Distillation) -> None:
        found = term_gradients(run)
        self.gradients = [*(g for g in self.gradients if g.step < found.step), found]
        self._show_pulls(run)

    def _relate(self, roles: Sequence[str]) -> None:
        """Show how the students set examples to one another now, beside the teacher."""
        pair = self._shown_choices.pair
        if pair not in self._looks:
            self._looks[pair] = RelationsLook(self._trial(pair))
        names = {"student": self._shown_choices.title, **{role: t(name) for role, name in sentences.NAMES.items()}}
        runs = {role: run for role, run in self.runs.items() if role in roles}
        self._publisher.put(self.relations, **self._looks[pair].shown(runs, names))

    def _show_pulls(self, run: Distillation) -> None:
        self._publisher.put(self.pulls, **shown.pulls(run, self.gradients, self._choices))

    @property
    def _planned_steps(self) -> int:
        return self._planned.total_steps if self._planned is not None else 0

    def _show_runner(self, runner: Runner) -> None:
        idle = runner.state == "idle"
        self._show_progress(runner, runner.state, self._turned if idle else "")
        if idle and self._takes is not None:
            self._publisher.put(self.transport, seconds_left=self._takes)
        self._show_locked(runner)
        self._publisher.put(self.picture, locked=bool(self._locked_reason(runner)))
        if runner.runs and runner.runs[0] is self.runs.get("student"):
            self._show_runs(runner)
            self.diagnosis.offer(runner.state == "finished")

    def _show_runs(self, runner: Runner) -> None:
        """Show the curves; where training rests, the newest gradients and the program too."""
        own = self.runs["student"]
        names = {role: t(name) for role, name in sentences.NAMES.items()} | {"student": self._choices.title}
        letters = shown.symbols(own, self._choices)
        rows = [shown.row(role, run, names[role], letters) for role, run in self.runs.items()]
        self._publisher.put(self.scene, runs=rows, teacher_error=status_text.teacher_error(own), state=runner.state)
        sentence = sentences.errors_sentence(self.runs, self._choices.title)
        self._publisher.put(self.curves, sentence=sentence, against=sentences.against_twin(self.runs))
        if runner.state in AT_REST:
            if not self.gradients or self.gradients[-1].step != own.steps_done:
                self._look(own)
            if self._related != own.steps_done:  # all of them, once where training rests
                self._related = own.steps_done
                self._relate(tuple(self.runs))
            self._publisher.put(self.picture, code=self._program(own))

    def _asked_about(self) -> DiagnosisInput | None:
        """Return the method's run and its twin, for who asks why it did (not) help."""
        run = self.runs.get("student")
        return None if run is None else DiagnosisInput(run, self.runs.get("twin"), ())

    def _status_of(self, runner: Runner) -> str:
        return sentences.status(runner, outdated=self._outdated)

    # What others ask

    @classmethod
    def kinds(cls) -> Mapping[str, Kind]:
        return method_kinds()

    @classmethod
    def check_settings(cls, settings: Mapping[str, Any]) -> None:
        Record(cls.kinds(), added_kinds()).check(dict(settings), "state")

    def _without_python(self) -> Mapping[ipywidgets.Widget, Mapping[str, Any]]:
        without = {"weight_symbol": "", "second_symbol": "", "second_temperature_symbol": ""}
        of_picture = {**without, "temperature_range": [], "seconds": [], "locked": True}
        return {**super()._without_python(), self.picture: of_picture}

    def _forget(self) -> None:
        self.runs, self.gradients, self._planned = {}, [], None
        self._trials.clear()
        self._looks.clear()
