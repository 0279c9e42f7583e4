"""A look at a model changes nothing."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.models import inference
from kdviz.models.looking import COPIED_BYTES, evaluating, in_training, modes, put_modes, same_bits

X = torch.randn(12, 4, generator=torch.Generator().manual_seed(0))
OTHER = nn.Linear(4, 2)
DATA = kd.data.Examples(X, torch.arange(12) % 2)


class Counts(nn.Module):
    """Writes at each forward pass: a buffer, one that is not persistent, one that grows, a new one, a parameter."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 2)
        self.register_buffer("passes", torch.zeros(()))
        self.register_buffer("hidden", torch.zeros(2), persistent=False)
        self.register_buffer("grows", torch.zeros(0))
        self.register_buffer("late", None)
        self.register_buffer("replaced", torch.zeros(1))
        self.register_buffer("nans", torch.full((2,), torch.nan))

    def forward(self, x):
        self.passes += 1
        self.hidden.fill_(5.0)
        self.grows.resize_(3).fill_(1.0)
        self.late = torch.ones(2)
        self.replaced = self.replaced + 1
        with torch.no_grad():
            self.linear.weight.add_(1e-3)
        return self.linear(x)


def held(model):
    tensors = dict(model.named_parameters()) | dict(model.named_buffers())
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


@pytest.mark.parametrize("training", [True, False])
def test_whatever_a_forward_pass_writes_is_taken_back(training):
    model = Counts().train(training)
    before, objects = held(model), {name: id(t) for name, t in model.named_buffers()}
    inference.logits(model, DATA, who="student", batch_size=5)
    after = held(model)
    assert after.keys() == before.keys() and all(same_bits(before[name], after[name]) for name in before)
    assert {name: id(t) for name, t in model.named_buffers()} == objects
    assert model.late is None and model.training is training


@pytest.mark.parametrize("look", [
    lambda m: kd.models.mac_count(m, (4,)),
    lambda m: kd.distill.taps(m, X),
    lambda m: kd.measure.saliency.saliency(m, X, torch.zeros(12, dtype=torch.int64)),
    lambda m: kd.measure.saliency.saliency(m, X, torch.zeros(12, dtype=torch.int64), "occlusion"),
    lambda m: kd.measure.similarity.correspondence(m, m, X),
    lambda m: kd.compare(m, OTHER, DATA),
], ids=["macs", "taps", "gradient", "occlusion", "layers", "compare"])  # fmt: skip
def test_every_look_leaves_the_bits(look):
    model = Counts()
    before, generator = held(model), torch.get_rng_state()
    look(model)
    assert all(same_bits(before[name], tensor) for name, tensor in held(model).items())
    assert torch.equal(torch.get_rng_state(), generator)


@pytest.mark.filterwarnings("ignore:.*torch.ao.quantization:DeprecationWarning", "ignore:.*quantize:UserWarning")
@pytest.mark.filterwarnings("ignore:.*observer:UserWarning", "ignore:Please use quant_min:UserWarning")
def test_observers_of_quantization_learn_nothing_from_a_look():
    from torch.ao.quantization import DeQuantStub, QuantStub, get_default_qat_qconfig, prepare_qat

    student = nn.Sequential(QuantStub(), nn.Linear(4, 2), DeQuantStub()).train()
    student.qconfig = get_default_qat_qconfig("fbgemm")
    student = prepare_qat(student)
    student(X)
    before = held(student)
    inference.logits(student.eval(), kd.data.Examples(1000 * X, DATA.y))
    assert all(same_bits(before[name], tensor) for name, tensor in held(student).items())


def test_a_model_that_draws_in_eval_mode_answers_alike_and_leaves_all_generators():
    import random

    import numpy as np

    class Draws(nn.Module):
        def forward(self, x):
            return x[:, :2] + torch.rand(()) + random.random() + float(np.random.rand())

    torch.manual_seed(3), random.seed(3), np.random.seed(3)
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()
    first, second = (inference.logits(Draws(), DATA) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1] and (np.random.get_state()[1] == states[2]).all()


def test_a_weight_too_large_to_be_copied_is_noticed(monkeypatch):
    monkeypatch.setattr("kdviz.models.looking.COPIED_BYTES", 16)
    with (
        pytest.warns(UserWarning, match="running the model wrote into .* too large to restore"),
        evaluating(model := Counts()),
    ):
        model(X)
    assert COPIED_BYTES >= 2**20


def test_modes_are_put_back_part_by_part_and_fixed_ones_are_passed_over():
    net = nn.Sequential(nn.BatchNorm1d(4), nn.Sequential(nn.Dropout(), nn.Linear(4, 2)))
    net[0].eval()
    before = modes(net)
    with evaluating(net):
        assert not in_training(net)
    assert modes(net) == before == {"": True, "0": False, "1": True, "1.0": True, "1.1": True}
    exported = torch.export.export(nn.Linear(4, 2).eval(), (X,)).module()
    both = nn.ModuleList([exported, nn.Dropout()])
    assert in_training(both)
    with evaluating(both):
        assert not in_training(both)
    assert both[1].training


def test_a_module_with_a_switch_of_its_own_is_switched_by_it():
    class Merges(nn.Linear):
        merged = False

        def train(self, mode=True):
            self.merged = not mode
            return super().train(mode)

    model = Merges(4, 2)
    with evaluating(model):
        assert model.merged
    assert not model.merged and model.training
    put_modes(model, {"": False})
    assert model.merged


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning", "ignore:.*torch.jit:FutureWarning")
def test_frozen_torchscript_can_be_asked():
    frozen = torch.jit.freeze(torch.jit.script(nn.Sequential(nn.Linear(4, 2))).eval())
    assert inference.logits(frozen, DATA).shape == (12, 2)
    assert kd.compare(frozen, nn.Linear(4, 2), DATA).fidelity.n == 12
