"""Drawing: the Python side of the digit pad. Both models answer the newest drawing, on a thread of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import nn
from traitlets import Bunch

from ...data import Examples
from ...losses.labels import UNLABELLED
from ...models import inference
from ...widgets.digit_pad import DigitPad
from ...widgets.scene import Scene
from ...words import mark, t
from ...words.reasons import told
from ..live.worker import LatestOnly

Models = tuple[nn.Module, nn.Module | None, AbstractContextManager | None, int, str]
QUESTION = "drawing"

_log = logging.getLogger(__name__)


class Drawing:
    """A digit pad that teacher and student answer.

    The thread "kdviz-answers" starts with the first question. Of the questions that wait only the newest is answered.

    Parameters
    ----------
    scene : Scene
        The scene whose classes and image size the drawings have.
    models : callable
        Returns what answers now: teacher, student or None, the lock that whoever trains the student holds during a step
        or None, the step the student is at, and its name. Called on the thread, once for each question.

    Attributes
    ----------
    pad : DigitPad
        The widget.
    """

    def __init__(self, scene: Scene, models: Callable[[], Models]) -> None:
        self._scene = scene
        self._models = models
        self._newest = LatestOnly("kdviz-answers")
        self.pad = DigitPad(scene=scene)
        self.pad.observe(self._on_asked, "asked")

    def _on_asked(self, change: Bunch) -> None:
        question, pixels = int(change.new), self.pad.pixels
        if self.pad.answered != question:
            self._newest.put(QUESTION, lambda: self._answer(question, pixels))

    def _answer(self, question: int, pixels: bytes) -> None:
        """Ask both models and let the page go on, whatever came of it; runs on the thread."""
        try:
            traits = self._answers(pixels)
        except Exception as error:
            _log.warning("a drawing could not be answered", exc_info=error)
            reason = told((str(error).strip() or type(error).__name__).splitlines()[0])
            traits = _without_answer(t("The models could not answer this drawing: {why}", why=reason))
        self.pad.update(**traits, answered=question)

    def _answers(self, pixels: bytes) -> dict[str, Any]:
        height, width = self._scene.image_shape
        if not pixels or len(pixels) != height * width:
            text = mark("A drawing has {height} × {width} grey values, {n} came: draw it again.")
            return _without_answer(t(text, height=height, width=width, n=len(pixels)))
        picture = torch.from_numpy(np.frombuffer(pixels, np.uint8).copy()).view(1, 1, height, width)
        drawn = Examples(picture, torch.tensor([UNLABELLED]))
        teacher, student, lock, step, name = self._models()
        traits: dict[str, Any] = {
            "teacher_logits": inference.logits(teacher, drawn).float().numpy(),
            "student_logits": b"",
            "note": "",
        }
        if student is not None:
            with lock or nullcontext():
                traits["student_logits"] = inference.logits(student, drawn).float().numpy()
        return {**traits, "student_step": step, "student_name": name}

    def wait_until_idle(self, timeout_s: float = 5.0) -> bool:
        """Wait until no question is open; return whether that came true in time."""
        return self._newest.wait_until_idle(timeout_s)

    def close(self) -> None:
        """End the thread and close the pad."""
        self._newest.close()
        self.pad.layout.close()
        self.pad.close()


def _without_answer(note: str) -> dict[str, Any]:
    return {"teacher_logits": b"", "student_logits": b"", "note": note}
