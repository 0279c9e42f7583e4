"""The line before a full server: who comes first opens first, and who went away holds nobody up."""

from __future__ import annotations

import time
from collections.abc import Callable

AWAY_S = 20.0  # who has not asked for so long has gone


class Line:
    """Those who wait for a seat.

    Parameters
    ----------
    free : callable
        How many seats are free now.
    clock : callable
        Seconds.

    Examples
    --------
    >>> seats = [1]
    >>> line = Line(lambda: seats[0])
    >>> line.enters("ann")
    True
    >>> seats[0] = 0
    >>> line.enters("bob"), line.enters("eve"), line.place("eve")
    (False, False, 2)
    >>> seats[0] = 1
    >>> line.enters("eve"), line.enters("bob")
    (False, True)
    """

    def __init__(self, free: Callable[[], int], clock: Callable[[], float] = time.monotonic) -> None:
        self._free, self._clock = free, clock
        self._seen: dict[str, float] = {}  # in the order they came

    def place(self, who: str) -> int:
        """The place of `who` in the line, from 1; 0 when there is a seat. Who is not in it comes last."""
        now = self._clock()
        self._seen = {other: seen for other, seen in self._seen.items() if now - seen < AWAY_S}
        self._seen[who] = now
        return max(0, list(self._seen).index(who) + 1 - self._free())

    def enters(self, who: str) -> bool:
        """Whether `who` takes a seat now; otherwise they wait."""
        if self.place(who):
            return False
        del self._seen[who]
        return True

    def __len__(self) -> int:
        return len(self._seen)
