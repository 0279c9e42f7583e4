"""Saliency: where teacher and student look at the example shown, and how alike that is over many."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...data import Examples, Splits
from ...data.inputs import rows
from ...data.token_signs import signs_of
from ...measure import saliency as measured
from ...measure.saliency import MapSimilarity
from ...models import inference
from ...models.at_token import AT
from ...widgets import Scene
from ...widgets.saliency import METHODS, Saliency
from ...words import mark, t
from ...words.reasons import told
from .attention_of_text import is_text
from .controller import ViewController

ACROSS = 200  # examples that stand for all
FAITHFUL = 40  # of them for the deletion and insertion curves
BINS = 20
MOST_FEATURES = 12
SHOWS = {  # by what the examples are
    "digits": mark("On this model this method shows the digit, not what was learned."),
    "images": mark("On this model this method shows the image, not what was learned."),
    "rows": mark("On this model this method shows the row, not what was learned."),
}
TRY = {"images": ("occlusion", mark("Try Occlusion.")), "rows": ("feature_ablation", mark("Try Feature ablation."))}
DIGITS = tuple("0123456789")


class SaliencyController(ViewController):
    """The saliency maps of both models, for the same class, whatever the method.

    Attributes
    ----------
    widget : kdviz.widgets.Saliency
    """

    view = "saliency"
    follows = ("selected",)
    chosen = ("method", "target")
    widget: Saliency

    _features: tuple[str, ...] = ()
    _vocabulary: Any = None

    def make_widget(self, scene: Scene) -> Saliency:
        return Saliency(scene=scene)

    def open(self, data: Splits) -> None:
        self._features, self._vocabulary = data.features, data.vocabulary
        self.widget.update(across={})

    def make(self, teacher: nn.Module, student: nn.Module, examples: Examples) -> dict[str, Any]:
        index = torch.tensor([self.scene.selected])
        inputs, target = examples.inputs(index), self._target(teacher, student, examples, index)
        maps = self._maps(teacher, student, inputs, target, {})
        alike = measured.similarity(maps["teacher"], maps["student"])
        numbers = {"rank": alike.rank[0], "cosine": alike.cosine[0], "overlap": alike.overlap[0]}
        return {
            "methods": self._offered(examples),
            "explained": int(target[0]),
            "numbers": {name: None if np.isnan(value) else float(value) for name, value in numbers.items()},
            **self._drawn(maps, examples, inputs),
        }

    def _offered(self, examples: Examples) -> list[str]:
        """Return the methods that suit the data."""
        unsuited = ("feature_ablation",) if _is_image(examples) else ("grad_cam", "occlusion")
        return [method for method in METHODS if method not in unsuited]

    def _target(self, teacher: nn.Module, student: nn.Module, examples: Examples, index: Tensor) -> Tensor:
        """Return the class that both maps are asked about."""
        if self.widget.target == "label":
            y = examples.y[index]
            if (y < 0).any():
                raise ValueError(t("the example has no label; ask about the class that the teacher says first"))
            return y
        asked = student if self.widget.target == "student" else teacher
        return inference.logits(asked, examples.take(index)).argmax(1)

    def _maps(
        self, teacher: nn.Module, student: nn.Module, inputs: Tensor, target: Tensor, settings: dict[str, Any]
    ) -> dict[str, Tensor]:
        method = self.widget.method
        return {
            who: measured.saliency(model, inputs, target, method, **settings)
            for who, model in (("teacher", teacher), ("student", student))
        }

    def _drawn(self, maps: dict[str, Tensor], examples: Examples, inputs: Any) -> dict[str, Any]:
        """Return both maps as the widget takes them: for an image each scaled to 1; for a text a number each token; for
        a row its largest values."""
        if is_text(examples):
            return self._of_tokens(maps, inputs)
        if _is_image(examples):
            flat = {who: one[0].sum(0) for who, one in maps.items()}  # (H, W)
            scaled = {who: one / one.abs().amax().clamp_min(1e-12) for who, one in flat.items()}
            drawn = {f"{who}_map": one.numpy() for who, one in scaled.items()}
            return {**drawn, "features": [], "tokens": []}
        flat = {who: one[0].flatten() for who, one in maps.items()}
        scaled = {who: one / one.abs().amax().clamp_min(1e-12) for who, one in flat.items()}
        size = torch.maximum(scaled["teacher"].abs(), scaled["student"].abs())
        top = size.topk(min(MOST_FEATURES, len(size))).indices
        names = self._features or tuple(t("value {n}", n=i) for i in range(len(size)))
        return {
            "tokens": [],
            "features": [names[i] for i in top.tolist()],
            "teacher_map": scaled["teacher"][top].numpy(),
            "student_map": scaled["student"][top].numpy(),
        }

    def _of_tokens(self, maps: dict[str, Tensor], inputs: Any) -> dict[str, Any]:
        """Return a number for each token but padding, the largest size of each model 1, and the tokens."""
        tokens = inference.token_ids(inputs)
        assert tokens is not None, "it is asked about texts alone"
        ids = tokens[0]
        mask = inference.token_mask(inputs, len(ids))
        there = torch.arange(len(ids)) if mask is None else mask[0].nonzero().flatten()
        at = int(inputs[AT][0, 0]) if isinstance(inputs, dict) and AT in inputs else -1
        flat = {who: one[0].float()[there] for who, one in maps.items()}
        scaled = {who: one / one.abs().amax().clamp_min(1e-12) for who, one in flat.items()}
        return {
            "features": [],
            "tokens": signs_of(ids[there].tolist(), self._vocabulary),
            "place": there.tolist().index(at) if at in there.tolist() else -1,
            "teacher_map": scaled["teacher"].numpy(),
            "student_map": scaled["student"].numpy(),
        }

    def make_across(self, teacher: nn.Module, student: nn.Module, examples: Examples) -> dict[str, Any]:
        count = min(ACROSS, self.scene.sample or len(examples), len(examples))
        index = torch.arange(count)
        if self.widget.target == "label":
            index = index[examples.y[index] >= 0]
        inputs, target = examples.inputs(index), self._target(teacher, student, examples, index)
        parts = iter(range(5))

        def next_part() -> dict[str, Any]:
            start = next(parts) / 5
            return {"progress": lambda done, total: self.go_on(start + done / total / 5)}

        maps = {
            who: measured.saliency(model, inputs, target, self.widget.method, **next_part())
            for who, model in (("teacher", teacher), ("student", student))
        }
        alike = measured.similarity(maps["teacher"], maps["student"])
        few = slice(0, FAITHFUL)
        x, asked = rows(inputs, few), target[few]
        verdict = ""
        try:
            redrawn = measured.sanity_check(student, x, asked, self.widget.method, **next_part())
            against = measured.on_random_weights(redrawn, "student")
            if measured.shows_the_input(alike, redrawn):
                verdict = self._shows_the_input(examples)
        except ValueError as error:  # a check that cannot be made takes nothing from the maps
            against = t("The student's maps are not set against random weights: {why}.", why=told(str(error)))
        areas = {
            who: measured.deletion_insertion(model, x, maps[who][few], asked, **next_part())
            for who, model in (("teacher", teacher), ("student", student))
        }
        return {
            "across": {
                "n": alike.n,
                "method": self.widget.method,
                "histograms": _histograms(alike),
                "order": [int(index[i]) for i in alike.order().tolist() if not alike.constant[i]],
                "faithful": {
                    who: {
                        "deletion": float(c.deletion_area.mean()),
                        "random_deletion": float(c.random_deletion_area.mean()),
                        "insertion": float(c.insertion_area.mean()),
                        "random_insertion": float(c.random_insertion_area.mean()),
                    }
                    for who, c in areas.items()
                },
                "few": inference.count(x),
                "verdict": verdict,
                "sentences": [alike.sentence(), against],
            }
        }

    def _shows_the_input(self, examples: Examples) -> str:
        """Say that the maps are not about what was learned, and which method to try; that one is its own measure."""
        kind = "images" if _is_image(examples) else "rows"
        shown = t(SHOWS["digits" if kind == "images" and tuple(self.scene.classes) == DIGITS else kind])
        method, other = TRY[kind]
        return shown if self.widget.method == method else f"{shown} {t(other)}"


def _is_image(examples: Examples) -> bool:
    return len(examples.shape) == 3


def _histograms(alike: MapSimilarity) -> dict[str, list[int]]:
    edges = np.linspace(-1, 1, BINS + 1)
    named = {"rank": alike.rank, "cosine": alike.cosine, "overlap": alike.overlap}
    return {name: np.histogram(v[~np.isnan(v)], edges)[0].tolist() for name, v in named.items()}
