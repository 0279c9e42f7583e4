"""Relations on the Methods page: the last features of teacher and students on validation examples, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from ...data.inputs import Inputs
from ...distill import Distillation
from ...distill.taps import tapped
from ...measure.relations import KINDS, Relations, kept, neighbors, recall, relations
from ...models.inference import ask
from ...models.looking import evaluating
from ...words import mark, number, t
from .trial import Trial

DRAWN = 60  # examples of the matrices, as many of each class as there are
COUNTED = 300  # examples among whom neighbors are sought
NEAREST = 5
ALIKE = mark(
    "Step {step}: two examples of one class are alike by {own_same} for the student and {same} for the teacher, two of "
    "different classes by {own_other} and {other}; over all pairs the similarities correlate {agreement}."
)
APART = mark(
    "Step {step}: two examples of one class are {own_same} apart for the student and {same} for the teacher, two of "
    "different classes {own_other} and {other}; over all pairs the distances correlate {agreement}."
)
KEPT = mark("Of each example’s {k} nearest the student keeps {kept} of the teacher’s; by chance it would be {chance}.")
OF_LAYERS = mark("The last features: the teacher’s {teacher} and the student’s {student}, on {n} validation examples.")
OF_LOGITS = mark("The logits of teacher and student, on {n} validation examples.")


class RelationsLook:
    """What is shown of a trial's relations, on validation examples with a label; the teacher is asked once.

    Parameters
    ----------
    trial : Trial
    """

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        validation = trial.data.validation
        examples = validation.take(torch.nonzero(validation.known).flatten()[:COUNTED])
        self._x, self._labels = examples.inputs(), examples.y.cpu().numpy()
        self._layers = trial.layer_pairs.features or ("", "")
        self._teacher = np.zeros((0, 1))
        if len(self._labels):
            self._teacher = features(trial.teacher.module, self._x, self._layers[1])
        self._near = self._nearest(self._teacher)
        self._drawn = spread(self._labels, DRAWN)

    def shown(self, runs: Mapping[str, Distillation], names: Mapping[str, str]) -> dict[str, Any]:
        """Return what the widget shows of the runs, by role: the student's matrices, and who finds whom.

        Without two examples to compare it is nothing.
        """
        if len(self._labels) < 2:
            return {}
        found = {role: features(run.student, self._x, self._layers[0]) for role, run in runs.items()}
        one = partial(relations, found["student"][self._drawn], self._teacher[self._drawn], self._labels[self._drawn])
        both = {kind: one(kind) for kind in KINDS}  # type: ignore[arg-type]
        scores = [self._scores("teacher", t("Teacher"), self._near)]
        scores += [self._scores(role, names[role], self._nearest(seen)) for role, seen in found.items()]
        step = runs["student"].steps_done
        return {
            "labels": both["similarity"].labels.tolist(),
            "classes": list(self._trial.data.classes),
            **{f"{who}_{kind}": getattr(both[kind], who) for kind in KINDS for who in ("teacher", "student")},
            "scores": scores,
            "note": self._note,
            "sentences": {kind: self._sentence(step, both[kind], scores) for kind in KINDS},
        }

    @property
    def _note(self) -> str:
        n = number(len(self._labels))
        if not self._layers[0]:
            return t(OF_LOGITS, n=n)
        return t(OF_LAYERS, teacher=self._layers[1], student=self._layers[0], n=n)

    def _nearest(self, seen: np.ndarray) -> np.ndarray | None:
        return neighbors(seen, NEAREST) if len(seen) > NEAREST else None

    def _scores(self, role: str, name: str, near: np.ndarray | None) -> dict[str, Any]:
        if near is None or self._near is None:
            return {"role": role, "name": name, "recall_1": None, "recall_5": None, "kept": None}
        ones = {f"recall_{k}": _known(recall(near, self._labels, k)) for k in (1, NEAREST)}
        share = None if role == "teacher" else kept(near, self._near, NEAREST)
        return {"role": role, "name": name, **ones, "kept": share}

    def _sentence(self, step: int, found: Relations, scores: list[dict[str, Any]]) -> str:
        means = found.means()
        (same, other), (own_same, own_other) = means["teacher"], means["student"]
        numbers = {"same": same, "other": other, "own_same": own_same, "own_other": own_other}
        told = {name: number(value, ".2f") for name, value in (numbers | {"agreement": found.agreement}).items()}
        sentence = t(ALIKE if found.kind == "similarity" else APART, step=number(step), **told)
        share = next((row["kept"] for row in scores if row["role"] == "student"), None)
        if share is None:
            return sentence
        chance = NEAREST / (len(self._labels) - 1)
        return f"{sentence} {t(KEPT, k=NEAREST, kept=number(share, '.0%'), chance=number(chance, '.1%'))}"


def features(model: nn.Module, x: Inputs, layer: str) -> np.ndarray:
    """Return what a layer gives for examples, one row each; the logits for an empty name."""
    names = [layer] if layer else []
    with evaluating(model), torch.no_grad(), tapped(model, names, names) as found:
        answer = ask(model, x, who="model")
    given = found[layer] if layer else answer
    return given.detach().flatten(1).double().cpu().numpy()


def spread(labels: np.ndarray, most: int) -> np.ndarray:
    """Return places of examples, equally many of each class, as far as there are so many, and ``most`` in all.

    >>> spread(np.array([0, 0, 0, 1, 2, 1]), 5).tolist()
    [0, 3, 4]
    """
    known = np.unique(labels[labels >= 0])
    each = max(1, most // max(1, len(known)))
    places = [np.flatnonzero(labels == label)[:each] for label in known]
    chosen = np.sort(np.concatenate(places)) if places else np.arange(0)
    return chosen[:most]


def _known(value: float) -> float | None:
    return None if value != value else value
