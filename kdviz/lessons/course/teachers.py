"""Lesson 8: teachers that are too sure, wrong, small, large or several, and chains of assistants."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from ... import data as data_sets
from ... import models
from ...models import inference
from .. import property_checks as hold
from ..exercises import Exercise
from ..lesson import Lesson, part
from ..predictions import Axis, Bars, Curve
from ..questions import Choice, Number, Several
from ..quick import full_or_quick

GOOD, BY_HEART = "mnist-mlp-1200", "mnist-mlp-overfit"
UNITS = (16, 64, 256, 1024)  # of the teachers that the lesson trains
LABELS = 2000
SEEN = 1000  # images that the memorising teacher was trained on
MANY = ("learned by heart", "2×1200 units", "256 units")


class Teachers(Lesson):
    """What makes a teacher good for a student: its size, its errors, how sure it is, and its company."""

    name = "teachers"

    @cached_property
    def digits(self) -> data_sets.Splits:
        whole = data_sets.mnist()
        return replace(whole, test=whole.test.take(slice(0, full_or_quick(len(whole.test), 1500))))

    @cached_property
    def _answers(self) -> dict[str, tuple[Tensor, Tensor]]:
        """Logits and labels of both shipped teachers, on images that one of them learned by heart and on new ones."""
        parts = {"images it learned": self.digits.with_labels(SEEN).train, "new images": self.digits.test}
        names = {"by heart": BY_HEART, "2×1200": GOOD}
        return {
            f"{who}, {'the same images' if who != 'by heart' and part != 'new images' else part}": (
                inference.logits(models.pretrained(name), examples),
                examples.y,
            )
            for who, name in names.items()
            for part, examples in parts.items()
        }

    @property
    def logits(self) -> dict[str, Tensor]:
        """What both teachers answer, by teacher and images."""
        return {name: z for name, (z, _) in self._answers.items()}

    @cached_property
    def confidence(self) -> dict[str, float]:
        """The mean probability of the first choice, in percent."""
        return {name: 100 * float(z.softmax(1).amax(1).mean()) for name, z in self.logits.items()}

    @cached_property
    def accuracy(self) -> dict[str, float]:
        """How often the first choice is right, in percent."""
        return {name: 100 * float((z.argmax(1) == y).float().mean()) for name, (z, y) in self._answers.items()}

    @part
    def sure(self) -> Bars:
        return Bars(
            "One teacher learned 1,000 images by heart, the other is a good one. The lines show how often each is "
            "right. Draw how sure they are: the mean probability of their first choice.",
            list(self.confidence),
            truth=list(self.confidence.values()),
            axis=Axis("", 80, 100, unit="\u202f%"),
            start=[90.0] * len(self.confidence),
            beside=list(self.accuracy.values()),
            beside_name="right",
            close=1.5,
            said="On new images the one that learned by heart is surer than it is right.",
        )

    @part
    def bigger(self) -> Curve:
        return Curve(
            f"Teachers of {UNITS[0]} to {UNITS[-1]:,} units learn {LABELS:,} labels; each then teaches a student of 64 "
            "units on the same images. Draw the students' test errors.",
            list(UNITS),
            Axis("teacher's units", UNITS[0], UNITS[-1], log=True),
            Axis("student's test errors", 500, 1500),
            start=[1000.0] * len(UNITS),
        )

    @part
    def wrong(self) -> Number:
        errors = models.card(BY_HEART).test_errors
        return Number(
            f"The teacher that learned by heart makes {errors:,} errors on 10,000 test images. A student of 64 units "
            f"learns {LABELS:,} labels and its answers at T = 4. How many errors will the student make?",
            None,
            tolerance=100,
            low=0,
            high=10_000,
            unit=" errors",
        )

    @part
    def gate(self) -> Bars:
        return Bars(
            "Three teachers at once, and a gate that learns which of them to listen to. How will it share its trust?",
            list(MANY),
            axis=Axis("", 0, 1),
            whole=1,
            start=[1 / 3] * len(MANY),
        )

    @part
    def together(self) -> Exercise:
        z = torch.tensor([[[4.0, 0.0, -2.0]], [[0.0, 1.0, 0.0]], [[8.0, 9.0, 0.0]]], dtype=torch.float64)  # (3, 1, 3)
        right = (z / 2).softmax(-1).mean(0)

        def mean(together: hold.Function) -> str:
            given = hold.tensor_of(together(z, 2.0), (1, 3))
            p = z.softmax(-1).mean(0)
            wrong = {
                "These are the logits' mean, softened: the teacher with the largest logits decides. "
                "Soften each, then average.": (z.mean(0) / 2).softmax(-1),
                "T is not used: divide the logits by it.": p,
                "That softens the average. Soften each teacher's answer first, then average.": (p.log() / 2).softmax(
                    -1
                ),
                "These do not sum to 1: divide by the number of teachers.": 3 * right,
            }
            found = hold.mistake(given, wrong)
            if found or torch.allclose(given, right):
                return found
            return f"For the test's three teachers it must be {hold.listed(right)}, got {hold.listed(given)}."

        text = "Write together(logits, T): the mean of the teachers' softened answers, from logits (K, N, C)."
        return Exercise(text, (mean,))

    @part
    def trust(self) -> Exercise:
        z = torch.tensor([[[4.0, 0.0], [0.0, 2.0]], [[1.0, 0.0], [0.0, 5.0]], [[0.0, 3.0], [1.0, 0.0]]]).double()
        y = torch.tensor([0, 1])
        ce = torch.stack([F.cross_entropy(one, y, reduction="none") for one in z])  # (K, N)
        right = (1 - ce.softmax(0)) / 2

        def weights(trust: hold.Function) -> str:
            given = hold.tensor_of(trust(z, y), (3, 2))
            wrong = {
                "Turned round: the teacher that is farthest from the label counts most. Take 1 − softmax.": ce.softmax(
                    0
                ),
                "The weights of an example add up to K − 1: divide by it.": 1 - ce.softmax(0),
                "The softmax runs over the examples. It runs over the teachers, for each example.": (
                    (1 - ce.softmax(1)) / 2
                ),
                "That is softmax of −CE, another rule: it nearly chooses one teacher. "
                "CA-MKD takes (1 − softmax(CE)) / (K − 1).": (-ce).softmax(0),
                "All three count alike: the labels are not used.": torch.full((3, 2), 1 / 3).double(),
            }
            found = hold.mistake(given, wrong)
            if found or torch.allclose(given, right):
                return found
            return f"For the first example it must be {hold.listed(right[:, 0])}, got {hold.listed(given[:, 0])}."

        text = (
            "Write trust(logits, y): CA-MKD's weights (K, N) from the teachers' logits (K, N, C) and the labels, "
            "(1 − softmax over the teachers of CE) / (K − 1)."
        )
        return Exercise(text, (weights,))

    @part
    def inherited(self) -> Exercise:
        y = torch.tensor([0, 1, 2, 3, 4, 5])
        t = torch.tensor([0, 9, 8, 7, 4, 5])  # wrong on three
        s = torch.tensor([0, 9, 8, 6, 4, 0])  # two the same, one wrong otherwise, one its own

        def share(inherited: hold.Function) -> str:
            given = float(hold.tensor_of(inherited(t, s, y), ()))
            sentences = {
                1.0: "Where both are wrong but answer differently, nothing was inherited: compare the answers as well.",
                4 / 6: "Right answers in common are no inherited errors, and the base is the teacher's errors. "
                "Look only where the teacher is wrong.",
                2 / 6: "The base is all examples: divide by the number of the teacher's errors.",
                2 / 4: "The base is the student's errors: divide by the teacher's.",
                2.0: "That is how many there are: divide by the number of the teacher's errors.",
            }
            if abs(given - 2 / 3) < 1e-6:
                return ""
            near = [sentence for value, sentence in sentences.items() if abs(given - value) < 1e-6]
            return near[0] if near else f"Two of the teacher's three errors are repeated: 0.667, got {given:.3f}."

        def none(inherited: hold.Function) -> str:
            given = float(hold.tensor_of(inherited(y, s, y), ()))
            return (
                ""
                if given == 0
                else "A teacher without errors has none to hand down: return 0, and do not divide by 0."
            )

        text = (
            "Write inherited(t, s, y): of the teacher's errors the share that the student repeats, answer for answer."
        )
        return Exercise(text, (share, none))

    @part(quiz=True)
    def heart(self) -> Choice:
        return Choice(
            "A teacher has learned its training images by heart. What does it say of them at T = 1?",
            {
                "Little more than their labels": "All its probability is on the label. A student that learns these "
                "answers learns labels.",
                "How alike the digits are": "It may have known, but at T = 1 the small probabilities have vanished.",
                "Wrong answers": "On its own images it makes no errors; on new ones it does.",
            },
            right="Little more than their labels",
        )

    @part(quiz=True)
    def company(self) -> Several:
        return Several(
            "Which of these ask for labels?",
            {
                "The mean of several teachers' answers": "All count alike: nobody needs to know who is right.",
                "Weights by confidence, as in CA-MKD": "They ask how near each teacher is to the label.",
                "A learned gate, as here": "It learns by the likelihood of the labels.",
                "A chain of assistants, with alpha = 1": "Each step needs only the answers of the one before.",
            },
            ["Weights by confidence, as in CA-MKD", "A learned gate, as here"],
        )

    @part(quiz=True)
    def fair(self) -> Choice:
        return Choice(
            "A chain of one assistant took 50 epochs, 25 for each step. What is its fair rival?",
            {
                "The teacher itself for 50 epochs": "Same cost. A rival of 25 epochs would have had half the budget.",
                "The teacher itself for 25 epochs": "It had half the budget of the chain.",
                "The assistant": "It is larger than the student.",
            },
            right="The teacher itself for 50 epochs",
        )

    @part(quiz=True)
    def gate_sees(self) -> Choice:
        return Choice(
            "A gate learns whom to trust on images that two of three teachers were trained on. What is the danger?",
            {
                "It sees these two at their best": "Right on images that they know, they look better than they "
                "will be on new ones. A part of the data that no teacher has seen would be fair.",
                "It cannot learn anything there": "It can: labels and answers are there.",
                "It trusts all alike": "Only if all answer alike.",
            },
            right="It sees these two at their best",
        )
