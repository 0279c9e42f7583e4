"""The publisher: the newest state only, a few times a second, the last always."""

from __future__ import annotations

import threading
import time

from kdviz.panels.live.publisher import Publisher


class Recorder:
    def __init__(self) -> None:
        self.updates: list[dict] = []
        self.threads: set[str] = set()

    def update(self, **traits) -> None:
        self.updates.append(traits)
        self.threads.add(threading.current_thread().name)


def test_a_storm_becomes_a_few_updates_and_the_last_state_arrives():
    publisher, widget = Publisher(), Recorder()
    start = time.perf_counter()
    count = 0
    while time.perf_counter() - start < 0.5:
        publisher.put(widget, step=count, other=-count)
        count += 1
    assert publisher.wait_until_idle()
    publisher.close()
    assert count > 500 and len(widget.updates) <= 8
    assert widget.updates[-1] == {"step": count - 1, "other": 1 - count}
    assert widget.threads == {"kdviz-publisher"}


def test_traits_put_apart_arrive_together():
    publisher, widget = Publisher(updates_per_second=2), Recorder()
    publisher.put(widget, a=0)
    publisher.wait_until_idle()
    publisher.put(widget, a=1)
    publisher.put(widget, b=2)
    publisher.put(widget, a=3)
    publisher.close()
    assert widget.updates == [{"a": 0}, {"a": 3, "b": 2}]


def test_closing_sends_what_is_left_and_ends_the_thread():
    publisher, widget = Publisher(updates_per_second=1), Recorder()
    publisher.put(widget, a=1)
    publisher.close()
    assert widget.updates == [{"a": 1}]
    assert not any(t.name == "kdviz-publisher" for t in threading.enumerate())
    publisher.put(widget, a=2)
    assert widget.updates == [{"a": 1}]


def test_directly_sets_at_once_and_starts_nothing():
    publisher, widget = Publisher(), Recorder()
    with publisher.directly():
        publisher.put(widget, a=1)
    assert widget.updates == [{"a": 1}] and widget.threads == {threading.current_thread().name}
