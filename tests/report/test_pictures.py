"""Pictures in a report's file: small enough for the file to be sent."""

from __future__ import annotations

import base64

import torch
from torch import nn

import kdviz as kd
from kdviz.report import html
from kdviz.report.pictures import BYTES, Pictures

GENERATOR = torch.Generator().manual_seed(0)


def photographs(n=400, side=224):
    return torch.randint(0, 256, (n, 3, side, side), generator=GENERATOR, dtype=torch.uint8)


def test_a_report_of_400_photographs_is_under_8_megabytes(tmp_path):
    torch.manual_seed(0)
    nets = [nn.Sequential(nn.AvgPool2d(56), nn.Flatten(), nn.Linear(48, 4)) for _ in range(2)]
    report = kd.compare(*nets, (photographs(), torch.arange(400) % 4))
    report.saliency("gradient", count=100, checks=0)
    file = report.to_html(tmp_path / "report.html")
    assert file.stat().st_size < 8_000_000
    shown = html.data_of(report)["examples"]
    assert len(shown) > 100 and all(row["pixels"].startswith("data:image/jpeg;base64,") for row in shown)


def test_small_pictures_travel_as_they_are_and_large_ones_as_large_as_there_is_room():
    small = torch.arange(2 * 784, dtype=torch.float32).view(2, 1, 28, 28).remainder(256).to(torch.uint8)
    pictures = Pictures(small, [0, 1], {"teacher": torch.randn(2, 1, 28, 28)})
    assert base64.b64decode(pictures.picture(1)) == small[1].numpy().tobytes()
    assert pictures.map_shape == [1, 28, 28] and len(base64.b64decode(pictures.map_of("teacher", 0))) == 784
    few, many = (Pictures(photographs(4), list(range(4)) * k, {}) for k in (1, 40))
    assert few.side == 192 > many.side
    assert sum(len(many.picture(i)) for i in range(4)) * 40 <= 1.2 * BYTES
    flat = torch.zeros(1, 3, 100, 300)
    assert Pictures(flat, [0], {"teacher": torch.ones(1, 3, 100, 300)}).map_shape == [1, 32, 96]
