"""Attention: where the layers of teacher and student look at the example shown, and which correspond over many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...data import Examples, Splits
from ...measure import attention as measured
from ...measure.attending import attending
from ...measure.saliency import Progress
from ...measure.similarity import Correspondence, correspondence
from ...models.inference import count
from ...widgets import Scene
from ...widgets.attention import KINDS, Attention
from ...words import t
from . import attention_of_text as texts
from .attention_of_text import LACKING, why_none
from .controller import ViewController

ACROSS = 200  # examples that stand for all
OTHERS = 24  # examples whose maps say what chance gives
LARGEST = 56  # places along a side of what is drawn

Maps = dict[str, Tensor]


@dataclass(frozen=True)
class Chosen:
    """The reader's choices, read once."""

    kind: str
    form: str
    teacher_head: int
    student_head: int

    def head(self, who: str) -> int:
        """Return the head of one model that is asked for."""
        return self.teacher_head if who == "teacher" else self.student_head


class AttentionController(ViewController):
    """The maps of all layers of both models, whichever kind there is of them.

    Attributes
    ----------
    widget : kdviz.widgets.Attention
    """

    view = "attention"
    follows = ("selected",)
    chosen = ("kind", "form", "teacher_head", "student_head")
    widget: Attention

    _vocabulary: Any = None

    def make_widget(self, scene: Scene) -> Attention:
        return Attention(scene=scene)

    def open(self, data: Splits) -> None:
        self._vocabulary = data.vocabulary
        self.widget.update(across={})

    @property
    def offered(self) -> bool:
        """Whether one of both models has layers that look at places."""
        try:
            teacher, student, *_ = self._models()
        except Exception:
            return False
        return any(_kinds(model) for model in (teacher, student) if model is not None)

    def make(self, teacher: nn.Module, student: nn.Module, examples: Examples) -> dict[str, Any]:
        kinds, chosen = self._chosen(teacher, student)
        selected = self.scene.selected
        others = [i for i in range(self._sample(examples)) if i != selected][:OTHERS]
        if chosen.kind != "activation" and texts.is_text(examples):
            few = examples.inputs(torch.tensor([selected, *others[: texts.others(examples)]]))
            drawn = texts.drawn(teacher, student, few, chosen.kind, self._vocabulary)
            return {"kinds": kinds, "made_of": asdict(chosen), **drawn}
        maps, reasons = _both(teacher, student, examples.inputs(torch.tensor([selected, *others])), chosen)
        if not maps:
            raise ValueError(" ".join(reasons.values()))
        return {
            "kinds": kinds,
            "made_of": asdict(chosen),
            "reasons": reasons,
            "numbers": _numbers(maps["teacher"], maps["student"]) if len(maps) == 2 else {},
            "tokens": [],
            **_drawn("teacher", teacher, maps, chosen),
            **_drawn("student", student, maps, chosen),
        }

    def _sample(self, examples: Examples) -> int:
        """Return how many examples stand for all."""
        return min(self.scene.sample or len(examples), len(examples))

    def _chosen(self, teacher: nn.Module, student: nn.Module) -> tuple[list[str], Chosen]:
        """Return the kinds there are, those of both models first, and the choices, where each is one there is."""
        has = [_kinds(model) for model in (teacher, student)]
        kinds = sorted({*has[0], *has[1]}, key=lambda kind: (-sum(kind in each for each in has), _order(kind, has)))
        if not kinds:
            raise ValueError(
                t(
                    "a perceptron has no feature maps in space and no attention: choose a convolutional or transformer "
                    "pair"
                )
            )
        w = self.widget
        return kinds, Chosen(w.kind if w.kind in kinds else kinds[0], w.form, w.teacher_head, w.student_head)

    def make_across(self, teacher: nn.Module, student: nn.Module, examples: Examples) -> dict[str, Any]:
        _, chosen = self._chosen(teacher, student)
        X = examples.inputs(torch.arange(min(ACROSS, self._sample(examples))))
        alike = correspondence(teacher, student, X, average=True, limit=ACROSS, progress=self._part(0, 2))
        maps, _ = _both(teacher, student, X, chosen, self._part(2, 3), self._part(3, 4))
        found = measured.compare(maps["teacher"], maps["student"]) if len(maps) == 2 else None
        return {
            "across": {
                "n": count(X),
                **asdict(chosen),
                "cka": _correspondence(alike),
                "cosine": _likeness(found) if found is not None else None,
                "sentences": [alike.sentence(), *([found.sentence()] if found is not None else [])],
            }
        }

    def _part(self, start: int, end: int) -> Progress:
        """Return what reports on the quarters from ``start`` to ``end`` of the work."""
        return lambda done, total: self.go_on((start + (end - start) * done / total) / 4)


