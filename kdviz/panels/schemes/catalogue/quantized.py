"""Quantized students: bits against errors, rounded in the loop and rounded afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ....distill import RunName, hinton
from ....distill.schemes import bytes_of, fake_quantized, quantized, trainable_copy
from ....words import mark, number, t
from ..drawings import Drawing, bar, bars
from ..lane import Lane
from ..scheme import Course, Option, Party, Phase, Scheme, beside, budget
from ..setting import TEMPERATURE, Setting

BITS = ("2", "3", "4", "8")
ACTIVATION_BITS = 4


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    chosen = options["bits"]
    epochs = setting.share(2)  # four numbers of bits are tried, each with half of the steps
    steps = setting.steps(epochs)

    def lane(bits: str) -> Lane:
        objective = hinton(0.9, TEMPERATURE)
        runs = (
            quantized(
                setting.teacher,
                setting.student(),
                setting.data,
                objective,
                bits=int(bits),
                activation_bits=ACTIVATION_BITS,
                **setting.numbers(epochs=epochs),
            )
            for _ in range(1)
        )
        return Lane(setting, runs, [steps], cost=4.0, name=RunName(mark("{bits} bits"), {"bits": bits}))

    own = lane(chosen)
    others = {f"bits-{bits}": lane(bits) for bits in BITS if bits != chosen}
    return Course(setting, beside(own, **others), budget(own.total_steps), {"bits": chosen})


def look(course: Course) -> dict[str, Any]:
    lanes = {course.extra["bits"]: course.own} | {
        b: course.lanes[f"bits-{b}"] for b in BITS if b != course.extra["bits"]
    }
    wrong = {bits: course.wrong(lanes[bits].answer) for bits in BITS}
    after = {bits: _rounded(course, int(bits)) for bits in BITS} if course.finished else {}
    size = {bits: bytes_of(lanes[bits].answer).quantized for bits in BITS}
    return {"wrong": wrong, "after": after, "bytes": size, "whole": course.wrong(course.lanes["hinton"].answer)}


def _rounded(course: Course, bits: int) -> int:
    """Return the errors of the student in full precision, rounded after it has learned."""
    model = fake_quantized(trainable_copy(course.lanes["hinton"].answer), bits, activation_bits=ACTIVATION_BITS)
    with torch.no_grad():  # in training mode it learns the range of its inputs, and nothing else
        model.train()(course.setting.data.train.inputs())
    return course.wrong(model)


def draw(course: Course) -> list[Drawing]:
    if not course.seen:
        return []
    found, examples = course.seen[-1][1], course.examples.labelled
    rows = []
    for bits in BITS:
        look = "student" if bits == course.extra["bits"] else "branch-2"
        size = t("{n} kB", n=number(found["bytes"][bits] / 1000, ",.1f"))
        wrong = found["wrong"][bits]
        rows.append(
            bar(t("{n} bits, rounded while it learns", n=bits), look, 100 * wrong / examples, number(wrong), size)
        )
        if bits in found["after"]:
            after = found["after"][bits]
            rows.append(
                bar(t("{n} bits, rounded afterwards", n=bits), "branch-0", 100 * after / examples, number(after))
            )
    whole = found["whole"]
    rows.append(bar(t("32 bits, not rounded"), "hinton", 100 * whole / examples, number(whole)))
    title = t("Errors of {n} examples, by bits of a weight", n=number(examples))
    sentence = ""
    if found["after"]:
        sentence = t(
            "With {bits} bits the student that learned with the rounding makes {own} errors, one rounded afterwards "
            "{after}, and one that is not rounded {whole}.",
            bits=course.extra["bits"],
            own=number(found["wrong"][course.extra["bits"]]),
            after=number(found["after"][course.extra["bits"]]),
            whole=number(whole),
        )
    return [bars(title, rows, sentence=sentence)]


SCHEME = Scheme(
    name="quantized",
    title=mark("Quantized student"),
    family="place",
    acronyms=("QAT", "quantization-aware", "quantised", "int8", "apprentice-kd"),
    says=mark("The student learns with its weights rounded to a few bits, so that it predicts well in spite of it."),
    source="Jacob et al. (2018), arXiv:1712.05877; Mishra, Marr (2018), arXiv:1711.05852",
    misses=mark(
        "The integers are simulated: what is shown is errors and bytes, not speed. Inputs of layers have 4 bits in "
        "all rows but the last."
    ),
    file="quantized",
    parties=(
        Party("teacher", mark("Teacher, 32 bits"), "teacher", 0),
        Party("rounded", mark("Weights, rounded"), "other", 1),
        Party("student", mark("Student"), "student", 2),
    ),
    phases=(
        Phase(mark("Before each layer the student’s weights are rounded to a few bits."), (("student", "rounded"),)),
        Phase(mark("The teacher teaches what these rounded weights answer."), (("teacher", "rounded"),)),
        Phase(
            mark("The gradient passes the rounding as if it were not there, and moves the weights behind it."),
            (("rounded", "student"),),
        ),
    ),
    begin=begin,
    look=look,
    draw=draw,
    phase=lambda stage: -1,
    options={"bits": Option(mark("Bits of a weight"), {bits: bits for bits in BITS}, "2")},
)
