"""On-policy distillation (GKD): loss on the student's own text beside loss on given text, over steps and length."""

from __future__ import annotations

from collections.abc import Mapping

from ....distill import OnPolicy
from ....words import mark, t
from ..drawings import Drawing
from ..on_own_text import EVERY, course_of, look
from ..on_own_text import draw as drawn
from ..scheme import Course, Option, Party, Phase, Scheme
from ..setting import Setting
from ..text_setting import TextSetting


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    assert isinstance(setting, TextSetting), "it runs on text"
    own = float(options["own"])
    term = OnPolicy(own=own, divergence=options["divergence"], prompt=setting.prompt, end=setting.end, every=EVERY)
    return course_of(setting, term, cost=1 + 7 * own)


def draw(course: Course) -> list[Drawing]:
    return drawn(course, t(SCHEME.title))


SCHEME = Scheme(
    name="on_policy",
    title=mark("On-policy distillation"),
    family="text",
    acronyms=("GKD", "on-policy", "generalized distillation", "own text", "exposure bias"),
    says=mark(
        "The student writes, the teacher says of each token how likely others would have been, and the student learns."
    ),
    source="Agarwal, Vieillard, Zhou, Stanczyk, Ramos, Geist, Bachem (2024), arXiv:2306.13649",
    misses=mark(
        "Steps are counted alike, though one on own text takes several times as long: the student must write it first, "
        "and one text serves eight steps here. The paper writes anew at each step, and its students are large."
    ),
    file="on_policy",
    parties=(
        Party("text", mark("Given text"), "data", 0, 0),
        Party("student", mark("Student"), "student", 1, 0),
        Party("own", mark("What the student wrote"), "other", 2, 0),
        Party("teacher", mark("Teacher"), "teacher", 2, 1),
    ),
    phases=(
        Phase(mark("First the student learns given text, so that it can write at all."), (("text", "student"),)),
        Phase(
            mark("The student writes on from the beginning of a text, with the weights it has now."),
            (("student", "own"),),
        ),
        Phase(
            mark("The teacher reads what was written and says, for each token, how likely all others would have been."),
            (("own", "teacher"),),
        ),
        Phase(
            mark("The student learns from that, where it really goes; no gradient passes through the writing."),
            (("teacher", "student"),),
        ),
    ),
    begin=begin,
    look=look,
    draw=draw,
    phase=lambda stage: -1,
    options={
        "own": Option(mark("λ, the share of steps on own text"), {"0.25": "0.25", "0.5": "0.5", "1": "1"}, "0.5"),
        "divergence": Option(
            mark("Divergence"),
            {"forward": mark("forward KL"), "jensen_shannon": mark("Jensen–Shannon"), "reverse": mark("reverse KL")},
            "jensen_shannon",
        ),
    },
    data="text",
    published="gkd",
    elsewhere=(
        "words.ipynb?method=on_policy",
        mark("A student taught so on the Words page, where you read what it writes"),
    ),
)
