"""Progressive: hints from the bottom up, then answers, with how near each layer comes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....distill import hinton
from ....distill.schemes import progressive
from ....words import mark, number, t
from ..drawings import Drawing, curves, line
from ..lane import Lane
from ..scheme import Course, Option, Party, Phase, Scheme, beside, budget
from ..setting import TEMPERATURE, Setting

LAYERS = {"1": ("relu2",), "2": ("relu1", "relu2")}
NEWEST = 16  # steps whose mean is shown


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    layers = LAYERS[options["hints"]]
    epochs = setting.share(len(layers) + 1)
    pairs = [(layer, layer) for layer in layers]
    objective = hinton(0.9, TEMPERATURE)
    numbers = setting.numbers(epochs=epochs)
    runs = progressive(setting.teacher, setting.student(), setting.data, pairs, objective, **numbers)
    own = Lane(setting, runs, [setting.steps(epochs)] * (len(layers) + 1), cost=1.7)
    return Course(setting, beside(own), budget(own.total_steps), {"layers": layers})


def look(course: Course) -> dict[str, Any]:
    run = course.own.stages[-1]
    stage = len(course.own.stages) - 1
    if "hint" not in run.objective.names or not run.steps_done:
        return {}
    return {f"stage {stage}": float(np.mean(run.history.column("hint")[-NEWEST:]))}


def draw(course: Course) -> list[Drawing]:
    layers = course.extra["layers"]
    lines = []
    for stage, layer in enumerate(layers):
        points = [(step, found[f"stage {stage}"]) for step, found in course.seen if f"stage {stage}" in found]
        if points:
            name = t("Hint at {layer}", layer=layer)
            lines.append(line(name, f"branch-{stage}", [s for s, _ in points], [v for _, v in points]))
    if not lines:
        return []
    last = lines[-1]
    sentence = t(
        "The student’s layer, through a linear map, ends {share} nearer to the teacher’s than it was when first "
        "measured.",
        share=number(1 - last["y"][-1] / last["y"][0], ".0%"),
    )
    shown = len(last["y"]) > 1 and last["y"][-1] < last["y"][0]
    title = t("How far the student’s layers are from the teacher’s")
    return [curves(title, lines, x=t("step"), y=t("squared distance"), sentence=sentence if shown else "")]


SCHEME = Scheme(
    name="progressive",
    title=mark("Stage by stage, with hints"),
    family="rows",
    acronyms=("FitNets", "hints", "stage-wise", "intermediate supervision"),
    says=mark(
        "First the student’s layers learn to give what the teacher’s give, from the bottom up; then the answers."
    ),
    source="Romero, Ballas, Kahou, Chassang, Gatta, Bengio (2015), arXiv:1412.6550",
    misses=mark("FitNets’ student is thinner and deeper than its teacher; this one is as deep and much thinner."),
    file="progressive",
    parties=(
        Party("low_t", mark("Teacher’s first layer"), "teacher", 0, 2),
        Party("deep_t", mark("Teacher’s second layer"), "teacher", 0, 1),
        Party("end_t", mark("Teacher’s answers"), "teacher", 0, 0),
        Party("low_s", mark("Student’s first layer"), "student", 1, 2),
        Party("deep_s", mark("Student’s second layer"), "student", 1, 1),
        Party("end_s", mark("Student’s answers"), "student", 1, 0),
    ),
    phases=(
        Phase(mark("The first layer learns to give what the teacher’s gives."), (("low_t", "low_s"),)),
        Phase(mark("Then a deeper layer, with the weights that the first stage left."), (("deep_t", "deep_s"),)),
        Phase(mark("At last the whole student learns soft targets and labels."), (("end_t", "end_s"),)),
    ),
    begin=begin,
    look=look,
    draw=draw,
    options={"hints": Option(mark("Stages of hints"), {"1": "1", "2": "2"}, "2")},
)
