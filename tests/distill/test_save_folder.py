"""A save that is not what was written is refused in one sentence, which says how to load the one before."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import textwrap
from functools import partial

import pytest
import torch

import kdviz as kd
from kdviz.distill import durable, save_folder

from ..damage import COUNT, is_a_sentence, of_bytes, of_json, refused
from .conftest import same_weights, small


@pytest.fixture
def saved(make, tmp_path):
    """A folder with two saves, of steps 5 and 9, and the run as it was then."""
    run = make()
    for _ in range(5):
        run.step()
    run.save(tmp_path / "run")
    for _ in range(4):
        run.step()
    run.evaluate()
    run.save(tmp_path / "run")
    return tmp_path / "run", run


def in_force(folder):
    return folder / (folder / durable.CURRENT).read_text()


def same_run(one: kd.Distillation, other: kd.Distillation) -> bool:
    return (
        same_weights(one.student, other.student)
        and one.history.rows.tobytes() == other.history.rows.tobytes()
        and one.history.evaluations == other.history.evaluations
        and one.steps_done == other.steps_done
    )


@pytest.mark.parametrize("kind", ["run.json", "tensors.safetensors", "snapshot-9.safetensors", "CURRENT"])
def test_damage_to_a_save_is_a_sentence_or_changes_nothing(saved, clouds, kind):
    folder, run = saved
    file = folder / kind if kind == "CURRENT" else in_force(folder) / kind
    whole, count = file.read_bytes(), 0
    mutants = of_json(whole.decode()) if kind == "run.json" else of_bytes(whole)
    for done, damaged in mutants:
        file.write_bytes(damaged)
        gone, loaded = refused(partial(kd.Distillation.load, folder, data=clouds), done)
        count += gone
        if gone:
            assert re.search(r"the save of step [59] is intact: load that one, kd\.Distillation\.load\('", loaded), done
        else:
            assert damaged == whole or kind == "CURRENT", done
            assert same_run(loaded, run), done
    print(f"\n{count} of {COUNT} saves with a damaged {kind} are refused, the others load bit for bit")
    assert count > 0.9 * COUNT


@pytest.mark.parametrize(
    "damage",
    [
        lambda told: told.update(steps_done=10),
        lambda told: told["history"]["evaluations"][0].update(errors=0),
        lambda told: told["recipe"].update(seed=1),
        lambda told: told["files"]["tensors.safetensors"].update(bytes=3),
        lambda told: told["files"].pop("snapshot-9.safetensors"),
        lambda told: told["files"].update({"../../run.json": told["files"]["tensors.safetensors"]}),
    ],
    ids=["steps_done + 1", "an evaluation", "the seed", "the hash", "a file less", "a file outside"],
)
def test_numbers_that_were_edited_are_never_loaded(saved, clouds, damage):
    folder, _ = saved
    file = in_force(folder) / "run.json"
    told = json.loads(file.read_text())
    damage(told)
    file.write_text(json.dumps(told, indent=1))
    with pytest.raises(ValueError, match=r"run\.json is not what was written") as said:
        kd.Distillation.load(folder, data=clouds)
    assert is_a_sentence(said.value)
    before = re.search(r"kd\.Distillation\.load\('(.*)'\)", str(said.value))
    assert before is not None
    assert kd.Distillation.load(before[1], data=clouds).steps_done == 5, "what the sentence says can be done"
    kd.Distillation.load(before[1], data=clouds).save(folder)
    assert kd.Distillation.load(folder, data=clouds).steps_done == 5


def test_where_no_save_is_whole_it_says_so(saved, clouds):
    folder, _ = saved
    for file in folder.glob("*/tensors.safetensors"):
        file.write_bytes(b"\x00" * 40)
    with pytest.raises(ValueError, match="there is no other intact save: restore it from a copy, or start anew"):
        kd.Distillation.load(folder, data=clouds)


def test_all_parts_of_the_data_must_be_the_runs(saved, clouds):
    from dataclasses import replace

    folder, _ = saved
    for part in ("validation", "test"):
        other = replace(clouds, **{part: getattr(clouds, part).take(slice(0, 50))})
        with pytest.raises(ValueError, match=f"the {part} part of the data is not the run's"):
            kd.Distillation.load(folder, data=other)
    with pytest.raises(ValueError, match=r"expected the run's classes, .*, got data with a, b, c"):
        kd.Distillation.load(folder, data=replace(clouds, classes=("a", "b", "c")))


def test_what_a_save_cannot_hold_is_said_with_its_name(make, tmp_path):
    class Odd(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = small()
            self.register_buffer("odd", torch.zeros(2, dtype=torch.complex128))

        def forward(self, x):
            return self.inner(x)

    with pytest.raises(ValueError, match=r"0/student/odd is a tensor of torch\.strided and torch\.complex128"):
        make(Odd()).save(tmp_path)
    assert list(tmp_path.iterdir()) == []


FULL = textwrap.dedent(
    """
    import resource, signal, sys
    import torch, kdviz as kd
    torch.set_num_threads(1)
    X, y = torch.randn(64, 4, generator=torch.Generator().manual_seed(0)), torch.arange(64) % 3
    teacher = kd.models.mlp((20,), inputs=4, classes=3).eval()
    run = kd.Distillation(teacher, kd.models.mlp((200, 200), inputs=4, classes=3, seed=1), (X, y), epochs=100,
                          batch_size=8, snapshot_every=1000, allow_weaker_teacher=True)
    run.step()
    run.save(sys.argv[1])
    run.step()
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
    try:
        run.save(sys.argv[1])
    except OSError as error:
        print(type(error).__name__, error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert kd.Distillation.load(sys.argv[1], data=(X, y)).steps_done == 1
    print(*sorted(path.name.split("-")[0] for path in __import__("pathlib").Path(sys.argv[1]).iterdir()))
    run.save(sys.argv[1])
    assert kd.Distillation.load(sys.argv[1], data=(X, y)).steps_done == 2
    """
)


@pytest.mark.parametrize("room", [100_000, 10], ids=["the tensors do not fit", "nothing fits"])
def test_a_disk_that_is_full_is_one_sentence_and_the_save_before_stays_in_force(tmp_path, room):
    """A limit on the size of a file is what a process can have of a full disk without being root."""
    command = [sys.executable, "-c", FULL, str(tmp_path), str(room)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert re.fullmatch(r"OSError the save needs \d\.\d MB in .* and could not be written: .*File too large.*", told[0])
    assert told[1:] == [".lock CURRENT save"], "nothing half written is left"


def test_the_room_that_is_missing_is_told(make, tmp_path, monkeypatch):
    make().save(tmp_path)
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(durable.shutil, "disk_usage", lambda _: usage)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(save_folder, "save_file", full)
    with pytest.raises(OSError, match=r"the save needs 0\.1 MB in .*: 0\.0 MB are free, 0\.1 MB are missing") as said:
        make().save(tmp_path)
    assert "\n" not in str(said.value)


def test_a_student_that_keeps_something_else_than_tensors_is_no_save(make, tmp_path):
    class Counts(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.seen = small(), {"calls": 0}

        def forward(self, x):
            return self.inner(x)

        def get_extra_state(self):
            return self.seen

        def set_extra_state(self, state):
            self.seen = state

    run = make(Counts())
    run.step()
    with pytest.raises(
        ValueError, match=r"its student keeps something else .*torch\.save\(run\.student\.state_dict"
    ) as said:
        run.save(tmp_path / "run")
    assert is_a_sentence(said.value) and not (tmp_path / "run").exists()
    torch.save(run.student.state_dict(), tmp_path / "student.pt")
    again = Counts()
    again.load_state_dict(torch.load(tmp_path / "student.pt"))
    assert same_weights(again.inner, run.student.inner)
