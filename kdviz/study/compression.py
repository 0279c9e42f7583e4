"""The order of steps that make a network small, as an experiment: distil, prune, quantize, and their permutations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations

from torch import nn

from .. import compress
from ..distill import Distillation, HardLabels, Recipe, schemes
from .programs import Bench, Found, beside, program, trained

STEPS = ("distil", "prune", "quantize")
LABELS = "labels again"  # in place of a teacher


def made(
    bench: Bench, start: nn.Module, steps: Sequence[str], epochs: int, share: float = 0.8, bits: int = 3
) -> nn.Module:
    """Return a copy of ``start`` made small, one step after another; it learns for ``epochs`` at each *distil*."""
    model = schemes.trainable_copy(start)
    for step in steps:
        if step == "prune":
            model = compress.pruned(model, share, across="layer")
        elif step == "quantize":
            model = compress.ranged(schemes.fake_quantized(model, bits), bench.data.train.inputs())
        else:
            by, objective = (bench.teacher, bench.recipe.objective) if step == "distil" else (None, HardLabels())
            numbers = bench.settings(epochs=epochs, allow_weaker_teacher=True)
            model = trained(Distillation(by, model, bench.data, objective, **numbers))
    return model


@program
def compression_order(base: Recipe, share: float = 0.8, bits: int = 3, later: int = 60) -> Iterator[Found]:
    """One student that has learned its labels, made small in each order; only what stands at *distil* is taught."""
    bench = Bench.of(base)
    teacher = bench.teacher
    assert teacher is not None, "the base names a teacher"
    own = bench.found(f"teacher, {base.teacher}", teacher, "teacher")
    yield own
    start = trained(bench.run(None, HardLabels()))
    yield (whole := bench.found("labels alone, not made small", start, "twin"))

    def found(steps: Sequence[str], epochs: int = later, name: str = "") -> Found:
        small = made(bench, start, steps, epochs, share, bits)
        return replace(bench.found(name or ", ".join(steps), small), teacher=own.errors)

    first = found(STEPS)
    yield beside(first, whole)
    for order in list(permutations(STEPS))[1:]:
        last = beside(found(order), first)
        yield last
        if order[-1] == "distil" and order[0] == "prune":
            again = (*order[:-1], LABELS)
            yield replace(beside(found(again), last), teacher=None)
    each = ("distil", "prune", "distil", "quantize", "distil")
    yield beside(found(each, max(1, later // 3), "a third of the teaching after each step"), first)
