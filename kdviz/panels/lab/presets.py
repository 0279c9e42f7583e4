"""Presets: ways for the Lab to open, each with a bet that a run of a minute or less settles.

A question gives no answer away, and ``look`` says where to look, never what will be seen. Which answer is the right
one, and why, is worked out from the numbers of the run on the page, with their noise (``outcome.py``): a run that goes
against what is usual gets the sentence that it deserves. What was measured is in ``docs/presets.md``;
``benchmarks/presets.py`` measures it again.
"""

from __future__ import annotations

from ...words import mark
from . import outcome
from .data_presets import ON_DATA
from .outcome import IDENTICAL
from .preset import BESIDE_THE_TWIN, ERRORS_ALONE, HELPS, USUAL_REASON, Preset, Reason

USUAL_ERRORS = 461  # of the default's student on test data: `python benchmarks/presets.py --only default --seeds 1`
WITH_T2 = mark("Measured {moments} times in this run. With its T² the teacher's share would be {soft_share_t2}.")
OF_OTHER_DIGITS = mark("All it has of a 3 is what the teacher says of other digits: a little “3” in many an 8 and 5.")

DEFAULT = Preset(
    "",
    mark("Does a teacher help?"),
    mark("Will the student make fewer test errors than its twin, which learns from the labels alone?"),
    {},
    "one",
    mark("the distance between the two learning curves."),
    why=(
        USUAL_REASON,
        Reason(
            outcome.beside_the_smoothed_twin,
            {
                "fewer": mark("It is not smoothing alone: a twin with smoothed labels made {smoothed}."),
                "same": mark("But a twin with smoothed labels made {smoothed}: no clear difference from the student."),
                "more": mark("A twin with smoothed labels, without any teacher, made only {smoothed}."),
            },
        ),
    ),
    next="no-labels",
    measures=("weights",),
)
PRESETS = (
    Preset(
        "no-labels",
        mark("No labels at all?"),
        mark("This student never sees a label. How many of 10,000 new digits will it get wrong?"),
        {"labels": 0, "epochs": 3},
        "one",
        mark("the learning curve, and the errors that student and teacher share."),
        answers={},
        settle=outcome.beside_the_usual,
        fact=ERRORS_ALONE,
        why=(
            Reason(
                outcome.beside_the_usual,
                {
                    "fewer": mark(
                        "Guessing makes about {guessing}; the student with 4,000 labels made {usual}. The teacher's "
                        "answers stand in for labels, and they come with every image there is."
                    ),
                    "same": mark(
                        "Guessing makes about {guessing}; the student with 4,000 labels made {usual}: no clear "
                        "difference. The teacher's answers stand in for labels."
                    ),
                    "more": mark(
                        "Guessing makes about {guessing}; the student with 4,000 labels made {usual}: fewer than this."
                    ),
                },
            ),
            Reason(
                lambda facts: "known" if facts.agreement is not None else "",
                {"known": mark("It gives the teacher's answer to {agreement} of the digits.")},
            ),
        ),
        next="omitted-digit",
    ),
    Preset(
        "omitted-digit",
        mark("Never seen a 3?"),
        mark("The student never sees a 3, neither image nor label. To how many 3s of the test set will it say “3”?"),
        {
            "omit": 3,
            "labels": 10_000,
            "alpha": 1.0,
            "temperature": 20.0,
            "units": 300,
            "epochs": 12,
            "smoothing": False,
        },
        "wall",
        mark("the 3s; after the run, the same 3s while the bias slider moves."),
        answers={"none": mark("To none"), "few": mark("To fewer than half"), "most": mark("To most")},
        settle=outcome.of_the_omitted,
        fact=mark("It knew {known} of {of_class}; its twin without a teacher {known_twin}."),
        why=(
            Reason(
                outcome.of_the_omitted,
                {
                    "none": mark("What the teacher says of other digits was not enough to tell it what a 3 is."),
                    "few": OF_OTHER_DIGITS,
                    "most": OF_OTHER_DIGITS,
                },
            ),
            Reason(
                outcome.raised,
                {
                    "more": mark(
                        "And it knows more than it says: {bias} added to the logit of the 3, chosen on validation "
                        "data, makes it {known_raised}. Move the bias slider."
                    ),
                    "same": mark("With {bias} added to the logit of the 3, chosen on validation data: {known_raised}."),
                },
            ),
        ),
        next="temperature-too-high",
        measures=("omitted_class",),
    ),
    Preset(
        "temperature-too-high",
        mark("T = 100?"),
        mark("At T = 100 the teacher's ten probabilities all look alike. Can its student still beat the twin?"),
        {"temperature": 100.0},
        "one",
        mark("the teacher's bars, then the three learning curves: at the start, and again at the end."),
        answers={
            "fewer": mark("Yes, clearly"),
            "same": mark("No clear difference"),
            "more": mark("No, it does worse"),
        },
        why=(
            Reason(
                outcome.beside_the_twin,
                {
                    "fewer": mark(
                        "The bars look flat ({lowest} to {highest}), but differences remain, and T² makes up for "
                        "their size: the logits, {logits_apart} apart, are only divided by {T}. See the log scale."
                    ),
                    "same": mark(
                        "The bars are flat ({lowest} to {highest}); the differences remain in the logits, "
                        "{logits_apart} apart, but in this run they show no clear gain: {beside_twin}."
                    ),
                    "more": mark(
                        "The bars are flat ({lowest} to {highest}); the differences remain in the logits, "
                        "{logits_apart} apart, but this run was no better for them: {beside_twin}, {worth_twin}."
                    ),
                },
            ),
            Reason(
                outcome.beside_the_usual,
                {
                    "fewer": mark("At T = 4 the default made {usual}, more than here."),
                    "same": mark("At T = 4 the default made {usual}: no clear difference."),
                    "more": mark("At T = 4 the default made {usual}."),
                },
            ),
        ),
        next="t2-forgotten",
        measures=("flatness",),
    ),
    Preset(
        "t2-forgotten",
        mark("T² forgotten?"),
        mark(
            "T = 20, α = 0.5, and the loss has lost its T². Who teaches this student now: the teacher, or the labels?"
        ),
        {"temperature": 20.0, "alpha": 0.5, "loss": "without_t2"},
        "many",
        mark("the share of the gradient that each term has, with and without T², then the learning curves."),
        answers={"teacher": mark("The teacher"), "both": mark("Both about alike"), "labels": mark("The labels")},
        settle=outcome.who_teaches,
        fact=mark("{soft_share} of the gradient came from the teacher, {hard_share} from the labels."),
        why=(
            Reason(
                outcome.who_teaches,
                {
                    "labels": mark(
                        "Measured {moments} times in this run. Soft targets at T have gradients about T² times "
                        "smaller; with its T² the teacher's share would be {soft_share_t2}."
                    ),
                    "both": WITH_T2,
                    "teacher": WITH_T2,
                },
            ),
            BESIDE_THE_TWIN,
        ),
        next="labels-only",
        measures=("gradients",),
    ),
    Preset(
        "labels-only",
        mark("α = 0?"),
        mark(
            "With α = 0 the teacher is asked, but its answers weigh nothing. How far apart will student and twin end?"
        ),
        {"alpha": 0.0, "epochs": 30},
        "one",
        mark("the two learning curves, and the student's bars beside the teacher's."),
        answers={
            "fewer": mark("The student ahead"),
            "same": mark("A few errors, by chance"),
            IDENTICAL: mark("Not at all"),
        },
        settle=lambda facts: {"more": "same"}.get(beside := outcome.beside_the_twin(facts), beside),
        fact=mark("Student and twin: {student} and {twin} errors."),
        why=(
            Reason(
                outcome.beside_the_twin,
                {
                    IDENTICAL: mark(
                        "All their {weights} weights are equal, bit for bit: at α = 0 the twin is this student, and "
                        "there is no difference to test. A teacher that weighs nothing teaches nothing."
                    ),
                    **dict.fromkeys(
                        ("fewer", "same", "more"),
                        mark("Their weights differ, which α = 0 does not explain: {beside_twin}."),
                    ),
                },
            ),
        ),
        next="hinton",
        measures=("weights",),
    ),
    Preset(
        "hinton",
        mark("Hinton's T = 20?"),
        mark("2 × 800 units, 10,000 labels: how many of its twin's errors does one teacher at T = 20 spare a student?"),
        {"units": 800, "layers": 2, "labels": 10_000, "temperature": 20.0, "epochs": 4, "smoothing": False},
        "one",
        mark("the learning curves, and the sentence below them once the test set has been opened."),
        answers={"none": mark("None"), "some": mark("Up to a quarter"), "many": mark("More than a quarter")},
        settle=outcome.share_removed(0.25),
        why=(
            Reason(
                lambda facts: "known" if {"student", "twin"} <= set(facts.best) else "",
                {
                    "known": mark(
                        "After the last step: {beside_twin}. Each at its best on validation data: {student_best} and "
                        "{twin_best}."
                    )
                },
            ),
            Reason(
                lambda _: "paper",
                {
                    "paper": mark(
                        "This is not the paper's setting: with all labels and far longer training Hinton's student "
                        "went from 146 errors to 74."
                    )
                },
            ),
        ),
        next="tiny-student",
    ),
    Preset(
        "tiny-student",
        mark("Only 8 units?"),
        mark("Eight hidden units and a good teacher. How many of 10,000 new digits will they get wrong?"),
        {"units": 8},
        "many",
        mark("the learning curves beside the teacher's line, then the heat maps of teacher and student."),
        answers={},
        settle=outcome.room_or_teaching,
        fact=ERRORS_ALONE,
        why=(
            Reason(
                outcome.room_or_teaching,
                {
                    "room": mark(
                        "Its teacher makes {teacher}, its twin without one {twin}: what is missing is room, more than "
                        "teaching. All it can hold is these eight pictures and how they are summed."
                    ),
                    "teaching": mark(
                        "Its teacher makes {teacher}, its twin without one {twin}: here teaching moved it further than "
                        "room held it back. All it holds is these eight pictures and how they are summed."
                    ),
                },
            ),
            BESIDE_THE_TWIN,
        ),
        next="teacher-too-big",
        pictures=True,
    ),
    Preset(
        "teacher-too-big",
        mark("Teacher too big?"),
        mark("With all 55,000 labels at hand: does a student of 16 units gain from a teacher 180 times its size?"),
        {"units": 16, "labels": 55_000, "epochs": 8, "smoothing": False},
        "one",
        mark("the distance between the two learning curves, for each of the seeds."),
        answers=HELPS,
        settle=outcome.over_seeds(5),
        why=(
            Reason(
                outcome.over_seeds(5),
                {
                    "": mark(
                        "So far: {beside_twin}. With another start of the same 16 units this may turn round; one seed "
                        "misleads here, five settle the bet."
                    ),
                    "fewer": mark(
                        "Over {seeds} seeds: {beside_twin}, {worth_twin}. Even with every label at hand the teacher "
                        "had something to add."
                    ),
                    "same": mark(
                        "Over {seeds} seeds: {beside_twin}: it {worth_twin}. All labels are there already, and 16 "
                        "units cannot hold more than they say."
                    ),
                    "more": mark(
                        "Over {seeds} seeds: {beside_twin}, {worth_twin}. Following all of the teacher's answers took "
                        "room that 16 units needed for the labels."
                    ),
                },
            ),
        ),
        next="kl-reversed",
        seeds=5,
    ),
    Preset(
        "kl-reversed",
        mark("KL reversed?"),
        mark("The same teacher, labels and T, but KL(student ‖ teacher). Will the teacher still help?"),
        {"loss": "reverse_kl"},
        "one",
        mark("the bars of this example, where the teacher wavers between two digits, and the learning curves."),
        answers=HELPS,
        why=(
            USUAL_REASON,
            Reason(
                outcome.peaks,
                {
                    "one": mark(
                        "Where the teacher wavers ({torn} validation digits) the lesser of its two digits gets "
                        "{lesser_teacher} from it, {lesser_student} from the student: it settles on one peak."
                    ),
                    "both": mark(
                        "Where the teacher wavers ({torn} validation digits) the lesser of its two digits gets "
                        "{lesser_teacher} from it, {lesser_student} from the student: it keeps both peaks."
                    ),
                },
            ),
        ),
        next="overfit-teacher",
        measures=("lesser_peaks", "weights"),
        two_peaks=True,
    ),
    Preset(
        "overfit-teacher",
        mark("Overfit teacher?"),
        mark("This teacher has memorised 1,000 images. Does it still help a student with 4,000 labels?"),
        {"teacher": "mnist-mlp-overfit"},
        "one",
        mark("the learning curves and the teacher's line; then the errors that the student shares with it."),
        answers=HELPS,
        fact=mark("{student} errors of {n}; its twin without a teacher {twin}, its teacher {teacher}."),
        why=(
            Reason(
                outcome.became_its_teacher,
                {
                    "yes": mark(
                        "The student became its teacher: both give the same answer to {agreement} of the digits, "
                        "mistakes included."
                    ),
                    "no": mark("Student and teacher give the same answer to {agreement} of the digits."),
                },
            ),
            BESIDE_THE_TWIN,
        ),
        next="noisy-labels",
    ),
    *ON_DATA,
)
BY_NAME = {preset.name: preset for preset in PRESETS}


def named(name: str) -> Preset:
    """Return a preset; "" is the default."""
    return BY_NAME[name] if name else DEFAULT


def check_bet(name: str, bet: object) -> str:
    """Return a bet on a preset as it is: the name of an answer, a number of errors as digits, or "" for none.

    Raises
    ------
    ValueError
        In one sentence that names the field.

    >>> check_bet("no-labels", "3000"), check_bet("", "fewer")
    ('3000', 'fewer')
    """
    answers = named(name).answers
    if isinstance(bet, str) and (bet == "" or bet in answers or (not answers and _is_count(bet))):
        return bet
    if not answers:
        raise ValueError('bet must be a number of errors, such as "3000", or empty for none')
    raise ValueError(f"bet must be one of {', '.join(answers)}, or empty for none")


def _is_count(text: str) -> bool:
    return len(text) <= 6 and text.isascii() and text.isdigit()
