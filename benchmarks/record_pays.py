"""Record the runs behind *Does it pay?*: ``python benchmarks/record_pays.py``.

Trains, on one thread and with seed 0: a teacher, a student with it, the student's twin, for each pair of ``PAIRS``, all
on the 55,000 MNIST training images and for so few epochs that it takes minutes; asks the teacher once about them; and
times single answers of teacher and student in turns. Writes ``kdviz/panels/pays.json``. Seconds of training are those
of the processor (``time.process_time``), so that what else runs on the machine does not count; times of answers are
medians.
"""

from __future__ import annotations

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
from kdviz.measure.cost import costs
from kdviz.panels.pays import FILE

LOSS = kd.hinton(temperature=4, alpha=0.9)
TEACHERS: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "mlp": (lambda: models.mlp((1200, 1200), seed=0), 3),
    "convnet": (lambda: models.convnet(16, seed=0), 2),
}
PAIRS: dict[str, tuple[str, Callable[[], nn.Module], int]] = {
    "perceptron": ("mlp", lambda: models.mlp((64,), seed=0), 5),
    "convnet": ("convnet", lambda: models.convnet(4, seed=0), 2),
    "fewer-weights": ("mlp", lambda: models.mobile(8, seed=0), 1),
}


def main() -> None:
    torch.set_num_threads(1)
    data = kd.data.mnist()
    rows: list[dict[str, Any]] = []
    taught = {name: teacher_of(name, data) for name in TEACHERS}
    for name, (of, make, epochs) in PAIRS.items():
        teacher, about = taught[of]
        rows.append({"name": name, **about, **pair(teacher, make, epochs, data)})
        print(json.dumps(rows[-1]), flush=True)
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
    run = kd.Distillation(teacher, make(), data, LOSS, epochs=epochs, seed=0)
    student = seconds_of(lambda: run.train(progress=False))
    twin = run.twin()
    twin.train(progress=False)
    found = costs({"teacher": teacher.module, "student": run.student}, data, batches=(1, 64), seconds=4)
    of = {"teacher": teacher.module, "student": run.student, "twin": twin.student}
    answers = {}
    for batch in (1, 64):
        r = found.ratio(batch=batch)
        each = {who: found[who].latency[batch].median / batch for who in ("teacher", "student")}
        answers[str(batch)] = {**each, "ratio": r.value, "low": r.low, "high": r.high}
    wrong = {who: wrong_of(model, data) for who, model in of.items()}
    beside = paired_errors(wrong["student"], wrong["twin"])
    return {
        "student": student,
        "epochs": epochs,
        "answers": answers,
        "weights": {who: found[who].parameters for who in ("teacher", "student")},
        "errors": {who: int(each.sum()) for who, each in wrong.items()},
        "beside_twin": {"mean": beside.mean, "low": beside.low, "high": beside.high},
        "examples": len(data.test),
    }


def wrong_of(model: nn.Module, data: Any) -> Any:
    return (models.inference.logits(model, data.test).argmax(1) != data.test.y).numpy()


if __name__ == "__main__":
    main()
