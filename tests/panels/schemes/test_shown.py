"""What the widgets are given of a scheme and its course."""

from __future__ import annotations

from kdviz.distill.schemes import PUBLISHED
from kdviz.panels.schemes import shown
from kdviz.panels.schemes.catalogue import schemes
from kdviz.widgets import Scene, SchemePicture, Schemes


def test_every_scheme_fits_the_widgets():
    rows = shown.listed(schemes())
    assert len(Schemes(schemes=rows, chosen="continual").schemes) == len(schemes()) == 25
    for scheme in schemes().values():
        assert SchemePicture(**shown.picture(scheme)).title == scheme.title
        options = shown.offers(scheme, scheme.chosen({}))
        assert all(one["chosen"] in [value["value"] for value in one["values"]] for one in options)
    found_by = {row["name"]: row["found_by"] for row in rows}
    for name, scheme in {"seqkd": "sequence_level", "gkd": "on_policy", "miniplm": "miniplm"}.items():
        assert name in found_by[scheme], "by the name of its paper's settings"
    assert {one.published for one in schemes().values()} - {""} == set(PUBLISHED)
    assert "TAKD" in found_by["assistant_chain"] and "Hinton" in found_by["specialists"]


def test_three_curves_the_schemes_with_the_beginnings_of_its_runs(course_of):
    course, scheme = course_of("born_again"), schemes()["born_again"]
    rows = shown.rows(course, scheme)
    Scene(runs=rows)
    assert [(row["id"], row["name"]) for row in rows] == [
        ("student", "Born-again networks"), ("hinton", "Offline distillation"), ("twin", "Twin, no teacher"),
    ]  # fmt: skip
    assert [mark["step"] for mark in rows[0]["edits"]] == course.own.begun[1:] and rows[1]["edits"] == []
    test = course.own.evaluated("test")[-1]
    assert rows[0]["test"] == test.errors and rows[0]["total_steps"] == course.own.total_steps
    many = shown.rows(course_of("federated"), schemes()["federated"])
    assert many[0]["edits"] == [], "marks of twenty runs would hide the curve"


def test_the_difference_is_the_schemes_against_the_twins(course_of):
    course = course_of("born_again")
    errors = [course.lanes[role].evaluated("test")[-1].errors for role in ("student", "twin")]
    found = shown.difference(course)
    assert found["mean"] == errors[0] - errors[1] and found["low"] <= found["mean"] <= found["high"]
