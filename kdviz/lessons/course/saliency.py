"""Lesson 10: where they look, and whether a map shows it, on three vision transformers that are shipped."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ... import data as data_sets
from ... import models
from ...measure import Paired, paired
from ...measure import saliency as measured
from ...measure.saliency.random_weights import redrawn
from ...models import inference
from .. import property_checks as hold
from ..exercises import Exercise
from ..lesson import Lesson, part
from ..predictions import Axis, Bars, Curve, HeatMap
from ..questions import Choice, Several, Text
from ..quick import full_or_quick

RANDOM = "random weights"
SHIPPED = {"teacher": "mnist-vit", "student": "mnist-vit-student", "twin": "mnist-vit-twin"}
METHODS = {
    "gradient": "gradient",
    "input_x_gradient": "input × gradient",
    "integrated_gradients": "integrated gradients",
}
BEST = "integrated_gradients"
SIDE = 4  # pixels of a cell: the transformers' own patches
MARKED = 5
POINTS = 10  # of the deletion curve after the first
COMPARED = ("its student", "the twin", "its student on another digit", f"itself with {RANDOM}")


class Saliency(Lesson):
    """What a saliency map is, what it may hide, and whether a student looks where its teacher looks."""

    name = "saliency"
    images: int = full_or_quick(60, 6)
    steps: int = full_or_quick(32, 8)  # on the path of integrated gradients

    @cached_property
    def models(self) -> dict[str, nn.Module]:
        """Teacher, student and twin."""
        return {who: models.pretrained(name) for who, name in SHIPPED.items()}

    @cached_property
    def sample(self) -> data_sets.Examples:
        """The first images of the validation part."""
        return data_sets.mnist().validation.take(slice(0, self.images))

    @cached_property
    def target(self) -> Tensor:
        """The class that all maps explain: the teacher's answer."""
        return inference.logits(self.models["teacher"], self.sample).argmax(1)

    # What is computed once, when it is first asked for

    @cached_property
    def _maps(self) -> dict[tuple[str, str], Tensor]:
        return {}

    def maps(self, who: str, method: str = BEST) -> Tensor:
        """Return a model's maps of the sample, of the shape of the images; for "random weights" the teacher's then."""
        if (who, method) not in self._maps:
            model = redrawn(self.models["teacher"], seed=0) if who == RANDOM else self.models[who]
            settings: dict[str, Any] = {"steps": self.steps} if method == BEST else {}
            self._maps[who, method] = measured.saliency(model, self.sample.inputs(), self.target, method, **settings)
        return self._maps[who, method]

    def beside_random(self, method: str = BEST) -> measured.MapSimilarity:
        """Return how alike the teacher's maps are to those of the same network with random weights."""
        return measured.similarity(self.maps("teacher", method), self.maps(RANDOM, method))

    @cached_property
    def others(self) -> list[int]:
        """For each image the next one that shows another digit."""
        y, n = self.sample.y.tolist(), self.images
        return [next(j % n for j in range(i + 1, i + n) if y[j % n] != y[i]) for i in range(n)]

    @cached_property
    def alike(self) -> dict[str, measured.MapSimilarity]:
        """How alike the teacher's maps are to four others, by integrated gradients."""
        teacher, student, twin = (self.maps(who) for who in SHIPPED)
        found = [measured.similarity(teacher, other) for other in (student, twin, student[self.others])]
        return dict(zip(COMPARED, [*found, self.beside_random()], strict=True))

    @property
    def ahead(self) -> Paired:
        """By how much the student's maps are more like the teacher's than the twin's are, image by image (cosine)."""
        student, twin = (self.alike[name].cosine for name in COMPARED[:2])
        return paired(student - twin, step=0)

    @cached_property
    def hidden(self) -> np.ndarray:
        """By how much the teacher's logit falls when one cell of the first image is hidden, (7, 7)."""
        x, target = self.sample.inputs(slice(0, 1)), int(self.target[0])
        side = x.shape[-1] // SIDE
        covered = x.repeat(side**2, 1, 1, 1)
        for cell in range(side**2):
            row, column = divmod(cell, side)
            covered[cell, :, row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE] = 0
        with torch.no_grad():
            logits = self.models["teacher"](torch.cat([x, covered]))[:, target]
        return (logits[0] - logits[1:]).reshape(side, side).numpy()

    def deleted(self, maps: Tensor) -> measured.Curves:
        """Return how sure the teacher remains while pixels are deleted, those first that a map names first."""
        x = self.sample.inputs()
        return measured.deletion_insertion(self.models["teacher"], x, maps, self.target, steps=POINTS)

    # What is asked

    @part
    def cells(self) -> HeatMap:
        names = [""] * len(self.hidden)
        return HeatMap(
            f"The teacher reads this digit as a {int(self.target[0])}. One cell of 4 × 4 pixels at a time is made "
            f"black. Mark the {MARKED} cells that the teacher misses most.",
            names,
            names,
            truth=self.hidden,
            most=MARKED,
            picture=(255 * self.sample.inputs(slice(0, 1))[0, 0]).round().int().numpy(),
            said="Missed most: its logit for this digit falls furthest when the cell is black.",
        )

    @part
    def random(self) -> Bars:
        return Bars(
            "Give the teacher's network random weights: it knows nothing. Of the strongest tenth of each map, what "
            "share of the places do the trained and the random network have in common?",
            list(METHODS.values()),
            axis=Axis("places in common", 0, 100, unit="\u202f%"),
            close=15,
            said="Two maps without anything in common would share a tenth.",
        )

    @part
    def same(self) -> Bars:
        return Bars(
            "How alike is the teacher's map to each of these? 1: the same map, signs and all. 0: nothing in common.",
            list(COMPARED),
            axis=Axis("mean cosine", 0, 1),
            close=0.15,
        )

    @part
    def deletion(self) -> Curve:
        chance = random_order(self.images).tolist()
        return Curve(
            "Pixels are made black, the highest of the teacher's own map first. How sure is the teacher of the digit "
            "after each step? The grey curve has a random order.",
            [100 * k / POINTS for k in range(POINTS + 1)],
            Axis("pixels made black", 0, 100, unit="\u202f%"),
            Axis("mean probability", 0, 1),
            beside={"random order": chance},
            start=chance,
            fixed=1,
            close=0.15,
        )

    # What is written

    @part
    def integrate(self) -> Exercise:
        text = (
            "Write integrated_gradients(gradient, x, baseline, steps): (x − baseline) times the mean gradient on the "
            "straight path from the baseline to x."
        )
        return Exercise(text, (_integrates, _is_complete))

    @part
    def overlap(self) -> Exercise:
        text = "Write overlap(a, b, top): of the strongest places of two maps, by magnitude, the share that both have."
        return Exercise(text, (_counts_places, _takes_pictures))

    @part
    def delete(self) -> Exercise:
        text = "Write delete(image, map, share): a copy in which the places with the highest values of the map are 0."
        return Exercise(text, (_deletes, _copies))

    # What is asked at the end

    @part(quiz=True)
    def black(self) -> Choice:
        return Choice(
            "Integrated gradients with a black image as baseline: what can such a map say about a black pixel?",
            {
                "Nothing: its value is 0 whatever the model does": (
                    "The factor x − baseline is 0 there. That a stroke is missing cannot show with this baseline."
                ),
                "That the model ignores it": "The map is 0 there for every model, also one that looks only there.",
                "That it speaks against the class": "That would be a value below 0, and the factor makes it 0.",
            },
            right="Nothing: its value is 0 whatever the model does",
        )

    @part(quiz=True)
    def shows(self) -> Several:
        return Several(
            "Which of these speak for a map being about what was learned?",
            {
                "It changes when the weights are made random": "This is the sanity check of Adebayo et al.",
                "It follows the outline of the object": "So does a network with random weights, or an edge detector.",
                "The answer falls early when its places are deleted, earlier than in a random order": (
                    "The places matter to this model, more than chance would have it."
                ),
                "A person finds it plausible": "A map is to show what the model does, not what we would do.",
            },
            [
                "It changes when the weights are made random",
                "The answer falls early when its places are deleted, earlier than in a random order",
            ],
        )

    @part(quiz=True)
    def conclude(self) -> Choice:
        return Choice(
            "Two networks' maps share 70 % of their strongest places. What follows?",
            {
                "Nothing yet: it takes what a random network shares": "On digits both may simply mark the ink.",
                "They solve the task in the same way": "Both may mark the ink, and do different things with it.",
                "One was distilled from the other": "A twin, or no relative at all, may share as many.",
            },
            right="Nothing yet: it takes what a random network shares",
        )

    @part(quiz=True)
    def outside(self) -> Choice:
        return Choice(
            "Why is the deletion curve held against a random order, and not against a probability of 1?",
            {
                "Because half-black digits are unlike all training data": (
                    "The answer falls for the emptiness alone; the random order has the same emptiness."
                ),
                "Because the model is random": "The model is trained; the order of the pixels is random.",
                "Because a good map must leave the answer as it is": "A good map makes it fall early.",
            },
            right="Because half-black digits are unlike all training data",
        )

    @part(quiz=True)
    def claim(self) -> Text:
        return Text(
            "A colleague writes: “Heat maps prove that the student looks where its teacher looks.” What is missing?",
            "How alike the maps are in numbers, with signs, over how many images. How alike those of a twin without a "
            "teacher are, of another image, and of random weights. Whether other methods and baselines, and students "
            "from other seeds, say the same.",
            ("a number with its noise", "twin or other reference", "random weights", "other method or baseline"),
        )


