"""The heat map holds the means it was given, on a scale that says where it ends."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from kdviz.figures import dark_knowledge as figures
from kdviz.measure import dark_knowledge as dark

NAMES = ["0", "1", "2"]


def means(seed=0, temperature=4.0):
    generator = torch.Generator().manual_seed(seed)
    return dark.mean_soft_targets(torch.randn(30, 3, generator=generator), torch.arange(30) % 3, temperature, 3)


def test_the_heat_map_ends_at_the_largest_cell_off_the_diagonal_which_is_blank():
    given = means()
    (heat,) = figures.mean_soft_targets(given, NAMES, temperature=4.0).data
    off = given[~torch.eye(3, dtype=torch.bool)]
    assert np.isnan(np.diag(heat.z)).all()
    assert np.asarray(heat.z)[~np.eye(3, dtype=bool)] == pytest.approx(off.numpy())
    assert (heat.zmin, heat.zmax) == (0, pytest.approx(off.max().item()))
    assert not given.diagonal().isnan().any(), "what was given is left as it was"


def test_with_the_diagonal_all_is_drawn():
    given = means()
    (heat,) = figures.mean_soft_targets(given, NAMES, role="student", diagonal=True).data
    assert np.asarray(heat.z) == pytest.approx(given.numpy())
    assert heat.zmax == pytest.approx(given.max().item())
    assert heat.colorscale[2][1] == "#E69F00"


def test_a_difference_is_signed_on_a_symmetric_scale():
    student, teacher = means(1), means(2)
    figure = figures.mean_soft_targets(student, NAMES, minus=teacher, temperature=8)
    (heat,) = figure.data
    apart = (student - teacher).fill_diagonal_(0)
    assert heat.zmax == -heat.zmin == pytest.approx(apart.abs().max().item())
    assert np.asarray(heat.z)[0, 1] == pytest.approx(apart[0, 1].item())
    assert figure.layout.title.text == "Mean soft targets: student − teacher at T = 8"


def test_rows_are_true_classes_from_the_top_and_names_stay_names():
    figure = figures.mean_soft_targets(means(), NAMES)
    assert figure.layout.yaxis.autorange == "reversed"
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "category"
    assert figure.layout.yaxis.title.text == "true class"


def test_a_class_without_an_example_stays_blank():
    given = means()
    given[1] = math.nan
    (heat,) = figures.mean_soft_targets(given, NAMES).data
    assert np.isnan(np.asarray(heat.z)[1]).all()
    assert math.isfinite(heat.zmax)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"classes": ["a", "b"]}, r"means must have shape \(2, 2\) for 2 classes, got \(3, 3\)"),
        ({"minus": torch.zeros(2, 2)}, r"minus must have shape \(3, 3\)"),
        ({"role": "twin"}, 'role must be "teacher" or "student", got \'twin\''),
    ],
)
def test_what_does_not_fit_is_answered_in_one_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        figures.mean_soft_targets(means(), **({"classes": NAMES} | arguments))
