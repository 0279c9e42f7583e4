"""A stack that was stopped half-way goes on from there, and ends where it would have ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

import kdviz as kd
from kdviz.study.half_done import HalfDone
from kdviz.study.jobs import make_job
from kdviz.study.parts import Parts
from kdviz.study.stacked import do_together
from kdviz.study.stopping import Address, StopSign

from .conftest import without_clock


@pytest.fixture
def jobs(recipe, digits):
    parts = Parts(data=digits)
    recipes = [replace(recipe, epochs=6, objective=kd.hinton(0.9, T)) for T in (1, 4)]
    return [make_job(one, "student", parts) for one in recipes], parts


def stopped_at(step, jobs, parts, place):
    """Train until that step, where the sign goes up."""
    address = Address(str(place / "stop"), keeps=True)
    sign = StopSign(address)
    seen = []

    def watch(news):
        seen.append(news.step)
        if news.step >= step:
            sign._seen = True

    with pytest.raises(kd.distill.Cancelled):
        do_together(jobs, parts, sign, watch)
    return seen


def test_a_stack_goes_on_at_the_step_it_was_stopped_at_and_ends_the_same(jobs, tmp_path):
    jobs, parts = jobs
    whole = do_together(jobs, parts, StopSign(Address(str(tmp_path / "stop"))))
    stopped_at(18, jobs, parts, tmp_path)
    assert len(list(tmp_path.glob(".stack-*"))) == 1
    seen = []
    address = Address(str(tmp_path / "stop"), keeps=True)
    again = do_together(jobs, parts, StopSign(address), lambda news: seen.append(news.step))
    assert seen == [24, 30, 36], "from step 18 on, not from the start"
    assert [without_clock(one) for one in again] == [without_clock(one) for one in whole]
    assert list(tmp_path.glob(".stack-*")) == [], "what has finished is not kept as half done"


def test_a_file_that_is_not_what_was_written_is_passed_over(jobs, tmp_path):
    jobs, parts = jobs
    stopped_at(18, jobs, parts, tmp_path)
    (file,) = tmp_path.glob(".stack-*")
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(content)
    seen = []
    do_together(jobs, parts, StopSign(Address(str(tmp_path / "stop"), keeps=True)), lambda news: seen.append(news.step))
    assert seen[0] == 6


def test_other_runs_and_a_study_that_keeps_nothing_begin_anew(jobs, tmp_path):
    jobs, parts = jobs
    stopped_at(18, jobs, parts, tmp_path)

    class Stack:
        def take_up(self, tensors, numbers):
            raise AssertionError("it is another's")

    assert not HalfDone(tmp_path, ["other", "runs"]).take_up(Stack())
    assert not HalfDone(None, [job.key for job in jobs]).take_up(Stack())
