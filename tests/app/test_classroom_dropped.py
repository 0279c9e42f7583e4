"""Whoever comes and drops the line leaves nothing behind; of a killed browser its run alone."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest

from ..conftest import KEPT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux tells how much memory a process takes")


def test_dropped_connections_and_a_killed_browser_leave_nothing_behind(
    serve: Callable[..., Any],
    impatient: tuple[str, str],
    benchmark: Callable[[str], ModuleType],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dropped = benchmark("dropped")
    monkeypatch.setenv("KDVIZ_KEEP", str(KEPT))
    with monkeypatch.context() as there:
        there.setenv("TMPDIR", str(tmp_path))
        server = serve(None, "--viewers", "8", program=impatient)
    port = urlsplit(server.base).port

    def look() -> Any:
        return dropped.Has.of(server.pid, port, tmp_path)

    asyncio.run(dropped.cut(server.base))  # what comes with the first visit is no leak
    before, _ = dropped.settled(look, dropped.Has(1, 10**6, 0, 10**6))
    asyncio.run(dropped.dropped(server.base, len(dropped.WAYS)))
    _, step = dropped.killed_browser(server.pid, server.base, "labels=300&units=16&epochs=2000")
    assert step > 0
    after, _ = dropped.settled(look, before)
    assert after.left(before) == ""
    dropped.answers(server.base)


@pytest.mark.full
def test_a_hundred_dropped_connections(benchmark: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["dropped.py"])
    monkeypatch.setenv("TMPDIR", tempfile.gettempdir())  # as it will be again after the test
    monkeypatch.setenv("KDVIZ_KEEP", str(KEPT))
    assert benchmark("dropped").main() == 0
