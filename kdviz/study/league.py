"""A league: every method on one teacher, one student and one budget, each with the weight that suits it.

The weight is chosen on validation data, with a seed that the table does not use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .. import data as data_sets
from .. import models
from ..distill import Recipe
from ..distill.methods import METHODS, Method, fitting, method
from ..distill.pairing import LayerPairs, layer_pairs
from .comparison import compare
from .experiment import Experiment
from .study import Study


@dataclass(frozen=True)
class Tuning:
    """What was tried for one method.

    Attributes
    ----------
    method : Method
    tried : mapping of float to int
        Errors on validation data by the weight of the method's term (alpha for the response family).
    chosen : Recipe
    weight : float
        Of the recipe chosen.
    """

    method: Method
    tried: Mapping[float, int]
    chosen: Recipe
    weight: float


def candidates(experiment: Experiment) -> dict[str, dict[float, Recipe]]:
    """Return, by method, the recipes to choose from, by the weight of the method's term."""
    league, base = experiment.league, experiment.base
    assert league is not None, "only a league has candidates"
    found = _stages(base)
    everyone = [m for m in fitting(found) if not m.variant_of]
    chosen = everyone if league["names"] == "all" else [method(name) for name in league["names"]]
    return {
        m.name: {weight: _recipe(base, m, found, weight) for weight in _weights(m, league)}
        for m in chosen
        if m.name != "hard_labels"  # every method's twin
    }


def tuned(
    experiment: Experiment, folder: Path | None, *, progress: bool = True, n_jobs: int | None = None
) -> tuple[Study, tuple[Tuning, ...]]:
    """Choose each method's weight on validation data, and return the study of the methods so tuned, not yet done.

    Parameters
    ----------
    experiment : Experiment
        A league.
    folder, progress, n_jobs
        As for :meth:`kdviz.Study.run`.
    """
    league = experiment.league
    assert league is not None, "only a league is tuned"
    offered = candidates(experiment)
    arms = {_name(name, weight): recipe for name, by in offered.items() for weight, recipe in by.items()}
    trial = Study(arms, seeds=[league["tuning_seed"]]).run(folder, progress=progress, n_jobs=n_jobs)
    tunings = []
    for name, by in offered.items():
        errors = {}
        for weight in by:
            found = compare(trial, next(a for a in trial.arms if a.name == _name(name, weight)), split="validation")
            if found.errors["student"]:
                errors[weight] = found.errors["student"][league["tuning_seed"]]
        if not errors:
            raise ValueError(f"every trial of {name} failed: {'; '.join(trial.sentences()[-3:])}")
        best = min(errors, key=lambda weight: errors[weight])
        tunings.append(Tuning(METHODS[name], errors, by[best], best))
    study = Study({t.method.title: t.chosen for t in tunings}, seeds=experiment.seeds, smoothing=0.0)
    return study, tuple(tunings)


def _name(method_name: str, weight: float) -> str:
    return f"{method_name} at {weight:g}"


def _weights(m: Method, league: Mapping[str, Any]) -> list[float]:
    if m.family == "labels":
        return [1.0]
    if m.family == "response":
        return list(league["alphas"])
    return [factor * m.weight for factor in league["factors"]]


def _recipe(base: Recipe, m: Method, found: LayerPairs, weight: float) -> Recipe:
    if m.family == "response":
        return replace(base, objective=m.objective(found, alpha=weight))
    return replace(base, objective=m.objective(found, weight=weight))


def _stages(base: Recipe) -> LayerPairs:
    """Return the layers that correspond in the recipe's student and teacher."""
    if base.student is None or base.teacher is None:
        raise ValueError("a league needs a student and a teacher by name")
    example = data_sets.load(base.data).validation.inputs(slice(0, 2))
    return layer_pairs(models.build(base.student), models.pretrained(base.teacher), example)
