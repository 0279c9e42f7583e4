"""What is drawn of a run of the Words page: bits a token over steps, and what was measured at its end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from ...distill import Evaluation
from ...measure.exposure import Exposure
from ...words import mark, number, t
from ..schemes.drawings import Drawing, bar, bars, curves, images, line

PIECES = 14  # points of a curve over length
ROLES = {"student": mark("Student"), "twin": mark("Twin, no teacher")}
BITS = mark(
    "How well a text is predicted: the mean of −log₂ of the probability that each token had. One bit less a token is "
    "twice the probability of each."
)
BIAS = mark(
    "A model learns after given text, but where it writes it reads its own, with what it got wrong in it. That it errs "
    "more there than after given text is called exposure bias. The error is how far its probabilities of the next "
    "token are from the teacher’s."
)
RIGHT = mark(
    "An answer is right if each of its tokens is the likeliest one: then a model that writes the likeliest token each "
    "time gives it, from the prompt to the end."
)
WHO = {**ROLES, "teacher": mark("Teacher")}


def bits(evaluation: Evaluation) -> float:
    """Return the bits a token of an evaluation."""
    return evaluation.nll / math.log(2)


def at_first(student: float, teacher: float, tokens: int) -> Drawing:
    """Return the bits a token on validation text before the first step, of a vocabulary of so many tokens."""
    rows = [
        bar(t("Student and twin, untrained"), "student", student, number(student, ".2f")),
        bar(t("Teacher"), "teacher", teacher, number(teacher, ".2f")),
    ]
    sentence = t(
        "With the same probability for each of its {n} tokens a model needs {bits} bits a token.",
        n=number(tokens),
        bits=number(math.log2(tokens), ".2f"),
    )
    title = t("Bits a token on validation text")
    return {**bars(title, rows, sentence=sentence), "meaning": t(BITS)}


def bits_curves(found: Mapping[str, Sequence[Evaluation]], teacher: float, total: int) -> Drawing:
    """Return the bits a token on validation text over steps, of student, twin and teacher."""
    lines = [
        line(t(ROLES[role]), role, [e.step for e in learned], [bits(e) for e in learned])
        for role, points in found.items()
        if (learned := [e for e in points if e.step] or list(points))  # untrained networks would take half of the room
    ]
    lines.append(line(t("Teacher"), "teacher", [0, total], [teacher, teacher]))
    drawn = curves(t("Bits a token on validation text"), lines, x=t("optimizer step"), y=t("bits"))
    return {**drawn, "meaning": t(BITS)}


def answered_curves(
    seen: Sequence[tuple[int, Mapping[str, float]]], teacher: float, total: int, n: int, sentence: str = ""
) -> Drawing:
    """Return the share of tasks answered right over steps, in %."""
    lines = [
        line(t(name), role, [step for step, _ in seen], [100 * found[role] for _, found in seen])
        for role, name in ROLES.items()
        if seen and role in seen[0][1]
    ]
    lines.append(line(t("Teacher"), "teacher", [0, total], [100 * teacher, 100 * teacher]))
    title = t("Answered right, of {n} validation tasks", n=number(n))
    drawn = curves(title, lines, x=t("optimizer step"), y=t("share"), percent=True, sentence=sentence)
    return {**drawn, "meaning": t(RIGHT)}


def exposure_curves(found: Exposure) -> Drawing:
    """Return the student's error after given text and after its own, over length, in means of some places each."""
    width = max(1, len(found.length) // PIECES)
    pieces = [slice(start, start + width) for start in range(0, len(found.length), width)]
    places = [float(np.mean(found.length[piece])) for piece in pieces]
    names = (("given", mark("after given text"), "branch-1"), ("own", mark("after its own text"), "student"))
    lines = [
        line(t(name), look, places, [float(np.mean(getattr(found, field)[piece])) for piece in pieces])
        for field, name, look in names
    ]
    title, x = t("The student’s error over length: KL(teacher ‖ student) in nats"), t("tokens since the beginning")
    return {**curves(title, lines, x=x, y="KL", sentence=str(found)), "meaning": t(BIAS)}


def attention(found: Mapping[str, Sequence[tuple[str, int, Tensor]]], text: str) -> Drawing:
    """Return a small picture of each head, the teacher's first; the text goes down and to the right."""
    captions, pictures = [], []
    for role, looks in found.items():
        for layer, head, weights in looks:
            captions.append(
                t("{who}, {layer}, head {n}", who=t(WHO[role]), layer=layer.partition(".")[0], n=number(head))
            )
            pictures.append(weights.sqrt())
    sentence = t(
        "Each row is a place in the text “{text}”, and each column a place before it; darker is more attention.",
        text=text,
    )
    return images(t("Where the heads look"), torch.stack(pictures), captions, sentence=sentence)
