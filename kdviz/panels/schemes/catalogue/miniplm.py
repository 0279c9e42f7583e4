"""MiniPLM: of a pool of text, what the teacher finds likely and a small model does not; the rest is left out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from torch import nn

from ....data import Splits
from ....distill import Distillation, HardLabels, RunName
from ....distill.difference_sampling import difference_sampled
from ....distill.per_sequence import per_sequence
from ....distill.schemes import frozen
from ....words import mark, number, t
from ..drawings import Drawing, bar, bars, curves, line
from ..lane import Lane
from ..scheme import Course, Option, Party, Phase, Scheme, beside, budget
from ..setting import Setting

REFERENCE, CHOSEN = RunName(mark("Small model, on all texts"), {}), RunName(mark("Student, on the chosen texts"), {})
LOOKED_AT, SHOWN = 80, 3  # texts whose difference is drawn, and those read at each end


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    share, first = float(options["share"]), max(1, setting.epochs // 4)
    plan = [setting.steps(first), setting.steps(setting.epochs - first or 1)]
    made: dict[str, Any] = {}

    def runs() -> Iterator[Distillation]:
        small = Distillation(None, setting.student(1), setting.data, HardLabels(), **setting.numbers(epochs=first))
        small.name = REFERENCE
        yield small
        made["small"] = frozen(small)
        made["chosen"] = difference_sampled(setting.data, setting.teacher, made["small"], share)
        epochs = -(-plan[1] // setting.steps(1, len(made["chosen"].train)))
        run = Distillation(None, setting.student(), made["chosen"], HardLabels(), **setting.numbers(epochs=epochs))
        run.name = CHOSEN
        yield run

    own = Lane(setting, runs(), plan, fixed_s=lambda step: len(setting.data.train) / setting.batch_size * step)
    return Course(setting, beside(own), budget(own.total_steps, 2), {"made": made})


def look(course: Course) -> dict[str, Any]:
    made = course.extra["made"]
    if "chosen" in made and "texts" not in course.once:
        teacher = course.setting.teacher.module
        course.once["texts"] = _texts(course.setting.data, made["chosen"], teacher, made["small"])
    return {}


def _texts(data: Splits, chosen: Splits, teacher: nn.Module, small: nn.Module) -> list[dict[str, Any]]:
    """Return some texts, the largest difference first: what it is in bits a token, and whether they were chosen."""
    few = data.train.take(slice(0, len(data.train), max(1, len(data.train) // LOOKED_AT)))
    theirs, ours = per_sequence(teacher, few), per_sequence(small, few)
    gained = ((ours.nll - theirs.nll) / theirs.tokens.clamp(min=1) / math.log(2)).tolist()
    kept = {tuple(row) for row in chosen.train.inputs().tolist()}
    vocabulary = data.vocabulary
    assert vocabulary is not None, "text has a vocabulary"
    rows = [
        {"r": round(r, 4), "kept": tuple(ids) in kept, "text": str(vocabulary.decode(ids)).replace("\n", " ")}
        for r, ids in zip(gained, few.inputs().tolist(), strict=True)
    ]
    return sorted(rows, key=lambda row: -row["r"])


def draw(course: Course) -> list[Drawing]:
    texts = course.once.get("texts")
    if not texts:
        return []
    parts = {
        kept: [(place, row["r"]) for place, row in enumerate(texts, start=1) if row["kept"] == kept]
        for kept in (True, False)
    }
    names = {True: (t("learned"), "student"), False: (t("left out"), "branch-0")}
    lines = [
        line(*names[kept], [x for x, _ in points], [y for _, y in points]) for kept, points in parts.items() if points
    ]
    sentence = t(
        "Each of {n} texts of the pool, the largest difference first: how many bits a token less the teacher needs for "
        "it than the small model. {kept} of them are learned.",
        n=number(len(texts)),
        kept=number(len(parts[True])),
    )
    title = t("What the teacher knows beyond the small model, in bits a token")
    drawn = [curves(title, lines, x=t("rank of the text"), y=t("bits"), sentence=sentence)]
    looks = {kept: look_of for kept, (_, look_of) in names.items()}
    rows = [
        bar(f"“{row['text']}”", looks[row["kept"]], row["r"], number(row["r"], ".2f"))
        for row in (*texts[:SHOWN], *texts[-SHOWN:])
    ]
    return [*drawn, bars(t("The texts at both ends"), rows, unit=t("bits"))]


SCHEME = Scheme(
    name="miniplm",
    title=mark("Difference sampling"),
    family="text",
    acronyms=("MiniPLM", "difference sampling", "data selection", "pre-training", "offline"),
    says=mark(
        "Before training, texts are kept that the teacher finds likely and a small model does not; those are learned."
    ),
    source="Gu, Zhou, Meng, Zhou, Huang (2024), arXiv:2410.17215",
    misses=mark(
        "The paper chooses half of a pool of billions of tokens, so that nothing is seen twice; here what is left of a "
        "small pool is read more often, which costs."
    ),
    file="../difference_sampling",
    parties=(
        Party("pool", mark("Pool of texts"), "data", 0, 1),
        Party("small", mark("Small model"), "peer", 1, 0),
        Party("teacher", mark("Teacher"), "teacher", 1, 2),
        Party("chosen", mark("Chosen texts"), "other", 2, 1),
        Party("student", mark("Student"), "student", 3, 1),
    ),
    phases=(
        Phase(mark("A small model learns from the pool for a while."), (("pool", "small"),)),
        Phase(
            mark("For each text both say how likely it is; kept are those on which the teacher is furthest ahead."),
            (("small", "chosen"), ("teacher", "chosen"), ("pool", "chosen")),
        ),
        Phase(
            mark("The student learns the chosen texts as labels; the teacher is not asked again."),
            (("chosen", "student"),),
        ),
    ),
    begin=begin,
    look=look,
    draw=draw,
    phase=lambda stage: 2 * stage,
    options={"share": Option(mark("Share that is kept"), {"0.25": "0.25", "0.5": "0.5", "0.75": "0.75"}, "0.5")},
    setting={"rows": 800},
    data="text",
    published="miniplm",
    elsewhere=(
        "words.ipynb?data=moby-dick",
        mark("The same text on the Words page, where you read what students write"),
    ),
)
