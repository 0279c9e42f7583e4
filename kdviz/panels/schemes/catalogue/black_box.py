"""Black box: what the student may see of the teacher, from its first choice to its features, each at equal budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ....distill import Distillation, RunName
from ....distill.schemes import black_box
from ....distill.terms import HardLabels, Hint
from ....measure import paired_errors
from ....measure.error_words import in_errors, worth
from ....words import mark, number, t
from ..drawings import Drawing, bar, bars
from ..lane import Lane
from ..scheme import Course, Party, Phase, Scheme, beside, budget
from ..setting import Setting

DRAWS = 16
NAMES = {
    "student": mark("Its first choice"),
    "one": mark("One draw from its probabilities"),
    "sixteen": mark("Sixteen draws"),
    "hinton": mark("All probabilities, softened"),
    "features": mark("Features of a layer, and labels"),
}
LOOKS = {"student": "student", "one": "branch-0", "sixteen": "branch-2", "hinton": "hinton", "features": "branch-3"}


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    epochs = max(DRAWS, setting.epochs // 2)
    steps = setting.steps(epochs)

    def lane(name: str, make: Callable[[], Distillation], cost: float = 1.0) -> Lane:
        def runs() -> Iterator[Distillation]:
            yield make()

        return Lane(setting, runs(), [steps], cost=cost, name=RunName(NAMES[name], {}))

    def told(labels: Any, draws: int) -> Callable[[], Distillation]:
        numbers = setting.numbers(epochs=max(1, epochs // draws))
        return lambda: black_box(
            setting.teacher, setting.student(), setting.data, labels=labels, draws=draws, **numbers
        )

    layers = [name for name, _ in setting.student().named_children() if name.startswith("relu")]
    hint = HardLabels() + 1.0 * Hint(layers[-1], layers[-1])
    own = lane("student", told("argmax", 1))
    others = {
        "one": lane("one", told("sampled", 1)),
        "sixteen": lane("sixteen", told("sampled", DRAWS)),
        "features": lane("features", lambda: setting.run(hint, steps), 2.0),
    }
    return Course(setting, beside(own, **others), budget(own.total_steps))


def look(course: Course) -> dict[str, Any]:
    return {name: course.wrong(course.lanes[name].answer) for name in (*NAMES, "twin")}


def draw(course: Course) -> list[Drawing]:
    if not course.seen:
        return []
    found, examples = course.seen[-1][1], course.examples.labelled
    twin = course.lanes["twin"].wrong_on_test
    rows = []
    for name, title in NAMES.items():
        note = ""
        own = course.lanes[name].wrong_on_test
        if course.finished and len(own) == len(twin) > 0:
            difference = paired_errors(own, twin)
            against = in_errors(difference)
            note = t("against true labels: {difference}: {worth}", difference=against, worth=worth(difference))
        rows.append(bar(t(title), LOOKS[name], 100 * found[name] / examples, number(found[name]), note))
    rows.append(
        bar(t("Nothing: true labels, no teacher"), "twin", 100 * found["twin"] / examples, number(found["twin"]))
    )
    sentence = t(
        "The student never sees the true labels in the first three rows. Draws carry the information of the soft "
        "targets, with noise: sixteen of them less noise than one."
    )
    title = t("Errors of {n} examples, by what the student may see", n=number(examples))
    return [bars(title, rows, sentence=sentence)]


SCHEME = Scheme(
    name="black_box",
    title=mark("Black box"),
    family="answers",
    acronyms=("API", "black-box", "sequence-level", "model stealing"),
    says=mark(
        "The teacher returns a class and nothing else, as a service does; the student learns it as if it were true."
    ),
    source="Tramèr, Zhang, Juels, Reiter, Ristenpart (2016), arXiv:1609.02943; Kim, Rush (2016), arXiv:1606.07947",
    misses=mark(
        "Asking a real service costs money and is limited; here all answers are there at once. The twin has true "
        "labels, the first three rows only the teacher’s, which is wrong now and then. "
        "Of text, a teacher writes whole answers: by code, kd.schemes.sequence_level."
    ),
    file="black_box",
    parties=(
        Party("inputs", mark("Inputs"), "data", 0),
        Party("teacher", mark("Teacher, closed"), "teacher", 1),
        Party("label", mark("One class"), "other", 2),
        Party("student", mark("Student"), "student", 3),
    ),
    phases=(
        Phase(mark("Each example is sent to the teacher, whose insides nobody sees."), (("inputs", "teacher"),)),
        Phase(
            mark("Back comes one class: its first choice, or a draw from its probabilities."), (("teacher", "label"),)
        ),
        Phase(mark("The student learns these classes as labels."), (("label", "student"),)),
    ),
    begin=begin,
    look=look,
    draw=draw,
    phase=lambda stage: -1,
)
