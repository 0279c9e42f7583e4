"""Presets about what a student learns from: labels that are wrong, a shortcut, half a picture, made-up digits."""

from __future__ import annotations

from ...words import mark
from . import outcome
from .preset import BESIDE_THE_TWIN, ERRORS_BESIDE_TWIN, FEWER_SAME_MORE, HELPS, USUAL_REASON, Preset, Reason


def _misled(found: outcome.Facts) -> str:
    """Who was misled more, where no sentence has said already why the student does worse."""
    return "" if outcome.beside_the_twin(found) == "more" else outcome.misled(found)


ON_DATA = (
    Preset(
        "noisy-labels",
        mark("A third wrong?"),
        mark(
            "A third of the 4,000 labels are wrong. Will the student make more errors than one whose labels are right?"
        ),
        {"fault": "noisy_labels"},
        "one",
        mark("the two learning curves: which of them rises again."),
        answers=FEWER_SAME_MORE,
        settle=outcome.beside_the_usual,
        why=(
            Reason(
                outcome.beside_the_usual,
                dict.fromkeys(
                    ("fewer", "same", "more"),
                    mark("With every label right the student made {usual}. Nine tenths of its loss are the teacher's."),
                ),
            ),
            BESIDE_THE_TWIN,
        ),
        next="marked-corner",
    ),
    Preset(
        "marked-corner",
        mark("A way to cheat?"),
        mark("In training a patch in the corner gives the digit away, in the test there is none. Does a teacher help?"),
        {"fault": "marked_corner"},
        "saliency",
        mark("the student’s map: whether it looks at the digit or at the top rows."),
        answers=HELPS,
        why=(
            USUAL_REASON,
            Reason(
                outcome.beside_the_twin,
                {
                    "more": mark(
                        "The class settles {class_share} of the teacher’s answers, and the patch tells the class: "
                        "matching them trades the digit for the patch. {student_best} errors at its best step, "
                        "{student} at the last (twin: {twin_best}, {twin})."
                    )
                },
            ),
            Reason(
                _misled,
                dict.fromkeys(
                    ("student", "twin", "alike"),
                    mark(
                        "Put the patch of the next digit on each test digit, and the student says that digit for "
                        "{misled}, its twin for {misled_twin}, the teacher for {misled_teacher}."
                    ),
                ),
            ),
        ),
        next="half-picture",
        measures=("weights", "misled", "class_share"),
    ),
    Preset(
        "half-picture",
        mark("Half a digit?"),
        mark("The student, and its twin, see the left half of each digit; the teacher sees all of it. Does it help?"),
        {"fault": "half_picture"},
        "one",
        mark("the learning curves, and the bars of a digit whose right half tells."),
        answers=HELPS,
        fact=mark("{student} errors of {n}; its twin without a teacher {twin}, its teacher {teacher}."),
        why=(USUAL_REASON,),
        measures=("weights",),
        next="made-up-digits",
    ),
    Preset(
        "made-up-digits",
        mark("Made-up digits?"),
        mark("300 labels, and 9,000 digits made up from them, which only the teacher names: do they spare errors?"),
        {"labels": 300, "extra": "munge", "epochs": 20},
        "one",
        mark("the learning curves, and in Setup some of the digits that were made up."),
        answers={"none": mark("None"), "some": mark("Up to a quarter"), "many": mark("More than a quarter")},
        settle=outcome.share_removed(0.25),
        fact=ERRORS_BESIDE_TWIN,
        why=(
            BESIDE_THE_TWIN,
            Reason(
                lambda _: "known",
                {"known": mark("Taught on the 300 digits alone, for as many steps, a student made {drawn_alone}.")},
            ),
        ),
        measures=("drawn_alone",),
    ),
)
