"""What training took, with a clock that only the models move: each part as counted by hand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.measure import latency
from kdviz.measure.cost import training, training_cost


class Ticking(nn.Module):
    """A network whose pass takes so many seconds for each example."""

    def __init__(self, clock, seconds):
        super().__init__()
        self.layer, self.clock, self.seconds = nn.Linear(4, 3), clock, seconds

    def forward(self, x):
        self.clock.now += self.seconds * len(x)
        return self.layer(x)

    def __deepcopy__(self, memo):
        made = Ticking(self.clock, self.seconds)
        made.load_state_dict(self.state_dict())
        return made


@pytest.fixture
def clock(monkeypatch):
    found = SimpleNamespace(now=0.0)
    found.perf_counter = lambda: found.now
    monkeypatch.setattr(training, "time", found)
    monkeypatch.setattr(latency, "time", found)
    return found


def taught(clock, **more):
    x = torch.randn(100, 4, generator=torch.Generator().manual_seed(0))  # of which 80 are learned, 16 at a time
    models = Ticking(clock, 0.5).eval(), Ticking(clock, 0.01)
    return kd.Distillation(*models, (x, torch.arange(100) % 3), batch_size=16, epochs=2, **more).train(progress=False)


def test_the_student_s_steps_are_its_own_and_the_teacher_is_asked_once(clock):
    run = taught(clock)
    before = {name: value.clone() for name, value in run.student.state_dict().items()}
    n = len(run.data.train)
    assert n == 80
    found = training_cost(run)
    assert found.teacher is None  # somebody's own: nobody knows how it was trained
    assert found.asking == pytest.approx(0.5 * n)
    assert found.student == pytest.approx(0.01 * 16 * run.steps_done)
    assert all(torch.equal(before[name], value) for name, value in run.student.state_dict().items())


def test_a_teacher_that_is_run_at_each_step_is_asked_as_often(clock):
    run = taught(clock, augment=lambda x, generator: x)
    assert run.asks_each_step
    found = training_cost(run)
    assert found.asking == pytest.approx(0.5 * 16 * run.steps_done)
    assert found.student == pytest.approx(0.01 * 16 * run.steps_done)


def test_a_shipped_teacher_takes_the_steps_of_its_card(monkeypatch):
    data = kd.data.load("adult")
    run = kd.Distillation(
        kd.models.pretrained("adult-mlp"), kd.models.mlp((4,), inputs=91, classes=2), data, epochs=1, batch_size=4096
    ).train(progress=False, evaluate=False)
    monkeypatch.setattr(training, "_quickest", lambda call: (call(), 2.0)[1])
    batch = kd.models.card("adult-mlp").recipe["batch_size"]
    assert training_cost(run).teacher == 2.0 * 25 * -(-len(data.train) // batch)


@pytest.mark.parametrize(("name", "attacks"), [("mnist-mlp-1200", []), ("mnist-mlp-robust", [(0.1, 1)])])
def test_a_robust_teacher_takes_the_passes_of_its_attack_too(monkeypatch, name, attacks):
    data, asked = kd.data.load("mnist").with_labels(64), []
    run = kd.Distillation(kd.models.pretrained(name), kd.models.mlp((4,)), data, epochs=1)
    run.train(progress=False, evaluate=False)
    moved = training.pgd
    spy = lambda *given, **more: (asked.append((given[3], more["steps"])), moved(*given, **more))[1]  # noqa: E731
    monkeypatch.setattr(training, "pgd", spy)
    monkeypatch.setattr(training, "_quickest", lambda call: (call(), 1.0)[1])
    assert training_cost(run).teacher > 1 and asked == attacks


def test_without_a_teacher_there_is_nothing_to_time(clock):
    x = torch.randn(40, 4), torch.arange(40) % 3
    with pytest.raises(ValueError, match="expected a run with a teacher and a step done"):
        training_cost(kd.Distillation(None, Ticking(clock, 1.0), x, kd.HardLabels()))
