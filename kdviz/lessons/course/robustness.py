"""Lesson 19: what small changes do, what a certificate is worth, and what of a teacher's robustness arrives."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from ... import data as data_sets
from ... import models
from ...data import Examples
from ...measure import robustness as measured
from ...models import inference
from ...study.record import Row, recorded
from ...words import number
from .. import property_checks as hold
from ..exercises import Exercise
from ..lesson import Lesson, part
from ..predictions import Axis, Curve
from ..questions import Choice, Number, Order, Several
from ..quick import full_or_quick

PLAIN, STURDY = "mnist-mlp-1200", "mnist-mlp-robust"
RADIUS = 0.1
RADII = (0.02, 0.05, 0.1, 0.15, 0.2)
TAUGHT = "taught by the robust teacher, attacked"


class Robustness(Lesson):
    """Attacks and their radius, noise beside them, certified radii, robustness that arrives, and strange pictures."""

    name = "robustness"
    count: int = full_or_quick(500, 60)
    steps: int = full_or_quick(10, 3)
    certified: int = full_or_quick(60, 10)
    strangers: int = full_or_quick(2000, 200)

    @cached_property
    def digits(self) -> data_sets.Splits:
        return data_sets.mnist()

    @cached_property
    def teachers(self) -> dict[str, nn.Module]:
        """A network that learned the digits as they are, and one that learned them as they were changed against it."""
        return {"plain": models.pretrained(PLAIN), "robust": models.pretrained(STURDY)}

    @cached_property
    def few(self) -> Examples:
        """The test digits that are changed."""
        return self.digits.test.take(slice(0, self.count))

    @cached_property
    def found(self) -> measured.Robustness:
        """Both networks on the same digits, changed by PGD on each of them, and by noise."""
        return measured.robustness(self.teachers, self.few, kinds=("pgd", "noise"), radii=RADII, steps=self.steps)

    def share(self, who: str, kind: str = "clean", level: float = 0.0, made_on: str = "") -> float:
        """Return the share of the digits that a network gets right, in percent."""
        return 100 * self.found.accuracy(who, measured.Change(kind, level, made_on)).value

    @cached_property
    def aimless(self) -> float:
        """The percentage that the plain network gets right where each pixel moves by the radius, up or down by lot."""
        x = self.few.inputs()
        lot = 2.0 * torch.randint(2, x.shape, generator=torch.Generator().manual_seed(0)) - 1
        moved = Examples((x + RADIUS * lot).clamp(0, 1), self.few.y)
        right = inference.logits(self.teachers["plain"], moved).argmax(1) == self.few.y
        return 100 * float(right.double().mean())

    @property
    def curve(self) -> list[float]:
        """The plain network's accuracy in percent by radius, from 0."""
        return [100 * a.value for _, a in self.found.curve("plain", "pgd", "plain")]

    @cached_property
    def elsewhere(self) -> measured.Outside:
        """How sure both networks are of digits, and of pieces of clothing."""
        digits, clothes = (one.test.take(slice(0, self.strangers)) for one in (self.digits, data_sets.fashion_mnist()))
        return measured.outside(self.teachers, digits, clothes)

    @cached_property
    def smoothed(self) -> dict[str, measured.Certified]:
        """What is certain of both networks under noise of 0.25."""
        x = self.few.inputs(slice(0, self.certified))
        draws = full_or_quick(1000, 200)
        return {who: measured.certify(model, x, 0.25, draws=draws, first=50) for who, model in self.teachers.items()}

    @cached_property
    def results(self) -> dict[str, Row]:
        """The recorded experiment: students of both teachers, on digits as they are and attacked."""
        return {row.name: row for row in recorded("robustness-arrives").rows}

    # What is asked

    @part
    def falls(self) -> Number:
        clean = number(self.share("plain") / 100, ".1%")
        return Number(
            f"A network is right on {clean} of {self.found.n} test digits. Now every pixel may move by at most "
            f"{RADIUS:g}, where black is 0 and white is 1, and someone who knows the network chooses how. On how many "
            "is it still right?",
            self.share("plain", "pgd", RADIUS, "plain"),
            tolerance=10,
            low=0,
            high=100,
            unit="\u202f%",
            said="You would hardly see the change, and would read the digit all the same.",
        )

    @part
    def lot(self) -> Number:
        return Number(
            f"Now a coin decides for each pixel whether it moves up or down by {RADIUS:g}: as large a change as the "
            "attack's, and no aim. On how many digits is the network right?",
            self.aimless,
            tolerance=3,
            low=0,
            high=100,
            unit="\u202f%",
            said="What breaks the network is the direction: one that 784 small moves add up along.",
        )

    @part
    def grows(self) -> Curve:
        return Curve(
            "Draw the share of right answers against the radius, for the network that was never attacked while it "
            "learned.",
            [0.0, *RADII],
            Axis("radius", 0, RADII[-1]),
            Axis("right", 0, 100, unit="\u202f%"),
            truth=self.curve,
            start=[self.curve[0]] * (1 + len(RADII)),
            close=10,
        )

    @part
    def arrives(self) -> Choice:
        row = self.results[TAUGHT]
        d = row.difference
        assert d is not None and d.low is not None and d.high is not None
        said = (
            f"Attacked, it makes {row.errors.mean:,.0f} errors on average, {abs(d.mean):,.0f} "
            f"{'fewer' if d.mean < 0 else 'more'} than its twin (95 % CI of the difference {d.low:+,.0f} to "
            f"{d.high:+,.0f})."
        ).replace("-", "−")
        right = {"fewer": "It makes fewer errors than its twin", "more": "It makes more errors than its twin"}
        answers = (*right.values(), "No difference is shown")
        return Choice(
            "A student learns from the robust teacher's soft targets, on plain digits; its twin from the labels alone. "
            "Then both are attacked. What comes of the student?",
            dict.fromkeys(answers, said),
            right=right.get(d.verdict, answers[-1]),
            ordered=True,
        )

    @part
    def sure(self) -> Number:
        return Number(
            "The plain network has seen digits only. It is shown trousers, shoes and bags. How sure is it on average "
            "of the digit that it names?",
            100 * float(self.elsewhere.outside["plain"].mean()),
            tolerance=5,
            low=10,
            high=100,
            unit="\u202f%",
            said="A softmax over ten digits has no place for “none of them”.",
        )

    # What is written

    @part
    def step(self) -> Exercise:
        text = (
            "Write fgsm(model, x, y, radius): move each pixel by the radius in the direction in which the "
            "cross-entropy with the labels grows, and keep it within 0 and 1."
        )
        return Exercise(text, (_moves_uphill, _stays_inside, _leaves_the_model))

    @part
    def back(self) -> Exercise:
        text = (
            "Write back(now, x, radius): bring pictures that have moved too far back within the radius around x, pixel "
            "by pixel, and within 0 and 1. With it several small steps make PGD."
        )
        return Exercise(text, (_comes_back,))

    # What is asked at the end

    @part(quiz=True)
    def bound(self) -> Choice:
        return Choice(
            "A model is right on 90 % of the test pictures under PGD with 20 steps at radius 0.1. What follows?",
            {
                "At this radius it is right on at most 90 % of them": (
                    "Some change within the radius misleads it on the other 10 %; a better attack may find more."
                ),
                "At this radius it is right on at least 90 % of them": "Another attack may do more: PGD is no proof.",
                "Noise of 0.1 leaves it 90 %": "Noise has no aim; it usually does far less.",
            },
            right="At this radius it is right on at most 90 % of them",
        )

    @part(quiz=True)
    def hides(self) -> Choice:
        return Choice(
            "All logits of a model are multiplied by 100,000. Its own attack now does nothing at all. Is it robust?",
            {
                "No: its gradient is 0 in floating point, and examples made on another model still mislead it": (
                    "Its first choices are the same as before, for every picture. Only the attack lost its way."
                ),
                "Yes: what cannot be attacked holds": "Its first choices are the same as before, for every picture.",
                "Yes, because it is surer": "Confidence is not distance to the border.",
            },
            right="No: its gradient is 0 in floating point, and examples made on another model still mislead it",
        )

    @part(quiz=True)
    def certain(self) -> Several:
        return Several(
            "What is true of a certified radius?",
            {
                "It is a property of the smoothed model, not of the model inside": (
                    "What is certain is the class that is most probable under noise."
                ),
                "No attack whatever, shorter than it in L2, turns the smoothed answer": "That is what it certifies.",
                "It is itself computed from draws, and may be wrong with a small probability": "α, such as 0.1 %.",
                "A larger one needs no more draws": "With n draws no radius beyond σ Φ⁻¹(α^(1/n)) can be certified.",
            },
            [
                "It is a property of the smoothed model, not of the model inside",
                "No attack whatever, shorter than it in L2, turns the smoothed answer",
                "It is itself computed from draws, and may be wrong with a small probability",
            ],
        )

    @part(quiz=True)
    def order(self) -> Order:
        return Order(
            "Put one step of adversarial training in order.",
            [
                "Take a batch of pictures and labels",
                "Begin at a random point within the radius",
                "Move the pictures uphill on the loss, back into the radius after each step",
                "Compute the loss on the moved pictures",
                "Change the weights",
            ],
        )


