"""Lesson 11: whether a model is right as often as it is sure, and what being taught does to that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ... import data as data_sets
from ... import models
from ...distill import Distillation, hinton
from ...measure import Paired, paired
from ...measure import calibration as measured
from ...models import inference
from ...words import number
from .. import property_checks as hold
from ..exercises import Exercise
from ..lesson import Lesson, part
from ..predictions import Axis, Curve
from ..questions import Choice, Number, Order, Several
from ..quick import full_or_quick

MEMORISER, TEACHER = "mnist-mlp-overfit", "mnist-mlp-1200"
BINS = 10
FEWEST = 30  # examples of a bin that is drawn
SIZES = (50, 100, 300, 1000, 3000, 10_000)
LABELS = 1000
STUDENT = (32,)
TWIN = 0.0  # stands where a temperature would: no teacher


@dataclass(frozen=True)
class Found:
    """How a model is calibrated on test data, as it is and after temperature scaling.

    Attributes
    ----------
    before, after : measured.Calibration
    fitted : float
        The T between both, fitted on validation data.
    """

    before: measured.Calibration
    after: measured.Calibration
    fitted: float


class Calibration(Lesson):
    """Confidence and accuracy, the calibration error and its bias, temperature scaling, and students' confidence."""

    name = "calibration"
    temperatures: tuple[float, ...] = full_or_quick((1, 2, 4, 8, 20), (1, 4))
    seeds: int = full_or_quick(3, 2)
    epochs: int = full_or_quick(30, 2)

    @cached_property
    def digits(self) -> data_sets.Splits:
        return data_sets.mnist()

    @cached_property
    def memoriser(self) -> nn.Module:
        """A network that has memorised 1,000 images."""
        return models.pretrained(MEMORISER)

    @cached_property
    def logits(self) -> Tensor:
        """The memoriser's logits of the test images, (10000, 10)."""
        return inference.logits(self.memoriser, self.digits.test)

    @cached_property
    def validation_logits(self) -> Tensor:
        """The memoriser's logits of the validation images, (5000, 10)."""
        return inference.logits(self.memoriser, self.digits.validation)

    @cached_property
    def found(self) -> Found:
        """How the memoriser is calibrated."""
        return self._measured(self.logits, self.validation_logits)

    def _measured(self, test: Tensor, validation: Tensor, resamples: int = 1000) -> Found:
        y = self.digits.test.y
        T = measured.fit_temperature(validation, self.digits.validation.y)
        before, after = (measured.calibration(z, y, bins=BINS, resamples=resamples) for z in (test, test / T))
        return Found(before, after, T)

    @property
    def drawn(self) -> list[measured.ReliabilityBin]:
        """The bins of the memoriser's diagram that hold enough examples."""
        return [one for one in self.found.before.bins if one.count >= FEWEST]

    def first(self, n: int) -> measured.Calibration:
        """Return the memoriser's calibration on the first n test images."""
        return measured.calibration(self.logits[:n], self.digits.test.y[:n], bins=BINS)

    @cached_property
    def students(self) -> dict[tuple[float, int], Found]:
        """Students of the good teacher by T and seed, and their twins at T = 0."""
        few, teacher = self.digits.with_labels(count=LABELS), models.pretrained(TEACHER)
        found = {}
        for seed in range(self.seeds):
            settings: dict[str, Any] = {"learning_rate": 3e-3, "epochs": self.epochs, "seed": seed}
            runs = {}
            for T in self.temperatures:
                objective = hinton(temperature=T, alpha=0.9)
                runs[T] = Distillation(teacher, models.mlp(STUDENT, seed=seed), few, objective, **settings)
            runs[TWIN] = runs[self.temperatures[0]].twin()
            for T, run in runs.items():
                run.train(progress=False, evaluate=False)
                test, validation = (
                    inference.logits(run.student, part) for part in (self.digits.test, self.digits.validation)
                )
                found[T, seed] = self._measured(test, validation, resamples=0)
        return found

    def over_seeds(self, value: Callable[[Found], float], T: float) -> list[float]:
        """Return one number of the students at a T, seed by seed."""
        return [value(self.students[T, seed]) for seed in range(self.seeds)]

    def beside_twin(self, value: Callable[[Found], float], T: float) -> Paired:
        """Return the paired difference student − twin of one number, over the seeds."""
        pairs = zip(self.over_seeds(value, T), self.over_seeds(value, TWIN), strict=True)
        return paired([student - twin for student, twin in pairs], step=0)

    @property
    def curve(self) -> list[float]:
        """Mean over-confidence of the students in points, by T."""
        each = [self.over_seeds(points_over, T) for T in self.temperatures]
        return [sum(values) / len(values) for values in each]

    # What is asked

    @part
    def sure(self) -> Number:
        found = self.found.before
        return Number(
            f"A network is right on {number(found.accuracy, '.1%')} of {found.n:,} test digits. How sure of its first "
            "choice is it on average?",
            100 * found.mean_confidence,
            tolerance=2,
            low=0,
            high=100,
            unit="\u202f%",
            said="A network that has memorised its training images is used to being right.",
        )

    @part
    def diagram(self) -> Curve:
        x = [one.confidence for one in self.drawn]
        return Curve(
            "Sort the digits by how sure the network is. How often is it right where it is that sure? The straight "
            "line: right as often as sure.",
            x,
            Axis("confidence", 0.4, 1),
            Axis("accuracy", 0, 1),
            truth=[one.accuracy for one in self.drawn],
            beside={"right as often as sure": x},
            start=x,
            close=0.1,
            said="Below the line: over-confident.",
        )

    @part
    def chance(self) -> Curve:
        return Curve(
            "Now a model with the same confidences that is calibrated perfectly: of its 80 % answers 80 % are right in "
            "the long run. Its true calibration error is 0. What is measured on n test digits, on average?",
            list(SIZES),
            Axis("n", SIZES[0], SIZES[-1], log=True),
            Axis("measured ECE", 0, 0.1),
            start=[0.0] * len(SIZES),
            close=0.01,
        )

    @part
    def taught(self) -> Curve:
        return Curve(
            "This teacher teaches a small student at temperature T. Then the student answers at T = 1, as always. How "
            "far does its confidence lie above its accuracy?",
            list(self.temperatures),
            Axis("T while it learns", self.temperatures[0], self.temperatures[-1], log=True),
            Axis("confidence − accuracy", -10, 15, unit=" points"),
            start=[0.0] * len(self.temperatures),
            close=2,
        )

    # What is written

    @part
    def error(self) -> Exercise:
        text = (
            "Write ece(confidence, right, bins): cut the confidences into bins of equal width from 0 to 1, take "
            "|accuracy − mean confidence| of each bin, and average them, weighted by the number of examples."
        )
        return Exercise(text, (_weighs, _leaves_out_empty))

    @part
    def best(self) -> Exercise:
        text = "Write best_temperature(logits, y, candidates): the T at which the labels are the most likely."
        return Exercise(text, (_is_likeliest, _finds_cold))

    # What is asked at the end

    @part(quiz=True)
    def keeps(self) -> Several:
        return Several(
            "What does dividing all logits by a fitted T leave as it is?",
            {
                "Which class comes first": "Dividing by T > 0 keeps the order of the logits.",
                "The accuracy": "The first choices stay, so what is right stays.",
                "The mean confidence": "That is what T is for.",
                "The order of the examples by confidence": (
                    "Not in general: T treats an answer with one rival and one with nine rivals differently."
                ),
            },
            ["Which class comes first", "The accuracy"],
        )

    @part(quiz=True)
    def where(self) -> Choice:
        return Choice(
            "On which examples is T fitted?",
            {
                "On validation data": "They were not trained on, and the test data stay untouched for the verdict.",
                "On training data": "There the model is far too often right: T would come out too low.",
                "On test data": "Then the error after scaling is measured on what it was made small for.",
            },
            right="On validation data",
        )

    @part(quiz=True)
    def zero(self) -> Choice:
        return Choice(
            "A model has an ECE of 0.05 on 100 test examples. What follows?",
            {
                "Nothing, before one knows what a calibrated model would show": (
                    "With 100 examples chance alone can give as much: the error is a mean of absolute values."
                ),
                "It is not calibrated": "A perfectly calibrated model can show that on 100 examples.",
                "It is over-confident by 5 points": "The ECE has no sign; look at confidence − accuracy.",
            },
            right="Nothing, before one knows what a calibrated model would show",
        )

    @part(quiz=True)
    def useless(self) -> Choice:
        return Choice(
            "A model gives every digit the shares of the classes in the data, about 0.1 each. Its calibration?",
            {
                "Perfect, and the model is of no use": "It is right as often as sure, and cannot tell digits apart.",
                "As bad as can be": "It says 0.1 and is right in a tenth of the cases.",
                "Not defined": "It has a confidence and an accuracy like any other.",
            },
            right="Perfect, and the model is of no use",
        )

    @part(quiz=True)
    def steps(self) -> Order:
        return Order(
            "Put the steps of temperature scaling in order.",
            [
                "Train the model",
                "Compute its logits on validation data",
                "Choose T by the likelihood of the validation labels",
                "Divide the test logits by T",
                "Measure the calibration on test data",
            ],
        )


