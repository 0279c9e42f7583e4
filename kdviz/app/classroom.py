"""What ``kdviz serve`` bounds so that a class fits on one machine: viewers, trainings at once, a run, a kernel."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from kdviz import shared
from kdviz.app import room

STEPS = 50_000  # of a run where others train too; the longest preset takes a tenth


@dataclass(frozen=True)
class Classroom:
    """Bounds of a server.

    Attributes
    ----------
    viewers : int
        Pages that are open at once; whoever comes then waits in line.
    of_client : int or None
        How many of them may come from one address; None for the usual bound.
    trainings : int
        Runs that train at once, in turn; 0 for all.
    steps : int
        Steps of a run; 0 for as many as one likes.
    megabytes : int
        Memory of a kernel beside what it shares; 0 for as much as there is.
    """

    viewers: int = room.MOST
    of_client: int | None = None
    trainings: int = 0
    steps: int = 0
    megabytes: int = 0

    def tell_kernels(self, folder: Path) -> Path | None:
        """Put what concerns kernels into the environment that they inherit.

        Parameters
        ----------
        folder : pathlib.Path
            The server's own.

        Returns
        -------
        pathlib.Path or None
            Where those who train wait for one another.
        """
        if self.steps:
            os.environ[shared.MOST_STEPS] = str(self.steps)
        if not self.trainings:
            return None
        trainings = folder / "trainings"
        trainings.mkdir()
        os.environ[shared.TRAININGS] = f"{self.trainings}:{trainings}"
        return trainings


def of(options: argparse.Namespace, *, forked: bool, free: int | None = None) -> Classroom:
    """The bounds that a command line asks for.

    What is not given is unbounded on one's own machine. Where others come in (``--anyone``, ``--viewers``) there are as
    many viewers as find room in memory, as many runs train as there are CPUs, and runs and kernels are bounded.

    Parameters
    ----------
    options : argparse.Namespace
        ``anyone``, ``viewers``, ``trainings``, ``steps`` and ``memory`` of ``kdviz serve``.
    forked : bool
        Whether kernels are forked, which takes less memory.
    free : int, optional
        Memory there is, in MB.

    Returns
    -------
    Classroom

    Raises
    ------
    ValueError
        If a number cannot be.
    """
    for name, least, most in (
        ("viewers", 1, room.MOST),
        ("trainings", 0, 1000),
        ("steps", 0, 10**9),
        ("memory", 0, 10**6),
    ):
        given = getattr(options, name)
        if given is not None and not least <= given <= most:
            raise ValueError(f"--{name} must be between {least} and {most}, got {given}")
    there = room.free() if free is None else free
    open_to_others = options.anyone or options.viewers is not None

    def chosen(given: int | None, usual: int) -> int:
        return given if given is not None else usual if open_to_others else 0

    return Classroom(
        viewers=options.viewers or chosen(None, room.viewers(there, forked=forked)) or room.MOST,
        of_client=options.viewers,
        trainings=chosen(options.trainings, os.cpu_count() or 1),
        steps=chosen(options.steps, STEPS),
        megabytes=chosen(options.memory, room.of_each(there)),
    )
