"""Group metrics on Adult: fairlearn's values, and a bias that was planted is found."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from fairlearn import metrics

import kdviz as kd
from kdviz.measure.bias import bias, slant, stroke_thickness, verdict


@pytest.fixture(scope="module")
def said():
    data = kd.data.adult()
    with torch.no_grad():
        return kd.models.pretrained("adult-mlp")(data.test.inputs()).argmax(1).numpy()


def test_gaps_and_ratios_are_fairlearns(said):
    test = kd.data.adult().test
    y, sex = test.y.numpy(), test.groups["sex"]
    found = bias({"teacher": said}, y, {"sex": sex}, resamples=10).of("teacher", "sex")
    for name in ("demographic_parity_difference", "equalized_odds_difference"):
        assert found.gaps[name].value == pytest.approx(
            getattr(metrics, name)(y, said, sensitive_features=sex), abs=1e-12
        )
    for name in ("demographic_parity_ratio", "equalized_odds_ratio"):
        assert found.ratios[name].value == pytest.approx(
            getattr(metrics, name)(y, said, sensitive_features=sex), abs=1e-12
        )
    frame = metrics.MetricFrame(
        metrics={"n": metrics.count, "chosen": metrics.selection_rate}, y_true=y, y_pred=said, sensitive_features=sex
    )
    for group in found.groups:
        assert (group.n, group.selection_rate.value) == pytest.approx(tuple(frame.by_group.loc[group.name]))


def test_a_planted_bias_is_amplified_mended_or_inherited(said):
    test = kd.data.adult().test
    y, sex = test.y.numpy(), test.groups["sex"]
    never = np.where(sex == "Female", 0, said)
    found = bias({"teacher": said, "student": never, "twin": said}, y, {"sex": sex})
    assert verdict(found, "sex").startswith("Amplified")
    assert verdict(found, "sex", subject="teacher", reference="student").startswith("Mended")
    assert verdict(found, "sex", subject="twin").startswith("Inherited")


def test_a_group_of_five_is_too_few_to_say():
    y = np.tile([0, 1], 500)
    few = np.where(np.arange(1000) < 5, "few", "many")
    found = bias({"teacher": y, "student": np.where(few == "few", 0, y)}, y, {"size": few})
    assert verdict(found, "size").startswith("Too few to say")
    assert [group.small for group in found.of("student", "size").groups] == [True, False]


def test_strokes_are_measured_from_the_pixels():
    images = np.zeros((2, 28, 28), dtype=np.uint8)
    images[0, 4:24, 13:15] = 255
    images[1, 4:24, 11:17] = 255
    thin, thick = stroke_thickness(images)
    assert thin == pytest.approx(2, abs=0.2)
    assert 2 * thin < thick < 6, "the ends of a short, wide bar are boundary too"
    assert slant(images) == pytest.approx([0, 0], abs=1e-6)
