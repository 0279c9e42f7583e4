"""How well texts are predicted, as a figure."""

import pytest
import torch

import kdviz as kd
from kdviz.figures.sequences import beside


def test_each_model_has_a_mark_with_its_interval_in_each_panel():
    ids = torch.randint(3, 9, (12, 6), generator=torch.Generator().manual_seed(0))
    data = kd.data.Examples(ids[:, :-1], ids[:, 1:])
    found = {
        who: kd.measure.sequences(kd.models.gru(9, 4, seed=k).eval(), data)
        for k, who in enumerate(("teacher", "student"))
    }
    figure = beside(found)
    assert len(figure.data) == 6
    bits, mark = found["student"].bits, figure.data[1]
    assert mark.y == (bits.value,) and mark.error_y.array == (bits.high - bits.value,)
    with pytest.raises(ValueError, match="at least one model makes of the texts"):
        beside({})
