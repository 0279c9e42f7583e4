"""Who teaches whom: roles swapped, or a teacher weaker than its student would be without it."""

from __future__ import annotations

import numpy as np

from ...distill import teacher_checks
from ...measure import paired_errors
from ...models import inference
from ...words import mark
from ..case import Case
from ..findings import Finding, NotLookedAt, interval, look, signed

FAULTY = ("ends_in_sigmoid", "constant_teacher", "permuted_classes", "roles_swapped", "teacher_at_chance")
STARTERS = 1_000  # examples on which the untrained student is judged


@look(mark("Teacher and student are swapped"), unless=("permuted_classes",))
def roles_swapped(case: Case) -> Finding | None:
    before = _as_it_began(case)
    logits, y = case.logits("teacher")
    wrong = (logits.argmax(1) != y).numpy()[: len(before)]
    difference = paired_errors(wrong, before)
    if difference.verdict != "more":
        return None
    if case.run is None and not _smaller(case) and teacher_checks.no_better_than_commonest(logits, y) is None:
        return None  # a student that surpassed a teacher of its size or larger
    evidence = {"teacher errors": int(wrong.sum()), "student errors": int(before.sum()), "examples": len(before)}
    untrained = " before training" if case.run is not None else ""
    sentence = (
        f"Teacher and student seem to be swapped: of {len(before):,} {case.held_out} examples the teacher gets "
        f"{wrong.mean():.1%} wrong and the student{untrained} {before.mean():.1%}; swap them."
    )
    code = "kd.diagnose(student, teacher, data)"
    if case.run is not None:
        code = "better = kd.diagnosis.again(run, teacher=run.at(0), student=copy.deepcopy(run.teacher.module).train())"
        code = f"import copy\n{code}\nbetter.train()"
    return Finding("roles_swapped", "fault", sentence, evidence, "likely", code)


def _as_it_began(case: Case) -> np.ndarray:
    """Return which examples the student got wrong before training; without a run, those it gets wrong now."""
    if case.run is None:
        return case.wrong("student")
    examples, chosen = case.chosen(case.held_out)
    try:
        began = case.run.at(0)
    except ValueError as error:
        raise NotLookedAt(f"The student before training was not examined: {error}.") from None
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
    than = "the same student taught by the labels alone" if other == "twin" else "the student is by now"
    sentence = (
        f"The teacher is weaker than {than}: {int(theirs.sum()):,} errors against {int(ours.sum()):,} on "
        f"{case.sample} (difference {signed(difference.mean)}, {interval(difference)}); "
        "take a better teacher, or give the labels more weight."
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