def _kinds(model: nn.Module) -> list[str]:
    """Return which kinds of maps a model can have, by the types of its parts alone."""
    parts = [type(part) for part in model.modules()]
    convolves = any(issubclass(part, nn.Conv2d) for part in parts)
    return [kind for kind in KINDS if (convolves if kind == "activation" else attending(model))]


def _order(kind: str, has: list[list[str]]) -> int:
    """Return the place of a kind: where nothing but transformers has maps the embedding of the patches, a convolution,
    comes last."""
    last = kind == "activation" and all("heads" in each for each in has if each)
    return len(KINDS) if last else KINDS.index(kind)


def _both(
    teacher: nn.Module, student: nn.Module, X: Tensor, chosen: Chosen, *progress: Progress
) -> tuple[dict[str, Maps], dict[str, str]]:
    """Return the maps of each model that has any, and for each other one a sentence that says why not."""
    maps: dict[str, Maps] = {}
    reasons: dict[str, str] = {}
    progress_of = dict(zip(("teacher", "student"), progress, strict=False))
    for who, model in (("teacher", teacher), ("student", student)):
        if chosen.kind not in _kinds(model):
            reasons[who] = t(LACKING[chosen.kind, who])
            continue
        try:
            maps[who] = _maps(model, X, chosen, chosen.head(who), progress_of.get(who))
        except ValueError as error:
            reasons[who] = why_none(who, error)
    return maps, reasons


def _maps(model: nn.Module, X: Tensor, chosen: Chosen, head: int, progress: Progress | None) -> Maps:
    """Return the maps of each layer, shape (N, h, w)."""
    if chosen.kind == "activation":
        return measured.activation_maps(model, X, form=chosen.form, progress=progress)  # type: ignore[arg-type]
    accumulated = chosen.kind != "heads"
    return measured.layer_maps(model, X, head=head, accumulated=accumulated, progress=progress)


def _numbers(teacher: Maps, student: Maps) -> dict[str, Any]:
    """Return how far apart the first example's maps are, layer by layer, and what the others' give by chance."""
    pairs = [[measured.distance(t[:1], s[:1]) for s in student.values()] for t in teacher.values()]
    others = len(next(iter(teacher.values()))) - 1
    chance = [[_by_chance(t[1:], s[:1]) for s in student.values()] for t in teacher.values()]
    return {
        "cosine": [[_known(pair.cosine[0]) for pair in row] for row in pairs],
        "squared": [[_known(pair.squared[0]) for pair in row] for row in pairs],
        "chance": chance,
        "others": others,
    }


def _by_chance(others: Tensor, student: Tensor) -> float | None:
    if not len(others):
        return None
    cosine = measured.distance(others, student.expand(len(others), -1, -1)).cosine
    there = cosine[~np.isnan(cosine)]
    return float(np.median(there)) if len(there) else None


def _drawn(who: str, model: nn.Module, maps: Mapping[str, Maps], chosen: Chosen) -> dict[str, Any]:
    """Return the first example's maps as the widget takes them: the largest value of each is 1."""
    heads = attending(model) if chosen.kind == "heads" else {}
    flat, layers = [], []
    for name, each in maps.get(who, {}).items():
        one = each[0].float()
        if max(one.shape) > LARGEST:
            height, width = one.shape
            one = F.adaptive_avg_pool2d(one[None], (min(height, LARGEST), min(width, LARGEST)))[0]
        flat.append((one / one.amax().clamp_min(1e-12)).flatten())
        count = heads.get(name.split(" (")[0], 0)
        layers.append({"name": name, "height": one.shape[0], "width": one.shape[1], "heads": count})
    return {f"{who}_layers": layers, f"{who}_maps": torch.cat(flat).numpy() if flat else b""}


def _correspondence(alike: Correspondence) -> dict[str, Any]:
    layers = {"rows": list(alike.teacher_layers), "columns": list(alike.student_layers)}
    chance = {} if alike.by_chance is None else {"chance": _rows(alike.by_chance)}
    return {**layers, "matrix": _rows(alike.matrix), **chance, "best": alike.best()}


def _likeness(found: measured.Attention) -> dict[str, Any]:
    layers = {"rows": list(found.teacher_layers), "columns": list(found.student_layers)}
    return {**layers, "median": _rows(found.median()), "chance": _rows(found.by_chance), "best": found.nearest()}


def _rows(matrix: np.ndarray) -> list[list[float | None]]:
    return [[_known(value) for value in row] for row in matrix]


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
