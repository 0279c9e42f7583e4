"""What Python computes of two models for a view, following the example, the step and the run while it is shown."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, ClassVar

from torch import nn

from ...data import Examples, Splits
from ...distill.teacher import Cancelled
from ...widgets import Scene
from ...widgets.traits import View
from ...words import t
from ...words.reasons import told
from ..live.roster import Entry
from ..live.worker import LatestOnly
from .drawing import Models

FOLLOWED = ("view", "shown_run", "step")

_log = logging.getLogger(__name__)


class ViewController:
    """A widget, and the numbers it shows, made on a thread while its view is the one shown.

    A newer question takes the place of one that waits, so that a dragged cursor builds up no queue.

    Parameters
    ----------
    scene : Scene
        Whose selection, step and run are followed.
    models : callable
        As for :class:`kdviz.panels.views.drawing.Drawing`.
    examples : callable
        Returns the examples of the scene, in its order, or None while there are none.
    newest, across : LatestOnly
        The threads: for what is shown now, and for what is about many examples.
    runs : callable, optional
        Returns all runs of the page, for what sets them side by side.

    Attributes
    ----------
    widget : kdviz.widgets.traits.View
        With the traits ``note`` (a sentence to show in place of numbers), ``progress`` (None, or a share of the work
        over many examples) and ``made_for`` (what the numbers are of).
    """

    view: ClassVar[str]
    follows: ClassVar[tuple[str, ...]] = ()  # traits of the scene, besides the step and the run shown
    chosen: ClassVar[tuple[str, ...]] = ()  # traits of the widget that are the reader's choice
    whole: Splits | None = None  # the data with their parts, where these are known

    def __init__(
        self,
        scene: Scene,
        models: Callable[[], Models],
        examples: Callable[[], Examples | None],
        newest: LatestOnly,
        across: LatestOnly,
        runs: Callable[[], Iterable[Entry]] = tuple,
    ) -> None:
        self.scene = scene
        self._models, self._examples, self._newest, self._across = models, examples, newest, across
        self._runs = runs
        self.beside: Callable[[], Mapping[str, nn.Module]] = dict  # models of the page that are no runs
        self._stopped = False
        self.widget: Any = self.make_widget(scene)
        scene.observe(lambda _: self.refresh(), [*FOLLOWED, *self.follows])
        if self.chosen:
            self.widget.observe(lambda _: self.refresh(), list(self.chosen))
        self.widget.on_msg(self._on_message)

    def make_widget(self, scene: Scene) -> View:
        """Return the widget."""
        raise NotImplementedError

    def make(self, teacher: nn.Module, student: nn.Module, examples: Examples) -> dict[str, Any]:
        """Return the widget's traits for what is shown now. On the thread; both models are copies.

        Raises
        ------
        ValueError, TypeError
            In one sentence, which is then shown in place of numbers.
        """
        raise NotImplementedError

    def make_across(self, teacher: nn.Module, student: nn.Module, examples: Examples) -> dict[str, Any]:
        """Return the traits that are about many examples; calls :meth:`go_on` as it goes."""
        raise NotImplementedError

    def open(self, data: Splits) -> None:
        """Turn to another data set."""

    @property
    def offered(self) -> bool:
        """Whether there is something to show for the data set."""
        return True

    def refresh(self) -> None:
        """Have the numbers made anew if the view is the one shown; returns at once."""
        if self.scene.view == self.view:
            self._newest.put(self.view, self._make)

    def across(self) -> None:
        """Have the numbers over many examples made; returns at once."""
        self._stopped = False
        self.widget.update(progress=0.0)
        self._across.put(self.view, self._make_across)

    def stop(self) -> None:
        """End the work over many examples; what was there stays."""
        self._stopped = True

    def go_on(self, share: float) -> bool:
        """Tell how far the work over many examples is; False when it has to end."""
        if share - (self.widget.progress or 0.0) >= 0.02:
            self.widget.update(progress=min(1.0, share))
        return not self._stopped

    def close(self) -> None:
        """End the work and close the widget. The thread is its owner's."""
        self._stopped = True
        self.widget.layout.close()
        self.widget.close()

    def _on_message(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict) and content.get("command") in ("across", "stop"):
            self.across() if content["command"] == "across" else self.stop()

    def _make(self) -> None:
        """Show what is shown now, or a sentence in its place."""
        examples = self._examples()
        if examples is None:
            return
        made_for = {name: getattr(self.scene, name) for name in ("shown_run", "selected", "step")}
        traits: dict[str, Any] = {}
        with self._telling(traits):
            teacher, student, made_for["step"] = self._copies()
            traits |= {"note": "", **self.make(teacher, student, examples)}
        self.widget.update(**traits, made_for=made_for)

    def _make_across(self) -> None:
        """Show what many examples say; where it is stopped, or fails, what was there stays."""
        examples = self._examples()
        traits: dict[str, Any] = {}
        if examples is not None:
            with self._telling(traits), suppress(Cancelled):
                teacher, student, _ = self._copies()
                traits |= {"note": "", **self.make_across(teacher, student, examples)}
        self.widget.update(**traits, progress=None)

    @contextmanager
    def _telling(self, traits: dict[str, Any]) -> Iterator[None]:
        """Turn an error into the note."""
        try:
            yield
        except (ValueError, TypeError, ImportError) as error:
            traits["note"] = sentence_of(error)
        except Exception as error:
            _log.warning("%s failed", self.view, exc_info=error)
            traits["note"] = t("This could not be computed: {why}", why=sentence_of(error))

    def _copies(self) -> tuple[nn.Module, nn.Module, int]:
        """Return copies of both models, so that training goes on and nobody's hooks meet; and the student's step."""
        teacher, student, lock, step, _ = self._models()
        if student is None:
            raise ValueError(t("there is no student yet: press Train"))
        with lock or nullcontext():
            asked = copy.deepcopy(student)
        return copy.deepcopy(teacher).eval(), asked.eval(), step

    def others(self) -> dict[str, tuple[nn.Module, int | None]]:
        """Return student and twin of the page but the run shown, and models that are no runs, with their steps.

        Runs are as they were at the cursor's step, or where they have not come so far, as they are now.
        """
        shown, at = self.scene.shown_run or "student", self.scene.step
        found: dict[str, tuple[nn.Module, int | None]] = {}
        for entry in self._runs():
            done = entry.run.steps_done
            if entry.key == shown or entry.role not in ("student", "twin") or not done:
                continue
            if at is None or at >= done:
                with entry.run.lock:
                    found[entry.key] = copy.deepcopy(entry.run.student).eval(), done
            else:
                found[entry.key] = entry.run.at(at), at
        for who, model in self.beside().items():
            found[who] = copy.deepcopy(model).eval(), None
        return found

    def named(self, who: str) -> dict[str, str]:
        """Return a model's key, its role, and its name where it is a run's."""
        entry = next((entry for entry in self._runs() if entry.key == who), None)
        role = entry.role if entry is not None else who if who in ("teacher", "twin") else "student"
        return {"id": who, "role": str(role), "name": "" if entry is None else entry.name}


def sentence_of(error: Exception) -> str:
    """Return an error's first line as a sentence."""
    line = told((str(error).strip() or type(error).__name__).splitlines()[0])
    return line[0].upper() + line[1:] + ("" if line.endswith(".") else ".")
