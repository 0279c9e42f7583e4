"""Record the runs behind *Does it pay?*: ``python benchmarks/record_pays.py``.

Trains, on one thread and with seed 0: a teacher, a student with it, the student's twin, for each pair of ``PAIRS``, all
on the 55,000 MNIST training images and for so few epochs that it takes minutes; asks the teacher once about them; and
times answers of teacher and student in turns. Writes ``kdviz/panels/pays.json``. All seconds are those of the
processor (``time.process_time``), so that what else runs on the machine counts little; of answers they are medians.

``--pair NAME`` records one of them anew; ``--answers`` only times the answers anew, with networks of the same shapes:
their weights make no difference to it.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

import kdviz as kd
from kdviz import __version__, models
from kdviz.distill import Teacher
from kdviz.measure import paired_errors
from kdviz.measure.cost import in_turns, parameters
from kdviz.panels.pays import FILE

RATE = 3e-3  # of students and twins
LOSS = kd.hinton(temperature=4, alpha=0.9)
TEACHERS: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "mlp": (lambda: models.mlp((1200, 1200), seed=0), 2),
    "convnet": (lambda: models.convnet(8, seed=0), 1),
}
PAIRS: dict[str, tuple[str, Callable[[], nn.Module], int]] = {
    "perceptron": ("mlp", lambda: models.mlp((64,), seed=0), 4),
    "convnet": ("convnet", lambda: models.convnet(4, seed=0), 2),
    "fewer-weights": ("mlp", lambda: models.mobile(8, seed=0), 2),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", action="store_true", help="time the answers anew, and train nothing")
    parser.add_argument("--pair", choices=PAIRS, help="record this pair alone")
    given = parser.parse_args()
    torch.set_num_threads(1)
    data = kd.data.mnist()
    if given.answers:
        written = json.loads(FILE.read_text(encoding="utf-8"))
        for row in written["cases"]:
            of, make, _ = PAIRS[row["name"]]
            row["answers"] = answers_of(TEACHERS[of][0]().eval(), make().eval(), data)
            print(row["name"], row["answers"], flush=True)
        FILE.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
        return
    wanted = {given.pair: PAIRS[given.pair]} if given.pair else PAIRS
    taught = {name: teacher_of(name, data) for name in TEACHERS if any(of == name for of, *_ in wanted.values())}
    found: dict[str, dict[str, Any]] = {}
    for name, (of, make, epochs) in wanted.items():
        teacher, about = taught[of]
        found[name] = {"name": name, **about, **pair(teacher, make, epochs, data)}
        print(json.dumps(found[name]), flush=True)
    before = (
        {row["name"]: row for row in json.loads(FILE.read_text(encoding="utf-8"))["cases"]} if FILE.exists() else {}
    )
    rows = [found.get(name) or before[name] for name in PAIRS]
    written = {
        "command": "python benchmarks/record_pays.py",
        "version": __version__,
        "torch": torch.__version__.partition("+")[0],
        "machine": f"{platform.machine()}, one thread",
        "cases": rows,
    }
    FILE.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


def seconds_of(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return round(time.process_time() - begun, 2)


def teacher_of(name: str, data: Any) -> tuple[Teacher, dict[str, Any]]:
    """Train a teacher and ask it; return it with its answers, and what both took."""
    make, epochs = TEACHERS[name]
    run = kd.Distillation(None, make(), data, kd.HardLabels(), epochs=epochs, seed=0)
    trained = seconds_of(lambda: run.train(progress=False))
    teacher = Teacher(run.student.eval())
    asking = seconds_of(lambda: teacher.logits(data.train))
    return teacher, {"teacher": trained, "asking": asking, "teacher_epochs": epochs}


def pair(teacher: Teacher, make: Callable[[], nn.Module], epochs: int, data: Any) -> dict[str, Any]:
    """Train a student and its twin, and time answers."""
    run = kd.Distillation(teacher, make(), data, LOSS, epochs=epochs, learning_rate=RATE, seed=0)
    student = seconds_of(lambda: run.train(progress=False))
    twin = run.twin()
    twin.train(progress=False)
    of = {"teacher": teacher.module, "student": run.student, "twin": twin.student}
    wrong = {who: wrong_of(model, data) for who, model in of.items()}
    beside = paired_errors(wrong["student"], wrong["twin"])
    return {
        "student": student,
        "epochs": epochs,
        "answers": answers_of(teacher.module, run.student, data),
        "weights": {who: parameters(of[who]) for who in ("teacher", "student")},
        "errors": {who: int(each.sum()) for who, each in wrong.items()},
        "beside_twin": {"mean": beside.mean, "low": beside.low, "high": beside.high},
        "examples": len(data.test),
    }


def answers_of(teacher: nn.Module, student: nn.Module, data: Any) -> dict[str, dict[str, float]]:
    """Time one answer, alone and of 64 at once."""
    x, found = data.test.inputs(slice(0, 64)), {}
    for batch in (1, 64):
        both = {"teacher": teacher, "student": student}
        turns = in_turns(both, x, batch=batch, seconds=4, timer=time.process_time)
        each = {who: turns.latency[who].median / batch for who in both}
        r = turns.ratio()
        found[str(batch)] = {**each, "ratio": r.value, "low": r.low, "high": r.high}
    return found


def wrong_of(model: nn.Module, data: Any) -> Any:
    return (models.inference.logits(model, data.test).argmax(1) != data.test.y).numpy()


if __name__ == "__main__":
    main()
