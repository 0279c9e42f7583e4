"""Out of domain: how sure the models of a page are of pictures that are not theirs, by four scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...data import Examples, Splits
from ...data.strangers import TITLES, strangers
from ...measure.robustness import SCORES, Outside, scores
from ...measure.wilson import wilson
from ...models import inference
from ...widgets import Scene
from ...widgets.domain import Domain
from ...words import t
from .controller import ViewController

COUNT = 500  # pictures of each kind
SHOWN = 6  # strange ones, of which the student is surest
BINS = 25
LEVEL = 0.95
TEACHER = "teacher"
DIGITS = tuple("0123456789")


class DomainController(ViewController):
    """Measures while its view is shown; follows the step and the run.

    Attributes
    ----------
    widget : kdviz.widgets.Domain
    """

    view = "domain"
    widget: Domain

    _others: dict[str, Examples]
    _classes: tuple[str, ...] = ()

    def make_widget(self, scene: Scene) -> Domain:
        self._name, self._pictures = "", False
        return Domain(scene=scene)

    def open(self, data: Splits) -> None:
        part = data.validation
        self._name, self._classes = data.name, data.classes
        self._pictures = part.single and len(part.shape) == 3 and part.shape[0] == 1
        self.widget.update(found={}, pictures=b"", strangers="", note="")

    @property
    def offered(self) -> bool:
        return self._pictures

    def make(self, teacher: nn.Module, student: nn.Module, examples: Examples) -> dict[str, Any]:
        own = examples.take(slice(0, min(len(examples), COUNT)))
        if float(own.inputs().min()) < 0 or float(own.inputs().max()) > 1:
            raise ValueError(t("strange pictures are grey values from 0 to 1, and these examples go beyond"))
        shown = self.scene.shown_run or "student"
        models = {TEACHER: teacher, shown: student} | {who: model for who, (model, _) in self.others().items()}
        sets = strangers(self._name, own.shape, COUNT)
        at_home = {who: inference.logits(model, own, who=who, finite=True) for who, model in models.items()}
        told, pictures = [], []
        for name, part in sets.items():
            away = {who: inference.logits(model, part, who=who, finite=True) for who, model in models.items()}
            surest = away[shown].softmax(1).amax(1).argsort(descending=True, stable=True)[:SHOWN]
            one = {"name": name, "title": t(TITLES[name]), "n": len(part), **self._told(at_home, away, shown)}
            one["same"] = name != "fashion-mnist" and self._classes == DIGITS
            one["right"] = {who: _right(z, part) for who, z in away.items()} if one["same"] else {}
            one["says"] = {who: _says(z[surest]) for who, z in away.items()}
            told.append(one)
            pictures.append((255 * part.inputs(surest)[:, 0]).round().to(torch.uint8))
        found = {
            "n": len(own),
            "confidence": LEVEL,
            "models": [self.named(who) for who in models],
            "sets": told,
            "shape": list(own.shape[1:]),
        }
        return {"found": found, "pictures": torch.stack(pictures).numpy()}

    def _told(self, at_home: dict[str, Tensor], away: dict[str, Tensor], shown: str) -> dict[str, Any]:
        """Return the numbers of one kind of strange pictures."""
        beside = next((who for who in at_home if self.named(who)["role"] == "twin" and who != shown), TEACHER)
        by_score: dict[str, Any] = {}
        mean: dict[str, list[float]] = {}
        for score in SCORES:
            inside, outside = ({who: scores(z, score) for who, z in part.items()} for part in (at_home, away))
            found = Outside(inside, outside, score, LEVEL)
            ends = _range(inside, outside) if score != "confidence" else (0.0, 1.0)
            if score == "confidence":
                mean = {who: _rounded(inside[who].mean(), outside[who].mean()) for who in inside}
            areas = {who: found.auroc(who) for who in inside}
            by_score[score] = {
                "range": _rounded(*ends),
                "bins": {who: [_shares(part[who], ends) for part in (inside, outside)] for who in inside},
                "auroc": {who: _rounded(a.value, a.low, a.high) for who, a in areas.items()},
                "difference": {"of": shown, "than": beside, "value": _rounded(*found.difference(shown, beside))},
            }
        return {"mean": mean, "scores": by_score}


def _range(inside: dict[str, np.ndarray], outside: dict[str, np.ndarray]) -> tuple[float, float]:
    """Return the ends of all models' scores, so that their histograms stand on one axis."""
    every = np.concatenate([*inside.values(), *outside.values()])
    low, high = float(every.min()), float(every.max())
    return low, high if high > low else low + 1


def _shares(values: np.ndarray, ends: tuple[float, float]) -> list[float]:
    counts, _ = np.histogram(np.clip(values, *ends), BINS, ends)
    return _rounded(*(counts / len(values)))


def _right(z: Tensor, part: Examples) -> list[float]:
    right = int((z.argmax(1) == part.y).sum())
    return [right, *_rounded(right / len(part), *wilson(right, len(part), LEVEL))]


def _says(z: Tensor) -> list[list[float]]:
    best = z.softmax(1).max(1)
    return [[int(c), round(float(p), 6)] for p, c in zip(best.values, best.indices, strict=True)]


def _rounded(*values: float) -> list[float]:
    return [round(float(value), 5) for value in values]
