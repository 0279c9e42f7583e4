"""Keeping: what is on the page goes to disk, so that a reload or a dead kernel loses nothing.

One folder for each browser, named by a random token that the page keeps; below it one for each session kept. A session
is a JSON file that names the files of tensors it needs. The name of each file holds the hash of what is in it, so that
a number which changed on the disk is never taken up. Tensors are never written twice: a snapshot of a run does not
change, so the next save writes only what is new, then replaces the one-line file ``CURRENT``, then clears the old away.
Whoever dies in between leaves the save before in force. Pages of one browser save one after the other, and saves are
numbered: which is the newest does not depend on a clock.
"""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ... import data as data_sets
from ...distill import Distillation, Recipe, Teacher, durable, storage
from ...distill.snapshot import OnDisk, Snapshot, whole
from ...models.architecture import rebuildable
from ...widgets.recording import Frame, LogitRecording
from ...words import number, t, tn
from ...words.reasons import told
from . import session_files

T = TypeVar("T")
PRUNE_EVERY_S = 60.0
WAIT_S = 5.0  # for another page of the same browser that saves now; training stands still meanwhile

Loaded = tuple[dict[str, Any], dict[str, Distillation], dict[str, LogitRecording]]


@dataclass(frozen=True)
class Kept:
    """A session that can be taken up again.

    Attributes
    ----------
    id : str
    title : str
        What was trained, in a few words.
    when : str
        Time of the last save, ISO 8601 in UTC.
    steps_done, total_steps : int
    state : str
        State of training, as in Transport.
    choices : dict
        What the page had chosen.
    """

    id: str
    title: str
    when: str
    steps_done: int
    total_steps: int
    state: str
    choices: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass
class _Written:
    """What this keeper knows to be on disk of one run."""

    run: weakref.ref[Distillation]
    recipe: Recipe
    mark: tuple[Any, ...] = ()
    entry: dict[str, Any] = field(default_factory=dict)
    film_mark: tuple[Any, ...] = ()
    film: str | None = None


