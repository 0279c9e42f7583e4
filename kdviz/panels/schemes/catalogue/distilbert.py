"""DistilBERT: half the blocks, begun as every other one of the teacher's, and three losses at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ....distill import Distillation, RunName
from ....distill.schemes import distilbert
from ....measure.error_words import in_errors, worth
from ....words import mark, number, t
from ..drawings import Drawing, bar, bars, curves, line
from ..lane import Lane
from ..scheme import Course, Option, Party, Phase, Scheme, beside, budget
from ..setting import Setting

NAMES = {
    "student": mark("Inherited blocks, triple loss"),
    "fresh": mark("Fresh blocks, triple loss"),
    "hinton": mark("Fresh blocks, soft targets and hidden words"),
    "twin": mark("Fresh blocks, hidden words alone"),
}
LOOKS = {"student": "student", "fresh": "branch-1", "hinton": "hinton", "twin": "twin"}


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    steps = setting.steps()
    without: dict[str, Any] = {} if options["without"] == "nothing" else {options["without"]: 0.0}

    def triple(inherited: bool) -> Distillation:
        student = setting.student()
        return distilbert(setting.teacher, student, setting.data, inherited=inherited, **without, **setting.numbers())

    def lane(role: str, make: Callable[[], Distillation], cost: float) -> Lane:
        return Lane(setting, (make() for _ in range(1)), [steps], cost=cost, name=RunName(NAMES[role], {}))

    own = lane("student", lambda: triple(True), 1.9)
    return Course(setting, beside(own, fresh=lane("fresh", lambda: triple(False), 1.9)), budget(own.total_steps))


def look(course: Course) -> dict[str, Any]:
    split = "test" if course.finished else "validation"
    found = {role: lane.evaluated(split) for role, lane in course.lanes.items()}
    return {role: points[-1].errors for role, points in found.items() if points}


def draw(course: Course) -> list[Drawing]:
    if not course.seen or not course.seen[-1][1]:
        return []
    split = "test" if course.finished else "validation"
    words = course.own.evaluated(split)[-1].examples
    lines = []
    for role, name in NAMES.items():
        points = course.lanes[role].evaluated("validation")
        shares = [100 * (1 - one.errors / one.examples) for one in points]
        lines.append(line(t(name), LOOKS[role], [one.step for one in points], shares))
    way = t("Hidden words found, of {n} in validation lines", n=number(course.own.evaluated("validation")[-1].examples))
    drawn = [curves(way, lines, x=t("step"), y=t("found"), percent=True)]
    found, rows = course.seen[-1][1], []
    for role, name in NAMES.items():
        if role in found:
            right = words - found[role]
            rows.append(bar(t(name), LOOKS[role], 100 * right / words, number(right), _against(course, role)))
    teacher = words - course.setting.teacher_errors(split)
    rows.append(bar(t("Teacher"), "teacher", 100 * teacher / words, number(teacher)))
    title = t("Hidden words found, of {n}", n=number(words))
    return [*drawn, bars(title, rows, sentence=_sentence(course))]


def _against(course: Course, role: str) -> str:
    """Return what a lane's difference from the twin is worth."""
    own, twin = course.lanes[role].on_test, course.lanes["twin"].on_test
    if not course.finished or role == "twin" or len(own) != len(twin):
        return ""
    difference = course.setting.count.difference(own, twin)
    told = {"difference": in_errors(difference), "worth": worth(difference)}
    return t("not found, against fresh blocks and hidden words alone: {difference}: {worth}", **told)


def _sentence(course: Course) -> str:
    """Return what the inherited blocks alone gave before the first step, and at the end."""
    first = course.own.evaluated("validation")[0]
    fresh = course.lanes["fresh"].evaluated("validation")
    if first.step or not fresh:
        return ""
    return t(
        "Before the first step the inherited blocks find {own} of {n} hidden words of validation lines, fresh ones "
        "{fresh}.",
        own=number(first.examples - first.errors),
        n=number(first.examples),
        fresh=number(fresh[0].examples - fresh[0].errors),
    )


SCHEME = Scheme(
    name="distilbert",
    title=mark("DistilBERT"),
    family="text",
    acronyms=("DistilBERT", "triple loss", "inherited blocks", "masked language", "BERT"),
    says=mark("Half the blocks, begun as every other one of the teacher’s, taught by three losses at once."),
    source="Sanh, Debut, Chaumond, Wolf (2019), arXiv:1910.01108",
    misses=mark(
        "What the paper is read for: the student is fine-tuned on other tasks afterwards, as the teacher would be. The "
        "experiment distilbert-small does so."
    ),
    file="distilbert",
    parties=(
        Party("line", mark("Line with hidden words"), "data", 0, 1),
        Party("teacher", mark("Teacher: 4 blocks"), "teacher", 1, 0),
        Party("student", mark("Student: 2 blocks"), "student", 1, 2),
        Party("said", mark("Answers, hidden states"), "other", 2, 1),
        Party("words", mark("Hidden words"), "data", 2, 2),
    ),
    phases=(
        Phase(
            mark("The student begins with the weights of the teacher’s first and third block."),
            (("teacher", "student"),),
        ),
        Phase(mark("Both read a line in which some words are hidden."), (("line", "teacher"), ("line", "student"))),
        Phase(
            mark("The student learns the teacher’s probabilities of each word, and where its hidden states point."),
            (("teacher", "said"), ("said", "student")),
        ),
        Phase(mark("And it learns the hidden words themselves."), (("words", "student"),)),
    ),
    begin=begin,
    look=look,
    draw=draw,
    phase=lambda stage: -1,
    options={
        "without": Option(
            mark("Left out of the triple loss"),
            {
                "nothing": mark("nothing"),
                "soft": mark("soft targets"),
                "labels": mark("hidden words"),
                "cosine": mark("cosine of hidden states"),
            },
            "nothing",
        )
    },
    data="masked",
    published="distilbert",
    elsewhere=(
        "experiments.ipynb?experiment=distilbert-small",
        mark("The recorded experiment: three seeds, each part left out in turn, and fine-tuned afterwards"),
    ),
)
