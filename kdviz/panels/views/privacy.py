"""Privacy: can one tell from the answers of teacher, student and the other runs what they were trained on?"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...data import Examples, Splits
from ...distill import Distillation, HardLabels
from ...distill.schemes.omitted_class import best_shift, with_raised
from ...distill.teacher import Cancelled, weight_hash
from ...measure import privacy as measured
from ...measure.saliency.random_weights import redrawn
from ...measure.wilson import wilson
from ...models import inference
from ...widgets import Scene
from ...widgets.privacy import Privacy
from ...words import mark, number, t, tn
from .controller import ViewController

MOST = 2000  # members, and others
REFERENCES = 2  # models that difficulty is read from
EPOCHS = 10  # that each of them is trained for
FEWEST = 30  # members, and others; of fewer nothing is said
POINTS = 120  # of a curve
TEACHER, STUDENT = "teacher", "student"
DIGITS = 6
OWN_LABELS = mark(
    "The teacher was trained on {n} labels of its own draw: of these members it has seen {seen} at most, so that its "
    "numbers are a lower bound."
)
OMITTED = mark(
    "Class {name} was kept from the student, not from its teacher. With the bias of that class chosen on validation "
    "data the student is right on {right} of its {n} test examples."
)
OF_TWIN = mark("Its twin, which had no teacher, is right on {right}.")
PASSES = mark("Leaving examples out of the transfer set does not keep what the teacher knows of them from passing.")


class PrivacyController(ViewController):
    """Membership inference on all models of the page, with the same members and the same others.

    Members are the labelled training examples of the run shown; the others are test examples of the classes that it
    was trained on. On request models of the student's kind learn the validation examples, and calibrate the attack.

    Attributes
    ----------
    widget : kdviz.widgets.Privacy
    """

    view = "privacy"
    widget: Privacy

    _scores: dict[Hashable, tuple[np.ndarray, np.ndarray]]
    _of: tuple[Examples, int] | None = None
    _pair: tuple[Examples, Examples]

    def make_widget(self, scene: Scene) -> Privacy:
        self._scores = {}
        return Privacy(scene=scene)

    def open(self, data: Splits) -> None:
        self._scores, self._of = {}, None
        self.widget.update(found={}, across={})

    def make(self, teacher: nn.Module, student: nn.Module, examples: Examples) -> dict[str, Any]:
        parts = self._parts(teacher, student)
        asked, steps = self._asked(teacher, student)
        scores = {who: self._score(model, parts) for who, model in asked.items()}
        found = self._told(scores, steps)
        return {"found": {**found, "notes": self._notes(teacher), "passes": self._passes(asked)}}

    def make_across(self, teacher: nn.Module, student: nn.Module, examples: Examples) -> dict[str, Any]:
        whole = self._known()
        held_out = _where(whole.validation, whole.validation.known)
        if len(held_out) < FEWEST:
            raise ValueError(t("reference models need {n} labelled validation examples", n=FEWEST))
        parts = self._parts(teacher, student)
        data = Splits(whole.name, whole.title, whole.classes, held_out, held_out, held_out)
        references = [self._reference(student, data, k) for k in range(REFERENCES)]
        asked, steps = self._asked(teacher, student)
        easy = [self._score(one, parts) for one in references]
        scores = {}
        for who, model in asked.items():
            own = self._score(model, parts)
            scores[who] = tuple(measured.calibrated_score(own[side], [one[side] for one in easy]) for side in (0, 1))
        found = self._told(scores, steps)
        n = tn("{n} reference model", "{n} reference models", REFERENCES)
        note = t("Calibrated by {models}, trained on {n} validation examples.", models=n, n=number(len(held_out)))
        return {"across": {**found, "notes": [note], "passes": ""}, "attack": "calibrated"}

    def _known(self) -> Splits:
        """Return the data with their parts; raise a sentence where it is not known what was trained on."""
        if self.whole is None:
            raise ValueError(
                t("which examples the models were trained on is not known: pass data with a training part, a Splits")
            )
        return self.whole

    def _parts(self, teacher: nn.Module, student: nn.Module) -> tuple[Examples, Examples]:
        """Return members and others."""
        whole, run = self._known(), self._run()
        train = whole.train if run is None else run.data.train
        labels = min((n for n in map(_labels, (teacher, student)) if n), default=0)
        key = train, 0 if run is not None else labels
        if self._of != key:
            self._scores = {}
            if run is None and 0 < labels < len(train):  # what shipped models of few labels were trained on
                train = whole.with_labels(labels).train
            members = _where(train, train.known)
            test = _where(whole.test, whole.test.known & torch.isin(whole.test.y, members.y.unique()))
            if members.y.ndim != 1 or min(len(members), len(test)) < FEWEST:
                counts = {"n": number(len(members)), "m": number(len(test)), "fewest": FEWEST}
                raise ValueError(
                    t("an attack needs {fewest} labelled members and others; these data have {n} and {m}", **counts)
                )
            self._of = key
            self._pair = _drawn(members), _drawn(test)
        return self._pair

    def _run(self) -> Distillation | None:
        entries = {entry.key: entry.run for entry in self._runs()}
        return entries.get(self.scene.shown_run or STUDENT) or entries.get(STUDENT)

    def _asked(self, teacher: nn.Module, student: nn.Module) -> tuple[dict[str, nn.Module], dict[str, int | None]]:
        """Return what is attacked: the teacher, the run shown at its step, the twin of it as it is there or now."""
        shown, at = self.scene.shown_run or STUDENT, self.scene.step
        others = self.others()
        asked = {TEACHER: teacher, shown: student} | {who: model for who, (model, _) in others.items()}
        steps = {TEACHER: None, shown: at} | {who: step for who, (_, step) in others.items()}
        return asked, steps

    def _twin(self, scores: Mapping[str, Any]) -> str:
        """Return the key of a twin that is attacked and not the run shown; empty for none."""
        shown = self.scene.shown_run or STUDENT
        twins = [*(entry.key for entry in self._runs() if entry.role == "twin"), "twin"]
        return next((key for key in twins if key in scores and key != shown), "")

    def _role(self) -> str:
        """Return what the run shown is called in a sentence: "student" or "twin"."""
        shown = self.scene.shown_run or STUDENT
        roles = {entry.key: entry.role for entry in self._runs()}
        return "twin" if roles.get(shown, shown) in ("twin", "smoothed") else STUDENT

    def _told(self, scores: Mapping[str, tuple[np.ndarray, ...]], steps: Mapping[str, int | None]) -> dict[str, Any]:
        """Return all numbers as the widget takes them."""
        found = {who: measured.membership(*one) for who, one in scores.items()}
        shown, twin, role = self.scene.shown_run or STUDENT, self._twin(scores), self._role()
        beside = measured.auc_difference(scores[shown], scores[twin or TEACHER])  # type: ignore[arg-type]
        first = found[TEACHER]
        return {
            "members": first.members,
            "others": first.others,
            "at": first.at,
            "confidence": first.confidence,
            "models": [
                {
                    "id": who,
                    "step": steps[who],
                    "leaks": one.leaks,
                    "auc": _rounded(one.auc, one.auc_low, one.auc_high),
                    "tpr": _rounded(one.tpr, one.tpr_low, one.tpr_high),
                    "curve": _curve(one),
                }
                for who, one in found.items()
            ],
            "said": [found[shown].sentence(role), beside.sentence(role, "twin" if twin else "teacher")],
        }

    def _score(self, model: nn.Module, parts: tuple[Examples, Examples]) -> tuple[np.ndarray, np.ndarray]:
        key = weight_hash(model)
        if key not in self._scores:
            if len(self._scores) > 16:  # steps of a film; the newest stay
                self._scores.pop(next(iter(self._scores)))
            members, others = (measured.loss_score(inference.logits(model, part), part.y) for part in parts)
            self._scores[key] = members, others
        return self._scores[key]

    def _reference(self, student: nn.Module, data: Splits, place: int) -> nn.Module:
        """Return a model of the student's kind that has learned the labels of other examples."""
        fresh = redrawn(student, place)
        for parameter in fresh.parameters():
            parameter.requires_grad_(parameter.is_floating_point())
        run = Distillation(None, fresh, data, HardLabels(), epochs=EPOCHS, learning_rate=0.003, seed=place)
        for _ in run:
            if not self.go_on((place + run.steps_done / run.total_steps) / REFERENCES):
                raise Cancelled("stopped before the reference models were trained")
        return run.student.eval()

    def _notes(self, teacher: nn.Module) -> list[str]:
        run, labels = self._run(), _labels(teacher)
        if run is None or not 0 < labels < int(run.data.train.known.sum()):
            return []
        return [t(OWN_LABELS, n=number(labels), seen=number(labels))]

    def _passes(self, asked: Mapping[str, nn.Module]) -> str:
        """Return how much of a class left out of the transfer set has come through; empty without one."""
        omitted, whole, shown = self.scene.bias_class, self.whole, self.scene.shown_run or STUDENT
        if omitted < 0 or whole is None or self._role() != STUDENT:
            return ""
        right, n = _right_when_raised(asked[shown], whole, omitted)
        said = [t(OMITTED, name=whole.classes[omitted], right=number(right), n=number(n))]
        twin = self._twin(asked)
        if twin:
            alone, _ = _right_when_raised(asked[twin], whole, omitted)
            said.append(t(OF_TWIN, right=number(alone)))
            if wilson(right, n, 0.95)[0] > wilson(alone, n, 0.95)[1]:
                said.append(t(PASSES))
        return " ".join(said)


