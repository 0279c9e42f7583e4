"""Turns: a runner that was let go shows nothing any more, and two never show at once."""

from __future__ import annotations

import threading

from kdviz.distill import Runner
from kdviz.panels.live.turns import Turns


def runner() -> Runner:
    return Runner(lambda keep_going: (), lambda runner: None)


def test_a_new_runner_waits_for_the_old_one_which_begins_nothing_more():
    runners = [runner(), runner()]
    now, told, begun, go_on = [runners[0]], [], threading.Event(), threading.Event()
    turns = Turns(lambda: now[0])

    def slow() -> None:
        begun.set()
        assert go_on.wait(30)
        told.append("old")

    turns.call(slow)
    turns.call(lambda: told.append("old, too late"))
    assert begun.wait(30)
    now[0] = runners[1]
    done = threading.Event()
    turns.call(lambda: (told.append("new"), done.set()))
    runners[0].send("close")
    assert not done.is_set()
    go_on.set()
    assert done.wait(30)
    for one in runners:
        one.close()
    assert told == ["old", "new"]


def test_a_closed_runner_obeys_nothing_that_waits():
    one, begun, go_on, told = runner(), threading.Event(), threading.Event(), []
    one.send("call", work=lambda: (begun.set(), go_on.wait(30)))
    one.send("call", work=lambda: told.append("late"))
    assert begun.wait(30)
    one.send("close")
    go_on.set()
    one.close()
    assert told == [] and not one.alive
