"""Arms: the recipes that a study compares, and their names."""

from __future__ import annotations

import itertools
import numbers
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ..distill import Recipe, Term, symbols
from ..distill.live import OF_OBJECTIVE
from ..distill.twin import SHARED, labels_alone

RECIPE_FIELDS = tuple(f.name for f in fields(Recipe) if f.name not in ("seed", "student_seed"))


@dataclass(frozen=True)
class Arm:
    """One way of teaching, to be run with each seed.

    Attributes
    ----------
    name : str
        Its name in tables and figures.
    recipe : Recipe
        Its seed is replaced by each of the study's.
    coordinates : dict
        Its values on the axes of a grid, by axis; empty for an arm given by name.
    """

    name: str
    recipe: Recipe
    coordinates: Mapping[str, Any] = field(default_factory=dict)

    def with_seed(self, seed: int, role: str, smoothing: float) -> Recipe:
        """Return the recipe of one run: the student's, or that of its twin without a teacher ("twin", "smoothed")."""
        recipe = self.recipe.with_seed(seed)
        return recipe if role == "student" else twin_recipe(recipe, smoothing if role == "smoothed" else 0.0)


def named(arms: Mapping[str, Recipe]) -> tuple[Arm, ...]:
    """Return the arms of a dict from names to recipes.

    Raises
    ------
    TypeError, ValueError
        If there is none, or a value is not a recipe.
    """
    if not isinstance(arms, Mapping):
        raise TypeError(f"the arms must be a dict from names to recipes, got {type(arms).__name__}")
    if not arms:
        raise ValueError("a study needs at least one arm, got none")
    for name, recipe in arms.items():
        if not isinstance(recipe, Recipe):
            raise TypeError(f"the arm {name!r} must be a kd.Recipe (run.recipe is one), got {type(recipe).__name__}")
    if len({str(name) for name in arms}) < len(arms):
        raise ValueError(f"the arms need names that differ as text, got {', '.join(map(repr, arms))}")
    return tuple(Arm(str(name), recipe) for name, recipe in arms.items())


def grid(recipe: Recipe, axes: Mapping[str, Iterable[Any]]) -> tuple[Arm, ...]:
    """Return an arm for each combination of the values on the axes.

    Parameters
    ----------
    recipe : Recipe
        What all arms share.
    axes : dict of str to sequence
        Values by the name of a field of the recipe, or of ``temperature``, ``alpha`` and ``fairness`` of its objective,
        or of ``hidden``, the units of each hidden layer of an mlp.

    Raises
    ------
    TypeError, ValueError
        In one sentence, if an axis does not exist, is empty, or a value does not fit.

    Examples
    --------
    >>> recipe = Recipe(data="mnist", teacher="mnist-mlp-1200", student={"name": "mlp", "hidden": [64]})
    >>> [arm.name for arm in grid(recipe, {"temperature": [4], "hidden": [(16,), (32, 32)]})]
    ['temperature 4, hidden 16', 'temperature 4, hidden 32-32']
    """
    if not isinstance(recipe, Recipe):
        raise TypeError(f"a grid needs a kd.Recipe (run.recipe is one), got {type(recipe).__name__}")
    if not axes:
        raise ValueError("a grid needs at least one axis, such as temperature=[1, 2, 4]")
    values = {name: _values(name, given) for name, given in axes.items()}
    arms = []
    for chosen in itertools.product(*values.values()):
        place = dict(zip(values, chosen, strict=True))
        shown = {name: shown_value(value) for name, value in place.items()}
        name = ", ".join(f"{axis.replace('_', ' ')} {short(value)}" for axis, value in shown.items())
        arms.append(Arm(name, _placed(recipe, place), shown))
    names = [arm.name for arm in arms]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"each value of an axis may appear once, got {twice} twice")
    return tuple(arms)