def _right_when_raised(model: nn.Module, whole: Splits, omitted: int) -> tuple[int, int]:
    """Return how many test examples of a class a model is right on, its bias chosen on validation data; and of how
    many."""
    known = _where(whole.validation, whole.validation.known)
    bias = best_shift(inference.logits(model, known), known.y, omitted)
    test = _where(whole.test, whole.test.y == omitted)
    raised = with_raised(inference.logits(model, test), omitted, bias)
    return int((raised.argmax(1) == test.y).sum()), len(test)


def _labels(model: nn.Module) -> int:
    """Return how many labels a shipped model was trained on, where its card says so; else 0."""
    recipe = getattr(getattr(model, "card", None), "recipe", None) or {}
    labels = recipe.get("labels")
    return labels if isinstance(labels, int) else 0


def _where(examples: Examples, chosen: Tensor) -> Examples:
    return examples.take(torch.nonzero(chosen).flatten())


def _drawn(examples: Examples) -> Examples:
    """Return at most so many examples, evenly spaced: the order of a file may not be random."""
    if len(examples) <= MOST:
        return examples
    return examples.take(torch.linspace(0, len(examples) - 1, MOST).round().long())


def _curve(one: measured.Membership) -> list[list[float]]:
    """Return false and true positive rates, of as many points as a drawing on log axes needs."""
    fpr, tpr = one.false_positive_rate, one.true_positive_rate
    last = np.flatnonzero(np.append(np.diff(fpr) > 0, True))  # of each false positive rate the highest
    fpr, tpr = fpr[last], tpr[last]
    if len(fpr) > POINTS:
        wanted = np.geomspace(1 / one.others, 1, POINTS)
        kept = np.unique(np.append(0, np.searchsorted(fpr, wanted, side="right") - 1))
        fpr, tpr = fpr[kept], tpr[kept]
    return [_rounded(*fpr), _rounded(*tpr)]


def _rounded(*values: float) -> list[float]:
    return [round(float(value), DIGITS) for value in values]
