"""Programs about faults in the training part: wrong labels, and classes that are rare in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import nn

from .. import models
from ..data import Splits, noisy_labels, rare_class
from ..distill import Distillation, HardLabels, Recipe, SoftTargets, schemes
from .programs import Bench, Found, beside, program, trained


def _taught_on(bench: Bench, hidden: int, data: Splits) -> nn.Module:
    """Return a perceptron of one hidden layer, trained on labels alone."""
    larger = models.build({**(bench.recipe.student or {}), "hidden": [hidden]}, seed=bench.recipe.seed)
    return trained(Distillation(None, larger, data, HardLabels(), **bench.settings()))


@program
def noisy_teacher(base: Recipe, hidden: int = 300, share: float = 1 / 3) -> Iterator[Found]:
    """A teacher whose labels were wrong in part, and one whose labels were right, each teaching on both kinds."""
    bench = Bench.of(base)
    clean, noisy = bench.data, noisy_labels(bench.data, share, base.seed)
    soft = next(term for term in base.objective.terms if isinstance(term, SoftTargets))
    teachers = {name: _taught_on(bench, hidden, data) for name, data in (("right", clean), ("noisy", noisy))}
    own = {name: bench.found(f"teacher of {name} labels", one, "teacher") for name, one in teachers.items()}
    yield from own.values()
    twins = {
        name: bench.found(f"twin, {name} labels", trained(bench.run(None, HardLabels(), data)), "twin")
        for name, data in (("right", clean), ("noisy", noisy))
    }
    yield from twins.values()

    def taught(name: str, by: str, data: Splits, twin: str, objective: object = base.objective) -> Found:
        found = bench.found(name, trained(bench.run(teachers[by], objective, data)))
        return beside(replace(found, teacher=own[by].errors), twins[twin])

    yield taught("noisy teacher, noisy labels", "noisy", noisy, "noisy")
    yield taught("noisy teacher, no labels", "noisy", schemes.without_labels(noisy), "noisy", soft)
    yield taught("noisy teacher, right labels", "noisy", clean, "right")
    yield taught("teacher of right labels, noisy labels", "right", noisy, "noisy")


@program
def rare_classes(
    base: Recipe,
    rare: Sequence[int] = (8, 9),
    keep: int = 20,
    sizes: Sequence[int] = (8, 32, 128),
    hidden: int = 300,
) -> Iterator[Found]:
    """Two classes with few examples, and students of several sizes; errors are counted on these classes alone."""
    bench = Bench.of(base)
    data = bench.data
    for which in rare:
        data = rare_class(data, which, keep, base.seed)
    test = data.test.take(torch.nonzero(torch.isin(data.test.y, torch.tensor(list(rare)))).flatten())
    assert bench.teacher is not None, "the base names a teacher"
    teachers = {"all examples": bench.teacher, "the same few": _taught_on(bench, hidden, data)}
    own = {name: bench.found(f"teacher of {name}", one, "teacher", test=test) for name, one in teachers.items()}
    yield from own.values()
    for units in sizes:
        of_size = replace(bench, recipe=replace(base, student={**(base.student or {}), "hidden": [units]}))
        alone = trained(of_size.run(None, HardLabels(), data))
        yield (twin := of_size.found(f"{units} units, twin", alone, "twin", test=test))
        for name, teacher in teachers.items():
            student = trained(of_size.run(teacher, base.objective, data))
            found = of_size.found(f"{units} units, teacher of {name}", student, test=test)
            yield beside(replace(found, teacher=own[name].errors), twin)
