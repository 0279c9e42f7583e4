"""A run as the Lab's choices, if the Lab can show it."""

from __future__ import annotations

from typing import Any

from ..data.faults import HALF
from ..distill import Distillation, Schedule
from ..distill.courses import CONSTANT, RATE_COURSES, TEMPERATURE_COURSES, course_of
from ..distill.terms import HardLabels, SoftTargets, TokenSoftTargets
from ..distill.terms.transformer import TEACHER_HEAD
from ..distill.variants import PENALTIES, SOFT_LOSSES, variant_name
from ..models.kinds import KINDS, recognized

OF_FORM = {"soft": "soft_targets", "hard": "first_choice"}  # of a distillation token


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
    size = _size(run, student)
    objective = _objective(run)
    rate = course_of(recipe.learning_rate, RATE_COURSES, run.steps_per_epoch)
    usual_decay = 0.01 if recipe.optimizer == "adamw" else 0.0
    fits = (
        recipe.teacher is not None
        and objective is not None
        and size is not None
        and recipe.optimizer != "custom"
        and recipe.augment is None
        and recipe.seed == recipe.student_seed
        and rate is not None
        and draw.get("seed", 0) == 0
        and len(draw.get("omit", ())) <= 1
        and not ("sees" in student and "fault" in draw)
    )
    if not fits or objective is None or size is None or rate is None:
        return None
    kind, units, layers = size
    if (KINDS[kind].teacher_head != "") != objective.pop("of_token"):
        return None
    return {
        "data": recipe.data,
        "labels": draw.get("count", len(run.data.train)),
        "keep_unlabelled": bool(draw.get("keep_unlabelled", False)),
        "teacher": recipe.teacher,
        "units": units,
        "layers": layers,
        "epochs": recipe.epochs,
        "learning_rate": rate[0],
        "batch_size": recipe.batch_size,
        "seed": recipe.seed,
        **({"omit": draw["omit"][0]} if draw.get("omit") else {}),
        **{name: draw[name] for name in ("fault", "extra") if name in draw},
        **({"fault": HALF} if "sees" in student else {}),
        **objective,
        **_unusual(
            kind=(kind, "mlp"),
            rate_course=(rate[1], CONSTANT),
            optimizer=(recipe.optimizer, "adam"),
            weight_decay=(usual_decay if recipe.weight_decay is None else recipe.weight_decay, 0.0),
        ),
    }


def _unusual(**values: tuple[Any, Any]) -> dict[str, Any]:
    """Return the values that are not as the Lab has them by default, the second of each pair."""
    return {name: value for name, (value, usual) in values.items() if value != usual}


def _size(run: Distillation, student: dict[str, Any]) -> tuple[str, int, int] | None:
    """Return kind, width and depth of the student, or None where the Lab has none of that kind; a perceptron's width is
    checked by the link."""
    hidden = list(student.get("hidden", ()))
    if student.get("name") == "mlp":
        plain = len(set(hidden)) == 1 and not student.get("dropout") and not student.get("input_dropout")
        return ("mlp", hidden[0], len(hidden)) if plain else None
    return recognized(student, tuple(run.data.shape), len(run.data.classes)) if student else None


def _objective(run: Distillation) -> dict[str, Any] | None:
    """Return loss, T, alpha and penalty of the first objective, or None if the Lab does not offer it."""
    objective = run.settings.objective
    soft = [term for term in objective.terms if isinstance(term, SoftTargets)]
    hard = [term for term in objective.terms if type(term) is HardLabels]
    penalties = [(weight, term) for weight, term in objective.weighted if term.kept_by_twin]
    if (
        len(soft) != 1
        or len(hard) != 1
        or len(objective.terms) != 2 + len(penalties)
        or any(isinstance(weight, Schedule) for weight, _ in objective.weighted)
    ):
        return None
    of_token = isinstance(soft[0], TokenSoftTargets) and soft[0].student == TEACHER_HEAD
    loss = OF_FORM.get(soft[0].form) if of_token else variant_name(soft[0], SOFT_LOSSES)  # type: ignore[attr-defined]
    temperature = course_of(soft[0].temperature, TEMPERATURE_COURSES, run.steps_per_epoch)
    weights = dict(zip(objective.names, (weight for weight, _ in objective.weighted), strict=True))
    if loss is None or temperature is None or abs(float(weights["soft"]) + float(weights["hard"]) - 1) > 1e-9:  # type: ignore[arg-type]
        return None
    choices: dict[str, Any] = {"loss": loss, "temperature": temperature[0], "of_token": of_token}
    choices |= {"alpha": float(weights["soft"]), **_unusual(temperature_course=(temperature[1], CONSTANT))}  # type: ignore[arg-type]
    for weight, term in penalties:
        choices |= {"fairness": float(weight), "penalty": variant_name(term, PENALTIES), "group": term.group_column}  # type: ignore[arg-type]
    return choices
