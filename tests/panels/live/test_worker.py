"""Workers: of what waits, only the latest is done."""

from __future__ import annotations

import threading
import time

from kdviz.panels.live.worker import LatestOnly


def test_of_works_that_wait_only_the_newest_of_each_key_is_done():
    go, done = threading.Event(), []
    newest = LatestOnly("kdviz-test")
    newest.put("first", lambda: go.wait(5))
    for i in range(5):
        newest.put("a", lambda i=i: done.append(("a", i)))
        newest.put("b", lambda i=i: done.append(("b", i)))
    assert not newest.wait_until_idle(0.01)
    go.set()
    assert newest.wait_until_idle()
    assert done == [("a", 4), ("b", 4)]
    newest.close()


def test_an_error_is_handed_on_and_ends_nothing():
    told, done = [], []

    def on_error(key, error):
        told.append((key, str(error)))
        raise RuntimeError("telling fails too")

    newest = LatestOnly("kdviz-test", on_error)
    newest.put("a", lambda: 1 / 0)
    assert newest.wait_until_idle()
    newest.put("b", lambda: done.append(1))
    assert newest.wait_until_idle()
    assert told == [("a", "division by zero")]
    assert done == [1]
    newest.close()


def test_close_leaves_out_what_waits():
    go, started, done = threading.Event(), threading.Event(), []
    newest = LatestOnly("kdviz-test")
    newest.put("a", lambda: (started.set(), go.wait(5)))
    newest.put("b", lambda: done.append(1))
    assert started.wait(5)
    closing = threading.Thread(target=newest.close)
    closing.start()
    while newest._waiting:
        time.sleep(0.001)
    go.set()
    closing.join(5)
    newest.put("c", lambda: done.append(2))
    assert newest.wait_until_idle()
    assert done == []
    assert not [t for t in threading.enumerate() if t.name == "kdviz-test"]


def test_work_may_close_its_own_thread():
    newest = LatestOnly("kdviz-test")
    newest.put("a", newest.close)
    newest._thread.join(5)
    assert not newest._thread.is_alive()
