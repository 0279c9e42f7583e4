"""Kernels forked from a warm process: as good as new ones, nobody else's, and ended with the server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.manager import KernelManager

from kdviz.app import forks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux")

# What a run draws and computes; and what packages decide once, when they are imported.
RUN = """
import hashlib
import torch
import kdviz as kd
student = kd.models.build({"name": "mlp", "hidden": [8], "inputs": 91, "classes": 2, "dropout": 0.1}, seed=1)
data = kd.data.load("adult").with_labels(500, seed=0)
objective = kd.hinton(0.5, 2.0)
run = kd.Distillation(kd.models.pretrained("adult-mlp"), student, data, objective, epochs=2, batch_size=50, seed=3)
run.train(progress=False)
import plotly.io, tqdm.auto
from comm import get_comm_manager
print(plotly.io.renderers.default, tqdm.auto.tqdm.__module__, sorted(get_comm_manager().targets), __name__)
weights = b"".join(value.numpy().tobytes() for value in run.student.state_dict().values())
print(torch.get_num_threads(), hashlib.sha256(weights).hexdigest(), run.evaluate("test").errors)
"""
# Looks for two halves that stand next to one another, in all that this process can write to.
SEARCH = """
found = 0
half, other = {half!r}, {other!r}
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb") as memory:
    for line in maps:
        where, rights = line.split()[:2]
        if rights.startswith("rw"):
            start, end = (int(part, 16) for part in where.split("-"))
            memory.seek(start)
            try:
                read = memory.read(end - start)
            except OSError:  # given back to the system meanwhile
                continue
            for part in read.split(half)[1:]:
                found += part.startswith(other)
print(found)
"""


@pytest.fixture(scope="module")
def warm() -> Iterator[forks.Warm]:
    made = forks.Warm()
    with forks.use(made):
        made.start()
        assert made.pid is not None
        os.kill(made.pid, signal.SIGKILL)  # the first kernel finds it gone, and another is made
        yield made


class Kernel:
    """A kernel and a client of it."""

    def __init__(self, **env: str) -> None:
        self.manager = KernelManager(transport_encryption="auto")
        self.manager.start_kernel(env={**os.environ, **env})
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    @property
    def process(self) -> Any:
        return self.manager.provisioner.process  # type: ignore[union-attr]

    def said(self, code: str) -> str:
        """What a cell printed, or the name of what it raised."""
        parts: list[str] = []

        def heard(message: dict[str, Any]) -> None:
            parts.append(message["content"].get("text", "") or message["content"].get("ename", ""))

        self.client.execute_interactive(code, output_hook=heard, timeout=120)
        return "".join(parts).strip()


@contextmanager
def kernel(**env: str) -> Iterator[Kernel]:
    made = Kernel(**env)
    try:
        yield made
    finally:
        made.client.stop_channels()
        made.manager.shutdown_kernel(now=True)


def test_a_forked_kernel_computes_what_a_spawned_one_does(warm: forks.Warm, monkeypatch: pytest.MonkeyPatch) -> None:
    with kernel() as forked:
        assert psutil.Process(forked.process.pid).ppid() == os.getpid()
        assert isinstance(forked.process, forks.Forked)
        ours = forked.said(RUN)
    monkeypatch.setattr(forks.Forks, "warm", None)
    with kernel() as spawned:
        assert isinstance(spawned.process, subprocess.Popen)
        assert spawned.said(RUN) == ours
    assert len(ours.split()[-2]) == 64, "a hash, and no error"


def test_a_kernel_is_interrupted_restarted_and_reaped(warm: forks.Warm) -> None:
    with kernel() as one:
        before = one.process.pid
        assert "ipykernel_launcher -f" in " ".join(psutil.Process(before).cmdline())
        sent = one.client.execute("import signal, os\nos.kill(os.getpid(), signal.SIGINT)\nwhile True: pass")
        while one.client.get_shell_msg(timeout=60)["parent_header"]["msg_id"] != sent:
            pass  # a second answer to what it was asked when it started, on a busy machine
        one.manager.restart_kernel(now=True)
        one.client.wait_for_ready(timeout=60)
        assert one.process.pid != before
        assert not psutil.pid_exists(before), "no zombie is left"
        ended = one.process
        os.kill(ended.pid, signal.SIGKILL)
        assert ended.wait(20) == -signal.SIGKILL
        assert not one.manager.is_alive()


def test_nothing_of_a_viewer_is_in_another_ones_kernel(warm: forks.Warm) -> None:
    half, other = b"first-half-of-what-", b"nobody-else-may-see"
    secret = (half + other).decode()
    with kernel(QUERY_STRING=secret) as one, kernel() as two:
        search = SEARCH.format(half=half, other=other)
        assert int(one.said(search)) > 0, "it would be found"
        assert two.said(search) == "0"
        key = one.manager.session.key
        assert two.said(SEARCH.format(half=key[:9], other=key[9:])) == "0"
        draws = "import random, numpy, torch, uuid\n"
        draws += "print(random.random(), numpy.random.rand(), torch.rand(1).item(), uuid.uuid4())"
        assert not set(one.said(draws).split()) & set(two.said(draws).split())
        assert two.said("import os; print('QUERY_STRING' in os.environ, os.getsid(0) == os.getpid())") == "False True"


@pytest.mark.parametrize("forked", [True, False], ids=["forked", "spawned"])
def test_a_kernel_that_wants_too_much_memory_says_so_and_lives(
    warm: forks.Warm, forked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forks.Forks, "megabytes", 300)
    if not forked:
        monkeypatch.setattr(forks.Forks, "warm", None)
    with kernel() as one:
        small = "import torch\nprint(torch.zeros(10_000_000).sum().item())"
        assert one.said(small) == "0.0"
        told = one.said("try: torch.zeros(10**9)\nexcept RuntimeError as error: print(error)")
        assert "can't allocate memory" in told, "what a page turns into a sentence"
        assert one.said("print(1)") == "1"


SERVER = """
import os, sys, time
from jupyter_client.manager import KernelManager
from kdviz.app import forks
warm = forks.Warm()
with forks.use(warm):
    manager = KernelManager(connection_file=sys.argv[1])
    manager.start_kernel()
    print(manager.provisioner.process.pid, warm.pid, flush=True)
    time.sleep(600)
"""


def test_all_end_with_the_server(tmp_path: Path) -> None:
    given = [sys.executable, "-c", SERVER, str(tmp_path / "kernel.json")]
    with subprocess.Popen(given, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        processes = [psutil.Process(int(pid)) for pid in server.stdout.readline().split()]
        assert len(processes) == 2
        server.kill()
    gone, alive = psutil.wait_procs(processes, timeout=20)
    assert len(gone) == 2, alive
