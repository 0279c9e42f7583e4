"""A user's program: mypy checks it in the gate, so public names have the types a user relies on; a test runs it."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

from torch import nn

import kdviz as kd


def program(folder: Path) -> int:
    """Teach a small student a little, keep the run, open it again; return its errors on the test set."""
    digits = kd.data.mnist().with_labels(100)
    assert_type(digits, kd.data.Splits)
    teacher = kd.models.pretrained("mnist-mlp-1200")
    student = kd.models.mlp((8,))
    network: nn.Module = student
    objective = 0.9 * kd.SoftTargets(temperature=4) + 0.1 * kd.HardLabels()
    assert_type(objective, kd.Objective)
    run = kd.Distillation(teacher, network, digits, objective, epochs=1).train(progress=False)
    assert_type(run, kd.Distillation)
    assert_type(run.steps_done, int)
    run.save(folder)
    again = kd.Distillation.load(folder)
    assert_type(again, kd.Distillation)
    errors = run.evaluate("test").errors
    assert_type(errors, int)
    return errors


def shown(run: kd.Distillation, data: kd.data.Splits) -> None:
    """What is not run here."""
    report = kd.compare(run.teacher, run.student, data)
    lines: list[str] = report.sentences()
    print("\n".join(lines))
    assert_type(kd.language("en"), str)
    assert_type(kd.panels.Lab(), kd.panels.Lab)


def refused() -> None:
    """Mistakes that mypy reports: an ignore that is not needed is an error (warn_unused_ignores)."""
    kd.SoftTargets(temprature=4)  # type: ignore[call-arg]
    kd.no_such_name  # type: ignore[attr-defined]  # noqa: B018
    kd.data.mnist().with_labels("many")  # type: ignore[arg-type]
