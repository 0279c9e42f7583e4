"""Who teaches whom: roles swapped, or a teacher that knows less than its student does without it."""

from __future__ import annotations

import numpy as np

from ...distill import teacher_checks
from ...measure import paired_errors
from ...models import inference
from ...words import mark
from ..case import Case
from ..findings import Finding, NotLookedAt, interval, look, signed

FAULTY = ("ends_in_sigmoid", "constant_teacher", "permuted_classes", "roles_swapped", "teacher_at_chance")
STARTERS = 1_000  # examples that the student is asked about as it began


@look(mark("Teacher and student are swapped"), unless=("permuted_classes",))
def roles_swapped(case: Case) -> Finding | None:
    before = _as_it_began(case)
    logits, y = case.logits("teacher")
    wrong = (logits.argmax(1) != y).numpy()[: len(before)]
    difference = paired_errors(wrong, before)
    if difference.verdict != "more":
        return None
    if case.run is None and not _smaller(case) and teacher_checks.no_better_than_commonest(logits, y) is None:
        return None  # a student that outgrew a teacher of its size or more
    evidence = {"teacher errors": int(wrong.sum()), "student errors": int(before.sum()), "examples": len(before)}
    began = " as it began" if case.run is not None else ""
    sentence = (
        f"Teacher and student seem to be swapped: of {len(before):,} {case.held_out} examples the teacher gets "
        f"{wrong.mean():.1%} wrong and the student{began} {before.mean():.1%}; exchange them."
    )
    code = "kd.diagnose(student, teacher, data)"
    if case.run is not None:
        code = "better = kd.diagnosis.again(run, teacher=run.at(0), student=copy.deepcopy(run.teacher.module).train())"
        code = f"import copy\n{code}\nbetter.train()"
    return Finding("roles_swapped", "fault", sentence, evidence, "likely", code)


def _as_it_began(case: Case) -> np.ndarray:
    """Return which examples the student got wrong before it was taught; of two models alone, as it is."""
    if case.run is None:
        return case.wrong("student")
    examples, chosen = case.chosen(case.held_out)
    try:
        began = case.run.at(0)
    except ValueError as error:
        raise NotLookedAt(f"The student as it began was not looked at: {error}.") from None
    few = examples.take(chosen[:STARTERS])
    logits = inference.logits(began, few, who="student", progress=case.progress)
    flat, labels = logits.reshape(-1, logits.shape[-1]), few.y.flatten()
    return (flat.argmax(1) != labels)[labels >= 0].numpy()


def _smaller(case: Case) -> bool:
    sizes = {who: sum(p.numel() for p in model.parameters()) for who, model in case.models.items()}  # frozen ones too
    return 0 < sizes.get("teacher", 0) < sizes["student"]  # trees and services have no parameters to count


@look(mark("The teacher is weaker than the twin"), unless=FAULTY)
def teacher_weaker(case: Case) -> Finding | None:
    case.need_trained()
    other = "twin" if case.has("twin") else "student"
    difference = case.difference("teacher", other)
    if difference.verdict != "more":
        return None
    theirs, ours = case.wrong("teacher"), case.wrong(other)
    alone = "the same student learns from the labels alone" if other == "twin" else "the student knows by now"
    sentence = (
        f"The teacher is weaker than what {alone}: {int(theirs.sum()):,} errors against {int(ours.sum()):,} on "
        f"{case.sample} (difference {signed(difference.mean)}, {interval(difference)}); "
        "take a better teacher, or weigh the labels more."
    )
    evidence = {
        "teacher errors": int(theirs.sum()),
        f"{other} errors": int(ours.sum()),
        "low": difference.low,
        "high": difference.high,
        "examples": len(ours),
    }
    editable = case.run is not None and "alpha" in case.run.editable
    code = case.edited(alpha=0.1) if editable else ""
    lab = case.lab(alpha=0.1) if editable else None
    return Finding("teacher_weaker", "cause", sentence, evidence, "certain" if other == "twin" else "likely", code, lab)
