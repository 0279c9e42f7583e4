"""A run on disk: safetensors for tensors, JSON for the rest, one folder, never half written.

Each save goes to a new folder inside ``folder``; when all of it is on the disk, the one-line file ``CURRENT`` is
replaced to name it. Whoever dies in between leaves the save before in force.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from .. import data as data_sets
from .. import models
from ..models.architecture import rebuildable
from .durable import CURRENT, only_writer, point_to, to_disk
from .history import History
from .in_force import InForce
from .recipe import Recipe
from .snapshot import Snapshot
from .teacher import Teacher, weight_hash

if TYPE_CHECKING:
    from .distillation import Distillation

VERSION = 1


def save(run: Distillation, folder: str | Path) -> Path:
    """Write ``run`` into ``folder`` and return it as a path; see :meth:`kdviz.Distillation.save`."""
    folder = Path(folder)
    with run.lock:
        run._check_teacher()
        run.snapshot()
        described, tensors = describe(run, tuple(run._shelf))
        for snapshot in run._shelf:
            tensors |= snapshot_tensors(snapshot)
        tensors = {name: on_its_own(tensor) for name, tensor in tensors.items()}
    text = json.dumps(described, indent=1)
    folder.mkdir(parents=True, exist_ok=True)
    with only_writer(folder):
        _write(folder, described["steps_done"], tensors, text)
    return folder


def _write(folder: Path, step: int, tensors: dict[str, Tensor], text: str) -> None:
    """Write a save beside the one in force, then put it in force, then clear the old away; as the only writer."""
    name = f"save-{step:08d}-{uuid.uuid4().hex[:8]}"
    fresh = folder / name
    fresh.mkdir()
    save_file(tensors, fresh / "tensors.safetensors")
    (fresh / "run.json").write_text(text, encoding="utf-8")
    for file in fresh.iterdir():
        to_disk(file)
    point_to(folder, name)
    for old in folder.glob("save-*"):
        if old.name != name:
            shutil.rmtree(old, ignore_errors=True)
    for pointer in folder.glob(f"{CURRENT}.*"):  # of a process that died: as the only writer we know that none lives
        pointer.unlink(missing_ok=True)


def load(
    folder: str | Path,
    *,
    teacher: nn.Module | Teacher | None = None,
    student: nn.Module | None = None,
    data: Any = None,
    **own: Any,
) -> Distillation:
    """Return the run saved in ``folder``, at the step and with the history it had.

    Parameters
    ----------
    folder : path
    teacher, student, data
        Only needed where the run used your own: a teacher that is not shipped, a module kdviz cannot build, your data.
    **own
        ``optimizer`` and ``augment``, where they were functions of your own.

    Raises
    ------
    FileNotFoundError
        If the folder holds no complete save.
    ValueError
        If a part is missing, or is not what the run was made with.
    """
    described, tensors = _read(Path(folder))
    return restore(described, tensors, teacher=teacher, student=student, data=data, **own)


def restore(
    described: dict[str, Any],
    tensors: dict[str, Tensor],
    *,
    teacher: nn.Module | Teacher | None = None,
    student: nn.Module | None = None,
    data: Any = None,
    **own: Any,
) -> Distillation:
    """Return the run that `describe` and `snapshot_tensors` wrote down; arguments and errors as in `load`."""
    recipe = Recipe.from_dict(described["recipe"])
    missing = [name for name in ("optimizer", "augment") if getattr(recipe, name) == "custom" and name not in own]
    if missing:
        raise ValueError(f"the run's {missing[0]} was a function of your own; pass it as {missing[0]}=")
    if data is None and recipe.data not in data_sets.names():
        raise ValueError(f"the run learned from data of your own ({recipe.data}); pass it as data=")
    data = data_sets.splits(data) if data is not None else recipe.load_data()
    if data.train.fingerprint() != described["transfer_set"]:
        raise ValueError("the data given is not what the run learned from (its content differs); pass the same data")
    if teacher is None and described["teacher"] and recipe.teacher is None:
        teacher = _saved_teacher(described, tensors)
    if student is None and recipe.student is None and described.get("student_architecture") is not None:
        student = models.build(described["student_architecture"])  # it began with something learned
    more = {"snapshot_every": described["snapshot_every"], "allow_weaker_teacher": True, **own}
    run = recipe.distillation(teacher=teacher, student=student, data=data, **more)
    if described.get("groups", "") != _groups_mark(run):
        raise ValueError("the data given are not what the run learned from (the groups differ); pass the same data")
    if run.teacher is not None and weight_hash(run.teacher.module) != described["teacher"]:
        raise ValueError("the teacher given is not the run's teacher (its weights differ); pass the same teacher")
    _put_back(run, described, tensors)
    return run


def describe(
    run: Distillation, snapshots: Sequence[Snapshot], recipe: Recipe | None = None
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return what JSON can hold of a run, and those of its tensors that are no snapshot's.

    The caller holds the run's lock. ``snapshots`` are the ones that are kept with it, the last one of now; ``recipe``
    is the run's, where the caller knows it.
    """
    tensors: dict[str, Tensor] = {"history": torch.from_numpy(run.history.rows.copy())}
    plain = {
        f"{snapshot.step}/optimizer/{index}/{name}": value
        for snapshot in snapshots
        for index, state in snapshot.optimizer.items()
        for name, value in state.items()
        if not isinstance(value, Tensor)
    }
    teacher = run.teacher.module if run.teacher is not None else None
    recipe = run.recipe if recipe is None else recipe
    teacher_architecture = rebuildable(teacher) if recipe.teacher is None else None
    if teacher is not None and teacher_architecture is not None:
        tensors |= {f"teacher/{name}": tensor for name, tensor in teacher.state_dict().items()}
    described = {
        "version": VERSION,
        "steps_done": run.steps_done,
        "recipe": recipe.to_dict(),
        "history": run.history.to_dict(),
        "optimizer_plain": plain,
        "snapshots": [s.step for s in snapshots],
        "teacher": run._teacher_mark,
        "teacher_architecture": teacher_architecture,
        "student_architecture": rebuildable(run.student),
        "snapshot_every": run.settings.snapshot_every,
        "transfer_set": run.data.train.fingerprint(),
        "groups": _groups_mark(run),
        "torch_threads": torch.get_num_threads(),
    }
    return described, tensors


