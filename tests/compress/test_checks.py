"""What can be made smaller, and what a share may be."""

import math

import pytest

import kdviz as kd
from kdviz.compress.checks import check_share, layers_of


def test_a_share_is_a_number_from_0_to_below_1():
    assert check_share("share", 0) == 0.0
    for wrong in (-0.1, 1, True, "0.5", math.nan):
        with pytest.raises(ValueError, match="share must be a number from 0 to below 1, got "):
            check_share("share", wrong)


def test_attention_is_left_out_because_its_layers_never_run():
    names = layers_of(kd.models.pretrained("mnist-vit-student"))
    assert "block1.attention.out_proj" not in names
    assert "logits" in names
