"""``kdviz run``: a shipped experiment, from its runs to its table."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kdviz.study.experiment import Experiment, experiment, names
from kdviz.study.league import tuned
from kdviz.study.programs import results
from kdviz.study.record import FOLDER, Record
from kdviz.study.record import write as write_record
from kdviz.study.results import record_of, record_of_program, section, section_of, write

DOCS = FOLDER.parents[2] / "docs" / "results.md"  # of this source tree: its records are those of the package


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
        text, record = _done(chosen, folder, jobs=options.jobs, progress=not options.quiet)
    except KeyboardInterrupt as stop:
        print(f"\n{stop or 'stopped'}; finished runs are kept in {folder}", file=sys.stderr)
        return 130
    print(text)
    if options.write:
        write(Path(options.write), chosen.name, text)
        print(f"written to {options.write}", file=sys.stderr)
        if Path(options.write).resolve() == DOCS and not options.quick and chosen.name in names():
            print(f"written to {write_record(record)}", file=sys.stderr)
    return 0


def _done(chosen: Experiment, folder: Path, *, jobs: int | None, progress: bool) -> tuple[str, Record]:
    """Run an experiment, and return its section of the docs and its record."""
    if chosen.program is not None:
        record = record_of_program(chosen, results(chosen, folder, progress=progress))
        return section_of(chosen, record), record
    if chosen.league is None:
        study = chosen.study().run(folder, progress=progress, n_jobs=jobs)
        return section(chosen, study), record_of(chosen, study)
    study, tunings = tuned(chosen, folder, progress=progress, n_jobs=jobs)
    study.run(folder, progress=progress, n_jobs=jobs)
    return section(chosen, study, tunings), record_of(chosen, study)
