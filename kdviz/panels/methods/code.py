"""The Python of the Methods page: a program that stands alone and gives the same numbers."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ...distill import Distillation
from ..live import code
from .trial import TEST, VALIDATION


def program(run: Distillation, beside: Sequence[str], title: str, *, named: bool, teachers: Sequence[str] = ()) -> str:
    """Return a program that trains the runs of the page as far as the method's is, and prints their test errors.

    Parameters
    ----------
    run : Distillation
        The method's. One that has not begun is trained to its end.
    beside : sequence of str
        Who is trained beside it: "hinton", "twin".
    title : str
        Of the method.
    named : bool
        Whether teacher, student and data have names to load them by; else they are left for the reader to fill in.
    teachers : sequence of str
        The names of several who teach together.

    Returns
    -------
    str
        Run alone, it repeats the runs bit for bit, on the same number of threads and the same version of PyTorch.
    """
    with run.lock:
        step, total = run.steps_done, run.total_steps
        edits = [e for e in run.history.edits if e.step <= step]
    recipe = run.recipe
    plain = step in (0, total) and not edits
    numbers = {name: value for name, value in recipe.numbers().items() if name not in ("optimizer", "augment")}
    made = {
        "student": "run",
        "hinton": "kd.Distillation(teacher, copy.deepcopy(student), data, kd.hinton(0.9, 4), **settings)",
        "twin": "run.twin()",
    }
    titles = {"student": title, "hinton": "Hinton KD", "twin": "twin, no teacher"}
    lines = [
        f"torch.set_num_threads({torch.get_num_threads()})  # as here; another number may change the last digits",
        code.write_data(recipe, named),
        *([_looked_at()] if named else []),
        _together(teachers) if teachers else code.write_teacher(recipe),
        code.write_student(recipe),
        code.write_objective(recipe.objective),
        f"settings = dict({code.write_arguments([], numbers)})",
        "",
        "run = kd.Distillation(teacher, copy.deepcopy(student), data, objective, **settings)",
        "runs = {",
        *(f"    {code.number(titles[role])}: {made[role]}," for role in ("student", *beside)),
        "}",
        *(["for one in runs.values():", "    one.train()"] if plain else [code.write_steps(edits, step)]),
        *([] if plain else ["for one in runs.values():", f"    teach(one, {step})"]),
        "for name, one in runs.items():",
        '    result = one.evaluate("test")',
        '    print(f"{name}: {result.errors:,} errors on {result.examples:,} test examples")',
    ]
    imports = f"import copy\n{'import dataclasses' if named else ''}".strip()
    helper = "" if plain else f"\n{code.TEACH}\n"
    return f"{imports}\n\n{code.HEAD}{helper}\n" + "\n".join(lines) + "\n"


def _together(teachers: Sequence[str]) -> str:
    names = ", ".join(code.number(name) for name in teachers)
    return f"teacher = kd.schemes.ensemble(kd.models.pretrained(name) for name in ({names}))"


def _looked_at() -> str:
    parts = [f"{name}=data.{name}.take(slice({most}))" for name, most in (("validation", VALIDATION), ("test", TEST))]
    return f"data = dataclasses.replace(data, {', '.join(parts)})"
