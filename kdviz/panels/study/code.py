"""The Python of the Study page: a program that gives the same numbers, and what is different on a cluster."""

from __future__ import annotations

from typing import Any

from ...distill import Objective
from ..live import code
from .plan import Plan

HEAD = code.HEAD.partition("\n\n")[2]  # without torch
FOLDER = "my-study"
DASK = f"""# A Dask cluster, whose workers have kdviz (pip install "dask[distributed]"). On the cores of one machine
# this line does instead: study.run("{FOLDER}", n_jobs=64)
import joblib
from dask.distributed import Client

client = Client("tcp://ADDRESS-OF-THE-SCHEDULER:8786")
with joblib.parallel_config(backend="dask"):
    study.run("{FOLDER}")"""


def program(plan: Plan) -> str:
    """Return a program that does the page's study and prints its table.

    Run alone it gives the page's numbers, on the same version of PyTorch; what is in its folder is not done again.
    """
    return (
        f"{_study(plan)}\nstudy.run({code.number(FOLDER)}, n_jobs=1)  # as here: stacked, in this process\n\n{_PRINTED}"
    )


def on_a_cluster(plan: Plan) -> str:
    """Return the program with a cluster in place of the page's one core."""
    return f"{_study(plan)}\n\n{DASK}\n\n{_PRINTED}"


_PRINTED = """print(study.table().to_string())
print(study.best().name)
study.frame().to_csv("runs.csv", index=False)
"""


def _study(plan: Plan) -> str:
    recipe = plan.recipe
    numbers = {
        "data": recipe.data,
        "draw": recipe.draw,
        "teacher": recipe.teacher,
        "student": recipe.student,
        "learning_rate": recipe.learning_rate,
        "batch_size": recipe.batch_size,
        "epochs": recipe.epochs,
    }
    lines = [HEAD, code.write_objective(recipe.objective), "recipe = kd.Recipe("]
    lines += [f"    {name}={_value(value)}," for name, value in numbers.items()]
    lines += ["    objective=objective,", ")", "study = kd.Study.grid(", "    recipe,"]
    for name, values in plan.axes.items():
        lines += _axis(name, values)
    lines += [f"    seeds={len(plan.study.seeds)},", ")"]
    return "\n".join(lines)


def _axis(name: str, values: list[Any]) -> list[str]:
    if not isinstance(values[0], Objective):
        return [f"    {name}=[{', '.join(map(_value, values))}],"]
    return [f"    {name}=[", *(f"        {_algebra(one)}," for one in values), "    ],"]


def _algebra(objective: Objective) -> str:
    """Return an objective as one expression."""
    written = code.write_objective(objective)
    before, _, rest = written.rpartition("objective = ")
    if before:
        share = before.removeprefix("alpha = ").strip()
        rest = rest.replace("(1 - alpha)", f"(1 - {share})").replace("alpha *", f"{share} *")
    return rest


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{code.number(name)}: {_value(one)}" for name, one in value.items()) + "}"
    return code.number(value) if not isinstance(value, list) else "[" + ", ".join(map(_value, value)) + "]"
