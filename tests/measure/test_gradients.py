"""Gradients of terms: what they add up to, and that looking leaves no trace."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import kdviz as kd
from kdviz.measure.gradients import term_gradients

from ..distill.conftest import same_weights


@pytest.fixture(scope="module")
def digits() -> kd.data.Splits:
    data = kd.data.mnist().with_labels(60)
    return replace(data, validation=data.validation.take(slice(0, 60)), test=data.test.take(slice(0, 60)))


def test_gradients_of_terms_add_up_to_the_step_that_follows_and_leave_no_trace(digits):
    student, teacher = kd.models.convnet(3, dropout=0.3), kd.models.convnet(5, seed=1).eval()
    objective = kd.hinton() + 3.0 * kd.Hint("relu4") + 0.5 * kd.Adversarial()
    run = kd.Distillation(teacher, student, digits, objective, batch_size=20)
    untouched = kd.Distillation(teacher, kd.models.convnet(3, dropout=0.3), digits, objective, batch_size=20)
    run.step(), untouched.step()
    found = term_gradients(run)
    assert found.step == 1 and found.names == ("soft", "hard", "hint", "adversarial")
    step, other = run.step(), untouched.step()
    assert same_weights(run.student, untouched.student) and same_weights(run.auxiliary, untouched.auxiliary)
    assert torch.equal(step.loss, other.loss)
    values = [step.terms[name].item() for name in found.names]
    assert found.values == pytest.approx(values) and found.weights == (0.9, pytest.approx(0.1), 3.0, 0.5)
    length = sum(p.grad.double().square().sum() for p in student.parameters()).sqrt().item()
    pairs = [(i, j) for i in range(4) for j in range(4)]
    together = sum(found.norms[i] * found.norms[j] * found.cosines[i][j] for i, j in pairs) ** 0.5
    assert together == pytest.approx(length, rel=1e-4)
