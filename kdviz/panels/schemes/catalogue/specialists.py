"""A generalist and specialists for classes that it takes for one another, with their clusters."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from ....distill import Distillation
from ....distill.schemes import WithSpecialists, confusable_classes, frozen, named, specialists
from ....models import inference
from ....words import mark, number, t
from ..drawings import Drawing, bar, bars, matrix
from ..lane import Lane
from ..scheme import Course, Party, Phase, Scheme, beside, budget
from ..setting import Setting

SPECIALISTS = 2


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    half = setting.share(2)
    steps = setting.steps(half)
    each = max(1, steps // SPECIALISTS)
    course_of: dict[str, Any] = {}

    def runs() -> Iterator[Distillation]:
        generalist = setting.twin(steps)
        yield named(generalist, mark("Generalist"))
        model = frozen(generalist)
        count = max(2, len(setting.data.classes) // 3)
        clusters = confusable_classes(model, setting.data.train, count, seed=setting.seed)[:SPECIALISTS]
        course_of["clusters"] = clusters = clusters or ((0, 1),)
        epochs = max(1, each)  # more than are needed: a specialist takes the steps that it is given
        numbers = setting.numbers(epochs=epochs, learning_rate=1e-3)
        again = itertools.islice(itertools.cycle(clusters), SPECIALISTS)
        yield from specialists(model, setting.data, again, **numbers)

    def answer(stages: Sequence[Distillation]) -> nn.Module:
        taught = [run for run in stages[1:] if run.steps_done]
        return WithSpecialists(stages[0].student, taught) if taught else stages[0].student

    own = Lane(setting, runs(), [steps] + [each] * SPECIALISTS, answer=answer, cost=1.8)
    return Course(setting, beside(own), budget(own.total_steps, 1 + SPECIALISTS), {"found": course_of})


def look(course: Course) -> dict[str, Any]:
    generalist = course.own.stages[0].student
    examples, count = course.examples, len(course.setting.data.classes)
    known = examples.y >= 0
    said = inference.logits(generalist, examples).argmax(1)[known]
    pairs = torch.bincount(examples.y[known] * count + said, minlength=count * count).view(count, count)
    return {
        "confused": pairs.tolist(),
        "generalist": int((said != examples.y[known]).sum()),
        "together": course.wrong(course.own.answer) if len(course.own.stages) > 1 else None,
        "clusters": [list(cluster) for cluster in course.extra["found"].get("clusters", ())],
    }


def draw(course: Course) -> list[Drawing]:
    if not course.seen:
        return []
    found, classes = course.seen[-1][1], course.setting.data.classes
    clusters = found["clusters"]
    examples = course.examples.labelled
    listed = [c for cluster in clusters for c in cluster]
    order = [*listed, *(c for c in range(len(classes)) if c not in listed)]
    values = [[None if i == j else found["confused"][i][j] for j in order] for i in order]
    texts = [["" if one is None else number(one) for one in row] for row in values]
    most = max([1, *(one for row in values for one in row if one is not None)])
    groups = [t("classes {names}", names=", ".join(classes[c] for c in cluster)) for cluster in clusters]
    sentence = t("Each of these has a specialist: {groups}.", groups="; ".join(groups)) if groups else ""
    names = [classes[c] for c in order]
    title = t("What the generalist takes for what, of {n} examples", n=number(examples))
    said, true = t("what it says"), t("true class")
    drawn = [
        matrix(title, names, names, values, texts, low=0, high=most, across=said, down=true, sentence=sentence),
    ]
    rows = [bar(t("Generalist alone"), "branch-0", 100 * found["generalist"] / examples, number(found["generalist"]))]
    if found["together"] is not None:
        name = t("With its specialists")
        rows.append(bar(name, "student", 100 * found["together"] / examples, number(found["together"])))
    drawn.append(bars(t("Errors of {n} examples", n=number(examples)), rows))
    return drawn


SCHEME = Scheme(
    name="specialists",
    title=mark("Generalist and specialists"),
    family="several",
    acronyms=("specialists", "dustbin", "confusable classes"),
    says=mark("For classes that a model takes for one another, copies of it learn to tell just these apart."),
    source="Hinton, Vinyals, Dean (2015), arXiv:1503.02531, section 5",
    misses=mark(
        "The paper has 15,000 classes and a generalist that nobody can afford to train on. With ten classes more "
        "steps of the generalist itself are often worth more: the twin has them."
    ),
    file="specialists",
    parties=(
        Party("labels", mark("Labels"), "data", 0, 0),
        Party("generalist", mark("Generalist"), "teacher", 1, 0),
        Party("one", mark("Specialist 1"), "peer", 0, 1),
        Party("two", mark("Specialist 2"), "peer", 2, 1),
        Party("all", mark("All that are asked"), "student", 1, 2),
    ),
    phases=(
        Phase(mark("A generalist learns all classes."), (("labels", "generalist"),)),
        Phase(
            mark("Copies of it learn clusters of classes it confuses; its soft targets keep them from forgetting."),
            (("generalist", "one"), ("generalist", "two"), ("labels", "one")),
        ),
        Phase(
            mark("Asked, the generalist names likely classes; the specialists for these answer with it."),
            (("generalist", "all"), ("one", "all"), ("two", "all")),
        ),
    ),
    begin=begin,
    look=look,
    draw=draw,
    phase=lambda stage: min(stage, 1),
)
