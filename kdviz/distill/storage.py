"""A run as JSON and named tensors, and back: what `save_folder` writes and reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .. import data as data_sets
from .. import models
from ..data import Splits
from ..models.architecture import rebuildable
from . import save_folder
from .history import History
from .plan import Plan
from .recipe import Recipe
from .run_state import RunState
from .schema import MOST, Anything, ListOf, MapOf, Record, Text, Whole, or_null
from .snapshot import OnDisk, Snapshot, whole
from .teacher import Teacher, weight_hash

_WRITABLE = {
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16),
    *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool),
}


def save(plan: Plan, state: RunState, recipe: Recipe, folder: Path) -> None:
    """Write a run into ``folder``; see :meth:`kdviz.Distillation.save`."""
    described, tensors = describe(plan, state, recipe)
    tensors = {name: on_its_own(tensor, name) for name, tensor in tensors.items()}
    for name, tensor in snapshot_tensors(whole(state.snapshots[-1])).items():
        check_writable(tensor, name)
    nbytes = sum(held.nbytes for held in state.snapshots) + sum(tensor.nbytes for tensor in tensors.values())
    save_folder.write(folder, state.steps_done, described, _files(described, tensors, state.snapshots), nbytes)


def _files(
    described: dict[str, Any], tensors: dict[str, Tensor], held: Sequence[Snapshot | OnDisk]
) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """Yield the files of a save, with one snapshot in memory at a time, and describe what is not a tensor."""
    yield save_folder.TENSORS, tensors
    for waiting in held:
        snapshot = whole(waiting)
        described["optimizer_plain"] |= snapshot_numbers(snapshot)
        parts = snapshot_tensors(snapshot)
        yield f"snapshot-{snapshot.step}.safetensors", {name: on_its_own(part, name) for name, part in parts.items()}


def parts_of(
    described: dict[str, Any],
    tensors: Mapping[str, Tensor],
    *,
    teacher: nn.Module | Teacher | None,
    student: nn.Module | None,
    data: Any,
    own: dict[str, Any],
) -> tuple[Recipe, dict[str, Any]]:
    """Return the recipe of a saved run, and its parts as arguments of ``Distillation.from_recipe``.

    Arguments and errors as for :meth:`kdviz.Distillation.load`.
    """
    _RUN.check(described, "run")
    recipe = Recipe.from_dict(described["recipe"], "run.recipe")
    missing = [name for name in ("optimizer", "augment") if getattr(recipe, name) == "custom" and name not in own]
    if missing:
        raise ValueError(f"the run's {missing[0]} was a function of your own; pass it as {missing[0]}=")
    if data is None and recipe.data not in data_sets.names("any"):
        raise ValueError(f"the run learned from data of your own ({recipe.data!r}); pass it as data=")
    data = data_sets.splits(data) if data is not None else recipe.load_data()
    _check_data(data, described)
    if teacher is None and described["teacher"] and recipe.teacher is None:
        teacher = _saved_teacher(described, tensors)
    if student is None and recipe.student is None and described.get("student_architecture") is not None:
        student = models.build(described["student_architecture"])  # it was trained before the run
    more = {"snapshot_every": described["snapshot_every"], "allow_weaker_teacher": True, **own}
    return recipe, {"teacher": teacher, "student": student, "data": data, **more}


def check_plan(plan: Plan, described: dict[str, Any]) -> None:
    """Raise in one sentence unless groups and teacher are those of the saved run."""
    if described.get("groups", "") != _groups_mark(plan):
        raise ValueError("the data are not those the run learned from (the groups differ); pass the same data")
    if plan.teacher is not None and weight_hash(plan.teacher.module) != described["teacher"]:
        raise ValueError("the teacher is not the run's teacher (its weights differ); pass the same teacher")


def _check_data(data: Splits, described: dict[str, Any]) -> None:
    """Raise in one sentence unless all parts of the data are those of the saved run."""
    if data.train.fingerprint() != described["transfer_set"]:
        raise ValueError("the data are not those the run learned from (their content differs); pass the same data")
    for part in ("validation", "test"):
        if getattr(data, part).fingerprint() != described[part]:
            raise ValueError(f"the {part} part of the data is not the run's (its content differs); pass the same data")
    if list(data.classes) != described["classes"]:
        now, saved = (", ".join(classes)[:80] for classes in (data.classes, described["classes"]))
        raise ValueError(f"expected the run's classes, {saved}, got data with {now}; pass the same data")


def describe(plan: Plan, state: RunState, recipe: Recipe) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return a run as a dict for JSON, and its tensors other than those of snapshots.

    The caller adds the `snapshot_numbers` of the state's snapshots as ``"optimizer_plain"``.
    """
    tensors: dict[str, Tensor] = {"history": torch.from_numpy(state.history.rows.copy())}
    teacher = plan.teacher.module if plan.teacher is not None else None
    teacher_architecture = rebuildable(teacher) if recipe.teacher is None else None
    if teacher is not None and teacher_architecture is not None:
        tensors |= {f"teacher/{name}": tensor for name, tensor in teacher.state_dict().items()}
    described = {
        "steps_done": state.steps_done,
        "recipe": recipe.to_dict(),
        "history": state.history.to_dict(),
        "optimizer_plain": {},
        "snapshots": [snapshot.step for snapshot in state.snapshots],
        "teacher": plan.teacher_mark,
        "teacher_architecture": teacher_architecture,
        "student_architecture": rebuildable(plan.student),
        "snapshot_every": plan.settings.snapshot_every,
        "transfer_set": plan.data.train.fingerprint(),
        "validation": plan.data.validation.fingerprint(),
        "test": plan.data.test.fingerprint(),
        "classes": list(plan.data.classes),
        "groups": _groups_mark(plan),
        "torch_threads": torch.get_num_threads(),
    }
    return described, tensors


