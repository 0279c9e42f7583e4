"""Sequence-level distillation (SeqKD): answers that the teacher wrote, learned as if they were the given ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch

from ....data import Splits
from ....distill import Distillation, HardLabels, RunName
from ....distill.own_text import prompt_lengths
from ....distill.schemes import as_written
from ....distill.teacher import Cancelled
from ....words import mark, number, t
from ..drawings import Drawing, bar, bars, matrix
from ..lane import KeepGoing, Lane
from ..scheme import Course, Option, Party, Phase, Scheme, beside, budget
from ..setting import Setting
from ..text_setting import TextSetting

SHOWN = 6  # answers of the teacher
NAMES = {
    "student": mark("The teacher’s likeliest answers"),
    "drawn": mark("Answers drawn from the teacher"),
    "hinton": mark("Given answers, and the teacher’s probabilities"),
    "twin": mark("Given answers alone"),
}
LOOKS = {"student": "student", "drawn": "branch-1", "hinton": "hinton", "twin": "twin"}


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    assert isinstance(setting, TextSetting), "it runs on text"
    made: dict[str, Splits] = {}
    beams, steps = int(options["beams"]), setting.steps()

    def writes(role: str, **how: Any) -> Any:
        def before(keep_going: KeepGoing | None) -> None:
            try:
                made[role] = as_written(
                    setting.teacher, setting.data, prompt=setting.prompt, end=setting.end, seed=setting.seed,
                    progress=keep_going, **how,
                )  # fmt: skip
            except Cancelled as stopped:
                raise Cancelled(mark("stopped before the first step")) from stopped

        return before

    def runs(role: str) -> Iterator[Distillation]:
        yield Distillation(setting.teacher, setting.student(), made[role], HardLabels(), **setting.numbers())

    def lane(role: str, seconds: float, **how: Any) -> Lane:
        name = RunName(NAMES[role], {})
        return Lane(
            setting, runs(role), [steps], before=writes(role, **how), fixed_s=lambda step: seconds * step, name=name
        )

    batches = len(setting.data.train) / setting.batch_size
    own = lane("student", batches * max(1, 3 * (beams - 1)), greedy=True, beams=beams)
    drawn = lane("drawn", batches, greedy=False)
    return Course(setting, beside(own, drawn=drawn), budget(own.total_steps), {"made": made})


def look(course: Course) -> dict[str, Any]:
    made = course.extra["made"].get("student")
    if made is not None and "written" not in course.once:
        course.once["written"] = _written(course.setting.data, made)
    split = "test" if course.finished else "validation"
    found = {role: course.lanes[role].evaluated(split) for role in NAMES}
    return {role: points[-1].errors for role, points in found.items() if points}


def _written(given: Splits, made: Splits) -> dict[str, Any]:
    """Return how many of the teacher's answers are the given ones, and a few that are not, then of those that are."""
    vocabulary = given.vocabulary
    assert vocabulary is not None, "text has a vocabulary"

    def text(row: torch.Tensor) -> str:
        return str(vocabulary.decode([one for one in row.tolist() if one >= 0]))

    lengths = prompt_lengths(given.train.y).tolist()
    same = (given.train.y == made.train.y).all(1)
    other = [*(~same).nonzero().flatten().tolist(), *same.nonzero().flatten().tolist()][:SHOWN]
    rows = [
        {
            "prompt": text(given.train.x[i][: lengths[i]]),
            "given": text(given.train.y[i]),
            "written": text(made.train.y[i]),
        }
        for i in other
    ]
    return {"same": int(same.sum()), "all": len(same), "rows": rows}


def draw(course: Course) -> list[Drawing]:
    drawn = []
    if course.seen:
        found, examples = course.seen[-1][1], len(course.examples)
        rows = [
            bar(t(name), LOOKS[role], 100 * found[role] / examples, number(found[role]))
            for role, name in NAMES.items()
            if role in found
        ]
        teacher = course.setting.teacher_errors("test" if course.finished else "validation")
        rows.append(bar(t("Teacher"), "teacher", 100 * teacher / examples, number(teacher)))
        sentence = t("The student of the first two rows sees no given answer and no probability: text alone.")
        title = t("Answers not right, of {n}, by what is learned", n=number(examples))
        drawn.append(bars(title, rows, sentence=sentence))
    written = course.once.get("written")
    if written:
        names = [t("given"), t("the teacher’s")]
        told = t(
            "Of {all} answers that the teacher wrote {same} are the given ones, token by token; shaded are some that "
            "are not.",
            all=number(written["all"]),
            same=number(written["same"]),
        )
        texts = [[row["given"], row["written"]] for row in written["rows"]]
        values = [[None, 1.0 if row["given"] != row["written"] else None] for row in written["rows"]]
        prompts = [row["prompt"] for row in written["rows"]]
        drawn.append(matrix(t("What the teacher wrote"), prompts, names, values, texts, low=0, high=3, sentence=told))
    return drawn


SCHEME = Scheme(
    name="sequence_level",
    title=mark("Sequence-level distillation"),
    family="text",
    acronyms=("SeqKD", "sequence-level", "black-box text", "pseudo-labels", "synthetic text"),
    says=mark("The teacher writes whole answers, and the student learns them as if they were the true ones."),
    source="Kim, Rush (2016), arXiv:1606.07947",
    misses=mark(
        "The paper translates sentences, where one may be put in many ways and the teacher’s way is a simpler one to "
        "learn. That the teacher writes takes time before the first step, which is not in the budget."
    ),
    file="sequence_level",
    parties=(
        Party("prompts", mark("Prompts"), "data", 0),
        Party("teacher", mark("Teacher, closed"), "teacher", 1),
        Party("answers", mark("Its answers"), "other", 2),
        Party("student", mark("Student"), "student", 3),
    ),
    phases=(
        Phase(mark("The teacher reads the prompts; the given answers are put away."), (("prompts", "teacher"),)),
        Phase(
            mark("It writes an answer: its likeliest, as far as a search finds it, or one drawn."),
            (("teacher", "answers"),),
        ),
        Phase(
            mark("The student learns these answers as labels; no probability crosses over."), (("answers", "student"),)
        ),
    ),
    begin=begin,
    look=look,
    draw=draw,
    phase=lambda stage: -1,
    options={
        "beams": Option(mark("Beams of the search"), {"1": mark("1: greedy"), "5": mark("5, as in the paper")}, "1")
    },
    data="tasks",
    published="seqkd",
    elsewhere=(
        "words.ipynb?method=sequence",
        mark("A student of the teacher’s running text on the Words page, where you read what it writes"),
    ),
)
