"""Widgets written down for a page without Jupyter: their code, their state as JSON (numbers as base64), their films.

`stand_in.js` plays the part of Jupyter there: models that are set and listened to, and nobody behind them.
"""

from __future__ import annotations

import base64
import gzip
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ipywidgets
import numpy as np

from kdviz.widgets.from_page import Box
from kdviz.widgets.library import Library
from kdviz.widgets.recording import LogitRecording
from kdviz.widgets.traits import Packed, Stateful, View

NEEDED = ("_library", "_dom_classes")  # of the names that begin with a line, what JavaScript asks for
LEFT_OUT = ("layout", "tabbable", "tooltip")

Changes = Mapping[ipywidgets.Widget, Mapping[str, Any]]


def written(roots: Sequence[ipywidgets.Widget], changes: Changes | None = None) -> dict[str, Any]:
    """Return what `stand_in.js` makes widgets of: those of ``roots``, all in their boxes, and what they refer to.

    Parameters
    ----------
    roots : sequence of Box or View
    changes : dict of widget to dict, optional
        Values by trait name that are written in place of those of now; a box may be given other ``children``.

    Returns
    -------
    dict
        ``models`` (states by id), ``modules`` (texts), ``module_of`` (places in ``modules`` by id), ``sheets`` (texts),
        ``films`` (of each scene, by run).

    Raises
    ------
    TypeError
        If there is another kind of widget among them.
    """
    changes = changes or {}
    drawn = list(dict.fromkeys(one for root in roots for one in within(root, changes)))
    views = [one for one in drawn if isinstance(one, View)]
    scenes = list(dict.fromkeys(v.scene for v in views if getattr(v, "scene", None) is not None))
    libraries = list(dict.fromkeys(v._library for v in views if v._library is not None))
    widgets = [*libraries, *scenes, *drawn]
    modules = list(dict.fromkeys(str(w._esm) for w in widgets))
    return {
        "models": {w.model_id: _state(w, changes.get(w, {})) for w in widgets},
        "films": {s.model_id: {run: _film(film) for run, film in _films(s).items() if len(film)} for s in scenes},
        "modules": modules,
        "module_of": {w.model_id: modules.index(str(w._esm)) for w in widgets},
        "sheets": list(dict.fromkeys(str(w._css) for w in drawn)),
    }


def _films(scene: Any) -> dict[str, LogitRecording]:
    """Return the films of a scene that its page can show: of the runs before, the students' alone."""
    others = {row["id"] for row in scene.earlier if not row["same_page"] or row["role"] != "student"}
    return {run: film for run, film in dict(scene.films).items() if run not in others}


def within(widget: ipywidgets.Widget, changes: Changes | None = None) -> Iterator[Box | View]:
    """Yield a widget, and those in it if it is a box.

    Raises
    ------
    TypeError
        If there is another kind of widget among them.
    """
    if not isinstance(widget, Box | View):
        raise TypeError(
            f"a panel of boxes and kdviz's own widgets can be written as one file, got a {type(widget).__name__} in "
            "it; take it out of the panel's view"
        )
    yield widget
    if isinstance(widget, Box):
        for child in (changes or {}).get(widget, {}).get("children", widget.children):
            yield from within(child, changes)


def _state(widget: Stateful | Library | Box, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what JavaScript may ask of a widget, as it would travel to the page."""
    state = widget.get_state()
    own = {name: value for name, value in state.items() if name in NEEDED or not name.startswith("_")}
    changed = {name: _sent(widget, name, value) for name, value in changes.items()}
    return {name: _json_of(value) for name, value in {**own, **changed}.items() if name not in LEFT_OUT}


def _sent(widget: ipywidgets.Widget, name: str, value: Any) -> Any:
    """Return a value of a trait as the widget would send it; arrays become bytes, as the trait would make them."""
    trait = widget.traits().get(name)
    if isinstance(trait, Packed):
        value = trait.validate(widget, value)
    return widget.trait_metadata(name, "to_json", lambda one, _widget: one)(value, widget)


def _json_of(value: Any) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        return {"base64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, Mapping):
        return {str(key): _json_of(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_json_of(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no word for it
    return value


def _film(film: LogitRecording) -> dict[str, Any]:
    """Return a film: steps, scales, and the frames' numbers one after the other, packed."""
    frames = film.frames
    numbers = np.concatenate([frame.numbers.ravel() for frame in frames]).astype("<i2")
    packed = gzip.compress(numbers.tobytes(), mtime=0)
    return {
        "steps": [frame.step for frame in frames],
        "scales": [frame.scale for frame in frames],
        "packed": base64.b64encode(packed).decode("ascii"),
    }
