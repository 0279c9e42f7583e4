"""diagnose: look at a run, or at two models, for all that is known to keep distillation from helping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .. import data as data_sets
from ..data import Examples, Splits
from ..distill import Cancelled, Distillation, Teacher
from ..distill.schedules import value_at
from ..measure import PairedErrors
from ..measure.error_words import in_errors, worth
from ..models.wrap import as_module
from ..words import number, t
from . import looks  # noqa: F401 (declares them)
from .case import Case, Progress
from .findings import Finding, NotLookedAt, in_order
from .looks.noise import check_pairs
from .result import STOPPED, Diagnosis
from .trials import BUDGET_S, Budget
from .trials import study as small_study

PARTS = ("train", "validation", "test")


def diagnose(
    subject: Distillation | Teacher | nn.Module,
    student: nn.Module | None = None,
    data: Any = None,
    *,
    twin: Distillation | nn.Module | None = None,
    study: bool = False,
    budget: int | None = None,
    budget_s: float = BUDGET_S,
    seeds: Sequence[tuple[float, float]] = (),
    looked_for: float = 0.1,
    temperature: float = 4.0,
    progress: Progress | None = None,
) -> Diagnosis:
    """Say why distillation did not help, or that nothing stands in its way.

    Parameters
    ----------
    subject : Distillation, Teacher or nn.Module
        A run, at any step; or a teacher, with ``data`` and perhaps a ``student`` that it taught. All stay as they are.
    student : nn.Module, optional
        With a teacher only.
    data : optional
        With a teacher only: what :func:`kdviz.data.splits` takes. Judged by is validation data, or test data where
        there are none.
    twin : Distillation or nn.Module, optional
        What the same student learned without a teacher; without it, or a study, less can be said.
    study : bool
        Train a few runs more, on copies: the run with another T, alpha and learning rate, and its twin with as many
        tries. Judged on validation data alone.
    budget : int, optional
        How many optimiser steps the study may take in all. Default: as many as ``budget_s`` gives time for.
    budget_s : float
        Seconds for the study.
    seeds : sequence of (float, float)
        Errors of student and twin, seed by seed, where the run was repeated.
    looked_for : float
        The difference worth finding, as a share of the twin's errors, in (0, 1].
    temperature : float
        At which the teacher teaches, with a teacher only; a run knows its own.
    progress : callable, optional
        Called with (done, total); return False to stop. What was found until then is returned.

    Returns
    -------
    Diagnosis

    Raises
    ------
    TypeError, ValueError
        In one sentence, when something given cannot be looked at.

    Notes
    -----
    Without a study it costs about two evaluations: the models' answers to validation data and to at most 2,000 training
    examples, and the first gradient. A look changes nothing: weights, history and random numbers stay what they were.

    Examples
    --------
    >>> import kdviz as kd
    >>> X = torch.randn(600, 2, generator=torch.Generator().manual_seed(0))
    >>> y = (X[:, 0] > 0).long()
    >>> teacher = nn.Linear(2, 2).eval()
    >>> teacher.weight.data = torch.tensor([[3.0, 0.0], [-3.0, 0.0]])  # names the classes the wrong way round
    >>> print(diagnose(teacher, data=(X, y))["permuted_classes"].try_code)
    kd.diagnose(kd.wrap(teacher, classes=[1, 0]), student, data)
    """
    if not 0 < looked_for <= 1:
        raise ValueError(f"looked_for must lie in (0, 1] (it is a share of the twin's errors), got {looked_for}")
    if isinstance(subject, Distillation):
        if student is not None or data is not None:
            raise TypeError("a run has its own student and data; pass kd.diagnose(run), or teacher, student and data")
        case = _of_run(subject, twin)
    else:
        case = _of_models(subject, student, data, twin, temperature)
    case.looked_for, case.pairs, case.progress = looked_for, check_pairs(seeds), progress
    return _diagnosed(case, Budget(budget, budget_s) if study else None)


def of_answers(
    logits: Mapping[str, Tensor],
    examples: Examples,
    *,
    temperature: float = 4.0,
    models: Mapping[str, nn.Module] | None = None,
    looked_for: float = 0.1,
) -> Diagnosis:
    """Say what two models' answers alone show; nothing is asked again.

    Parameters
    ----------
    logits : dict of str to Tensor, shape (N, C)
        Of "teacher", "student" and perhaps "twin", on the examples.
    examples : Examples
        N test examples.
    temperature : float
        At which the teacher teaches.
    models : dict of str to nn.Module, optional
        By the same names, for their sizes.
    looked_for : float
        As for :func:`diagnose`.

    Returns
    -------
    Diagnosis
    """
    given = {(who, "test"): z for who, z in logits.items()}
    case = Case({"test": examples}, dict(models or {}), temperature=temperature, looked_for=looked_for, given=given)
    return _diagnosed(case, None)


def _of_run(run: Distillation, twin: Distillation | nn.Module | None) -> Case:
    """Return the case of a run."""
    models: dict[str, nn.Module] = {"student": run.student}
    if run.teacher is not None:
        models["teacher"] = run.teacher.module
    twin_run = twin if isinstance(twin, Distillation) else None
    note = ""
    if twin_run is not None and twin_run.steps_done != run.steps_done:
        taken = f"{twin_run.steps_done:,} steps and the run {run.steps_done:,}"
        note = f"The twin has taken {taken}, so they were not compared."
    elif twin is not None:
        models["twin"] = _module(twin, "twin")
    with run.lock:
        heat = run.objective.temperature
        temperature = None if heat is None else value_at(heat, run.steps_done, max(1, run.total_steps))
    parts = {part: getattr(run.data, part) for part in PARTS if len(getattr(run.data, part))}
    return Case(parts, models, run=run, twin_run=twin_run, twin_note=note, temperature=temperature)


def _of_models(
    teacher: Teacher | nn.Module,
    student: nn.Module | None,
    data: Any,
    twin: Distillation | nn.Module | None,
    temperature: float,
) -> Case:
    """Return the case of models alone."""
    if data is None:
        raise TypeError("without a run, kd.diagnose takes data too: kd.diagnose(teacher, student, data)")
    given = {"teacher": teacher, "student": student, "twin": twin}
    models = {who: _module(model, who) for who, model in given.items() if model is not None}
    if isinstance(data, Splits):
        parts = {part: getattr(data, part) for part in PARTS if len(getattr(data, part))}
    else:
        parts = {"validation": data_sets.examples(data)}
    return Case(parts, models, temperature=float(temperature))


def _module(given: Any, who: str) -> nn.Module:
    if isinstance(given, Distillation):
        return given.student
    module = given.module if isinstance(given, Teacher) else given
    return as_module(module, who)


def _diagnosed(case: Case, budget: Budget | None) -> Diagnosis:
    """Look for all that is declared; with a budget, study what the first looks left open."""
    notes: list[str] = []
    found: tuple[Finding, ...] = ()
    stopped = False
    state = torch.get_rng_state()
    try:
        found, notes = _look(case, studied=False)
        if budget is not None and any(f.severity == "fault" for f in found):
            notes.append(t("No small study: what is at fault comes first."))
        elif budget is not None:
            summary = small_study(case, budget, case.progress or (lambda done, total: None))
            found, notes = _look(case, studied=True)
            notes.append(summary)
    except Cancelled:
        if case.arms:
            found, notes = _look_quietly(case)
        notes.append(t(STOPPED))
        stopped = True
    except NotLookedAt as missing:
        notes.append(str(missing))
    finally:
        torch.set_rng_state(state)
    apart = tuple(dict.fromkeys(notes))
    return Diagnosis(_headline(case), found, apart, _helped(case), tuple(case.arms), stopped)


def _look_quietly(case: Case) -> tuple[tuple[Finding, ...], list[str]]:
    """Look once more at what is known, without a word of progress that could stop it again."""
    case.progress = None
    return _look(case, studied=True)


def _look(case: Case, *, studied: bool) -> tuple[tuple[Finding, ...], list[str]]:
    """Return what is found, and sentences on what could not be looked at."""
    found: dict[str, Finding] = {}
    notes: list[str] = []
    for declared in in_order():
        if (declared.studied and not studied) or any(name in found for name in declared.unless):
            continue
        try:
            finding = declared.find(case)
        except NotLookedAt as missing:
            notes.append(str(missing))
            continue
        if finding is not None:
            found[declared.name] = finding
    return tuple(found.values()), notes


def _headline(case: Case) -> str:
    """Say whether it helped."""
    case.progress = None
    if case.run is not None and case.run.steps_done == 0:
        return t("The run has not been trained yet.")
    try:
        if not case.has("student"):
            teacher = number(int(case.wrong("teacher").sum()))
            return t("On {examples} the teacher makes {n} errors.", examples=case.sample, n=teacher)
        student = number(int(case.wrong("student").sum()))
        gain = _gain(case)
        if gain is not None:
            return t(
                "On {examples} the student makes {n} errors and its twin without a teacher {twin}: {difference}, "
                "{worth}.",
                examples=case.sample,
                n=student,
                twin=number(int(case.wrong("twin").sum())),
                difference=in_errors(gain),
                worth=worth(gain),
            )
        if case.has("teacher"):
            return t(
                "On {examples} the student makes {n} errors and its teacher {teacher}; without a twin nobody can say "
                "what the teacher added.",
                examples=case.sample,
                n=student,
                teacher=number(int(case.wrong("teacher").sum())),
            )
        return t(
            "On {examples} the student makes {n} errors; without a twin nobody can say what the teacher added.",
            examples=case.sample,
            n=student,
        )
    except NotLookedAt as missing:
        return str(missing)


def _gain(case: Case) -> PairedErrors | None:
    """Return errors of the student − those of its twin; None where there is none to set beside it."""
    try:
        return case.gain
    except NotLookedAt:
        return None


def _helped(case: Case) -> bool | None:
    """Whether the student makes fewer errors than its twin, beyond the noise; None where nobody knows."""
    gain = _gain(case)
    return None if gain is None else gain.verdict == "fewer"
