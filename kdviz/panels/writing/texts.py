"""What models write after a prompt, and what they expect at each place of a text, as the page's widgets take it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ...data import Splits, Vocabulary
from ...models import generate
from ...models.inference import answer
from ...models.looking import evaluating
from ...widgets.writing import LONGEST_PROMPT
from ...words import mark, number, t

READ = 160  # tokens of the text under the cursor
WRITTEN = 120  # tokens that are written after a prompt
SAMPLINGS = {
    "greedy": mark("always the likeliest token"),
    "0.5": mark("drawn at temperature 0.5"),
    "1": mark("drawn at temperature 1"),
    "1.5": mark("drawn at temperature 1.5"),
    "all": mark("at all three temperatures"),
}
SIGNS = {"pad": "·", "begin": "▸", "end": "■"}


def symbols_of(vocabulary: Vocabulary) -> list[str]:
    """Return the tokens as they are shown; the special ones as signs."""
    signs = {getattr(vocabulary, name): sign for name, sign in SIGNS.items()}
    return [signs.get(i, symbol) for i, symbol in enumerate(vocabulary.symbols)]


def encoded(vocabulary: Vocabulary, prompt: str) -> list[int]:
    """Return a prompt's tokens behind the begin.

    Raises
    ------
    ValueError
        In one sentence, if it is too long or has a character that is none of the vocabulary.
    """
    if len(prompt) > LONGEST_PROMPT:
        most, n = number(LONGEST_PROMPT), number(len(prompt))
        raise ValueError(t("a prompt may have {most} characters, got {n}", most=most, n=n))
    try:
        return [vocabulary.begin, *vocabulary.encode(prompt)]
    except ValueError as error:
        known = set("".join(vocabulary.symbols[3:]))
        missing = "".join(dict.fromkeys(letter for letter in prompt if letter not in known)) or prompt
        text = t("a prompt can only have characters of the vocabulary, got {value}", value=repr(missing[:20]))
        raise ValueError(text) from error


# Reading


@dataclass(frozen=True, eq=False)
class Passage:
    """A text that is read with a cursor: its tokens, and where what a model is asked about begins."""

    ids: Tensor  # (L,) int64
    first: int

    @classmethod
    def of(cls, data: Splits) -> Passage:
        """Return the beginning of the validation text, or its first example where each row is a task."""
        part = data.validation
        if part.groups and "prompt" in part.groups:
            x, y = part.x[0], part.y[0]
            last = int((y >= 0).nonzero().max())
            return cls(
                torch.cat([x[:1], torch.where(y >= 0, y, x.roll(-1))[: last + 1]]), int(part.groups["prompt"][0])
            )
        rows = part.take(slice(0, math.ceil(READ / part.x.shape[1])))
        known = (rows.y >= 0).flatten()
        ids = torch.cat([rows.x[0, :1], rows.y.flatten()[known]])
        return cls(ids[: READ + 1], 1)

    def logits(self, model: nn.Module, context: int) -> Tensor:
        """Return what a model gives for each token from ``first`` on, (L − first, V), float32.

        It reads at most ``context`` tokens; from there on half of them at least.
        """
        x, found = self.ids[:-1], []
        half = max(1, context // 2)
        starts = [0, *range(half, len(x) - half, half)] if len(x) > context else [0]
        with evaluating(model), torch.no_grad():
            for start in starts:
                z = answer(model, x[None, start : start + context], who="model")[0].float()
                found.append(z if start == 0 else z[context - half :])
        return torch.cat(found)[: len(x)][self.first - 1 :]


# Writing


def bits_of(model: nn.Module, ids: Tensor, given: int, context: int) -> list[float | None]:
    """Return the surprise −log₂ p of each token of a text (L,), to a model; None of the first ``given``."""
    logits = Passage(ids, given).logits(model, context)
    log_p = logits.double().log_softmax(-1)
    found = -log_p.gather(1, ids[given:, None])[:, 0] / math.log(2)
    return [*[None] * given, *[round(max(0.0, float(one)), 3) for one in found]]


@dataclass(frozen=True)
class Writer:
    """Who writes: its role, what a reader calls it, and the model."""

    who: str
    name: str
    model: nn.Module


def written(
    writers: Sequence[Writer],
    teacher: nn.Module,
    vocabulary: Vocabulary,
    prompt: str,
    sampling: str,
    *,
    context: int,
    tokens: int = WRITTEN,
    seed: int = 0,
    ends: bool = False,
) -> list[dict[str, Any]]:
    """Return what each writes after a prompt, for ``Writing.texts``.

    Parameters
    ----------
    writers : sequence of Writer
    teacher : nn.Module
        Whose surprise is given besides.
    vocabulary : Vocabulary
    prompt, sampling : str
        The beginning; one of ``SAMPLINGS``.
    context : int
        Tokens that the models read at most.
    tokens : int
        How many are written, for all samplings of a writer together.
    seed : int
    ends : bool
        Whether the text stops at the vocabulary's end.
    """
    ways = ["0.5", "1", "1.5"] if sampling == "all" else [sampling]
    given = encoded(vocabulary, prompt)
    rows = []
    for writer in writers:
        for way in ways:
            ids = _continued(writer.model, given, way, tokens // len(ways), seed, vocabulary.end if ends else None)
            rows.append(_row(writer, way, ids, len(given), teacher, vocabulary, context))
    return rows


def _continued(model: nn.Module, given: list[int], way: str, tokens: int, seed: int, end: int | None) -> Tensor:
    how: Mapping[str, Any] = {"greedy": True} if way == "greedy" else {"temperature": float(way), "seed": seed}
    found = generate(model, torch.tensor([given]), tokens, **how, end=end)[0]
    if end is not None and end in found[len(given) :].tolist():
        found = found[: len(given) + found[len(given) :].tolist().index(end) + 1]
    return found


def _row(
    writer: Writer, way: str, ids: Tensor, given: int, teacher: nn.Module, vocabulary: Vocabulary, context: int
) -> dict[str, Any]:
    shown = symbols_of(vocabulary)
    bits = bits_of(writer.model, ids, given, context)
    return {
        "who": writer.who,
        "name": writer.name,
        "note": t(SAMPLINGS[way]),
        "tokens": [shown[i] for i in ids[1:].tolist()],
        "bits": bits[1:],
        "teacher_bits": bits[1:] if writer.who == "teacher" else bits_of(teacher, ids, given, context)[1:],
    }