def _values(name: str, given: Iterable[Any]) -> list[Any]:
    """Return the values of an axis, once its name has been checked."""
    if name in ("seed", "student_seed"):
        raise ValueError(f"{name} is not an axis; pass seeds to the study, such as seeds=3 or seeds=[7, 8, 9]")
    if name not in (*OF_OBJECTIVE, "hidden", *RECIPE_FIELDS):
        axes = ", ".join((*OF_OBJECTIVE, "hidden", *RECIPE_FIELDS))
        meant = f"; use {symbols.ARGUMENTS[name]}=" if name in symbols.ARGUMENTS else ""
        raise ValueError(f"an axis must be one of {axes}, got {name!r}{meant}")
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        raise TypeError(f"{name} must be a sequence of values, got {given!r}: write {name}=[{given!r}]")
    values = [1.0 * value if isinstance(value, Term) else value for value in given]
    if not values:
        raise ValueError(f"{name} must have at least one value, got none")
    return values


def _placed(recipe: Recipe, place: Mapping[str, Any]) -> Recipe:
    """Return the recipe at one point of the grid: whole parts first, then numbers within them."""
    recipe = replace(recipe, **{name: value for name, value in place.items() if name in RECIPE_FIELDS})
    if "hidden" in place:
        if recipe.student is None or recipe.student.get("name") != "mlp":
            raise ValueError(f"hidden is an axis of an mlp and the student is {recipe.student}; use student=[...]")
        hidden = place["hidden"]
        units = [hidden] if isinstance(hidden, int) else [int(u) for u in hidden]
        recipe = replace(recipe, student={**recipe.student, "hidden": units})
    edits = {name: value for name, value in place.items() if name in OF_OBJECTIVE}
    return replace(recipe, objective=recipe.objective.edited(**edits)) if edits else recipe


def shown_value(value: Any) -> Any:
    """Return a value for tables and figures: numbers and None unchanged, all else as text.

    >>> shown_value(4), shown_value((32, 32)), shown_value({"name": "mlp", "hidden": [64]})
    (4, '32-32', 'mlp 64')
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, Mapping):
        return " ".join(str(shown_value(v)) for v in value.values() if v not in (None, 0.0))
    if isinstance(value, list | tuple):
        return "-".join(str(shown_value(v)) for v in value)
    return str(value)


def short(value: Any) -> str:
    """Return a value of an axis as text for a name.

    >>> short(0.5), short(None), short("mnist-mlp-1200")
    ('0.5', 'none', 'mnist-mlp-1200')
    """
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def twin_recipe(recipe: Recipe, smoothing: float = 0.0) -> Recipe:
    """Return the recipe of the twin: the same student, seed, batches and budget, labels alone, no teacher.

    Settings of the teacher's terms (temperature, alpha, edits of them) are left out, and so is a scheme: arms that
    differ in nothing else share one twin. See :meth:`kdviz.Distillation.twin`.

    Examples
    --------
    >>> recipe = Recipe(data="mnist", teacher="mnist-mlp-1200", student={"name": "mlp", "hidden": [64]}, seed=3)
    >>> warmer = replace(recipe, objective=recipe.objective.edited(temperature=8))
    >>> twin_recipe(recipe) == twin_recipe(warmer), twin_recipe(recipe, smoothing=0.1).objective
    (True, 1 * LabelSmoothing(smoothing=0.1))
    """
    return replace(
        recipe,
        teacher=None,
        objective=labels_alone(recipe.objective, smoothing),
        edits=tuple(edit for edit in recipe.edits if edit["name"] in SHARED),
        scheme=None,
    )


def with_own(arms: tuple[Arm, ...], own: Mapping[str, str | None]) -> tuple[Arm, ...]:
    """Return arms whose recipes take a teacher or a student of the user's, where all of them name one.

    Parameters
    ----------
    arms : tuple of Arm
    own : dict
        What the user gives, "teacher" or "student", and the name that recipes know it by: a shipped model's, or None.

    Raises
    ------
    ValueError
        If the arms name different ones, which one of the user's cannot stand in for.
    """
    for name, called in own.items():
        named_ones = [getattr(arm.recipe, name) for arm in arms]
        if any(one is None for one in named_ones) or all(one == called for one in named_ones):
            continue  # it is for those that name none, or the very one that all name
        if any(one != named_ones[0] for one in named_ones):
            raise ValueError(
                f"{name}= stands in for the {name} of every arm, and the arms name different ones; leave it out"
            )
        nobody: dict[str, Any] = {name: None}
        arms = tuple(replace(arm, recipe=replace(arm.recipe, **nobody)) for arm in arms)
    return arms
