"""A report on three lines of one toy problem."""

from __future__ import annotations

import pytest

import kdviz as kd

from .toys import line, toy


@pytest.fixture(scope="module")
def report():
    return kd.compare(line(4.0), line(1.0, seed=1), toy(), twin=line(2.0, seed=2))
