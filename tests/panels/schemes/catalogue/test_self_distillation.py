"""Exits: each a smaller network, with its errors and its multiply-adds."""

from __future__ import annotations

from kdviz.distill.schemes import exits
from kdviz.panels.schemes.catalogue.self_distillation import SCHEME


def test_exits_are_drawn_by_what_they_cost(course_of):
    course = course_of("self_distillation")
    run = course.own.stages[0]
    curves, bars = SCHEME.draw(course)
    of = {**exits(run), "end": run.student}
    wrong = {name: course.wrong(model) for name, model in of.items()}
    assert {row["name"]: row["text"] for row in bars["rows"]} == {
        "Exit behind relu1": str(wrong["relu1"]),
        "Exit behind relu2": str(wrong["relu2"]),
        "The network’s end": str(wrong["end"]),
    }
    macs = [1000 * x for x in curves["lines"][0]["x"]]
    assert macs == sorted(macs) and macs[-1] == 64 * 8 + 8 * 8 + 8 * 8 + 8 * 4
    assert macs[0] == 64 * 8 + 8 * 8 + 8 * 4, "one layer, a bottleneck, a classifier"
