"""What the buttons of a page say: each command with what may come with it, checked before it is obeyed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...distill.schema import Anything, Flag, Kind, MapOf, Number, Record, Text, Whole, or_null, shown

_KEY = Text(longest=100)


@dataclass(frozen=True)
class Edits(Kind):
    """Numbers by name, and what else may come with them. Which names and how large they may be is the run's to say."""

    besides: Mapping[str, Kind] = field(default_factory=dict)

    @property
    def expected(self) -> str:
        return "a mapping from names to numbers"

    def check(self, value: Any, path: str) -> None:
        MapOf(Anything(), longest=10).check(value, path)
        for name, item in value.items():
            self.besides.get(name, Number()).check(item, f"{path}.{name}")


METHODS: Mapping[str, Kind] = {
    **{name: Record({}) for name in ("train", "pause", "step", "stop", "reset", "stop_diagnosis")},
    "diagnose": Record({}, {"closer": Flag()}),
}
LAB: Mapping[str, Kind] = {
    **METHODS,
    "opening": Record({}),
    "edit": Edits(),
    "branch": Edits({"step": or_null(Whole())}),
    "repeat": Record({}, {"seeds": Whole(least=2, most=20)}),
    "show": Record({"run": _KEY}),
    "rename": Record({"run": _KEY, "name": Text(longest=1000)}),
    "hide": Record({"run": _KEY}, {"hidden": Flag()}),
    "remove": Record({"run": _KEY}),
    "undo": Record({}),
    "twins": Record({}),
    "preset": Record({"name": _KEY}),
    "take_up": Record({"kept": _KEY}),
    "forget": Record({"kept": _KEY}),
    "restore": Record({"kept": _KEY}),
}


def read(content: Any, commands: Mapping[str, Kind]) -> tuple[str, dict[str, Any]] | None:
    """Return the command that a message is, and its values; None where it is none.

    Raises
    ------
    ValueError
        In one sentence, if there is no such command, or a value cannot be.

    Examples
    --------
    >>> read({"command": "show", "run": "run-1"}, LAB)
    ('show', {'run': 'run-1'})
    >>> read({"command": "repeat", "seeds": True}, LAB)
    Traceback (most recent call last):
        ...
    ValueError: repeat.seeds must be a whole number from 2 to 20, got true
    """
    if not isinstance(content, dict) or "command" not in content:
        return None
    name, values = content["command"], {key: value for key, value in content.items() if key != "command"}
    if not isinstance(name, str) or name not in commands:
        raise ValueError(f"a command must be one of {', '.join(commands)}, got {shown(name)}")
    commands[name].check(values, name)
    return name, values
