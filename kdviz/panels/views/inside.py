"""Inside: the loss around student and twin, how sharp their minima are, and what their layers have learned."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...data import Examples, Splits
from ...data.inputs import Inputs, rows
from ...distill import Distillation
from ...distill.teacher import Cancelled, weight_hash
from ...measure import landscape, representation
from ...measure.landscape.loss import Loss
from ...models import inference
from ...widgets import Scene
from ...widgets.inside import Inside
from ...words import mark, number, t
from ...words.reasons import told
from .controller import ViewController

EXAMPLES = 500  # that stand for all
LAYER_EXAMPLES = 300  # for neighbors and CKA over steps
POINTS, FEWEST_POINTS = 21, 7  # along a side of the landscape
PLANE_SECONDS = 4.0  # that the landscape may take, roughly
FACTOR = 4.0  # by which layers are scaled, to show what depends on it
PRODUCTS = 40  # with the Hessian
STEPS = 9  # of training that layers are looked at
STUDENT = "student"
SCALED = mark(
    "{name} with its first layer × {factor} and the next ÷ {factor} answers the same: what differs in its row is scale "
    "alone, and the adaptive form does not differ."
)
AROUND = mark(
    "No twin of the same layers is on the page: both directions are random. Measured on {n} examples, {points} × "
    "{points} points."
)
GRID = mark("Measured on {n} examples, {points} × {points} points.")


class InsideController(ViewController):
    """Two drawings of the layers, which follow the step; on request landscape, sharpness, probes, layers over steps.

    Attributes
    ----------
    widget : kdviz.widgets.Inside
    """

    view = "inside"
    widget: Inside

    _teacher: tuple[str, dict[str, Tensor]] | None = None

    def make_widget(self, scene: Scene) -> Inside:
        return Inside(scene=scene)

    def open(self, data: Splits) -> None:
        self._teacher = None
        self.widget.update(drawn={}, across={})

    def make(self, teacher: nn.Module, student: nn.Module, examples: Examples) -> dict[str, Any]:
        X = examples.inputs(torch.arange(min(EXAMPLES, len(examples))))
        theirs, ours = self._of_teacher(teacher, X), representation.features(student, X, who="student")
        layers = representation.last_hidden(theirs), representation.last_hidden(ours)
        found = representation.embedding(theirs[layers[0]], ours[layers[1]])
        traits: dict[str, Any] = {
            "drawn": {
                "ids": ["teacher", self.scene.shown_run or STUDENT],
                "layers": list(layers),
                "explained": [round(share, 4) for share in found.explained],
                "rest": round(found.rest, 4),
                "n": len(found.teacher),
                "said": found.sentence(),
            },
            "teacher_points": found.teacher.astype(np.float32),
            "student_points": found.student.astype(np.float32),
            "beside_points": b"",
        }
        for key, (model, _) in list(self.others().items())[:1]:  # the twin while the student is shown
            beside = representation.features(model, X, who=key)
            layer = representation.last_hidden(beside)
            third = representation.embedding(theirs[layers[0]], beside[layer])
            traits["drawn"]["ids"].append(key)
            traits["drawn"]["layers"].append(layer)
            traits["drawn"]["explained"].append(round(third.explained[1], 4))
            traits["beside_points"] = third.student.astype(np.float32)
        return traits

    def make_across(self, teacher: nn.Module, student: nn.Module, examples: Examples) -> dict[str, Any]:
        known = torch.nonzero(examples.known[:EXAMPLES]).flatten()
        if len(known) < 2 or examples.y.ndim != 1:
            raise ValueError(t("a landscape needs labelled examples, one class each; these have none"))
        X, y = examples.inputs(known), examples.y[known]
        models = {self.scene.shown_run or STUDENT: student, **self._twin(student)}
        found = {
            "n": len(known),
            "plane": self._plane(models, X, y),
            "sharpness": self._sharpness(models, X, y),
            "probes": self._probes({"teacher": teacher, **models}, X, y),
            "training": self._training(teacher, list(models), rows(X, slice(0, LAYER_EXAMPLES))),
        }
        return {"across": found}

    def _of_teacher(self, teacher: nn.Module, X: Inputs) -> dict[str, Tensor]:
        key = f"{weight_hash(teacher)} {inference.count(X)}"
        if self._teacher is None or self._teacher[0] != key:
            self._teacher = key, representation.features(teacher, X, who="teacher")
        return self._teacher[1]

    def _twin(self, student: nn.Module) -> dict[str, nn.Module]:
        """Return another run of the page with the student's layers, the twin first, as it is at the cursor or now."""
        shown, at = self.scene.shown_run or STUDENT, self.scene.step
        shapes = [tuple(p.shape) for p in student.parameters()]
        order = sorted(self._runs(), key=lambda entry: ("twin", STUDENT, "smoothed", "branch").index(entry.role))
        for entry in order:
            if entry.key == shown or [tuple(p.shape) for p in entry.run.student.parameters()] != shapes:
                continue
            done = entry.run.steps_done
            if at is not None and (entry.start or 0) <= at < done:
                return {entry.key: entry.run.at(at)}
            with entry.run.lock:
                return {entry.key: copy.deepcopy(entry.run.student).eval()}
        for who, model in self.beside().items():
            if [tuple(p.shape) for p in model.parameters()] == shapes:
                return {who: copy.deepcopy(model).eval()}
        return {}

    def _part(self, start: float, end: float) -> Any:
        """Return what reports one part of the work; False where it has to end."""
        return lambda done, total: self.go_on(start + (end - start) * done / max(1, total))

    def _plane(self, models: dict[str, nn.Module], X: Inputs, y: Tensor) -> dict[str, Any]:
        first, *rest = models.values()
        points = _points(Loss.of(first, X, y))
        found = landscape.plane(first, X, y, *rest[:1], points=points, progress=self._part(0, 0.45))
        told_of = GRID if found.twin else AROUND
        return {
            "ids": list(models) if found.twin else list(models)[:1],
            "along": _rounded(found.along),
            "across": _rounded(found.across),
            "loss": [_rounded(row) for row in found.loss],
            "lengths": _rounded(found.lengths),
            "said": found.sentence(*[self._called(key) for key in models]),
            "note": t(told_of, n=number(found.n), points=number(points)),
        }

    def _called(self, key: str) -> str:
        """Return what a run is called in a sentence."""
        entry = next((entry for entry in self._runs() if entry.key == key), None)
        role = entry.role if entry is not None else key
        if role in (STUDENT, "twin"):
            return t("the student") if role == STUDENT else t("the twin")
        return entry.name if entry is not None else key

    def _sharpness(self, models: dict[str, nn.Module], X: Inputs, y: Tensor) -> dict[str, Any]:
        measured = dict(models)
        try:
            measured["rescaled"] = landscape.rescaled(next(iter(models.values())), FACTOR)
            note = t(SCALED, name=_upper(self._called(next(iter(models)))), factor=number(FACTOR, "g"))
        except ValueError:  # no perceptron
            note = ""
        made = []
        share = 0.2 / len(measured)
        for place, (key, model) in enumerate(measured.items()):
            begin = 0.45 + place * share
            row: dict[str, Any] = {"id": key}
            for kind in landscape.KINDS:
                one = landscape.sharpness(model, X, y, kind, progress=self._part(begin, begin + share / 2))  # type: ignore[arg-type]
                row |= {kind: round(one.value, 6), "loss": round(one.loss, 6)}
            try:
                go_on = self._part(begin + share / 2, begin + share)
                top = landscape.largest_eigenvalue(model, X, y, iterations=PRODUCTS, tolerance=0.01, progress=go_on)
                row |= {"eigenvalue": round(top.value, 4), "converged": top.converged}
            except RuntimeError as error:  # a layer without a second derivative
                row |= {"eigenvalue": None, "converged": False, "why": told(str(error).splitlines()[0][:120])}
            made.append(row)
        return {"rows": made, "radii": dict(landscape.RADII), "note": note}

    def _probes(self, models: dict[str, nn.Module], X: Inputs, y: Tensor) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = []
        for place, (key, model) in enumerate(models.items()):
            layers = representation.features(model, X, who=key)
            for k, (layer, values) in enumerate(layers.items()):
                try:
                    one = representation.probe(values, y, layer=layer)
                except ValueError:  # too few classes among these examples
                    return []
                shares = _rounded([one.accuracy, one.low, one.high])
                made.append({"id": key, "layer": layer, "share": shares, "n": one.held_out})
                if not self._part(0.65, 0.9)(place + (k + 1) / len(layers), len(models)):
                    raise Cancelled("stopped before all probes were fitted")
        return made

    def _training(self, teacher: nn.Module, keys: list[str], X: Inputs) -> dict[str, Any]:
        """Return how near the last hidden layer of each run came to the teacher's, at the steps that are kept."""
        runs = {entry.key: entry.run for entry in self._runs() if entry.key in keys}
        if not runs or inference.count(X) <= representation.NEAREST:
            return {}
        theirs = representation.features(teacher, X, who="teacher")
        layer = representation.last_hidden(theirs)
        lines, chance = [], 0.0
        for place, (key, run) in enumerate(runs.items()):
            steps = _evenly([snapshot.step for snapshot in run.snapshots], run.steps_done)
            begin, end = (0.9 + 0.1 * (place + k) / len(runs) for k in (0, 1))
            found = representation.over_training(
                theirs[layer], _students(run, steps), X, total=len(steps), progress=self._part(begin, end)
            )
            chance = found.by_chance
            values = {"cka": _rounded(found.cka), "kept": _rounded(found.kept)}
            lines.append({"id": key, "steps": found.steps.tolist(), **values})
        return {"layer": layer, "lines": lines, "nearest": representation.NEAREST, "by_chance": round(chance, 4)}


def _students(run: Distillation, steps: list[int]) -> Iterator[tuple[int, nn.Module]]:
    for step in steps:
        yield step, run.at(step)


def _evenly(stored: list[int], done: int) -> list[int]:
    """Return at most so many steps, evenly spaced: of those stored, or where these are few, of all, by replaying.

    >>> _evenly([0, 100], 4)
    [0, 1, 2, 3, 4]
    """
    steps = stored if len(stored) >= STEPS // 2 else list(range(done + 1))
    places = np.linspace(0, len(steps) - 1, min(STEPS, len(steps))).round().astype(int)
    return [steps[place] for place in places]


def _points(loss: Loss) -> int:
    """Return how many points along a side fit into the time, an odd number."""
    with torch.no_grad():
        loss.logits(loss.parameters)
        began = time.perf_counter()
        loss.logits(loss.parameters)
    most = int((PLANE_SECONDS / max(1e-6, time.perf_counter() - began)) ** 0.5)
    fitting = min(POINTS, max(FEWEST_POINTS, most))
    return fitting - 1 + fitting % 2


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 5) for value in values]
