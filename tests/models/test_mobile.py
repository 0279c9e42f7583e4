"""Depthwise-separable networks."""

from __future__ import annotations

import torch
from torch import nn

from kdviz.models import convnet, mac_count, mobile, parameter_count
from kdviz.models.mobile import Separable


def test_a_block_looks_at_each_channel_alone_and_then_mixes_them() -> None:
    block = Separable(3, 5, 1).eval()
    x = torch.rand(2, 3, 6, 6)
    other = x.clone()
    other[:, 1] = 0
    differs = (block.depthwise(x) != block.depthwise(other)).flatten(2).any(2)
    assert differs.tolist() == [[False, True, False]] * 2
    assert block.pointwise.kernel_size == (1, 1) and block(x).shape == (2, 5, 6, 6)


def test_it_is_smaller_and_cheaper_than_a_convnet_of_the_same_width() -> None:
    separable, plain = mobile(16, 5), convnet(16, 5)
    assert parameter_count(separable) < parameter_count(plain) / 4
    assert mac_count(separable, (1, 28, 28)) < mac_count(plain, (1, 28, 28)) / 10


def test_each_later_stage_halves_the_image() -> None:
    strides = [m.depthwise.stride[0] for m in mobile(4, 5) if isinstance(m, Separable)]
    assert strides == [1, 1, 2, 1, 2]
    assert sum(isinstance(m, nn.Conv2d) for m in mobile(4, 5).modules()) == 11
