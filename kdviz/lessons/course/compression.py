"""Lesson 17: distillation beside pruning and quantization, and the order of the three."""

from __future__ import annotations

import torch
from torch import Tensor

from .. import property_checks as hold
from ..exercises import Exercise
from ..lesson import Lesson, part
from ..predictions import Axis, Bars
from ..questions import Choice, Several

WAYS = ("80 % of weights at zero", "75 % of units away", "rank 16", "int8, dynamic")
ORDERS = ("distil, prune, quantize", "prune, distil, quantize", "prune, quantize, distil")


class Compression(Lesson):
    """What pruning, low rank, integers and distillation each spare, and what they cost."""

    name = "compression"

    @part
    def time(self) -> Bars:
        return Bars(
            "How long does an answer to one digit take after each way, if the teacher's takes 100?",
            list(WAYS),
            axis=Axis("time of an answer, teacher = 100", 0, 150),
        )

    @part
    def size(self) -> Bars:
        return Bars(
            "And the bytes after gzip, if the teacher's take 100?",
            list(WAYS),
            axis=Axis("bytes after gzip, teacher = 100", 0, 100),
        )

    @part
    def order(self) -> Bars:
        return Bars(
            "A network of 64 units has learned 2,000 labels. It is distilled, loses 80 % of its weights, and is "
            "rounded to 3 bits, in three orders. Draw its test errors.",
            list(ORDERS),
            axis=Axis("test errors of 10,000", 0, 6000),
        )

    @part
    def teacher(self) -> Choice:
        return Choice(
            "The teacher has lost 80 % of its weights and may learn again for two epochs on 4,000 digits. From what "
            "does it learn better: from its own former answers, or from the labels?",
            {
                "From its former answers": "They say what it was before. Whether that beats the labels is what "
                "the runs below show.",
                "From the labels": "They are right where the teacher was wrong. Whether that is enough is what the "
                "runs below show.",
                "As far as these seeds can tell, both do as well": "That would be an interval that holds 0.",
            },
        )

    @part
    def keep(self) -> Exercise:
        w = torch.tensor([[0.5, -0.1, 0.0], [-2.0, 0.3, 0.2]], dtype=torch.float64)
        right = torch.tensor([[1, 0, 0], [1, 1, 0]], dtype=torch.bool)

        def smallest(keep: hold.Function) -> str:
            given = hold.tensor_of(keep(w, 0.5), w.shape).bool()
            mistakes = {
                "That keeps the smallest weights: they are to go.": ~right,
                "The sign does not count: −2 is the largest weight.": torch.tensor([[1, 0, 0], [0, 1, 1]]).bool(),
                "That takes the share out of each row: take it out of all weights together.": torch.tensor(
                    [[1, 1, 0], [1, 1, 0]]
                ).bool(),
            }
            found = hold.mistake(given.double(), {why: mask.double() for why, mask in mistakes.items()})
            if found or torch.equal(given, right):
                return found
            return (
                f"For the test's weights and a half, {right.int().tolist()} must be kept, got {given.int().tolist()}."
            )

        def none(keep: hold.Function) -> str:
            given = hold.tensor_of(keep(w, 0.0), w.shape).bool()
            return "" if bool(given.all()) else "With a share of 0 nothing may go."

        text = (
            "Write keep(w, share): which weights are kept, True or False in the shape of w, when that share of them, "
            "the smallest by magnitude, goes."
        )
        return Exercise(text, (smallest, none))

    @part
    def rounded(self) -> Exercise:
        w = torch.tensor([[1.0, 0.4, -0.2], [-7.0, 3.4, 0.6]], dtype=torch.float64)
        right = _rounded(w, 4)

        def grid(rounded: hold.Function) -> str:
            given = hold.tensor_of(rounded(w, 4), w.shape)
            levels = w.abs().amax(1, keepdim=True) / 8
            mistakes = {
                "Four bits have 2³ − 1 = 7 levels to each side, not 8: divide by 7.": (w / levels).round() * levels,
                "One scale for all rows: give each row its own, or small rows vanish.": (w / 1).round(),
                "Those are the integers. Multiply by the scale again.": right / _scale(w, 4),
                "Round to the nearest integer: do not cut the decimals off.": (w / _scale(w, 4)).trunc() * _scale(w, 4),
            }
            found = hold.mistake(given, mistakes)
            if found or torch.allclose(given, right):
                return found
            return f"For the test's weights it must be {hold.listed(right)}, got {hold.listed(given)}."

        def zero(rounded: hold.Function) -> str:
            pruned = w * torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
            given = hold.tensor_of(rounded(pruned, 2), w.shape)
            return "" if bool((given[pruned == 0] == 0).all()) else "A weight of 0 must stay 0, or pruning is undone."

        text = (
            "Write rounded(w, bits): each row of w rounded to integer multiples of its own scale, its largest weight "
            "divided by 2^(bits − 1) − 1."
        )
        return Exercise(text, (grid, zero))

    @part
    def thin(self) -> Exercise:
        w = torch.randn(6, 5, generator=torch.Generator().manual_seed(17), dtype=torch.float64)
        u, s, v = torch.linalg.svd(w, full_matrices=False)
        right = (u[:, :2] * s[:2]) @ v[:2]

        def product(thin: hold.Function) -> str:
            up, down = thin(w, 2)
            up, down = hold.tensor_of(up, (6, 2)), hold.tensor_of(down, (2, 5))
            given = up @ down
            mistakes = {
                "The singular values are missing: multiply one of the factors by them.": u[:, :2] @ v[:2],
                "The singular values are in both factors: take them once, or their root in each.": (
                    (u[:, :2] * s[:2] ** 2) @ v[:2]
                ),
                "Those are the smallest singular values: the first ones are the largest.": (
                    (u[:, -2:] * s[-2:]) @ v[-2:]
                ),
            }
            found = hold.mistake(given, mistakes)
            if found or torch.allclose(given, right):
                return found
            off, best = float((given - w).norm()), float((right - w).norm())
            return f"The product lies {off:.2f} from w; the best of rank 2 lies {best:.2f} from it."

        text = (
            "Write thin(w, rank): two matrices (out, rank) and (rank, in) whose product is nearest to w, from its "
            "singular values."
        )
        return Exercise(text, (product,))

    @part(quiz=True)
    def slower(self) -> Choice:
        return Choice(
            "90 % of a network's weights are zero, and an answer takes as long as before. Why?",
            {
                "The zeros are multiplied like all other numbers": "A dense product does not look at what it "
                "multiplies. Take whole rows out, or use hardware that can skip zeros.",
                "The zeros are not really zero": "They are: count them.",
                "gzip has to unpack them first": "Gzip is about the file; the network in memory is unpacked.",
            },
            right="The zeros are multiplied like all other numbers",
        )

    @part(quiz=True)
    def last(self) -> Choice:
        return Choice(
            "A network is to be distilled, pruned and quantized. Which of the three should come last?",
            {
                "Distilling": "What comes after the teaching is not repaired; the last step should be one that learns.",
                "Pruning": "Weights that go after the teaching are missed, and nobody makes up for them.",
                "Quantizing": "Rounding to few bits after the teaching is not made up for.",
            },
            right="Distilling",
        )

    @part(quiz=True)
    def spares(self) -> Several:
        return Several(
            "Which of these spare time on an ordinary processor, without further ado?",
            {
                "Half of the units taken away": "The matrices are smaller: yes.",
                "Half of the weights set to zero": "The matrices have the same size: no.",
                "A student with a quarter of the units": "A smaller network is faster, however it was trained.",
                "Weights rounded to 3 bits in the loop": "The rounding is simulated: no, it even costs time.",
            },
            ["Half of the units taken away", "A student with a quarter of the units"],
        )

    @part(quiz=True)
    def twin(self) -> Choice:
        return Choice(
            "A pruned network learned again from its teacher and has 60 errors fewer than right after pruning. What "
            "does that say of the teacher?",
            {
                "Nothing yet: its twin learned again as long from the labels": "Learning again is what repaired it. "
                "What the teacher adds is the difference to the twin.",
                "It spared 60 errors": "The twin may have spared as many, without a teacher.",
                "It spared more than 60, as pruning had cost some": "That counts the repair for the teacher.",
            },
            right="Nothing yet: its twin learned again as long from the labels",
        )


def _scale(w: Tensor, bits: int) -> Tensor:
    return w.abs().amax(1, keepdim=True) / (2 ** (bits - 1) - 1)


def _rounded(w: Tensor, bits: int) -> Tensor:
    scale = _scale(w, bits)
    return (w / scale).round() * scale
