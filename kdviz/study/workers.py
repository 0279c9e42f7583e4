"""Units of work handed to workers with joblib: processes of this machine, or whatever its configuration says."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import torch
from joblib import Parallel, delayed, effective_n_jobs
from joblib.parallel import get_active_backend

from .. import shared
from ..distill import Cancelled, available_cpus
from .jobs import Job, Outcome
from .parts import Parts
from .stacked import do_together
from .stopping import Address, News, StopSign, Watch, leave_ctrl_c_to


def how_many(n_jobs: int | None) -> int:
    """Return how many workers there will be.

    What is given; else what ``joblib.parallel_config`` says; else as many as the CPUs that this process may use.
    """
    return int(effective_n_jobs(n_jobs or get_active_backend()[1] or available_cpus()))


def outcomes(
    units: Sequence[Sequence[Job]], parts: Parts, address: Address, n_jobs: int, watch: Watch | None = None
) -> Iterator[list[Outcome]]:
    """Do units of work side by side and give the outcomes of each as they come.

    With one worker, and no other backend configured, it is done in this process. Each worker computes on one thread:
    small students are fastest so, and the outcomes do not depend on where they were computed. What a stop leaves undone
    has no outcome. ``watch`` is called after each epoch of what is done in this process, and does not travel.
    """
    if n_jobs != 1:
        watch = None
    before = torch.get_num_threads()
    try:
        # One unit a task, so that outcomes come as soon as they are there; large arrays are mapped from one file, and
        # copied where they are written to, as torch wants to be able to.
        parallel = Parallel(n_jobs=n_jobs, batch_size=1, return_as="generator_unordered", mmap_mode="c")
        yield from parallel(delayed(work)(unit, parts, address, watch) for unit in units)
    finally:
        if torch.get_num_threads() != before:  # what was done in this process changed it
            torch.set_num_threads(before)


def work(unit: Sequence[Job], parts: Parts, address: Address, watch: Watch | None = None) -> list[Outcome]:
    """Do one unit of work in a worker; nothing once the sign to stop is up."""
    leave_ctrl_c_to(address)
    if torch.get_num_threads() != 1:
        torch.set_num_threads(1)
    heard = None if watch is None else _Heard(unit, watch)
    sign = StopSign(address, shared.place(), None if heard is None else heard.waits)
    try:
        if not sign.is_up:
            with suppress(Cancelled):
                return do_together(unit, parts, sign, heard)
    finally:
        sign.leave_line()
    if sign.orphaned:
        os._exit(1)  # nobody is left to take what this worker has, or to end it
    return []


class _Heard:
    """Tells a watch of a unit of work: how far it is, and how many must train first."""

    def __init__(self, unit: Sequence[Job], watch: Watch) -> None:
        self._watch = watch
        self._last = News(tuple(job.key for job in unit), 0, 0)

    def __call__(self, news: News) -> None:
        self._last = news
        self._watch(news)

    def waits(self, before: int) -> None:
        self._watch(replace(self._last, before=before))
