"""Text that a model writes in the place of given text: the same prompts, other answers, in the form of a batch.

``inputs`` are token ids (B, L), or a dict with ``input_ids`` (and ``attention_mask``); labels (B, L) are the ids
shifted by one, -1 where there is nothing to predict: at the prompt and at padding, which stands on the right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..data import Examples
from ..data.inputs import Inputs
from ..losses.labels import UNLABELLED
from ..models.generation import generate
from ..models.inference import ROWS_AT_ONCE, token_mask

__all__ = [
    "Text",
    "Writer",
    "answer_places",
    "check_padding",
    "ids_of",
    "prompt_lengths",
    "with_ids",
    "writer",
    "written",
]

Writer = Callable[[Tensor, int], Tensor]  # prompts (n, p) and how many tokens more: ids (n, p + tokens)
NAMED = ("input_ids", "attention_mask")


class Text(NamedTuple):
    """A batch of text."""

    inputs: Any  # (B, L) in the model's format
    y: Tensor  # (B, L) int64, the token after each position; -1 where none is to be predicted


def ids_of(inputs: Inputs) -> Tensor:
    """Return the token ids (B, L) of inputs; raise in one sentence where they are no token ids.

    >>> ids_of(torch.zeros(2, 3))
    Traceback (most recent call last):
        ...
    ValueError: writing text needs token ids, int64 of shape (examples, tokens), got float32 of shape (2, 3)
    """
    given = inputs
    if isinstance(inputs, dict):
        others = sorted(set(inputs) - set(NAMED))
        if "input_ids" not in inputs or others:
            raise ValueError(
                f"writing text needs inputs named input_ids (and attention_mask), got {', '.join(map(str, inputs))}"
            )
        given = inputs["input_ids"]
    if not isinstance(given, Tensor):
        raise ValueError(f"writing text needs token ids, one tensor (examples, tokens), got {len(inputs)} inputs")
    if given.ndim != 2 or given.dtype != torch.int64:
        kind = str(given.dtype).removeprefix("torch.")
        raise ValueError(
            f"writing text needs token ids, int64 of shape (examples, tokens), got {kind} of shape {tuple(given.shape)}"
        )
    return given


def check_padding(data: Examples) -> None:
    """Raise in one sentence unless the padding of texts stands on the right, where a mask says where it is.

    >>> ids = torch.ones(1, 3, dtype=torch.int64)
    >>> check_padding(Examples({"input_ids": ids, "attention_mask": torch.tensor([[0, 1, 1]])}, ids))
    Traceback (most recent call last):
        ...
    ValueError: writing text needs padding on the right, got an attention_mask that begins with it in 1 of 1 texts; \
pad the texts on the right
    """
    wrong = 0
    for start in range(0, len(data), ROWS_AT_ONCE):
        inputs = data.inputs(slice(start, start + ROWS_AT_ONCE))
        mask = token_mask(inputs, ids_of(inputs).shape[1])
        if mask is None:
            return
        wrong += int((mask[:, 1:] & ~mask[:, :-1]).any(1).sum())
    if wrong:
        raise ValueError(
            f"writing text needs padding on the right, got an attention_mask that begins with it in {wrong:,} of "
            f"{len(data):,} texts; pad the texts on the right"
        )


def with_ids(inputs: Inputs, ids: Tensor) -> Any:
    """Return inputs of the same format with other ids (B, L); a mask then lets all tokens be read."""
    if isinstance(inputs, Tensor):
        return ids
    assert isinstance(inputs, dict), "ids_of lets nothing else pass"
    return {name: ids if name == "input_ids" else torch.ones_like(ids).to(inputs[name].dtype) for name in inputs}


def prompt_lengths(y: Tensor, least: int = 1) -> Tensor:
    """Return how many tokens of each row (B, L) are given, int64 (B,): up to the first with something to predict.

    Parameters
    ----------
    y : Tensor of int64, shape (B, L)
    least : int
        At least so many, and for rows without a label exactly so many.

    Examples
    --------
    >>> prompt_lengths(torch.tensor([[-1, -1, 7, 8], [5, 6, 7, -1], [-1, -1, -1, -1]]), least=2)
    tensor([3, 2, 2])
    """
    known = y != UNLABELLED
    first = known.to(torch.int64).argmax(1)  # 0 where there is none
    return (first + 1).clamp(min=least, max=y.shape[1])


def answer_places(y: Tensor, lengths: Tensor) -> Tensor:
    """Return which positions (B, L) predict a token beyond the prompts, as far as the given text goes."""
    place = torch.arange(y.shape[1], device=y.device)
    known = y != UNLABELLED
    last = torch.where(known, place, -1).amax(1)
    last = torch.where(last < 0, y.shape[1] - 1, last)  # without a label: all the length
    return (place >= lengths[:, None] - 1) & (place <= last[:, None])


def written(write: Writer, inputs: Inputs, y: Tensor, *, prompt: int = 1, end: int | None = None) -> Text:
    """Return text of the same prompts, as long as the given one, whose answers are written anew.

    Parameters
    ----------
    write : callable
        Called once for each length of a prompt: see :func:`writer`.
    inputs : Tensor or dict
        B examples of L tokens.
    y : Tensor of int64, shape (B, L)
    prompt : int
        The least length of a prompt: what is given where labels begin at once, as in running text.
    end : int, optional
        The token that ends an answer, which counts itself; nothing after it does. Without one, an answer is as long
        as the given one.

    Returns
    -------
    Text
        Its labels are -1 at the prompt and after the answer, and everywhere in a row whose text ends before the
        prompt does.
    """
    ids = ids_of(inputs)
    length = ids.shape[1]
    lengths = prompt_lengths(y, prompt)
    whole = ids.new_zeros(len(ids), length + 1)
    for given in lengths.unique().tolist():
        rows = torch.nonzero(lengths == given).flatten()
        whole[rows] = write(ids[rows, :given], length + 1 - given)
    after = whole[:, 1:]
    counts = answer_places(y, lengths)
    if end is not None:
        place = torch.arange(length, device=ids.device)
        begun = place >= lengths[:, None] - 1
        ended = ((after == end) & begun).to(torch.int64).cumsum(1)
        counts = counts.any(1, keepdim=True) & begun & ((ended == 0) | ((ended == 1) & (after == end)))
    return Text(with_ids(inputs, whole[:, :-1].contiguous()), after.masked_fill(~counts, UNLABELLED))


def writer(
    model: nn.Module,
    seed: int,
    *,
    temperature: float = 1.0,
    greedy: bool = False,
    beams: int = 1,
    end: int | None = None,
    stop: Callable[[], bool] | None = None,
) -> Writer:
    """Return what writes on with a model's current weights, in eval mode and without gradient.

    Draws at a temperature; with ``greedy`` the first choices, or with ``beams`` above 1 the best text of that search.
    ``stop`` is called before each token and may raise.
    """

    def write(ids: Tensor, tokens: int) -> Tensor:
        draw = seed + ids.shape[1]  # other lengths, other draws
        plain = greedy and beams == 1
        how: dict[str, Any] = {
            "temperature": temperature,
            "greedy": plain,
            "beams": beams,
            "seed": draw,
            "end": end,
            "stop": stop,
        }
        whole = generate(model, ids, tokens, **how)
        missing = ids.shape[1] + tokens - whole.shape[1]  # all ended before
        return F.pad(whole.to(ids.device), (0, missing), value=0 if end is None else end)

    return write
