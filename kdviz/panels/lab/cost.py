"""What the student costs beside its teacher: measured once its run rests, away from who trains and who looks."""

from __future__ import annotations

import copy
from collections.abc import Callable
from weakref import ReferenceType, WeakKeyDictionary, ref

from ...distill import Distillation
from ...measure.cost import Costs, costs, countable, kept
from ...models import inference
from ...models.inference import Cancelled
from ...words import t
from ..live.worker import LatestOnly

SECONDS = 0.15  # of measuring times


class CostOfRuns:
    """Says what the student of a finished run keeps of its teacher's accuracy, and at what cost.

    Parameters
    ----------
    thread : LatestOnly
        On which it measures.
    show : callable
        Called with the sentence; empty where there is none.
    resting : callable
        Whether no run is under way: when one begins, measuring ends, and is begun again when it rests.
    """

    def __init__(self, thread: LatestOnly, show: Callable[[str], None], resting: Callable[[], bool]) -> None:
        self._thread, self._show, self._resting = thread, show, resting
        self._known: WeakKeyDictionary[Distillation, tuple[int, str]] = WeakKeyDictionary()  # with its steps
        self._run: ReferenceType[Distillation] | None = None  # a closed page holds none

    def offer(self, run: Distillation | None) -> None:
        """Show the sentence on a run, measured soon if it has ended; returns at once."""
        self._run = None if run is None else ref(run)
        if run is None or run.teacher is None or not run.history.evaluated("test"):
            self._show("")
            return
        steps, known = self._known.get(run, (-1, ""))
        self._show(known if steps == run.steps_done else "")
        if steps != run.steps_done and self._resting():
            self._thread.put("cost", lambda: self._measure(run))

    def _measure(self, run: Distillation) -> None:
        steps = run.steps_done
        if self._known.get(run, (-1, ""))[0] == steps or not self._resting():
            return
        try:
            said = self._said(run)
        except Cancelled:
            return
        except Exception as error:  # the run's own results stand, whatever measuring meets
            said = t("What the student costs could not be measured: {why}.", why=" ".join(str(error).split()))
        self._known[run] = steps, said
        if self._run is not None and self._run() is run:
            self._show(said)

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
