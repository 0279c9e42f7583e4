"""Record the runs that the Lab's empty plot shows: ``python benchmarks/record_ghost.py``.

Trains the usual settings of every data set and those of every preset as the page does, student and twin, with seed 0,
and writes ``kdviz/panels/lab/recorded.json``: settings, version of kdviz, validation errors along the way. What is
recorded already stays, unless ``--anew`` is given.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from presets import taught

from kdviz import __version__
from kdviz.distill import leave_room
from kdviz.panels.lab.choices import Choices, data_names
from kdviz.panels.lab.presets import PRESETS
from kdviz.panels.lab.recorded import FILE

ROLES = ("student", "twin")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--anew", action="store_true", help="record all of them anew")
    arguments = parser.parse_args()
    leave_room()
    kept = [] if arguments.anew or not FILE.exists() else json.loads(FILE.read_text(encoding="utf-8"))
    known = {Choices(**row["choices"]): row for row in kept}
    rows = [known.get(choices) or recorded_row(choices) for choices in wanted()]
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    FILE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def wanted() -> list[Choices]:
    """Return the settings to record, each once: those of the data sets first."""
    usual = [Choices.of({"data": name}) for name in data_names()]
    return list(dict.fromkeys(usual + [Choices(**preset.choices) for preset in PRESETS]))


def recorded_row(choices: Choices) -> dict[str, Any]:
    """Train a run to its end and return what is written of it."""
    runs = taught(choices, smoothing=False)
    curves = {}
    for role, run in zip(ROLES, runs, strict=False):
        points = run.history.evaluated("validation")
        curves[role] = [[e.step for e in points], [round(100 * e.errors / e.examples, 2) for e in points]]
    last = runs[0].history.evaluated("validation")[-1]
    assert last.teacher_errors is not None, "the labels of validation data are known"
    usual = Choices().to_dict()
    other = {name: value for name, value in choices.to_dict().items() if value != usual[name] or name == "seed"}
    print(other, {role: values[-1] for role, (_, values) in curves.items()}, flush=True)
    return {
        "choices": other,
        "version": __version__,
        "teacher_error": round(100 * last.teacher_errors / last.examples, 2),
        "curves": curves,
    }


if __name__ == "__main__":
    main()
