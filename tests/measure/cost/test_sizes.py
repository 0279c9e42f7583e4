"""Sizes of models against counts by hand, what other packages write, and what can be read back."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from safetensors.torch import load
from torch import nn

from kdviz.distill.schemes import bytes_of, fake_quantized, integer_weights
from kdviz.measure.cost.sizes import file_of, held_bytes, parameters
from kdviz.models import convnet, mlp, wrap


def int8(model: nn.Module) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.ao is on its way into another package
        return torch.ao.quantization.quantize_dynamic(model, {nn.Linear}, dtype=torch.qint8)


def test_frozen_and_integer_weights_count_and_shared_ones_once():
    weights = 784 * 30 + 30 + 30 * 10 + 10
    assert parameters(mlp((30,)).requires_grad_(False)) == weights == 23_860
    assert parameters(int8(mlp((30,)))) == weights
    assert parameters(fake_quantized(mlp((30,)), bits=4)) == weights
    layer = nn.Linear(3, 3)
    assert parameters(nn.Sequential(layer, layer)) == 12
    assert parameters(wrap(lambda x: x[:, :2])) is None


def test_memory_of_weights_is_that_of_their_numbers():
    assert held_bytes(mlp((30,))) == 4 * 23_860
    buffers = 2 * 4 * sum(m.num_features for m in convnet(4).modules() if isinstance(m, nn.BatchNorm2d))
    counters = 8 * sum(isinstance(m, nn.BatchNorm2d) for m in convnet(4).modules())
    assert held_bytes(convnet(4)) == 4 * parameters(convnet(4)) + buffers + counters
    small = held_bytes(int8(mlp((30,))))
    assert 23_820 + 4 * 40 <= small < 23_820 + 4 * 40 + 200  # one byte a weight, four a bias


def test_the_file_holds_the_state_and_shared_weights_once():
    model = convnet(4)
    read = load(file_of(model))
    assert read.keys() == model.state_dict().keys()
    assert all(torch.equal(value, read[name]) for name, value in model.state_dict().items())
    layer = nn.Linear(50, 50)
    assert len(file_of(nn.Sequential(layer, layer))) < 1.1 * len(file_of(nn.Sequential(layer)))


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_a_quantized_student_is_written_in_as_many_bits_as_it_has(bits):
    model = fake_quantized(mlp((30,)), bits=bits, activation_bits=None)
    content = file_of(model)
    header = 8 + int.from_bytes(content[:8], "little")
    assert len(content) - header == bytes_of(model).quantized
    name = next(name for name in integer_weights(model) if name.endswith("weight"))
    packed, whole = load(content)[name], integer_weights(model)[name]
    if bits < 8:
        # Read back by hand: ``bits`` at a time, the first of them the sign.
        digits = np.unpackbits(packed.numpy())[: whole.numel() * bits].reshape(-1, bits).astype(int)
        values = digits @ (2 ** np.arange(bits)[::-1]) - digits[:, 0] * 2**bits
        assert (values.reshape(whole.shape) == whole.numpy()).all()


def test_torchs_own_integers_take_a_quarter_and_an_estimator_is_pickled():
    from sklearn.linear_model import LogisticRegression

    assert len(file_of(int8(mlp((300,))))) < 0.27 * len(file_of(mlp((300,))))
    fitted = LogisticRegression().fit(np.eye(3), [0, 1, 2])
    assert len(file_of(wrap(fitted))) > 100
    assert file_of(wrap(lambda x: x[:, :2])) is None
