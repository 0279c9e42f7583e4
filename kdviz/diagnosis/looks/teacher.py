"""Faults of the teacher that its answers show: no logits, another order of classes, knows nothing."""

from __future__ import annotations

from ...distill import teacher_checks
from ...words import mark
from ..case import Case
from ..findings import Confidence, Finding, look

OF_LOGITS = ("LogitMSE", "LogitHuber")  # terms that compare the logits themselves


def _found(
    case: Case, name: str, said: str | None, *, confidence: Confidence = "certain", code: str = ""
) -> Finding | None:
    if said is None:
        return None
    evidence = {"teacher errors": int(case.wrong("teacher").sum()), "examples": len(case.wrong("teacher"))}
    return Finding(name, "fault", _sentence(said), evidence, confidence, case.with_teacher(code) if code else "")


def _sentence(said: str) -> str:
    return f"{said[0].upper()}{said[1:]}."


@look(mark("The teacher ends in a softmax"))
def ends_in_softmax(case: Case) -> Finding | None:
    said = teacher_checks.ends_in_softmax(*case.logits("teacher"))
    return _found(case, "ends_in_softmax", said, code=f"kd.wrap({case.teacher_code}, probabilities=True)")


@look(mark("The teacher ends in a sigmoid"))
def ends_in_sigmoid(case: Case) -> Finding | None:
    logits, y = case.logits("teacher")
    code = teacher_checks.sigmoid_corrected(logits, case.teacher_code)
    return _found(case, "ends_in_sigmoid", teacher_checks.ends_in_sigmoid(logits, y), confidence="likely", code=code)


@look(mark("The teacher ends in a log-softmax"))
def ends_in_log_softmax(case: Case) -> Finding | None:
    if not any(type(term).__name__ in OF_LOGITS for term in case.need_run().objective.terms):
        return None
    said = teacher_checks.ends_in_log_softmax(*case.logits("teacher"))
    found = _found(case, "ends_in_log_softmax", said)
    if found is None:
        return None
    code = "better = kd.diagnosis.again(run, objective=kd.hinton())\nbetter.train()"
    return Finding(found.name, "cause", found.sentence, found.evidence, "certain", code)


@look(mark("The teacher answers all alike"), unless=("ends_in_sigmoid",))
def constant_teacher(case: Case) -> Finding | None:
    return _found(case, "constant_teacher", teacher_checks.constant(*case.logits("teacher")))


@look(mark("The teacher's classes are in another order"))
def permuted_classes(case: Case) -> Finding | None:
    logits, y = case.logits("teacher")
    order = teacher_checks.fitting_order(logits, y)
    said = teacher_checks.permuted_classes(logits, y)
    if order is None or said is None:
        return None
    right = 1 - case.error("teacher"), (logits[:, order].argmax(1) == y).double().mean().item()
    evidence = {"order": order, "accuracy as it is": right[0], "accuracy in that order": right[1], "examples": len(y)}
    code = case.with_teacher(f"kd.wrap({case.teacher_code}, classes={order})")
    return Finding("permuted_classes", "fault", _sentence(said), evidence, "certain", code)


@look(
    mark("The teacher knows nothing"),
    unless=("ends_in_sigmoid", "constant_teacher", "permuted_classes", "roles_swapped"),
)
def teacher_at_chance(case: Case) -> Finding | None:
    said = teacher_checks.no_better_than_commonest(*case.logits("teacher"))
    return _found(case, "teacher_at_chance", said)
