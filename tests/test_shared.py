"""A shared machine: only so many train at once, in the order they came, and none holds a place when it is dead."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kdviz import shared
from kdviz.distill import Runner
from kdviz.panels.live.status_text import status

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nobody asks for a place on Windows")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look is a new one."""
    monkeypatch.setattr(shared, "LOOK_S", 0.0)


def places(folder: Path, count: int, most: int, slice_s: float = 1e9) -> list[shared.Place]:
    return [shared.Place(folder, most, slice_s) for _ in range(count)]


def test_two_train_and_the_others_wait_in_the_order_they_came(tmp_path: Path) -> None:
    line = places(tmp_path, 4, 2)
    assert [one.before() for one in line] == [0, 0, 1, 2]
    line[0].give_up()
    assert [one.before() for one in line[1:]] == [0, 0, 1]
    assert line[0].before() == 2, "whoever comes again is the last"
    line[1].give_up()
    line[2].give_up()
    assert [line[3].before(), line[0].before()] == [0, 0]


def test_who_has_trained_for_a_while_lets_the_others(tmp_path: Path) -> None:
    first, second = places(tmp_path, 2, 1, slice_s=0.0)
    assert [first.before(), first.before(), first.before()] == [0, 0, 0], "nobody waits"
    assert second.before() == 1
    assert first.before() == 1, "its time is over"
    assert [second.before(), first.before()] == [0, 1]


def test_a_dead_trainer_keeps_no_place(tmp_path: Path) -> None:
    code = f"""if True:
        import os
        from pathlib import Path
        from kdviz.shared import Place
        assert Place(Path({str(tmp_path)!r}), 1).before() == 0
        os.kill(os.getpid(), 9)
    """
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert len(list(tmp_path.iterdir())) == 1, "its ticket is still there"
    (alive,) = places(tmp_path, 1, 1)
    assert alive.before() == 0
    assert len(list(tmp_path.iterdir())) == 1


def test_without_a_server_there_is_neither_line_nor_bound(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert shared.place() is None and shared.most_steps() is None
    monkeypatch.setenv(shared.TRAININGS, f"2:{tmp_path}")
    monkeypatch.setenv(shared.MOST_STEPS, "5000")
    made = shared.place()
    assert made is not None and made.before() == 0 and shared.most_steps() == 5000


def test_a_runner_that_waits_says_so() -> None:
    runner = Runner(lambda keep_going: (), lambda runner: None)
    runner.state, runner.before = "running", 3
    assert status(runner) == "3 other viewers train first; then this run goes on."


def test_whoever_waits_is_told_how_many_are_before_until_it_is_their_turn(tmp_path: Path) -> None:
    first, second, third = places(tmp_path, 3, 1)
    assert [first.before(), second.before()] == [0, 1]
    told: list[int] = []

    def tell(before: int) -> None:
        told.append(before)
        (first if before == 2 else second).give_up()

    shared.await_turn(third, lambda: False, tell)
    assert told == [2, 1, 0] and third.before() == 0
    shared.await_turn(None, lambda: False, tell)
    shared.await_turn(third, lambda: False, tell)
    assert told == [2, 1, 0], "nobody is before"
