"""The Python of what is on screen: a program that stands alone and gives the same numbers."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields
from itertools import groupby
from typing import Any

import torch

from ... import data as data_sets
from ... import distill, models
from ...distill import Distillation, Edit, Objective, Recipe, Schedule, Term, transfer_sets

HEAD = "import torch\n\nimport kdviz as kd\n"
TEACH = '''
def teach(run, step):
    """Take the optimiser steps up to this one."""
    while run.steps_done < step:
        run.step()
'''
SPLITS = ("train", "validation", "test")
LINE = 110  # longer calls get a line for each argument


def program(run: Distillation, *, twin: bool = True, smoothing: float = 0.1) -> str:
    """Return a Python program that does what this run has done and prints its test errors.

    Parameters
    ----------
    run : Distillation
        At any step; a branch too, which is told as a run of its own with all edits at their steps.
    twin : bool
        Whether the program trains the twin too, where there are labels.
    smoothing : float
        Of a second twin that learns from smoothed labels; 0 for none.

    Returns
    -------
    str
        Run alone, it repeats the run bit for bit, on the same number of threads and the same version of PyTorch. What
        has no name (a model, data, a function of your own) is left for the reader to fill in, with a comment.
    """
    with run.lock:
        step, total = run.steps_done, run.total_steps
        edits = [e for e in run.history.edits if e.step <= step]
    recipe = run.recipe
    parts = [
        f"torch.set_num_threads({torch.get_num_threads()})  # as here; another number may change the last digits",
        write_data(recipe, _data_has_a_name(run, recipe)),
        *([write_teacher(recipe)] if recipe.objective.needs_teacher else []),
        write_student(recipe),
        write_objective(recipe.objective),
        _run(recipe),
    ]
    setting_up = "\n".join(parts)
    plain = step == total and not edits
    training = f"run.train()  # {step:,} steps" if plain else write_steps(edits, step)
    others = _twins(run, twin, smoothing, "" if plain else str(step))
    helper = f"\n{TEACH}\n" if not plain else ""
    return f"{HEAD}{helper}\n{setting_up}\n\n{training}\n{others}\n\n{_printing(run)}"


def _data_has_a_name(run: Distillation, recipe: Recipe) -> bool:
    """Whether the run's data are what its recipe would load."""
    if recipe.data not in data_sets.available("any"):
        return False
    loaded, own = recipe.load_data(), run.data
    return all(getattr(loaded, p) is getattr(own, p) or _same(getattr(loaded, p), getattr(own, p)) for p in SPLITS)


def _same(one: data_sets.Examples, other: data_sets.Examples) -> bool:
    return len(one) == len(other) and one.fingerprint() == other.fingerprint()


def write_data(recipe: Recipe, named: bool) -> str:
    if not named:
        return "data = ...  # put your own data here: (X, y) tensors, a Dataset, a DataLoader or kd.data.Splits"
    loader = recipe.data.replace("-", "_")
    loaded = f"kd.data.{loader}()" if hasattr(data_sets, loader) else f"kd.data.load({number(recipe.data)})"
    if not recipe.draw:
        return f"data = {loaded}"
    draw = dict(recipe.draw)
    changed: dict[str, Any] = {name: draw.pop(name) for name in ("fault", "extra") if name in draw}
    told = {
        "keep_unlabelled": draw.get("keep_unlabelled") or None,
        "seed": draw.get("seed") or None,
        "omit": tuple(draw.get("omit", ())) or None,
    }
    drawing = f"with_labels({write_arguments([number(draw['count'])], told)})"
    return transfer_sets.written(loaded, changed, drawing) if changed else f"data = {loaded}.{drawing}"


def write_teacher(recipe: Recipe) -> str:
    if recipe.teacher is None:
        return "teacher = ...  # put your own teacher here: a torch.nn.Module in eval mode"
    return f"teacher = kd.models.pretrained({number(recipe.teacher)})"


def write_student(recipe: Recipe) -> str:
    if recipe.student is None:
        return "student = ...  # put your own student here: a torch.nn.Module with the weights it had before step 1"
    given = {k: tuple(v) if isinstance(v, list) else v for k, v in recipe.student.items() if k not in ("name", "sees")}
    usual = inspect.signature(getattr(models, recipe.student["name"])).parameters
    told = {k: v for k, v in given.items() if k == "hidden" or k not in usual or v != usual[k].default}
    made = f"kd.models.{recipe.student['name']}({write_arguments([], {**told, 'seed': recipe.student_seed})})"
    return f"student = kd.models.seeing_half({made})" if "sees" in recipe.student else f"student = {made}"


