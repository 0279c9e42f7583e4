"""A run as the Lab's choices, if the Lab can show it."""

from __future__ import annotations

from typing import Any

from ..data.faults import HALF
from ..distill import Distillation, Schedule
from ..distill.terms import HardLabels, SoftTargets
from ..distill.variants import PENALTIES, SOFT_LOSSES, variant_name


def lab_state(run: Distillation) -> dict[str, Any] | None:
    """Return the Lab's choices that reproduce this run, or None if the Lab does not offer one of its settings.

    Parameters
    ----------
    run : Distillation

    Returns
    -------
    dict or None
        Accepted by :func:`kdviz.panels.lab.link.to_query`. Later edits are not included. Whether the Lab offers the
        data set, or a student of this size, is checked by the link.
    """
    recipe = run.recipe
    student, draw = recipe.student or {}, dict(recipe.draw or {})
    hidden = list(student.get("hidden", ()))
    objective = _objective(run)
    fits = (
        recipe.teacher is not None
        and objective is not None
        and student.get("name") == "mlp"
        and len(set(hidden)) == 1
        and not student.get("dropout")
        and not student.get("input_dropout")
        and recipe.optimizer == "adam"
        and recipe.augment is None
        and recipe.seed == recipe.student_seed
        and not isinstance(recipe.learning_rate, Schedule)
        and draw.get("seed", 0) == 0
        and len(draw.get("omit", ())) <= 1
        and not ("sees" in student and "fault" in draw)
    )
    if not fits or objective is None:
        return None
    return {
        "data": recipe.data,
        "labels": draw.get("count", len(run.data.train)),
        "keep_unlabelled": bool(draw.get("keep_unlabelled", False)),
        "teacher": recipe.teacher,
        "units": hidden[0],
        "layers": len(hidden),
        "epochs": recipe.epochs,
        "learning_rate": float(recipe.learning_rate),  # type: ignore[arg-type]
        "batch_size": recipe.batch_size,
        "seed": recipe.seed,
        **({"omit": draw["omit"][0]} if draw.get("omit") else {}),
        **{name: draw[name] for name in ("fault", "extra") if name in draw},
        **({"fault": HALF} if "sees" in student else {}),
        **objective,
    }


def _objective(run: Distillation) -> dict[str, Any] | None:
    """Return loss, T, alpha and penalty of the first objective, or None if the Lab does not offer it."""
    objective = run.settings.objective
    soft = [term for term in objective.terms if isinstance(term, SoftTargets)]
    hard = [term for term in objective.terms if type(term) is HardLabels]
    penalties = [(weight, term) for weight, term in objective.weighted if term.kept_by_twin]
    if len(soft) != 1 or len(hard) != 1 or len(objective.terms) != 2 + len(penalties) or objective.scheduled:
        return None
    loss = variant_name(soft[0], SOFT_LOSSES)
    weights = dict(zip(objective.names, (weight for weight, _ in objective.weighted), strict=True))
    if loss is None or abs(float(weights["soft"]) + float(weights["hard"]) - 1) > 1e-9:  # type: ignore[arg-type]
        return None
    choices = {"loss": loss, "temperature": float(soft[0].temperature), "alpha": float(weights["soft"])}  # type: ignore[arg-type]
    for weight, term in penalties:
        choices |= {"fairness": float(weight), "penalty": variant_name(term, PENALTIES), "group": term.group_column}  # type: ignore[arg-type]
    return choices
