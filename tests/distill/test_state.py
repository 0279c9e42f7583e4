"""A module's state: all that must be put back, wherever a module keeps it."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch import nn

from kdviz.distill.state import capture, copied, restore
from kdviz.models.looking import same_bits

from .conftest import small
from .small_models import trained


class Running(nn.Module):
    """Keeps a running mean in a buffer that state_dict() leaves out."""

    def __init__(self):
        super().__init__()
        self.inner = small()
        self.register_buffer("mean", torch.zeros(4), persistent=False)

    def forward(self, x):
        if self.training:
            self.mean.lerp_(x.detach().mean(0) + 1, 0.1)
        return self.inner(x - self.mean)


class WithExtra(nn.Module):
    """Keeps numbers by get_extra_state."""

    def __init__(self):
        super().__init__()
        self.inner, self.scale = small(), {"scale": 1.0}

    def get_extra_state(self):
        return self.scale

    def set_extra_state(self, state):
        self.scale = state

    def forward(self, x):
        if self.training:
            self.scale = {"scale": self.scale["scale"] * 0.99}
        return self.inner(x) * self.scale["scale"]


class Graph(nn.Module):
    """Mixes features by a sparse matrix."""

    def __init__(self):
        super().__init__()
        self.inner = small()
        self.register_buffer("adjacency", (torch.eye(4) + 0.5).to_sparse())

    def forward(self, x):
        return self.inner(torch.sparse.mm(self.adjacency, x.T).T)


class PythonNoise(nn.Module):
    """Draws from Python's and numpy's generators while it trains."""

    def __init__(self):
        super().__init__()
        self.inner = small()

    def forward(self, x):
        if self.training:
            x = x * random.choice([0.5, 1.5]) + float(np.random.rand())
        return self.inner(x)


def weight_normed() -> nn.Module:
    net = small()
    with pytest.warns(FutureWarning):
        net.linear1 = nn.utils.weight_norm(net.linear1)
    return net


def parametrised() -> nn.Module:
    net = small()
    nn.utils.parametrizations.spectral_norm(net.linear1)
    return net


def scripted() -> nn.Module:
    with pytest.warns((DeprecationWarning, FutureWarning), match="jit"):
        return torch.jit.script(nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 3)))


KEPT = {
    "a buffer that is not persistent": Running,
    "extra state": WithExtra,
    "a sparse buffer": Graph,
    "Python's generators": PythonNoise,
    "weight_norm": weight_normed,
    "parametrisation": parametrised,
    "batch normalisation": lambda: nn.Sequential(nn.BatchNorm1d(4), small()),
    "dropout": lambda: nn.Sequential(nn.Dropout(0.3), small()),
    "compiled": lambda: torch.compile(small(), backend="eager"),
    "data parallel": lambda: nn.DataParallel(small()),
    "TorchScript": scripted,
}


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning", "ignore:.*torch.jit:FutureWarning")
def test_a_student_goes_back_to_any_step_bit_for_bit(make, name):
    student = KEPT[name]()
    began = capture(copied(student))
    run = trained(make(student, snapshot_every=3))
    first = capture(run.at(0))
    assert all(same_bits(first.tensors[k], began.tensors[k]) for k in began.tensors) and first.extra == began.extra
    again = run.branch(10).train(progress=False)
    assert again.history.rows.tolist() == run.history.rows.tolist()
    assert capture(again.student).extra == capture(run.student).extra
    now, then = capture(again.student).tensors, capture(run.student).tensors
    assert now.keys() == then.keys() and all(same_bits(now[k], then[k]) for k in now)
    twin = trained(run.twin())
    assert twin.student is not run.student and twin.steps_done == run.steps_done


def test_a_student_that_hides_its_state_trains_and_what_is_lost_is_said_before_the_first_step(make):
    class Hides(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.turn = small(), 1.0

        def forward(self, x):
            self.turn = -self.turn
            return self.inner(self.turn * x)

    with pytest.warns(UserWarning, match="past cannot be replayed, as its output differs .* no twin, no branch"):
        run = make(Hides())
    assert trained(run).steps_done == run.total_steps
    assert run.evaluate("test").examples > 0
    for back in (run.twin, run.branch, lambda: run.at(3)):
        with pytest.raises(ValueError, match=r"this run cannot have .*: its output differs"):
            back()


def test_a_student_that_cannot_be_copied_trains_too(make):
    class Alone(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = small()

        def __deepcopy__(self, memo):
            raise TypeError("there is one of me")

        def forward(self, x):
            return self.inner(x)

    with pytest.warns(UserWarning, match="cannot be copied .TypeError: there is one of me"):
        run = make(Alone())
    assert trained(run).history.evaluated("validation")


def test_capture_and_restore_are_each_others_inverse():
    model = Running()
    model(torch.randn(8, 4))
    state = capture(model)
    model(torch.randn(8, 4))
    assert not same_bits(model.mean, state.tensors["mean"])
    restore(model, *state)
    assert same_bits(model.mean, state.tensors["mean"])
