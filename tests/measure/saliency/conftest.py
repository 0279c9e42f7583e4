"""Digits on which saliency is tried."""

from __future__ import annotations

import pytest

import kdviz as kd


@pytest.fixture(scope="module")
def digits():
    test = kd.data.mnist().test
    return test.inputs(slice(0, 5)), test.y[:5]