class SessionStore:
    """Keeps one page's session; knows what else is kept for the same browser. Safe to call from any thread.

    Parameters
    ----------
    token : str
        32 hexadecimal characters that the browser made up and keeps. Empty (no browser, or one that keeps nothing):
        nothing is written and nothing offered.

    Attributes
    ----------
    token : str
    id : str
        Of the session under way; empty before its first save.
    problem : str
        Why the last save did not succeed, in one sentence; empty when it did.

    Raises
    ------
    ValueError
        If the token is anything else: it becomes the name of a folder.

    Examples
    --------
    >>> SessionStore("").save({}, {}, {})
    False
    >>> SessionStore("../../elsewhere")
    Traceback (most recent call last):
        ...
    ValueError: a browser's token is 32 hexadecimal characters, got '../../elsewhere'; reload the page
    """

    def __init__(self, token: str) -> None:
        if token and not (isinstance(token, str) and session_files.TOKEN.fullmatch(token)):
            raise ValueError(f"a browser's token is 32 hexadecimal characters, got {token!r}; reload the page")
        self.id = ""
        self.problem = ""
        self.token = token
        self._lock = threading.RLock()
        self._runs: dict[str, _Written] = {}
        self._snapshots: dict[object, tuple[Path, dict[str, Any]]] = {}  # by its mark, with the file each is in
        self._saved: str = ""  # the last session written, as text
        self._on_disk: set[str] = set()  # names of its files
        self._taken = ("", "")  # the session taken up, and which save of it
        self._prune_at = 0.0

    @property
    def _place(self) -> Path:
        return session_files.folder() / self.token

    def save(
        self,
        session: Mapping[str, Any],
        runs: Mapping[str, Distillation],
        films: Mapping[str, LogitRecording] | None = None,
    ) -> bool:
        """Write the session, unless nothing changed since the last save.

        Parameters
        ----------
        session : dict
            Whatever the page needs, JSON-able. ``"title"`` and ``"state"`` are shown in `offers`; so are
            ``"steps_done"`` and ``"total_steps"``, by default those of the first run.
        runs : dict of str to Distillation
            By id. Only runs made of parts with names can be kept: shipped data, a student that kdviz can build.
        films : dict of str to LogitRecording, optional
            By the id of their run.

        Returns
        -------
        bool
            Whether the session is on disk now. If not, the save before is still in force, and `problem` says why.
        """
        if not self.token:
            return False
        with self._lock:
            try:
                self._place.mkdir(mode=0o700, parents=True, exist_ok=True)
                with durable.only_writer(self._place, WAIT_S):
                    self._save(dict(session), runs, films or {})
            except (OSError, ValueError, TypeError, SafetensorError) as error:
                self.problem = t("This run could not be kept: {why}.", why=told(str(error)).rstrip("."))
                return False
            self.problem = ""
            return True

    def _save(
        self, session: dict[str, Any], runs: Mapping[str, Distillation], films: Mapping[str, LogitRecording]
    ) -> None:
        self._runs = {name: known for name, known in self._runs.items() if name in runs and known.run() is runs[name]}
        first = next(iter(runs.values()), None)
        summary = {
            "title": str(session.get("title", "")),
            "state": str(session.get("state", "")),
            "steps_done": int(session.get("steps_done", first.steps_done if first else 0)),
            "total_steps": int(session.get("total_steps", first.total_steps if first else 0)),
        }
        place = self._own_place()
        stride = _stride(runs)
        entries = {}
        for name, run in runs.items():
            entries[name] = {**self._put_run(place, name, run, stride), "film": None}
            if name in films and len(films[name]):
                entries[name]["film"] = self._put_film(place, name, films[name])
        body = {**summary, "session": session, "runs": entries}
        text = json.dumps(body)
        if text == self._saved and (place / durable.CURRENT).is_file():
            return
        files = {
            file: (place / file).stat().st_size for entry in entries.values() for file in session_files.files_of(entry)
        }
        if sum(files.values()) > session_files.BYTES:
            raise ValueError(
                f"it takes {sum(files.values()) / 2**20:.0f} MB, more than {session_files.BYTES / 2**20:.0f} MB"
            )
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        for file in files.keys() - self._on_disk:  # after all are written: one wait is shared by many
            durable.to_disk(place / file)
        self._on_disk = set(files)
        header = {"version": session_files.FORMAT, "kdviz": _version(), "when": now, "files": files}
        count = session_files.next_number(self._place)
        written = json.dumps({**header, "number": count, **body}).encode()
        fresh = place / f"save-{count:08d}-{durable.digest_of(written)}.json"
        fresh.write_bytes(written)
        durable.to_disk(fresh)
        durable.point_to(place, fresh.name)
        self._saved = text
        self._clear(place, {durable.CURRENT, fresh.name, *files})

    def _own_place(self) -> Path:
        """Return the folder of this session; a new one at the first save, or when someone cleared it away."""
        if not self.id or not (self._place / self.id).is_dir():
            self.id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:8]}"
            self._saved, self._prune_at = "", 0.0
            for known in self._runs.values():
                known.mark, known.film_mark = (), ()
            (self._place / self.id).mkdir(mode=0o700)
        return self._place / self.id

    def _put_run(self, place: Path, name: str, run: Distillation, stride: int) -> dict[str, Any]:
        """Write what is new of a run; return what the session says of it."""
        with run.lock:
            known = self._runs.get(name) or _Written(weakref.ref(run), _recipe(run))
            self._runs[name] = known
            steps = [snapshot.step for snapshot in run.snapshots]
            mark = (run.steps_done, repr(run.history.to_dict()), run.total_steps, stride, steps)
            if mark == known.mark:
                return known.entry
            state = run.capture()
            if state.history.first_bad is not None or not whole(state.snapshots[-1]).finite:
                raise ValueError(
                    t("after step {step} its loss or weights are not finite", step=number(state.steps_done))
                )
            state = replace(state, snapshots=_thinned(state.snapshots, stride))
            recipe = replace(known.recipe, edits=tuple(e.to_dict() for e in state.history.edits))
            described, rest = storage.describe(run.plan, state, recipe)
            rest = {key: storage.on_its_own(tensor, key) for key, tensor in rest.items()}
        snapshots = {}
        for snapshot in state.snapshots:
            file, numbers = self._put_snapshot(place, snapshot)
            snapshots[str(snapshot.step)] = file
            described["optimizer_plain"] |= numbers
        known.entry = {"described": described, "rest": _write(place, rest), "snapshots": snapshots}
        known.mark = mark
        return known.entry

    def _put_snapshot(self, place: Path, snapshot: Snapshot | OnDisk) -> tuple[str, dict[str, Any]]:
        """Return the file a snapshot is in, and what else there is of it; it is written if there is no file yet."""
        file, numbers = self._snapshots.get(snapshot.mark, (None, {}))
        if file is not None and file.parent == place:
            return file.name, numbers
        name = _linked(file, place) if file is not None else None
        if name is None:
            fetched = whole(snapshot)
            numbers = storage.snapshot_numbers(fetched)
            tensors = {
                key: storage.on_its_own(tensor, key) for key, tensor in storage.snapshot_tensors(fetched).items()
            }
            name = _write(place, tensors)
        self._snapshots[snapshot.mark] = (place / name, numbers)
        return name, numbers

    def _put_film(self, place: Path, name: str, film: LogitRecording) -> str | None:
        known, frames = self._runs[name], film.frames
        mark = tuple((frame.step, frame.scale) for frame in frames)
        if mark != known.film_mark:
            numbers = np.stack([frame.numbers for frame in frames])
            scales = np.array([frame.scale for frame in frames], dtype=np.float64)
            tensors = {"steps": torch.tensor([frame.step for frame in frames]), "scales": torch.from_numpy(scales)}
            known.film = _write(place, {**tensors, "numbers": torch.from_numpy(numbers.astype(np.int16))})
            known.film_mark = mark
        return known.film

    def _clear(self, place: Path, needed: set[str]) -> None:
        """Clear away what the save in force does not need, and sessions that are too many, too old or too large."""
        for old in place.iterdir():
            if old.name not in needed and not old.is_dir():
                old.unlink(missing_ok=True)
        self._snapshots = {key: known for key, known in self._snapshots.items() if known[0].name in needed}
        taken, save = self._taken
        self._taken = ("", "")
        if taken and session_files.current(self._place / taken) == save:  # nobody goes on with it elsewhere
            session_files.remove(self._place / taken)
        if time.monotonic() > self._prune_at:
            self._prune_at = time.monotonic() + PRUNE_EVERY_S
            session_files.prune(self._place, self.id)

    def offers(self) -> list[Kept]:
        """Return what is kept for this browser and is not on its page already, the newest first."""
        if not self.token:
            return []
        found = []
        for place, manifest in session_files.sessions(self._place):
            if place.name not in (self.id, self._taken[0]):
                summary = {name: manifest[name] for name in ("title", "when", "steps_done", "total_steps", "state")}
                found.append(Kept(place.name, **summary, choices=manifest["session"].get("choices", {})))
        return found

    @property
    def notice(self) -> str:
        """What is kept and damaged, in one sentence; empty where all of it is whole."""
        count = (
            len([place for place in session_files.damaged(self._place) if place.name != self.id]) if self.token else 0
        )
        if not count:
            return ""
        return tn(
            "One kept run is damaged and cannot be resumed; all others can.",
            "{n} kept runs are damaged and cannot be resumed; all others can.",
            count,
        )

    def load(self, kept: str, teachers: Callable[[str], Teacher] | None = None) -> Loaded:
        """Return (session, runs, films) as they were saved; the runs go on bit for bit.

        Parameters
        ----------
        kept : str
            The ``id`` of one of the `offers`.
        teachers : callable, optional
            Returns a shipped teacher by its name, so that one that is there already is used.

        Raises
        ------
        ValueError
            If there is no such session, or it is damaged.
        """
        place = self._known(kept)
        manifest = session_files.read(place)
        if manifest is None:
            raise ValueError(t("the session {id} is not kept here any more, or is damaged; train anew", id=kept))
        once = _Once(place, teachers)
        runs, films = {}, {}
        try:
            session_files.check_files(place, manifest)
            for name, entry in manifest["runs"].items():
                runs[name] = once.run(entry)
                if entry["film"]:
                    films[name] = _film(load_file(place / entry["film"]))
        except (OSError, LookupError, TypeError, ValueError, SafetensorError) as error:
            raise ValueError(
                t(
                    "the session {id} cannot be resumed ({why}); discard it and train anew",
                    id=kept,
                    why=told(str(error)),
                )
            ) from error
        with self._lock:
            self._taken = (kept, session_files.current(place))
            for name, run in runs.items():  # the next save need not write them again
                entry = manifest["runs"][name]
                plain = entry["described"]["optimizer_plain"].items()
                for snapshot in run.snapshots:
                    numbers = {key: value for key, value in plain if key.startswith(f"{snapshot.step}/")}
                    self._snapshots[snapshot.mark] = place / entry["snapshots"][str(snapshot.step)], numbers
        return manifest["session"], runs, films

    def forget(self, kept: str) -> None:
        """Put a session aside: it is offered no more, and goes for good after a while or with the next one."""
        place = self._known(kept)
        if place.is_dir():
            self._alone(lambda: session_files.discard(place), kept)

    def restore(self, kept: str) -> None:
        """Bring back the session that was put aside last.

        Raises
        ------
        ValueError
            If it is gone.
        """
        place = self._known(kept)
        if not self._alone(lambda: session_files.restore(place), kept):
            raise ValueError(t("the discarded run is gone and cannot be brought back"))

    def _alone(self, change: Callable[[], T], kept: str) -> T:
        """Change what is kept for the browser while nobody else does."""
        with self._lock:
            try:
                with durable.only_writer(self._place, WAIT_S):
                    return change()
            except OSError as error:
                raise ValueError(
                    t("the session {id} could not be discarded ({why}); try again", id=kept, why=told(str(error)))
                ) from error

    def _known(self, kept: str) -> Path:
        if not self.token or not isinstance(kept, str) or not session_files.ID.fullmatch(kept):
            raise ValueError(f"a kept session's id looks like 20250131-120000-0123abcd, got {kept!r}")
        return self._place / kept


