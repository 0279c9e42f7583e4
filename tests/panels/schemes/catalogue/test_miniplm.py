"""Difference sampling: the student learns the chosen texts alone."""

from __future__ import annotations

from kdviz.panels.schemes.catalogue.miniplm import SCHEME


def test_half_of_the_pool_is_learned_by_a_student_that_was_not_the_small_model(course_of):
    course = course_of("miniplm")
    small, run = course.own.stages
    pool, chosen = course.setting.data.train, run.data.train
    assert len(small.data.train) == len(pool) and len(chosen) == (len(pool) + 1) // 2
    assert {tuple(row) for row in chosen.inputs().tolist()} <= {tuple(row) for row in pool.inputs().tolist()}
    assert run.teacher is None and small.recipe.student != run.student
    curves, bars = SCHEME.draw(course)
    learned, left = (line["y"] for line in curves["lines"])
    assert min(learned) >= max(left), "the largest differences"
    looks = [row["look"] for row in bars["rows"]]
    assert looks == ["student"] * 3 + ["branch-0"] * 3 and bars["rows"][0]["value"] == max(learned)
