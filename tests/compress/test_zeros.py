"""Weights taken away stay away, whatever the network learns."""

import pytest
import torch
from torch import nn
from torch.nn.utils import prune

import kdviz as kd
from kdviz.compress import hold_zeros, pruned, share_of_zeros
from kdviz.compress.checks import layers_of

CLOUD = torch.randn(300, 4, generator=torch.Generator().manual_seed(0))
DATA = (CLOUD, CLOUD[:, :3].argmax(1))


def net(seed=0):
    return kd.models.mlp((16, 8), inputs=4, classes=3, seed=seed)


def at_zero(model):
    return {name: layer._parameters["weight"] == 0 for name, layer in layers_of(model).items()}


def test_the_same_weights_go_as_by_torch_itself():
    small, own = pruned(net(), 0.6), net()
    prune.global_unstructured([(m, "weight") for m in layers_of(own).values()], prune.L1Unstructured, amount=0.6)
    for name, layer in layers_of(own).items():
        torch.testing.assert_close(small.get_submodule(name).weight, layer.weight, rtol=0, atol=0)
    assert share_of_zeros(small) == pytest.approx(0.6, abs=0.005)
    layerwise = at_zero(pruned(net(), 0.5, across="layer"))
    assert [float(zeros.double().mean()) for zeros in layerwise.values()] == [0.5, 0.5, 0.5]


def test_the_network_given_and_its_order_of_parameters_are_as_before():
    model = kd.models.pretrained("adult-mlp-student")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    small = pruned(model, 0.5)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert [n for n, _ in small.named_parameters()] == [n for n, _ in model.named_parameters()]
    assert all(p.requires_grad for p in small.parameters()) and small.training
    assert not hasattr(small, "architecture")  # built by it, it would have all its weights


@pytest.mark.parametrize("rounded", ["not", "first", "afterwards"])
def test_zeros_stay_zero_while_it_learns_in_branches_and_in_the_twin(rounded):
    start = net()
    if rounded == "first":
        start = kd.schemes.fake_quantized(start, bits=3)
    small = pruned(start, 0.7)
    if rounded == "afterwards":
        small = kd.schemes.fake_quantized(small, bits=3)
    zeros = at_zero(small)
    teacher = net(seed=1).eval()
    more = {"epochs": 2, "learning_rate": 0.01, "weight_decay": 0.1, "allow_weaker_teacher": True, "batch_size": 32}
    run = kd.Distillation(teacher, small, DATA, **more).train(progress=False, evaluate=False)
    for one in (run, run.branch(5).train(progress=False, evaluate=False), run.twin().train(progress=False)):
        for name, zero in zeros.items():
            weight = one.student.get_submodule(name).weight
            assert torch.equal(weight == 0, zero), name
            assert "weight" not in one.student.get_submodule(name).__dict__
    moved = run.student.linear1.weight[~zeros["linear1"]] - run.at(0).linear1.weight[~zeros["linear1"]]
    assert bool((moved != 0).all())  # what is not held has learned


def test_zeros_that_come_later_are_held_too():
    small = pruned(net(), 0.5)
    with torch.no_grad():
        small.linear1.weight[0] = 0
    hold_zeros(small)
    run = kd.Distillation(None, small, DATA, kd.HardLabels(), epochs=1).train(progress=False, evaluate=False)
    assert not run.student.linear1.weight[0].any()
    assert len(run.student.linear1._forward_pre_hooks) == 1


def test_a_share_of_nothing_changes_nothing():
    small = pruned(net(), 0.0)
    assert all(torch.equal(a, b) for a, b in zip(small.state_dict().values(), net().state_dict().values(), strict=True))


def test_what_cannot_be_pruned_is_told_in_a_sentence():
    with pytest.raises(ValueError, match="ReLU has no linear or convolutional layer to prune; pass another model"):
        pruned(nn.ReLU(), 0.5)
    with pytest.raises(ValueError, match='across must be "network" or "layer", got "all"'.replace('"all"', "'all'")):
        pruned(net(), 0.5, across="all")
