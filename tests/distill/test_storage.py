"""A saved run comes back as it was, whatever happens while it is written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import warnings
import weakref

import pytest
import torch

import kdviz as kd
from kdviz.distill import durable

from .conftest import same_weights, small


def test_a_loaded_run_goes_on_bit_for_bit(make, teacher, clouds, tmp_path):
    run = make(small(dropout=0.2)).train(epochs=2, progress=False)
    run.edit(temperature=2.0, learning_rate=kd.schedules.Cosine(1e-2))
    run.train(epochs=1, progress=False)
    run.save(tmp_path / "run")
    loaded = kd.Distillation.load(tmp_path / "run", teacher=teacher, data=clouds)
    assert loaded.history.rows.tobytes() == run.history.rows.tobytes()
    assert loaded.history.edits == run.history.edits and loaded.history.evaluations == run.history.evaluations
    for r in (run, loaded):
        r.train(progress=False)
    assert same_weights(loaded.student, run.student)
    assert loaded.history.rows.tobytes() == run.history.rows.tobytes()
    assert same_weights(loaded.at(17), run.at(17))


def test_the_folder_holds_safetensors_and_json_only(make, tmp_path):
    run = make()
    for _ in range(3):
        run.step()
        run.save(tmp_path / "run")
    files = sorted(p.name for p in (tmp_path / "run").rglob("*") if p.is_file())
    assert files == [
        *(".lock", "CURRENT", "run.json", "run.json"),
        *(f"snapshot-{step}.safetensors" for step in (0, 0, 1, 1, 2, 2, 3)),
        *["tensors.safetensors"] * 2,
    ], "the save before stays"
    assert (tmp_path / "run" / ".lock").read_bytes() == b""


def test_a_save_holds_one_snapshot_at_a_time_in_memory(make, clouds, tmp_path, monkeypatch):
    from kdviz.distill import snapshot

    run = make(snapshot_every=1)
    run._store.limit = 1
    for _ in range(12):
        run.step()
    assert sum(isinstance(held, snapshot.OnDisk) for held in run.snapshots) == 12
    alive, read = [], snapshot.OnDisk.load

    def counted(waiting):
        found = read(waiting)
        alive[:] = [one for one in alive if one() is not None]
        if all(one() is not found for one in alive):
            alive.append(weakref.ref(found))
        most.append(len(alive))
        return found

    most: list[int] = []
    monkeypatch.setattr(snapshot.OnDisk, "load", counted)
    run.save(tmp_path)
    assert 1 <= max(most) <= 2
    loaded = kd.Distillation.load(tmp_path, teacher=run.teacher, data=clouds)
    assert same_weights(loaded.at(5), run.at(5))


def test_a_teacher_kdviz_can_build_is_saved_with_the_run(make, teacher, clouds, tmp_path):
    run = make()
    run.step()
    run.save(tmp_path)
    loaded = kd.Distillation.load(tmp_path, data=clouds)
    assert same_weights(loaded.teacher.module, teacher)


def quantized(net):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.ao.quantization.quantize_dynamic(net.eval(), {torch.nn.Linear})


def with_adjacency(net):
    net.register_buffer("adjacency", torch.eye(4).to_sparse())
    return net


def with_another_head(net):
    head = torch.nn.Linear(3, 3)
    torch.nn.init.zeros_(head.bias)
    torch.nn.init.eye_(head.weight)  # another draw may turn the classes round, which is warned of
    net.logits = torch.nn.Sequential(net.logits, head)
    return net


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
@pytest.mark.parametrize(
    "changed",
    [quantized, with_adjacency, with_another_head, lambda net: net.bfloat16(), lambda net: net.double()],
    ids=["int8", "sparse", "head", "bfloat16", "float64"],
)
def test_a_teacher_that_outgrew_its_description_is_asked_for(make, clouds, tmp_path, changed):
    shape = {"hidden": (8,), "inputs": clouds.shape[0], "classes": len(clouds.classes)}
    teacher = changed(kd.models.mlp(**shape, seed=1)).eval()
    run = make(teacher=teacher)
    run.step()
    run.save(tmp_path)
    with pytest.raises(
        ValueError, match="the run's teacher is a model of your own that kdviz cannot build; pass it as"
    ):
        kd.Distillation.load(tmp_path, data=clouds)
    assert same_weights(kd.Distillation.load(tmp_path, teacher=teacher, data=clouds).student, run.student)


def test_a_student_in_another_dtype_is_asked_for(make, teacher, clouds, tmp_path):
    run = make(small().double())
    run.step()
    run.save(tmp_path)
    with pytest.raises(ValueError, match="student"):
        kd.Distillation.load(tmp_path, teacher=teacher, data=clouds)
    loaded = kd.Distillation.load(tmp_path, teacher=teacher, student=small().double(), data=clouds)
    assert same_weights(loaded.student, run.student)
    assert {p.dtype for p in loaded.student.parameters()} == {torch.float64}


def test_other_data_or_another_teacher_is_refused(make, teacher, clouds, tmp_path):
    make().save(tmp_path)
    with pytest.raises(ValueError, match="data of your own"):
        kd.Distillation.load(tmp_path)
    with pytest.raises(ValueError, match="the data are not those the run learned from"):
        kd.Distillation.load(tmp_path, data=clouds.with_labels(90))
    with pytest.raises(ValueError, match="the teacher is not the run's teacher"):
        kd.Distillation.load(tmp_path, data=clouds, teacher=kd.models.mlp((32,), inputs=4, classes=3, seed=9).eval())


def test_two_threads_may_save_into_one_folder(make, clouds, tmp_path):
    runs = [make(), make()]
    for run in runs:
        run.step()

    def save_often(run):
        for _ in range(25):
            run.save(tmp_path)

    threads = [threading.Thread(target=save_often, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kd.Distillation.load(tmp_path, data=clouds).steps_done == 1
    assert len(list(tmp_path.glob("save-*"))) == 2


def test_a_missing_or_damaged_save_is_said_in_a_sentence(make, clouds, tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no complete save"):
        kd.Distillation.load(tmp_path / "nowhere")
    make().save(tmp_path)
    saved = tmp_path / (tmp_path / durable.CURRENT).read_text()
    (saved / "tensors.safetensors").write_bytes(b"\x00" * 40)
    with pytest.raises(ValueError, match="is damaged"):
        kd.Distillation.load(tmp_path, data=clouds)
    (tmp_path / durable.CURRENT).write_text("../../elsewhere")
    with pytest.raises(ValueError, match="must name a save beside it"):
        kd.Distillation.load(tmp_path, data=clouds)


SAVE_FOR_EVER = textwrap.dedent(
    """
    import sys, torch, kdviz as kd
    torch.set_num_threads(1)
    X, y = torch.randn(64, 4, generator=torch.Generator().manual_seed(0)), torch.arange(64) % 3
    teacher = kd.models.mlp((300, 300), inputs=4, classes=3).eval()
    run = kd.Distillation(teacher, kd.models.mlp((300, 300), inputs=4, classes=3, seed=1), (X, y), epochs=100_000,
                          batch_size=8, snapshot_every=1000, allow_weaker_teacher=True)
    while True:
        run.step()
        run.save(sys.argv[1])
        print(run.steps_done, flush=True)
    """
)


@pytest.mark.parametrize("wait_s", [0.0, 0.003, 0.009, 0.017])
def test_killed_at_any_moment_the_last_complete_save_loads(tmp_path, wait_s):
    process = subprocess.Popen([sys.executable, "-c", SAVE_FOR_EVER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    told = 0
    while told < 3:
        told = int(process.stdout.readline())
    time.sleep(wait_s)  # the moment of death, somewhere within a save
    os.kill(process.pid, signal.SIGKILL)
    rest = process.communicate()[0].split()
    told = max([told, *map(int, rest)])
    described = json.loads((tmp_path / (tmp_path / "CURRENT").read_text() / "run.json").read_text())
    assert described["steps_done"] in (told, told + 1)
    X, y = torch.randn(64, 4, generator=torch.Generator().manual_seed(0)), torch.arange(64) % 3
    loaded = kd.Distillation.load(tmp_path, data=(X, y))
    assert loaded.steps_done == described["steps_done"] == len(loaded.history)
    loaded.step()
