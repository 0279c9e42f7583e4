"""Born-again networks: generations of one architecture, with the errors of each and of all together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....distill.schemes import born_again, ensemble
from ....words import mark, number, t
from ..drawings import Drawing, bar, bars
from ..lane import Lane
from ..scheme import Course, Option, Party, Phase, Scheme, beside, budget
from ..setting import Setting


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    count = int(options["generations"])
    epochs = setting.share(count)
    runs = born_again(setting.student(), setting.data, generations=count, **setting.numbers(epochs=epochs))
    own = Lane(setting, runs, [setting.steps(epochs)] * count, cost=1.2)
    return Course(setting, beside(own), budget(own.total_steps, count))


def look(course: Course) -> dict[str, Any]:
    runs = [run for run in course.own.stages if run.steps_done]
    together = course.wrong(ensemble(runs)) if len(runs) > 1 else None
    return {"wrong": [course.wrong(run.student) for run in runs], "together": together}


def draw(course: Course) -> list[Drawing]:
    if not course.seen or not course.seen[-1][1]["wrong"]:
        return []
    found, examples = course.seen[-1][1], course.examples.labelled
    count = len(found["wrong"])
    rows = [
        bar(
            t("Generation {n}", n=n + 1),
            "student" if n == count - 1 else "branch-0",
            100 * wrong / examples,
            number(wrong),
        )
        for n, wrong in enumerate(found["wrong"])
    ]
    sentence = ""
    if found["together"] is not None:
        note = t("the mean of their probabilities; it costs {n} networks to ask", n=number(count))
        rows.append(
            bar(t("All together"), "branch-1", 100 * found["together"] / examples, number(found["together"]), note)
        )
        first, last = found["wrong"][0], found["wrong"][-1]
        sentence = t(
            "Generation 1 makes {first} errors, generation {n} {last}, all together {together}. No new knowledge "
            "enters: what looks like progress may be the luck of other initial weights.",
            first=number(first),
            n=number(count),
            last=number(last),
            together=number(found["together"]),
        )
    return [bars(t("Errors of {n} examples, by generation", n=number(examples)), rows, sentence=sentence)]


SCHEME = Scheme(
    name="born_again",
    title=mark("Born-again networks"),
    family="self",
    acronyms=("BAN", "BANE", "generations"),
    says=mark("A network teaches a fresh copy of itself, generation after generation; all together make an ensemble."),
    source="Furlanello, Lipton, Tschannen, Itti, Anandkumar (2018), arXiv:1805.04770",
    misses=mark(
        "One seed: a second network with other initial weights differs as much as a generation does. The scheme has "
        "no larger teacher, offline distillation has one."
    ),
    file="born_again",
    parties=(
        Party("labels", mark("Labels"), "data", 1, 0),
        Party("first", mark("Generation 1"), "peer", 0, 1),
        Party("second", mark("Generation 2"), "peer", 1, 1),
        Party("third", mark("Generation 3"), "student", 2, 1),
    ),
    phases=(
        Phase(mark("The first generation learns from the labels alone."), (("labels", "first"),)),
        Phase(
            mark("A fresh copy learns from the labels and from the first, now fixed."),
            (("labels", "second"), ("first", "second")),
        ),
        Phase(mark("And so on, each from the one before it."), (("labels", "third"), ("second", "third"))),
    ),
    begin=begin,
    look=look,
    draw=draw,
    options={"generations": Option(mark("Generations"), {"2": "2", "3": "3", "4": "4"}, "3")},
)
