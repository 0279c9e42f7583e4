"""A small real problem: three Gaussian clouds, a teacher that knows them, a student that does not."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import kdviz as kd


@pytest.fixture(autouse=True)
def one_torch_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def clouds() -> kd.data.Splits:
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(0, 3, (900,), generator=generator)
    centres = torch.tensor([[2.0, 0, 0, 1], [0, 2, 0, -1], [0, 0, 2, 0]])
    X = centres[y] + torch.randn(900, 4, generator=generator)
    return kd.data.splits((X, y), validation=0.2, test=0.2, name="clouds")


@pytest.fixture(scope="session")
def teacher(clouds) -> nn.Module:
    run = kd.Distillation(None, small(hidden=(32,), seed=1), clouds, kd.HardLabels(), epochs=30, learning_rate=1e-2)
    run.train(progress=False)
    assert run.evaluate("test").accuracy > 0.75
    return run.student.eval().requires_grad_(False)


def small(hidden: tuple[int, ...] = (8,), seed: int = 0, **more) -> nn.Module:
    return kd.models.mlp(hidden, inputs=4, classes=3, seed=seed, **more)


@pytest.fixture
def student() -> nn.Module:
    return small()


@pytest.fixture
def make(teacher, clouds):
    """Make a run: small batches and frequent snapshots, other arguments by name."""

    def make_run(student: nn.Module | None = None, **more) -> kd.Distillation:
        arguments = {"batch_size": 32, "epochs": 4, "snapshot_every": 7} | more
        return kd.Distillation(
            arguments.pop("teacher", teacher), student or small(), arguments.pop("data", clouds), **arguments
        )

    return make_run


def same_weights(a: nn.Module, b: nn.Module) -> bool:
    ours, theirs = a.state_dict(), b.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)


def steps_trained_by(call, monkeypatch):
    taken, advance = [], kd.Distillation._advance
    with monkeypatch.context() as patched:
        patched.setattr(kd.Distillation, "_advance", lambda run: (taken.append(1), advance(run))[1])
        call()
    return len(taken)