# Checks of what is written


def _toy() -> tuple[nn.Module, Tensor, Tensor]:
    """A network of four pixels and three classes, on pictures of which some pixels lie at the ends."""
    draw = torch.Generator().manual_seed(0)
    layer = nn.Linear(4, 3)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(3, 4, generator=draw))
        layer.bias.zero_()
    model = nn.Sequential(nn.Flatten(), layer)
    x = torch.rand(6, 1, 2, 2, generator=draw)
    x[0, 0, 0, 0], x[1, 0, 1, 1] = 0.0, 1.0
    return model.eval(), x, torch.arange(6) % 3


def _moves_uphill(fgsm: Callable[..., Any]) -> str:
    model, x, y = _toy()
    given = hold.tensor_of(fgsm(model, x.clone(), y, 0.1), x.shape)
    wanted = measured.fgsm(model, x, y, 0.1).double()
    if (given - wanted).abs().max() < 1e-5:
        return ""
    if (given - x).abs().max() < 1e-6:
        return "Nothing has moved. Take the gradient of the loss by x, not by the weights: x.requires_grad_()."
    free = (x > 0.1) & (x < 0.9)
    if not ((given - x).sign() == (wanted - x).sign())[free].any():
        return "That makes the loss smaller. An attack moves along the gradient, not against it."
    if (given - x).abs().max() < 0.099:
        return "The pixels move by less than the radius: take the sign of the gradient, times the radius."
    if (given - wanted)[free].abs().max() < 1e-5:
        return ""  # only the ends differ, which the next check says
    got = hold.listed(given[2])
    return f"Of the picture [{hold.listed(x[2])}] it must make [{hold.listed(wanted[2])}], got [{got}]."


