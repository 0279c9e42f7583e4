"""Robustness: what an attack or a corruption does to teacher, student and twin, measured when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...data import Examples, Splits
from ...measure import robustness as measured
from ...measure.robustness import ATTACKS, Change
from ...measure.robustness.holding import CLEAN, pictures_of
from ...models import inference
from ...widgets import Scene
from ...widgets.robustness import LEVELS, MADE_ON, Robustness
from ...words import t
from .controller import ViewController

COUNT = 200  # pictures that stand for all
SHOWN = 8  # of them in the grid
STEPS = 10  # of PGD
TEACHER = "teacher"


class RobustnessController(ViewController):
    """Measures one kind of change over five radii or severities: each model under its own attack, and passed on.

    Attributes
    ----------
    widget : kdviz.widgets.Robustness
    """

    view = "robustness"
    widget: Robustness

    def make_widget(self, scene: Scene) -> Robustness:
        return Robustness(scene=scene)

    _of_pictures = False

    def open(self, data: Splits) -> None:
        part = data.validation
        self._of_pictures = part.single and len(part.shape) == 3
        self.widget.update(found={}, pictures=b"", note="")

    @property
    def offered(self) -> bool:
        return self._of_pictures

    def refresh(self) -> None:
        """Do nothing: it is measured when the button asks for it."""

    def make_across(self, teacher: nn.Module, student: nn.Module, examples: Examples) -> dict[str, Any]:
        kind, step = self.widget.kind, self._models()[3]
        some = examples.take(slice(0, min(len(examples), COUNT)))
        if not bool((some.y >= 0).any()):
            raise ValueError(t("none of the examples has a label: which answers are right is not known"))
        shown = self.scene.shown_run or "student"
        models = {TEACHER: teacher, shown: student} | {who: model for who, (model, _) in self.others().items()}
        found = measured.robustness(
            models, some, kinds=(kind,), steps=STEPS, keep=SHOWN, progress=lambda done, total: self.go_on(done / total)
        )
        attack = kind in ATTACKS
        sources = {"own": "", TEACHER: TEACHER, "student": shown} if attack else {"": ""}
        levels = sorted({change.level for change in found.right if change.kind == kind})
        told = {
            "kind": kind,
            "run": self.scene.shown_run,
            "step": step,
            "n": found.n,
            "steps": STEPS,
            "levels": [0.0, *levels],
            "models": [self.named(who) for who in models],
            "curves": {
                name: {who: _curve(found, who, kind, on or who if attack else "") for who in models}
                for name, on in sources.items()
            },
            "hides": [[who, change.made_on] for who in models for change in found.hides(who)[-1:]],
        }
        return {"found": told | _examples(found, models, some, kind, levels, sources), **_pictures(found, kind)}


def _curve(found: measured.Robustness, who: str, kind: str, made_on: str) -> list[list[float]]:
    points = [accuracy for _, accuracy in found.curve(who, kind, made_on)]
    return [[one.right, *(round(v, 4) for v in (one.value, one.low, one.high))] for one in points]


def _stacks(found: measured.Robustness, kind: str) -> dict[str, list[Tensor]]:
    """Return the kept pictures by the model that they were made on, a stack a level; "" for what follows no model."""
    stacks: dict[str, list[Tensor]] = {}
    for change, kept in found.pictures.items():
        if change.kind == kind:
            stacks.setdefault(change.made_on, [found.pictures[Change(CLEAN)]]).append(kept)
    return stacks


def _pictures(found: measured.Robustness, kind: str) -> dict[str, Any]:
    """Return the kept pictures as grey values, in the order of ``found.stacks``."""
    grey = [stack.mean(1) for stacks in _stacks(found, kind).values() for stack in stacks]
    return {"pictures": (255 * torch.stack(grey)).round().to(torch.uint8).numpy()}


def _examples(
    found: measured.Robustness,
    models: Mapping[str, nn.Module],
    examples: Examples,
    kind: str,
    levels: list[float],
    sources: Mapping[str, str],
) -> dict[str, Any]:
    """Return what each model answers to the kept pictures, and how the pictures are arranged."""
    _, y = pictures_of(examples)
    stacks = _stacks(found, kind)
    shape = next(iter(stacks.values()))[0].shape
    n = shape[0]
    says: dict[str, dict[str, list[list[list[float]]]]] = {}
    for name, on in sources.items():
        says[name] = {}
        for who, model in models.items():
            made_on = (on or who) if name else ""
            both = [_answers(model, stack, who) for stack in stacks[made_on]]
            says[name][who] = [[[int(c[i]), round(float(p[i]), 6)] for c, p in both] for i in range(n)]
    return {
        "examples": [
            {"label": int(y[i]), "says": {name: {who: says[name][who][i] for who in models} for name in sources}}
            for i in range(n)
        ],
        "shape": [int(shape[2]), int(shape[3])],
        "stacks": list(stacks),
    }


def _answers(model: nn.Module, pictures: Tensor, who: str) -> tuple[np.ndarray, np.ndarray]:
    z = inference.logits(model, Examples(pictures, torch.full((len(pictures),), -1)), who=who).softmax(1)
    best = z.max(1)
    return best.indices.numpy(), best.values.numpy()


assert len(MADE_ON) == 3 and LEVELS == 1 + len(measured.SEVERITIES) == 1 + len(measured.RADII["linf"])
