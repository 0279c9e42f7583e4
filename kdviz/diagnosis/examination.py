"""diagnose: look at a run, or at two models, for the known reasons why distillation does not help."""

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
from ..words import number, t, tn
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
    """Find out why distillation did not help, or that nothing stands in its way.

    Parameters
    ----------
    subject : Distillation, Teacher or nn.Module
        A run, at any step; or a teacher, with ``data`` and optionally a ``student`` that it taught. None is changed.
    student : nn.Module, optional
        With a teacher only.
    data : optional
        With a teacher only: anything :func:`kdviz.data.splits` takes. Models are judged on validation data, or on test
        data if there are none.
    twin : Distillation or nn.Module, optional
        The same student trained without a teacher; without it or a study, fewer findings are possible.
    study : bool
        Train a few more runs, on copies: the run with another T, alpha and learning rate, and its twin with as many
        tries. Judged on validation data alone.
    budget : int, optional
        How many optimizer steps the study may take in all. Default: as many as ``budget_s`` gives time for.
    budget_s : float
        Seconds for the study.
    seeds : sequence of (float, float)
        Errors of student and twin, seed by seed, where the run was repeated.
    looked_for : float
        The difference worth finding, as a share of the twin's errors, in (0, 1].
    temperature : float
        T at which the teacher teaches, with a teacher only; a run has its own.
    progress : callable, optional
        Called with (done, total); return False to stop. What was found by then is returned.

    Returns
    -------
    Diagnosis

    Raises
    ------
    TypeError, ValueError
        In one sentence, if an argument cannot be looked at.

    Notes
    -----
    Without a study it costs about two evaluations: the models' outputs on validation data and on at most 2,000 training
    examples, and the first gradient. Nothing is changed: weights, history and random state stay as they were.

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
    """Find out what the outputs of two models show; no model is run.

    Parameters
    ----------
    logits : dict of str to Tensor, shape (N, C)
        Logits of "teacher", "student" and optionally "twin" on the examples.
    examples : Examples
        N test examples.
    temperature : float
        T at which the teacher teaches.
    models : dict of str to nn.Module, optional
        The models by the same names, for their sizes.
    looked_for : float
        See :func:`diagnose`.

    Returns
    -------
    Diagnosis
    """
    known = {(who, "test"): z for who, z in logits.items()}
    case = Case({"test": examples}, dict(models or {}), temperature=temperature, looked_for=looked_for, given=known)
    return _diagnosed(case, None)


def _of_run(run: Distillation, twin: Distillation | nn.Module | None) -> Case:
    """Return the case of a run."""
    models: dict[str, nn.Module] = {"student": run.student}
    if run.teacher is not None:
        models["teacher"] = run.teacher.module
    twin_run = twin if isinstance(twin, Distillation) else None
    note = ""
    if twin_run is not None and twin_run.steps_done != run.steps_done:
        steps = f"{twin_run.steps_done:,} steps and the run {run.steps_done:,}"
        note = f"The twin has taken {steps}, so they were not compared."
    elif twin is not None:
        models["twin"] = _module(twin, "twin")
    with run.lock:
        schedule = run.objective.temperature
        temperature = None if schedule is None else value_at(schedule, run.steps_done, max(1, run.total_steps))
    parts = {part: getattr(run.data, part) for part in PARTS if len(getattr(run.data, part))}
    return Case(parts, models, run=run, twin_run=twin_run, twin_note=note, temperature=temperature)


def _of_models(
    teacher: Teacher | nn.Module,
    student: nn.Module | None,
    data: Any,
    twin: Distillation | nn.Module | None,
    temperature: float,
) -> Case:
    """Return the case of models without a run."""
    if data is None:
        raise TypeError("without a run, kd.diagnose needs data too: kd.diagnose(teacher, student, data)")
    roles = {"teacher": teacher, "student": student, "twin": twin}
    models = {who: _module(model, who) for who, model in roles.items() if model is not None}
    if isinstance(data, Splits):
        parts = {part: getattr(data, part) for part in PARTS if len(getattr(data, part))}
    else:
        parts = {"validation": data_sets.examples(data)}
    return Case(parts, models, temperature=float(temperature))


def _module(model: Any, who: str) -> nn.Module:
    if isinstance(model, Distillation):
        return model.student
    return as_module(model.module if isinstance(model, Teacher) else model, who)


def _diagnosed(case: Case, budget: Budget | None) -> Diagnosis:
    """Take every declared look; with a budget, also run the small study and take its looks."""
    notes: list[str] = []
    findings: tuple[Finding, ...] = ()
    stopped = False
    state = torch.get_rng_state()
    try:
        findings, notes = _look(case, studied=False)
        if budget is not None and any(finding.severity == "fault" for finding in findings):
            notes.append(t("No small study: correct the fault first."))
        elif budget is not None:
            summary = small_study(case, budget, case.progress or (lambda done, total: None))
            findings, notes = _look(case, studied=True)
            notes.append(summary)
    except Cancelled:
        if case.arms:
            findings, notes = _look_quietly(case)
        notes.append(t(STOPPED))
        stopped = True
    except NotLookedAt as missing:
        notes.append(str(missing))
    finally:
        torch.set_rng_state(state)
    apart = tuple(dict.fromkeys(notes))
    return Diagnosis(_headline(case), findings, apart, _helped(case), tuple(case.arms), stopped)


def _look_quietly(case: Case) -> tuple[tuple[Finding, ...], list[str]]:
    """Look again at what is known, without the progress callback, which could stop it again."""
    case.progress = None
    return _look(case, studied=True)


def _look(case: Case, *, studied: bool) -> tuple[tuple[Finding, ...], list[str]]:
    """Return the findings, and sentences about what could not be looked at."""
    findings: dict[str, Finding] = {}
    notes: list[str] = []
    for declared in in_order():
        if (declared.studied and not studied) or any(name in findings for name in declared.unless):
            continue
        try:
            finding = declared.find(case)
        except NotLookedAt as missing:
            notes.append(str(missing))
            continue
        if finding is not None:
            findings[declared.name] = finding
    return tuple(findings.values()), notes


def _headline(case: Case) -> str:
    """Return one sentence on whether the teacher helped."""
    case.progress = None
    if case.run is not None and case.run.steps_done == 0:
        return t("The run has not been trained yet.")
    try:
        if not case.has("student"):
            n = int(case.wrong("teacher").sum())
            return tn(
                "On {examples} the teacher makes {n} error.",
                "On {examples} the teacher makes {n} errors.",
                n,
                examples=case.sample,
                n=number(n),
            )
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
                "On {examples} the student makes {n} errors and its teacher {teacher}; what the teacher added cannot "
                "be said without a twin.",
                examples=case.sample,
                n=student,
                teacher=number(int(case.wrong("teacher").sum())),
            )
        return t(
            "On {examples} the student makes {n} errors; what the teacher added cannot be said without a twin.",
            examples=case.sample,
            n=student,
        )
    except NotLookedAt as missing:
        return str(missing)


def _gain(case: Case) -> PairedErrors | None:
    """Return errors of student − twin; None without a twin."""
    try:
        return case.gain
    except NotLookedAt:
        return None


def _helped(case: Case) -> bool | None:
    """Whether the student makes fewer errors than its twin, beyond the noise; None if unknown."""
    gain = _gain(case)
    return None if gain is None else gain.verdict == "fewer"