def points_over(found: Found) -> float:
    """Return confidence − accuracy in percentage points."""
    return 100 * found.before.overconfidence


# Checks of what is written

CONFIDENCE = (0.55, 0.55, 0.95, 0.95, 0.95, 0.95, 0.95, 0.95, 0.75, 0.75)
RIGHT = (1, 1, 1, 1, 1, 1, 0, 0, 0, 0)  # gaps: +0.45 of 2, −0.2833 of 6, −0.75 of 2


def _weighs(ece: Callable[..., Any]) -> str:
    confidence, right = torch.tensor(CONFIDENCE), torch.tensor(RIGHT)
    given = float(hold.tensor_of(ece(confidence.clone(), right.bool(), 10), ()))
    gaps, counts = torch.tensor([0.45, 4 / 6 - 0.95, -0.75]), torch.tensor([2, 6, 2])

    def is_like(value: Tensor | float) -> bool:
        return abs(given - float(value)) < 1e-4

    if is_like((gaps.abs() * counts).sum() / 10):
        return ""
    if is_like(gaps.abs().mean()) or is_like(gaps.abs().sum() / 10):
        return "You gave every bin the same weight. A bin with many examples counts for more: n_b / N."
    if is_like((gaps * counts).sum() / 10) or is_like(-(gaps * counts).sum() / 10):
        return "Gaps of both signs cancel out in your sum. Take the absolute value of each bin's gap."
    if is_like(gaps.abs().max()):
        return "That is the largest gap, the maximum calibration error. The ECE is their weighted mean."
    if is_like((confidence - right).abs().mean()):
        return "You took |right − confidence| example by example. First average within a bin, then compare."
    return f"For ten examples in three bins it must be 0.41, got {given:.4g}."


