"""The links of Compare: ``?teacher=mnist-vit&student=mnist-vit-student&view=attention``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import data as data_sets
from .. import models
from ..widgets.scene import VIEWS
from ..words import t
from .live.link import Link
from .live.parameters import number, whole, word, words

USUAL: Mapping[str, Any] = {
    "teacher": "mnist-vit", "student": "mnist-vit-student", "temperature": 4.0, "view": "fidelity",
}  # fmt: skip
HIDEABLE = (
    "sliders",
    "examples",
    "many",
    "fidelity",
    "saliency",
    "attention",
    "inside",
    "calibration",
    "bias",
    "privacy",
    "robustness",
    "domain",
    "share",
)
MOST_SHOWN = 10**5


def said(settings: Mapping[str, Any], selected: int, hidden: list[str]) -> dict[str, Any]:
    """Return the fields of a link to a page: what is not as by default, and of two models both or none."""
    own = {name: value for name, value in settings.items() if value != USUAL[name]}
    if own.keys() & {"teacher", "student"}:
        own = {"teacher": settings["teacher"], "student": settings["student"], **own}
    return own | ({"selected": selected} if selected >= 0 else {}) | ({"hidden": hidden} if hidden else {})


def _opened(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a link's fields come to: two models of one data set, and how they are looked at."""
    cards = {name: models.card(name).data for name in (USUAL["teacher"], USUAL["student"], *models.names())}
    data = given.get("data") or cards[given.get("teacher", USUAL["teacher"])]
    fitting = [name for name, of in cards.items() if of == data]
    if not fitting:
        raise ValueError(t("there are no two models of {data} to compare", data=data))
    teacher = given.get("teacher", fitting[0])
    student = given.get("student") or next((name for name in fitting if name != teacher), teacher)
    for name, chosen in (("teacher", teacher), ("student", student)):
        if chosen not in fitting:
            names = ", ".join(fitting)
            raise ValueError(t("{name} must be one of {names}, got {value}", name=name, names=names, value=chosen))
    return {**USUAL, "selected": -1, "hidden": [], **given, "teacher": teacher, "student": student}


LINK = Link(
    {
        "data": word(data_sets.names()),
        "teacher": word(models.names()),
        "student": word(models.names()),
        "temperature": number(1000, above=True),
        "view": word(VIEWS),
        "selected": whole(-1, MOST_SHOWN),
        "hidden": words(HIDEABLE),
    },
    _opened,
    {"temperature": "T", "hidden": "hide"},
)
