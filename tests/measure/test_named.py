"""Names of models in sentences: in the reader's language where they are ours, as they are where not."""

from __future__ import annotations

import pytest

import kdviz as kd
from kdviz.measure.named import NAMES, named


@pytest.fixture
def german():
    before = kd.language()
    kd.language("de")
    yield
    kd.language(before)


def test_models_are_named_in_the_readers_language(german):
    assert [named(who) for who in NAMES] == ["Lehrer", "Schüler", "Zwilling"]
    assert named("mine {0}") == "mine {0}"
