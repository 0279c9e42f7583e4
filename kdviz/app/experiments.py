"""``kdviz run``: a shipped experiment, from its runs to its table."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kdviz.study.experiment import Experiment, experiment, names
from kdviz.study.league import tuned
from kdviz.study.results import section, write


def run(options: argparse.Namespace) -> int:
    """Run an experiment and print its table; without a name, list them.

    Parameters
    ----------
    options : argparse.Namespace
        ``name``, ``folder``, ``jobs``, ``quick``, ``write`` and ``quiet``.

    Returns
    -------
    int
        0, or 130 after Ctrl-C.
    """
    if options.name is None:
        print("\n".join(f"{name:18} {experiment(name).question}" for name in names()))
        return 0
    chosen = experiment(Path(options.name) if options.name.endswith(".json") else options.name)
    if options.quick:
        chosen = chosen.quick()
    folder = Path(options.folder or Path("runs") / f"{chosen.name}{'-quick' if options.quick else ''}")
    try:
        text = _table(chosen, folder, jobs=options.jobs, progress=not options.quiet)
    except KeyboardInterrupt as stop:
        print(f"\n{stop or 'stopped'}; finished runs are kept in {folder}", file=sys.stderr)
        return 130
    print(text)
    if options.write:
        write(Path(options.write), chosen.name, text)
        print(f"written to {options.write}", file=sys.stderr)
    return 0


def _table(chosen: Experiment, folder: Path, *, jobs: int | None, progress: bool) -> str:
    if chosen.league is None:
        return section(chosen, chosen.study().run(folder, progress=progress, n_jobs=jobs))
    study, tunings = tuned(chosen, folder, progress=progress, n_jobs=jobs)
    return section(chosen, study.run(folder, progress=progress, n_jobs=jobs), tunings)