def snapshot_numbers(snapshot: Snapshot) -> dict[str, Any]:
    """Return the optimizer state of a snapshot that is not tensors, by the names that `state_of` reads."""
    return {
        key: _plain(value, key.rsplit("/", 1)[1])
        for key, value in _of_optimizer(snapshot)
        if not isinstance(value, Tensor)
    }


def _of_optimizer(snapshot: Snapshot) -> Iterator[tuple[str, Any]]:
    for part, kept in (("optimizer", snapshot.optimizer), ("groups", snapshot.groups)):
        for index, state in kept.items():
            for name, value in state.items():
                yield f"{snapshot.step}/{part}/{index}/{name}", value


def _plain(value: object, name: str) -> object:
    """Return a number from an optimizer's state; raise if it is something else."""
    if isinstance(value, int | float | str | None):
        return value
    raise ValueError(
        f"the optimizer keeps {name} as a {type(value).__name__}, and a save holds only tensors and numbers; "
        "choose another optimizer, or keep the student yourself with torch.save"
    )


def _groups_mark(plan: Plan) -> str:
    """Return the fingerprint of the groups that a penalty uses; empty without one."""
    return "" if plan.grouping is None else plan.grouping.fingerprint()


def snapshot_tensors(snapshot: Snapshot) -> dict[str, Tensor]:
    """Return the tensors of a snapshot by the names that `state_of` reads."""
    if snapshot.extra:
        raise ValueError(
            f"a run is saved as tensors, and its student keeps something else ({', '.join(snapshot.extra)[:100]}); "
            "hold it in buffers, or keep the student yourself with torch.save(run.student.state_dict(), file)"
        )
    tensors = {f"{snapshot.step}/student/{name}": tensor for name, tensor in snapshot.student.items()}
    tensors |= {f"{snapshot.step}/auxiliary/{name}": tensor for name, tensor in snapshot.auxiliary.items()}
    return tensors | {key: value for key, value in _of_optimizer(snapshot) if isinstance(value, Tensor)}


