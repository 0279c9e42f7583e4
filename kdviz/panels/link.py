"""A page's state as a short query string that can be read, and back: ``?T=20&labels=300&hide=setup&lock=temperature``.

Only what differs from the defaults (or from the preset named) is written. What is read is held against fixed lists
and bounds, name by name; nothing of it is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from ..widgets.scene import VIEWS
from ..widgets.share import CONTROLS, PARTS
from .choices import Choices
from .opening import Opening
from .panel import STATE_VERSION
from .presets import BY_NAME

MOST_CHARACTERS = 4000
MOST_EDITS = 60
MOST_STEPS = 10**7
HIGHEST_TEMPERATURE = 1000.0
HIGHEST_RATE = 10.0
HIGHEST_FAIRNESS = 1000.0
MOST_EPOCHS = 10_000
LECTURERS = ("hidden", "locked", "temperature_range")  # what the Share view adds by itself

PAGE: dict[str, Any] = Opening().to_dict()
EDITED = {"T": "temperature"} | {name: name for name in ("alpha", "fairness", "learning_rate")}  # in a link, in a state
FROM_VOILA = re.compile(r"voila-.*|token")  # parameters of the server, none of ours

_WHOLE = re.compile(r"-?[0-9]{1,9}")
_NUMBER = re.compile(r"-?[0-9]{1,25}(\.[0-9]{1,25})?([eE]-?[0-9]{1,3})?")


@dataclass(frozen=True)
class Parameter:
    """How one value of the state is written in a link, and read again."""

    read: Callable[[str, str], Any]  # name in the link, text
    write: Callable[[Any], str]
    check: Callable[[str, Any], Any]  # name, value: the value as the state holds it


def defaults(preset: str = "") -> dict[str, Any]:
    """Return the state of a page opened without a link, or with nothing but a preset.

    >>> defaults("hinton")["temperature"]
    20.0
    """
    state = {"version": STATE_VERSION, "panel": "Lab", **Choices().to_dict(), **PAGE}
    if preset:
        chosen = BY_NAME[preset]
        state |= {**Choices(**chosen.choices).to_dict(), "view": chosen.view, "preset": preset}
    return {name: list(value) if isinstance(value, list) else value for name, value in state.items()}


def to_query(state: Mapping[str, Any]) -> str:
    """Return the query string for a state; empty for a page as it opens by itself.

    Parameters
    ----------
    state : dict
        ``panel.state`` of a Lab; what is not in it is as by default.

    Raises
    ------
    ValueError
        In one sentence that names the parameter, if a value cannot be.

    Examples
    --------
    >>> to_query({"temperature": 20.0, "labels": 300, "hidden": ["setup", "runs"], "edits": [(480, "alpha", 0.5)]})
    '?labels=300&T=20&hide=setup,runs&edits=480:alpha:0.5'
    """
    whole = complete(state)
    usual = defaults(whole["preset"])
    written = {LINK_NAMES[n]: _PARAMETERS[n].write(v) for n, v in whole.items() if n in _PARAMETERS and v != usual[n]}
    if whole["preset"]:
        written = {"preset": whole["preset"], **written}
    return "?" + "&".join(f"{name}={text}" for name, text in written.items()) if written else ""


def from_query(query: str) -> dict[str, Any]:
    """Return the whole state that a query string describes, as ``Lab.from_state`` takes it.

    Parameters
    ----------
    query : str
        With or without the "?". Parameters of Voila itself (``voila-theme``, ``token``) are passed over.

    Raises
    ------
    ValueError
        In one sentence that names the parameter, if one is unknown, given twice, or has a value that cannot be.

    Examples
    --------
    >>> state = from_query("?T=20&lock=temperature")
    >>> state["temperature"], state["locked"], state["labels"]
    (20.0, ['temperature'], 4000)
    >>> from_query("?T=hot")
    Traceback (most recent call last):
        ...
    ValueError: T must be a number above 0, up to 1000, got 'hot'
    """
    given = _split(query)
    preset = given.pop("preset", "")
    _check_preset("preset", preset)
    read = {STATE_NAMES[n]: _PARAMETERS[STATE_NAMES[n]].read(n, text) for n, text in given.items()}
    start = defaults(preset)
    if "data" in read and "teacher" not in read:
        start |= Choices.of({"data": read["data"]}).to_dict()
    return complete({**start, **read})


def to_call(state: Mapping[str, Any]) -> str:
    """Return the Python call that opens such a page, without what the Share view adds (hidden, locked, T's bounds).

    >>> to_call({"temperature": 20.0, "labels": 300})
    'kd.panels.Lab(labels=300, temperature=20.0)'
    """
    whole, usual = complete(state), defaults()
    told = [f"{n}={v!r}" for n, v in whole.items() if n not in LECTURERS and v != usual[n]]
    return f"kd.panels.Lab({', '.join(told)})"


def complete(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return a state with its defaults filled in and every value checked, in the types that JSON gives back."""
    usual = defaults()
    unknown = [name for name in state if name not in usual]
    if unknown:
        raise ValueError(f"a Lab's state has no {_shown(unknown[0])}; it has {', '.join(usual)}")
    whole = {**usual, **state}
    for name in ("version", "panel"):
        if whole[name] != usual[name]:
            raise ValueError(f"{name} must be {usual[name]!r}, got {_shown(whole[name])}")
    for name, parameter in _PARAMETERS.items():
        whole[name] = parameter.check(LINK_NAMES[name], whole[name])
    _check_preset("preset", whole["preset"])
    choices = {name: whole[name] for name in Choices.__dataclass_fields__}
    try:
        whole |= Choices(**choices).to_dict()
    except TypeError as error:
        raise ValueError(str(error)) from error
    for name in ("temperature", "alpha", "fairness", "epochs"):
        low, high = whole[f"{name}_range"]
        if whole[f"{name}_range"] != PAGE[f"{name}_range"] and not low <= whole[name] <= high:
            label = LINK_NAMES[name]
            raise ValueError(f"{label} must lie within {label}_range, {low:g} to {high:g}, got {whole[name]:g}")
    return whole


def _split(query: str) -> dict[str, str]:
    """Return the parameters of a query by name, each known and given once."""
    if len(query) > MOST_CHARACTERS:
        raise ValueError(f"a link may have {MOST_CHARACTERS:,} characters, got {len(query):,}; ask for a shorter one")
    given: dict[str, str] = {}
    for part in query.removeprefix("?").split("&"):
        name, equals, text = part.partition("=")
        if not part or FROM_VOILA.fullmatch(name):
            continue
        if name not in STATE_NAMES and name != "preset":
            raise ValueError(f"a link has no {_shown(name)}; it may have {', '.join(('preset', *STATE_NAMES))}")
        if name in given:
            raise ValueError(f"{name} must be given once, got it twice")
        try:
            given[name] = unquote(text, errors="strict")
        except UnicodeDecodeError as error:
            raise ValueError(f"{name} must be plain text, got {_shown(text)}") from error
        if not equals:
            raise ValueError(f"{name} must have a value, as in {name}=…, got none")
    return given


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return repr(text if len(text) <= 40 else text[:40] + "…") if isinstance(value, str) else text[:60]


def _check_preset(label: str, value: Any) -> str:
    if value not in ("", *BY_NAME):
        raise ValueError(f"{label} must be one of {', '.join(BY_NAME)}, got {_shown(value)}")
    return str(value)


# Texts and values of one kind each: read(name, text), write(value), check(name, value).


def _number_text(value: float) -> str:
    """Write a float so that it reads back as the same one, without a plus sign (which means a space to some)."""
    return repr(float(value)).removesuffix(".0").replace("e+", "e")


def _number(high: float, *, above: bool = False) -> Parameter:
    """A number from 0 to ``high``; ``above``: not 0 itself."""
    wanted = f"a number above 0, up to {high:g}" if above else f"a number from 0 to {high:g}"

    def read(name: str, text: str) -> float:
        if not _NUMBER.fullmatch(text):
            raise ValueError(f"{name} must be {wanted}, got {_shown(text)}")
        return float(text)

    def check(name: str, value: Any) -> float:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= high
        if not fits or (above and value == 0):
            raise ValueError(f"{name} must be {wanted}, got {_shown(value)}")
        return float(value)

    return Parameter(read, _number_text, check)


def _whole(low: int, high: int) -> Parameter:
    wanted = f"a whole number from {low} to {high}"

    def read(name: str, text: str) -> int:
        if not _WHOLE.fullmatch(text):
            raise ValueError(f"{name} must be {wanted}, got {_shown(text)}")
        return int(text)

    def check(name: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"{name} must be {wanted}, got {_shown(value)}")
        return value

    return Parameter(read, str, check)


def _flag() -> Parameter:
    def read(name: str, text: str) -> bool:
        if text not in ("0", "1"):
            raise ValueError(f"{name} must be 0 or 1, got {_shown(text)}")
        return text == "1"

    def check(name: str, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be True or False, got {_shown(value)}")
        return value

    return Parameter(read, lambda value: str(int(value)), check)


def _word(among: tuple[str, ...] = ()) -> Parameter:
    """One of several words; with none given, `Choices` knows them."""

    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or (among and value not in among):
            wanted = f"one of {', '.join(among)}" if among else "a name"
            raise ValueError(f"{name} must be {wanted}, got {_shown(value)}")
        return value

    def read(name: str, text: str) -> str:
        if not re.fullmatch(r"[\w-]{1,60}", text, re.ASCII):
            raise ValueError(f"{name} must be a name, got {_shown(text)}")
        return text

    return Parameter(read, str, check)


def _words(among: tuple[str, ...]) -> Parameter:
    one = _word(among)

    def check(name: str, values: Any) -> list[str]:
        if isinstance(values, str) or len(set(values)) < len(values):
            raise ValueError(f"{name} must be names, each once, got {_shown(values)}")
        return [one.check(name, value) for value in values]

    return Parameter(lambda name, text: [one.read(name, part) for part in text.split(",") if part], ",".join, check)


def _range(number: Parameter) -> Parameter:
    def read(name: str, text: str) -> list[Any]:
        return [number.read(name, part) for part in text.split(",")]

    def check(name: str, values: Any) -> list[Any]:
        if isinstance(values, str) or len(values) != 2 or not values[0] < values[1]:
            raise ValueError(f"{name} must be two numbers, the smaller first, got {_shown(values)}")
        return [number.check(name, value) for value in values]

    return Parameter(read, lambda values: ",".join(number.write(v) for v in values), check)


def _edits() -> Parameter:
    """Edits in the order of their steps, of each name at most one a step."""
    short = {full: brief for brief, full in EDITED.items()}
    step_number = _whole(0, MOST_STEPS)

    def read(name: str, text: str) -> list[list[Any]]:
        edits = []
        for part in text.split(","):
            step, _, rest = part.partition(":")
            what, _, value = rest.partition(":")
            if what not in EDITED:
                raise ValueError(f"{name} must be as 480:T:8, with one of {', '.join(EDITED)}, got {_shown(part)}")
            edits.append([step_number.read(name, step), EDITED[what], _PARAMETERS[EDITED[what]].read(name, value)])
        return edits

    def check(name: str, edits: Any) -> list[list[Any]]:
        if len(edits) > MOST_EDITS:
            raise ValueError(f"{name} may be {MOST_EDITS} at most, got {len(edits)}")
        checked = []
        for edit in edits:
            if isinstance(edit, str) or len(edit) != 3 or edit[1] not in short:
                raise ValueError(f"{name} must each be a step, one of {', '.join(short)}, and a value")
            step, what, value = edit
            checked.append([step_number.check(name, step), what, _PARAMETERS[what].check(name, value)])
        if len({(step, what) for step, what, _ in checked}) < len(checked):
            raise ValueError(f"{name} must change each value at most once a step, got two at one step")
        return sorted(checked, key=lambda edit: edit[0])

    def write(edits: Any) -> str:
        return ",".join(f"{step}:{short[what]}:{_number_text(value)}" for step, what, value in edits)

    return Parameter(read, write, check)


_TEMPERATURE = _number(HIGHEST_TEMPERATURE, above=True)
_EPOCHS = _whole(1, MOST_EPOCHS)

_PARAMETERS: dict[str, Parameter] = {
    "data": _word(),
    "labels": _whole(0, 10**7),
    "keep_unlabelled": _flag(),
    "teacher": _word(),
    "units": _whole(1, 10**6),
    "layers": _whole(1, 10),
    "epochs": _EPOCHS,
    "temperature": _TEMPERATURE,
    "alpha": _number(1),
    "learning_rate": _number(HIGHEST_RATE, above=True),
    "batch_size": _whole(1, 100_000),
    "seed": _whole(0, 10**9 - 1),
    "loss": _word(),
    "omit": _whole(-1, 10_000),
    "smoothing": _flag(),
    "fairness": _number(HIGHEST_FAIRNESS),
    "penalty": _word(),
    "group": _word(),
    "view": _word(VIEWS),
    "selected": _whole(-1, 100_000),
    "hidden": _words(tuple(PARTS)),
    "locked": _words(tuple(CONTROLS)),
    "temperature_range": _range(_TEMPERATURE),
    "alpha_range": _range(_number(1)),
    "fairness_range": _range(_number(HIGHEST_FAIRNESS)),
    "epochs_range": _range(_EPOCHS),
    "edits": _edits(),
}
_RENAMED = {"temperature": "T", "temperature_range": "T_range", "hidden": "hide", "locked": "lock"}
LINK_NAMES = {name: _RENAMED.get(name, name) for name in _PARAMETERS}
STATE_NAMES = {link: name for name, link in LINK_NAMES.items()}
