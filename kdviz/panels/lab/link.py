"""The Lab's links: ``?T=20&labels=300&hide=setup&lock=temperature``. See :mod:`kdviz.panels.live.link`.

Only what differs from the defaults (or from the preset named) is written.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ...distill.live import LIVE, WITH_SLIDER
from ...shared import most_steps
from ...widgets.scene import VIEWS
from ...widgets.share import CONTROLS, PARTS
from ...words import number as written
from ...words import t
from ..live.checks import shown
from ..live.link import MOST_CHARACTERS as MOST_CHARACTERS
from ..live.link import Followed, Link
from ..live.panel import STATE_VERSION
from ..live.parameters import Parameter, edits, ends, flag, number, whole, word, words
from .choices import WITHOUT_LABELS, Choices, data_names, student_kinds, usual_of
from .options import PageOptions
from .presets import BY_NAME, check_bet

MOST_EPOCHS = 10_000
MOST_IN_A_BATCH = 4096
MOST_STEPS = 10**6  # of one run: days of training
LECTURERS = ("hidden", "locked", "temperature_range")  # what the Share view adds by itself
READERS = ("bet",)  # what is the reader's own

PAGE: dict[str, Any] = PageOptions().to_dict()


def defaults(preset: str = "", kind: str | None = None, data: str = Choices.data) -> dict[str, Any]:
    """Return the state of a page opened without a link, or with nothing but a preset or a kind of student.

    With a kind, size and training are what is usual for it on these data; the kind itself stays to be named.

    >>> defaults("hinton")["temperature"]
    20.0
    """
    state = {"version": STATE_VERSION, "panel": "Lab", **Choices().to_dict(), **PAGE}
    if preset:
        chosen = BY_NAME[preset]
        state |= {**Choices(**chosen.choices).to_dict(), "view": chosen.view, "preset": preset}
    state |= _usual_of(kind, data, state["kind"])
    return {name: list(value) if isinstance(value, list) else value for name, value in state.items()}


def _usual_of(kind: Any, data: Any, before: str) -> dict[str, Any]:
    """Return what is usual for a kind of student, unless it is the one before, or none that there is."""
    there = kind != before and data in data_names() and kind in student_kinds(data)
    return usual_of(kind, data) if there else {}


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
    usual = defaults(whole["preset"], whole["kind"], whole["data"])
    said = {name: whole[name] for name in _PARAMETERS if whole[name] != usual[name]}
    return LINK.written({"preset": whole["preset"], **said} if whole["preset"] else said)


def from_query(query: str) -> dict[str, Any]:
    """Return the whole state that a query string describes, as ``Lab.from_state`` takes it.

    Parameters
    ----------
    query : str
        With or without the "?". Parameters of the page around the Lab (``theme``, ``voila-theme``, ``token``) are
        passed over.

    Raises
    ------
    ValueError
        In one sentence that names the parameter, if one is unknown, given twice, or has a value that cannot be.
        :func:`follow` goes on without it.

    Examples
    --------
    >>> state = from_query("?T=20&lock=temperature&theme=dark")
    >>> state["temperature"], state["locked"], state["labels"]
    (20.0, ['temperature'], 4000)
    >>> from_query("?T=hot")
    Traceback (most recent call last):
        ...
    ValueError: T must be a number above 0, up to 1000, got 'hot'
    """
    found = follow(query)
    for sentence in found.left_out.values():
        raise ValueError(sentence)
    return found.state


def follow(query: str) -> Followed:
    """Return the state that a query string describes, without what cannot be.

    Where parameters do not fit one another those stand that come first among the fields of a state: the data before the
    teacher, the labels before alpha.

    Examples
    --------
    >>> found = follow("?T=hot&labels=300")
    >>> found.state["labels"], found.left_out
    (300, {'T': "T must be a number above 0, up to 1000, got 'hot'"})
    """
    return LINK.follow(query)


def to_call(state: Mapping[str, Any]) -> str:
    """Return the Python call that opens such a page, without what the Share view adds (hidden, locked, T's bounds).

    >>> to_call({"temperature": 20.0, "labels": 300})
    'kd.panels.Lab(labels=300, temperature=20.0)'
    """
    whole = complete(state)
    usual = defaults(kind=whole["kind"], data=whole["data"])
    names = [*_PARAMETERS, *(n for n in whole if n not in _PARAMETERS)]
    arguments = [f"{n}={whole[n]!r}" for n in names if n not in (*LECTURERS, *READERS) and whole[n] != usual[n]]
    return f"kd.panels.Lab({', '.join(arguments)})"


def complete(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return a state with its defaults filled in and every value checked, in the types that JSON gives back.

    Where it names a kind of student, these are that kind's.

    Without labels nothing is left but the teacher, whatever else is given (see :class:`Choices`).

    Raises
    ------
    ValueError
        In one sentence that names the field as a link does, if one is unknown or has a value that cannot be.
    """
    usual = defaults(kind=state.get("kind"), data=state.get("data", Choices.data))
    return _complete(state, usual, LINK_NAMES, given=())


def as_given(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return a whole state, in which nothing may stand otherwise than it is given.

    Raises
    ------
    ValueError
        In one sentence that names the field, if one is missing, unknown, or has a value that cannot be.
    """
    usual = defaults()
    if not isinstance(state, Mapping):
        raise ValueError(f"a Lab's state must be a dict, got {shown(state)}")
    missing = [name for name in usual if name not in state]
    if missing:
        raise ValueError(
            f"a Lab's state needs all its fields and has no {missing[0]}; for some of them call kd.panels.Lab(...)"
        )
    return _complete(state, usual, {}, given=usual.keys())


def _complete(
    state: Mapping[str, Any], start: Mapping[str, Any], names: Mapping[str, str], *, given: Collection[str]
) -> dict[str, Any]:
    """Return ``start`` with a state, whose ``given`` fields stand as they are given or are refused."""
    unknown = [name for name in state if name not in start]
    if unknown:
        raise ValueError(f"a Lab's state has no {shown(unknown[0])}; it has {', '.join(start)}")
    whole = {**start, **state}
    for name in ("version", "panel"):
        if type(whole[name]) is not type(start[name]) or whole[name] != start[name]:
            raise ValueError(f"{name} must be {start[name]!r}, got {shown(whole[name])}")
    for name, parameter in _PARAMETERS.items():
        whole[name] = parameter.check(names.get(name, name), whole[name])
    check_bet(_check_preset(whole["preset"]), whole["bet"])
    whole |= _chosen(whole, given, names)
    for name in (*WITH_SLIDER, "epochs"):
        low, high = whole[f"{name}_range"]
        if whole[f"{name}_range"] != PAGE[f"{name}_range"] and not low <= whole[name] <= high:
            label, within = names.get(name, name), names.get(f"{name}_range", f"{name}_range")
            ends = {"low": written(low, "g"), "high": written(high, "g"), "value": written(whole[name], "g")}
            raise ValueError(
                t("{name} must lie within {range}, {low} to {high}, got {value}", name=label, range=within, **ends)
            )
    return whole


def _chosen(whole: Mapping[str, Any], given: Collection[str], names: Mapping[str, str]) -> dict[str, Any]:
    """Return the choices about training, of which what is given stands as it is given."""
    chosen = {name: whole[name] for name in Choices.__dataclass_fields__}
    if chosen["labels"] == 0:
        chosen |= {name: value for name, value in WITHOUT_LABELS.items() if name not in given}
    try:
        made = Choices(**chosen)
    except TypeError as error:
        raise ValueError(str(error)) from error
    for name in (name for name in _PARAMETERS if name in chosen):
        if (value := getattr(made, name)) != chosen[name]:
            label, got = names.get(name, name), shown(chosen[name])
            raise ValueError(t("{name} must be {value} where labels is 0, got {got}", name=label, value=value, got=got))
    most = min(MOST_STEPS, most_steps() or MOST_STEPS)
    if made.steps > most:
        raise ValueError(
            t(
                "epochs and batch_size must come to {most} steps at most, got {epochs} and {batch}, which come to {n}",
                most=written(most),
                epochs=written(made.epochs),
                batch=written(made.batch_size),
                n=written(made.steps),
            )
        )
    return made.to_dict()


def _opened(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state of a page that opens with what is given, by the names of the state."""
    data, kind = given.get("data", Choices.data), given.get("kind")
    start = defaults(given.get("preset", ""))
    if "data" in given and "teacher" not in given:
        start |= Choices.of({"data": data}).to_dict()
    start |= _usual_of(kind, data, start["kind"])
    return _complete(given, start, LINK_NAMES, given=given)


def _check_preset(value: Any) -> str:
    if not isinstance(value, str) or value not in ("", *BY_NAME):
        names = ", ".join(BY_NAME)
        raise ValueError(
            t("{name} must be one of {names}, got {value}", name="preset", names=names, value=shown(value))
        )
    return value


_EPOCHS = whole(1, MOST_EPOCHS)
_LIVE = {name: number(live.most_in_a_link, above=live.above) for name, live in LIVE.items()}
_RENAMED = {"hidden": "hide", "locked": "lock"}
_RENAMED |= {name + end: live.link + end for name, live in LIVE.items() for end in ("", "_range")}

_PARAMETERS: dict[str, Parameter] = {
    "data": word(),
    "labels": whole(0, 10**7),
    "keep_unlabelled": flag(),
    "teacher": word(),
    "kind": word(),
    "units": whole(1, 10**6),
    "layers": whole(1, 100),
    "epochs": _EPOCHS,
    "optimizer": word(),
    "weight_decay": number(1.0),
    "rate_course": word(),
    "temperature_course": word(),
    **_LIVE,
    "batch_size": whole(1, MOST_IN_A_BATCH),
    "seed": whole(0, 10**9 - 1),
    "loss": word(),
    "omit": whole(-1, 10_000),
    "smoothing": flag(),
    "penalty": word(),
    "group": word(),
    "extra": word(),
    "fault": word(),
    "view": word(VIEWS),
    "selected": whole(-1, 100_000),
    "hidden": words(PARTS),
    "locked": words(CONTROLS),
    **{f"{name}_range": ends(_LIVE[name]) for name in WITH_SLIDER},
    "epochs_range": ends(_EPOCHS),
    "edits": edits({name: (_RENAMED.get(name, name), kind) for name, kind in _LIVE.items()}),
}
LINK_NAMES = {name: _RENAMED.get(name, name) for name in _PARAMETERS}
_PRESET = Parameter(lambda name, text: text, str, lambda name, value: _check_preset(value))
LINK = Link({"preset": _PRESET, **_PARAMETERS}, _opened, _RENAMED)
