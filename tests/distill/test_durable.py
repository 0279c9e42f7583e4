"""Several processes may save into one folder: whatever they do to one another, a whole save is in force."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest
import torch

import kdviz as kd
from kdviz.distill import durable

BEGIN = textwrap.dedent(
    """
    import sys, torch, kdviz as kd
    torch.set_num_threads(1)
    X, y = torch.randn(64, 4, generator=torch.Generator().manual_seed(0)), torch.arange(64) % 3
    teacher = kd.models.mlp((20,), inputs=4, classes=3).eval()
    run = kd.Distillation(teacher, kd.models.mlp((8,), inputs=4, classes=3, seed=1), (X, y), epochs=100_000,
                          batch_size=8, snapshot_every=1000, allow_weaker_teacher=True)
    """
)
# Says when it has written its save and not yet put it in force, and waits there for a line.
HELD = BEGIN + textwrap.dedent(
    """
    from kdviz.distill import save_folder

    def held(*given, then=save_folder.point_to):
        print("held", flush=True)
        sys.stdin.readline()
        return then(*given)

    save_folder.point_to = held
    run.step()
    run.save(sys.argv[1])
    print("saved", flush=True)
    """
)
OFTEN = BEGIN + textwrap.dedent(
    """
    for _ in range(int(sys.argv[2])):
        run.step()
        run.save(sys.argv[1])
        loaded = kd.Distillation.load(sys.argv[1], data=(X, y))
        assert loaded.steps_done == len(loaded.history) > 0
    """
)


def started(code: str, *words: object) -> subprocess.Popen:
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def complaints(process: subprocess.Popen) -> list[str]:
    """Return what a program wrote to standard error, less torch's notes of packages that it does without."""
    return [line for line in process.communicate()[1].splitlines() if "not found; flop counting" not in line]


def data() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(64, 4, generator=torch.Generator().manual_seed(0)), torch.arange(64) % 3


def test_a_saver_waits_for_the_one_before(tmp_path):
    with started(HELD, tmp_path) as first:
        assert first.stdout is not None
        assert first.stdin is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(TimeoutError, match="another process has been writing to"), durable.only_writer(tmp_path, 0):
            raise AssertionError("two writers at once")
        with started(OFTEN, tmp_path, 1) as second:
            with pytest.raises(subprocess.TimeoutExpired):
                second.wait(timeout=0.5)
            said = first.communicate("\n")[0]
            assert said == "saved\n"
            assert complaints(second) == []
    assert first.returncode == second.returncode == 0
    assert kd.Distillation.load(tmp_path, data=data()).steps_done == 1


def test_a_saver_killed_while_it_writes_holds_nobody_up(tmp_path):
    with started(HELD, tmp_path) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        first.kill()
    with pytest.raises(FileNotFoundError, match="no complete save, and the save of step 1 is intact"):
        kd.Distillation.load(tmp_path, data=data())
    (tmp_path / "fresh-01234567").mkdir()
    (tmp_path / "CURRENT.01234567").touch()
    with started(OFTEN, tmp_path, 1) as second:
        assert complaints(second) == []
    assert kd.Distillation.load(tmp_path, data=data()).steps_done == 1
    left = [path.name for path in tmp_path.iterdir() if path.name not in (durable.CURRENT, durable.LOCK)]
    assert len(left) == 2 and all(name.startswith("save-") for name in left), "what the dead ones left is cleared away"


def test_many_processes_save_into_one_folder_and_load_from_it(tmp_path):
    several = [started(OFTEN, tmp_path, 15) for _ in range(3)]
    assert [complaints(process) for process in several] == [[], [], []]
    assert kd.Distillation.load(tmp_path, data=data()).steps_done > 0
