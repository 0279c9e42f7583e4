"""While training, what is on the page is saved often, and saving stays a small share of the time."""

from __future__ import annotations

import types

import pytest

from kdviz.panels.lab import session
from kdviz.panels.lab.session import Session
from kdviz.panels.lab.session_store import SessionStore
from kdviz.panels.live.roster import Roster

TOKEN = "0123456789abcdef" * 2


class Clock:
    """Stands still unless it is told to go on."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(session, "time", clock)
    return clock


def due_after(kept: Session, clock: Clock) -> float:
    """Return how many seconds after the last save the next is due."""
    began = clock.now
    while not kept.due:
        clock.now += 0.25
    return clock.now - began


@pytest.mark.parametrize(("takes", "every"), [(0.001, 1.0), (0.12, 1.25), (0.17, 1.75), (3.0, 2.0)])
def test_a_save_is_due_after_a_second_and_takes_a_tenth_of_the_time_up_to_two(clock, monkeypatch, takes, every):
    kept = Session(Roster(), dict, str, lambda **_: None)
    kept._roster = types.SimpleNamespace(all=[types.SimpleNamespace(key="a", run=None, round=1)], in_hand=1)
    monkeypatch.setattr(session, "described", lambda _: [])
    costs = iter([100 * takes, takes, 30 * takes, *[takes] * 9])  # the first is slow, one is held up by something else

    def save(self, *_):
        self.id = "kept"
        clock.now += next(costs)

    monkeypatch.setattr(SessionStore, "save", save)
    assert due_after(kept, clock) == pytest.approx(1.0, abs=0.3), "the first save comes soon"
    waited = []
    for _ in range(6):
        kept.save({}, title="", state="running")
        waited.append(due_after(kept, clock))
    assert max(waited) <= 2.3
    assert waited[0] == pytest.approx(1.0, abs=0.3), "the first is no measure"
    assert [waited[1], *waited[3:]] == pytest.approx([every] * 4, abs=0.3)
