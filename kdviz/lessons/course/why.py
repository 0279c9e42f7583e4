"""Lesson 1: what a model costs, where errors bend over size, and four ways to make a model smaller."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor

from ... import models
from .. import property_checks as hold
from ..exercises import Exercise
from ..lesson import Lesson, part
from ..predictions import Axis, Bars, Curve, Point
from ..questions import Choice, Number, Order, Several

TEACHER = "mnist-mlp-1200"
OTHERS = ("mnist-convnet", "mnist-vit", "mnist-vit-student")  # whose time is held against the teacher's
UNITS = (4, 8, 16, 32, 64, 128, 256)
PLACED = 64  # units of the student that is to be placed
LABELS = 4000
BY_HAND = (784, 32, 10)


class Why(Lesson):
    """Weights, bytes, multiply-adds and time; errors over size; distil, prune, quantize, low rank."""

    name = "why"

    @part
    def first(self) -> Order:
        cards = {name: models.card(name) for name in (TEACHER, *OTHERS)}
        listed = sorted(cards, key=lambda name: cards[name].macs)
        weights = ", ".join(f"{name} {cards[name].parameters:,}" for name in sorted(cards))
        return Order(
            f"Four models of digits and their weights: {weights}. Put them by their multiply-adds for one picture, the "
            "fewest first.",
            listed,
            said="A convolution uses each of its weights at many places of the picture, a perceptron uses each once.",
        )

    @part
    def time(self) -> Bars:
        weights = [models.card(name).parameters / models.card(TEACHER).parameters for name in OTHERS]
        return Bars(
            f"How long does each take for a picture, as a multiple of {TEACHER}? The lines show their weights, as a "
            "multiple too. Draw the times; then they are measured on this machine.",
            list(OTHERS),
            axis=Axis("", 0, 16, unit="\u202f×"),
            beside=weights,
            beside_name="weights",
            close=2.0,
        )

    @part
    def bend(self) -> Curve:
        return Curve(
            f"{LABELS:,} labels, no teacher, one hidden layer. Draw the test errors of 10,000 over its units.",
            list(UNITS),
            Axis("units", UNITS[0], UNITS[-1], log=True),
            Axis("test errors", 100, 5000, log=True),
            close=1.25,
        )

    @part
    def place(self) -> Point:
        shown = {name: models.card(name) for name in (TEACHER, "mnist-vit-student")}
        return Point(
            f"Now with the teacher {TEACHER}, at T = 4: where will a student of {PLACED} units and {LABELS:,} "
            "labels stand? "
            "The others have learned from all 55,000.",
            Axis("weights", 1e3, 5e6, log=True),
            Axis("test errors", 30, 3000, log=True),
            beside={name: (card.parameters, card.test_errors) for name, card in shown.items()},
            name=f"{PLACED} units",
            close=0.05,
        )

    @part
    def half(self) -> Number:
        errors = models.card(TEACHER).test_errors
        return Number(
            f"In each layer of the teacher the half of the weights nearest to 0 is set to 0, and nothing is trained "
            f"afterwards. How many test errors will it make, instead of {errors}?",
            None,
            tolerance=25,
            low=0,
            high=10_000,
            unit=" errors",
        )

    @part
    def by_hand(self) -> Exercise:
        pairs = list(itertools.pairwise(BY_HAND))
        macs = sum(a * b for a, b in pairs)
        weights = macs + sum(b for _, b in pairs)

        def matches(values: object) -> str:
            given = [float(v) for v in hold.tensor_of(values, (3,))]
            if given[0] == macs:
                return f"The biases are missing among the weights: one for each unit, {weights - macs} in all."
            if given[0] == pairs[0][0] * pairs[0][1] + pairs[0][1]:
                return "The last layer is missing: from the units to the ten logits."
            if given[0] != weights:
                return f"A layer from a to b units has a × b weights and b biases; together it is not {given[0]:,.0f}."
            if given[1] in (8 * weights, weights / 8, 32 * weights):
                return "A float32 has 32 bits, which are 4 bytes."
            if given[1] == weights:
                return "That is the number of weights. Each takes 4 bytes as float32."
            if given[1] != 4 * weights:
                return f"{weights:,} numbers of 4 bytes each are not {given[1]:,.0f} bytes."
            if given[2] == weights:
                return "A bias is added, not multiplied: it counts among the weights and not among the multiply-adds."
            if given[2] == 2 * macs:
                return "A multiply-add counts once here: those are operations (FLOPs), two for each."
            return (
                "" if given[2] == macs else f"A layer from a to b units takes a × b multiply-adds; got {given[2]:,.0f}."
            )

        layers = " → ".join(map(str, BY_HAND))
        return Exercise(f"Give [weights, bytes as float32, multiply-adds] of the perceptron {layers}.", (matches,))

    @part
    def prune(self) -> Exercise:
        w = torch.tensor([[0.5, -3.0, 0.1, -0.2], [2.0, -0.05, 1.0, -0.7]])

        def smallest(prune: hold.Function) -> str:
            given = hold.tensor_of(prune(w.clone(), 0.5), w.shape)
            zeros = int((given == 0).sum())
            if torch.equal(given, _pruned(w, 0.5).double()):
                return ""
            lowest = w.flatten().argsort()[:4]
            if bool((given.flatten()[lowest] == 0).all()) and zeros == 4:
                return "Small means near to 0: you took the most negative ones. Compare abs()."
            if torch.equal(given != 0, _pruned(w, 0.5) == 0):
                return "You set the large ones to 0 and kept the small ones."
            if zeros != 4:
                return f"Half of 8 weights are 4 zeros, got {zeros}."
            if torch.equal(given, torch.stack([_pruned(row, 0.5) for row in w]).double()):
                return "The weights compete over the whole matrix, not within each row."
            return "What is kept must stay as it was, and the 4 nearest to 0 must be 0."

        def whole_matrix(prune: hold.Function) -> str:
            rows = torch.tensor([[0.1, 0.2, 0.3, 0.4], [1.0, 2.0, 3.0, 4.0]])
            given = hold.tensor_of(prune(rows.clone(), 0.5), rows.shape)
            if bool((given[0] == 0).all()) and bool((given[1] != 0).all()):
                return ""
            return "The weights compete over the whole matrix, and a row of small ones goes as a whole."

        def original_stays(prune: hold.Function) -> str:
            own = w.clone()
            prune(own, 0.5)
            return (
                ""
                if torch.equal(own, w)
                else "Your function changes the matrix it was given: work on a copy, w.clone()."
            )

        def nothing(prune: hold.Function) -> str:
            given = hold.tensor_of(prune(w.clone(), 0.0), w.shape)
            return "" if torch.equal(given, w.double()) else "At a share of 0 nothing is set to 0."

        text = (
            "Write prune(w, share): a copy of the matrix with this share of its weights, those nearest to 0, set to 0."
        )
        return Exercise(text, (original_stays, smallest, whole_matrix, nothing))

    @part
    def factors(self) -> Exercise:
        generator = torch.Generator().manual_seed(1)
        w = torch.randn(12, 20, generator=generator, dtype=torch.float64)
        rank = 4

        def shapes(factors: hold.Function) -> str:
            given = factors(w.clone(), rank)
            if not isinstance(given, tuple | list) or len(given) != 2:
                return "Return two matrices: return a, b."
            a, b = (torch.as_tensor(one) for one in given)
            if (tuple(a.shape), tuple(b.shape)) == ((12, 12), (12, 20)):
                return "Nothing was left out: keep the first columns and rows only, as many as the rank."
            if (tuple(a.shape), tuple(b.shape)) == ((12, rank), (20, rank)):
                return (
                    "The second matrix lies on its side: torch.linalg.svd gives V transposed already, so take its rows."
                )
            if (tuple(a.shape), tuple(b.shape)) != ((12, rank), (rank, 20)):
                return f"For a 12 × 20 matrix of rank {rank} they are 12 × {rank} and {rank} × 20, got {_sizes(a, b)}."
            return ""

        def best(factors: hold.Function) -> str:
            a, b = (torch.as_tensor(one).double() for one in factors(w.clone(), rank))
            left = float((a @ b - w).norm())
            u, s, v = torch.linalg.svd(w, full_matrices=False)
            least = float(s[rank:].norm())
            if left <= least * (1 + 1e-6):
                return ""
            if math.isclose(left, float((u[:, :rank] @ v[:rank] - w).norm()), rel_tol=1e-6):
                return "The singular values are missing: multiply one of the two by them."
            if math.isclose(left, float((u[:, :rank] * s[:rank].square() @ v[:rank] - w).norm()), rel_tol=1e-6):
                return "The singular values are in both factors: once is enough, or their square root in each."
            if math.isclose(left, float((u[:, -rank:] * s[-rank:] @ v[-rank:] - w).norm()), rel_tol=1e-6):
                return "You kept the smallest singular values. They come in falling order: keep the first."
            return f"The product is {left:.2f} away from the matrix; the best of this rank is {least:.2f} away (SVD)."

        text = "Write factors(w, rank): two matrices of this rank whose product is as near to w as can be."
        return Exercise(text, (shapes, best))

    @part(quiz=True)
    def saved(self) -> Several:
        return Several(
            "Nine of ten weights of a dense layer are set to 0, and it is stored and run as before. What has "
            "become less?",
            {
                "Its bytes": "A zero takes four bytes like any float32, unless another format is stored.",
                "Its multiply-adds": "It multiplies by zeros all the same, unless something skips them.",
                "Its weights that are not 0": "That is what pruning does; all else depends on format and machine.",
            },
            ["Its weights that are not 0"],
        )

    @part(quiz=True)
    def eight_bits(self) -> Number:
        return Number(
            "Weights of 8 bits instead of 32: to what share of its bytes does a layer shrink, scales aside? "
            "In percent.",
            25,
            tolerance=1,
            low=0,
            high=100,
            unit="\u202f%",
        )

    @part(quiz=True)
    def worth(self) -> Number:
        rows, columns = 1200, 1200
        return Number(
            f"A layer of {rows:,} × {columns:,} weights becomes two of rank r. Below which r are there fewer "
            "weights than "
            "before?",
            rows * columns / (rows + columns),
            tolerance=1,
            low=1,
            high=1200,
            said="Two factors have r · (1,200 + 1,200) weights.",
        )

    @part(quiz=True)
    def other(self) -> Choice:
        return Choice(
            "Which of the four ways can make a convolutional network into a perceptron?",
            {
                "Distilling": "A student only has to answer like its teacher; it may be built in any way.",
                "Pruning": "It takes weights out of the network that is there.",
                "Quantizing": "It writes the same weights with fewer bits.",
                "Low rank": "It writes the same layers as products of smaller ones.",
            },
            right="Distilling",
        )


def _pruned(w: Tensor, share: float) -> Tensor:
    gone = w.abs().flatten().argsort()[: round(share * w.numel())]
    kept = w.clone()
    kept.view(-1)[gone] = 0
    return kept


def _sizes(*matrices: Tensor) -> str:
    return " and ".join(" × ".join(map(str, one.shape)) for one in matrices)
