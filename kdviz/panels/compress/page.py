"""Compress: one teacher made small in four ways and in combinations; each point beside its twin, on one chart."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from ... import widgets
from ...distill.schema import Kind as FieldKind
from ...distill.schema import OneOf, Record, Text, Whole
from ...widgets.from_page import Box, VBox
from ...words import mark, number, t
from ..live.checks import one_of
from ..live.duration import rounded
from ..live.linked import link_maker
from ..live.making import BUSY, MakingPage
from . import kept, sentences
from .choices import CompressChoices, compress_kinds, four_ways, name_of
from .duration import seconds_of
from .fields import fields
from .link import HIDEABLE, LINK, said_in_link
from .trial import PARTS, Trial

TITLES = {"setup": mark("What is done to the teacher"), "share": mark("Link and code")}


class Compress(MakingPage[CompressChoices]):
    """A teacher made small: distilled, pruned, of low rank, in integers, and several of these together.

    Parameters
    ----------
    **chosen
        The fields of :class:`kdviz.panels.compress.choices.CompressChoices`, such as ``teacher="mnist-convnet"``,
        ``units=0.75``, ``integers="rounded"``, ``bits=4``, ``teaching=2``.

    Attributes
    ----------
    points : list of dict
        What is on the chart: settings, errors of student, twin and teacher on validation and on test data, bytes, time.
    state : dict
        The choices, for :meth:`~kdviz.panels.live.panel.Panel.from_state`.
    scene, setup, chart, share
        The widgets.

    Raises
    ------
    TypeError, ValueError
        In one sentence, if what is given does not fit.

    Notes
    -----
    What is done is done in one order: distil, take units away, low rank, set weights to zero, round, teach, PyTorch's
    own integers. Student and twin take their steps in turns; a point that was stopped is kept with the steps it has.
    All points are kept on disk for the browser.

    Errors are those on validation data, until the test set is opened for a teacher.

    Its commands are "choose" (name, and value as a link has it), "add", "ways", "stop", "remove" (id), "clear", "open"
    (the test set) and "count_on" (part).

    In a notebook, ``kd.panels.Compress()`` as the last line of a cell. Without a page, the same things by hand:
    ``page.add()``, then ``page.wait()``.
    """

    title = mark("Compress")
    links, choices, kept_as = LINK, CompressChoices, "compress"
    _messages: ClassVar[Mapping[str, FieldKind]] = {
        "choose": Record({"name": Text(longest=40), "value": Text(longest=400)}),
        "remove": Record({"id": Whole(least=0)}),
        "count_on": Record({"part": OneOf(PARTS)}),
        **{name: Record({}) for name in ("add", "ways", "stop", "clear", "open")},
    }

    def __init__(self, **chosen: Any) -> None:
        super().__init__(CompressChoices.of(chosen), given=bool(chosen), opening=t("Loading the teacher."))
        self._points: list[dict[str, Any]] = []
        self._known: list[dict[str, Any]] = []  # as they were last read or written
        self._tested: set[str] = set()  # teachers whose test errors have been looked at
        self._errors_on = "validation"
        self._make_page()
        self._open_page([self.setup, self.chart])

    def _make_page(self) -> None:
        self.scene = widgets.Scene(hidden=self._hidden, question=t(self.title))
        self.setup = widgets.CompressSetup(scene=self.scene)
        self.chart = widgets.CompressChart(scene=self.scene)
        self.share = link_maker(self.scene, HIDEABLE, TITLES)
        left, right = VBox([self.setup, self.share]), VBox([self.chart])
        self.view = Box([Box([left, right]).add_class("kd-compress-page")]).add_class("kd-compress-room")

    # What the page says

    def _say(self, sentence: str) -> None:
        self._publisher.put(self.setup, status=sentence)

    def _take_up(self, folder: Path) -> Mapping[str, Any] | None:
        found = kept.kept(folder)
        with self._condition:
            self._points, self._tested = found.points, set(found.opened)
            self._known = list(self._points)
        return found.settings

    # What a reader does

    def _commands(self) -> dict[str, Callable[..., None]]:
        own: dict[str, Callable[..., None]] = {"choose": self._choose, "remove": self.remove}
        own |= {"open": self.open_test, "count_on": self.count_on}
        return {**own, "add": self.add, "ways": self.ways, "stop": self.stop, "clear": self.clear}

    def choose(self, **chosen: Any) -> None:
        """Choose other values of some fields, for the next point; returns at once.

        Raises
        ------
        ValueError
            In one sentence, if they cannot be, or another teacher is chosen while points are made.
        """
        changed = self._choices
        for name, value in chosen.items():
            changed = changed.with_value(name, value)
        if self._state in BUSY and changed.teacher != self._choices.teacher:
            raise ValueError(t("a point is being made; stop it to choose another teacher"))
        self._choices = changed
        self._show_soon()

    def add(self) -> None:
        """Make the chosen point; returns at once.

        Raises
        ------
        ValueError
            In one sentence, if points are being made, or there are too many.
        """
        self._begin([self._choices])

    def ways(self) -> None:
        """Make the four ways and two combinations, one after another; returns at once. See ``add``."""
        self._begin(four_ways(self._choices.teacher))

    def _begin(self, wanted: Sequence[CompressChoices]) -> None:
        if self._state in BUSY:
            raise ValueError(t("a point is being made; stop it first"))
        if len(self._points) + len(wanted) > kept.MOST_POINTS:
            raise ValueError(t("there can be {most} points; remove some", most=kept.MOST_POINTS))
        self._stop_asked.clear()
        self._enter("running", t("Starting."), share=0.0)
        self._runner.put("run", partial(self._make_all, list(wanted)))

    def stop(self) -> None:
        """Stop after the step that is under way; what was learned becomes a point. Returns at once."""
        if self._state not in BUSY:
            raise ValueError(t("no point is being made"))
        self._stop()

    def remove(self, id: int) -> None:
        """Take a point off the page, and from the disk.

        Raises
        ------
        ValueError
            If there is no such point.
        """
        with self._condition:
            one_of("id", id, tuple(point["id"] for point in self._points))
            self._points = [point for point in self._points if point["id"] != id]
        self._points_changed()

    def clear(self) -> None:
        """Take all points of this teacher off the page."""
        teacher = self._choices.teacher
        with self._condition:
            self._points = [point for point in self._points if point["settings"]["teacher"] != teacher]
        self._points_changed()

    def open_test(self) -> None:
        """Open the test set, and show the errors on it; of points made from then on it is said."""
        self._tested.add(self._choices.teacher)
        self._errors_on = "test"
        self._shower.put("points", self._points_changed)

    def count_on(self, part: str) -> None:
        """Show the errors on validation data, or those of the test.

        Raises
        ------
        ValueError
            If there is no such part, or the test set has not been opened for this teacher.
        """
        one_of("part", part, PARTS)
        if part == "test" and self._choices.teacher not in self._tested:
            raise ValueError(t("the test set is closed; open it first, once all is chosen"))
        self._errors_on = part
        self._shower.put("points", self._show_points)

    # On threads of their own

    def _show(self) -> None:
        """Show what is chosen, the teacher's points and how long the next would take; on the shower's thread."""
        choices = self._choices
        self._show_choices()
        self._show_link()
        self._show_points()
        one, all_ways = seconds_of(choices), sum(map(seconds_of, four_ways(choices.teacher)))
        self._publisher.put(self.setup, estimate=_takes(one), estimate_ways=_takes(all_ways))
        if choices == self._choices:
            self._enter("idle", self._at_rest(), instead_of="opening")

    def _at_rest(self) -> str:
        if not self.points:
            return t("Nothing has been made yet.")
        return t("{n} points are on the chart and kept.", n=number(len(self.points)))

    def _make_all(self, wanted: list[CompressChoices]) -> None:
        """Make points one after another, on the runner's thread."""
        self._shower.wait_until_idle(60.0)
        seconds = [seconds_of(choices) for choices in wanted]
        for i, choices in enumerate(wanted):
            if self._stop_asked.is_set():
                break
            begun = time.monotonic()
            self._progress(t("{name}.", name=name_of(choices)), seconds, i)
            found = Trial(choices, self._stop_asked.is_set, partial(self._hear, choices, seconds, i)).run()
            seconds[i] = max(0.01, time.monotonic() - begun)
            with self._condition:
                found["opened"] = choices.teacher in self._tested
                found["id"] = 1 + max((point["id"] for point in self._points), default=0)
                self._points = [*self._points, found]
            self._points_changed()
        self._stop_asked.clear()
        self._enter("idle", self._at_rest(), share=1.0)

    def _hear(self, choices: CompressChoices, seconds: list[float], i: int, done: int, planned: int) -> None:
        told = {"name": name_of(choices), "done": number(done), "total": number(planned)}
        self._progress(
            t("{name}: step {done} of {total}, and as many of its twin.", **told), seconds, i, done / planned
        )

    def _progress(self, status: str, seconds: list[float], i: int, part: float = 0.0) -> None:
        """Show how far the work is: points before the i-th are done, and of that one a part."""
        done, total = sum(seconds[:i]) + part * seconds[i], sum(seconds)
        self._enter("running", status, share=done / total, left=total - done)

    def _points_changed(self) -> None:
        """Write the points down, with what another page of the browser has made and removed, and show them."""
        try:
            if self._folder is not None:
                with self._condition:  # whatever thread it is, no point comes between
                    now = kept.keep(self._folder, self._points, self._choices.to_dict(), self._tested, self._known)
                    self._points, self._known, self._tested = now.points, list(now.points), set(now.opened)
        finally:
            self._show_points()

    # What is shown

    def _show_choices(self) -> None:
        answer = self._publisher.coming(self.setup, "answer") + 1
        self._publisher.put(self.setup, answer=answer, fields=fields(self._choices))

    def _show_points(self) -> None:
        points, teacher = self.points, self._choices.teacher
        opened = teacher in self._tested
        part = self._errors_on if opened else "validation"
        self._publisher.put(
            self.chart,
            errors_on=part,
            opened=opened,
            teacher=sentences.teacher_row(teacher, part),
            points=[sentences.shown(point, part) for point in points],
            sentences=sentences.sentences(points, teacher, part),
            csv=sentences.table(points, test=opened),
        )

    def _show_link(self) -> None:
        self._publisher.put(self.share, **self._shared(said_in_link(self._choices, self._hidden)))

    def _show_state(self, state: str, status: str, *, share: float | None = None, left: float | None = None) -> None:
        more = {} if share is None else {"share": max(0.0, min(1.0, share))}
        self._publisher.put(self.setup, state=state, status=status, seconds_left=left, **more)

    # What others ask

    @property
    def points(self) -> list[dict[str, Any]]:
        """The points of the chosen teacher, in the order they were made."""
        with self._condition:
            return [point for point in self._points if point["settings"]["teacher"] == self._choices.teacher]

    @classmethod
    def kinds(cls) -> Mapping[str, FieldKind]:
        return compress_kinds()

    def _without_python(self) -> Mapping[Any, Mapping[str, Any]]:
        self.wait()
        return {}


def _takes(seconds: float) -> str:
    return t("about {seconds} s", seconds=number(rounded(seconds)))
