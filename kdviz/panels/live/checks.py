"""Checks of what a caller or a browser asks for, with errors of one sentence."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ...words import t
from ...words.naming import listed


def shown(value: Any) -> str:
    """Return a value for an error's sentence, in one line of at most some 60 characters.

    >>> shown("x" * 50), shown([1, "a"]), shown(10**5000)
    ("'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'", "[1, 'a']", 'a value of the kind int')
    """
    try:
        return repr(value if len(value) <= 40 else value[:40] + "…") if isinstance(value, str) else repr(value)[:60]
    except (ValueError, RecursionError):  # a number of thousands of digits; brackets within brackets
        return f"a value of the kind {type(value).__name__}"


def one_of(what: str, value: Any, choices: Collection[Any]) -> None:
    """Raise a one-sentence ``ValueError`` unless ``value`` is among ``choices``."""
    if value not in choices:
        names = listed(choices, value)
        raise ValueError(t("{name} must be one of {names}, got {value}", name=what, names=names, value=shown(value)))
