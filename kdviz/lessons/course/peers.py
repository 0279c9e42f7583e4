"""Lesson 9: learning without a teacher, from peers, earlier generations, snapshots and one's own end."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .. import property_checks as hold
from ..exercises import Exercise
from ..lesson import Lesson, part
from ..predictions import Axis, Bars, Curve
from ..questions import Choice, Order, Several

WAYS = ("labels alone", "labels alone, 3 × as long", "with two peers", "third generation", "third snapshot")
GROUPS = ("three strangers", "three peers", "three generations")
ERRORS = Axis("test errors of 10,000", 0, 2000)
LAYERS = (1, 2, 3)  # where the exits are, the last the network's own end


class Peers(Lesson):
    """What equal networks can learn from each other, at equal cost."""

    name = "peers"

    @part
    def gain(self) -> Bars:
        return Bars(
            "A network of 64 units has 1,000 labels and no teacher. Draw its test errors for each way of learning.",
            list(WAYS),
            axis=ERRORS,
        )

    @part
    def apart(self) -> Bars:
        return Bars(
            "On how many of 10,000 test digits do two networks of a group answer differently, on average? "
            "Strangers learned the labels alone, from three starts.",
            list(GROUPS),
            axis=Axis("digits answered differently", 0, 1500),
        )

    @part
    def together(self) -> Bars:
        return Bars(
            "Now each group answers as one, by the mean of its three answers. Draw the test errors.",
            list(GROUPS),
            axis=ERRORS,
        )

    @part
    def exits(self) -> Curve:
        return Curve(
            "A network of three layers has an exit after each. Its end teaches the earlier ones while it learns. "
            "Draw the test errors of the exits.",
            list(LAYERS),
            Axis("exit after layer", LAYERS[0], LAYERS[-1]),
            Axis("test errors of 10,000", 500, 2000),
        )

    @part
    def mutual_loss(self) -> Exercise:
        random = torch.Generator().manual_seed(9)
        z = torch.randn(3, 5, 4, generator=random, dtype=torch.float64)
        y = torch.tensor([0, 1, 2, 3, 0])
        ce = torch.stack([F.cross_entropy(one, y) for one in z])
        log_p = z.log_softmax(-1)
        kl = torch.stack([torch.stack([_kl(log_p[other], log_p[me]) for other in range(3)]) for me in range(3)])
        right = ce + kl.sum(1) / 2

        def losses(mutual_loss: hold.Function) -> str:
            given = hold.tensor_of(mutual_loss(z, y), (3,))
            mistakes = {
                "The divergences are added up. Take their mean over the K − 1 others, or many drown the labels.": (
                    ce + kl.sum(1)
                ),
                "You divide by K. A peer has K − 1 others; its divergence from itself is 0.": ce + kl.sum(1) / 3,
                "The KL is turned round. The other peer is what is learned from, so it comes first: KL(other ‖ own).": (
                    ce + kl.sum(0) / 2
                ),
                "The labels are missing: add the cross-entropy.": kl.sum(1) / 2,
                "That is the labels alone: add the divergence from the other peers.": ce,
            }
            found = hold.mistake(given, mistakes)
            if found or torch.allclose(given, right):
                return found
            return f"For the test's three peers it must be {hold.listed(right)}, got {hold.listed(given)}."

        def held(mutual_loss: hold.Function) -> str:
            leaf = z.clone().requires_grad_()
            first = mutual_loss(leaf, y)[0]
            (gradient,) = torch.autograd.grad(first, leaf)
            if bool(gradient[1:].abs().max() > 0):
                return "The loss of the first peer pulls at the others, too: detach what is learned from."
            return ""

        text = (
            "Write mutual_loss(z, y): for the logits of K peers (K, N, C) the loss of each, (K,): its cross-entropy "
            "plus the mean KL at T = 1 from the others, which are held fixed."
        )
        return Exercise(text, (losses, held))

    @part
    def disagreement(self) -> Exercise:
        first = torch.tensor([[0, 1, 2, 0], [0, 1, 1, 1], [0, 2, 1, 2]])  # (3, 4): pairs differ in 2, 3 and 2 of 4
        z = F.one_hot(first, 3).double() * 5
        right = torch.tensor(7 / 12).double()

        def pairs(disagreement: hold.Function) -> str:
            given = hold.tensor_of(disagreement(z), ())
            mistakes = {
                "That counts digits on which any of them differs. Take the mean over pairs.": 3 / 4,
                "A network is compared with itself, too: pairs of different networks only.": 14 / 36,
                "That is a number of digits: divide by how many there are.": 7 / 3,
                "That adds up the pairs: take their mean.": 7 / 4,
                "That is how often they agree.": 5 / 12,
            }
            found = hold.mistake(given, {why: torch.tensor(value) for why, value in mistakes.items()})
            if found or torch.allclose(given, right):
                return found
            return f"For the test's three networks it must be {float(right):.3f}, got {float(given):.3f}."

        def choices(disagreement: hold.Function) -> str:
            louder = z * torch.tensor([1.0, 2.0, 3.0])[:, None, None]
            given = hold.tensor_of(disagreement(louder), ())
            return "" if torch.allclose(given, right) else "Only the first choice counts, not how sure each is."

        text = (
            "Write disagreement(z): from the logits of K networks (K, N, C) the share of examples on which two of them "
            "answer differently, the mean over all pairs."
        )
        return Exercise(text, (pairs, choices))

    @part
    def cycles(self) -> Exercise:
        def rates(cycles: hold.Function) -> list[float]:
            return [float(hold.tensor_of(cycles(step, 300, 3, 0.1), ())) for step in (0, 25, 50, 75, 99, 100, 150, 299)]

        def right(step: int) -> float:
            return 0.05 * (1 + math.cos(math.pi * (step % 100) / 100))

        def restarts(cycles: hold.Function) -> str:
            given = rates(cycles)
            near = [math.isclose(a, b, abs_tol=1e-6) for a, b in zip(given, map(right, STEPS), strict=True)]
            if all(near):
                return ""
            if not near[0]:
                return f"At step 0 the rate must be the one to start with, 0.1, got {given[0]:.4g}."
            if given[5] < 0.09:
                return f"At step 100 the second cycle begins: the rate must be 0.1 again, got {given[5]:.4g}."
            if math.isclose(given[1], 0.075, abs_tol=1e-6):
                return "It falls in a straight line. A cosine falls slowly at first and at the end."
            if given[4] > 0.01:
                return f"At the end of a cycle the rate must be near 0, got {given[4]:.4g}: half a cosine, from 0 to π."
            return f"At step 25 of a cycle of 100 it must be {right(25):.4f}, got {given[1]:.4f}."

        text = (
            "Write cycles(step, steps, n, start): the learning rate of snapshot distillation, which falls from start "
            "to 0 by half a cosine within each of n equal cycles."
        )
        return Exercise(text, (restarts,))

    @part(quiz=True)
    def fair(self) -> Choice:
        return Choice(
            "Three peers make fewer errors than one network that took as many steps. What have they been granted?",
            {
                "Three times the computing": "Three networks took each step. A fair rival may take three "
                "times as long, or be an ensemble of three.",
                "More labels": "They have the same labels.",
                "A teacher": "None of them knew more at the start than the others.",
            },
            right="Three times the computing",
        )

    @part(quiz=True)
    def new(self) -> Several:
        return Several(
            "In which of these does knowledge come in that is not in the labels and images?",
            {
                "Mutual learning": "All peers learn the same labels: what one tells another comes from there.",
                "Born-again generations": "The first generation learns the labels; nothing is added later.",
                "A teacher trained on more data": "Here something comes from outside: what the other data say.",
                "Exits taught by the network's own end": "It teaches what it has learned from the same labels.",
            },
            ["A teacher trained on more data"],
        )

    @part(quiz=True)
    def order(self) -> Order:
        return Order(
            "Order by how much computing an answer takes afterwards, the least first.",
            ["The first exit of three", "The whole network", "An ensemble of three networks"],
            said="Ensembles pay for each answer; peers, generations and snapshots pay only while they learn.",
        )

    @part(quiz=True)
    def noise(self) -> Choice:
        return Choice(
            "A third generation makes 40 fewer errors than the first, with one seed. What is shown?",
            {
                "Nothing yet: another start alone changes errors by that much or more": "The lesson measures how "
                "much. Only several seeds, each with its twin, can tell.",
                "That generations help": "Two networks from two starts differ without any teaching.",
                "That the first generation was trained too briefly": "It may be; longer training was another row.",
            },
            right="Nothing yet: another start alone changes errors by that much or more",
        )


STEPS = (0, 25, 50, 75, 99, 100, 150, 299)


def _kl(log_t: Tensor, log_s: Tensor) -> Tensor:
    """Return KL(t ‖ s), the mean over examples."""
    return (log_t.exp() * (log_t - log_s)).sum(1).mean()
