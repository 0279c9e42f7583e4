"""Sequences: perplexity, bits a character, exact match and token agreement, each with an interval by sequence."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from ..data import Examples, Splits
from ..distill.per_sequence import counted
from ..losses.labels import UNLABELLED
from ..models.inference import Progress, ask, pieces
from ..models.looking import evaluating
from ..models.sequences import check_vocabularies
from ..words import number, t
from .sequence_interval import Interval, ratio, share

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Sequences:
    """What a model makes of some sequences.

    Attributes
    ----------
    n, tokens : int
        Sequences with something to predict, and how many tokens that is.
    characters : int or None
        That these tokens stand for; None without a vocabulary.
    perplexity : Interval
        exp of the mean surprise of a token, in nats.
    bits : Interval
        The mean surprise of a token, −log₂ p.
    bits_a_character : Interval or None
        The surprise of all tokens, end marks included, by character of the text: comparable between vocabularies.
    accuracy : Interval
        The share of tokens that are the model's first choice.
    exact : Interval
        The share of sequences all of whose tokens are the first choice: those that greedy writing would get right from
        the prompt on.
    agreement : Interval or None
        The share of tokens at which two models have the same first choice.
    surprises, counts : ndarray, shape (n,)
        Of each sequence the surprise of its tokens, in bits, and how many they are.
    labels : str
        A digest of what was to be predicted: only measures of the same sequences have a difference.
    """

    n: int
    tokens: int
    characters: int | None
    perplexity: Interval
    bits: Interval
    bits_a_character: Interval | None
    accuracy: Interval
    exact: Interval
    agreement: Interval | None
    surprises: np.ndarray = field(repr=False, compare=False)
    counts: np.ndarray = field(repr=False, compare=False)
    labels: str = field(repr=False, compare=False)

    def difference(self, other: Sequences) -> Interval:
        """Return this model's bits a token minus another's on the same sequences, with its interval.

        Raises
        ------
        ValueError
            If the sequences are others.
        """
        if self.labels != other.labels:
            alike = (self.n, self.tokens) == (other.n, other.tokens)
            others = "as many of others" if alike else f"{other.tokens:,} of {other.n:,}"
            raise ValueError(
                f"both must be measured on the same sequences, got {self.tokens:,} tokens of {self.n:,} and {others}"
            )
        return ratio(self.surprises - other.surprises, self.counts, self.bits.confidence)

    def __str__(self) -> str:
        return t(
            "Perplexity {value} (95\u202f% CI {low} to {high}), from {tokens} tokens of {n} sequences.",
            value=number(self.perplexity.value, ".2f"),
            low=number(self.perplexity.low, ".2f"),
            high=number(self.perplexity.high, ".2f"),
            tokens=number(self.tokens),
            n=number(self.n),
        )

    def frame(self) -> pd.DataFrame:
        """Return a row for each number: its value and the ends of its interval."""
        import pandas as pd

        names = ("perplexity", "bits", "bits_a_character", "accuracy", "exact", "agreement")
        found = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        rows = {name: (one.value, one.low, one.high) for name, one in found.items()}
        return pd.DataFrame.from_dict(rows, orient="index", columns=["value", "low", "high"])


def sequences(
    model: nn.Module,
    data: Examples | Splits,
    *,
    other: nn.Module | None = None,
    vocabulary: Any = None,
    confidence: float = 0.95,
    progress: Progress | None = None,
) -> Sequences:
    """Measure a model on sequences, token by token, with intervals by sequence.

    Parameters
    ----------
    model : nn.Module
        Logits (B, L, V).
    data : Examples or Splits
        Labels (N, L), -1 (or -100) where nothing is to be predicted. Of splits the test part.
    other : nn.Module, optional
        A second model over the same vocabulary, such as the teacher, for the agreement.
    vocabulary : Vocabulary, optional
        For bits a character; by default the data's own, if they have one.
    confidence : float
        In (0, 1).
    progress : callable, optional
        Called with (done, total) after each batch; return False to stop.

    Returns
    -------
    Sequences

    Raises
    ------
    ValueError
        In one sentence, if the data hold no sequence with a label, or the models' vocabularies differ.

    Notes
    -----
    With −log p(y_t | y_<t) the surprise of a token, in nats: perplexity = exp(Σ / tokens), bits a character
    = Σ / (ln 2 · characters). Intervals are for these models on other sequences of the same kind; they say nothing of
    another seed. The sequence is what varies (:mod:`kdviz.measure.sequence_interval`): tokens within one are alike, and
    windows cut from one text are more alike than sequences drawn one by one, which no interval here knows of.

    Exact match needs no writing: greedy writing repeats an answer if, and only if, each of its tokens is the first
    choice after those before it.
    """
    vocabulary = getattr(data, "vocabulary", None) if vocabulary is None else vocabulary
    examples = data.test if isinstance(data, Splits) else data
    check_vocabularies({"model": model, "other model": other})
    nll, tokens, hits, same, lengths, labels = [], [], [], [], [], blake2b(digest_size=16)
    for chosen, logits, theirs in _both(model, other, examples, progress):
        counts = counted(examples, chosen, logits) & (examples.y[chosen] != UNLABELLED)
        y = examples.y[chosen].clamp(min=0)
        labels.update(examples.y[chosen].masked_fill(~counts, UNLABELLED).numpy().tobytes())
        log_p = logits.log_softmax(-1).gather(-1, y[..., None])[..., 0].double()
        first = logits.argmax(-1)
        nll.append(-log_p.masked_fill(~counts, 0).sum(1))
        tokens.append(counts.sum(1))
        hits.append(((first == y) & counts).sum(1))
        if theirs is not None:
            same.append(((first == theirs.argmax(-1)) & counts).sum(1))
        if vocabulary is not None:
            written = counts & (y != getattr(vocabulary, "end", UNLABELLED))  # decoding ends at an end
            lengths += [len(vocabulary.decode(row[known].tolist())) for row, known in zip(y, written, strict=True)]
    counted_tokens = torch.cat(tokens)
    kept = (counted_tokens > 0).numpy()
    if not kept.any():
        raise ValueError("the data hold no sequence with a label; measure sequences with labels (examples, tokens)")

    def column(parts: list[Tensor]) -> np.ndarray:
        return torch.cat(parts).double().numpy()[kept]

    c, surprise, right = column(tokens), column(nll), column(hits)
    bits = ratio(surprise / math.log(2), c, confidence)
    characters = np.array(lengths, dtype=np.float64)[kept] if vocabulary is not None else None
    return Sequences(
        n=len(c),
        tokens=int(c.sum()),
        characters=None if characters is None else int(characters.sum()),
        perplexity=bits.through(lambda b: math.inf if b >= 1024 else 2**b),
        bits=bits,
        bits_a_character=_by_character(surprise, characters, confidence),
        accuracy=share(right, c, confidence),
        exact=share(right == c, np.ones_like(c), confidence),
        agreement=share(column(same), c, confidence) if same else None,
        surprises=surprise / math.log(2),
        counts=c,
        labels=labels.hexdigest(),
    )


def _by_character(surprise: np.ndarray, characters: np.ndarray | None, confidence: float) -> Interval | None:
    if characters is None or not characters.any():
        return None
    some = characters > 0
    return ratio(surprise[some] / math.log(2), characters[some], confidence)


def _both(
    model: nn.Module, other: nn.Module | None, examples: Examples, progress: Progress | None
) -> Iterator[tuple[slice, Tensor, Tensor | None]]:
    """Yield slices of the examples and the logits of both models, a batch at a time."""
    with closing(pieces(model, examples, who="model", progress=progress)) as answered:
        for chosen, logits in answered:
            theirs = None
            if other is not None:
                with evaluating(other), torch.no_grad():
                    theirs = ask(other, examples.inputs(chosen), who="other model").cpu()
            if theirs is not None and theirs.shape != logits.shape:
                raise ValueError(
                    f"the models answer with shapes {tuple(logits.shape)} and {tuple(theirs.shape)}: tokens agree only "
                    "over one vocabulary; compare them by kd.measure.bits_a_character, each with its own"
                )
            yield chosen, logits, theirs
