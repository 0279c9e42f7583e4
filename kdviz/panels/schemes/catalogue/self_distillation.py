"""Self-distillation: exits on the way, with accuracy against compute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....distill.schemes import exits, self_distillation
from ....models.counts import mac_count
from ....words import mark, number, t
from ..drawings import Drawing, bar, bars, curves, line
from ..lane import Lane
from ..scheme import Course, Option, Party, Phase, Scheme, beside, budget
from ..setting import Setting

LAYERS = {"1": ("relu1",), "2": ("relu1", "relu2")}


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    epochs = setting.share(2)
    run = self_distillation(setting.student(), setting.data, LAYERS[options["exits"]], **setting.numbers(epochs=epochs))
    own = Lane(setting, [run], [setting.steps(epochs)], cost=4.0)
    return Course(setting, beside(own), budget(own.total_steps))


def look(course: Course) -> dict[str, Any]:
    run = course.own.stages[-1]
    models = {**exits(run), "": run.student}
    return {
        "wrong": {name: course.wrong(model) for name, model in models.items()},
        "compute": {name: mac_count(model, course.setting.data.shape) for name, model in models.items()},
    }


def draw(course: Course) -> list[Drawing]:
    if not course.seen:
        return []
    found, examples = course.seen[-1][1], course.examples.labelled
    order = sorted(found["compute"], key=lambda name: found["compute"][name])
    compute = [found["compute"][name] / 1000 for name in order]
    accuracy = [100 * (1 - found["wrong"][name] / examples) for name in order]
    drawn = [
        curves(
            t("Accuracy against compute"),
            [line(t("Exits, and the end"), "student", compute, accuracy)],
            x=t("thousands of multiply-adds for one example"),
            y=t("accuracy"),
            percent=True,
        )
    ]
    rows = [
        bar(
            t("Exit behind {layer}", layer=name) if name else t("The network’s end"),
            "branch-0" if name else "student",
            100 * found["wrong"][name] / examples,
            number(found["wrong"][name]),
            t("{n} multiply-adds", n=number(found["compute"][name])),
        )
        for name in order
    ]
    first, last = order[0], ""
    sentence = t(
        "The first exit takes {share} of the whole network’s multiply-adds and makes {wrong} errors; the end makes "
        "{end}.",
        share=number(found["compute"][first] / found["compute"][last], ".1%"),
        wrong=number(found["wrong"][first]),
        end=number(found["wrong"][last]),
    )
    drawn.append(bars(t("Errors of {n} examples, by exit", n=number(examples)), rows, sentence=sentence))
    return drawn


SCHEME = Scheme(
    name="self_distillation",
    title=mark("Self-distillation with exits"),
    family="self",
    acronyms=("BYOT", "be-your-own-teacher", "exits", "early exit"),
    says=mark("The end of a network teaches exits on the way: several networks for the price of one."),
    source="Zhang, Song, Gao, Chen, Bao, Ma (2019), arXiv:1905.08094",
    misses=mark(
        "Multiply-adds are counted, not seconds: on a computer like this one a network of this size takes hardly "
        "longer than its exits."
    ),
    file="self_distillation",
    parties=(
        Party("input", mark("Input"), "data", 0, 1),
        Party("first", mark("First layers"), "other", 1, 1),
        Party("deep", mark("Deep layers"), "other", 2, 1),
        Party("end", mark("End"), "student", 3, 1),
        Party("exit", mark("Exit"), "peer", 1, 0),
        Party("labels", mark("Labels"), "data", 3, 0),
    ),
    phases=(
        Phase(
            mark("An example goes through the network; the exit answers early."),
            (("input", "first"), ("first", "exit"), ("first", "deep"), ("deep", "end")),
        ),
        Phase(mark("The labels teach the end and the exit."), (("labels", "end"), ("labels", "exit"))),
        Phase(mark("The end teaches the exit, and through it the layers below."), (("end", "exit"), ("exit", "first"))),
    ),
    begin=begin,
    look=look,
    draw=draw,
    phase=lambda stage: -1,
    options={"exits": Option(mark("Exits"), {"1": "1", "2": "2"}, "2")},
    setting={"hidden": (32, 192, 192, 192)},
)
