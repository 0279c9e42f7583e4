"""A teacher of whom only the most likely symbols of each place are kept, and how much is left for all others.

All probabilities of long texts over large vocabularies are too much to keep: N texts of L tokens over V symbols take
4 · N · L · V bytes, 40 GB for ten million tokens of a vocabulary of 1,000. The k most likely and the mass of the rest
take N · L · (8 k + 4) bytes: 680 MB at k = 8.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ..data import Examples, Splits, splits
from ..data.inputs import Inputs
from ..losses import check_temperature
from ..models.foreign import CannotAnswerError
from ..models.inference import ROWS_AT_ONCE, Cancelled, Progress
from .own_text import ids_of
from .teacher import Teacher

__all__ = ["TopAnswers", "top_answers"]

Tail = Literal["spread", "cut"]
MARK_BYTES = 16


class TopAnswers(nn.Module):
    """A teacher that answers certain texts from what was kept of its answers; made by :func:`top_answers`.

    Parameters
    ----------
    marks : Tensor of uint8, shape (N, 16)
        A hash of each text.
    values, index : Tensor, shape (N, L, k)
        The k largest logits of each place and their symbols.
    tail : Tensor, shape (N, L)
        The logit that each other symbol is given: −∞ where the tail is cut.
    symbols : int
        V.
    """

    marks: Tensor
    values: Tensor
    index: Tensor
    tail: Tensor

    def __init__(self, marks: Tensor, values: Tensor, index: Tensor, tail: Tensor, symbols: int) -> None:
        super().__init__()
        for name, held in (("marks", marks), ("values", values), ("index", index), ("tail", tail)):
            self.register_buffer(name, held)
        self.symbols = symbols
        self._places = {bytes(row): i for i, row in enumerate(marks.numpy())}

    def forward(self, inputs: Inputs) -> Tensor:
        """Return logits (B, L, V): exact for the k kept, the tail's for all others."""
        places = [self._places.get(mark, -1) for mark in _marks(ids_of(inputs))]
        if -1 in places:
            raise CannotAnswerError(
                f"this teacher is known by its answers to {len(self.marks):,} texts alone and {places.count(-1):,} of "
                f"the {len(places):,} it is asked about are others; ask the teacher itself about those"
            )
        at = torch.tensor(places, dtype=torch.int64, device=self.values.device)
        values, index, tail = self.values[at], self.index[at].long(), self.tail[at]
        return tail[..., None].repeat(1, 1, self.symbols).scatter_(-1, index, values)

    def knows(self, asked: Examples) -> bool:
        """Whether it has an answer to each of some texts."""
        return all(mark in self._places for mark in _marks(ids_of(asked.inputs())))

    @property
    def bytes_kept(self) -> int:
        """How many bytes its answers take."""
        return sum(held.nbytes for held in (self.values, self.index, self.tail))


def top_answers(
    teacher: nn.Module | Teacher,
    data: Examples | Splits | Any,
    k: int = 8,
    *,
    temperature: float = 1.0,
    tail: Tail = "spread",
    progress: Progress | None = None,
) -> TopAnswers:
    """Ask a teacher about a transfer set once, and keep the k most likely symbols of each place.

    Parameters
    ----------
    teacher : nn.Module or Teacher
        Logits (B, L, V).
    data : Examples, Splits, (X, y), Dataset or DataLoader
        Texts; of splits the training part.
    k : int
        From 1 to V.
    temperature : float
        T > 0 at which the mass of the tail is exact: that of the student's term.
    tail : {"spread", "cut"}
        What the other V − k symbols get: the tail's mass in equal parts, or nothing (−∞), so that the k share it.
    progress : callable, optional
        Called with (done, total) after each batch; return False to stop.

    Returns
    -------
    TopAnswers
        In eval mode: pass it as the teacher of a run on the same data. It knows no other text, so a run measures no
        agreement on validation data.

    Raises
    ------
    ValueError
        If k is out of range, or the data are no text.
    Cancelled
        If ``progress`` returned False.

    Notes
    -----
    With ``spread``, σ_T of what it answers is the teacher's exactly at the k symbols, and Σ over all others is the
    tail's mass exactly; each has the same part of it. The gradient of soft targets is exact at the k symbols. At
    another temperature than ``temperature`` the tail's mass is that of an even tail: too large above it, too small
    below it, as equal parts are the most even ones. With ``cut`` the k symbols have their probabilities divided by
    what they sum to: the student learns a surer teacher, and terms that need finite logits (reverse KL) refuse it.

    Examples
    --------
    >>> from kdviz.data import Examples
    >>> class Even(nn.Module):
    ...     def forward(self, ids):
    ...         return torch.tensor([2.0, 1.0, 0.0, 0.0]).expand(*ids.shape, 4)
    >>> texts = Examples(torch.zeros(1, 3, dtype=torch.int64), torch.zeros(1, 3, dtype=torch.int64))
    >>> kept = top_answers(Even().eval(), texts, k=2)
    >>> kept(texts.inputs())[0, 0]
    tensor([2., 1., 0., 0.])
    """
    check_temperature(temperature)
    if tail not in ("spread", "cut"):
        raise ValueError(f'tail must be "spread" or "cut", got {tail!r}')
    examples = data if isinstance(data, Examples) else splits(data).train
    asked = teacher if isinstance(teacher, Teacher) else Teacher(teacher)
    values, index, rest, symbols = [], [], [], 0
    for start in range(0, len(examples), ROWS_AT_ONCE):
        done = min(start + ROWS_AT_ONCE, len(examples))
        logits = asked(examples.inputs(slice(start, done))).cpu()
        if logits.ndim != 3:
            raise ValueError(f"top answers are kept of texts, logits (B, L, V), got shape {tuple(logits.shape)}")
        symbols = logits.shape[-1]
        if not 1 <= k <= symbols:
            raise ValueError(f"k must lie in 1 ... {symbols}, the symbols of the vocabulary, got {k}")
        largest, at = logits.topk(k, dim=-1)
        values.append(largest)
        index.append(at.to(torch.int32))
        rest.append(_tail(logits, at, temperature, tail))
        if progress is not None and progress(done, len(examples)) is False:
            raise Cancelled(f"stopped after {done:,} of {len(examples):,} texts")
    marks = b"".join(_marks(ids_of(examples.inputs())))
    held = torch.frombuffer(bytearray(marks), dtype=torch.uint8).view(-1, MARK_BYTES)
    return TopAnswers(held, torch.cat(values), torch.cat(index), torch.cat(rest), symbols).eval()


def _tail(logits: Tensor, kept: Tensor, temperature: float, tail: Tail) -> Tensor:
    """Return the logit that, given to each of the other symbols, gives all of them the mass they have at T."""
    others = logits.shape[-1] - kept.shape[-1]
    if tail == "cut" or not others:
        return logits.new_full(logits.shape[:-1], -torch.inf)
    beyond = (logits / temperature).scatter(-1, kept, -torch.inf).logsumexp(-1)
    return temperature * (beyond - math.log(others))


def _marks(ids: Tensor) -> list[bytes]:
    """Return a hash of each text (B, L)."""
    rows = ids.detach().cpu().contiguous().numpy()
    return [hashlib.blake2b(row.tobytes(), digest_size=MARK_BYTES).digest() for row in rows]
