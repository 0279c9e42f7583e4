"""A live page of a catalogue, as Methods and Schemes: one of it is chosen, shown in full, and run beside others."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

import ipywidgets
from traitlets import Bunch

from ... import widgets
from ...distill import Runner
from ...distill.schema import Whole
from ...widgets.from_page import Box, VBox
from ...widgets.scene import MOST_STEPS
from ...widgets.traits import View
from ...words import mark, number, t
from .link import Chosen, apart, said
from .linked import link_maker
from .page import UNDER_WAY, LivePage

BEGUN = (*UNDER_WAY, "paused")  # states in which another choice would throw away what is being done
NOT_KEPT = mark("A run of {total} steps was here and is gone: this page keeps none. Train begins it anew.")
_GONE = Whole(least=1, most=MOST_STEPS)

C = TypeVar("C", bound=Chosen)


class CataloguePage(LivePage, Generic[C]):
    """What Methods and Schemes have in common: three columns, the choice, its link, and a page that is shown anew.

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

    def _open_page(self, heard: Sequence[str] = ()) -> None:
        """Make the page as the address asks for, and begin; the buttons of the widgets ``heard`` are listened to."""
        asked = self._asked_for() if self._is_by_name else None
        if asked is not None:
            self._take(asked)
        self._make_page()
        self._begin([getattr(self, name) for name in heard])

    def _make_page(self) -> None:
        self.scene = widgets.Scene(hidden=[*self.unused, *self._hidden])
        self.share = link_maker(self.scene, self.hideable)
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
            super()._opened(browser, query)

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
        self._choices, self._not_kept = choices, ""
        if self._runner.runs or self._runner.state == "failed":
            self._reset()
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

    def _show_progress(self, runner: Runner, state: str, note: str = "") -> None:
        if state != "idle":
            self._not_kept = ""
        super()._show_progress(runner, state, " ".join(filter(None, [self._not_kept, note])))

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
