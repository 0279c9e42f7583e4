"""What the Schemes page says of its runs. None claims more than they show."""

from __future__ import annotations

from ...distill import Runner
from ...measure.error_words import TWIN, Compared
from ...words import mark, number, t
from ..live import status_text
from ..live.duration import rounded
from .scheme import Course, Scheme

NAMES = {"hinton": mark("Offline distillation"), "twin": mark("Twin, no teacher")}
OTHER = {"hinton": mark("offline distillation"), "twin": TWIN["twin"]}
ONE_SEED = mark("One seed only: others would change these numbers.")
WATCHED = 1.8  # a step of the page takes so many times a plain one: evaluations, drawings (docs/benchmarks.md has both)
READY = mark("Ready to train: about {seconds} s on this computer.")
READY_MINUTES = mark("Ready to train: about {minutes} min on this computer.")
LONG = 90  # seconds
LEARNING = mark("The scheme, offline distillation and the twin learn, one step each in turn.")
STAGE = mark("Run {n} of {total} of the scheme learns, offline distillation and the twin beside it.")


def estimated(course: Course) -> float:
    """Return how many seconds a course would take here, roughly: a bet, not a promise."""
    step = WATCHED * course.setting.seconds_a_step()
    return sum(
        lane.total_steps * step * lane.cost + (lane.fixed_s(step) if lane.fixed_s is not None else 0.0)
        for lane in course.lanes.values()
    )


def ready(seconds: float) -> str:
    """Return the sentence of a page at rest: how long the run would take, from a minute and a half on in minutes.

    >>> ready(31.0), ready(130.0)
    ('Ready to train: about 30 s on this computer.', 'Ready to train: about 2 min on this computer.')
    """
    if seconds >= LONG:
        return t(READY_MINUTES, minutes=number(round(seconds / 60)))
    return t(READY, seconds=number(rounded(seconds), ".0f"))


def status(runner: Runner, course: Course | None, seconds: float | None, *, outdated: bool = False) -> str:
    """Return the status line for a runner's state."""
    if runner.state == "idle" and not runner.message and seconds is not None:
        return ready(seconds)
    if runner.state == "running" and not runner.message and course is not None:
        own = course.own
        if len(own.plan) < 2 or not own.stages:
            return t(LEARNING)
        return t(STAGE, n=number(len(own.stages)), total=number(len(own.plan)))
    return status_text.status(runner, outdated=outdated)


def differences(course: Course) -> dict[str, Compared]:
    """Return the paired difference on test examples, the scheme's − another's, by the role of the other."""
    own, count = course.own.on_test, course.setting.count
    others = {role: course.lanes[role].on_test for role in OTHER}
    return {role: count.difference(own, rows) for role, rows in others.items() if len(rows) == len(own) > 0}


def errors_sentence(course: Course, scheme: Scheme) -> str:
    """Return sentences on how the lanes stand: on test data at the end, with what the differences are worth."""
    split = "test" if course.finished else "validation"
    lanes = {role: course.lanes[role].evaluated(split) for role in ("student", "hinton", "twin")}
    if not all(lanes.values()):
        return ""
    own, count = lanes["student"][-1], course.setting.count
    figures = {
        "step": number(own.step),
        "n": number(own.examples),
        "scheme": t(scheme.title),
        "errors": count.written(own),
        "offline": count.written(lanes["hinton"][-1]),
        "twin": count.written(lanes["twin"][-1]),
        "teacher": count.written(course.setting.of_teacher(split)),
    }
    sentence = t(count.told[split], **figures)
    if not course.finished:
        return sentence
    verdicts = [count.against(t(OTHER[role]), difference) for role, difference in differences(course).items()]
    return " ".join([sentence, *verdicts, t(ONE_SEED)])
