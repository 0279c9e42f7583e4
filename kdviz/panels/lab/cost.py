"""What the student costs beside its teacher, and what it took to come to it: measured once its run rests, away from who
trains and who looks."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from weakref import ReferenceType, WeakKeyDictionary, ref

from ...distill import Distillation
from ...measure.cost import Costs, costs, countable, kept, training_cost
from ...models import inference
from ...models.inference import Cancelled
from ...words import mark, number, t
from ..live.worker import LatestOnly

SECONDS = 0.15  # of measuring times
Rows = list[dict[str, Any]]
NOTHING: tuple[int, str, Rows] = (-1, "", [])
NAMES = {"teacher": mark("Training the teacher"), "asking": mark("Asking it"), "student": mark("Teaching the student")}


class CostOfRuns:
    """Says what the student of a finished run keeps of its teacher's accuracy, at what cost, and what training took.

    Parameters
    ----------
    thread : LatestOnly
        On which it measures.
    show : callable
        Called with the sentence, and with a row for each part of the training; both empty where there is nothing.
    resting : callable
        Whether no run is under way: when one begins, measuring ends, and is begun again when it rests.
    """

    def __init__(self, thread: LatestOnly, show: Callable[[str, Rows], None], resting: Callable[[], bool]) -> None:
        self._thread, self._show, self._resting = thread, show, resting
        self._known: WeakKeyDictionary[Distillation, tuple[int, str, Rows]] = WeakKeyDictionary()  # with its steps
        self._run: ReferenceType[Distillation] | None = None  # a closed page holds none

    def offer(self, run: Distillation | None) -> None:
        """Show the sentence on a run, measured soon if it has ended; returns at once."""
        self._run = None if run is None else ref(run)
        if run is None or run.teacher is None or not run.history.evaluated("test"):
            self._show("", [])
            return
        steps, *known = self._known.get(run, NOTHING)
        self._show(*(known if steps == run.steps_done else NOTHING[1:]))
        if steps != run.steps_done and self._resting():
            self._thread.put("cost", lambda: self._measure(run))

    def _measure(self, run: Distillation) -> None:
        steps = run.steps_done
        if self._known.get(run, NOTHING)[0] == steps or not self._resting():
            return
        try:
            said = self._said(run)
        except Cancelled:
            return
        except Exception as error:  # the run's own results stand, whatever measuring meets
            said = t("What the student costs could not be measured: {why}.", why=" ".join(str(error).split()))
        if not self._resting():
            return  # it is measured when it rests again
        took: Rows = []
        if said:
            with suppress(Exception):  # a run whose steps cannot be taken again
                took = took_of(run)
        self._known[run] = steps, said, took
        if self._run is not None and self._run() is run:
            self._show(said, took)

    def _said(self, run: Distillation) -> str:
        assert run.teacher is not None
        teacher, test = run.teacher.module, run.data.test
        if not countable(teacher):
            return ""  # a function, or a service whose every call may cost something
        with run.lock:
            student = copy.deepcopy(run.student)
        answers = {"teacher": run.teacher.logits(test), "student": inference.logits(student, test, who="student")}
        labelled = test.y >= 0
        wrong = {who: (z.argmax(1) != test.y)[labelled].numpy() for who, z in answers.items()}
        models = {"teacher": teacher, "student": student}
        goes_on: Callable[[int, int], bool] = lambda done, total: self._resting()  # noqa: E731
        found: Costs = costs(models, test, batches=(1,), seconds=SECONDS, counted=False, progress=goes_on)
        sentence = found.sentence(kept(wrong["student"], wrong["teacher"]))
        return " ".join([sentence, *found.notes()]) if sentence else ""


def took_of(run: Distillation) -> Rows:
    """Return what it took to come to a run's student: the teacher's training, asking it, the student's own steps."""
    if run.plan.replay.lost:
        return []  # none of its steps can be taken again
    found = training_cost(run)
    seconds = {"teacher": found.teacher, "asking": found.asking, "student": found.student}
    return [
        {"who": who, "name": t(NAMES[who]), "seconds": seconds[who], "text": duration(seconds[who])} for who in NAMES
    ]


def duration(seconds: float | None) -> str:
    """Return seconds as a reader has them, with two digits.

    >>> [duration(x).replace("\u202f", " ") for x in (None, 0.002, 0.34, 8.25, 1221.0, 9000.0)]
    ['not known', 'less than 0.01 s', '0.34 s', '8.2 s', '20 min', '2.5 h']
    """
    if seconds is None:
        return t("not known")
    if seconds < 0.01:
        return t("less than {n}\u202fs", n=number(0.01))
    if seconds < 99.5:
        return t("{n}\u202fs", n=number(seconds, ".2g"))
    if seconds < 99.5 * 60:
        return t("{n}\u202fmin", n=number(seconds / 60, ".2g"))
    return t("{n}\u202fh", n=number(seconds / 3600, ".2g"))
