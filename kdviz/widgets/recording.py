"""The recording of a run: a student's logits on a few watched examples, step by step, small enough to keep and to send.

A run can be replayed exactly at any step from its snapshots; that takes a moment. A film answers at once: it holds the
student's logits on N watched examples after some of the steps, two bytes a number.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

FILM_BYTES = 8 * 2**20
LARGEST = 32767


@dataclass(frozen=True)
class Frame:
    """The logits of one step as 16-bit whole numbers: logits = scale · numbers.

    Attributes
    ----------
    step : int
    scale : float
        The largest absolute logit / 32,767; so a logit is off by at most half of it.
    numbers : ndarray of int16, shape (N, C)
    """

    step: int
    scale: float
    numbers: np.ndarray

    @classmethod
    def of(cls, step: int, logits: np.ndarray) -> Frame:
        """Return the frame of ``logits`` (N, C).

        >>> frame = Frame.of(0, np.array([[1.0, -3.0]]))
        >>> bool(abs(frame.logits() - [[1.0, -3.0]]).max() <= frame.scale / 2)
        True
        """
        finite = np.nan_to_num(np.asarray(logits, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        scale = float(np.abs(finite).max(initial=0.0)) / LARGEST or 1.0
        return cls(step, scale, np.rint(finite / scale).astype("<i2"))

    def logits(self) -> np.ndarray:
        """Return the logits, float32, shape (N, C)."""
        return (self.numbers * self.scale).astype(np.float32)


class LogitRecording:
    """Frames in order of their steps. Over ``limit`` bytes every second one goes, never the first or the last.

    >>> film = LogitRecording()
    >>> for step in (0, 10, 20):
    ...     _ = film.put(Frame.of(step, np.full((2, 3), float(step))))
    >>> film.steps, film.before(15).step
    ([0, 10, 20], 10)
    """

    def __init__(self, limit: int = FILM_BYTES) -> None:
        self.limit = limit
        self._frames: list[Frame] = []

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def frames(self) -> tuple[Frame, ...]:
        return tuple(self._frames)

    @property
    def steps(self) -> list[int]:
        return [f.step for f in self._frames]

    @property
    def nbytes(self) -> int:
        return sum(f.numbers.nbytes for f in self._frames)

    def put(self, frame: Frame) -> bool:
        """Add a frame, in the place of one of the same step; return whether others had to go."""
        at = bisect_right(self._frames, frame.step, key=lambda f: f.step)
        if at and self._frames[at - 1].step == frame.step:
            self._frames[at - 1] = frame
        else:
            self._frames.insert(at, frame)
        thinned = False
        while len(self._frames) > 2 and self.nbytes > self.limit:
            first, *middle, last = self._frames
            self._frames = [first, *middle[1::2], last]
            thinned = True
        return thinned

    def before(self, step: int) -> Frame:
        """Return the last frame at or before ``step`` (the first frame where all come later)."""
        return self._frames[max(0, bisect_right(self._frames, step, key=lambda f: f.step) - 1)]

    def until(self, step: int) -> LogitRecording:
        """Return a film of the frames up to ``step``, for a branch."""
        other = LogitRecording(self.limit)
        other._frames = [f for f in self._frames if f.step <= step]
        return other
