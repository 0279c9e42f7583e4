"""The Methods page, closed after the test, and pictures of three classes."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd
from kdviz.panels import Methods


@pytest.fixture
def methods_page(closed):
    return lambda *models, **chosen: closed(Methods(*models, **chosen))


@pytest.fixture(scope="module")
def pictures():
    """Images of 8 × 8 in three classes that are told apart by which row is bright."""
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(0, 3, (240,), generator=generator)
    x = 0.3 * torch.randn(240, 1, 8, 8, generator=generator)
    x[torch.arange(240), 0, 2 * y] += 1
    return kd.data.splits((x, y), validation=0.2, test=0.2, name="rows")
