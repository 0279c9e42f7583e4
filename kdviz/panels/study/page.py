"""StudyPage: two settings varied against each other, over seeds; the map fills while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import ipywidgets
from traitlets import Bunch

from ... import data as data_sets
from ... import widgets
from ...distill.schema import Kind as FieldKind
from ...distill.schema import Record, Text
from ...study.choosing import choice
from ...study.duration import estimated
from ...study.outcomes import kinds_of
from ...study.stopping import News
from ...widgets.from_page import Box, VBox
from ...words import mark, number, t
from ..live import status_text
from ..live.linked import link_maker
from ..live.making import BUSY, MakingPage
from . import code, kept, sentences
from .cells import Cells, axis_rows, kind_rows, table
from .choices import StudyChoices, study_kinds
from .fields import axis_options, fields
from .link import HIDEABLE, LINK, said_in_link
from .plan import Plan, too_large

TITLES = {
    "setup": mark("Setup"),
    "run": mark("Start and Stop"),
    "export": mark("Table and code"),
    "share": mark("Link and code"),
}


class StudyPage(MakingPage[StudyChoices]):
    """A study on a page: choose two axes, seeds and a budget; start, stop, go on; read the map, take it away.

    Parameters
    ----------
    **chosen
        The fields of :class:`kdviz.panels.study.choices.StudyChoices`, such as ``temperature=[1, 4], alpha=[0.1, 0.9]``
        for two axes, ``units=64``, ``seeds=5``, ``epochs=10``.

    Attributes
    ----------
    study : kdviz.Study
        What is on the page; its ``frame()``, ``table()`` and ``sentences()`` are the usual ones.
    state : dict
        The choices, for :meth:`~kdviz.panels.live.panel.Panel.from_state`.
    scene, setup, run, map, export, share
        The widgets.

    Raises
    ------
    TypeError, ValueError
        In one sentence, if what is given does not fit.

    Notes
    -----
    Runs that differ in the objective alone are trained as one stack, seed by seed, so all cells have their first seed
    after a fraction of the time. Each finished run is kept on disk for the browser; a study that was stopped, reloaded
    or whose kernel died goes on with what is left, and so does one with other axes that shares runs with it.

    Its commands are "choose" (name, and value as a link has it), "start" and "stop".

    In a notebook, ``kd.panels.StudyPage()`` as the last line of a cell. Without a page, the same things by hand:
    ``page.start()``, then ``page.wait("finished")``.
    """

    title = mark("A study")
    links, choices, kept_as = LINK, StudyChoices, "studies"
    unchosen = ("hidden", "outcome", "shown")
    at_rest = ("idle", "stopped", "finished", "failed", "too_large")
    _messages: ClassVar[Mapping[str, FieldKind]] = {
        "choose": Record({"name": Text(longest=40), "value": Text(longest=400)}),
        "start": Record({}),
        "stop": Record({}),
    }

    def __init__(self, **chosen: Any) -> None:
        super().__init__(StudyChoices.of(chosen), given=bool(chosen), opening=t("Opening the study."))
        self._plan: Plan | None = None
        self._cells: Cells | None = None
        self._units: dict[tuple[str, ...], float] = {}  # what is left, in seconds
        self._whole = 0.0  # of all runs, in seconds
        self._too_much = ""  # why what is chosen is not run here
        self._make_page()
        self._open_page([self.setup, self.run])
        self.map.observe(self._on_looked, ["outcome", "shown"])

    def _make_page(self) -> None:
        self.scene = widgets.Scene(hidden=self._hidden, question=t(self.title))
        shared = {"scene": self.scene}
        self.setup, self.run = widgets.StudySetup(**shared), widgets.StudyRun(**shared)
        self.map = widgets.StudyMap(**shared)
        self.export = widgets.StudyExport(**shared)
        self.share = link_maker(self.scene, HIDEABLE, TITLES)
        left, right = VBox([self.setup, self.share]), VBox([self.run, self.map, self.export])
        page = Box([left.add_class("kd-study-choose"), right.add_class("kd-study-see")]).add_class("kd-study-page")
        self.view = Box([page]).add_class("kd-study-room")

    # What the page says

    def _take_up(self, folder: Path) -> Mapping[str, Any] | None:
        kept.prune(folder)
        return kept.kept_choices(folder)

    def _on_looked(self, change: Bunch) -> None:
        """Another outcome is shown, which nothing is run for; the link says it."""
        self._choices = replace(self._choices, **{change.name: change.new})
        self._show_link()

    # What a reader does

    def _commands(self) -> dict[str, Callable[..., None]]:
        return {"choose": self._choose, "start": self.start, "stop": self.stop}

    def choose(self, **chosen: Any) -> None:
        """Choose other values of some fields; returns at once.

        Raises
        ------
        ValueError
            In one sentence, if they cannot be, or a study is under way.
        """
        if self._state in BUSY:
            raise ValueError(t("a study is under way; stop it to choose something else"))
        changed = self._choices
        for name, value in chosen.items():
            changed = changed.with_values(name, value)
        self._choices = changed
        self._show_soon()

    def start(self) -> None:
        """Do what is left of the study; returns at once.

        Raises
        ------
        ValueError
            In one sentence, if it is under way, done, or too large for a page.
        """
        if self._state in BUSY:
            raise ValueError(t("the study is under way"))
        self._stop_asked.clear()
        self._enter("running", t("Starting."))
        self._runner.put("run", self._do)

    def stop(self) -> None:
        """Stop after the step that is under way; finished runs are kept. Returns at once."""
        if self._state not in BUSY:
            raise ValueError(t("no study is under way"))
        self._stop()
        plan = self._plan
        if plan is not None:
            plan.study.cancel()

    # On threads of their own

    def _show(self) -> None:
        """Show the study that is chosen, with what is known of it; on the shower's thread."""
        choices = self._choices
        self._show_choices()
        try:
            plan = Plan.of(choices)
        except ValueError as error:
            self._plan = self._cells = None
            self._too_much = status_text.as_sentence(str(error))
            self._publisher.put(self.setup, size="", estimate=self._too_much, too_much=True)
            self._shown(choices)
            return
        if self._folder is not None:
            plan.study.load(self._folder)
        kinds = kinds_of(data_sets.load(choices.data).test)
        self._plan, self._cells = plan, Cells(plan, kinds)
        if self._is_study_of(choices) and self._choices.outcome not in [kind.name for kind in kinds]:
            self._choices = replace(self._choices, outcome="errors")
        looked = self._choices if self._is_study_of(choices) else choices
        turned = {name: getattr(looked, name) for name in ("outcome", "shown")}
        self._publisher.put(
            self.map,
            **axis_rows(plan),
            kinds=kind_rows(kinds),
            caption=sentences.fixed(choices),
            selected=-1,
            under_way={},
            **{name: value for name, value in turned.items() if value != getattr(self.map, name)},
        )
        self._publisher.put(self.export, code=code.program(plan), cluster=code.on_a_cluster(plan))
        self._show_link()
        self._units = estimated(plan.study)
        seconds = sum(self._units.values())
        self._too_much = too_large(plan, seconds)
        estimate = self._too_much or self._takes(seconds)
        self._publisher.put(self.setup, size=sentences.size(plan), estimate=estimate, too_much=bool(self._too_much))
        self._show_results()
        self._shown(choices)

    def _shown(self, choices: StudyChoices) -> None:
        """The study of these choices is on the page: nothing is done on it, unless it was started meanwhile."""
        if self._is_study_of(choices):  # else the next is shown at once
            self._rest(shown=True)

    def _is_study_of(self, choices: StudyChoices) -> bool:
        """Whether what is chosen now is the study of these choices; which outcome is shown does not count."""
        now = self._choices
        return replace(now, outcome=choices.outcome, shown=choices.shown) == choices

    def _rest(self, *, shown: bool = False) -> None:
        """Enter the state of a study that nothing is done on; ``shown``: one that was being opened, and no other."""
        enter = partial(self._enter, instead_of="opening") if shown else self._enter
        plan = self._plan
        if plan is None:
            enter("too_large", "")
            return
        total, left = plan.study.total, plan.study.left
        told = {"done": number(total - left), "total": number(total)}
        if not left:
            enter("finished", t("All {total} runs have finished.", **told))
        elif self._too_much:
            enter("too_large", self._too_much)
        elif left < total:
            text = mark("{done} of {total} runs have finished and are kept; Go on does the rest.")
            enter("stopped", t(text, **told))
        else:
            enter("idle", t("Nothing has run yet; Start does all {total} runs.", **told))

    def _do(self) -> None:
        """Run the study, on the runner's thread."""
        self._shower.wait_until_idle(60.0)  # what was chosen before Start is what is run
        plan = self._plan
        if plan is None or self._too_much or not plan.study.left:
            self._rest()
            return
        if self._folder is not None:
            kept.keep_choices(self._folder, self._choices.to_dict())
        if not self._stop_asked.is_set():
            self._enter("running", t("Asking the teacher."))
            plan.study.run(self._folder, progress=False, n_jobs=1, watch=self._hear)
        self._publisher.put(self.map, under_way={})
        self._units = estimated(plan.study)
        seconds = sum(self._units.values())
        self._publisher.put(self.setup, estimate=self._takes(seconds))
        self._show_results()
        self._rest()

    def _hear(self, news: News) -> None:
        """Show what the study reports, and have it stopped if that was asked for before it had begun."""
        plan, cells = self._plan, self._cells
        if plan is None or cells is None:
            return
        if self._stop_asked.is_set():
            plan.study.cancel()
        if news.finished:
            self._units = {keys: s for keys, s in self._units.items() if not set(keys) <= set(news.keys)}
            cells.renew(news.keys)
            self._publisher.put(self.map, under_way={})
            self._show_results(renewed=True)
        elif news.errors:
            examples = len(data_sets.load(self._choices.data).validation)
            errors = {str(arm): found for arm, found in cells.under_way(news.keys, news.errors)}
            steps = {"step": news.step, "total_steps": news.total_steps}
            self._publisher.put(self.map, under_way={"errors": errors, "examples": examples, **steps})
        self._show_progress(news)

    def _show_progress(self, news: News) -> None:
        plan = self._plan
        if plan is None or self._state != "running":
            return
        at = next((s for keys, s in self._units.items() if set(news.keys) <= set(keys)), 0.0)
        left = sum(self._units.values()) - at * (news.step / max(1, news.total_steps))
        if news.before:
            status = status_text.waiting(news.before)
        elif news.finished:
            status = t("Runs have finished; the next are trained.")
        elif not news.total_steps:
            status = t("Starting.")
        else:
            of = {"n": len(news.keys), "step": number(news.step), "total": number(news.total_steps)}
            status = t("Training {n} runs together: step {step} of {total}.", **of)
            status = status if len(news.keys) > 1 else t("Training one run: step {step} of {total}.", **of)
        self._enter("running", status, left=left)

    # What is shown

    def _show_choices(self) -> None:
        shown = {"fields": fields(self._choices), "axes": axis_options(self._choices)}
        self._publisher.put(self.setup, answer=self._publisher.coming(self.setup, "answer") + 1, **shown)

    def _show_results(self, *, renewed: bool = False) -> None:
        """Show the cells, the sentences and the tables."""
        plan, cells = self._plan, self._cells
        if plan is None or cells is None:
            return
        rows = cells.rows if renewed else cells.renew()
        best = cells.best()
        told = []
        found = choice(plan.study)
        if found is not None and best is not None:
            told += sentences.chosen(found, plan.name(best))
        compared = sum("low" in row["values"].get("errors", {}) for row in rows)
        told += [line for line in [sentences.by_chance(compared)] if line]
        if len(plan.study.seeds) == 1 and any(row["seeds"] for row in rows):
            told.append(t("One seed: intervals are those of the test examples, and say nothing about another seed."))
        self._publisher.put(self.map, cells=list(rows), best=-1 if best is None else best, sentences=told)
        some = any(row["seeds"] for row in rows)
        runs = plan.study.frame().to_csv(index=False) if some and not renewed else ""
        csv = table(plan, rows, cells.kinds, best) if some else ""
        self._publisher.put(self.export, cells=csv, runs=runs)

    def _show_link(self) -> None:
        self._publisher.put(self.share, **self._shared(said_in_link(self._choices, self._hidden)))

    def _takes(self, seconds: float) -> str:
        if not seconds:
            return t("All of it has run; the map shows it.")
        return t("About {seconds} s on one core of this machine, estimated.", seconds=number(max(1, round(seconds))))

    def _show_state(self, state: str, status: str, *, left: float | None = None) -> None:
        plan = self._plan
        total = 0 if plan is None else plan.study.total
        to_do = 0 if plan is None else plan.study.left
        seconds = sum(self._units.values()) if left is None else left
        if state not in BUSY and to_do:  # as if what is done had taken as long a run as what is left
            self._whole = seconds * total / to_do
        share = 1.0 if total and not to_do else max(0.0, 1 - seconds / self._whole) if self._whole else 0.0
        self._publisher.put(
            self.run,
            state=state,
            status=status,
            done=total - to_do,
            total=total,
            share=min(1.0, share),
            seconds_left=seconds if to_do and seconds else None,
        )
        busy = state in BUSY
        reason = t("A study is under way: stop it to choose something else.") if busy else ""
        self._publisher.put(self.setup, locked=busy, locked_reason=reason)

    def _say(self, sentence: str) -> None:
        self._publisher.put(self.run, status=sentence)

    # What others ask

    @property
    def study(self) -> Any:
        """The study on the page, once it is there."""
        self._shower.wait_until_idle(60.0)
        if self._plan is None:
            raise ValueError(t("these choices make no study: {why}", why=self.setup.estimate))
        return self._plan.study

    @classmethod
    def kinds(cls) -> Mapping[str, FieldKind]:
        return study_kinds()

    def _without_python(self) -> Mapping[ipywidgets.Widget, Mapping[str, Any]]:
        self.wait()
        return {self.map: {"under_way": {}}}

    def close(self) -> None:
        """Stop the study and close everything: no thread and no widget is left; finished runs stay kept."""
        self._stop_asked.set()
        if self._plan is not None:
            self._plan.study.cancel()
        super().close()
        self._plan = self._cells = None
