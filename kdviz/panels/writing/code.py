"""The Python of a run of the Words page: a program that stands alone and gives the same numbers."""

from __future__ import annotations

from typing import Any

import torch

from ..live.code import number, write_arguments, write_objective
from .choices import WordsChoices
from .settings import OFFERS, STUDENTS, TEST, VALIDATION, Setting

TRAINED = """
twin = run.twin()
for name, one in {"student": run, "twin": twin}.items():
    one.train(progress=False, evaluate=False)
    print(name, one.evaluate("test").nll / math.log(2), "bits a token")
"""


def program(choices: WordsChoices, setting: Setting) -> str:
    """Return a program that trains student and twin as the page does, on the same number of threads."""
    offer, size = OFFERS[choices.data], STUDENTS[choices.student]
    more = {"context": setting.context} if size.maker == "decoder" else {}
    arguments: dict[str, Any] = {**size.arguments, **more, "seed": choices.seed}
    run = setting.run(choices.student, choices.method, choices.alpha, choices.temperature)
    numbers = {
        "learning_rate": setting.learning_rate,
        "batch_size": setting.batch_size,
        "epochs": setting.epochs,
        "seed": choices.seed,
    }
    lines = [
        "import math",
        "from dataclasses import replace",
        "",
        "import torch",
        "",
        "import kdviz as kd",
        "",
        f"torch.set_num_threads({torch.get_num_threads()})  # as here; another number may change the last digits",
        f"data = kd.data.load({number(choices.data)})",
        f'rows = {{"train": {offer.rows}, "validation": {VALIDATION}, "test": {TEST}}}',
        "data = replace(data, **{part: getattr(data, part).take(slice(0, n)) for part, n in rows.items()})",
        f"teacher = kd.models.pretrained({number(offer.teacher)})",
        f"student = kd.models.{size.maker}(data.vocabulary, {write_arguments([], arguments)})",
        write_objective(run.objective),
        "run = kd.Distillation(",
        "    teacher,",
        "    student,",
        "    data,",
        "    objective,",
        *[f"    {name}={number(value)}," for name, value in numbers.items()],
        ")",
    ]
    return "\n".join(lines) + TRAINED
