"""A live page of a catalogue, as Methods and Schemes: one of it is chosen, shown in full, and run beside others."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import ipywidgets
from traitlets import Bunch

from ... import widgets
from ...distill import Runner
from ...distill.runner import Command
from ...distill.schema import Whole
from ...widgets.from_page import Box, VBox
from ...widgets.scene import MOST_STEPS
from ...widgets.share import PARTS
from ...widgets.traits import View
from ...words import mark, number, t
from . import kept_runs
from .keeping import Keeping
from .link import Chosen, apart, said
from .linked import link_maker
from .page import AT_REST, LIVE, UNDER_WAY, LivePage

BEGUN = (*UNDER_WAY, "paused")  # states in which another choice would throw away what is being done
NOT_KEPT = mark("A run of {total} steps was here and was not kept. Train begins it anew.")
EARLIER = mark("This run is from an earlier visit.")
RECORDED = mark("This run is from an earlier visit; Train begins it anew.")
EVERY_S = 2.0  # of training between two times that it is kept
_GONE = Whole(least=1, most=MOST_STEPS)

C = TypeVar("C", bound=Chosen)


class CataloguePage(LivePage, Keeping, Generic[C]):
    """What Methods and Schemes have in common: three columns, the choice, its link, and a page that is shown anew.

    The newest run of each choice is kept for the browser while it is trained, and shown again where that is chosen.

    A subclass declares what follows, hands its first choices to ``__init__``, then calls :meth:`_open_page`. Choices
    are a frozen dataclass that raises a ``ValueError`` of one sentence for what cannot be.

    Attributes
    ----------
    scene, transport, curves, share
        The widgets that all such pages have.
    choices : type
        Makes choices from fields.
    hideable : tuple of str
        Parts that a link can hide.
    part_titles : dict of str to str
        What a reader calls them; those without a title are only hidden by who writes the link.
    unused : tuple of str
        Parts of the Lab that are not here.
    traits : dict of str to str
        Which field of the choices a trait writes, where that has another name.
    opening, under_way, of_ones_own, still : str
        Sentences: what is shown is being opened; why no other can be chosen; a page of the reader's own models has no
        state; a page without Python stays as it is. With :func:`kdviz.words.mark`.
    """

    choices: ClassVar[type[Any]]
    hideable: ClassVar[tuple[str, ...]]
    part_titles: ClassVar[Mapping[str, str]] = PARTS
    unused: ClassVar[tuple[str, ...]] = ("scrubber", "branch")
    traits: ClassVar[Mapping[str, str]]
    opening: ClassVar[str]
    under_way: ClassVar[str]
    of_ones_own: ClassVar[str]
    still: ClassVar[str]

    def __init__(self, choices: C) -> None:
        super().__init__()
        self._choices = self._shown_choices = choices
        self._hidden: list[str] = []
        self._not_kept = ""  # the run that was on this page before it was loaded anew, in a sentence
        self._seeks_kept = False  # what is chosen is shown with the run that is kept of it
        self._earlier = ""  # that the run on the page is from an earlier visit, in a sentence
        self._kept_at: tuple[Path, int, str] | None = None  # the run on the page: where, and how far it was
        self._leaves = False  # the run that is on the page still is of other choices
        self._keep_next = 0.0
        self._why_not = ""  # why it could not be kept

    def _open_page(self, heard: Sequence[str] = ()) -> None:
        """Make the page as the address asks for, and begin; the buttons of the widgets ``heard`` are listened to."""
        asked = self._asked_for() if self._is_by_name else None
        if asked is not None:
            self._take(asked)
        self._make_page()
        self._begin([getattr(self, name) for name in heard])

    def _make_page(self) -> None:
        self.scene = widgets.Scene(hidden=[*self.unused, *self._hidden])
        self.share = link_maker(self.scene, self.hideable, self.part_titles)
        self.transport = widgets.Transport(scene=self.scene)
        self.curves = widgets.LearningCurves(scene=self.scene)
        columns = self._columns()
        if self._is_by_name:
            columns["run"].append(self.share)
        boxes = [VBox(column).add_class(f"kd-methods-{name}") for name, column in columns.items()]
        page = Box(boxes).add_class("kd-methods-page")
        self.view = Box([page]).add_class("kd-methods-room")

    # What a page does in its own way

    def _columns(self) -> dict[str, list[View]]:
        """Make the page's own widgets; return what stands in the columns "choose", "see" and "run"."""
        raise NotImplementedError

    @property
    def _listing(self) -> View:
        """The widget with the catalogue, which is locked while a run is under way."""
        raise NotImplementedError

    @property
    def _chosen_on(self) -> tuple[View, ...]:
        """The widgets with something to choose; the page's address follows what is chosen there."""
        return (self._listing,)

    def choose(self, *args: Any, **chosen: Any) -> None:
        """Turn to something else; returns at once."""
        raise NotImplementedError

    def _show_as_it_was(self) -> None:
        """Show the choices again where another was refused."""
        raise NotImplementedError

    def _settled(self, choices: C) -> C:
        """Return what of the choices can be; why not all can is kept, to be said."""
        return choices

    def _show_anew(self, choices: C) -> None:
        """Show what is chosen; nothing of an earlier run is on the page."""
        raise NotImplementedError

    def _to_keep(self, place: Path) -> dict[str, Any]:
        """Write what is large of the runs to a folder; return the rest of what shows them again, as JSON holds it."""
        raise NotImplementedError

    def _shown_again(self, place: Path, said: dict[str, Any]) -> Sequence[Any]:
        """Show runs that were kept, in place of those that were planned; return them, for the runner.

        Raises
        ------
        Exception
            If they cannot be read; nothing was changed then.
        """
        raise NotImplementedError

    @property
    def _goes_on(self) -> bool:
        """Whether the runs on the page can be trained further, or are records of what was trained once."""
        return True

    def _said(self) -> dict[str, Any]:
        """Return the fields of a link to the page as it is."""
        return said(self._choices, self.choices(), self._hidden)

    # Links

    def _on_scene_message(self, content: dict[str, Any]) -> None:
        hello = content.get("hello")
        if isinstance(hello, dict) and "gone" in hello and not self._runner.runs:
            with contextlib.suppress(ValueError):
                _GONE.check(hello["gone"], "gone")
                self._not_kept = t(NOT_KEPT, total=number(hello["gone"]))
                self._turns.call(lambda: self._report(self._runner))
        super()._on_scene_message(content)

    def _opened(self, browser: str, query: str) -> None:
        if self._is_by_name and not self._runner.runs:
            fresh = self._is_kept_for(browser) is not None
            super()._opened(browser, query)
            if fresh:
                self._turns.call(self._take_up)

    def _open_as(self, state: dict[str, Any]) -> None:
        self._reset(lambda: self._open_taken(state))

    def _open_taken(self, state: dict[str, Any]) -> None:
        self._take(state)
        self._publisher.put(self.scene, hidden=[*self.unused, *self._hidden])
        self._show_chosen()

    def _take(self, state: dict[str, Any]) -> None:
        """Take the choices of a link."""
        fields, self._hidden = apart(state)
        self._choices = self._shown_choices = self.choices(**fields)

    def _show_link(self) -> None:
        """Show the link and the call that open the page as it is."""
        if self._is_by_name:
            shared = self._shared(self._said())
            self._publisher.put(self.share, **shared)
            for widget in self._chosen_on:
                self._publisher.put(widget, query=shared["query"])

    # What is kept

    def _take_up(self) -> None:
        """Show the run that is kept of what is chosen, if there is one; on the runner's thread."""
        runner = self._runner
        if self._folder is None or not self._is_by_name or runner.runs or runner.state != "idle":
            return
        place = kept_runs.place_of(self._folder, self._choices.to_dict())
        found = kept_runs.kept(place)
        if found is None:
            return
        try:
            runs = self._shown_again(place, found)
        except Exception:  # whatever became of the files: the page is as before
            kept_runs.forget(place)
            return
        runner.take(runs)
        at_the_end = runner.steps_done >= runner.total_steps
        self._kept_at = place, runner.steps_done, runner.state
        self._earlier = t(EARLIER if self._goes_on or at_the_end else RECORDED)
        self._report(runner)

    def _keep(self, runner: Runner) -> None:
        """Keep the runs on the page, where they have gone on; between two steps, on the runner's thread."""
        choices = self._choices  # before the next line, which says whether they are those of the run
        if self._folder is None or not self._is_by_name or not runner.runs or not runner.steps_done or self._outdated:
            return
        resting = runner.state in AT_REST
        if runner.measuring or not (resting or (runner.state == "running" and time.monotonic() > self._keep_next)):
            return
        place = kept_runs.place_of(self._folder, choices.to_dict())
        if self._leaves or runner is not self._runner:  # something else was chosen meanwhile
            return
        before, now = self._kept_at, (place, runner.steps_done, runner.state)
        if before == now:
            return
        try:
            if before is not None and before[0] != place:
                kept_runs.move(before[0], place)
            self._kept_at = now
            kept_runs.keep(place, self._to_keep(place))
            self._why_not = ""
        except (OSError, ValueError, TypeError) as error:
            self._why_not = t("This run could not be kept: {why}.", why=str(error).rstrip("."))
        self._keep_next = time.monotonic() + EVERY_S  # training stood still meanwhile

    def _clear(self) -> None:
        """Take the run off the page, and what is kept of it off the disk."""
        before, self._seeks_kept = self._kept_at, False

        def anew() -> None:
            if before is not None:
                kept_runs.forget(before[0])
            self._show_chosen()

        self._reset(anew)

    def _report(self, runner: Runner) -> None:
        if runner is self._runner:
            self._keep(runner)  # first: what the page says has been learned is on the disk
        super()._report(runner)

    def _let_go(self) -> None:
        super()._let_go()
        self._kept_at, self._earlier, self._why_not = None, "", ""
        self._leaves = False

    def _commands(self) -> dict[str, Callable[..., None]]:
        return {**super()._commands(), "reset": self._clear}

    def _go_on(self, command: Command) -> None:
        if self._runner.runs and not self._goes_on:
            self._reset()
        self._earlier = ""
        super()._go_on(command)

    # What is chosen

    def _on_chosen(self, change: Bunch) -> None:
        field = self.traits.get(change.name, change.name)
        if change.new == getattr(self._choices, field):
            return
        try:
            self.choose(**{field: change.new})
        except ValueError as error:
            self._show_as_it_was()
            self._say(str(error))

    def _turn_to(self, choices: C) -> None:
        """Turn to other choices; what was trained leaves the page. Returns at once.

        Raises
        ------
        ValueError
            In one sentence, if a run is under way.
        """
        if self._runner.state in BEGUN:
            raise ValueError(self._locked_reason(self._runner))
        self._leaves = leaves = bool(self._runner.runs) or self._runner.state == "failed"
        self._choices, self._not_kept, self._seeks_kept = choices, "", True
        if leaves:
            self._reset()
        else:
            self._show_soon()

    def _take_edited(self, choices: C, edit: Callable[[], None]) -> None:
        """Take choices with another number: ``edit`` the run under way, else they are those of the next one."""
        live, made = self._runner.state in LIVE, bool(self._runner.runs)
        if made and not live:
            self._outdated = True  # first: the run on the page is kept under the choices that it was made with
        self._choices = choices
        self._show_link()
        if live:
            edit()
        elif made:
            self._turns.call(lambda: None)  # the report after it says so
        else:
            self._show_soon()

    def _locked_reason(self, runner: Runner) -> str:
        """Return why nothing else can be chosen now; empty when it can."""
        return t(self.under_way) if runner.state in BEGUN else ""

    # On the runner's thread

    def _show_soon(self) -> None:
        if not self._asked_to_show:
            self._publisher.put(self.transport, state="loading", status=t(self.opening))
        super()._show_soon()

    def _show_chosen(self) -> None:
        self._asked_to_show = False
        seeks, self._seeks_kept = self._seeks_kept, False
        if self._runner.runs:  # Train came first: what was chosen after it does not count
            self._choices = self._shown_choices
            self._show_as_it_was()
            return
        asked = self._choices
        choices = self._shown_choices = self._settled(asked)
        if self._choices is asked:  # else more was chosen meanwhile, and is shown next
            self._choices = choices
        self._outdated = False
        fresh: dict[str, Any] = {"runs": [], "teacher_error": None, "total_steps": 0, "shown_run": "student"}
        self._publisher.put(self.scene, **fresh)
        self._publisher.put(self.curves, sentence="", against={})
        self._show_anew(choices)
        self._show_link()
        self._report(self._runner)
        if seeks:
            self._take_up()

    def _show_progress(self, runner: Runner, state: str, note: str = "") -> None:
        if state != "idle":
            self._not_kept = ""
        more = [self._not_kept, note, *([self._earlier, self._why_not] if state in AT_REST else [])]
        super()._show_progress(runner, state, " ".join(filter(None, more)))

    def _show_locked(self, runner: Runner) -> None:
        """Lock or unlock what is chosen from."""
        reason = self._locked_reason(runner)
        self._publisher.put(self._listing, locked=bool(reason), locked_reason=reason)

    # What others ask

    @property
    def settings(self) -> dict[str, Any]:
        if not self._is_by_name:
            raise ValueError(t(self.of_ones_own))
        return self._choices.to_dict()

    def _without_python(self) -> Mapping[ipywidgets.Widget, Mapping[str, Any]]:
        return {self._listing: {"locked": True, "locked_reason": t(self.still)}}
