"""Progress of a long look: a bar with the time left, or the caller's own callback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from ..models.inference import Progress

AFTER_S = 2.0  # seconds; a shorter look shows no bar


@contextmanager
def callback(progress: Progress | bool) -> Iterator[Progress | None]:
    """Yield the function that a long look calls with (done, total): the caller's, a bar's, or None."""
    if not isinstance(progress, bool):
        yield progress
        return
    if not progress:
        yield None
        return
    with tqdm(delay=AFTER_S, unit="pass", desc="Asking both models") as bar:

        def update(done: int, total: int) -> bool:
            bar.total = total
            bar.update(done - bar.n)
            return True

        yield update
