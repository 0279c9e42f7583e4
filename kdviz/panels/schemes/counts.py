"""What the lanes of a scheme are compared by: declared once for its data, counted row by row, and said in sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from ...data import Examples
from ...distill import Evaluation
from ...distill.evaluate import evaluate
from ...distill.per_sequence import PerSequence, per_sequence
from ...measure import paired_errors
from ...measure.error_words import WORTH, Compared, against
from ...measure.paired import verdict_of
from ...measure.sequence_interval import ratio
from ...models import inference
from ...words import mark, number, t

BITS_AGAINST = {  # by verdict
    "fewer": mark(
        "{n} bits a token fewer than {other} (95\u202f% CI {low} to {high} fewer, over rows of text): {worth}."
    ),
    "more": mark("{n} bits a token more than {other} (95\u202f% CI {low} to {high} more, over rows of text): {worth}."),
    "within the noise": mark(
        "{n} bits a token beside {other} (95\u202f% CI {low} to {high}, over rows of text): {worth}."
    ),
}


@dataclass(frozen=True, eq=False)
class Rows:
    """A sum over each of n examples, and of how much it is the sum: of errors over tokens, of bits over tokens."""

    totals: np.ndarray  # (n,)
    counts: np.ndarray  # (n,)

    @classmethod
    def none(cls) -> Rows:
        return cls(np.zeros(0), np.zeros(0))

    def __len__(self) -> int:
        return len(self.totals)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON: what is not 0, where it stands, and the counts unless all are 1."""
        places = np.flatnonzero(self.totals)
        values = self.totals[places]
        return {
            "rows": len(self),
            "places": places.tolist(),
            "totals": [] if (values == 1).all() else values.tolist(),
            "counts": [] if (self.counts == 1).all() else self.counts.tolist(),
        }

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Rows:
        totals, counts = np.zeros(int(said["rows"])), np.ones(int(said["rows"]))
        totals[said["places"]] = said["totals"] or 1
        if said["counts"]:
            counts[:] = said["counts"]
        return cls(totals, counts)


@dataclass(frozen=True)
class Difference:
    """A difference with its interval, by row."""

    mean: float
    low: float
    high: float
    confidence: float = 0.95

    @property
    def verdict(self) -> str:
        return verdict_of(self.low, self.high)


class Count:
    """Errors of examples, one class each; what counts otherwise is a subclass.

    Attributes
    ----------
    told : dict of str to str
        By split, how the lanes stand: with ``{step}``, ``{n}``, ``{scheme}``, ``{errors}``, ``{offline}``, ``{twin}``
        and ``{teacher}``. With :func:`kdviz.words.mark`.
    in_percent : bool
        Whether it is a share of errors, which the learning curves draw.
    """

    told: Mapping[str, str] = {
        "test": mark(
            "On {n} test examples {scheme} makes {errors} errors, offline distillation {offline}, the twin without a "
            "teacher {twin}, the teacher {teacher}."
        ),
        "validation": mark(
            "After step {step}, on {n} validation examples, {scheme} makes {errors} errors, offline distillation "
            "{offline}, the twin without a teacher {twin}, the teacher {teacher}."
        ),
    }
    in_percent = True

    def evaluation(self, model: nn.Module, examples: Examples, *, step: int, split: str) -> Evaluation:
        """Return what a model comes to on a split."""
        return evaluate(model, examples, step=step, split=split)

    def rows(self, model: nn.Module, examples: Examples) -> Rows:
        """Return the same by row, for what a difference is worth."""
        known = examples.y >= 0
        wrong = (inference.logits(model, examples).argmax(1) != examples.y)[known].numpy()
        return Rows(wrong.astype(float), np.ones(len(wrong)))

    def written(self, found: Evaluation) -> str:
        """Return the number of an evaluation as sentences have it."""
        return number(found.errors)

    def difference(self, own: Rows, other: Rows) -> Compared:
        """Return the paired difference, own − other."""
        return paired_errors(own.totals > 0, other.totals > 0)

    def against(self, other: str, difference: Compared) -> str:
        """Return the sentence on a difference from ``other``, a name in the reader's language."""
        return against(other, difference)


