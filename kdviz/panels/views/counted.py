"""What the views count: all examples of the split, once the page rests; while a film plays, its random sample.

A page opens with the few examples that its films track. The others follow when a view that counts is looked at, and
where training or the cursor rests, the student's answers to all of them.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from contextlib import nullcontext
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from ...data import Examples
from ...models import inference
from ...widgets import Scene
from ..live.worker import LatestOnly
from .drawing import Models
from .probes import WatchedExamples, pictures

MOST_EXAMPLES = 10_000
MOST_NUMBERS = 400_000  # logits that travel to the page: of many classes, fewer examples
FEWEST = 1000  # whatever the number of classes
COUNTING = ("many", "fidelity", "calibration")  # views; the bias view counts in Python
TRACKED_ONLY = "ambiguous"  # the filter that lists tracked examples only
FOLLOWED = ("view", "filter", "shown_run", "step", "state")
UNDER_WAY = ("loading", "running")


def how_many(part: Examples, classes: int) -> int:
    """Return how many examples of a split are counted: all, unless they are very many; the first so many."""
    return min(len(part), MOST_EXAMPLES, max(FEWEST, MOST_NUMBERS // max(1, classes)))


class CountedExamples:
    """Brings to the scene what its views count.

    Parameters
    ----------
    scene : Scene
    models : callable
        See :class:`kdviz.panels.views.drawing.Drawing`.
    newest : LatestOnly
        The thread on which both models are asked.
    put : callable
        Sets traits of the scene, in the order in which the page sets others.
    """

    def __init__(
        self, scene: Scene, models: Callable[[], Models], newest: LatestOnly, put: Callable[..., None]
    ) -> None:
        self._scene, self._models, self._newest, self._put = scene, models, newest, put
        self._guard = threading.Lock()
        self._of: _Opened | None = None
        scene.observe(lambda _: self.refresh(), list(FOLLOWED))

    def open(self, part: Examples, classes: int, watched: WatchedExamples) -> int:
        """Turn to another split, of which the scene tracks some examples; return how many are counted."""
        with self._guard:
            self._of = _Opened(part, how_many(part, classes), watched)
        return self._of.count

    def forget(self) -> None:
        """Let go of the examples."""
        with self._guard:
            self._of = None

    @property
    def examples(self) -> Examples | None:
        """The examples of the scene, in its order, as far as they have been brought to it."""
        of = self._of
        return None if of is None else of.examples if of.shown else of.watched.examples

    @property
    def wanted(self) -> bool:
        """Whether all examples are looked at: a view counts them, or a list is of all."""
        return self._scene.view in COUNTING or self._scene.filter != TRACKED_ONLY

    def refresh(self) -> None:
        """Have all examples counted, if they are looked at; returns at once."""
        if self._of is not None and self.wanted:
            self._newest.put("counted", self._count)

    def _count(self) -> None:
        of, run = self._of, self._scene.shown_run
        if of is None or not self.wanted:
            return
        teacher, student, lock, step, _ = self._models()
        if not of.shown:
            logits = inference.logits(teacher, of.examples).float()
            traits = {"labels": of.examples.y.tolist(), "teacher_logits": logits.numpy(), **pictures(of.examples)}
            with self._guard:
                if of is not self._of:
                    return
                of.shown = True
                self._put(**traits)
        if student is None or (self._scene.step is None and self._scene.state in UNDER_WAY):
            return
        with lock or nullcontext():
            asked = copy.deepcopy(student)
        answers = inference.logits(asked, of.examples).float().numpy()
        with self._guard:
            if of is self._of:
                self._put(whole={"run": run, "step": step}, whole_logits=answers)


class _Opened:
    """The examples of a split that are counted: those that the scene tracks first."""

    def __init__(self, part: Examples, count: int, watched: WatchedExamples) -> None:
        self._part, self.count, self.watched = part, count, watched
        self.shown = len(watched.index) >= count  # whether the scene has all of them; from the start if it tracks all

    @cached_property
    def order(self) -> Tensor:
        rest = torch.ones(self.count, dtype=torch.bool)
        rest[self.watched.index] = False
        return torch.cat([self.watched.index, torch.nonzero(rest).flatten()])

    @cached_property
    def examples(self) -> Examples:
        return self.watched.examples if self.shown else self._part.take(self.order)


def tracked_alone(scene: Scene, watched: WatchedExamples) -> dict[str, Any]:
    """Return the traits of a scene that has no more than the examples that it tracks: a page without Python."""
    logits = torch.frombuffer(bytearray(scene.teacher_logits), dtype=torch.float32).view(-1, len(scene.classes))
    few = len(watched.index)
    return {
        "labels": scene.labels[:few],
        "teacher_logits": logits[:few].numpy(),
        **pictures(watched.examples),
        "selected": min(scene.selected, few - 1),
        "whole": {},
        "whole_logits": b"",
    }
