"""How much memory there is, and what processes take."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from kdviz.app import room


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def test_the_smaller_of_machine_and_container_counts(tmp_path: Path) -> None:
    memory = tmp_path / "meminfo"
    memory.write_text("MemTotal: 16384000 kB\nMemAvailable: 8192000 kB\n")
    assert room.free(memory, tmp_path / "none") == 8000
    files = {"memory__max": str(2000 * 1024**2), "memory__current": str(900 * 1024**2)}
    cgroup = written(tmp_path, **files, memory__stat=f"anon 1\ninactive_file {100 * 1024**2}\n")
    assert room.free(memory, cgroup) == 1200
    written(tmp_path, memory__max="max\n")
    assert room.free(memory, cgroup) == 8000
    assert room.free(tmp_path / "nowhere", cgroup) == room.UNKNOWN


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells it")
def test_what_a_process_takes_grows_with_what_it_holds() -> None:
    before = room.usage(os.getpid())
    held = b"x" * (64 * room.MEGABYTE)
    after = room.usage(os.getpid())
    assert before is not None and after is not None
    assert after.own - before.own > 50 and len(held)
    assert after.seconds > 0 and after.share >= after.own
