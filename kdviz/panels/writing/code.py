"""The Python of a run of the Words page: a program that stands alone and gives the same numbers."""

from __future__ import annotations

from typing import Any

import torch

from .choices import WordsChoices
from .methods import METHODS, objective
from .settings import OFFERS, STUDENTS, TEST, VALIDATION, Setting

WATCHED = 1.6  # a step of the page takes so many times a plain one: evaluations, what is written, the page itself
PRINTED = """
run = kd.Distillation(
    teacher, student, data, objective, {numbers}
)
for name, one in {{"student": run, "twin": run.twin()}}.items():
    one.train(progress=False)
    print(name, one.evaluate("test").nll / math.log(2), "bits a token")
"""


def program(choices: WordsChoices, setting: Setting) -> str:
    """Return a program that trains student and twin as the page does, on the same number of threads."""
    offer, size = OFFERS[choices.data], STUDENTS[choices.student]
    more = {"context": setting.context} if size.maker == "decoder" else {}
    arguments: dict[str, Any] = {**size.arguments, **more, "seed": choices.seed}
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
        f'whole = kd.data.load("{choices.data}")',
        f"parts = {{'train': {offer.rows}, 'validation': {VALIDATION}, 'test': {TEST}}}",
        "data = replace(whole, **{part: getattr(whole, part).take(slice(0, n)) for part, n in parts.items()})",
        f'teacher = kd.models.pretrained("{offer.teacher}")',
        f"student = kd.models.{size.maker}(data.vocabulary, {_written(arguments)})",
        f"objective = {_objective(choices)}",
    ]
    return "\n".join(lines) + PRINTED.format(numbers=_written(numbers))


def _objective(choices: WordsChoices) -> str:
    text = repr(objective(choices.method, choices.alpha, choices.temperature))
    for name in ("HardLabels", type(METHODS[choices.method].term).__name__):
        text = text.replace(f"{name}(", f"kd.{name}(")
    return text


def _written(arguments: dict[str, Any]) -> str:
    parts = [f"{name}={value if isinstance(value, int | float) else f'kd.{value!r}'}" for name, value in arguments.items()]
    return ", ".join(parts)
