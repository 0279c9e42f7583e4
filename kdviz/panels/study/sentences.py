"""What the Study page says: what is studied, how far it is, what it shows, and what choosing the best costs."""

from __future__ import annotations

import math

from ... import data as data_sets
from ... import models
from ...distill.variants import PENALTIES
from ...study.choosing import Choice
from ...words import mark, number, t, tn
from .choices import StudyChoices, place_text, value_text
from .plan import Plan

NEXT_TO_NOTHING = 0.0005  # of an error rate: 5 in 10,000


def fixed(choices: StudyChoices) -> str:
    """Return what all cells have in common, in a sentence."""
    once = {
        name: getattr(choices, name)[0]
        for name in ("method", "temperature", "alpha", "units", "labels", "learning_rate")
        if name not in choices.axes
    }
    parts = [t(data_sets.load(choices.data).title)]
    if "teacher" not in choices.axes:
        parts.append(t("teacher {name}", name=t(models.card(choices.teacher[0]).title)))
    method = once.pop("method", None)
    if method is not None:
        parts.append(value_text("method", method))
    parts += [place_text({name: value}) for name, value in once.items()]
    if any(choices.fairness):
        title = t(PENALTIES[choices.penalty].words)
        parts.append(t("penalty {name} by {group}", name=title, group=choices.group))
        if "fairness" not in choices.axes:
            parts.append(place_text({"fairness": choices.fairness[0]}))
    parts.append(tn("{n} epoch", "{n} epochs", choices.epochs, n=number(choices.epochs)))
    parts.append(t("batches of {n}", n=choices.batch_size))
    parts.append(tn("{n} seed", "{n} seeds", choices.seeds, n=choices.seeds))
    return t("All cells: {settings}.", settings=", ".join(parts))


def size(plan: Plan) -> str:
    """Return how many runs a study has, in a sentence without its end."""
    twins = plan.study.total - len(plan.study.arms) * len(plan.study.seeds)
    cells = tn("{n} cell", "{n} cells", len(plan.study.arms))
    seeds = tn("{n} seed", "{n} seeds", len(plan.study.seeds))
    shared = tn("{n} twin", "{n} twins", twins)
    return t("{cells} × {seeds}, and {twins}", cells=cells, seeds=seeds, twins=shared)


def chosen(found: Choice, name: str) -> list[str]:
    """Return which setting is best on validation data, and what choosing it costs.

    Parameters
    ----------
    found : Choice
    name : str
        The setting's, for a reader.
    """
    validation = _percent(found.validation)
    told = {"name": name, "validation": validation, "n": number(found.examples), "cells": found.among}
    if math.isnan(found.test):
        first = t("★ Best of {cells} on validation data: {name}, {validation} of {n} examples wrong.", **told)
        return [first]
    text = mark(
        "★ Best of {cells} on validation data: {name}, {validation} of {n} examples wrong; on the {m} test examples "
        "{test}."
    )
    lines = [t(text, m=number(found.test_examples), test=_percent(found.test), **told)]
    if found.among > 1 and not math.isnan(found.optimism):
        lines.append(_cost(found))
    return lines


def _cost(found: Choice) -> str:
    told = {
        "cells": found.among,
        "points": _points(found.optimism),
        "own": _signed(found.test - found.validation),
        "all": _signed(found.all_test - found.all_validation),
    }
    if found.optimism < NEXT_TO_NOTHING:
        text = mark(
            "Choosing the best of {cells} costs next to nothing here: its validation rate is too low by some {points} "
            "percentage points (from validation to test: {own} for it, {all} for all cells)."
        )
    else:
        text = mark(
            "Having chosen the best of {cells}, its validation rate is too low by some {points} percentage points "
            "(from validation to test: {own} for it, {all} for all cells): quote the test errors."
        )
    line = t(text, **told)
    if math.isnan(found.of_setting) or found.of_setting < found.optimism + NEXT_TO_NOTHING:
        return line
    more = t("For students trained anew with other seeds it is {points}.", points=_points(found.of_setting))
    return f"{line} {more}"


def by_chance(compared: int) -> str:
    """Return how many of so many differences chance alone would show; empty for one."""
    if compared < 2:
        return ""
    return t(
        "{n} cells are compared with a twin, each at 95\u202f%: if none differed, chance alone would show about "
        "{by_chance}.",
        n=compared,
        by_chance=number(round(0.05 * compared, 1), ".1f"),
    )


def _percent(share: float) -> str:
    return f"{number(100 * share, '.2f')}\u202f%"


def _points(share: float) -> str:
    return number(100 * share, ".2f")


def _signed(share: float) -> str:
    return number(round(100 * share, 2) + 0.0, "+.2f")
