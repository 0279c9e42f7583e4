"""MiniLLM: labels stand beside what both wrote."""

from __future__ import annotations

from kdviz.distill import HardLabels, MiniLLM
from kdviz.panels.schemes.catalogue.minillm import SCHEME


def test_the_settings_are_the_papers(course_of):
    mixed, labels = course_of("minillm").own.stages[1].objective.terms
    assert isinstance(mixed, MiniLLM) and isinstance(labels, HardLabels)
    paper = SCHEME.paper.settings
    assert (float(mixed.mixed), float(mixed.long)) == (paper["mixed"], paper["long"])
