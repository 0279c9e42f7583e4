"""The report's page: what a user named stays text wherever it stands."""

from __future__ import annotations

import numpy as np
import torch
from bs4 import BeautifulSoup
from torch import nn

import kdviz as kd
from kdviz.report import html

NASTY = "</script></title><img src=x onerror=alert(1)> & \"x\" 'y' {{ 7 * 7 }}"


def line(seed):
    torch.manual_seed(seed)
    return nn.Linear(5, 3)


def test_no_name_or_title_becomes_markup():
    X = torch.randn(200, 5, generator=torch.Generator().manual_seed(0))
    groups = {f"by {NASTY}": np.array([f"one {NASTY}", "other"] * 100, dtype=object), "h": np.array(["a", "b"] * 100)}
    report = kd.compare(
        line(0), line(1), (X, X[:, :3].argmax(1)), groups=groups, positive=1, classes=["a", f"class {NASTY}", "c"]
    )
    page = BeautifulSoup(html.page(report, f"title {NASTY}"), "html.parser")
    assert page.title.text == page.h1.text == f"title {NASTY}"
    assert not page.find_all("img") and not page.find_all(onerror=True)
    headings = [heading.text for heading in page.find_all("h3")]
    assert f"By by {NASTY}" in headings
    cells = [cell.text for cell in page.find_all("td")]
    assert f"one {NASTY}" in cells and f"class {NASTY}" in cells
    assert f"The positive class is “class {NASTY}”" in page.text
    assert len(page.find_all("script", type=False)) == 2
