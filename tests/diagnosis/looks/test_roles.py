"""Who teaches whom: roles swapped, or a teacher that knows less."""

from __future__ import annotations

import copy

import torch
from torch import nn

import kdviz as kd

from ..conftest import errors, follow, small, trained
from .said import only


def test_swapped_roles_are_found_and_exchanged(world, make):
    run = make(teacher=small(32, seed=7), student=world.teacher().train())
    found = only(run.diagnose(), "roles_swapped")
    better = follow(found.try_code, run=run)["better"]
    assert better.teacher.module.weight.shape == (6, 20)
    assert errors(better) < errors(run) and errors(better) < 700
    unlearned, best = small(32, seed=7).eval(), world.teacher()
    models = kd.diagnose(unlearned, best, world.data)
    assert only(models, "roles_swapped").try_code == "kd.diagnose(student, teacher, data)"
    exchanged = eval(
        models["roles_swapped"].try_code, {"kd": kd, "teacher": unlearned, "student": best, "data": world.data}
    )
    assert "roles_swapped" not in [f.name for f in exchanged.findings]


def weakened(model: nn.Linear) -> nn.Linear:
    """The same classifier with noise in its weights."""
    weak = copy.deepcopy(model)
    with torch.no_grad():
        weak.weight += 1.2 * torch.randn(weak.weight.shape, generator=torch.Generator().manual_seed(5))
    return weak.eval()


def test_a_student_that_outgrew_a_teacher_of_its_size_is_no_swap(world):
    diagnosis = kd.diagnose(weakened(world.teacher()), world.teacher(), world.data)
    assert diagnosis["teacher_weaker"].confidence == "likely"
    assert "roles_swapped" not in [f.name for f in diagnosis.findings]


def test_a_teacher_weaker_than_the_twin(world, make):
    run = make(teacher=weakened(world.teacher()))
    found = run.diagnose(twin=trained(run.twin()))["teacher_weaker"]
    assert found.confidence == "certain" and found.evidence["teacher errors"] > found.evidence["twin errors"]
    assert errors(follow(found.try_code, run=run)["better"]) < errors(run)
