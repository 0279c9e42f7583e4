"""Which sessions stay on the disk: a damaged one costs no other, and no clock alone decides what is too old."""

from __future__ import annotations

import types
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from kdviz.panels.lab import session_files, session_store
from kdviz.panels.lab.session_store import SessionStore

from ...damage import COUNT, of_bytes, of_json, refused
from .test_session_store import OTHER, TOKEN, film_of, make_run, place, same_bits, steps, the_teacher

__all__ = ["place"]  # a fixture


class Clock:
    """A clock that is ahead by some days, for all that judges the age of what is kept."""

    def __init__(self, monkeypatch) -> None:
        self._monkeypatch = monkeypatch

    def set(self, days: float) -> None:
        then = datetime.now(UTC) + timedelta(days=days)

        class Ahead(datetime):
            @classmethod
            def now(cls, tz=None):
                return then

        for module in (session_store, session_files):
            self._monkeypatch.setattr(module, "datetime", Ahead)
        self._monkeypatch.setattr(session_files, "time", types.SimpleNamespace(time=then.timestamp))


@pytest.fixture
def clock(monkeypatch) -> Clock:
    return Clock(monkeypatch)


def titles() -> list[str]:
    return [kept.title for kept in SessionStore(TOKEN).offers()]


def test_a_session_goes_once_the_clock_has_said_on_three_days_that_it_is_fourteen_days_old(place, clock):
    SessionStore(TOKEN).save({"title": "old"}, {"a": make_run()})
    clock.set(3)
    SessionStore(TOKEN).save({"title": "young"}, {"a": make_run()})
    for days, left in ((13.9, 2), (14.1, 2), (14.2, 2), (15.1, 2), (16.1, 1), (17.1, 1), (18.1, 1), (19.1, 0)):
        clock.set(days)
        SessionStore(OTHER).save({}, {"a": make_run()})  # whoever it is that saves
        assert len(titles()) == left, days
    assert not (place / TOKEN).exists()


def test_a_clock_that_was_fifteen_days_ahead_for_one_save_deletes_nothing(clock):
    SessionStore(TOKEN).save({"title": "first"}, {"a": make_run()})
    for _ in range(5):  # days later, each time for one save
        clock.set(15)
        SessionStore(TOKEN).save({"title": "ahead"}, {"a": make_run()})
        clock.set(0)
        newest = SessionStore(TOKEN)
        newest.save({"title": "third"}, {"a": make_run()})
        assert titles() == ["third", "ahead", "first"], "in the order in which they were saved"
        for keeper in SessionStore(TOKEN).offers()[:2]:
            newest.forget(keeper.id)
        assert titles() == ["first"]


def test_a_clock_that_was_behind_for_one_save_hides_nothing(clock):
    SessionStore(TOKEN).save({"title": "first"}, {"a": make_run()})
    clock.set(-9000)
    SessionStore(TOKEN).save({"title": "in the last century"}, {"a": make_run()})
    clock.set(0)
    assert titles() == ["in the last century", "first"]
    SessionStore(TOKEN).save({"title": "third"}, {"a": make_run()})
    assert titles() == ["third", "in the last century", "first"]


def test_a_damaged_session_is_not_offered(place):
    names = ("cut", "gone", "text", "pointer", "other")
    keepers = {name: SessionStore(OTHER if name == "other" else TOKEN) for name in names}
    whole = SessionStore(TOKEN)
    for damage, keeper in list(keepers.items())[:2]:
        keeper.save({"title": damage}, {"a": make_run()})
        tensors = next((place / TOKEN / keeper.id).glob("*.safetensors"))
        tensors.unlink() if damage == "gone" else tensors.write_bytes(tensors.read_bytes()[:-8])
    whole.save({"title": "whole"}, {"a": make_run()})
    assert [kept.title for kept in SessionStore(TOKEN).offers()] == ["whole"]
    with pytest.raises(ValueError, match="is damaged; train anew"):
        SessionStore(TOKEN).load(keepers["cut"].id)
    for damage in ("text", "pointer"):
        keepers[damage].save({"title": damage}, {"a": make_run()})
    saved = place / TOKEN / keepers["text"].id
    (saved / (saved / "CURRENT").read_text()).write_text('{"version": 1, "runs": [')
    (place / TOKEN / keepers["pointer"].id / "CURRENT").write_text("../../elsewhere")
    assert [kept.title for kept in SessionStore(TOKEN).offers()] == ["whole"]


def in_force(place, keeper: SessionStore):
    saved = place / TOKEN / keeper.id
    return saved / (saved / "CURRENT").read_text()


@pytest.mark.parametrize("kind", ["CURRENT", "session", "tensors"])
def test_damage_to_a_kept_session_hides_no_other_and_stops_no_saving(place, kind):
    run = steps(make_run(), 3)
    other, keeper, mine = SessionStore(TOKEN), SessionStore(TOKEN), SessionStore(TOKEN)
    other.save({"title": "other"}, {"a": run})
    keeper.save({"title": "damaged"}, {"a": run}, {"a": film_of((0, 3))})
    home = place / TOKEN / keeper.id
    files = {
        "CURRENT": [home / "CURRENT"],
        "session": [in_force(place, keeper)],
        "tensors": list(home.glob("*.safet*")),
    }
    count, hidden, several = 0, 0, files[kind]
    each = -(-COUNT // len(several))
    for file in several:
        whole = file.read_bytes()
        for done, damaged in of_json(whole.decode(), each) if kind == "session" else of_bytes(whole, each):
            file.write_bytes(damaged)
            gone, loaded = refused(partial(SessionStore(TOKEN).load, keeper.id, the_teacher), done)
            offered = set(titles())
            assert offered >= {"other"} and ("damaged" in offered or gone), done
            assert bool(SessionStore(TOKEN).notice) == ("damaged" not in offered), done
            assert gone or (same_bits(loaded[1]["a"], run) and (damaged == whole or kind == "CURRENT")), done
            count, hidden = count + gone, hidden + ("damaged" not in offered)
        assert mine.save({"title": done}, {"a": run}), mine.problem
        file.write_bytes(whole)
    print(f"\n{count} of {each * len(several)} sessions with damaged {kind} are refused, {hidden} of them not offered")
    assert count > 0.9 * COUNT


def test_what_is_damaged_is_told_and_goes_like_what_is_old(place, clock):
    keeper = SessionStore(TOKEN)
    keeper.save({"title": "damaged"}, {"a": make_run()})
    (place / TOKEN / keeper.id / "CURRENT").write_bytes(b"\xff")
    assert SessionStore(TOKEN).notice == "One kept run is damaged and cannot be resumed; all others can."
    for days in (0, 15, 16, 17):
        assert (place / TOKEN / keeper.id).exists()
        clock.set(days)
        SessionStore(TOKEN).save({"title": "new"}, {"a": make_run()})
    assert not (place / TOKEN / keeper.id).exists()


def test_what_a_saver_left_that_died_at_its_first_save_is_cleared_away(place):
    left = place / TOKEN / "20250131-120000-0123abcd"
    left.mkdir(parents=True)
    (left / "fresh-01234567").touch()
    SessionStore(TOKEN).save({"title": "new"}, {"a": make_run()})
    assert not left.exists()
