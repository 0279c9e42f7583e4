"""Why did it (not) help?, on a page: asked by a button, looked at on a thread of its own, until training goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ... import diagnosis as doctor
from ... import shared
from ...diagnosis import Diagnosis, Finding
from ...diagnosis.result import shown
from ...distill import Distillation
from ...widgets import DiagnosisView
from ...widgets.scene import Scene
from ...words import mark, number, t
from ...words.reasons import told
from . import status_text
from .publisher import Publisher
from .worker import LatestOnly

BUDGET_S = 20.0
PUBLISHED_EVERY_S = 0.2
LOOKING_CLOSER = mark("Looking closer: training short runs beside yours.")
CLOSER = mark(
    "Trains the run a few times more with other numbers, and its twin as often, for about {seconds}\u00a0s; judged on "
    "validation data."
)


class DiagnosisInput(NamedTuple):
    """What is asked about."""

    run: Distillation
    twin: Distillation | None
    seeds: Sequence[tuple[float, float]]  # errors of student and twin, seed by seed


class DiagnosisController:
    """The widget, and who answers it.

    Parameters
    ----------
    scene : Scene
    publisher : Publisher
    subject : callable
        Returns what is asked about now, or None. Called on this thread of its own.
    to_call : callable, optional
        Returns the call that opens the Lab with a state; given where links to the Lab may be shown, as on its page.

    Attributes
    ----------
    widget : DiagnosisView
    found : Diagnosis or None
        What was found last.
    """

    def __init__(
        self,
        scene: Scene,
        publisher: Publisher,
        subject: Callable[[], DiagnosisInput | None],
        *,
        to_call: Callable[[Mapping[str, Any]], str] | None = None,
    ) -> None:
        self.widget = DiagnosisView(scene=scene)
        self.found: Diagnosis | None = None
        self._publisher, self._subject, self._to_call = publisher, subject, to_call
        self._offered = False
        self._stop = threading.Event()
        self._worker = LatestOnly("kdviz-diagnosis", self._failed)

    def offer(self, offered: bool) -> None:
        """Show the button, a run having ended, or take it away with what was found; from any thread."""
        if offered == self._offered:
            return
        self._offered = offered
        self._stop.set()
        self.found = None
        nothing: dict[str, Any] = {"headline": "", "findings": [], "notes": [], "status": "", "share": None}
        self._publisher.put(self.widget, stage="ready" if offered else "away", closer="", **nothing)

    def look(self, closer: bool = False) -> None:
        """Look, on the thread of its own; returns at once.

        Raises
        ------
        ValueError
            If no run has ended.
        """
        if not self._offered:
            raise ValueError(t("no run has ended yet; press Train first"))
        self._stop = threading.Event()
        status = t(LOOKING_CLOSER) if closer else t("Looking.")
        self._publisher.put(self.widget, stage="looking", status=status, share=None)
        stop = self._stop
        self._worker.put("look", lambda: self._look(stop, closer))

    def stop(self) -> None:
        """Stop looking; what was found until then is shown."""
        self._stop.set()

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Wait until no look is under way; return whether that came true in time."""
        return self._worker.wait_until_idle(timeout_s)

    def close(self) -> None:
        """Stop looking, end the thread and let go of what was found."""
        self._stop.set()
        self._worker.close()
        self.found = None

    def _look(self, stop: threading.Event, closer: bool) -> None:
        subject = self._subject()
        if subject is None:
            return
        line = shared.place() if closer else None  # a mere look trains nothing
        try:
            found = doctor.diagnose(
                subject.run,
                twin=subject.twin,
                seeds=subject.seeds,
                study=closer,
                budget_s=BUDGET_S,
                progress=self._progress(stop, line),
            )
        finally:
            if line is not None:
                line.give_up()
        if self._stop is stop and self._offered:  # nobody went on training meanwhile
            if self.found is None or found.arms or not found.stopped:
                self.found = found  # else what was known is more
            self._show(self.found, subject, closer and self.found is found)

    def _progress(self, stop: threading.Event, line: shared.Place | None) -> Callable[[int, int], bool]:
        """Return what a look reports its progress to, and asks whether to go on; it waits while others train first."""
        next_time = 0.0

        def waits(before: int) -> None:
            status = status_text.waiting(before) if before else t(LOOKING_CLOSER)
            if not stop.is_set():
                self._publisher.put(self.widget, status=status)

        def progress(done: int, total: int) -> bool:
            nonlocal next_time
            shared.await_turn(line, stop.is_set, waits)
            now = time.perf_counter()
            if now >= next_time and not stop.is_set():
                next_time = now + PUBLISHED_EVERY_S
                self._publisher.put(self.widget, share=min(1.0, done / total) if total else None)
            return not stop.is_set()

        return progress

    def _show(self, found: Diagnosis, subject: DiagnosisInput, closer: bool) -> None:
        whole = closer and not found.stopped
        can = not whole and subject.run.data.train.labelled > 0
        self._publisher.put(
            self.widget,
            stage="done",
            status="",
            share=None,
            headline=found.headline,
            clean=found.clean_sentence,
            findings=[self._row(finding) for finding in found.findings],
            notes=[told(note) for note in found.not_looked_at],
            closer=t(CLOSER, seconds=number(BUDGET_S, ".0f")) if can else "",
        )

    def _row(self, finding: Finding) -> dict[str, Any]:
        """Return what the widget shows of a finding."""
        query = finding.try_link if self._to_call else ""
        return {
            "name": finding.name,
            "title": t(finding.title),
            "severity": finding.severity,
            "confidence": finding.confidence,
            "sentence": finding.sentence,
            "evidence": [[name, shown(value)] for name, value in finding.evidence.items()],
            "code": finding.try_code,
            "query": query,
            "call": self._to_call(finding.lab) if self._to_call and query and finding.lab is not None else "",
        }

    def _failed(self, _key: object, error: Exception) -> None:
        self._publisher.put(self.widget, stage="failed", share=None, status=status_text.as_sentence(str(error)))
