"""Lesson 5: few labels and many pictures, or transfer sets that nobody has labelled."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np

from ... import data as data_sets
from ...data import Splits
from .. import property_checks as hold
from ..exercises import Exercise
from ..lesson import Lesson, part
from ..predictions import Axis, Bars, Curve
from ..questions import Choice, Number, Several

LABELS, PICTURES, STEPS, BATCH = 500, 4500, 1200, 128
SETS = ("nothing", "noise", "clothes", "MUNGE", "digits")  # that the 500 labelled digits get beside them
SIZES = (500, 1500, 4500, 13_500)  # of further digits


class FewLabels(Lesson):
    """What a student can learn from besides labelled examples, at an equal budget."""

    name = "labels"

    @cached_property
    def digits(self) -> Splits:
        return data_sets.mnist()

    @part
    def beside(self) -> Bars:
        return Bars(
            f"{LABELS} labelled digits, and beside them {PICTURES:,} pictures without a label. How many of 10,000 test "
            "digits will the student get wrong, by what these pictures are?",
            list(SETS),
            axis=Axis("test errors", 0, 2000),
            start=[1000.0] * len(SETS),
            close=150,
        )

    @part
    def amount(self) -> Curve:
        return Curve(
            f"Now real digits without labels, more and more of them, beside the {LABELS} with one. The number of steps "
            "stays the same. Draw the test errors.",
            list(SIZES),
            Axis("further digits, without labels", 500, 13_500, log=True),
            Axis("test errors", 100, 2000, log=True),
            close=1.25,
        )

    @part
    def unlabelled(self) -> Number:
        return Number(
            f"Take the {LABELS} labels away as well: {LABELS + PICTURES:,} digits, and not one label. How many of the "
            "10,000 test digits will this student get wrong?",
            None,
            tolerance=200,
            low=0,
            high=10_000,
            unit=" errors",
            said="The teacher has seen 55,000 labels; its answers carry them to a student that sees none.",
        )

    @part
    def clothes_alone(self) -> Number:
        return Number(
            f"And without any digit: the student sees {LABELS + PICTURES:,} shirts, shoes and bags, and what a teacher "
            "of digits says of them. How many of the 10,000 test digits will it get right? Guessing gives about 1,000.",
            None,
            tolerance=1000,
            low=0,
            high=10_000,
            unit=" right",
        )

    @part
    def epochs(self) -> Exercise:
        def right(epochs_for: hold.Function) -> str:
            for n in (LABELS, LABELS + PICTURES, 1000):
                wanted = STEPS // math.ceil(n / BATCH)
                given = epochs_for(n, STEPS, BATCH)
                if given == wanted:
                    if isinstance(given, int):
                        continue
                    return f"A number of epochs is whole: return an int, got {given!r}."
                if given == STEPS // (n // BATCH):
                    return f"The last batch of {n:,} examples is smaller than {BATCH}, and it is a step too: round up."
                if isinstance(given, float) and math.isclose(given, STEPS * BATCH / n):
                    return (
                        f"That is how often each example is seen if all batches are full. {n:,} examples make "
                        f"{math.ceil(n / BATCH)} steps an epoch: divide the steps by that."
                    )
                if given == STEPS:
                    return f"You return the steps. An epoch of {n:,} examples has {math.ceil(n / BATCH)} of them."
                return f"{n:,} examples make {math.ceil(n / BATCH)} steps an epoch: {wanted} epochs, got {given!r}."
            return ""

        text = "Write epochs_for(examples, steps, batch_size): how many epochs make that many steps, rounded down."
        return Exercise(text, (right,))

    @part
    def mixed(self) -> Exercise:
        def labels(data: Splits) -> str:
            n, known = len(data.train), data.train.labelled
            if known > LABELS:
                return f"{known:,} examples have a label; {LABELS} should. A garment's label is no digit: leave it out."
            if known < LABELS:
                return f"Only {known:,} examples have a label: begin with the {LABELS} labelled digits, few."
            if n != LABELS + PICTURES:
                return f"There are {n:,} examples to learn from; it should be {LABELS + PICTURES:,} in all."
            return ""

        def pictures(data: Splits) -> str:
            bright = float(data.train.x[data.train.y < 0].float().mean())
            digits = float(self.digits.train.x[:2000].float().mean())
            if abs(bright - digits) < 8:
                return "The further pictures look like digits: mix in data of garments, kd.data.fashion_mnist()."
            return "" if bright < 100 else "The further pictures look like noise: mix in kd.data.fashion_mnist()."

        def measured_as_before(data: Any) -> str:
            if not isinstance(data, Splits):
                return f"Give the data that kd.data.mixed_in returns, got {type(data).__name__}."
            same = data.test is self.digits.test or bool((data.test.y == self.digits.test.y).all())
            return (
                "" if same else "The test part must stay digits: mix the garments into the digits, not the other way."
            )

        text = (
            f"Make garments, the transfer set of the {LABELS} labelled digits and {PICTURES:,} garments without labels."
        )
        return Exercise(text, (measured_as_before, labels, pictures))

    @part
    def trade(self) -> Exercise:
        one, other = np.linspace(0.0, 9.0, 400), np.linspace(20.0, 50.0, 400)
        far = 1e9

        def both(trade: hold.Function, p: float, s: float) -> tuple[np.ndarray, np.ndarray]:
            given = trade(one.copy(), other.copy(), p, s, np.random.RandomState(0))
            if not isinstance(given, tuple | list) or len(given) != 2:
                raise hold.WrongFormError("Return both examples: return e, other.")
            return tuple(hold.tensor_of(part, one.shape).numpy() for part in given)  # type: ignore[return-value]

        def never(trade: hold.Function) -> str:
            a, b = both(trade, 0.0, 1.0)
            if np.array_equal(a, one) and np.array_equal(b, other):
                return ""
            return "At p = 0 nothing is traded: both examples come back as they were."

        def always(trade: hold.Function) -> str:
            a, b = both(trade, 1.0, far)
            if np.allclose(a, other, atol=1e-3) and np.allclose(b, one, atol=1e-3):
                return ""
            if np.allclose(a, b, atol=1e-3):
                return (
                    "Both end with the same values: the second was given the first one's new values. Keep the old ones."
                )
            if np.allclose(a, one, atol=1e-3):
                return "At p = 1 and a huge s both exchange all values: each draws around the other's, not its own."
            return "At p = 1 and a huge s the two exchange their values: N(e′, sd) with sd = |e − e′| / s near 0."

        def sometimes(trade: hold.Function) -> str:
            a, b = both(trade, 0.5, far)
            moved, also = a != one, b != other
            if not np.array_equal(moved, also):
                return "An attribute is traded by both or by neither: draw once for each attribute."
            share = moved.mean()
            return "" if 0.4 < share < 0.6 else f"At p = 0.5 about half of the values are traded, got {share:.0%}."

        def spreads(trade: hold.Function) -> str:
            a, b = both(trade, 1.0, 2.0)
            width = np.abs(one - other) / 2
            for z in ((a - other) / width, (b - one) / width):
                if not 0.8 < z.std() < 1.2:
                    return (
                        f"The values spread {z.std():.2g} times as far as they should: the standard deviation is the "
                        "distance of the two old values divided by s."
                    )
            return ""

        text = "Write trade(e, other, p, s, random): one trade of MUNGE between an example and its nearest neighbour."
        return Exercise(text, (never, always, sometimes, spreads))

    @part(quiz=True)
    def budget(self) -> Number:
        n = LABELS + PICTURES
        return Number(
            f"{n:,} pictures, batches of {BATCH}, {STEPS:,} steps. How many epochs are that?",
            STEPS // math.ceil(n / BATCH),
            tolerance=0.5,
            low=0,
            high=STEPS,
            unit=" epochs",
            said=f"{n:,} pictures make {math.ceil(n / BATCH)} steps an epoch.",
        )

    @part(quiz=True)
    def possible(self) -> Several:
        return Several(
            "A teacher of 28 × 28 digits is at hand. What can be a transfer set for its student?",
            {
                "Digits whose labels were lost": "The teacher's answers stand in for labels.",
                "Garments of 28 × 28 pixels": "It answers to any such picture; whether that helps, a run shows.",
                "Random pixels": "The teacher answers to anything of the right shape, however little that helps.",
                "A list of labels without pictures": "The teacher answers to pictures: without one there is no answer.",
            },
            ["Digits whose labels were lost", "Garments of 28 × 28 pixels", "Random pixels"],
        )

    @part(quiz=True)
    def unfair(self) -> Choice:
        return Choice(
            "Somebody trains the student on 5,000 pictures and its twin on 500, both for 300 epochs. What is wrong?",
            {
                "The student takes ten times as many steps": "Equal epochs are no equal budget: count steps.",
                "The twin sees fewer labels": "No: both have the same 500 labels.",
                "Nothing: the epochs are equal": "An epoch of ten times as many pictures has ten times as many steps.",
            },
            right="The student takes ten times as many steps",
        )

    @part(quiz=True)
    def copies(self) -> Choice:
        return Choice(
            "MUNGE with p = 0: what does it add to the training pictures?",
            {
                "Copies of them": "p is the probability that a value is traded; at 0 no value changes.",
                "Their nearest neighbours": "Values move only with probability p.",
                "Noise": "Noise comes in with a trade, and at p = 0 there is none.",
            },
            right="Copies of them",
        )
