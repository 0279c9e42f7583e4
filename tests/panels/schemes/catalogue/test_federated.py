"""Clients: no two share an example, and what is sent is counted in bytes."""

from __future__ import annotations

from kdviz.models.counts import parameter_count
from kdviz.panels.schemes.catalogue.federated import CLIENTS, ROUNDS, SCHEME


def test_clients_share_no_example_and_bytes_are_counted(course_of):
    course = course_of("federated")
    train = course.setting.data.train
    counts, curves, sent = SCHEME.draw(course)
    half = train.take(slice(0, len(train) // 2))
    assert [sum(column) for column in zip(*counts["values"], strict=True)] == half.y.bincount(minlength=4).tolist()
    public = len(train) - len(half)
    logits, weights = (row["value"] for row in sent["rows"])
    assert logits == 2 * ROUNDS * public * 4 * 4 / 1000
    assert weights == 2 * ROUNDS * 4 * parameter_count(course.setting.student()) / 1000
    assert len(curves["lines"]) == CLIENTS


def test_a_digest_is_taught_by_the_mean_and_a_revisit_by_nobody(course_of):
    stages = course_of("federated").own.stages
    assert len(stages) == CLIENTS * (1 + 2 * ROUNDS)
    assert all(run.teacher is None for run in stages[:CLIENTS])
    assert [run.teacher is None for run in stages[CLIENTS:]] == [False, True] * CLIENTS * ROUNDS
    assert all(run.data.train.labelled == 0 for run in stages[CLIENTS::2])