def write_objective(objective: Objective) -> str:
    """Write the objective as algebra, with alpha by name where the weights are alpha and 1 − alpha to the last bit."""
    own = [type(t).__name__ for t in objective.terms if getattr(distill, type(t).__name__, None) is not type(t)]
    if own:
        return f"objective = ...  # put your objective here; it was {objective!r}, and {own[0]} is a term of your own"
    weights = [weight for weight, _ in objective.weighted]
    terms = [_term(term) for _, term in objective.weighted]
    first, told = weights[0], [number(weight) for weight in weights]
    before = ""
    balanced = len(weights) > 1 and isinstance(first, float) and weights[1] == 1.0 - first
    if balanced and all(term.kept_by_twin or term.outside_alpha for term in objective.terms[2:]):
        before, told[:2] = f"alpha = {number(first)}\n", ["alpha", "(1 - alpha)"]
    return f"{before}objective = " + " + ".join(f"{w} * {t}" for w, t in zip(told, terms, strict=True))


def _term(term: Term) -> str:
    values = {f.name: getattr(term, f.name) for f in fields(term)}
    return f"kd.{type(term).__name__}({write_arguments([], values)})"


def _run(recipe: Recipe) -> str:
    teacher = "teacher" if recipe.objective.needs_teacher else "None"
    numbers = dict(recipe.numbers())
    optional = {"optimizer": "adam", "augment": None}
    usual = {name: numbers.pop(name) for name in optional}
    told: dict[str, Any] = {n: v for n, v in usual.items() if v != optional[n] and v != "custom"}
    own = [name for name, value in usual.items() if value == "custom"]
    comment = "".join(f"  # add {name}=, your own function" for name in own)
    call = f"run = kd.Distillation({write_arguments([teacher, 'student', 'data', 'objective'], {**numbers, **told})})"
    if len(call) + len(comment) <= LINE:
        return call + comment
    lines = [f"{teacher}, student, data, objective", write_arguments([], {**numbers, **told})]
    return "run = kd.Distillation(\n" + "".join(f"    {line},\n" for line in lines) + f"){comment}"


def write_steps(edits: Iterable[Edit], last: int) -> str:
    """Write the training, stopping at each edit."""
    lines = []
    for step, together in groupby(edits, key=lambda e: e.step):
        if step:
            lines.append(f"teach(run, {step})")
        lines += _edit_lines(list(together))
    return "\n".join([*lines, f"teach(run, {last})"])


def _edit_lines(together: list[Edit]) -> list[str]:
    values = {e.name: e.value for e in together if e.name != "total_steps"}
    plans = [e for e in together if e.name == "total_steps"]
    longer = [f'run.history.edits.append(kd.distill.Edit({e.step}, "total_steps", {number(e.value)}))' for e in plans]
    return [*longer, *([f"run.edit({write_arguments([], values)})"] if values else [])]


def _twins(run: Distillation, twin: bool, smoothing: float, step: str) -> str:
    """Write the twins: made after the student, they have its edits of the learning rate at their steps."""
    lines = ['runs = {"student": run}']
    train = ".train()" if not step else ""
    if not run.data.train.labelled:
        return lines[0] + "  # no twin: it would learn from labels alone, and there are none"
    if twin:
        lines.append(f'runs["twin, no teacher"] = run.twin(){train}')
    if smoothing:
        lines.append(f'runs["twin, label smoothing"] = run.twin(smoothing={number(smoothing)}){train}')
    if step and len(lines) > 1:
        lines += ["for other in runs.values():", f"    teach(other, {step})"]
    return "\n".join(lines)


def _printing(run: Distillation) -> str:
    split = next((s for s in ("test", "validation") if getattr(run.data, s).labelled), None)
    if split is None:
        return ""
    return (
        "for name, one in runs.items():\n"
        f'    result = one.evaluate("{split}")\n'
        f'    print(f"{{name}}: {{result.errors:,}} errors on {{result.examples:,}} {split} examples")\n'
    )


def write_arguments(positional: list[str], named: Mapping[str, Any]) -> str:
    """Write arguments of a call; a value of None is left out."""
    return ", ".join([*positional, *(f"{name}={number(v)}" for name, v in named.items() if v is not None)])


def number(value: Any) -> str:
    """Write a value so that Python reads the same one again: 4.0 as 4, a schedule by its public name."""
    if isinstance(value, Schedule):
        inner = ", ".join(f"{f.name}={number(getattr(value, f.name))}" for f in fields(value))
        return f"kd.schedules.{type(value).__name__}({inner})"
    if isinstance(value, float) and math.isfinite(value) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = repr(value)
    return f'"{text[1:-1]}"' if isinstance(value, str) and '"' not in text and "\\" not in text else text
