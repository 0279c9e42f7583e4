"""Bytes as they are counted by hand, and what gzip makes of zeros and of few integers."""

import gzip

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.compress import int8, pruned, stored
from kdviz.distill.schemes import bytes_of, fake_quantized


def net():
    return kd.models.mlp((32,), inputs=100, classes=10)


WEIGHTS, BIASES = 100 * 32 + 32 * 10, 32 + 10


def test_float32_takes_four_bytes_a_number_and_gzip_is_pythons():
    found = stored(net())
    assert found.bytes == 4 * (WEIGHTS + BIASES)
    raw = b"".join(value.numpy().tobytes() for value in net().state_dict().values())
    assert found.gzipped == pytest.approx(len(gzip.compress(raw, 6)), abs=30)


def test_zeros_take_as_much_and_are_packed():
    whole, small = stored(net()), stored(pruned(net(), 0.9))
    assert small.bytes == whole.bytes  # the masks are not counted
    assert small.gzipped < 0.3 * whole.gzipped


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_few_bits_are_packed(bits):
    model = fake_quantized(net(), bits, activation_bits=None)
    found = stored(model)
    scales = 32 + 10
    assert found.bytes == WEIGHTS * bits // 8 + 4 * (scales + BIASES) == bytes_of(model).quantized
    assert found.gzipped < 1.05 * found.bytes + 100


def test_torchs_integers_are_counted_one_byte_each():
    dynamic = stored(int8(net()))
    assert WEIGHTS + 4 * BIASES <= dynamic.bytes <= WEIGHTS + 4 * BIASES + 64
    static = stored(int8(net(), torch.rand(20, 100), kind="static"))
    assert WEIGHTS + 4 * BIASES < static.bytes <= WEIGHTS + 4 * BIASES + 4 * 42 * 2 + 128  # a scale for each channel
    assert static.bytes < 0.35 * stored(net()).bytes


def test_a_network_without_numbers_takes_nothing():
    assert stored(nn.ReLU()).bytes == 0
