"""Turns: what is shown anew is shown by one thread at a time, and never by a runner that was let go."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ...distill import Runner


class Turns:
    """Has a page's runner do work between two steps.

    After a reset the old runner may still be at work; the new one waits for it, and what the old one had not begun by
    then it leaves out.

    Parameters
    ----------
    runner : callable
        Returns the runner that the page has now.
    """

    def __init__(self, runner: Callable[[], Runner]) -> None:
        self._runner = runner
        self._turn = threading.RLock()

    def call(self, work: Callable[[], None]) -> None:
        """Have ``work`` done soon on the runner's thread; returns at once."""
        runner = self._runner()

        def alone() -> None:
            with self._turn:
                if runner is self._runner():
                    work()

        runner.send("call", work=alone)
