"""Scene: what all views of one page share: watched examples, T and alpha, the selection, runs and their films.

It draws nothing. Views carry a reference to it (trait ``scene``) and read it in the browser, so that what moves there
moves in all of them at once, without Python. `shared/scene.js` is its other half.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import ipywidgets
import traitlets
from traitlets import Dict, Float, Instance, Int, List, Unicode

from kdviz.distill.live import WITH_SLIDER
from kdviz.widgets import bundle
from kdviz.widgets.catalogue import NAMES as VIEWS
from kdviz.widgets.from_page import BY_HAND, BY_PAGE, Between, reference
from kdviz.widgets.live_traits import live_traits, page_bounds
from kdviz.widgets.recording import Frame, LogitRecording
from kdviz.widgets.traits import Packed, Stateful, View, WrongTraitError, one_of, within

ROLES = ("student", "peer", "twin", "smoothed", "branch")
BIAS_SLIDER = (-2.0, 12.0)
HIGHEST_BIAS = 100.0  # far beyond where it decides every example
MOST_STEPS = 10**7
FILTERS = ("ambiguous", "teacher_wrong", "differ", "inherited", "new", "corrected", "both_right", "both_wrong", "all")


class SceneTrait(Instance):
    """A view's reference to the scene it shows; None where the view stands alone."""

    def __init__(self) -> None:
        super().__init__(
            ipywidgets.Widget, allow_none=True, help="The scene whose examples, T, alpha and films this view shows."
        )
        self.tag(sync=True, to_json=reference)


class InViews(View):
    """A widget that is drawn in some of its scene's views only; a class says in which by default."""

    in_views: ClassVar[tuple[str, ...]] = ()

    scene = SceneTrait()
    views = List(Unicode(), help="The views of the scene that this is part of.").tag(sync=True)

    @traitlets.default("views")
    def _default_views(self) -> list[str]:
        return list(self.in_views)

    @traitlets.validate("views")
    def _check_views(self, proposal: Any) -> list[str]:
        return [one_of("views", view, VIEWS) for view in proposal["value"]]


LiveTraits: Any = live_traits(*WITH_SLIDER, **BY_HAND)