@cache
def _version() -> str:
    return version("kdviz")


def _recipe(run: Distillation) -> Recipe:
    """Return a run's recipe, or say why it could not be made again from it."""
    recipe = run.recipe
    if recipe.student is None:
        raise ValueError(t("its student is a module of your own; keep it yourself with run.save(folder)"))
    if "custom" in (recipe.optimizer, recipe.augment):
        raise ValueError(t("its optimizer or augmentation is of your own; keep it yourself with run.save(folder)"))
    if recipe.data not in data_sets.names():
        raise ValueError(t("its data are your own; keep it yourself with run.save(folder)"))
    if run.teacher is not None and recipe.teacher is None and rebuildable(run.teacher.module) is None:
        raise ValueError(t("its teacher is a module of your own; keep it yourself with run.save(folder)"))
    return recipe


def _stride(runs: Mapping[str, Distillation]) -> int:
    """Return 1 if all snapshots find room, else 2, 4, 8 ...: only every k-th snapshot is written."""
    unique = {snapshot.mark: snapshot.nbytes for run in runs.values() for snapshot in run.snapshots}
    stride = 1
    while sum(unique.values()) / stride > 0.75 * session_files.BYTES and stride < 512:
        stride *= 2
    return stride


def _thinned(snapshots: tuple[Snapshot | OnDisk, ...], stride: int) -> tuple[Snapshot | OnDisk, ...]:
    if stride == 1 or len(snapshots) < 3:
        return snapshots
    first, *middle, last = snapshots
    return (first, *middle[stride - 1 :: stride], last)


