"""A server's folder goes with it; the next server removes what a killed one left, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kdviz.app import own_folder

KILLED = """
import os, signal
from kdviz.app import own_folder
with own_folder.held() as folder:
    (folder / "voila_1").mkdir()
    print(folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_the_next_server_removes_what_a_killed_one_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    other = tmp_path / "kdviz-kept"
    other.mkdir()
    link = tmp_path / "kdviz-serve-link"
    link.symlink_to(other)
    with own_folder.held() as first:
        ended = subprocess.run([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True)
        left = Path(ended.stdout.strip())
        assert left.parent == first.parent == tmp_path and left.is_dir()
        with own_folder.held() as second:
            assert first.is_dir() and second.is_dir(), "both servers live"
            assert not left.exists()
    assert sorted(tmp_path.iterdir()) == [other, link]