class Scene(LiveTraits, Stateful):
    """The shared state of a page's views.

    Frames of films travel as custom messages, each once: ``record`` collects them, the next ``update`` sends those of
    the run shown. A page that opens later, or shows another run, asks and gets them all.

    Parameters
    ----------
    **traits
        Values by trait name; `Scene.own_traits()` lists them with their units.
    """

    _esm = bundle.alone(Path(__file__).with_name("scene.js"))

    classes = List(Unicode(), help="Names of the C classes, in the order of the logits.").tag(sync=True)
    images = Packed("u1", help="Grey values 0 to 255 of the N examples, N·H·W bytes; empty for rows.").tag(sync=True)
    image_shape = List(Int(), default_value=[0, 0], help="Height and width of one image, in pixels.").tag(sync=True)
    captions = List(Unicode(), help="A text for each example without an image; may be empty.").tag(sync=True)
    labels = List(Int(), help="True class of each example; -1 where it is not known.").tag(sync=True)
    sample = Int(
        0,
        help="The first so many examples are a random sample, and what is told of all is told of these; "
        "the others were picked for being remarkable.",
    ).tag(sync=True)
    tracked = Int(0, help="The first so many examples are those of the films; 0: all of them.").tag(sync=True)
    counted = Int(
        0, help="How many examples the views count once all of them are known; 0: no more than the sample."
    ).tag(sync=True)
    teacher_logits = Packed("<f4", help="Teacher's logits, N·C float32 numbers row by row.").tag(sync=True)
    teacher_name = Unicode("", help="Teacher's name.").tag(sync=True)
    student_name = Unicode("", help="Student's name.").tag(sync=True)
    split = Unicode("validation", help="What the examples were taken from.").tag(sync=True)

    penalty = Unicode("", help="What the fairness slider weighs, in words; empty: there is no such slider.").tag(
        sync=True
    )
    in_force = Dict(
        help='What training uses: {} or {"temperature": 4, "alpha": 0.9, "step": 200}, "fairness" with a penalty.'
    ).tag(sync=True)
    courses = List(
        Dict(),
        help='Numbers that follow a course through the run shown, or planned: {"name", "text", "start": where its '
        'slider was, "steps", "values": the number at each of these}; between two steps it goes straight.',
    ).tag(sync=True)
    bias_class = Int(-1, help="The class whose logit the bias slider raises; -1 for no such slider.").tag(sync=True)
    bias_range = List(Float(), default_value=list(BIAS_SLIDER), help="Lowest and highest value of its slider.").tag(
        sync=True
    )
    bias = Float(0.0, help="What is added to the student's logit of `bias_class` in every view.").tag(**BY_HAND)
    selected = Int(0, help="Index of the example shown, from 0.").tag(**BY_HAND)

    filter = Unicode("ambiguous", help=f"Which examples are listed: one of {', '.join(FILTERS)}.").tag(**BY_HAND)

    runs = List(
        Dict(),
        help='Runs on the page: {"id", "name", "role", "colour": int, "hidden": bool, "steps": [int], '
        '"values": [validation error in %], "edits": [{"step", "name", "text"}], "from": step or None, "note": str, '
        '"best": {"step", "value"} or None, "test": errors or None, "removable": bool, "total_steps": int, '
        '"epoch_steps": steps of an epoch, "seed": int, "temperature": the one of all its steps, or None, '
        '"alpha": what it is trained with, or None}.',
    ).tag(sync=True)
    earlier = List(
        Dict(),
        help='Runs made on the page before, as in `runs`, and of each {"round": int, "same_page": bool (filmed and '
        'tested on the same examples), "given": bool (the page was opened with it), "otherwise": str (how it was '
        "made in another way than the newest)}.",
    ).tag(sync=True)
    bands = List(
        Dict(),
        help='Several seeds: {"role", "name", "steps", "low", "mean", "high", "seeds": int}, errors in %.',
    ).tag(sync=True)
    teacher_error = Float(None, allow_none=True, help="The teacher's error on validation data in %.").tag(sync=True)
    total_steps = Int(0, help="Optimiser steps planned.").tag(sync=True)
    shown_run = Unicode("", help="Id of the run whose student the views show.").tag(**BY_PAGE)
    step = Int(None, allow_none=True, help="The recorded step that the views show; None: the newest.").tag(**BY_HAND)
    exact = Dict(help='Of which run and step `exact_logits` are: {} or {"run", "step"}.').tag(sync=True)
    exact_logits = Packed("<f4", help="The student's logits there, on the tracked examples: float32.").tag(sync=True)
    whole = Dict(help='Of which run and step `whole_logits` are: {} or {"run", "step"}.').tag(sync=True)
    whole_logits = Packed("<f4", help="The student's logits there, on all examples: N·C float32 numbers.").tag(
        sync=True
    )
    state = Unicode("empty", help="State of training, as in Transport.").tag(sync=True)

    link = Dict(
        help='What became of the link that opened the page: {} on a page that follows none, or {"answered": bool, '
        '"note": what is wrong with it, or ""}.'
    ).tag(sync=True)
    question = Unicode("", help="What the page asks; the title where it is presented.").tag(sync=True)

    shared = List(Unicode(), help="The traits that views take from here.").tag(sync=True)
    view = Unicode("one", help="What the right side shows: the name of a tab.").tag(**BY_HAND)
    hidden = List(Unicode(), help="Parts that are not drawn, by name (a lecturer's link).").tag(sync=True)
    locked = List(Unicode(), help="Controls that cannot be changed, by name (a lecturer's link).").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        self.films: dict[str, LogitRecording] = {}
        self._pending: list[tuple[str, Frame]] = []
        self._guard = threading.Lock()
        self._hear: list[Callable[[dict[str, Any]], None]] = []
        super().__init__(**traits)
        self.on_msg(self._on_message)

    @property
    def example_count(self) -> int:
        """Number N of examples, from the length of the teacher's logits."""
        return len(self.teacher_logits) // (4 * len(self.classes)) if self.classes else 0

    def record(self, run: str, frame: Frame) -> None:
        """Add a frame to the film of ``run``; it travels with the next ``update``. From any thread."""
        with self._guard:
            film = self.films.setdefault(run, LogitRecording())
            film.put(frame)
            self._pending.append((run, frame))

    def drop(self, run: str | None = None) -> None:
        """Forget the film of a run, or all films."""
        with self._guard:
            for name in [run] if run is not None else list(self.films):
                self.films.pop(name, None)
            self._pending = [(name, frame) for name, frame in self._pending if name in self.films]
        if run in (None, self.whole.get("run")):
            self.whole = {}
        self.send({"drop": run})

    def replace_films(self, films: Mapping[str, LogitRecording]) -> None:
        """Put films in the place of all that were; the page, told that its own are gone, asks for the one it shows."""
        with self._guard:
            self.films, self._pending = dict(films), []
        self.send({"drop": None})

    def update(self, **traits: Any) -> None:
        """Set several traits as one, then send the frames recorded since."""
        super().update(**traits)
        with self._guard:
            fresh = [(run, frame) for run, frame in self._pending if run == self.shown_run]
            self._pending = []
        self._send_frames(fresh)

    def on_message(self, hear: Callable[[dict[str, Any]], None]) -> None:
        """Have ``hear`` called with what the page says about itself, such as {"link": "?T=20"}."""
        self._hear.append(hear)

    def _on_message(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if not isinstance(content, dict):
            return
        if "need" in content:
            with self._guard:
                film = self.films.get(str(content["need"]))
                frames = [(str(content["need"]), frame) for frame in film.frames] if film else []
            self._send_frames(frames, whole=str(content["need"]))
        for hear in self._hear:
            hear(content)

    def _send_frames(self, frames: Sequence[tuple[str, Frame]], whole: str | None = None) -> None:
        if not frames and whole is None:
            return
        told = [{"run": run, "step": frame.step, "scale": frame.scale} for run, frame in frames]
        self.send({"frames": told, "whole": whole}, buffers=[frame.numbers.tobytes() for _, frame in frames])

    def page_choices(self) -> Mapping[str, Container[Any]]:
        return {
            **page_bounds(self, WITH_SLIDER),
            "bias": Between(-HIGHEST_BIAS, HIGHEST_BIAS),
            "shown_run": [row["id"] for row in (*self.runs, *self.earlier)],
            "step": Between(0, MOST_STEPS),
            **dict.fromkeys(self.locked, ()),
        }

    @traitlets.default("shared")
    def _default_shared(self) -> list[str]:
        return list(self.own_traits())

    @traitlets.validate("view")
    def _check_view(self, proposal: Any) -> str:
        return one_of("view", proposal["value"], VIEWS)

    @traitlets.validate("filter")
    def _check_filter(self, proposal: Any) -> str:
        return one_of("filter", proposal["value"], FILTERS)

    @traitlets.validate("selected")
    def _check_selected(self, proposal: Any) -> int:
        return int(within("selected", proposal["value"], 0, max(0, self.example_count - 1)))

    @traitlets.validate("teacher_logits")
    def _check_teacher_logits(self, proposal: Any) -> bytes:
        value, row = proposal["value"], 4 * len(self.classes)
        if value and (not row or len(value) % row):
            raise WrongTraitError(
                f"teacher_logits must hold rows of {row // 4} float32 numbers, got {len(value)} bytes"
            )
        return value

    @traitlets.validate("exact_logits")
    def _check_exact(self, proposal: Any) -> bytes:
        tracked = 4 * len(self.classes) * self.tracked
        return self._check_rows("exact_logits", proposal["value"], tracked or len(self.teacher_logits))

    @traitlets.validate("whole_logits")
    def _check_whole(self, proposal: Any) -> bytes:
        return self._check_rows("whole_logits", proposal["value"], len(self.teacher_logits))

    def _check_rows(self, name: str, value: bytes, wanted: int) -> bytes:
        if value and len(value) != wanted:
            raise WrongTraitError(f"{name} must be {wanted} bytes like teacher_logits, got {len(value)}")
        return value
