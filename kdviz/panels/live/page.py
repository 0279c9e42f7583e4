"""A live page: what the Lab and Methods are, each with its own widgets.

Callbacks only put a command and return; building, training and whatever else takes time happen on the runner's thread;
the page is brought up to date by the publisher's. No widget is created after construction.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Protocol

from ... import shared
from ...distill import Distillation, Runner, leave_room
from ...distill.runner import Command, KeepGoing
from ...widgets import Scene, Transport
from ...widgets.traits import View
from . import memory, messages, status_text
from .commands import Commanded
from .diagnosis import DiagnosisController
from .linked import Linked
from .panel import Panel
from .publisher import Publisher
from .turns import Turns

LIVE = ("loading", "running", "paused", "stopped")  # states in which a moved slider edits the run
AT_REST = ("paused", "stopped", "finished")
UNDER_WAY = ("loading", "running")


class Working(Protocol):
    """What has threads of its own."""

    def wait_until_idle(self, timeout_s: float) -> bool: ...

    def close(self) -> None: ...


class LivePage(Commanded, Linked, Panel):
    """A page whose students learn while it is shown.

    A subclass makes its widgets, then calls ``_begin``.

    Attributes
    ----------
    scene, transport : kdviz.widgets.Scene, kdviz.widgets.Transport
    diagnosis : DiagnosisController or None
        Why it did (not) help, once a run has ended; None where that is not asked.

    Notes
    -----
    Its commands are "train", "pause", "step", "stop" and "reset", and with a diagnosis "diagnose" (closer: with a small
    study) and "stop_diagnosis"; a page may have others besides.
    """

    scene: Scene
    transport: Transport
    diagnosis: DiagnosisController | None = None
    _messages = messages.METHODS

    def __init__(self) -> None:
        leave_room()
        self._publisher = Publisher()
        self._changed = threading.Condition()
        self._asked_to_show = False
        self._outdated = False  # choices were made since the run on the page

    def _begin(self, heard: Iterable[View], *workers: Working) -> None:
        """Show what is chosen, then listen to the page: its buttons in ``heard``. All widgets have been made."""
        self._workers: tuple[Working, ...] = workers
        asked: list[View] = [self.transport, *heard]
        if self.diagnosis is not None:
            self._workers = (self.diagnosis, *workers)
            asked.append(self.diagnosis.widget)
        self._runner = self._new_runner()
        self._turns = Turns(lambda: self._runner)
        try:
            with self._publisher.directly():
                self._show_chosen()
                self._can_be_linked()
        except Exception:
            self.close()
            raise
        for widget in asked:
            widget.on_msg(self._on_message)
        self.scene.on_message(self._on_scene_message)
        self._listen()

    # What a page does in its own way

    def _listen(self) -> None:
        """Observe what is chosen on the page."""
        raise NotImplementedError

    def _show_chosen(self) -> None:
        """Show what is chosen, before the first step; clears ``_asked_to_show``."""
        raise NotImplementedError

    def _build(self, keep_going: KeepGoing) -> Sequence[Distillation]:
        """Make the runs to train; on the runner's thread, as are the next two."""
        raise NotImplementedError

    def _record(self, runner: Runner) -> None:
        """Keep what a moment of training is worth: after the runs were built, and at each evaluation."""
        raise NotImplementedError

    def _show_runner(self, runner: Runner) -> None:
        """Show the page's runner and its runs; between two steps."""
        raise NotImplementedError

    def _finished(self, runner: Runner) -> None:
        """The runs have come to their end and were evaluated."""

    def _opened(self, browser: str, query: str) -> None:
        """The page has opened in a browser, by a link."""
        self._follow(query, self._turns.call, partial(self._publisher.put, self.scene))

    def _let_go(self) -> None:
        """Take the runs off the page, which begins anew."""

    def _forget(self) -> None:
        """Let go of models, runs and results: the page is closed."""
        raise NotImplementedError

    @property
    def _planned_steps(self) -> int:
        """How many steps the next run will take."""
        raise NotImplementedError

    def _status_of(self, runner: Runner) -> str:
        return status_text.status(runner, outdated=self._outdated)

    # What the page says

    def _commands(self) -> dict[str, Callable[..., None]]:
        commands: dict[str, Callable[..., None]] = {
            "train": lambda: self._go_on("train"),
            "step": lambda: self._go_on("step"),
            "pause": lambda: self._runner.send("pause"),
            "stop": self._stop,
            "reset": lambda: self._reset(),
        }
        if (diagnosis := self.diagnosis) is not None:
            commands["diagnose"] = lambda closer=False: diagnosis.look(closer is True)
            commands["stop_diagnosis"] = diagnosis.stop
        return commands

    def _go_on(self, command: Command) -> None:
        if self._runner.state == "finished":
            self._reset()
        self._runner.send(command)

    def _stop(self) -> None:
        self._runner.send("stop")

    def _reset(self, then: Callable[[], None] | None = None) -> None:
        """Let the old runs go, and show the page as it is chosen now or do ``then``."""
        old, self._runner = self._runner, self._new_runner()
        self._outdated = self._asked_to_show = False
        old.send("close")
        self._let_go()
        if then is None:
            self._show_soon()
        else:
            self._turns.call(then)

    def _new_runner(self) -> Runner:
        bounds: dict[str, Any] = {"place": shared.place(), "most_steps": shared.most_steps()}
        return Runner(self._build, self._report, record=self._record, finished=self._at_the_end, **bounds)

    def _at_the_end(self, runner: Runner) -> None:
        self._finished(runner)
        memory.give_back()  # what training took and needs no more

    # What is shown

    def _show_soon(self) -> None:
        if not self._asked_to_show:
            self._asked_to_show = True  # one waiting call shows whatever is chosen when it comes
            self._turns.call(self._show_chosen)

    def _report(self, runner: Runner) -> None:
        """Collect what the page shows and hand it to the publisher; called between two steps."""
        if runner is not self._runner:  # a run that was reset has nothing to say any more
            return
        self._show_runner(runner)
        with self._changed:
            self._changed.notify_all()

    def _show_progress(self, runner: Runner, state: str, note: str = "") -> None:
        """Show buttons, progress bar and status line."""
        self._publisher.put(
            self.transport,
            state=state,
            **status_text.progress(runner, self._planned_steps),
            seconds_left=runner.seconds_left,
            status=f"{self._status_of(runner)} {note}".strip(),
        )

    def _say(self, sentence: str) -> None:
        """Say something on the status line until the next report."""
        self._publisher.put(self.transport, status=status_text.as_sentence(sentence))

    def _refuse(self, why: str) -> None:
        self._say(why)

    # What others ask

    @property
    def status(self) -> str:
        """What the page's status line says."""
        return self._status_of(self._runner)

    def wait(self, *states: str, timeout_s: float = 600.0) -> bool:
        """Wait until all commands are obeyed, training is in one of ``states`` ("idle" where none is given) and the
        page shows it; return whether that came true in time."""
        wanted = states or ("idle",)
        with self._changed:
            reached = self._changed.wait_for(lambda: self._runner.quiet and self._runner.state in wanted, timeout_s)
        sent = True
        for _ in range(3):  # what is sent asks for exact numbers, and those are sent in turn
            for worker in self._workers:
                worker.wait_until_idle(timeout_s)
            sent = self._publisher.wait_until_idle()
        return reached and sent

    def close(self) -> None:
        """Stop training and close everything: no thread, no widget and no run is left."""
        self._runner.send("close")
        for worker in self._workers:
            worker.close()
        self._runner.close()
        self._publisher.close()
        super().close()
        self._forget()
        self._runner = self._new_runner()  # the old one holds its runs
        memory.give_back()