def _groups_mark(run: Distillation) -> str:
    """Return the fingerprint of the groups that a penalty reads; empty without one."""
    return "" if run._grouping is None else run._grouping.fingerprint()


def snapshot_tensors(snapshot: Snapshot) -> dict[str, Tensor]:
    """Return the tensors of a snapshot by the names that `restore` knows them by."""
    tensors = {f"{snapshot.step}/student/{name}": tensor for name, tensor in snapshot.student.items()}
    tensors |= {f"{snapshot.step}/companions/{name}": tensor for name, tensor in snapshot.companions.items()}
    for index, state in snapshot.optimizer.items():
        for name, value in state.items():
            if isinstance(value, Tensor):
                tensors[f"{snapshot.step}/optimizer/{index}/{name}"] = value
    return tensors


def on_its_own(tensor: Tensor) -> Tensor:
    """Return a copy that shares no memory, as safetensors wants it."""
    return tensor.detach().cpu().clone(memory_format=torch.contiguous_format)


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return what the save in force holds; one that another process replaces meanwhile is read anew."""
    name = _in_force(folder)
    while True:
        try:
            return _read_save(folder, name)
        except ValueError:
            before, name = name, _in_force(folder)
            if name == before:
                raise


def _in_force(folder: Path) -> str:
    try:
        return (folder / CURRENT).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        raise FileNotFoundError(
            f"{folder} holds no complete save; give the folder that run.save(folder) wrote"
        ) from None


def _read_save(folder: Path, name: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    place = folder / name
    if place.parent != folder or not name.startswith("save-"):
        raise ValueError(f"{folder / CURRENT} must name a save beside it, got {name!r}; the folder was changed by hand")
    try:
        described = json.loads((place / "run.json").read_text(encoding="utf-8"))
        tensors = load_file(place / "tensors.safetensors")
    except (OSError, ValueError, SafetensorError) as error:
        raise ValueError(f"the save in {place} is damaged ({error}); restore it or start anew") from error
    if described.get("version") != VERSION:
        raise ValueError(f"this kdviz reads saves of version {VERSION}, got {described.get('version')!r}")
    return described, tensors


def _saved_teacher(described: dict[str, Any], tensors: dict[str, Tensor]) -> nn.Module:
    if not any(name.startswith("teacher/") for name in tensors):
        raise ValueError("the run's teacher is a model of your own that kdviz cannot build; pass it as teacher=")
    teacher = models.build(described["teacher_architecture"])
    teacher.load_state_dict({k.removeprefix("teacher/"): t for k, t in tensors.items() if k.startswith("teacher/")})
    return teacher.eval()


def _put_back(run: Distillation, described: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    """Fill the shelf, the history and the student of a fresh run with what was saved."""
    rows = tensors["history"].numpy().astype(np.float64)
    for step in described["snapshots"]:
        run._shelf.put(_snapshot(step, tensors, described["optimizer_plain"]))
    history = History.from_dict(described["history"], rows)
    run._return_to(run._shelf.before(described["steps_done"]))
    run.history = history
    run._now = InForce(run.settings, run.steps_per_epoch)
    run._enter(run.steps_done)


def _snapshot(step: int, tensors: dict[str, Tensor], plain: dict[str, Any]) -> Snapshot:
    student, optimizer = f"{step}/student/", f"{step}/optimizer/"
    state: dict[int, dict[str, Any]] = {}
    for key, value in [*tensors.items(), *plain.items()]:
        if key.startswith(optimizer):
            index, name = key.removeprefix(optimizer).split("/", 1)
            state.setdefault(int(index), {})[name] = value
    weights, beside = (
        {k.removeprefix(place): t for k, t in tensors.items() if k.startswith(place)}
        for place in (student, f"{step}/companions/")
    )
    return Snapshot(step, weights, state, beside)
