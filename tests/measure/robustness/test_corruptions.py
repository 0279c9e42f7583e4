"""Corruptions held against scipy, Pillow and their definition."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance
from scipy import ndimage

from kdviz.measure.robustness import KINDS, corrupt, strength
from kdviz.measure.robustness.corruptions import blur, contrast, noise, occlusion, rotation


def pictures(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize("sd", [0.5, 1.0, 3.0])
def test_blur_is_that_of_scipy(sd):
    x = pictures(2, 3, 17, 12)
    theirs = ndimage.gaussian_filter(x.numpy(), (0, 0, sd, sd), mode="nearest", truncate=4)
    assert np.abs(blur(x, sd).numpy() - theirs).max() < 1e-12


@pytest.mark.parametrize(("height", "width"), [(17, 17), (14, 21)])
def test_rotation_is_that_of_scipy(height, width):
    x, degrees = pictures(1, 1, height, width), 25.0
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle = (np.array([height, width]) - 1) / 2
    theirs = ndimage.affine_transform(
        x[0, 0].numpy(), turn, middle - turn @ middle, order=1, mode="grid-constant", cval=0
    )
    assert np.abs(rotation(x, degrees)[0, 0].numpy() - theirs).max() < 1e-9
    both = rotation(x.expand(60, -1, -1, -1), degrees, torch.Generator().manual_seed(0))
    left = (both - rotation(x, degrees)).flatten(1).abs().amax(1) < 1e-9
    right = (both - rotation(x, -degrees)).flatten(1).abs().amax(1) < 1e-9
    assert (left ^ right).all() and 15 < left.sum() < 45


def test_a_rotation_turns_counter_clockwise_as_pillow_does():
    x = torch.zeros(1, 1, 9, 9)
    x[0, 0, 4, 8] = 1  # at the right edge: up after a quarter turn
    theirs = Image.fromarray((255 * x[0, 0]).byte().numpy()).rotate(90)
    assert np.array_equal(np.asarray(theirs), (255 * rotation(x, 90)[0, 0]).round().byte().numpy())


def test_contrast_is_that_of_pillow():
    grey = (255 * pictures(1, 1, 12, 12)).round()
    theirs = np.asarray(ImageEnhance.Contrast(Image.fromarray(grey[0, 0].byte().numpy())).enhance(0.3), float)
    ours = 255 * contrast(grey / 255, 0.3)[0, 0].numpy()
    assert np.abs(ours - theirs).max() <= 1.5  # Pillow rounds the mean and the result to whole grey values


def test_noise_has_the_deviation_that_it_says():
    added = noise(torch.full((50, 1, 20, 20), 0.5), 0.1, torch.Generator().manual_seed(0)) - 0.5
    assert added.std() == pytest.approx(0.1, rel=0.03) and abs(added.mean()) < 0.004


def test_occlusion_blanks_one_square_anywhere():
    x = torch.ones(300, 1, 10, 12)
    blanked = occlusion(x, 0.3, torch.Generator().manual_seed(0))[:, 0] == 0
    assert (blanked.sum((1, 2)) == 9).all()
    assert (blanked.any(1).sum(1) == 3).all() and (blanked.any(2).sum(1) == 3).all()
    assert (blanked.sum(0) > 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_higher_severity_changes_more_and_the_seed_decides(kind):
    x = pictures(30, 1, 28, 28)
    made = [corrupt(x, kind, s, seed=3) for s in range(1, 6)]
    changed = [float((one - x).pow(2).mean()) for one in made]
    assert changed == sorted(changed) and changed[0] > 0
    assert all(one.min() >= 0 and one.max() <= 1 and one.dtype == x.dtype for one in made)
    assert torch.equal(made[1], corrupt(x, kind, 2, seed=3))


def test_what_does_not_fit_is_said_in_one_sentence():
    x = pictures(2, 1, 4, 4)
    for wrong, sentence in (
        (lambda: corrupt(x, "fog", 1), "a corruption must be one of"),
        (lambda: strength("noise", 6), "severity must be one of 1 to 5"),
        (lambda: corrupt(2 * x, "noise", 1), "inputs must lie in"),
        (lambda: corrupt(x[0], "noise", 1), "needs pictures of floats"),
    ):
        with pytest.raises(ValueError, match=sentence):
            wrong()
