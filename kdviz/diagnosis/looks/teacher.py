"""Faults of the teacher that show in its outputs: not logits, another order of classes, no better than chance."""

from __future__ import annotations

from dataclasses import replace

from ...distill import teacher_checks
from ...words import mark
from ..case import Case
from ..findings import Confidence, Finding, look

OF_LOGITS = ("LogitMSE", "LogitHuber")  # terms that compare the logits themselves


def _fault(
    case: Case, name: str, doubt: str | None, *, confidence: Confidence = "certain", code: str = ""
) -> Finding | None:
    if doubt is None:
        return None
    evidence = {"teacher errors": int(case.wrong("teacher").sum()), "examples": len(case.wrong("teacher"))}
    return Finding(name, "fault", _sentence(doubt), evidence, confidence, case.with_teacher(code) if code else "")


def _sentence(doubt: str) -> str:
    return f"{doubt[0].upper()}{doubt[1:]}."


@look(mark("The teacher ends in a softmax"))
def ends_in_softmax(case: Case) -> Finding | None:
    doubt = teacher_checks.ends_in_softmax(*case.logits("teacher"))
    return _fault(case, "ends_in_softmax", doubt, code=f"kd.wrap({case.teacher_code}, probabilities=True)")


@look(mark("The teacher ends in a sigmoid"))
def ends_in_sigmoid(case: Case) -> Finding | None:
    logits, y = case.logits("teacher")
    code = teacher_checks.sigmoid_corrected(logits, case.teacher_code)
    return _fault(case, "ends_in_sigmoid", teacher_checks.ends_in_sigmoid(logits, y), confidence="likely", code=code)


@look(mark("The teacher ends in a log-softmax"))
def ends_in_log_softmax(case: Case) -> Finding | None:
    if not any(type(term).__name__ in OF_LOGITS for term in case.need_run().objective.terms):
        return None
    fault = _fault(case, "ends_in_log_softmax", teacher_checks.ends_in_log_softmax(*case.logits("teacher")))
    if fault is None:
        return None
    code = "better = kd.diagnosis.again(run, objective=kd.hinton())\nbetter.train()"
    return replace(fault, severity="cause", try_code=code)


@look(mark("The teacher gives the same output for every example"), unless=("ends_in_sigmoid",))
def constant_teacher(case: Case) -> Finding | None:
    return _fault(case, "constant_teacher", teacher_checks.constant(*case.logits("teacher")))


@look(mark("The teacher's classes are in another order"))
def permuted_classes(case: Case) -> Finding | None:
    logits, y = case.logits("teacher")
    order = teacher_checks.fitting_order(logits, y)
    doubt = teacher_checks.permuted_classes(logits, y)
    if order is None or doubt is None:
        return None
    right = 1 - case.error("teacher"), (logits[:, order].argmax(1) == y).double().mean().item()
    evidence = {"order": order, "accuracy now": right[0], "accuracy in that order": right[1], "examples": len(y)}
    code = case.with_teacher(f"kd.wrap({case.teacher_code}, classes={order})")
    return Finding("permuted_classes", "fault", _sentence(doubt), evidence, "certain", code)


@look(
    mark("The teacher is no better than chance"),
    unless=("ends_in_sigmoid", "constant_teacher", "permuted_classes", "roles_swapped"),
)
def teacher_at_chance(case: Case) -> Finding | None:
    return _fault(case, "teacher_at_chance", teacher_checks.no_better_than_commonest(*case.logits("teacher")))
