"""What the Lab says: status lines, sentences and curves, from runs. No text claims more than the run at hand shows."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from ...distill import Distillation, Evaluation, Objective, Runner, Schedule
from ...distill.history import Edit
from ...distill.live import LIVE, OF_OBJECTIVE
from ...distill.variants import PENALTIES, variant_name
from ...measure.error_words import TWIN_IN_PROSE
from ...models.wrap import kind_name
from ...words import t


def name_of(module: nn.Module) -> str:
    """Return a model's name for a reader: its card's title, its sizes, or its class."""
    card = getattr(module, "card", None)
    if card is not None:
        return str(card.title)
    architecture = getattr(module, "architecture", {})
    if architecture.get("name") == "mlp":
        return f"{'-'.join(map(str, architecture['hidden']))} hidden units"
    return kind_name(module)


def progress(runner: Runner, planned: int) -> dict[str, int]:
    """Return how far the progress bar is: steps of the run, or the teacher's answers while it is being asked."""
    if runner.state == "loading" and runner.loaded[1]:
        return {"step": runner.loaded[0], "total_steps": runner.loaded[1]}
    return {"step": runner.steps_done, "total_steps": runner.total_steps if runner.runs else planned}


def status(runner: Runner, *, outdated: bool = False, repeats: tuple[int, int] | None = None) -> str:
    """Return the status line for a runner's state.

    Parameters
    ----------
    runner : Runner
    outdated : bool
        Whether other choices were made since the run.
    repeats : (int, int), optional
        Which seed is being trained, of how many.
    """
    step, total = f"{runner.steps_done:,}", f"{runner.total_steps:,}"
    if repeats is not None and runner.state in ("loading", "running", "finished"):
        return f"Seed {repeats[0]} of {repeats[1]}: student and twins learn again. Stop keeps the seeds that are done."
    if runner.message and runner.state in ("stopped", "finished"):
        return as_sentence(runner.message)
    new_choices = " Train again uses the new choices." if outdated else ""
    texts = {
        "idle": as_sentence(runner.message or "ready to train"),
        "loading": f"Asking the teacher about the {runner.loading}.",
        "running": as_sentence(runner.message) if runner.message else _learning(runner.runs),
        "paused": f"Paused after step {step} of {total}.",
        "stopped": f"Stopped after step {step} of {total}; what was learned is kept.",
        "finished": f"Finished after {total} steps.{new_choices}",
        "failed": as_sentence(runner.message),
    }
    return texts[runner.state]


def _learning(runs: Sequence[Distillation]) -> str:
    """Say what student and twin do now."""
    if len(runs) < 2:
        return "The student is learning."
    if runs[0].data.train.labelled < len(runs[0].data.train):
        return "The student learns from every example, its twin only from the labelled ones among them."
    return "Student and twin learn from the same batches."


def as_sentence(text: str) -> str:
    """Return a text with a capital at its beginning and a full stop at its end."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def locked_reason(runner: Runner) -> str:
    """Return why the choices cannot be changed now; empty when they can."""
    if runner.state == "loading" or runner.state == "running":
        return "These choices belong to the run under way."
    if runner.runs and runner.state != "finished":
        return "These choices belong to the run on the page; Reset to change them."
    return ""


def teacher_error(run: Distillation) -> float | None:
    """Return the teacher's error on validation data in %; None where it is not known."""
    known = (e for e in run.history.evaluated("validation") if e.teacher_errors is not None)
    return next((100 * e.teacher_errors / e.examples for e in known if e.teacher_errors is not None), None)


def edit_text(edit: Edit) -> str:
    """Return an edit in a few characters, for a mark on a curve."""
    value = "schedule" if isinstance(edit.value, Schedule) else f"{edit.value:.3g}"
    return f"{LIVE[edit.name].symbol} = {value}"


def curves_sentence(runs: Sequence[Distillation], best: Evaluation | None = None) -> str:
    """Return one sentence on how student and twins stand: on test data once the plan is finished, else on validation.

    Parameters
    ----------
    runs : sequence of Distillation
        The student's, then its twins'.
    best : Evaluation, optional
        Test result of the student as it was at its best step on validation data.
    """
    split = "test" if all(r.history.evaluated("test") for r in runs) else "validation"
    latest = [r.history.evaluated(split)[-1] for r in runs if r.history.evaluated(split)]
    if not latest:
        return ""
    student = latest[0]
    where = f"On the {student.examples:,} {split} examples"
    if split == "validation":
        where = f"After step {student.step:,}, on {student.examples:,} validation examples,"
    teacher = f"; its teacher makes {student.teacher_errors:,}" if student.teacher_errors is not None else ""
    beside = "".join(
        f", {_beside(student, twin, of)}" for twin, of in zip(latest[1:], TWIN_IN_PROSE.values(), strict=False)
    )
    told = f"{where} the student makes {student.errors:,} errors{beside}{teacher}."
    if split == "test" and best is not None:
        told += _at_its_best(student, best)
    return told + _caveats(runs, split)


def _at_its_best(last: Evaluation, best: Evaluation) -> str:
    if best.step == last.step:
        return " Its last step is also its best on validation data."
    return f" As it was at its best on validation data, after step {best.step:,}, it makes {best.errors:,}."


def _beside(student: Evaluation, twin: Evaluation, of: str) -> str:
    """Say how many errors fewer or more the student makes than a twin."""
    named = f"its {of} ({twin.errors:,})"
    if twin.errors == student.errors:
        return f"as many as {named}"
    word = "fewer" if student.errors < twin.errors else "more"
    share = f" ({abs(twin.errors - student.errors) / twin.errors:.0%})".replace("%", "\u202f%") if twin.errors else ""
    return f"{abs(twin.errors - student.errors):,}{share} {word} than {named}"


def _caveats(runs: Sequence[Distillation], split: str) -> str:
    """Say what the comparison does not show."""
    train = runs[0].data.train
    notes = []
    if len(runs) > 1 and train.labelled < len(train):
        notes.append(f"Of each pass the twin can learn from the {train.labelled:,} labelled examples only.")
    if split == "test":
        notes.append("This is one run; other initial weights and batches would move these figures.")
    return "".join(f" {note}" for note in notes)


def in_force(run: Distillation) -> dict[str, float]:
    """Return what training uses now, for the SoftTargets widget; empty where T or alpha follow a schedule."""
    values = {name: run.objective.value(name) for name in OF_OBJECTIVE}
    numbers = {name: float(value) for name, value in values.items() if isinstance(value, int | float)}
    if not {"temperature", "alpha"} <= numbers.keys():
        return {}
    since = max((e.step for e in run.history.edits if e.name in OF_OBJECTIVE), default=0)
    return {**numbers, "step": since}


def penalty(objective: Objective) -> str:
    """Return what the fairness slider weighs, for a reader; empty without a penalty."""
    names = ((variant_name(term, PENALTIES), term.group_column) for term in objective.terms)
    return next((f"{t(PENALTIES[name].words)} by {column}" for name, column in names if name), "")
