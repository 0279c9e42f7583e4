"""Let a model of sequences write: drawn, its first choices, or the most probable text that a beam finds."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from kdviz.models.inference import answer, device_of
from kdviz.models.looking import evaluating
from kdviz.models.sequences import ENDLESS


class NotFiniteError(ValueError):
    """A model has no numbers to draw from."""


def generate(
    model: nn.Module,
    ids: Tensor,
    tokens: int,
    *,
    temperature: float = 1.0,
    greedy: bool = False,
    beams: int = 1,
    seed: int = 0,
    end: int | None = None,
    cache: bool = True,
    stop: Callable[[], bool] | None = None,
) -> Tensor:
    """Let a model continue texts.

    Parameters
    ----------
    model : nn.Module
        From ids (B, L) to logits (B, L, symbols), such as :func:`kdviz.models.decoder`, or another one by `kd.wrap`.
        Of a model with `.context` at most so many tokens are read. It is read in eval mode and left as it was.
    ids : Tensor of int64, shape (B, L)
        The beginnings, all of one length, at least 1: a text can begin with ``vocabulary.begin``.
    tokens : int
        How many to write at most.
    temperature : float
        Each token is drawn from softmax(logits / temperature).
    greedy : bool
        Take the first choice at each place instead; of equal ones, the one that comes first in the vocabulary.
    beams : int
        Above 1, search for the most probable text with so many candidates at each place; the temperature does not
        matter, nothing is drawn.
    seed : int
        Fixes what is drawn for all of `ids` together; torch's global generator is left alone. Among other texts, a text
        has other draws of the same probabilities.
    end : int, optional
        Ends a text, such as ``vocabulary.end``. What follows it in its row is filled with `end`.
    cache : bool
        Keep what was read instead of reading it again at each token, where the model has `.steps`. The tokens are the
        same up to rounding.
    stop : callable, optional
        Asked before each token; true ends the writing, and the rest of the rows is left out.

    Returns
    -------
    Tensor of int64, shape (B, L + tokens)
        The beginnings and what was written; fewer columns where each row ended before.

    Raises
    ------
    ValueError
        If a number is out of range, `greedy` and `beams` exclude each other, the beginning is empty, or what the model
        answers is not a number.

    Notes
    -----
    Once a text is as long as the model's context, the older half is dropped and the newer half read again, so that
    from then on a token is predicted from half to all of the context.

    Examples
    --------
    >>> from kdviz.models import gru
    >>> model = gru(27, width=8)
    >>> generate(model, torch.zeros(2, 3, dtype=torch.int64), 5, greedy=True).shape
    torch.Size([2, 8])
    """
    _check(ids, tokens, temperature, beams)
    if greedy and beams > 1:
        raise ValueError(f"greedy=True takes one candidate at each place, got beams={beams}; pass one of both")
    ids = ids.to(device_of(model), torch.int64)
    reader = _Reader(model, cache)
    with evaluating(model), torch.no_grad():  # inference mode would spoil what a model keeps for its next training step
        if beams > 1:
            found = _searched(reader, ids, tokens, beams, end, stop)
        else:
            found = _continued(reader, ids, tokens, None if greedy else temperature, seed, end, stop)
    return found.clone()


class _Reader:
    """Gives the logits of the next token, and keeps of each row what was read."""

    def __init__(self, model: nn.Module, cache: bool) -> None:
        self.model, self.context = model, int(getattr(model, "context", ENDLESS))
        steps = getattr(model, "steps", None)
        self.steps = steps if cache and callable(steps) else None
        self.first, self.read = 0, 0  # of the text what is looked at, and how much of it is in the cache
        self.held: tuple[Tensor, ...] | None = None

    def next(self, text: Tensor) -> Tensor:
        """Return the logits of the token after a text (B, n), in double precision, 0 the largest: (B, symbols)."""
        length = text.shape[1]
        while length - self.first > self.context:
            self.first = max(length - self.context, self.first + max(1, self.context // 2))
            self.held, self.read = None, self.first
        if self.steps is None:
            z = answer(self.model, text[:, self.first :], who="model")[:, -1]
        else:
            z, self.held = self.steps(text[:, max(self.read, self.first) :], self.held)
            self.read = length
        z = z.double()
        largest = z.amax(-1, keepdim=True)  # nan where anything is, -inf where no symbol is left
        if not bool(largest.isfinite().all()):
            raise NotFiniteError(
                "what the model says of the next token is not a number, so that none can be chosen: check its weights, "
                "or train it at a lower learning rate"
            )
        return z - largest

    def keep(self, rows: Tensor) -> None:
        """Go on with these rows, in this order."""
        if self.held is not None:
            self.held = tuple(part.index_select(0, rows) for part in self.held)


def _continued(
    reader: _Reader,
    ids: Tensor,
    tokens: int,
    temperature: float | None,
    seed: int,
    end: int | None,
    stop: Callable[[], bool] | None,
) -> Tensor:
    generator = torch.Generator(device=ids.device).manual_seed(seed)
    ended = torch.zeros(len(ids), dtype=torch.bool, device=ids.device)
    for _ in range(tokens):
        if stop is not None and stop():
            break
        z = reader.next(ids)
        _check_end(end, z.shape[-1])
        if temperature is None:
            new = z.argmax(-1)
        else:
            new = torch.multinomial((z / temperature).softmax(-1), 1, generator=generator)[:, 0]
        if end is not None:
            new = new.masked_fill(ended, end)
            ended |= new == end
        ids = torch.cat([ids, new[:, None]], 1)
        if bool(ended.all()):
            break
    return ids


def _searched(
    reader: _Reader, ids: Tensor, tokens: int, beams: int, end: int | None, stop: Callable[[], bool] | None
) -> Tensor:
    """Keep of each text the `beams` most probable beginnings; a text that ended stays as it is."""
    texts, count = len(ids), 1
    score = torch.zeros(texts, 1, dtype=torch.float64, device=ids.device)  # log-probability of what was written
    ended = torch.zeros(texts, 1, dtype=torch.bool, device=ids.device)
    for _ in range(tokens):
        if stop is not None and stop():
            break
        each = reader.next(ids).log_softmax(-1).unflatten(0, (texts, count))  # (B, count, symbols)
        symbols = each.shape[-1]
        _check_end(end, symbols)
        if end is not None:
            only = torch.full((symbols,), -math.inf, dtype=each.dtype, device=ids.device)
            only[end] = 0.0
            each = torch.where(ended[..., None], only, each)
        total = (score[..., None] + each).flatten(1)
        score, at = total.topk(min(beams, total.shape[1]), dim=1)
        parent, new = at // symbols, at % symbols  # (B, beams)
        rows = (parent + count * torch.arange(texts, device=ids.device)[:, None]).flatten()
        reader.keep(rows)
        count = score.shape[1]
        ids = torch.cat([ids.index_select(0, rows), new.flatten()[:, None]], 1)
        ended = ended.gather(1, parent)
        if end is not None:
            ended = ended | (new == end)
            if bool(ended.all()):
                break
    return ids.unflatten(0, (texts, count))[:, 0]  # topk sorts: the best one is first


def _check_end(end: int | None, symbols: int) -> None:
    if end is not None and not 0 <= end < symbols:
        raise ValueError(f"end must be one of the model's {symbols} symbols, 0 to {symbols - 1}, or None, got {end}")


def _check(ids: Tensor, tokens: int, temperature: float, beams: int) -> None:
    if not isinstance(ids, Tensor) or ids.is_floating_point() or ids.ndim != 2 or 0 in ids.shape:
        got = f"{ids.dtype} of shape {tuple(ids.shape)}" if isinstance(ids, Tensor) else type(ids).__name__
        raise ValueError(
            "ids must be token ids, whole numbers of shape (texts, length) with at least 1 token each, such as "
            f"vocabulary.begin, got {got.removeprefix('torch.')}"
        )
    for what, value in (("tokens", tokens), ("beams", beams)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"{what} must be a whole number of at least 1, got {value!r}")
    if not 0 < temperature < math.inf:
        raise ValueError(
            f"temperature must be a finite number > 0, got {temperature}; "
            "for the first choice each time pass greedy=True"
        )
