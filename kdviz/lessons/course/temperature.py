"""Lesson 2: temperature and dark knowledge, on the answers of a teacher to real digits."""

from __future__ import annotations

import base64
import io
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ... import data as data_sets
from ... import losses, models
from ...models import inference
from ...panels.soft_targets import SoftTargets
from ...panels.views.probes import SHOWN, choose_probes
from ...words import number
from .. import property_checks as hold
from ..exercises import Exercise
from ..lesson import Lesson, part
from ..predictions import Axis, Bars, Curve
from ..questions import Choice, Order, Several

if TYPE_CHECKING:
    from IPython.display import HTML

TEACHER = "mnist-mlp-1200"
A_FOUR, A_THREE = 4, 3  # the digit whose double is guessed, and that whose bars are drawn
HOT = 4.0
TEMPERATURES = (1, 2, 4, 8, 16)
FEW = 500
SIDE = 28  # pixels of a digit


class Temperature(Lesson):
    """What a teacher says beyond the label, what T does to it, and why the loss carries T²."""

    name = "temperature"

    @cached_property
    def digits(self) -> data_sets.Splits:
        return data_sets.mnist()

    @cached_property
    def _probes(self) -> tuple[Tensor, Tensor, list[int]]:
        """The teacher's logits of a hard digit of each class, their labels, and where they stand in validation."""
        probes = choose_probes(models.pretrained(TEACHER), self.digits, SHOWN)
        every = self.digits.validation.x.flatten(1)
        index = [int((every == one.flatten()).all(1).nonzero()[0]) for one in probes.examples.x]
        return probes.teacher_logits.double(), probes.examples.y, index

    def _first(self, digit: int) -> int:
        return int((self._probes[1] == digit).nonzero()[0])

    def logits(self, digit: int) -> Tensor:
        """Return the teacher's ten logits for the digit of this class that the lesson looks at, in float64."""
        return self._probes[0][self._first(digit)]

    def picture(self, digit: int) -> HTML:
        """Return the digit of this class that the lesson looks at, in the colour of the text around it."""
        from IPython.display import HTML
        from PIL import Image

        image = self.digits.validation.x[self._probes[2][self._first(digit)]].reshape(SIDE, SIDE)
        ink = Image.fromarray(image.numpy())
        file = io.BytesIO()
        Image.merge("LA", [Image.new("L", ink.size, 0), ink]).save(file, "PNG")
        mask = f"url(data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}) center / contain no-repeat"
        look = f"display: inline-block; width: 84px; height: 84px; background: currentColor; mask: {mask}"
        return HTML(f'<span role="img" aria-label="A handwritten {digit}" style="{look}"></span>')

    @property
    def digit(self) -> SoftTargets:
        """What the teacher says at T = 1 of the 4 that is guessed about."""
        at = self._probes[2][self._first(A_FOUR)]
        return SoftTargets(TEACHER, examples=[at], temperature=1, shown=["bars", "sentence"])

    @property
    def slider(self) -> SoftTargets:
        """All the lesson's digits, with T to slide."""
        panel = SoftTargets(TEACHER, temperature=1)
        panel.widget.shown = ["temperature", "probes", "bars", "sentence", "temperatures"]
        panel.widget.selected = self._first(A_THREE)
        return panel

    @part
    def second(self) -> Choice:
        order = [k for k in self.logits(A_FOUR).argsort(descending=True).tolist() if k != A_FOUR]
        second, offered = order[0], sorted(order[:2] + order[-2:])
        share = number(float(self.logits(A_FOUR).softmax(0)[second]), ".2f")
        said = (
            f"At T = 1 the teacher gives {share} to the {second}. A label says only {A_FOUR}; that this {A_FOUR} is "
            f"nearly a {second} is dark knowledge."
        )
        text = f"Which digit does the teacher confuse this {A_FOUR} with?"
        return Choice(text, {f"With a {k}": said for k in offered}, right=f"With a {second}")

    @part
    def hot(self) -> Bars:
        z = self.logits(A_THREE)
        cold, hot = ((z / T).softmax(0).tolist() for T in (1.0, HOT))
        return Bars(
            f"The lines show what the teacher says of a {A_THREE} at T = 1. Draw what it says at T = {HOT:g}.",
            list(self.digits.classes),
            truth=hot,
            axis=Axis("", 0, 1),
            whole=1,
            beside=cold,
            beside_name="T = 1",
            close=0.15,
            said="The order stays and the distances shrink: T > 1 makes large bars lose and small ones gain.",
        )

    @part
    def soften(self) -> Exercise:
        def divides_logits(soften: hold.Function) -> str:
            z = torch.tensor([2.0, 1.0, -1.0])
            given = hold.tensor_of(soften(z, 4.0), z.shape)
            powers = z.softmax(0) / 4
            if _is(given, z, 1.0):
                return "Your answer is the same at every T: divide the logits by T before the softmax."
            if torch.allclose(given, powers.double(), atol=1e-6):
                return "T divides the logits before the softmax, not the probabilities after it."
            if _is(given, z * 16, 4.0):
                return "You multiplied the logits by T. A higher T makes the answer softer: divide."
            if _is(given, z, 4.0):
                return ""
            right = hold.listed((z / 4).softmax(0))
            return f"At T = 4 the logits 2, 1, −1 become {right}, got {hold.listed(given)}: softmax of logits / T."

        def rows(soften: hold.Function) -> str:
            z = torch.tensor([[2.0, 1.0, -1.0], [0.0, 0.0, 5.0]])
            if _is(hold.tensor_of(soften(z, 2.0), z.shape), z, 2.0):
                return ""
            return "Each row of logits is an answer of its own: take the softmax over the last axis (dim=-1)."

        def large(soften: hold.Function) -> str:
            given = hold.tensor_of(soften(torch.tensor([1000.0, 0.0]), 1.0), (2,))
            if bool(given.isfinite().all()):
                return ""
            return (
                "Logits of 1,000 give no number: exp overflows. Subtract the largest logit first, or use torch.softmax."
            )

        text = "Write soften(logits, T): the probabilities that logits give at temperature T, of one answer or a batch."
        return Exercise(text, (hold.sums_to_one, divides_logits, rows, large))

    @part
    def fades(self) -> Curve:
        without = [size / T**2 for T, size in zip(TEMPERATURES, self.gradient_sizes, strict=True)]
        share = [100 * size / without[0] for size in without]
        return Curve(
            "Without T² in the loss, how much of the gradient at T = 1 is left at a higher T? Draw it.",
            list(TEMPERATURES),
            Axis("T", 1, 16, log=True),
            Axis("gradient, share of that at T = 1", 0.1, 100, log=True, unit="\u202f%"),
            truth=[max(0.1, one) for one in share],
            start=[100.0] * len(TEMPERATURES),
            fixed=1,
            close=1.4,  # 1/T, which forgets that the difference shrinks as well, is off by 1.48
            said="It falls faster than 1/T, for large T like 1/T²: one 1/T from the derivative, one from the shrinking "
            "difference.",
        )

    @cached_property
    def gradient_sizes(self) -> list[float]:
        """The norm of the gradient of T²·KL on 500 digits, for an untrained student, at each of the temperatures."""
        few = self.digits.validation.take(slice(0, FEW))
        teacher = inference.logits(models.pretrained(TEACHER), few).double()
        untrained = inference.logits(models.mlp(hidden=(64,)), few).double()
        sizes = []
        for T in TEMPERATURES:
            z = untrained.clone().requires_grad_()
            losses.soft_targets(z, teacher, float(T)).backward()
            assert z.grad is not None
            sizes.append(float(z.grad.norm()))
        return sizes

    @part
    def gradient(self) -> Exercise:
        s, u = torch.tensor([1.0, -0.5, 0.2], dtype=torch.float64), torch.tensor([2.0, 0.0, -1.0], dtype=torch.float64)
        apart = (s / 3).softmax(0) - (u / 3).softmax(0)

        def right(gradient: hold.Function) -> str:
            given = hold.tensor_of(gradient(s, u, 3.0), s.shape)
            if torch.allclose(given, apart / 3):
                return "That is the gradient of the KL alone. The loss is T² · KL: multiply by T²."
            if torch.allclose(given, -3 * apart):
                return "The sign is turned round: the student's answer comes first, minus the teacher's."
            if torch.allclose(given, apart) or torch.allclose(given, 9 * apart):
                return "The factor is T: T² from the loss times 1/T from dividing the logits by T."
            if torch.allclose(given, 3 * apart):
                return ""
            cold = s.softmax(0) - u.softmax(0)
            if any(torch.allclose(given, factor * cold) for factor in (1 / 3, 1, 3, 9)):
                return "Both answers are softened: divide s and t by T before the softmax."
            return f"At T = 3 it must be {hold.listed(3 * apart)}, got {hold.listed(given)}."

        def agrees(gradient: hold.Function) -> str:
            torch_s = s.clone().requires_grad_()
            losses.soft_targets(torch_s[None], u[None], 7.0).backward()
            given = hold.tensor_of(gradient(s, u, 7.0), s.shape)
            if torch.allclose(given, torch_s.grad):  # type: ignore[arg-type]
                return ""
            return "At T = 7 it must be what autograd finds; does the factor depend on T?"

        text = "Write gradient(s, t, T): that of T² · KL(teacher ‖ student) by the student's logits s, for one example."
        return Exercise(text, (right, agrees))

    @part(quiz=True)
    def can_change(self) -> Several:
        return Several(
            "What can raising T change in a teacher's answer?",
            {
                "How large its small probabilities are": "This is what T is for.",
                "Which class comes first": "Dividing all logits by T > 0 keeps their order.",
                "Its entropy": "Softer answers have a higher entropy, up to log₂ of the number of classes.",
                "Its logits' order": "The order of the logits is the order of the probabilities, at every T.",
            },
            ["How large its small probabilities are", "Its entropy"],
        )

    @part(quiz=True)
    def cold(self) -> Choice:
        return Choice(
            "A teacher gets a digit wrong. What does its answer become as T falls towards 0?",
            {
                "Its own first choice alone, the wrong one": "A low T shows what the teacher prefers, right or wrong.",
                "The label alone": "The teacher does not know the label; T cannot put it in.",
                "All classes alike": "That is the other end: T to infinity.",
            },
            right="Its own first choice alone, the wrong one",
        )

    @part(quiz=True)
    def softer(self) -> Order:
        return Order(
            "Put these in order of the entropy of the teacher's answer, the lowest first.",
            ["T = 0.5", "T = 1", "T = 4", "T = 20"],
            said="Entropy rises with T, towards that of all classes alike.",
        )

    @part(quiz=True)
    def squared(self) -> Choice:
        return Choice(
            "What does the T² in the loss do?",
            {
                "It keeps the soft term from fading as T grows": "Without it the soft term would fade like 1/T².",
                "It makes the gradient the same at every T": "With T² it grows at first, then levels off.",
                "It makes the student agree with the label": "The hard term does that; T² stands before the soft one.",
            },
            right="It keeps the soft term from fading as T grows",
        )


def _is(given: Tensor, logits: Tensor, T: float) -> bool:
    return torch.allclose(given, (logits / T).softmax(-1).to(given.dtype), atol=1e-6)