@cache
def random_order(images: int) -> np.ndarray:
    """Return the mean curve of deletion in a random order; kept, as who marks a class asks for each learner."""
    teacher, few = models.pretrained(SHIPPED["teacher"]), data_sets.mnist().validation.take(slice(0, images))
    x, target = few.inputs(), inference.logits(teacher, few).argmax(1)
    return measured.deletion_insertion(teacher, x, x, target, steps=POINTS).random_deletion.mean(0)


# Checks of what is written

X = torch.tensor([1.0, 2.0, -1.0, 0.5], dtype=torch.float64)
BASELINE = torch.tensor([0.5, 0.0, 1.0, 0.5], dtype=torch.float64)
MANY = 400  # steps at which every way to sum up a path is close


def _cubes(x: Tensor) -> Tensor:
    """The gradient of Σ x³."""
    return 3 * x**2


def _near(given: Tensor, right: Tensor) -> bool:
    return torch.allclose(given, right, rtol=0.02, atol=0.02)


def _integrates(integrated_gradients: Callable[..., Any]) -> str:
    given = hold.tensor_of(integrated_gradients(_cubes, X.clone(), BASELINE.clone(), MANY), X.shape)
    way = X - BASELINE
    right = X**3 - BASELINE**3
    mean = torch.where(way == 0, 3 * X**2, right / torch.where(way == 0, torch.ones_like(way), way))
    if _near(given, right):
        return ""
    if _near(given, mean):
        return "That is the mean gradient. Multiply it by x − baseline: how far each value moves on the path."
    if _near(given, mean * X):
        return "You multiplied by x. The path begins at the baseline, so the factor is x − baseline."
    if _near(given / MANY, right):
        return "That is the sum over the steps. Divide it by their number: it is the mean gradient that counts."
    if _near(given, _cubes(X) * way):
        return "That is the gradient at x alone. Take it at many points on the path, and the mean of these."
    if _near(given, X**2 * way):
        return "Your path begins at 0. It must begin at the baseline: baseline + a · (x − baseline), a from 0 to 1."
    return f"For Σ x³ it must be {hold.listed(right)}, got {hold.listed(given)}."


