"""What the Lab says: status lines, sentences and curves, from runs. No text claims more than the run at hand shows."""

from __future__ import annotations

from collections.abc import Sequence

from ...distill import Distillation, Evaluation, Objective, Runner, Schedule
from ...distill.history import Edit
from ...distill.live import LIVE, OF_OBJECTIVE
from ...distill.variants import PENALTIES, variant_name
from ...models.naming import name_of as name_of  # the pages call it from here
from ...words import mark, number, t, tn
from ...words.reasons import told

BESIDE = {  # by the twin's role: fewer, more, as many errors
    "twin": (
        mark("{n} fewer than its twin without a teacher ({twin})"),
        mark("{n} more than its twin without a teacher ({twin})"),
        mark("as many as its twin without a teacher ({twin})"),
    ),
    "smoothed": (
        mark("{n} fewer than its twin with label smoothing ({twin})"),
        mark("{n} more than its twin with label smoothing ({twin})"),
        mark("as many as its twin with label smoothing ({twin})"),
    ),
}
ASKING = {  # by what the runner is loading
    "transfer set": mark("Asking the teacher about the transfer set."),
    "validation set": mark("Asking the teacher about the validation set."),
    "test set": mark("Asking the teacher about the test set."),
}
FINISHED = {  # by whether other choices were made since
    False: mark("Finished after {total} steps."),
    True: mark("Finished after {total} steps. New run uses the new choices."),
}
ERRORS = {  # by split: the student alone, and beside its twins
    "test": (
        mark("On the {n} test examples the student makes {errors} errors."),
        mark("On the {n} test examples the student makes {errors} errors, {beside}."),
    ),
    "validation": (
        mark("After step {step}, on {n} validation examples, the student makes {errors} errors."),
        mark("After step {step}, on {n} validation examples, the student makes {errors} errors, {beside}."),
    ),
}

BRANCH = {  # by split: the branch alone, and beside the run that it left
    "test": (
        mark("On the {n} test examples {name} makes {errors} errors."),
        mark("On the {n} test examples {name} makes {errors} errors; {parent}, which it left, makes {there}."),
    ),
    "validation": (
        mark("After step {step}, on {n} validation examples, {name} makes {errors} errors."),
        mark(
            "After step {step}, on {n} validation examples, {name} makes {errors} errors; {parent}, which it left, "
            "made {there}."
        ),
    ),
}


def progress(runner: Runner, planned: int) -> dict[str, int]:
    """Return how far the progress bar is: steps of the run, or the teacher's answers while it is being asked."""
    if runner.state == "loading" and runner.loaded[1]:
        return {"step": runner.loaded[0], "total_steps": runner.loaded[1]}
    return {"step": runner.steps_done, "total_steps": runner.total_steps if runner.runs else planned}


def status(runner: Runner, *, outdated: bool = False, repeats: tuple[int, int] | None = None, branch: str = "") -> str:
    """Return the status line for a runner's state.

    Parameters
    ----------
    runner : Runner
    outdated : bool
        Whether other choices were made since the run.
    repeats : (int, int), optional
        Which seed is being trained, of how many.
    branch : str
        The name of the branch that is being trained; empty where it is none.
    """
    step, total = number(runner.steps_done), number(runner.total_steps)
    if repeats is not None and runner.state in ("loading", "running", "finished"):
        return t(
            "Seed {n} of {total} is training. Stop keeps finished seeds.",
            n=repeats[0],
            total=repeats[1],
        )
    message = as_sentence(runner.message) if runner.message else ""
    if message and runner.state in ("stopped", "finished"):
        return message
    if runner.state == "running" and runner.before:
        return waiting(runner.before)
    texts = {
        "idle": message or t("Ready to train."),
        "loading": t(ASKING.get(runner.loading, "")),
        "running": message or (t("{name} is learning.", name=branch) if branch else _learning(runner.runs)),
        "paused": t("Paused after step {step} of {total}.", step=step, total=total),
        "stopped": t("Stopped after step {step} of {total}; what was learned is kept.", step=step, total=total),
        "finished": t(FINISHED[outdated], total=total),
        "failed": message,
    }
    return texts[runner.state]


def waiting(before: int) -> str:
    """Say that so many others must train first."""
    return tn(
        "It is another viewer's turn to train; then this run goes on.",
        "{n} other viewers train first; then this run goes on.",
        before,
    )


def _learning(runs: Sequence[Distillation]) -> str:
    """Say what student and twin do now."""
    if len(runs) < 2:
        return t("The student is learning.")
    if runs[0].steps_done > runs[1].steps_done:
        return t("The twins catch up with the student.")
    if runs[0].data.train.labelled < len(runs[0].data.train):
        return t("The student learns from every example, its twin only from the labelled ones among them.")
    return t("Student and twin learn from the same batches.")