def _stays_inside(fgsm: Callable[..., Any]) -> str:
    model, x, y = _toy()
    given = hold.tensor_of(fgsm(model, x.clone(), y, 0.3), x.shape)
    if given.min() < 0 or given.max() > 1:
        ends = f"{float(given.min()):.2g} to {float(given.max()):.2g}"
        return f"Your pixels go from {ends}, and no picture's do: use .clamp(0, 1)."
    return ""


def _leaves_the_model(fgsm: Callable[..., Any]) -> str:
    model, x, y = _toy()
    fgsm(model, x, y, 0.1)
    if any(p.grad is not None for p in model.parameters()):
        return "The weights now have a gradient. torch.autograd.grad(loss, x) takes that of the picture alone."
    return ""


def _comes_back(back: Callable[..., Any]) -> str:
    x = torch.tensor([[0.5, 0.05, 0.95, 0.5]])
    now = torch.tensor([[0.9, -0.2, 1.3, 0.45]])
    given = hold.tensor_of(back(now.clone(), x.clone(), 0.1), x.shape)
    wanted = torch.tensor([[0.6, 0.0, 1.0, 0.45]]).double()
    if (given - wanted).abs().max() < 1e-6:
        return ""
    found = hold.mistake(
        given,
        {
            "A pixel left 0 to 1: clamp once more, after the radius.": torch.tensor([[0.6, -0.05, 1.05, 0.45]]),
            "You kept to 0 and 1 and forgot the radius around x.": torch.tensor([[0.9, 0.0, 1.0, 0.45]]),
            "You return the change. Add it to x.": torch.tensor([[0.1, -0.1, 0.1, -0.05]]),
        },
    )
    return found or f"Of [{hold.listed(now)}] it must make [{hold.listed(wanted)}], got [{hold.listed(given)}]."
