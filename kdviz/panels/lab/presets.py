"""Presets: ways for the Lab to open, each with a question that a run of a minute or less can answer.

A question gives no answer away, and ``look`` says where to look, never what will be seen. What was measured is in
``docs/presets.md``; ``benchmarks/presets.py`` measures it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...words import mark


@dataclass(frozen=True)
class Preset:
    """A way for the Lab to open.

    Attributes
    ----------
    name, title : str
        For links, and for the reader.
    question : str
        What to ask before Train is pressed; it gives no answer away.
    choices : dict
        What differs from the default :class:`kdviz.panels.lab.choices.Choices`.
    view : str
        The view that the page opens with: "one", "many" or "draw".
    look : str
        Where on the page to look; never what will be seen there.

    Examples
    --------
    >>> BY_NAME["no-labels"].choices["labels"]
    0
    """

    name: str
    title: str
    question: str
    choices: dict[str, Any]
    view: str
    look: str


PRESETS = (
    Preset(
        "hinton",
        mark("Hinton on MNIST: T = 20"),
        mark("Will 2 × 800 units learn more from 10,000 labels, or from the same labels and one teacher at T = 20?"),
        {"units": 800, "layers": 2, "labels": 10_000, "temperature": 20.0, "epochs": 4, "smoothing": False},
        "one",
        mark("the learning curves, and the sentence below them once the test set has been opened."),
    ),
    Preset(
        "tiny-student",
        mark("A tiny student"),
        mark("Eight hidden units. How much of what the teacher knows fits into them?"),
        {"units": 8},
        "many",
        mark("the learning curves beside the teacher's line, then the heat maps of teacher and student."),
    ),
    Preset(
        "teacher-too-big",
        mark("A teacher too big for the student"),
        mark("With all 55,000 labels at hand: does a student of 16 units gain from a teacher 180 times its size?"),
        {"units": 16, "labels": 55_000, "epochs": 8, "smoothing": False},
        "one",
        mark("the distance between the two learning curves, and “repeat with 5 seeds” to see what chance does."),
    ),
    Preset(
        "temperature-too-high",
        mark("A temperature of 100"),
        mark("At T = 100 the teacher's ten probabilities all look alike. Is there anything left in them to learn?"),
        {"temperature": 100.0},
        "one",
        mark("the teacher's bars, then the three learning curves: at the start, and again at the end."),
    ),
    Preset(
        "t2-forgotten",
        mark("T² forgotten"),
        mark(
            "T = 20, α = 0.5, and the loss has lost its T². Who teaches this student now: the teacher, or the labels?"
        ),
        {"temperature": 20.0, "alpha": 0.5, "loss": "without_t2"},
        "many",
        mark("the share of the gradient that each term has, with and without T², then the learning curves."),
    ),
    Preset(
        "kl-reversed",
        mark("KL turned round"),
        mark("The same teacher, labels and T, but KL(student ‖ teacher). Will the student learn the same?"),
        {"loss": "reverse_kl"},
        "one",
        mark("the small bars of teacher and student in several examples, and the learning curves."),
    ),
    Preset(
        "labels-only",
        mark("Labels only: α = 0"),
        mark(
            "With α = 0 the teacher is asked, but its answers weigh nothing. How far apart will student and twin end?"
        ),
        {"alpha": 0.0, "epochs": 30},
        "one",
        mark("the two learning curves, and the student's bars beside the teacher's."),
    ),
    Preset(
        "no-labels",
        mark("No labels at all"),
        mark("Nobody tells this student a single label. How many of 10,000 new digits will it get wrong?"),
        {"labels": 0, "epochs": 3},
        "one",
        mark("the learning curve, and the errors that student and teacher share."),
    ),
    Preset(
        "omitted-digit",
        mark("The omitted digit"),
        mark("The student never meets a 3: neither its image nor its label. Can it ever answer “3”?"),
        {
            "omit": 3,
            "labels": 10_000,
            "alpha": 1.0,
            "temperature": 20.0,
            "units": 300,
            "epochs": 12,
            "smoothing": False,
        },
        "many",
        mark("the row of the 3 in the heat maps; after the run, the same row while the bias slider moves."),
    ),
    Preset(
        "overfit-teacher",
        mark("An overfit teacher"),
        mark("This teacher has learned 1,000 images by heart. Is it still a help to a student with 4,000 labels?"),
        {"teacher": "mnist-mlp-overfit"},
        "one",
        mark("the learning curves and the teacher's line; then the errors that the student inherits."),
    ),
)
BY_NAME = {preset.name: preset for preset in PRESETS}
