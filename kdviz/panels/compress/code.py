"""The Python of a point: a program that stands alone and gives the same errors."""

from __future__ import annotations

from typing import Any

from .choices import CompressChoices, student_architecture
from .trial import ALPHA, BATCH, INPUT_BITS, LABELS, PARTS, RANGED_ON, RATE, STUDENT_EPOCHS, STUDENT_RATE, TEMPERATURE

PRINTED = """
size = kd.compress.stored(small)
print(f"{size.bytes} bytes, {size.gzipped} after gzip")
"""
COUNTED = """
wrong = kd.models.inference.logits(small, data.PART).argmax(1) != data.PART.y
print(f"{int(wrong.sum())} PART errors of {len(wrong)}")
"""


def program(choices: CompressChoices, *, twin: bool = False, test: bool = False) -> str:
    """Return a program that makes the small network as the page does, on the same number of threads.

    Parameters
    ----------
    choices : CompressChoices
    twin : bool
        Whether it makes the twin, which learns from the labels alone.
    test : bool
        Whether it counts test errors too, beside those on validation data.
    """
    lines = ["import kdviz as kd", ""]
    lines += [f'data = kd.data.load("{choices.data}").with_labels({LABELS})']
    lines += [f'teacher = kd.models.pretrained("{choices.teacher}")']
    if choices.student:
        lines += [f"small = kd.models.build({_value(student_architecture(choices))})"]
        lines += _learned(STUDENT_EPOCHS, STUDENT_RATE, twin)
    else:
        lines += ["small = teacher"]
    if choices.units:
        lines += [f"small = kd.compress.without_units(small, {choices.units!r})"]
    if choices.rank:
        lines += [f"small = kd.compress.low_rank(small, {choices.rank})"]
    if choices.weights:
        lines += [f'small = kd.compress.pruned(small, {choices.weights!r}, across="layer")']
    if choices.integers == "rounded":
        lines += ["small = kd.schemes.trainable_copy(small).requires_grad_(True)"]
        lines += [f"small = kd.schemes.fake_quantized(small, {choices.bits}, activation_bits={INPUT_BITS})"]
    if choices.teaching:
        if lines[-1] == "small = teacher":
            lines[-1] = "small = kd.schemes.trainable_copy(teacher).requires_grad_(True)"
        lines += _learned(choices.teaching, RATE, twin)
    if choices.integers in ("dynamic", "static"):
        lines += [f'small = kd.compress.int8(small, data.train, kind="{choices.integers}")']
    elif choices.integers == "rounded" and not choices.teaching:
        lines += [f"small = kd.compress.ranged(small, data.train.inputs(slice(0, {RANGED_ON})))"]
    counted = "".join(COUNTED.replace("PART", part) for part in (PARTS if test else PARTS[:1]))
    return "\n".join(lines) + f"\nsmall.eval()\n{PRINTED}{counted}"


def _learned(epochs: int, rate: float, twin: bool) -> list[str]:
    who = "None, small, data, kd.HardLabels()" if twin else f"teacher, small, data, kd.hinton({ALPHA}, {TEMPERATURE})"
    numbers = f"epochs={epochs}, learning_rate={rate}, batch_size={BATCH}"
    more = "" if twin else ", allow_weaker_teacher=True"
    return [
        "run = kd.Distillation(",
        f"    {who},",
        f"    {numbers}{more},",
        ")",
        "run.train(progress=False, evaluate=False)",
        "small = run.student",
    ]


def _value(architecture: dict[str, Any]) -> str:
    return "{" + ", ".join(f'"{name}": {value!r}' for name, value in architecture.items()) + "}"
