"""The smaller network computes what the larger one does whose units give nothing."""

import pytest
import torch

import kdviz as kd
from kdviz.compress import units_at_zero, without_units
from kdviz.models.architecture import rebuildable


def used(model):
    """The model in float64, with statistics and scales of normalization that are not those of a fresh one."""
    g = torch.Generator().manual_seed(3)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.copy_(torch.randn(len(module.weight), generator=g))
            module.running_var.copy_(torch.rand(len(module.weight), generator=g) + 0.5)
            for parameter in module.parameters():
                parameter.data.copy_(torch.randn(len(parameter), generator=g))
    return model.double()


MODELS = {
    "mlp": lambda: kd.models.mlp((24, 12), inputs=36, classes=5, mean=0.1, std=0.3),
    "convnet": lambda: kd.models.convnet(8, classes=5),
    "deep convnet": lambda: kd.models.convnet(4, 7, classes=5),
    "resnet": lambda: kd.models.resnet(8, (2, 1, 2), classes=5),
}


@pytest.mark.parametrize("share", [0.25, 0.6, 0.999])
@pytest.mark.parametrize("name", MODELS)
def test_the_small_one_computes_what_the_masked_one_does(name, share):
    model = used(MODELS[name]())
    x = torch.randn(3, 1, 6, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    small, masked = without_units(model, share).eval(), units_at_zero(model, share).eval()
    assert (small(x) - masked(x)).abs().max() < 1e-9
    assert not torch.allclose(masked(x), model.eval()(x))  # something went
    assert sum(p.numel() for p in small.parameters()) < sum(p.numel() for p in model.parameters())


def test_it_is_an_ordinary_network_with_a_description_of_its_own():
    small = without_units(kd.models.mlp((24, 12), inputs=36, classes=5), 0.75)
    assert rebuildable(small)["hidden"] == [6, 3]
    assert rebuildable(without_units(kd.models.convnet(16), 0.75))["width"] == 4
    assert rebuildable(without_units(kd.models.resnet(16), 1 - 1e-9))["width"] == 1  # one is left in any case


def test_a_unit_that_gives_nothing_goes_first():
    model = kd.models.mlp((8,), inputs=4, classes=3)
    with torch.no_grad():
        model.linear1.weight[2] = 0
        model.logits.weight[:, 5] = 0
    small = without_units(model, 0.25)
    others = [i for i in range(8) if i not in (2, 5)]
    assert torch.equal(small.linear1.weight, model.linear1.weight[others])


def test_the_shipped_teacher_keeps_its_answers_when_nothing_is_taken():
    teacher = kd.models.pretrained("mnist-convnet")
    x = torch.rand(2, 1, 28, 28)
    same = without_units(teacher, 0.0)
    torch.testing.assert_close(same.eval()(x), teacher(x))
    assert same.logits.weight.requires_grad and not teacher.logits.weight.requires_grad


def test_other_networks_are_refused_in_a_sentence():
    for model, name in ((kd.models.pretrained("mnist-vit-student"), "vit"), (torch.nn.Linear(2, 2), "Linear")):
        with pytest.raises(ValueError, match=f"got {name}; use kd.compress.pruned or kd.compress.low_rank"):
            without_units(model, 0.5)
