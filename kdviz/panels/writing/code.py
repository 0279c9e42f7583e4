"""The Python of a run of the Words page: a program that stands alone and gives the same numbers."""

from __future__ import annotations

from typing import Any

import torch

from ...distill import Distillation, Objective
from ..live.code import TEACH, number, write_arguments, write_objective, write_steps
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
TRAINED = "for one in (run, twin):\n    one.train(progress=False, evaluate=False)"
PRINTED = """
for name, one in {"student": run, "twin": twin}.items():
    print(name, one.evaluate("test").nll / math.log(2), "bits a token")
"""


def program(choices: WordsChoices, setting: Setting, run: Distillation | None = None) -> str:
    """Return a program that trains student and twin as the page does, on the same number of threads.

    Of a student's ``run`` it has the edits at their steps, and ends where the run stands.
    """
    offer, size = OFFERS[choices.data], STUDENTS[choices.student]
    more = {"context": setting.context} if size.maker == "decoder" else {}
    arguments: dict[str, Any] = {**size.arguments, **more, "seed": choices.seed}
    edited = [] if run is None else [edit for edit in run.history.edits if edit.step <= run.steps_done]
    taught = objective(choices.method, choices.alpha, choices.temperature, setting.end)
    if run is not None:
        taught = run.recipe.objective  # as it was before the edits
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
    whole = run is None or (not edited and run.steps_done in (0, run.total_steps))
    if run is None or whole:
        return HEAD + SOME + "\n".join([*lines, TRAINED]) + PRINTED
    steps = [write_steps(edited, run.steps_done), f"teach(twin, {run.steps_done})"]
    return f"{HEAD}\n{TEACH}" + SOME + "\n".join([*lines, *steps]) + PRINTED
