"""Ctrl-C and a study that was killed: the workers end, and what had finished is kept."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

import psutil
import pytest

from kdviz.distill import durable

# Each run's student tells of itself when it is made. The runs of the first arm end soon, the others never.
STUDY = """
import os, sys
from dataclasses import replace
import torch
import kdviz as kd
from kdviz.study import folder as on_disk

def tell(line):
    os.write(1, f"{line}\\n".encode())  # at once: several processes write here

def student(seed):
    tell(f"begun {os.getpid()}")
    return kd.models.mlp((4,), inputs=4, classes=3, seed=seed)

if __name__ == "__main__":
    generator = torch.Generator().manual_seed(0)
    data = torch.randn(300, 4, generator=generator), torch.randint(0, 3, (300,), generator=generator)
    recipe = kd.Recipe(data="yours", objective=1.0 * kd.HardLabels(), epochs=1)
    arms = {"quick": recipe, "endless": replace(recipe, epochs=10**9)}
    study = kd.Study(arms, seeds=1, student=student, data=data)
    write = on_disk.write
    on_disk.write = lambda *told: (write(*told), tell("written"))
    try:
        study.run(sys.argv[1], progress=False, n_jobs=2)
    except KeyboardInterrupt as stopped:
        tell(f"{stopped}; left {study.left}, done {len(study.results)}")
"""


@pytest.fixture
def under_way(tmp_path):
    """A study in a process group of its own, two of its runs written, two under way in two workers."""
    script = tmp_path / "a_study.py"
    script.write_text(STUDY, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "kept")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    told: list[str] = []
    try:
        while told.count("written") < 2 or len(begun(told, process.pid)) < 4:
            line = process.stdout.readline()
            assert line, "\n".join(told)
            told.append(line.strip())
        yield process, [psutil.Process(pid) for pid in set(begun(told, process.pid))]
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def begun(told: list[str], main: int) -> list[int]:
    """The workers in which runs have begun, one entry a run."""
    pids = [int(line.split()[1]) for line in told if line.startswith("begun")]
    return [pid for pid in pids if pid != main]


def test_ctrl_c_in_a_terminal_stops_soon_and_keeps_what_had_finished(under_way, tmp_path):
    process, _ = under_way
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    told, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "stopped with 2 of 4 runs to do; run it again to continue; left 2, done 2" in told
    kept = [path for path in (tmp_path / "kept").iterdir() if path.name != durable.LOCK]
    assert len(kept) == 2 and all(path.suffix == ".json" for path in kept)


def test_workers_whose_study_was_killed_end_by_themselves(under_way):
    process, children = under_way
    process.kill()
    gone, alive = psutil.wait_procs(children, timeout=120)
    assert len(gone) == len(children) == 2 and not alive
