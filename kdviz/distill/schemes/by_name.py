"""Schemes by name, for recipes: ``{"name": "born_again", "generations": 3}``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from torch import nn

from ... import models
from ..distillation import Distillation
from ..recipe import Recipe
from ..teacher import Teacher
from .assistant_chain import assistant_chain
from .born_again import born_again
from .ensemble import ensemble
from .generations import frozen
from .omitted_class import best_bias_shift, shift_class_bias

Stage = tuple[str, Distillation | nn.Module]  # its name, and a run to train or a model to examine


def stages(recipe: Recipe, **parts: Any) -> Iterator[Stage]:
    """Yield the stages of a recipe, one after the other.

    Parameters
    ----------
    recipe : Recipe
        Without a scheme it has a single stage, its run, without a name.
    **parts
        ``teacher``, ``student`` and ``data``, where they have no name, as for :meth:`Recipe.parts`.

    Yields
    ------
    str, Distillation or nn.Module
        The name of the stage, and an untrained run, to be trained before the next stage is requested, or a model made
        of the previous ones.

    Raises
    ------
    ValueError
        If there is no such scheme, or its arguments do not fit.

    Examples
    --------
    >>> import torch
    >>> from kdviz import data
    >>> few = data.splits((torch.randn(60, 4), torch.arange(60) % 3))
    >>> student = {"name": "mlp", "hidden": [8], "inputs": 4, "classes": 3}
    >>> recipe = Recipe(data="mine", student=student, epochs=1, scheme={"name": "born_again", "generations": 2})
    >>> for name, stage in stages(recipe, data=few):
    ...     print(name, type(stage).__name__)
    ...     _ = stage.train(progress=False) if isinstance(stage, Distillation) else stage
    generation 1 Distillation
    generation 2 Distillation
    ensemble of 2 Ensemble
    """
    if recipe.scheme is None:
        return iter([("", Distillation.from_recipe(recipe, **parts))])
    arguments = dict(recipe.scheme)
    name = arguments.pop("name", None)
    if name not in SCHEMES:
        raise ValueError(f"a recipe's scheme must be one of {', '.join(SCHEMES)}, got {name!r}")
    try:
        return SCHEMES[name](recipe, parts, **arguments)
    except TypeError as error:
        raise ValueError(f"the recipe's arguments do not fit the scheme {name}: {error}") from error


def _assistant_chain(recipe: Recipe, parts: dict[str, Any], *, students: list[dict[str, Any]]) -> Iterator[Stage]:
    """``students``: architectures of the assistants, from large to small; the recipe's own student comes last."""
    own = recipe.parts(**parts)
    assistants = [models.build(architecture, seed=recipe.student_seed) for architecture in students]
    teacher = own.teacher.module if isinstance(own.teacher, Teacher) else own.teacher
    chain = assistant_chain(teacher, [*assistants, own.student], own.data, recipe.objective, **recipe.numbers())
    names = [*(f"assistant {i}" for i in range(1, len(assistants) + 1)), "student"]
    return zip(names, chain, strict=True)


def _born_again(recipe: Recipe, parts: dict[str, Any], *, generations: int) -> Iterator[Stage]:
    own = recipe.parts(**parts)
    runs = []
    for i, run in enumerate(
        born_again(own.student, own.data, recipe.objective, generations=generations, **recipe.numbers()), start=1
    ):
        yield f"generation {i}", run
        runs.append(run)
    yield f"ensemble of {len(runs)}", ensemble(runs)


def _shift_class_bias(
    recipe: Recipe, parts: dict[str, Any], *, of_class: int, by: list[float | str]
) -> Iterator[Stage]:
    """``by``: shifts, one stage each; "validation" is the shift with the fewest errors on validation data."""
    run = Distillation.from_recipe(recipe.without_scheme(), **parts)
    yield "as trained", run
    learned = frozen(run)
    for amount in by:
        if amount == "validation":
            chosen = best_bias_shift(learned, run.data.validation, of_class)
            yield f"bias raised by what suits validation ({chosen:g})", shift_class_bias(learned, of_class, chosen)
        else:
            yield f"bias raised by {amount:g}", shift_class_bias(learned, of_class, float(amount))


SCHEMES: dict[str, Callable[..., Iterator[Stage]]] = {
    "assistant_chain": _assistant_chain,
    "born_again": _born_again,
    "shift_class_bias": _shift_class_bias,
}
