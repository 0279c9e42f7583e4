"""A student with too little capacity, or without need of a teacher."""

from __future__ import annotations

from ...distill.transfer_sets import drawing
from ...words import mark
from ..case import Case
from ..findings import Confidence, Finding, interval, look, signed
from .roles import FAULTY

NO_FIT = 1 / 3  # of the errors on new examples: as many remain on training examples, beyond the teacher's own
CLOSE = 0.1  # of the twin's errors: as good as the teacher
LARGER = 4  # times the units, at least
LAB_UNITS = (32, 64, 128, 300, 800)
LAB_LABELS = (100, 300, 1000, 4000, 10_000, 30_000)


@look(mark("The student is too small"), unless=(*FAULTY, "too_few_steps", "rate_unsuitable"))
def without_room(case: Case) -> Finding | None:
    case.need_run()
    case.need_trained()
    who = ["student", *(["twin"] if case.has("twin") else [])]
    learned = {w: case.error(w, "train") for w in (*who, "teacher")}
    new = {w: case.error(w) for w in who}
    fits = any(learned[w] - learned["teacher"] < NO_FIT * new[w] or learned[w] <= learned["teacher"] for w in who)
    if fits or min(case.wrong(w).sum() for w in who) < 10:
        return None
    still = " and ".join(f"{'its twin' if w == 'twin' else 'the student'} {learned[w]:.1%}" for w in who)
    sentence = (
        f"The student is too small: of its own training examples {still} are still wrong (the teacher "
        f"{learned['teacher']:.1%}; on new ones the student {new['student']:.1%}), so more knowledge does not fit in; "
        "take a larger one."
    )
    evidence = {f"{w} error on training examples": e for w, e in learned.items()}
    evidence |= {f"{w} error on new examples": e for w, e in new.items()}
    code, lab = _larger(case)
    confidence: Confidence = "likely" if "twin" in who else "possible"
    return Finding("without_room", "cause", sentence, evidence, confidence, code, lab)


def _larger(case: Case) -> tuple[str, dict | None]:
    """Return code, and the Lab's choices, for a student with more units, where kdviz knows how to build it."""
    now = getattr(case.need_run().student, "architecture", None)
    if not now or now.get("name") != "mlp" or not now.get("hidden"):
        return "", None
    hidden = [next((n for n in LAB_UNITS if n >= LARGER * units), LARGER * units) for units in now["hidden"]]
    larger = {**now, "hidden": hidden}
    code = f"better = kd.diagnosis.again(run, student=kd.models.build({larger!r}))\nbetter.train()"
    return code, case.lab(units=hidden[0])


@look(mark("The student needs no teacher"), unless=(*FAULTY, "teacher_weaker"))
def without_need(case: Case) -> Finding | None:
    case.need_trained()
    gap = case.difference("twin", "teacher")
    twin, teacher = (int(case.wrong(w).sum()) for w in ("twin", "teacher"))
    if gap.verdict == "more" and gap.mean > CLOSE * twin:
        return None
    wide = (gap.high - gap.low) / 2
    if gap.verdict != "more" and wide > max(0.5 * twin, 1):
        return None  # too few examples to call them alike
    labels = case.run.data.train.labelled if case.run is not None else 0
    fewer = max((n for n in LAB_LABELS if n <= labels // 4), default=0)
    sentence = (
        f"The student needs no teacher: on {case.sample} it makes {twin:,} errors with the labels alone, and the "
        f"teacher {teacher:,} (difference {signed(gap.mean)}, {interval(gap)}), so there is little "
        "to gain; take a better teacher, or fewer labels."
    )
    evidence = {"twin errors": twin, "teacher errors": teacher, "low": gap.low, "high": gap.high}
    code, lab = "", None
    if fewer and case.run is not None:
        code = f"better = kd.diagnosis.again(run, data={drawing(case.run.data, fewer)})\nbetter.train()"
        lab = case.lab(labels=fewer, keep_unlabelled=False)
    confidence: Confidence = "likely" if wide <= 0.25 * twin else "possible"
    return Finding("without_need", "cause", sentence, evidence, confidence, code, lab)
