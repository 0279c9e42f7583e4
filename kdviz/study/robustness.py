"""Does the teacher's robustness arrive? A program: students of a robust and of a plain teacher, under attack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from torch import nn

from .. import models
from ..data import Examples
from ..distill import HardLabels, Recipe, RobustLabels, RobustSoftTargets, SoftTargets
from ..models.attack import pgd
from .programs import TWIN, Bench, Found, beside, errors_of, program, trained

ATTACKED = "{}, attacked"


@program
def robustness_arrives(
    base: Recipe,
    plain: str = "mnist-mlp-1200",
    radius: float = 0.1,
    steps: int = 5,
    attack_steps: int = 20,
    test: int = 2000,
) -> Iterator[Found]:
    """Each student twice: on test pictures, and on these as PGD changes them against itself."""
    bench = Bench.of(base)
    robust = bench.teacher
    assert robust is not None, "the base names a teacher"
    part = bench.data.test.take(slice(0, test))

    def both(name: str, model: nn.Module, role: Any = "student", **more: Any) -> tuple[Found, Found]:
        moved = pgd(model, part.inputs(), part.y, radius, steps=attack_steps, seed=base.seed)
        clean = bench.found(name, model, role, test=part, **more)
        errors = errors_of(model, Examples(moved, part.y))
        return clean, replace(clean, name=ATTACKED.format(name), role="model", errors=errors, weights=0)

    teachers = {"plain": models.pretrained(plain), "robust": robust}
    own_errors = {}
    for which, teacher in teachers.items():
        found = both(f"the {which} teacher", teacher, "teacher")
        own_errors[which] = found[0].errors
        yield from found

    def learned(name: str, objective: Any, which: str = "", others: tuple[Found, ...] = ()) -> tuple[Found, ...]:
        model = trained(bench.run(teachers.get(which), objective))
        found = both(name, model, "student" if others else "twin", teacher=own_errors.get(which))
        return tuple(beside(*pair) for pair in zip(found, others, strict=True)) if others else found

    twin = learned(TWIN, HardLabels())
    yield from twin
    for which in teachers:
        yield from learned(f"taught by the {which} teacher", base.objective, which, twin)
    sturdy = learned("labels, on adversarial pictures", RobustLabels(radius, steps), others=twin)
    yield from sturdy
    rslad = 5 / 6 * RobustSoftTargets(1.0, radius, steps) + 1 / 6 * SoftTargets(1.0)
    for which in teachers:
        yield from learned(f"taught by the {which} teacher, on adversarial pictures", rslad, which, sturdy)