class Answers(Count):
    """Answers to prompts: one is an error unless all of its tokens are the first choice."""

    told: Mapping[str, str] = {
        "test": mark(
            "Of {n} test answers {scheme} gets {errors} wrong, offline distillation {offline}, the twin without a "
            "teacher {twin}, the teacher {teacher}."
        ),
        "validation": mark(
            "After step {step}, of {n} validation answers, {scheme} gets {errors} wrong, offline distillation "
            "{offline}, the twin without a teacher {twin}, the teacher {teacher}."
        ),
    }

    def evaluation(self, model: nn.Module, examples: Examples, *, step: int, split: str) -> Evaluation:
        sums = per_sequence(model, examples, who="student")
        wrong = int((sums.hits < sums.tokens).sum())
        return Evaluation(step, split, len(sums.tokens), wrong, _mean(sums))

    def rows(self, model: nn.Module, examples: Examples) -> Rows:
        sums = per_sequence(model, examples, who="student")
        wrong = (sums.hits < sums.tokens).numpy().astype(float)
        return Rows(wrong, np.ones(len(wrong)))


class HiddenWords(Count):
    """Words that were hidden in lines, and not found; those of one line are alike, so that a line is what varies."""

    told: Mapping[str, str] = {
        "test": mark(
            "Of {n} hidden words of test lines {scheme} does not find {errors}, offline distillation {offline}, the "
            "twin without a teacher {twin}, the teacher {teacher}."
        ),
        "validation": mark(
            "After step {step}, of {n} hidden words of validation lines, {scheme} does not find {errors}, offline "
            "distillation {offline}, the twin without a teacher {twin}, the teacher {teacher}."
        ),
    }

    def rows(self, model: nn.Module, examples: Examples) -> Rows:
        sums = per_sequence(model, examples, who="student")
        known = sums.tokens > 0
        return Rows((sums.tokens - sums.hits)[known].double().numpy(), sums.tokens[known].double().numpy())

    def difference(self, own: Rows, other: Rows) -> Compared:
        total = float(own.counts.sum())
        found = ratio(own.totals - other.totals, own.counts)
        return Difference(total * found.value, total * found.low, total * found.high)


class Bits(Count):
    """Bits a token of running text: the mean of −log₂ of the probability that each token had."""

    told: Mapping[str, str] = {
        "test": mark(
            "On {n} tokens of test text {scheme} needs {errors} bits a token, offline distillation {offline}, the "
            "twin without a teacher {twin}, the teacher {teacher}."
        ),
        "validation": mark(
            "After step {step}, on {n} tokens of validation text, {scheme} needs {errors} bits a token, offline "
            "distillation {offline}, the twin without a teacher {twin}, the teacher {teacher}."
        ),
    }
    in_percent = False

    def rows(self, model: nn.Module, examples: Examples) -> Rows:
        sums = per_sequence(model, examples, who="student")
        known = sums.tokens > 0
        return Rows((sums.nll / math.log(2))[known].numpy().round(4), sums.tokens[known].double().numpy())

    def written(self, found: Evaluation) -> str:
        return number(bits(found), ".3f")

    def difference(self, own: Rows, other: Rows) -> Compared:
        found = ratio(own.totals - other.totals, own.counts)
        return Difference(found.value, found.low, found.high)

    def against(self, other: str, difference: Compared) -> str:
        verdict, value = difference.verdict, difference.mean
        low, high = (math.nan if end is None else end for end in (difference.low, difference.high))
        if verdict == "within the noise":
            ends, form = (value, low, high), "+.3f"
        else:
            ends, form = ((-value, -high, -low) if verdict == "fewer" else (value, low, high)), ".3f"
        n, least, most = (number(one, form) for one in ends)
        return t(BITS_AGAINST[verdict], n=n, other=other, low=least, high=most, worth=t(WORTH[verdict]))


ERRORS, ANSWERS, HIDDEN_WORDS, BITS = Count(), Answers(), HiddenWords(), Bits()


def bits(found: Evaluation) -> float:
    """Return the bits a token of an evaluation."""
    return found.nll / math.log(2)


def _mean(sums: PerSequence) -> float:
    return float(sums.nll.sum() / torch.clamp(sums.tokens.sum(), min=1))