def on_its_own(tensor: Tensor, name: str) -> Tensor:
    """Return a copy that shares no memory, as safetensors requires; raise in one sentence on what it cannot hold."""
    check_writable(tensor, name)
    return tensor.detach().cpu().clone(memory_format=torch.contiguous_format)


def check_writable(tensor: Tensor, name: str) -> None:
    """Raise in one sentence unless a save can hold the tensor."""
    kind = type(tensor).__name__
    if isinstance(tensor, Tensor):
        if tensor.layout == torch.strided and not tensor.is_quantized and tensor.dtype in _WRITABLE:
            return
        kind = f"tensor of {tensor.layout} and {tensor.dtype}"
    raise ValueError(
        f"a run is saved as plain tensors, and {name} is a {kind}: make it one (tensor.to_dense(), "
        "tensor.dequantize()), or keep the model yourself with torch.save"
    )


def _saved_teacher(described: dict[str, Any], tensors: Mapping[str, Tensor]) -> nn.Module:
    if not any(name.startswith("teacher/") for name in tensors):
        raise ValueError("the run's teacher is a model of your own that kdviz cannot build; pass it as teacher=")
    weights = _under("teacher/", tensors)
    try:
        teacher = models.build(described["teacher_architecture"])
        teacher.load_state_dict(weights)
    except (RuntimeError, TypeError) as error:
        raise ValueError(f"the saved weights do not fit the teacher ({_short(error)}); pass it as teacher=") from error
    return teacher.eval()


def _short(error: Exception) -> str:
    """Return torch's message, which may have many lines, on one line."""
    return " ".join(str(error).split())[:200]


def state_of(described: dict[str, Any], tensors: Mapping[str, Tensor]) -> RunState:
    """Return the state that `describe`, `snapshot_tensors` and `snapshot_numbers` wrote."""
    steps_done, steps = described["steps_done"], described["snapshots"]
    rows = tensors.get("history", torch.empty(0)).numpy().astype(np.float64)
    history = History.from_dict(described["history"], rows, "run.history")
    if len(rows) != steps_done or steps != sorted({*steps, steps_done}):
        raise ValueError(
            f"the save has {len(rows):,} records and snapshots up to step {max(steps):,} of a run of {steps_done:,} "
            "steps; restore it from a copy, or start anew"
        )
    return RunState(tuple(_snapshot(step, tensors, described["optimizer_plain"]) for step in steps), history)


def _snapshot(step: int, tensors: Mapping[str, Tensor], plain: dict[str, Any]) -> Snapshot:
    state, groups = (_by_index(f"{step}/{part}/", tensors, plain) for part in ("optimizer", "groups"))
    weights, beside = (_under(f"{step}/{part}/", tensors) for part in ("student", "auxiliary"))
    return Snapshot(step, weights, state, beside, groups=groups)


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose names begin with a prefix, by the rest of their names."""
    return {name.removeprefix(prefix): tensors[name] for name in tensors if name.startswith(prefix)}


def _by_index(prefix: str, *sources: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    by_index: dict[int, dict[str, Any]] = {}
    for values in sources:
        for key in values:
            if key.startswith(prefix):
                index, name = key.removeprefix(prefix).split("/", 1)
                by_index.setdefault(int(index), {})[name] = values[key]
    return by_index


_RUN = Record(
    {
        "steps_done": Whole(),
        "recipe": Anything(),  # checked by Recipe, and the history by History
        "history": Anything(),
        "optimizer_plain": MapOf(Anything(), longest=MOST),
        "snapshots": ListOf(Whole(), fewest=1),
        "teacher": or_null(Text()),
        "teacher_architecture": Anything(),
        "student_architecture": Anything(),
        "snapshot_every": Whole(least=1, most=2**62),
        **{"transfer_set": Text(), "validation": Text(), "test": Text(), "classes": ListOf(Text(), longest=MOST)},
        "groups": Text(),
        "torch_threads": Whole(),
    },
    {"version": Whole(), "files": Anything()},
)
