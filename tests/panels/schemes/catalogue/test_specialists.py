"""Specialists: what is confused, and the clusters that follow from it."""

from __future__ import annotations

from kdviz.panels.schemes.catalogue.specialists import SCHEME, SPECIALISTS


def test_the_matrix_holds_the_generalists_errors_in_the_order_of_the_clusters(course_of):
    course = course_of("specialists")
    matrix, bars = SCHEME.draw(course)
    generalist = course.wrong(course.own.stages[0].student)
    errors = sum(one for row in matrix["values"] for one in row if one is not None)
    assert errors == generalist == int(bars["rows"][0]["text"])
    assert int(bars["rows"][1]["text"]) == course.wrong(course.own.answer)
    clusters = course.extra["found"]["clusters"]
    listed = [course.setting.data.classes[c] for cluster in clusters for c in cluster]
    assert matrix["rows"][: len(listed)] == listed and sorted(matrix["rows"]) == list(course.setting.data.classes)
    assert [run.data.classes[-1] for run in course.own.stages[1:]] == ["any other"] * SPECIALISTS
