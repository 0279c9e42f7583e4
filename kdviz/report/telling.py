"""How far a long look is: a bar with the time left, or what the caller wants to be told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from ..models.inference import Progress

AFTER_S = 2.0  # a look that is over sooner shows no bar


@contextmanager
def told(progress: Progress | bool) -> Iterator[Progress | None]:
    """Yield what a long look calls with (done, total): the caller's own, a bar's, or nothing."""
    if not isinstance(progress, bool):
        yield progress
        return
    if not progress:
        yield None
        return
    with tqdm(delay=AFTER_S, unit="pass", desc="Asking both models") as bar:

        def tell(done: int, total: int) -> bool:
            bar.total = total
            bar.update(done - bar.n)
            return True

        yield tell
