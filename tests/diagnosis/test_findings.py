"""Findings: in the order of their weight, each look declared once."""

from __future__ import annotations

import kdviz as kd
from kdviz.diagnosis import LOOKS
from kdviz.diagnosis.findings import in_order


def test_findings_weigh_most_first(world):
    found = [
        kd.diagnosis.Finding("too_few_seeds", "doubt", "c", {}, "likely"),
        kd.diagnosis.Finding("unsteady", "cause", "b", {}, "possible"),
        kd.diagnosis.Finding("too_few_steps", "cause", "a", {}, "likely"),
        kd.diagnosis.Finding("rows_shared", "fault", "z", {}, "certain"),
    ]
    assert kd.Diagnosis("so", tuple(found)).sentences() == ["so", "z", "a", "b", "c"]


def test_each_look_is_declared_once_and_comes_after_what_explains_it():
    order = [look.name for look in in_order()]
    assert sorted(order) == sorted(LOOKS) and len(order) > 20
    for look in in_order():
        assert all(order.index(name) < order.index(look.name) for name in look.unless)
        assert look.title[0].isupper() and not look.title.endswith(".")
