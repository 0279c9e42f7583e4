"""From the Schemes page to the Lab: the runs that were trained, by their names, and a link to a run like them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any
from urllib.parse import urlencode

from ... import widgets
from ...distill import Distillation
from ...widgets.from_page import Box, VBox
from ...words import mark, t
from ..live.catalogue import CataloguePage
from .choices import SchemeChoices
from .scheme import Course
from .setting import TEACHER, TEMPERATURE, Setting

READY = mark("All runs of this page, each with its own teacher: {names}.")
NOT_YET = mark("Once these runs have ended, the Lab opens them.")
EARLIER = mark("These runs are from an earlier visit, and only what was seen of them is kept: Train makes them anew.")
OPEN = mark("The Lab is open below.")
BY_TOKEN = mark("These models answer token by token, and the Lab shows one answer for each example.")
IN_A_CELL = mark("Here the Lab needs a cell of its own: {call}, where panel is this page.")
LIKE = {
    "own": mark("A run like this one, in the Lab"),
    "hinton": mark("A run like its offline distillation, in the Lab; this scheme is none of the Lab’s choices"),
}
MOST_NAMED = 6


def trained(course: Course) -> dict[str, Distillation]:
    """Return the runs of a course by their names, the scheme's own first; those of tokens stay here."""
    lanes = [course.own, *(lane for role, lane in course.lanes.items() if role != "student")]
    runs: dict[str, Distillation] = {}
    for run in (run for lane in lanes for run in lane.stages if run.steps_done and not by_token(run)):
        name = plain = str(run.name or t("Student"))
        n = 1
        while name in runs:
            n += 1
            name = f"{plain} ({n})"
        runs[name] = run
    return runs


def by_token(run: Distillation) -> bool:
    """Whether a run is of models that answer token by token."""
    return run.data.train.y.ndim > 1


def like_it(choices: SchemeChoices, setting: Setting, course: Course) -> tuple[str, str]:
    """Return the Lab's link to a run like the scheme's, or like its offline distillation, and which of both it is."""
    omitted = course.extra.get("omitted")
    card = getattr(setting.teacher.module, "card", None)
    fields: dict[str, Any] = {
        **({"teacher": card.name} if card is not None and card.name != TEACHER else {}),
        "labels": setting.data.draw["count"] if setting.data.draw else setting.data.train.labelled,
        "units": setting.hidden[0],
        "layers": len(setting.hidden),
        "epochs": setting.epochs,
        "T": f"{TEMPERATURE:g}",
        "alpha": 0.9,
        "learning_rate": 0.01,
        "rate_course": "cosine",
        "batch_size": setting.batch_size,
        "seed": choices.seed,
    }
    if omitted is not None:
        fields["omit"] = omitted
    return f"?{urlencode(fields)}", "hinton" if omitted is None else "own"


class ToTheLab(CataloguePage[SchemeChoices]):
    """A page of courses whose runs can be opened in the Lab below it."""

    course: Course | None
    _own_setting: Setting | None
    _planned: Course | None
    _lab: Any = None
    _lab_of: Course | None = None  # whose runs it shows

    def _make_page(self) -> None:
        super()._make_page()
        self.view = VBox([self.view, self._room])

    def _make_way_to_lab(self) -> None:
        self.to_lab = widgets.OpenInLab(scene=self.scene)
        self._room = Box([]).add_class("kd-scheme-lab")

    @property
    def trained(self) -> dict[str, Distillation]:
        """The runs that were trained, by their names: ``kd.panels.Lab(panel.trained)``.

        Empty before they have ended; without those of models that answer token by token (``runs`` has their lanes).
        """
        return trained(self.course) if self.course is not None and self.course.finished else {}

    def lab(self) -> Any:
        """Return the Lab of the runs that were trained, the scheme's last one first; call it on the main thread.

        Raises
        ------
        ValueError
            If the runs have not ended.
        """
        runs = self.trained
        if self._by_token:
            raise ValueError(t(BY_TOKEN))
        if not runs or self.course is None:
            raise ValueError(t(EARLIER if self.course is not None and self.course.recorded else NOT_YET))
        last = [run for run in self.course.own.stages if run.steps_done and not by_token(run)][-1]
        shown = next(name for name, run in runs.items() if run is last)
        return import_module("kdviz").panels.Lab(runs, shown=shown)

    @property
    def _by_token(self) -> bool:
        """Whether the runs are of models that answer token by token, which the Lab does not show."""
        return self._planned is not None and self._planned.setting.data.train.y.ndim > 1

    def _lab_commands(self) -> dict[str, Callable[..., None]]:
        return {"lab": self._open_lab, "close_lab": self._close_lab}

    def _open_lab(self) -> None:
        """Open the Lab below the page; widgets are made on the main thread alone."""
        if threading.current_thread() is not threading.main_thread():
            self._publisher.put(self.to_lab, note=t(IN_A_CELL, call="kd.panels.Lab(panel.trained)"))
            return
        fresh = self.lab()
        self._close_lab()
        self._lab, self._lab_of = fresh, self.course
        self._room.children = (fresh.view,)
        self._publisher.put(self.to_lab, opened=True, note=t(OPEN))

    def _close_lab(self) -> None:
        """Close the Lab below the page; its runs stay."""
        before, self._lab, self._lab_of = self._lab, None, None
        if before is not None:
            self._room.children = ()
            before.close()
            self._publisher.put(self.to_lab, opened=False)
            self._show_way_to_lab()

    def _show_way_to_lab(self) -> None:
        """Show whether there are runs to open, and the link to one like them."""
        runs = self.trained
        course = self.course
        note = t(OPEN) if self._lab_of is not None and self._lab_of is course else _told(runs)
        if course is not None and course.recorded:
            note = t(EARLIER)
        if self._by_token:
            runs, note = {}, t(BY_TOKEN)
        self._publisher.put(self.to_lab, possible=not self._by_token, ready=bool(runs), note=note)
        if self._own_setting is None and self._planned is not None:
            self._publisher.put(self.to_lab, **self._like_it(self._planned))

    def _like_it(self, planned: Course) -> dict[str, str]:
        """Return the page and link of something like these runs, and what that is."""
        scheme = self._shown_choices.chosen
        if scheme.elsewhere is not None:
            (page, _, query), text = scheme.elsewhere[0].partition("?"), scheme.elsewhere[1]
            return {"page": page, "query": f"?{query}", "like": t(text)}
        query, which = like_it(self._shown_choices, planned.setting, planned)
        return {"page": "lab.ipynb", "query": query, "like": t(LIKE[which])}

    def close(self) -> None:
        self._close_lab()
        super().close()


def _told(runs: Mapping[str, Distillation]) -> str:
    if not runs:
        return t(NOT_YET)
    names = list(runs)
    more = ["…"] if len(names) > MOST_NAMED else []
    return t(READY, names="; ".join([*names[:MOST_NAMED], *more]))
