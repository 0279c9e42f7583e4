"""TinyBERT: what goes on inside is learned first, on any text and then on the task's; the answers come last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from .... import models
from ....distill import Distillation
from ....distill.schemes import General, tinybert
from ....words import mark, number, t
from ..drawings import Drawing, bar, bars, curves, line
from ..lane import Lane
from ..scheme import Course, Option, Party, Phase, Scheme, beside, budget
from ..setting import Setting
from ..text_setting import TextSetting

RECENT = 10  # steps over which a loss is averaged
PARTS = {  # the terms' names in a run
    "embeddings": (mark("embeddings"), "branch-0"),
    "hidden_states": (mark("hidden states"), "branch-1"),
    "attention_matrices": (mark("attention"), "branch-2"),
    "soft": (mark("answers"), "student"),
}
HEADLESS = mark("Before the last stage nothing has taught the student to answer: chance would be {chance} errors.")
STAGES = (mark("General: layers"), mark("Task: layers"), mark("Task: answers"))
SHARES = {"yes": (0.1, 0.5, 0.4), "no": (0.0, 0.5, 0.5)}  # of the steps


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    epochs = [max(1, round(share * setting.epochs)) if share else 0 for share in SHARES[options["general"]]]
    epochs[-1] = max(1, setting.epochs - sum(epochs[:-1]))
    assert isinstance(setting, TextSetting), "it runs on text"
    student, general = setting.student(), None
    if epochs[0]:
        assert setting.general is not None, "lines of kinds come with a teacher of words"
        teacher, text = setting.general
        other = models.build({**student.architecture, "classes": None}, seed=setting.seed)
        general = General(teacher, other, text)
    runs = tinybert(
        setting.teacher, student, setting.data, general,
        general_epochs=epochs[0], layer_epochs=epochs[1], **setting.numbers(epochs=epochs[2]),
    )  # fmt: skip
    plan = [setting.steps(count) for count in epochs if count]

    def of_task(stages: Sequence[Distillation]) -> nn.Module:
        """Return the network with the task's head, which is untrained while the general stage goes on."""
        return student if general is not None and len(stages) == 1 else stages[-1].student

    own = Lane(setting, runs, plan, answer=of_task, cost=1.8)
    return Course(setting, beside(own), budget(own.total_steps), {"stages": STAGES[-len(plan) :]})


def look(course: Course) -> dict[str, Any]:
    """Return how large each loss of the stage under way is, as the mean of its last steps, and validation errors."""
    run, data = course.own.stages[-1], course.setting.data.validation
    wrong = course.setting.wrong(course.own.answer, data)
    found: dict[str, Any] = {"stage": len(course.own.stages) - 1, "wrong": wrong}
    rows = run.history.frame().tail(RECENT)
    return found | ({name: float(rows[name].mean()) for name in run.objective.names} if len(rows) else {})


def draw(course: Course) -> list[Drawing]:
    if not course.seen:
        return []
    lines, names = [], [t(name) for name in course.extra["stages"]]
    for name, (title, look_of) in PARTS.items():
        points = [(step, found[name]) for step, found in course.seen if name in found]
        if points:
            first = points[0][1] or 1.0
            lines.append(line(t(title), look_of, [step for step, _ in points], [one / first for _, one in points]))
    drawn = []
    if lines:
        sentence = t("Each loss is 1 where it was first seen. The next stage goes on with what the last one learned.")
        drawn.append(curves(t("What each stage learns"), lines, x=t("step"), y=t("loss"), sentence=sentence))
    ends: dict[int, int] = {}
    for _, found in course.seen:
        ends[int(found["stage"])] = int(found["wrong"])  # the last that was seen of each stage
    examples = course.setting.data.validation.labelled
    looks = ("branch-0", "branch-1", "student")[-len(names) :]
    rows = [bar(names[k], looks[k], 100 * wrong / examples, number(wrong)) for k, wrong in sorted(ends.items())]
    chance = number(examples * (1 - 1 / len(course.setting.data.classes)), ",.0f")
    title = t("Errors of {n} validation lines, by stage", n=number(examples))
    drawn.append(bars(title, rows, sentence=t(HEADLESS, chance=chance)))
    return drawn


SCHEME = Scheme(
    name="tinybert",
    title=mark("TinyBERT"),
    family="text",
    acronyms=("TinyBERT", "two stages", "general distillation", "task distillation", "layers first"),
    says=mark("What goes on inside is learned first, on any text and then on the task’s; the answers come last."),
    source="Jiao, Yin, Shang, Jiang, Chen, Li, Wang, Liu (2020), arXiv:1909.10351",
    misses=mark(
        "The paper’s general stage reads all of Wikipedia, and its task stage twenty times as many lines, made by "
        "exchanging words. Here the steps of one short run are shared out to the stages."
    ),
    file="tinybert",
    parties=(
        Party("text", mark("Any text"), "data", 0, 0),
        Party("first", mark("Teacher of words"), "teacher", 1, 0),
        Party("task", mark("Text of the task"), "data", 0, 2),
        Party("tuned", mark("Teacher of the task"), "teacher", 1, 2),
        Party("inside", mark("What goes on inside"), "other", 2, 1),
        Party("student", mark("Student"), "student", 3, 1),
    ),
    phases=(
        Phase(
            mark("General stage: on any text the student learns what goes on inside a teacher that knows words."),
            (("text", "first"), ("first", "inside"), ("inside", "student")),
        ),
        Phase(
            mark("Task stage, layers: the same on the task’s text, from the teacher that was fine-tuned for it."),
            (("task", "tuned"), ("tuned", "inside"), ("inside", "student")),
        ),
        Phase(mark("Task stage, answers: the teacher’s probabilities, and nothing else."), (("tuned", "student"),)),
    ),
    begin=begin,
    look=look,
    draw=draw,
    phase=lambda stage: stage,
    options={"general": Option(mark("General stage"), {"yes": mark("yes"), "no": mark("no")}, "yes")},
    data="kinds",
    elsewhere=(
        "experiments.ipynb?experiment=distilbert-small",
        mark("The recorded experiment: TinyBERT’s stages beside DistilBERT’s losses, three seeds"),
    ),
    formula=(
        r"\mathrm{MSE}(E_s W_e, E_t) + \textstyle\sum_m \big[\mathrm{MSE}(H_{s,m} W_h, H_{t,g(m)}) + "
        r"\mathrm{MSE}(A_{s,m}, A_{t,g(m)})\big]"
    ),
)