def as_sentence(text: str) -> str:
    """Return a text with a capital at its beginning and a full stop at its end, a reason of the engine translated."""
    text = told(text)
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def locked_reason(runner: Runner) -> str:
    """Return why the choices cannot be changed now; empty when they can."""
    if runner.state == "loading" or runner.state == "running":
        return t("These choices belong to the run under way.")
    if runner.runs and runner.state != "finished":
        return t("These choices belong to the run on the page; clear it to change them.")
    return ""


def teacher_error(run: Distillation) -> float | None:
    """Return the teacher's error on validation data in %; None where it is not known."""
    known = (e for e in run.history.evaluated("validation") if e.teacher_errors is not None)
    return next((100 * e.teacher_errors / e.examples for e in known if e.teacher_errors is not None), None)


def edit_text(edit: Edit) -> str:
    """Return an edit in a few characters, for a mark on a curve."""
    return f"{t(LIVE[edit.name].symbol)} = {value_text(edit)}"


def value_text(edit: Edit) -> str:
    """Return what an edit set, in a few characters."""
    return t("schedule") if isinstance(edit.value, Schedule) else number(edit.value, ".3g")


def curves_sentence(runs: Sequence[Distillation], best: Evaluation | None = None, peers: str = "") -> str:
    """Return sentences on how student and twins stand: on test data once the plan is finished, else on validation.

    Parameters
    ----------
    runs : sequence of Distillation
        The student's, then its twins'.
    best : Evaluation, optional
        Test result of the student as it was at its best step on validation data.
    peers : str
        A sentence on those that learn beside it.
    """
    split = "test" if all(r.history.evaluated("test") for r in runs) else "validation"
    latest = [r.history.evaluated(split)[-1] for r in runs if r.history.evaluated(split)]
    if not latest:
        return ""
    student = latest[0]
    beside = [_beside(student, twin, role) for twin, role in zip(latest[1:], BESIDE, strict=False)]
    figures = {"n": number(student.examples), "step": number(student.step), "errors": number(student.errors)}
    sentences = [t(ERRORS[split][bool(beside)], **figures, beside=", ".join(beside))]
    if student.teacher_errors is not None:
        sentences.append(t("Its teacher makes {errors}.", errors=number(student.teacher_errors)))
    if peers:
        sentences.append(peers)
    if split == "test" and best is not None:
        sentences.append(_at_its_best(student, best))
    return " ".join([*sentences, *_caveats(runs, split)])


def branch_sentence(name: str, run: Distillation, parent: tuple[str, Distillation] | None) -> str:
    """Return a sentence on how a branch stands, beside the run that it left where both were measured at that step."""
    split = "test" if run.history.evaluated("test") else "validation"
    if not run.history.evaluated(split):
        return ""
    now = run.history.evaluated(split)[-1]
    figures = {"n": number(now.examples), "step": number(now.step), "errors": number(now.errors), "name": name}
    there = [e for e in parent[1].history.evaluated(split) if e.step == now.step] if parent is not None else []
    if not there or parent is None:
        return t(BRANCH[split][False], **figures)
    return t(BRANCH[split][True], **figures, parent=parent[0], there=number(there[-1].errors))


def _at_its_best(last: Evaluation, best: Evaluation) -> str:
    if best.step == last.step:
        return t("Its last step is also its best on validation data.")
    return t(
        "At its best validation step ({step}) it made {errors}.",
        step=number(best.step),
        errors=number(best.errors),
    )


def _beside(student: Evaluation, twin: Evaluation, role: str) -> str:
    """Say how many errors fewer or more the student makes than a twin."""
    difference = student.errors - twin.errors
    count = number(abs(difference))
    if twin.errors:
        count += f" ({number(abs(difference) / twin.errors, '.0%')})"
    fewer, more, same = BESIDE[role]
    return t(same if not difference else fewer if difference < 0 else more, n=count, twin=number(twin.errors))


def _caveats(runs: Sequence[Distillation], split: str) -> list[str]:
    """Say what the comparison does not show."""
    train = runs[0].data.train
    notes = []
    if len(runs) > 1 and train.labelled < len(train):
        n = number(train.labelled)
        notes.append(t("Of each pass the twin can learn from the {n} labelled examples only.", n=n))
    if split == "test":
        notes.append(t("One run only: another seed would change these numbers."))
    return notes


def in_force(run: Distillation) -> dict[str, float]:
    """Return what training uses now, for the SoftTargets widget, without what follows a schedule."""
    values = {name: run.objective.value(name) for name in OF_OBJECTIVE}
    numbers = {name: float(value) for name, value in values.items() if isinstance(value, int | float)}
    if not {"temperature", "alpha"} & numbers.keys():
        return {}
    since = max((e.step for e in run.history.edits if e.name in OF_OBJECTIVE), default=0)
    return {**numbers, "step": since}


def penalty(objective: Objective) -> str:
    """Return what the fairness slider weighs, for a reader; empty without a penalty."""
    names = ((variant_name(term, PENALTIES), term.group_column) for term in objective.terms)
    by = ((t(PENALTIES[name].words), column) for name, column in names if name)
    return next((t("{penalty} by {column}", penalty=penalty, column=column) for penalty, column in by), "")
