"""Snapshots: few in memory, many on the disk, and the student as it was at any step."""

from __future__ import annotations

import copy
import gc
from functools import partial
from pathlib import Path

import pytest

from kdviz.distill.snapshot import Snapshot

from .conftest import same_weights, steps_trained_by


def test_at_gives_the_student_as_it_was(make):
    run = make()
    seen = {}
    for step in run:
        seen[step.number] = copy.deepcopy(run.student)
    for number in (1, 6, 7, 8, 30, run.steps_done):
        assert same_weights(run.at(number), seen[number])
    assert not run.at(3).training
    with pytest.raises(ValueError, match=f"0 ... {run.steps_done}.*got 9999"):
        run.at(9999)


def test_snapshots_that_are_many_wait_on_the_disk_and_no_step_is_trained_again(make, monkeypatch):
    run = make(snapshot_every=1)
    run._store.limit = 6 * run.snapshot().nbytes
    seen = {step.number: copy.deepcopy(run.student) for step in run}
    assert run._store.steps == list(range(run.steps_done + 1))
    assert run._store.memory <= run._store.limit
    for step in (3, 23):
        assert same_weights(run.at(step), seen[step])
        assert steps_trained_by(partial(run.at, step), monkeypatch) == 0
    files = [held._path for held in run._store._held if not isinstance(held, Snapshot)]
    assert files and all(Path(file).exists() for file in files)
    del run
    gc.collect()
    assert not any(Path(file).exists() for file in files)


def test_snapshots_that_the_disk_has_no_room_for_are_thinned_with_a_word(make, monkeypatch):
    run = make(snapshot_every=1)
    run._store.limit = 6 * run.snapshot().nbytes
    monkeypatch.setattr("kdviz.distill.snapshot.DISK_BYTES", 4 * run.snapshot().nbytes)
    with pytest.warns(UserWarning, match="every second one is dropped.* larger snapshot_every keeps fewer"):
        seen = {step.number: copy.deepcopy(run.student) for step in run}
    assert len(run.snapshots) <= 14
    assert same_weights(run.at(23), seen[23])
