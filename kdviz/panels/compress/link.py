"""The links of the Compress page: ``?units=0.75&integers=rounded&bits=4``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..live.link import Link, opened_with
from ..live.parameters import number, whole, word, words
from .choices import (
    INTEGERS,
    MOST_EPOCHS,
    MOST_RANK,
    MOST_UNITS,
    MOST_WEIGHTS,
    CompressChoices,
    teacher_names,
)

HIDEABLE = ("setup", "share")  # parts of the page that a link can hide

LINK = Link(
    {
        "teacher": word(teacher_names()),
        "student": whole(0, 300),
        "units": number(MOST_UNITS),
        "rank": whole(0, MOST_RANK),
        "weights": number(MOST_WEIGHTS),
        "integers": word(INTEGERS),
        "bits": whole(2, 8),
        "teaching": whole(0, MOST_EPOCHS),
        "hidden": words(HIDEABLE),
    },
    opened_with(CompressChoices.of),
    {"hidden": "hide"},
)


def said_in_link(choices: CompressChoices, hidden: Sequence[str] = ()) -> dict[str, Any]:
    """Return the fields of a link to these choices: what is not as it would be without being said.

    >>> LINK.written(said_in_link(CompressChoices.of({"units": 0.75, "teaching": 5})))
    '?units=0.75&teaching=5'
    """
    now, usual = choices.to_dict(), CompressChoices().to_dict()
    said = {n: now[n] for n in LINK.fields if n not in ("hidden", "weights") and now[n] != usual[n]}
    if CompressChoices.of(said) != choices:
        said["weights"] = now["weights"]
    return {name: said[name] for name in LINK.fields if name in said} | ({"hidden": list(hidden)} if hidden else {})
