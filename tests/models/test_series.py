"""Networks that read series."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from kdviz.models import conv1d, mac_count, recurrent


def step_by_step(model: nn.Module, x: Tensor) -> Tensor:
    """The equations of a gated recurrent unit, as PyTorch numbers its gates, without its code."""
    gru = model.reader.gru
    w, u, b, c = gru.weight_ih_l0, gru.weight_hh_l0, gru.bias_ih_l0, gru.bias_hh_l0
    h = x.new_zeros(len(x), gru.hidden_size)
    for row in x.flatten(1).unflatten(1, (-1, gru.input_size)).unbind(1):
        (ri, zi, ni), (rh, zh, nh) = (row @ w.T + b).chunk(3, 1), (h @ u.T + c).chunk(3, 1)
        r, z = torch.sigmoid(ri + rh), torch.sigmoid(zi + zh)
        h = (1 - z) * torch.tanh(ni + r * nh) + z * h
    return model.logits(h)


def test_a_picture_is_read_row_by_row_from_the_top() -> None:
    model, x = recurrent(6).eval(), torch.rand(3, 1, 28, 28)
    torch.testing.assert_close(model(x), step_by_step(model, x))
    assert not torch.allclose(model(x), model(x.flip(2)), atol=1e-4)
    assert mac_count(model, (1, 28, 28)) == 28 * 3 * 6 * (28 + 6) + 60


def test_a_table_is_read_column_by_column() -> None:
    model, x = recurrent(4, step=1, classes=2).eval(), torch.rand(3, 9)
    torch.testing.assert_close(model(x), step_by_step(model, x))


def test_a_row_of_a_colour_picture_is_read_in_all_channels_at_once() -> None:
    x = torch.rand(2, 3, 5, 4)
    model = recurrent(6, step=4, channels=3, classes=2).eval()
    of_rows = torch.stack([x[:, :, row].flatten(1) for row in range(5)], 1)
    assert torch.equal(model.steps(x), of_rows)
    torch.testing.assert_close(model(x), step_by_step(model, of_rows))
    assert conv1d(4, 2, inputs=60, step=4, channels=3).conv1.in_channels == 12


@pytest.mark.parametrize(("inputs", "step"), [(784, 28), (91, 1)])
def test_a_convolution_runs_along_the_steps_and_knows_where_it_is(inputs: int, step: int) -> None:
    model = conv1d(4, 3, inputs=inputs, step=step, classes=3).eval()
    x = torch.zeros(2, inputs)
    x[0, :step] = x[1, -step:] = 1  # the same step, first and last
    one, other = model(x)
    assert one.shape == (3,) and not torch.allclose(one, other, atol=1e-4)
    assert model.conv1.in_channels == step


def test_steps_that_do_not_fill_an_example_are_refused() -> None:
    with pytest.raises(ValueError, match="steps must fill the example, and 28 does not divide 91"):
        conv1d(inputs=91)
