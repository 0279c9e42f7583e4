"""The Python of a run of the Words page: a program that stands alone and gives the same numbers."""

from __future__ import annotations

from typing import Any

import torch

from ...distill import Objective
from ..live.code import number, write_arguments, write_objective
from .choices import WordsChoices
from .methods import METHODS, objective
from .settings import OFFERS, STUDENTS, TEST, VALIDATION, Setting

HEAD = """import math
from dataclasses import replace

import torch

import kdviz as kd
"""
SOME = '''

def some(part, most):
    """Take at most so many rows, as far apart as can be."""
    return part.take(slice(0, len(part), max(1, len(part) // most))).take(slice(0, most))

'''
PRINTED = """
for name, one in {"student": run, "twin": twin}.items():
    one.train(progress=False, evaluate=False)
    print(name, one.evaluate("test").nll / math.log(2), "bits a token")
"""


def program(choices: WordsChoices, setting: Setting) -> str:
    """Return a program that trains student and twin as the page does, on the same number of threads."""
    offer, size = OFFERS[choices.data], STUDENTS[choices.student]
    more = {"context": setting.context} if size.maker == "decoder" else {}
    arguments: dict[str, Any] = {**size.arguments, **more, "seed": choices.seed}
    taught = objective(choices.method, choices.alpha, choices.temperature, setting.end)
    taught = taught if isinstance(taught, Objective) else Objective(((1.0, taught),))
    learned = ["written = data"]
    if METHODS[choices.method].of_teacher:
        learned = [f"written = kd.schemes.as_written(teacher, data, {write_arguments([], setting.writing())})"]
    lines = [
        f"torch.set_num_threads({torch.get_num_threads()})  # as here; another number may change the last digits",
        f"data = kd.data.load({number(choices.data)}).with_labels({offer.rows})",
        f"data = replace(data, validation=some(data.validation, {VALIDATION}), test=some(data.test, {TEST}))",
        f"teacher = kd.models.pretrained({number(offer.teacher)})",
        *learned,
        f"made = lambda: kd.models.{size.maker}(data.vocabulary, {write_arguments([], arguments)})",
        write_objective(taught),
        f"numbers = dict({write_arguments([], setting.numbers())})",
        "run = kd.Distillation(teacher, made(), written, objective, **numbers)",
        "twin = kd.Distillation(None, made(), data, kd.HardLabels(), **numbers)",
    ]
    return HEAD + SOME + "\n".join(lines) + "\n" + PRINTED
