"""What the small study shows: a larger step; a better T, alpha or learning rate; enough labels without a teacher."""

from __future__ import annotations

from ...distill.transfer_sets import drawing
from ...words import mark
from ..case import Case
from ..findings import Finding, interval, look, signed
from ..trials import Arm
from .roles import FAULTY

IN_WORDS = {"temperature": "T", "alpha": "alpha", "learning_rate": "learning rate"}


def _best(case: Case, role: str, axis: str) -> tuple[Arm | None, int]:
    """Return the arm with the fewest errors on an axis, and how many there are."""
    arms = [arm for arm in case.arms if arm.role == role and arm.axis == axis and arm.wrong is not None]
    return min(arms, key=lambda arm: arm.errors or 0, default=None), len(arms)


@look(mark("The gain is only a larger step"), studied=True, unless=FAULTY)
def larger_step(case: Case) -> Finding | None:
    student, twin = case.reference("student"), case.reference("twin")
    if case.trial_difference(student, twin).verdict != "fewer":
        return None
    best, tries = _best(case, "twin", "learning_rate")
    if best is None or best.wrong is None:
        return None
    by_rate = case.trial_difference(best.wrong, twin, tries)
    rival = student
    for arm in case.arms:
        if arm.role == "student" and arm.axis == "learning_rate" and arm.wrong is not None:
            rival = arm.wrong if arm.wrong.sum() < rival.sum() else rival
    if by_rate.verdict != "fewer" or case.trial_difference(rival, best.wrong).verdict == "fewer":
        return None
    rate = best.changes["learning_rate"]
    sentence = (
        f"The gain is only that of a larger step: at a learning rate of {rate:g} instead of "
        f"{case.now('learning_rate'):g} the twin makes {best.errors:,} errors on {case.sample}, not "
        f"{int(twin.sum()):,}; the student makes {int(student.sum()):,} ({int(rival.sum()):,} at its own best rate); "
        "compare both at their best rates."
    )
    evidence = {
        "twin errors": int(twin.sum()),
        "twin errors at its best rate": best.errors,
        "student errors": int(student.sum()),
        "student errors at its best rate": int(rival.sum()),
        "rates tried for the twin": tries,
    }
    code = f"better = run.twin()\nbetter.edit(learning_rate={rate!r})\nbetter.train()"
    return Finding("larger_step", "cause", sentence, evidence, "likely", code)


def _unsuitable(case: Case, name: str, axis: str) -> Finding | None:
    """Return a finding if another value on an axis has fewer errors, beyond the noise of examples and of choosing."""
    best, tries = _best(case, "student", axis)
    if best is None or best.wrong is None:
        return None
    own = case.reference("student")
    difference = case.trial_difference(best.wrong, own, tries)
    if difference.verdict != "fewer":
        return None
    value, now = best.changes[axis], case.now(axis)
    sentence = (
        f"Another {IN_WORDS[axis]} does better: with {value:g} instead of {now:g} the student makes {best.errors:,} "
        f"errors on {case.sample}, not {int(own.sum()):,} (difference "
        f"{signed(difference.mean)}, {interval(difference)}, the best of {tries} tried{_how_long(case)}); "
        "choose it on validation data."
    )
    evidence = {
        f"{axis} now": now,
        f"{axis} tried": value,
        "errors now": int(own.sum()),
        "errors with it": best.errors,
        "low": difference.low,
        "high": difference.high,
        "tried": tries,
    }
    lab = case.lab(**{axis: value})
    return Finding(name, "cause", sentence, evidence, "likely", case.edited(**{axis: value}), lab)


def _how_long(case: Case) -> str:
    done = case.need_run().steps_done
    return "" if case.length == done else f" for {case.length:,} of {done:,} steps"


@look(mark("Another T would do better"), studied=True, unless=FAULTY)
def temperature_unsuitable(case: Case) -> Finding | None:
    return _unsuitable(case, "temperature_unsuitable", "temperature")


@look(mark("Another alpha would do better"), studied=True, unless=FAULTY)
def alpha_unsuitable(case: Case) -> Finding | None:
    return _unsuitable(case, "alpha_unsuitable", "alpha")


@look(mark("Another learning rate would do better"), studied=True, unless=(*FAULTY, "unsteady"))
def rate_unsuitable(case: Case) -> Finding | None:
    return _unsuitable(case, "rate_unsuitable", "learning_rate")


@look(mark("There are plenty of labels"), studied=True, unless=(*FAULTY, "teacher_weaker"))
def labels_plenty(case: Case) -> Finding | None:
    few = {arm.role: arm for arm in case.arms if arm.axis == "labels" and arm.wrong is not None}
    if len(few) < 2:
        return None
    student, twin = few["student"].wrong, few["twin"].wrong
    assert student is not None and twin is not None
    with_all = case.trial_difference(case.reference("student"), case.reference("twin"))
    with_few = case.trial_difference(student, twin)
    if with_all.verdict == "fewer" or with_few.verdict != "fewer":
        return None
    run, labels = case.need_run(), int(few["twin"].changes["labels"])
    sentence = (
        f"There are so many labels that the teacher adds nothing: with {run.data.train.labelled:,} of them, "
        f"student − twin is {signed(with_all.mean)} errors on {case.sample}; with {labels:,} it is "
        f"{signed(with_few.mean)} ({int(student.sum()):,} against {int(twin.sum()):,}); a teacher helps where "
        "labels are few."
    )
    evidence = {
        "labels": run.data.train.labelled,
        "difference": with_all.mean,
        "fewer labels": labels,
        "difference with fewer": with_few.mean,
        "low": with_few.low,
        "high": with_few.high,
    }
    code = f"better = kd.diagnosis.again(run, data={drawing(run.data, labels)})\nbetter.train()"
    return Finding("labels_plenty", "cause", sentence, evidence, "likely", code, case.lab(labels=labels))
