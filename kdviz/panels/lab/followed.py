"""Which watched examples a student ends up answering as its teacher does: recorded, so that the Lab opens with one.

A student follows its teacher on an example where, after the default run, it has the teacher's first choice and its
second one too. ``followed.json`` lists the examples on which students of several seeds all do;
``python -m kdviz.panels.lab.followed`` trains them and writes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from torch import Tensor

from ... import data as data_sets
from ... import models
from ...distill import Teacher
from ...models import inference
from ..views.probes import LOOKED_AT
from .choices import Choices, data_names

FILE = Path(__file__).with_name("followed.json")
SEEDS = (0, 1, 2)


@cache
def _recorded() -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def examples_followed(data: str, teacher: str) -> tuple[int, ...]:
    """Return validation examples, by index, on which the default students follow this teacher; none if not recorded.

    >>> examples_followed("mnist", "another teacher")
    ()
    """
    record = _recorded().get(data, {})
    return tuple(record["examples"]) if record.get("teacher") == teacher else ()


def follows(teacher: Tensor, student: Tensor) -> Tensor:
    """Return where a student's first two choices are its teacher's, in their order.

    Parameters
    ----------
    teacher, student : Tensor, shape (N, C)
        Logits.

    Returns
    -------
    Tensor of bool, shape (N,)

    >>> import torch
    >>> follows(torch.tensor([[2.0, 1.0, 0.0]]), torch.tensor([[9.0, 8.0, 0.0]])).tolist()
    [True]
    """
    return (teacher.topk(2).indices == student.topk(2).indices).all(1)


def record(data: str, seeds: Sequence[int] = SEEDS, **chosen: Any) -> dict[str, Any]:
    """Train the default student of a data set with each seed, and return what ``followed.json`` keeps of it."""
    choices = Choices.of({"data": data, **chosen})
    teacher = Teacher(models.pretrained(choices.teacher))
    look = data_sets.load(data).validation.take(slice(0, LOOKED_AT))
    taught = inference.logits(teacher.module, look)
    everywhere = None
    for seed in seeds:
        run = Choices.of({"data": data, **chosen, "seed": seed}).distillation(teacher)
        run.train(progress=False)
        here = follows(taught, inference.logits(run.student, look))
        everywhere = here if everywhere is None else everywhere & here
    kept = [] if everywhere is None else everywhere.nonzero().flatten().tolist()
    return {"teacher": choices.teacher, "seeds": list(seeds), "examples": kept}


def main() -> None:
    """Write the file anew."""
    rows = {data: json.dumps(record(data)) for data in data_names()}
    FILE.write_text("{\n" + ",\n".join(f'  "{data}": {row}' for data, row in rows.items()) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
