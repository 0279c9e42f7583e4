"""Strange pictures: the first of the other sets' test parts, in the form of one's own."""

from __future__ import annotations

import pytest
import torch
from sklearn.datasets import load_digits

import kdviz as kd
from kdviz.data.strangers import strangers


def test_the_others_come_in_the_form_of_ones_own():
    names = {"mnist": {"fashion-mnist"}, "fashion-mnist": {"mnist"}, "fashion-mnist-100": {"mnist"}}
    for own, others in names.items():
        assert set(strangers(own, (1, 28, 28), 20)) == {*others, "sklearn-digits"}
    found = strangers("mine", (1, 28, 28), 20)
    assert set(found) == {"fashion-mnist", "mnist", "sklearn-digits"}
    for name in ("mnist", "fashion-mnist"):
        first = kd.data.load(name).test.take(slice(0, 20))
        assert torch.equal(found[name].x, first.x) and torch.equal(found[name].y, first.y)
    assert all(part.shape == (1, 10, 12) for part in strangers("mine", (1, 10, 12), 20).values())


def test_small_digits_are_made_larger_and_keep_their_place_in_the_middle():
    part = strangers("mnist", (1, 28, 28), 30)["sklearn-digits"]
    pixels, y = load_digits(return_X_y=True)
    assert part.y.tolist() == y[:30].tolist() and not part.x[:, :, :4].any() and not part.x[..., -4:].any()
    back = torch.nn.functional.adaptive_avg_pool2d(part.inputs()[:, :, 4:-4, 4:-4], 8).flatten(1)
    wanted = torch.tensor(pixels[:30] / 16)
    assert torch.corrcoef(torch.stack((back.flatten().double(), wanted.flatten())))[0, 1] > 0.95


def test_pictures_in_colour_have_no_strangers():
    with pytest.raises(ValueError, match="got the shape"):
        strangers("mine", (3, 28, 28))