def _leaves_out_empty(ece: Callable[..., Any]) -> str:
    given = float(hold.tensor_of(ece(torch.tensor([1.0, 1.0]), torch.tensor([True, False]), 4), ()))
    if given != given:
        return "An empty bin has no mean: it became nan. Leave it out."
    if abs(given - 0.5) > 1e-4:
        return f"Two examples of confidence 1, one of them right: 0.5, got {given:.3g}. Is 1 in your last bin?"
    return ""


def _problem() -> tuple[Tensor, Tensor]:
    """Logits that are three times too large, of 600 examples with three classes."""
    draw = torch.Generator().manual_seed(0)
    z = torch.randn(600, 3, generator=draw)
    y = torch.multinomial(z.softmax(1), 1, generator=draw).squeeze(1)
    return 3 * z, y


def _is_likeliest(best_temperature: Callable[..., Any]) -> str:
    z, y = _problem()
    candidates = [0.25, 1 / 3, 0.5, 1.0, 2.0, 3.0, 4.0, 8.0]
    given = float(hold.tensor_of(best_temperature(z.clone(), y.clone(), candidates), ()))
    T = given if given in candidates else next((one for one in candidates if abs(one - given) < 1e-6), None)
    if T is None:
        return f"It must be one of the candidates, got {given:.4g}: return the T, not its likelihood or its place."
    likeliest = min(candidates, key=lambda one: float(F.cross_entropy(z / one, y)))
    if likeliest == T:
        return ""
    if T < 1:
        return (
            f"These logits are too large, and T = {T:.2g} makes them larger: divide by T, for the highest likelihood."
        )
    if candidates[-1] == T:
        return "That is the largest candidate. Is it the highest likelihood that you took, or the lowest confidence?"
    return f"The labels are likelier at T = {likeliest:g} than at {T:g}. The accuracy cannot choose: no T changes it."


def _finds_cold(best_temperature: Callable[..., Any]) -> str:
    z, y = _problem()
    given = float(hold.tensor_of(best_temperature(z / 6, y.clone(), [0.5, 1.0, 2.0]), ()))
    return "" if given == 0.5 else f"Logits that are too small need a T below 1: 0.5 of these three, got {given:g}."
