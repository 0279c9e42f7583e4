"""The study that the page's choices come to: its recipe, its axes, and whether it is small enough for a page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ... import data as data_sets
from ...distill import Recipe
from ...distill.batches import batch_sizes
from ...shared import most_steps
from ...study import Study
from ...words import number, t
from .choices import StudyChoices, place_text

MOST_RUNS = 400  # twins included
MOST_SECONDS = 900.0  # of the estimate: a page is no place for more


@dataclass(frozen=True, eq=False)
class Plan:
    """A study and where its arms lie on the map.

    Attributes
    ----------
    choices : StudyChoices
    recipe : Recipe
        What all arms have in common.
    axes : dict of str to list
        As :meth:`kdviz.Study.grid` takes them, x first.
    study : Study
    """

    choices: StudyChoices
    recipe: Recipe
    axes: dict[str, list[Any]]
    study: Study

    @classmethod
    def of(cls, choices: StudyChoices) -> Plan:
        """Return the plan of these choices.

        Raises
        ------
        ValueError
            In one sentence, if the choices do not fit one another.
        """
        recipe = recipe_of(choices)
        axes: dict[str, Any] = axes_of(choices)
        return cls(choices, recipe, axes, Study.grid(recipe, seeds=choices.seeds, **axes))

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows of the map."""
        across, down = (len(values) for values in self.choices.axes.values())
        return across, down

    def place(self, arm: int) -> tuple[int, int]:
        """Return column and row of an arm, by its index in the study."""
        return divmod(arm, self.size[1])

    def name(self, arm: int) -> str:
        """Return an arm's place for a reader, such as "T = 4, α = 0.9"."""
        at = zip(self.choices.axes.items(), self.place(arm), strict=True)
        return place_text({axis: values[i] for (axis, values), i in at})


def recipe_of(choices: StudyChoices) -> Recipe:
    """Return what all arms have in common: of an axis, its first value."""
    data = data_sets.load(choices.data)
    shape = {"inputs": math.prod(data.shape), "classes": len(data.classes)}
    return Recipe(
        data=choices.data,
        draw={"count": choices.labels[0]},
        teacher=choices.teacher[0],
        student={"name": "mlp", "hidden": [choices.units[0]], **shape},
        objective=choices.objective(choices.method[0]),
        learning_rate=choices.learning_rate[0],
        batch_size=choices.batch_size,
        epochs=choices.epochs,
    )


def axes_of(choices: StudyChoices) -> dict[str, list[Any]]:
    """Return the axes as a grid of recipes knows them."""
    written = {
        "units": lambda values: ("hidden", [(units,) for units in values]),
        "labels": lambda values: ("draw", [{"count": count} for count in values]),
        "method": lambda values: ("objective", [choices.objective(name) for name in values]),
    }
    return dict(
        written.get(name, lambda v, name=name: (name, list(v)))(values) for name, values in choices.axes.items()
    )


def too_large(plan: Plan, seconds: float) -> str:
    """Return why a study is too large for a page, or for a server that others use too; empty if it is not.

    Parameters
    ----------
    plan : Plan
    seconds : float
        What is left of it, as estimated.
    """
    if plan.study.total > MOST_RUNS:
        runs, most = number(plan.study.total), number(MOST_RUNS)
        return t(
            "This study has {n} runs, and a page does {most} at most: choose fewer values or seeds, or run its code "
            "on a cluster.",
            n=runs,
            most=most,
        )
    if seconds > MOST_SECONDS:
        minutes, most = number(seconds / 60, ".0f"), number(MOST_SECONDS / 60, ".0f")
        return t(
            "This study would take about {n} minutes here, and a page does {most} at most: choose fewer values, seeds "
            "or epochs, or run its code on a cluster.",
            n=minutes,
            most=most,
        )
    bound = most_steps()
    if bound is not None and (steps := _longest(plan)) > bound:
        return t(
            "A run has {most} steps at most on this server, and this one would have {steps}. "
            "Choose fewer epochs or larger batches.",
            most=number(bound),
            steps=number(steps),
        )
    return ""


def _longest(plan: Plan) -> int:
    """Return the steps of the longest run."""
    recipes = [arm.recipe for arm in plan.study.arms]
    sizes = ((recipe, len(plan.study.parts.data_of(recipe).train)) for recipe in recipes)
    return max(recipe.epochs * len(batch_sizes(size, recipe.batch_size)) for recipe, size in sizes)
