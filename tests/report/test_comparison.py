"""``kd.compare`` on shipped models and on a user's own: the numbers are those of the parts, bad input is a sentence."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.distill.teacher import Cancelled
from kdviz.measure.saliency import deletion_insertion

from .toys import line, toy

COLUMNS = ["subject", "measure", "model", "group", "value", "low", "high"]


def test_numbers_are_those_of_the_logits(report):
    X, y = toy()
    t, s = report.logits["teacher"], report.logits["student"]
    assert t == pytest.approx(line(4.0)(X).detach(), abs=1e-6)
    summary = report.summary().set_index("model")
    assert list(summary.index) == ["teacher", "student", "twin"]
    assert summary.loc["student", "accuracy"] == pytest.approx((s.argmax(1) == y).double().mean().item())
    assert summary.loc["teacher", "NLL"] == pytest.approx(nn.functional.cross_entropy(t.double(), y).item())
    kl = nn.functional.kl_div((s.double() / 4).log_softmax(1), (t.double() / 4).log_softmax(1), log_target=True,
                              reduction="batchmean")  # fmt: skip
    frame = report.frame()
    assert list(frame.columns) == COLUMNS
    of_kl = frame[(frame.subject == "fidelity") & frame.measure.str.lower().str.startswith("kl") & frame.group.isna()]
    assert of_kl.value.tolist() == [pytest.approx(kl.item(), abs=1e-9)]


def test_cells_share_out_all_examples(report):
    y = toy()[1]
    right = {who: report.logits[who].argmax(1) == y for who in ("teacher", "student")}
    cells = report.cells()
    assert sorted(i for members in cells.values() for i in members) == list(range(300))
    assert cells["errors_new"] == torch.nonzero(right["teacher"] & ~right["student"]).flatten().tolist()
    assert cells["errors_corrected"] == torch.nonzero(~right["teacher"] & right["student"]).flatten().tolist()


def test_without_labels_what_can_be_told_is_told():
    report = kd.compare(line(4.0), line(1.0, seed=1), toy(labelled=False))
    assert report.calibration == {}
    assert sorted(report.cells()) == ["agree", "differ"]
    assert "No example has a label" in " ".join(report.sentences())
    assert "accuracy" not in report.summary().columns
    assert len(report.frame()) > 0


def test_splits_give_the_test_part_and_a_fitted_temperature():
    data = kd.data.splits(toy(2000), validation=0.4, test=0.4)
    report = kd.compare(line(8.0), line(1.0), data)
    assert len(report.examples) == 800
    assert report.fitted_temperature["teacher"] == pytest.approx(8 * report.fitted_temperature["student"], rel=1e-3)
    assert report.rescaled["teacher"].nll < report.calibration["teacher"].nll


def test_labels_in_the_validation_part_alone_fit_temperatures_and_no_more():
    data = kd.data.splits(toy(1000), validation=0.4, test=0.4)
    unlabelled = dataclasses.replace(data, test=kd.data.Examples(data.test.x, torch.full_like(data.test.y, -1)))
    report = kd.compare(line(8.0), line(1.0), unlabelled)
    assert report.calibration == report.rescaled == {}
    assert report.fitted_temperature["teacher"] > report.fitted_temperature["student"]
    assert len(report.by_class()) == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"student": line(classes=4)}, "different numbers of them .the teacher has 3, the student has 4."),
        ({"classes": ["a", "b"]}, "expected names for the models' 3 classes, got 2"),
        ({"data": (toy()[0], torch.full((300,), 7))}, "labels must be below 3"),
        ({"temperature": 0.0}, "temperature"),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(change, sentence):
    given = {"teacher": line(), "student": line(), "data": toy()} | change
    with pytest.raises(ValueError, match=sentence):
        kd.compare(given.pop("teacher"), given.pop("student"), given.pop("data"), **given)


def test_progress_runs_over_all_models_and_stops():
    seen = []
    kd.compare(line(), line(), toy(), batch_size=100, progress=lambda *count: seen.append(count))
    assert seen == [(100 * k, 600) for k in range(1, 7)]
    with pytest.raises(Cancelled):
        kd.compare(line(), line(), toy(), batch_size=100, progress=lambda done, total: done < 400)


def test_a_thousand_classes_and_one_class_only():
    generator = torch.Generator().manual_seed(0)
    X, y = torch.randn(60, 5, generator=generator), torch.arange(60)
    report = kd.compare(nn.Linear(5, 1000), nn.Linear(5, 1000), (X, y))
    assert np.isfinite(report.summary()["ECE"]).all()
    one = kd.compare(line(), line(2.0, seed=1), (toy()[0], torch.zeros(300, dtype=torch.int64)))
    assert one.by_class()["class"].tolist() == ["0"]


@pytest.fixture(scope="module")
def digits():
    return kd.data.mnist().test.take(slice(0, 60))


def test_maps_are_tried_against_random_weights_and_by_taking_places_away(digits):
    report = kd.compare(kd.models.pretrained("mnist-convnet"), kd.models.pretrained("mnist-mlp-overfit"), digits)
    report.saliency("gradient", count=20, checks=8)
    maps = report.maps
    assert {who: found.n for who, found in maps.against_random.items()} == {"teacher": 8, "student": 8}
    wanted = deletion_insertion(
        report.models["student"],
        digits.inputs(maps.index[:8]),
        maps.values["student"][:8],
        report.logits["teacher"][maps.index[:8]].argmax(1),
    )
    assert np.array_equal(maps.curves["student"].deletion, wanted.deletion)
    assert maps.order == maps.index[maps.similarity.order().tolist()].tolist()
    frame = report.frame()
    areas = frame[(frame.measure == "deletion_area") & (frame.model == "student")]
    assert areas.value.to_numpy() == pytest.approx(wanted.deletion_area)
    assert (frame.measure == "rank against random weights").sum() == 16
    said = report.sentences("saliency")
    assert len(said) == 5 and "random weights" in said[1] and said[3].startswith("The teacher's maps: Over 8 examples")
    assert {"saliency", "saliency-curves"} <= set(report.figures())
    report.saliency("gradient", count=5, checks=0)
    assert report.maps.curves == {} and len(report.sentences("saliency")) == 1


@pytest.mark.parametrize(
    ("make", "layers"),
    [
        (lambda: kd.models.vit(16, 2, 2), ("block1.attention", "block2.attention")),
        (lambda: kd.models.convnet(4), ("relu1", "relu2", "relu3", "relu4", "relu5")),
    ],
)
def test_attention_of_transformers_is_their_own_and_of_others_that_of_their_activations(digits, make, layers):
    report = kd.compare(make(), make(), digits)
    found = report.attention(count=12)
    assert found.attention.teacher_layers == layers
    assert np.diag(found.attention.median()) == pytest.approx(1.0)
    assert np.diag(found.correspondence.matrix) == pytest.approx(1.0)
    frame = report.frame()
    mine = frame[frame.subject == "attention"]
    pairs = len(found.correspondence.teacher_layers) ** 2
    assert (mine.measure == "linear CKA").sum() == pairs
    assert (mine.measure == "cosine of maps, median").sum() == len(layers) ** 2
    assert {"attention", "attention-layers"} <= set(report.figures())
    assert report.sentences("attention")[0] in report.headlines()


def test_models_without_maps_still_have_layers_that_correspond(digits):
    report = kd.compare(kd.models.mlp((8,)), kd.models.convnet(4), digits)
    found = report.attention(count=10)
    assert found.attention is None and found.correspondence.matrix.shape[0] >= 1
    assert report.sentences("attention")[0].startswith("There are no maps of layers to compare:")
    assert "attention" not in report.figures() and "attention-layers" in report.figures()


def test_bins_are_cut_as_the_user_says(digits):
    models = kd.models.pretrained("mnist-convnet"), kd.models.pretrained("mnist-mlp-overfit")
    report = kd.compare(*models, digits, bins=4, strategy="mass")
    assert report.calibration["student"].strategy == "mass" and len(report.calibration["student"].bins) == 4
