"""What a run of each kind of student takes and comes to: ``python benchmarks/kinds.py``.

Each kind is run as the Lab runs it when nothing but the kind is chosen, by the Lab itself, without a page; seconds are
from Train to the end, the teacher's answers and the test included, beside the estimate that stood before Train. They
depend on what else the machine does; the seconds of the processor less so.

``--write`` keeps what came out in ``kdviz/panels/lab/kinds.json``, which the Setup tells of. ``--validation`` never
opens the test set: it prints errors on validation data over several seeds, which settings are to be chosen by.
``--with name=value ...`` tries other settings.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from typing import Any

from kdviz import __version__
from kdviz.distill import Teacher, leave_room
from kdviz.measure import PairedErrors
from kdviz.models import pretrained
from kdviz.models.kinds import KINDS
from kdviz.panels import Lab
from kdviz.panels.lab.choices import Choices, data_names, student_kinds, usual_of
from kdviz.panels.lab.duration import estimated
from kdviz.panels.lab.kinds import FILE

HEAD = "| kind | data | seconds (processor) | estimate | student | twin | difference |"
teachers: dict[str, Teacher] = {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=list(KINDS), choices=list(KINDS), metavar="KIND")
    parser.add_argument("--data", nargs="*", default=list(data_names()), choices=data_names(), metavar="DATA")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--validation", type=int, default=0, metavar="SEEDS")
    parser.add_argument("--with", nargs="*", default=[], dest="chosen", metavar="NAME=VALUE")
    arguments = parser.parse_args()
    leave_room()
    chosen = dict(text.split("=", 1) for text in arguments.chosen)
    more = {name: _read(value) for name, value in chosen.items()}
    wanted = [(kind, data) for data in arguments.data for kind in arguments.only if kind in student_kinds(data)]
    if arguments.validation:
        for kind, data in wanted:
            for seed in range(arguments.validation):
                print(on_validation(Choices.of({**more, "kind": kind, "data": data, "seed": seed})), flush=True)
        return
    print(HEAD + "\n|" + " --- |" * (HEAD.count("|") - 1), flush=True)
    rows = []
    for kind, data in wanted:
        rows.append(trained(kind, data, more))
        print(told(rows[-1]), flush=True)
        if arguments.write:  # at once: the whole takes minutes
            FILE.write_text(json.dumps({"version": __version__, "runs": kept(rows)}, indent=1) + "\n", encoding="utf-8")


def trained(kind: str, data: str, more: dict[str, Any]) -> dict[str, Any]:
    """Train a kind as the Lab does, and return what it came to."""
    choices = Choices.of({**more, "kind": kind, "data": data})
    estimate = estimated(choices)
    lab = Lab(**choices.to_dict())
    wall, cpu = time.perf_counter(), time.process_time()
    lab.command("train")
    assert lab.wait("finished"), lab.transport.status
    seconds = time.perf_counter() - wall, time.process_time() - cpu
    difference: PairedErrors = lab._groups.differences["twin"]
    student, twin = (run.history.evaluated("test")[-1] for run in (lab.run, lab.twin) if run is not None)
    lab.close()
    return {
        "kind": kind,
        "data": data,
        "choices": {name: getattr(choices, name) for name in (*usual_of(kind, data), "seed")},
        "student": student.errors,
        "twin": twin.errors,
        "n": student.examples,
        "seconds": round(seconds[0], 1),
        "processor_seconds": round(seconds[1], 1),
        "estimate": round(estimate, 1),
        "difference": asdict(difference),
    }


def told(row: dict[str, Any]) -> str:
    """Return a row of the table."""
    d = PairedErrors(**row["difference"])
    numbers = (
        f"{row['seconds']} ({row['processor_seconds']})",
        row["estimate"],
        f"{row['student']:,}",
        f"{row['twin']:,}",
    )
    return (
        f"| {row['kind']} | {row['data']} | "
        + " | ".join(map(str, numbers))
        + f" | {d.mean:+.0f} ({d.low:.0f} to {d.high:.0f}) |"
    )


def kept(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what was recorded before, with those of these rows in place of older ones that have the kind's own size.

    The Lab opens tables with a smaller perceptron than the kind's.
    """
    before = json.loads(FILE.read_text(encoding="utf-8"))["runs"] if FILE.is_file() else []
    new = {(row["kind"], row["data"]): row for row in rows if _usual(row)}
    return [*(row for row in before if (row["kind"], row["data"]) not in new and _usual(row)), *new.values()]


def _usual(row: dict[str, Any]) -> bool:
    return all(row["choices"].get(name) == value for name, value in usual_of(row["kind"], row["data"]).items())


def on_validation(choices: Choices) -> str:
    """Train student and twin and return their errors on validation data; the test set stays closed."""
    if choices.teacher not in teachers:
        teachers[choices.teacher] = Teacher(pretrained(choices.teacher))
    run = choices.distillation(teachers[choices.teacher])
    twin = run.twin()
    cpu = time.process_time()
    errors = [one.train(progress=False, evaluate=False).evaluate("validation").errors for one in (run, twin)]
    seconds = time.process_time() - cpu
    return f"{choices.kind} {choices.data} seed {choices.seed}: student {errors[0]}, twin {errors[1]} ({seconds:.0f} s)"


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value


if __name__ == "__main__":
    main()
