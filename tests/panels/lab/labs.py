"""A Lab in which a view speaks and the student trains."""

from __future__ import annotations

import numpy as np
import torch

import kdviz as kd
from kdviz.measure import paired_errors
from kdviz.panels import Lab
from kdviz.panels.lab.outcome import Facts


def train(panel: Lab) -> Lab:
    panel.command("train")
    assert panel.wait("finished")
    return panel


def say(widget, **content) -> None:
    """Send what a view sends."""
    widget._handle_custom_msg(content, [])


def against(only_student: int, only_twin: int, both: int = 300, n: int = 10_000):
    """The difference of two models of which each gets so many test examples wrong that the other gets right."""
    student, twin = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    student[:both] = twin[:both] = True
    student[both : both + only_student] = True
    twin[both + only_student : both + only_student + only_twin] = True
    return paired_errors(student, twin)


def facts(student: int, twin: int | None = None, *, shared: int = 300, **more) -> Facts:
    errors = {"student": student} | ({} if twin is None else {"twin": twin})
    beside = {} if twin is None else {"twin": against(student - shared, twin - shared, shared)}
    return Facts(**({"examples": 10_000, "errors": errors, "against": beside} | more))


def weights(run: kd.Distillation, step: int | None = None) -> list:
    """Return a student's weights as they are now, or were after ``step`` steps."""
    student = run.student if step is None else run.at(step)
    return [tensor.tolist() for tensor in student.state_dict().values()]


def settled(panel: Lab) -> Lab:
    """Wait until what was left takes its little room and the page says so."""
    panel._newest.wait_until_idle()
    assert panel.wait(panel._runner.state)
    return panel


def students(panel: Lab) -> list[dict]:
    """Return the rows of the students of earlier runs."""
    return [row for row in panel.scene.earlier if row["role"] == "student"]


def three_classes():
    """300 rows of four numbers, in three classes that a small network soon tells apart."""
    y = torch.arange(300) % 3
    x = torch.nn.functional.one_hot(y, 4) + 0.3 * torch.randn(300, 4, generator=torch.Generator().manual_seed(0))
    return kd.data.splits((x, y))


def mlp(*hidden, seed=0):
    """A perceptron for them."""
    return kd.models.mlp(hidden or (8,), inputs=4, classes=3, seed=seed)
