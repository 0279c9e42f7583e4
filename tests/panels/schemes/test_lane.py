"""Lanes: runs one after the other in the steps of single networks."""

from __future__ import annotations

import numpy as np
import pytest

from kdviz.models import inference
from kdviz.panels.schemes.lane import Lane


def taught(lane, steps):
    for _ in range(steps):
        lane.step()
    return lane


def test_a_lane_turns_to_the_next_run_once_the_one_before_took_its_steps(small):
    asked = []

    def runs():
        for k in range(3):
            asked.append(k)
            yield small.twin(40)

    lane = Lane(small, runs(), [4, 2, 3], networks=2)
    assert asked == [] and lane.total_steps == 18, "a run is made when its turn comes"
    lane.prepare()
    assert asked == [0] and lane.steps_done == 0
    taught(lane, 4)
    assert asked == [0] and lane.steps_done == 8 and lane.ended(0)
    taught(lane, 1)
    assert asked == [0, 1] and lane.begun == [0, 8] and lane.student is lane.stages[1].student
    taught(lane, 4)
    assert lane.complete and [run.steps_done for run in lane.stages] == [4, 2, 3]


def test_a_lane_whose_runs_are_too_few_says_so(small):
    lane = taught(Lane(small, iter([small.twin(4)]), [1, 1]), 1)
    with pytest.raises(RuntimeError, match="the scheme ended after 1 of 2 planned runs"):
        lane.step()


def test_evaluations_count_the_steps_of_the_lane_and_the_model_that_answers(small):
    other = small.student(5)
    lane = taught(Lane(small, (small.twin(9) for _ in range(2)), [2, 2], answer=lambda stages: other), 3)
    found = lane.evaluate("test")
    wrong = inference.logits(other, small.data.test).argmax(1) != small.data.test.y
    assert (found.step, found.errors, found.examples) == (3, int(wrong.sum()), len(small.data.test))
    assert found.teacher_errors == small.teacher_errors("test")
    assert lane.evaluated("test") == [found] and lane.evaluated() == []
    assert np.array_equal(lane.wrong_on_test, wrong.numpy())


def test_a_lane_that_was_let_go_holds_no_run(small):
    lane = taught(Lane(small, iter([small.twin(4)]), [4]), 1)
    lane.let_go()
    assert lane.stages == []
