"""Presets: ways for the Lab to open, each with a question that a run of some twenty seconds can answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Preset:
    """A way for the Lab to open.

    Attributes
    ----------
    name, title : str
        For links, and for the reader.
    question : str
        What to ask before Train is pressed; it gives no answer away.
    choices : dict
        What differs from the default :class:`kdviz.panels.choices.Choices`.
    view : str
        The view that the page opens with: "one", "many" or "draw".
    look : str
        Where on the page to look; never what will be seen there.
    """

    name: str
    title: str
    question: str
    choices: dict[str, Any]
    view: str
    look: str


PRESETS = (Preset("hinton", "Hinton", "Will?", {"temperature": 20.0, "units": 800, "layers": 2}, "one", "x"),)
BY_NAME = {preset.name: preset for preset in PRESETS}
