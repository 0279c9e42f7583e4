"""A report's looks: what they cost, how far they are, and that a check that fails costs nothing but itself."""

from __future__ import annotations

import pytest
import torch
from markupsafe import escape
from torch import nn

import kdviz as kd
from kdviz.models.inference import Cancelled
from kdviz.report import html

from .toys import tables


class Trees(nn.Module):
    """A teacher without a weight and without a gradient."""

    def forward(self, x):
        return torch.stack([-x[:, 0], x[:, 0]], 1).sign() * 3.0


def test_checks_that_cannot_be_made_are_notes_beside_the_maps():
    report = kd.compare(Trees(), kd.models.mlp((4,), inputs=4, classes=2), tables())
    report.saliency("occlusion", count=20, checks=8)
    assert set(report.maps.values) == {"teacher", "student"} and set(report.maps.against_random) == {"student"}
    assert set(report.maps.curves) == {"teacher", "student"}
    (note,) = report.maps.notes
    assert note.startswith("The teacher's maps were not compared with random weights: the model has no weights")
    assert note in report.sentences("saliency") and escape(note) in html.page(report, "x")


def test_layers_that_cannot_be_set_against_each_other_are_a_note():
    report = kd.compare(Trees(), kd.models.mlp((4,), inputs=4, classes=2), tables())
    layers = report.attention(count=20)
    assert layers.attention is None and report.sentences("attention")
    assert "attention" not in {name.split("-")[0] for name in report.figures()} or layers.correspondence is not None


class Passes(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner, self.rows = inner, [0]

    def forward(self, x):
        self.rows[0] += len(x)
        return self.inner(x)


@pytest.mark.parametrize(("method", "of_one"), [("gradient", 3), ("integrated_gradients", 3), ("occlusion", 1)])
def test_checks_cost_no_more_than_the_maps_unless_asked(method, of_one):
    """A backward pass counts as two; most of the checks are forward passes alone."""
    X = torch.rand(200, 1, 12, 12, generator=torch.Generator().manual_seed(0))
    teacher, student = (Passes(kd.models.convnet(2, seed=seed)) for seed in (0, 1))
    teacher.inner = nn.Sequential(nn.Flatten(), nn.Linear(144, 3))
    student.inner = nn.Sequential(nn.Flatten(), nn.Linear(144, 3))
    report = kd.compare(teacher, student, (X, torch.arange(200) % 3))
    rows = []
    for checks in (0, None, 60):
        teacher.rows[0] = 0
        report.saliency(method, count=200, checks=checks)
        rows.append(teacher.rows[0])
    assert rows[0] < rows[1] <= (1 + of_one) * rows[0], rows
    assert rows[2] > rows[1]
    assert 0 < report.maps.curves["teacher"].n == 60


def test_progress_counts_up_to_its_total_and_a_stop_leaves_the_report_as_it_was():
    report = kd.compare(*(kd.models.mlp((4,), inputs=4, classes=2, seed=s) for s in (0, 1)), tables())
    seen = []
    report.saliency("gradient", count=40, progress=lambda *pair: seen.append(pair))
    done = [d for d, _ in seen]
    assert len({total for _, total in seen}) == 1 and done == sorted(done) and done[-1] == seen[-1][1]
    before = report.maps
    with pytest.raises(Cancelled):
        report.saliency("occlusion", count=40, progress=lambda done, total: done < total // 2)
    assert report.maps is before


def test_the_layer_of_grad_cam_is_named_beside_the_map():
    vits = [kd.models.vit(width=w, seed=w) for w in (16, 8)]
    images = torch.rand(12, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    report = kd.compare(*vits, (images, torch.arange(12) % 10))
    report.saliency("grad_cam", count=6, checks=0)
    names = {
        who: kd.measure.saliency.grad_cam_layer(model, images, report.logits["teacher"].argmax(1)).name
        for who, model in zip(("teacher", "student"), vits, strict=True)
    }
    for who, name in names.items():
        assert f"Grad-CAM shows the {who}'s layer {name}." in report.sentences("saliency")
    last = len(vits[0].architecture) and max(n for n, _ in vits[0].named_modules() if "layer" in n or "block" in n)
    assert names["teacher"].split(".")[0] == last.split(".")[0], "a layer of the encoder, not the patches' convolution"
    assert report.maps.values["teacher"].std() > 0


def test_a_report_says_why_the_student_gained_little_and_what_to_try(tmp_path):
    X, y = tables(200)
    teacher = nn.Linear(4, 2)
    with torch.no_grad():
        (
            teacher.weight.copy_(torch.tensor([[8.0, 0, 0, 0], [-8.0, 0, 0, 0]])),
            teacher.bias.zero_(),
        )  # the wrong way round
    report = kd.compare(teacher, kd.models.mlp((4,), inputs=4, classes=2), (X, y))
    finding = report.diagnosis["permuted_classes"]
    assert finding.sentence in report.sentences("diagnosis")
    assert any("in another order" in sentence for sentence in report.headlines())
    text = report.to_html(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Why did it help, or not?" in text and escape(finding.try_code) in text
    mended = kd.compare(kd.wrap(teacher, classes=[1, 0]), report.models["student"], (X, y))
    assert "permuted_classes" not in [found.name for found in mended.diagnosis.findings]
