"""While training, what is on the page is saved every second, not counting the time that saving takes."""

from __future__ import annotations

import types

import pytest

from kdviz.distill.runner import REPORTS_PER_SECOND
from kdviz.panels.lab import session
from kdviz.panels.lab.session import Session
from kdviz.panels.lab.session_store import SessionStore
from kdviz.panels.live.roster import Roster


class Clock:
    """Stands still unless it is told to go on."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.mark.parametrize("takes", [0.001, 3.0])
def test_a_page_that_dies_loses_no_second_of_training_however_long_a_save_takes(monkeypatch, takes):
    clock = Clock()
    monkeypatch.setattr(session, "time", clock)
    kept = Session(Roster(), dict, str, lambda **_: None)
    kept._roster = types.SimpleNamespace(all=[types.SimpleNamespace(key="a", run=None, round=1)], in_hand=1)
    monkeypatch.setattr(session, "described", lambda _: [])

    def save(self, *_):
        clock.now += takes

    monkeypatch.setattr(SessionStore, "save", save)
    for _ in range(3):
        began, reports = clock.now, 0
        while not kept.due:  # it is asked at each report
            clock.now += 1 / REPORTS_PER_SECOND
            reports += 1
        assert clock.now - began < 1.0 and reports > 4, "nor does it save all the time"
        kept.save({}, title="", state="running")
