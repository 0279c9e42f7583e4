"""MiniLLM: student and teacher write together; the student leaves what the teacher finds unlikely, now and later."""

from __future__ import annotations

from collections.abc import Mapping

from ....distill import HardLabels, MiniLLM
from ....words import mark, t
from ..drawings import Drawing
from ..on_own_text import EVERY, course_of, look
from ..on_own_text import draw as drawn
from ..scheme import Course, Option, Party, Phase, Scheme
from ..setting import Setting
from ..text_setting import TextSetting


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    assert isinstance(setting, TextSetting), "it runs on text"
    term = MiniLLM(mixed=float(options["mixed"]), prompt=setting.prompt, end=setting.end, every=EVERY)
    return course_of(setting, 1.0 * term + 1.0 * HardLabels(), cost=9.0)


def draw(course: Course) -> list[Drawing]:
    return drawn(course, t(SCHEME.title))


SCHEME = Scheme(
    name="minillm",
    title=mark("MiniLLM"),
    family="text",
    acronyms=("MiniLLM", "reverse KL on own text", "policy gradient", "teacher-mixed sampling"),
    says=mark("Student and teacher write together; the student leaves what the teacher finds unlikely, now and later."),
    source="Gu, Dong, Wei, Huang (2024), arXiv:2306.08543",
    misses=mark(
        "Steps are counted alike, though writing takes several times as long; one text serves eight steps here. The "
        "authors clip and whiten rewards over many batches; here each text is a sample of its own."
    ),
    file="../terms/on_policy",
    parties=(
        Party("text", mark("Given text"), "data", 0, 0),
        Party("student", mark("Student"), "student", 1, 0),
        Party("both", mark("What both wrote"), "other", 2, 0),
        Party("teacher", mark("Teacher"), "teacher", 2, 1),
    ),
    phases=(
        Phase(mark("First the student learns given text, and goes on doing so throughout."), (("text", "student"),)),
        Phase(
            mark("Each token is drawn from a mixture of both models’ probabilities, mostly the student’s."),
            (("student", "both"), ("teacher", "both")),
        ),
        Phase(
            mark("The teacher says how likely each token was, and each that came after it."),
            (("both", "teacher"),),
        ),
        Phase(
            mark("The student gives less to what the teacher finds unlikely, and to what led there."),
            (("teacher", "student"),),
        ),
    ),
    begin=begin,
    look=look,
    draw=draw,
    phase=lambda stage: -1,
    options={
        "mixed": Option(
            mark("α, the teacher’s share of who writes"),
            {"0": mark("0: the student alone"), "0.2": "0.2", "0.5": "0.5"},
            "0.2",
        )
    },
    data="text",
    published="minillm",
    elsewhere=(
        "words.ipynb?method=minillm",
        mark("A student taught so on the Words page, where you read what it writes"),
    ),
)
