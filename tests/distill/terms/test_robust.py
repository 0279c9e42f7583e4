"""Robust terms: what they are at radius 0, that they make a student robust, that a run with them can be repeated."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.data import Examples, Splits
from kdviz.models.attack import pgd


def striped(n: int = 240) -> Splits:
    """One pixel tells the class surely, by 0.5; twenty tell it by 0.08 each, and give way to a small change."""
    draw = torch.Generator().manual_seed(0)
    y = torch.arange(n) % 2
    sign = 2.0 * y[:, None] - 1
    x = 0.5 + torch.cat((0.25 * sign, (0.04 * sign).expand(n, 20)), 1) + 0.02 * torch.randn(n, 21, generator=draw)
    whole = Examples(x.clamp(0, 1).view(n, 1, 3, 7), y)
    parts = whole.take(slice(0, n // 2)), whole.take(slice(n // 2, 3 * n // 4)), whole.take(slice(3 * n // 4, n))
    return Splits("striped", "Stripes", ("0", "1"), *parts)


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(21, 2))


def held(model: nn.Module, data: Splits, radius: float) -> float:
    x, y = data.test.inputs(), data.test.y
    return float((model(pgd(model, x, y, radius, steps=20)).argmax(1) == y).float().mean())


def run(objective, teacher=None, **more):
    settings = {"epochs": 30, "learning_rate": 0.02, "batch_size": 40, "allow_weaker_teacher": True} | more
    return kd.Distillation(teacher, network(), striped(), objective, **settings)


def test_at_radius_0_they_are_the_plain_terms():
    data, teacher = striped(), network(1).eval()
    pairs = {
        kd.RobustLabels(radius=0, steps=2): kd.HardLabels(),
        kd.RobustSoftTargets(2, radius=0, steps=2): kd.SoftTargets(2),
    }
    for robust, plain in pairs.items():
        losses = []
        for term in (robust, plain):
            one = kd.Distillation(teacher, network(), data, term, epochs=1, allow_weaker_teacher=True)
            losses.append([float(step.loss) for step in one])
        assert losses[0] == pytest.approx(losses[1], abs=1e-6)


def test_a_student_learns_to_hold_from_labels_and_from_soft_targets():
    data = striped()
    plain = run(kd.HardLabels()).train(progress=False, evaluate=False).student.eval()
    sturdy = run(kd.RobustLabels(0.15, steps=5)).train(progress=False, evaluate=False).student.eval()
    objective = kd.RobustSoftTargets(1, radius=0.15, steps=5) + 0.2 * kd.SoftTargets(1)
    taught = run(objective, sturdy).train(progress=False, evaluate=False).student.eval()
    assert held(plain, data, 0) > 0.95 and held(plain, data, 0.15) < 0.5
    assert held(sturdy, data, 0.15) > 0.9 and held(taught, data, 0.15) > 0.9


def test_a_branch_repeats_the_run_and_the_teacher_is_left_alone():
    teacher = network(1).eval()
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    one = run(kd.RobustSoftTargets(radius=0.1, steps=2) + kd.RobustLabels(0.1, steps=2), teacher, epochs=2)
    one.train(progress=False, evaluate=False)
    other = one.branch(2).train(progress=False, evaluate=False)
    assert other.history.rows.tolist() == one.history.rows.tolist()
    assert all(torch.equal(before[name], value) for name, value in teacher.state_dict().items())
    assert all(p.grad is None for p in teacher.parameters())
    assert kd.Recipe.from_dict(one.recipe.to_dict()).objective == one.objective


def test_inputs_that_cannot_be_moved_a_little_are_refused_at_the_start():
    table = torch.randn(40, 5), torch.arange(40) % 2
    with pytest.raises(ValueError, match=r"inputs must lie in \[0, 1\]"):
        kd.Distillation(None, nn.Linear(5, 2), table, kd.RobustLabels())
    with pytest.raises(ValueError, match="radius must be"):
        kd.RobustLabels(radius=-1)
    with pytest.raises(ValueError, match="steps must be"):
        kd.RobustSoftTargets(steps=0)