def _is_complete(integrated_gradients: Callable[..., Any]) -> str:
    x, b = torch.tensor([[0.3, 2.0], [1.0, -2.0]]), torch.zeros(2, 2)
    given = hold.tensor_of(integrated_gradients(torch.cos, x, b, MANY), x.shape)
    right = x.double().sin()
    if _near(given, right):
        return ""
    return (
        f"For Σ sin x over a 2 × 2 image the map must sum to sin x − sin baseline, {float(right.sum()):.3f} in all; "
        f"it sums to {float(given.sum()):.3f}."
    )


def _counts_places(overlap: Callable[..., Any]) -> str:
    a = torch.tensor([9.0, -8.0, 1.0, 0.7, 0.5, 0.1, 0.2, 0.3, 0.4, 0.6])
    b = torch.tensor([1.0, -9.0, 8.0, 0.0, 0.5, 0.2, 0.1, 0.4, 0.3, 0.6])
    given = float(hold.tensor_of(overlap(a.clone(), b.clone(), 0.2), ()))
    if abs(given - 0.5) < 1e-6:
        return ""
    if abs(given - 1) < 1e-6:
        return "A strong value against the class counts as well: sort by magnitude, map.abs()."
    if abs(given - 1 / 3) < 1e-6:
        return "You divided by all places that either map has. Divide by the number of places in one top."
    if abs(given - 0.1) < 1e-6:
        return "You divided by all places of a map. Divide by the number of places in the top."
    return f"Of the two strongest places of each map one is common to both: 0.5, got {given:.3g}."


def _takes_pictures(overlap: Callable[..., Any]) -> str:
    image = torch.linspace(-1, 1, 100).reshape(1, 10, 10)
    given = float(hold.tensor_of(overlap(image.clone(), image.clone(), 0.1), ()))
    if abs(given - 1) < 1e-6:
        return ""
    return f"A picture and itself have all strongest places in common: 1, got {given:.3g}. Did you flatten it?"


IMAGE = torch.tensor([[0.9, 0.8, 0.7], [0.6, 0.5, 0.4]])
MAP = torch.tensor([[0.1, -5.0, 3.0], [-0.2, 2.0, 0.0]])


def _deletes(delete: Callable[..., Any]) -> str:
    given = hold.tensor_of(delete(IMAGE.clone(), MAP.clone(), 1 / 3), IMAGE.shape)

    def without(places: Tensor) -> Tensor:
        return torch.where(places, torch.zeros(()), IMAGE).double()

    top, by_size = MAP >= 2, MAP.abs() >= 3
    if torch.allclose(given, without(top)):
        return ""
    if torch.allclose(given, without(by_size)):
        return "You sorted by magnitude. What speaks against the class comes last: sort by value, sign and all."
    if torch.allclose(given, without(MAP <= -0.2)):
        return "You deleted the lowest values. The highest go first."
    if torch.allclose(given, without(~top)):
        return "You kept the highest places and deleted the others."
    return f"A third of six places are the two with the values 3 and 2; your image became {hold.listed(given)}."


def _copies(delete: Callable[..., Any]) -> str:
    image = IMAGE.clone()
    delete(image, MAP.clone(), 0.5)
    if torch.equal(image, IMAGE):
        return ""
    return "The image that was passed has changed. Work on a copy: image.clone()."
