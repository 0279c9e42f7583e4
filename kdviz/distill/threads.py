"""How many torch threads to use: as many as the machine really gives this process."""

from __future__ import annotations

import math
import os
from pathlib import Path

import torch

CGROUP = Path("/sys/fs/cgroup")


def available_cpus(cgroup: Path = CGROUP) -> int:
    """Return the CPUs this process may use: the affinity mask, cut by the cgroup's quota (v2, then v1)."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    quota = _quota(cgroup)
    return max(1, min(allowed, math.ceil(quota))) if quota else max(1, allowed)


def leave_room() -> int:
    """Give torch all CPUs but one, at least one, so that a notebook's kernel can answer while it trains; return them.

    Small students are fastest on one thread anyway. Training in a script needs no such room: call ``run.train()``
    alone.
    """
    threads = max(1, available_cpus() - 1)
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    return threads


def _quota(cgroup: Path) -> float | None:
    """Return the CPU quota in CPUs, or None without a limit."""
    try:
        limit, period = (cgroup / "cpu.max").read_text().split()  # v2
        return None if limit == "max" else int(limit) / int(period)
    except (OSError, ValueError):
        pass
    try:
        limit_us = int((cgroup / "cpu" / "cpu.cfs_quota_us").read_text())  # v1
        period_us = int((cgroup / "cpu" / "cpu.cfs_period_us").read_text())
    except (OSError, ValueError):
        return None
    return limit_us / period_us if limit_us > 0 else None
