"""PyTorch's own integers, and the rounding in the loop held against PyTorch's own."""

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.compress import int8, ranged
from kdviz.compress.integers import quiet
from kdviz.distill.schemes.quantized import fake_quantized

X = torch.rand(200, 1, 12, 12, generator=torch.Generator().manual_seed(0))


def mlp():
    return kd.models.mlp((16,), inputs=144, classes=5).eval()


def test_dynamic_integers_answer_nearly_as_before():
    model = mlp()
    made = int8(model)
    assert type(made.linear1).__module__.startswith("torch.ao.nn.quantized.dynamic")
    assert (made(X) - model(X)).abs().max() < 0.05 * model(X).abs().max()
    assert made.linear1.weight().dtype == torch.qint8 and type(model.linear1) is nn.Linear


@pytest.mark.parametrize("make", [mlp, lambda: kd.models.convnet(4, classes=5).eval()])
def test_static_integers_run_from_input_to_logits(make):
    model = make()
    with torch.no_grad():
        made, z = int8(model, X, kind="static"), model(X)
    assert (made(X) - z).abs().max() < 0.1 * z.abs().max()
    assert not any(type(m) in (nn.Linear, nn.Conv2d, nn.BatchNorm2d) for m in made.modules())


def test_examples_are_taken_as_the_network_takes_them():
    data = kd.data.splits((X, torch.arange(200) % 5))
    made = int8(mlp(), data.train, kind="static")
    z = kd.models.inference.logits(made, data.test)
    assert z.shape == (len(data.test), 5)
    same = int8(mlp(), data, kind="static")  # of all splits, the training part
    assert torch.equal(kd.models.inference.logits(same, data.test), z)


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_rounding_in_the_loop_is_that_of_torchs_own_modules(bits):
    """Weights and inputs by torch.ao's observers and fake-quantisation: the same numbers to 1e-6."""
    from torch.ao.quantization import FakeQuantize, MinMaxObserver, PerChannelMinMaxObserver

    model = nn.Sequential(nn.Linear(12, 6))
    x = torch.randn(50, 12, generator=torch.Generator().manual_seed(2))
    n = 2 ** (bits - 1) - 1
    with quiet():
        weights = FakeQuantize.with_args(
            observer=PerChannelMinMaxObserver, quant_min=-n, quant_max=n, dtype=torch.qint8,
            qscheme=torch.per_channel_symmetric, ch_axis=0, eps=1e-12,
        )()  # fmt: skip
        inputs = FakeQuantize.with_args(
            observer=MinMaxObserver, quant_min=0, quant_max=2**bits - 1, dtype=torch.quint8,
            qscheme=torch.per_tensor_affine, eps=1e-12,
        )()  # fmt: skip
        w = model[0].weight.detach().clone()
        # torch's symmetric scale is max |w| / ((quant_max - quant_min) / 2), which is n here
        expected = nn.functional.linear(inputs(x), weights(w), model[0].bias)
    rounded = fake_quantized(model, bits, activation_bits=bits, ranges="extremes").train()
    with torch.no_grad():
        torch.testing.assert_close(rounded(x), expected, atol=1e-5, rtol=1e-5)


def test_ranges_are_learned_and_nothing_else_is():
    model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.5), nn.Linear(6, 2))
    fake_quantized(model, ranges="extremes")
    x = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
    made = ranged(model, x)
    assert made is model and not any(m.training for m in model.modules())
    assert float(model[0].input_high) == float(x.max()) and bool(model[3].input_seen)
    assert not model[1].running_mean.any()  # its statistics are as before
    with pytest.raises(ValueError, match="no layer of the model is rounded; call "):
        ranged(mlp(), X)


def test_what_cannot_be_is_told_in_a_sentence():
    with pytest.raises(ValueError, match='kind must be "dynamic" or "static", got '):
        int8(mlp(), kind="int4")
    with pytest.raises(ValueError, match="static integers need examples, from which their ranges are taken"):
        int8(mlp(), kind="static")
    with pytest.raises(ValueError, match="rounded in the loop already; pass the network as it was before"):
        int8(fake_quantized(mlp()))

    class Turns(nn.Module):
        def forward(self, x):
            return x if x.sum() > 0 else -x

    with pytest.raises(ValueError, match="PyTorch cannot make Turns static int8: "):
        int8(Turns(), X, kind="static")