def _write(place: Path, tensors: dict[str, Tensor]) -> str:
    """Write tensors to a file named by its hash, and return its name."""
    fresh = place / f"fresh-{uuid.uuid4().hex[:8]}"
    try:
        save_file(tensors, fresh)
        name = f"{durable.digest(fresh)}.safetensors"
        os.replace(fresh, place / name)
    finally:
        fresh.unlink(missing_ok=True)
    return name


def _linked(file: Path, place: Path) -> str | None:
    """Give a file its name in another folder too; None where that cannot be, or it is gone."""
    try:
        os.link(file, place / file.name)
    except FileExistsError:
        pass
    except OSError:
        return None
    return file.name


class _Once:
    """Reads the runs of a session; data and snapshots that several of them share are read once."""

    def __init__(self, place: Path, teachers: Callable[[str], Teacher] | None) -> None:
        self._place, self._teachers = place, teachers
        self._splits: dict[str, Any] = {}
        self._files: dict[str, dict[str, Tensor]] = {}

    def run(self, entry: dict[str, Any]) -> Distillation:
        recipe = Recipe.from_dict(entry["described"]["recipe"])
        drawn = f"{recipe.data} {json.dumps(recipe.draw, sort_keys=True)}"
        if drawn not in self._splits:
            self._splits[drawn] = recipe.load_data()
        tensors = dict(load_file(self._place / entry["rest"]))
        for file in entry["snapshots"].values():
            if file not in self._files:
                self._files[file] = load_file(self._place / file)
            tensors |= self._files[file]
        shipped = self._teachers is not None and recipe.teacher is not None
        teacher = self._teachers(recipe.teacher) if shipped else None  # type: ignore[misc, arg-type]
        return Distillation.from_saved(entry["described"], tensors, teacher=teacher, data=self._splits[drawn])


def _film(tensors: dict[str, Tensor]) -> LogitRecording:
    film = LogitRecording()
    steps, scales, numbers = (tensors[name].numpy() for name in ("steps", "scales", "numbers"))
    for step, scale, frame in zip(steps.tolist(), scales.tolist(), numbers, strict=True):
        film.put(Frame(step, scale, frame.astype("<i2")))
    return film
