"""Memory: how much there is, how many viewers fit into it, and what each process takes of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1024**2
CGROUP = Path("/sys/fs/cgroup")
MEMORY = Path("/proc/meminfo")
SERVER = 700  # MB of the server, the warm process and what all kernels share
FORKED, SPAWNED = 240, 640  # MB of a viewer who has trained, beside that; python benchmarks/class.py measures it
IMPORTED = SPAWNED - FORKED  # of it what a spawned kernel has for itself before it trains
MOST = 90
UNKNOWN = 8000  # MB where the system does not tell


def free(memory: Path = MEMORY, cgroup: Path = CGROUP) -> int:
    """How much memory can be taken, in MB: the machine's, cut by the cgroup's limit.

    Examples
    --------
    >>> free() > 0
    True
    """
    try:
        machine = int(memory.read_text().partition("MemAvailable:")[2].split()[0]) // 1024
    except (OSError, IndexError, ValueError):
        return UNKNOWN
    try:
        limit, taken = (int((cgroup / name).read_text()) for name in ("memory.max", "memory.current"))
        stat = dict(line.split() for line in (cgroup / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):  # "max": no limit
        return machine
    return min(machine, max(1, (limit - taken + int(stat.get("inactive_file", 0))) // MEGABYTE))


def viewers(megabytes: int, *, forked: bool) -> int:
    """How many viewers fit into so much memory, each with a run.

    Examples
    --------
    >>> viewers(8000, forked=True), viewers(8000, forked=False), viewers(500, forked=True)
    (30, 11, 1)
    """
    return max(1, min(MOST, (megabytes - SERVER) // (FORKED if forked else SPAWNED)))


def of_each(megabytes: int) -> int:
    """What one kernel may take when there is so much for all, in MB: more than a fair share, as few take it.

    Examples
    --------
    >>> of_each(8000), of_each(64000)
    (1000, 4000)
    """
    return min(4000, max(600, megabytes // 8))


@dataclass(frozen=True)
class Usage:
    """What a process takes.

    Attributes
    ----------
    own : int
        Memory that would be free without it, in MB.
    share : int
        The same with its part of what it shares, in MB.
    seconds : float
        Time on a CPU so far.
    """

    own: int
    share: int
    seconds: float


def usage(pid: int) -> Usage | None:
    """What a process takes now; None where it has ended, or the system does not tell.

    Examples
    --------
    >>> usage(2**30) is None
    True
    """
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    own = sizes.get("Private_Clean", 0) + sizes.get("Private_Dirty", 0)
    ticks = int(times[11]) + int(times[12])
    return Usage(own // 1024, sizes.get("Pss", 0) // 1024, ticks / os.sysconf("SC_CLK_TCK"))
