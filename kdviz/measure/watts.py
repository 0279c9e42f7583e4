"""What the machine draws, where it tells: the energy counters of the processor (RAPL), on Linux."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

COUNTERS = Path("/sys/class/powercap")


@dataclass
class Meter:
    """Reads the processor's energy counters; those of whole packages, not of their parts.

    Attributes
    ----------
    counters : tuple of Path
        Empty where the machine has none, or none that this user may read.

    Examples
    --------
    >>> Meter(Path("/nowhere")).watts(lambda: None) is None
    True
    """

    folder: Path = COUNTERS
    clock: Callable[[], float] = time.perf_counter
    counters: tuple[Path, ...] = field(init=False)

    def __post_init__(self) -> None:
        found = sorted(self.folder.glob("intel-rapl:?")) if self.folder.is_dir() else []
        self.counters = tuple(path for path in found if _read(path / "energy_uj") is not None)

    def watts(self, work: Callable[[], object]) -> float | None:
        """Return what the processor drew on average while ``work`` ran; None without counters.

        It is all of the processor, with whatever else runs on it, and nothing of memory, screen or power supply.
        """
        if not self.counters:
            work()
            return None
        before = [_read(path / "energy_uj") for path in self.counters]
        begun = self.clock()
        work()
        seconds = self.clock() - begun
        joules = 0.0
        for path, start in zip(self.counters, before, strict=True):
            end, most = _read(path / "energy_uj"), _read(path / "max_energy_range_uj")
            if start is None or end is None or (end < start and most is None):
                return None
            joules += (end - start + (most if end < start and most is not None else 0)) / 1e6  # it begins anew at most
        return joules / seconds if seconds > 0 else None


def _read(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
