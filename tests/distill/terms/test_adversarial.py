"""An opponent learns by its own loss."""

from __future__ import annotations

import torch

import kdviz as kd


def test_the_opponent_learns_by_its_own_loss_alone_and_the_student_by_the_objective_alone(make):
    run = make(objective=1.0 * kd.Adversarial(penalty_weight=0.0))
    batch, opponent, student = run._batches[0], run.auxiliary["adversarial"], run.student
    fooled = kd.losses.generator_loss(opponent(student(batch.inputs)))
    told = kd.losses.discriminator_loss(opponent(batch.teacher), opponent(student(batch.inputs).detach()))
    expected = [
        *zip(student.parameters(), torch.autograd.grad(fooled, list(student.parameters())), strict=True),
        *zip(opponent.parameters(), torch.autograd.grad(told, list(opponent.parameters())), strict=True),
    ]
    run.step()
    for p, gradient in expected:
        torch.testing.assert_close(p.grad, gradient)
