"""Masked language modeling: some tokens are hidden, and which they were is to be found out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from kdviz.data.memory import UNKNOWN, Examples, Splits
from kdviz.data.wordpiece import WordPieces


class Masked(NamedTuple):
    """Tokens some of which are hidden, and what they were."""

    input_ids: Tensor  # (N, L) int64
    labels: Tensor  # (N, L) int64: the token where one is to be found out, -1 elsewhere


def hide(
    ids: Tensor, counts: Tensor, vocabulary: WordPieces, generator: torch.Generator, share: float = 0.15
) -> Masked:
    """Hide tokens as BERT does: of those chosen, 80 % become [MASK], 10 % a random token, 10 % stay as they are.

    Parameters
    ----------
    ids : Tensor of int64, shape (N, L)
    counts : Tensor of bool, shape (N, L)
        Where a token may be chosen: not at padding, [CLS] and [SEP].
    vocabulary : WordPieces
        Random tokens are drawn from all its symbols but the five special ones.
    generator : torch.Generator
    share : float
        The share of tokens that is chosen, of each row, rounded; at least one token of each row that has any.

    Returns
    -------
    Masked

    Notes
    -----
    As in BERT's own code a row has max(1, round(share · n)) tokens to find, drawn without replacement. Hugging Face's
    collator draws each token by itself with probability ``share``, so that a short row may have none.

    References
    ----------
    Devlin, Chang, Lee, Toutanova (2019), BERT, NAACL, arXiv:1810.04805, section 3.1 and appendix A.1.

    Examples
    --------
    >>> from kdviz.data.wordpiece import SPECIAL
    >>> ids = torch.full((1, 20), 6)
    >>> hidden = hide(ids, ids > 4, WordPieces([*SPECIAL, "a", "b"]), torch.Generator().manual_seed(0))
    >>> int((hidden.labels == 6).sum()), int((hidden.labels == -1).sum())
    (3, 17)
    """
    if not 0 < share < 1:
        raise ValueError(f"share must lie in (0, 1), got {share}")
    drawn = torch.rand(ids.shape, generator=generator).masked_fill(~counts, 2.0)
    rank = drawn.argsort(1).argsort(1)  # 0 for the first that is chosen
    wanted = (counts.sum(1, keepdim=True) * share).round().clamp(min=1)
    chosen = (rank < wanted) & counts
    fate = torch.rand(ids.shape, generator=generator)
    special = torch.tensor([vocabulary.pad, vocabulary.unknown, vocabulary.begin, vocabulary.end, vocabulary.mask])
    plain = torch.ones(len(vocabulary), dtype=torch.bool).index_fill(0, special, False).nonzero().flatten()
    others = plain[torch.randint(len(plain), ids.shape, generator=generator)]
    hidden = torch.where(chosen & (fate < 0.8), vocabulary.mask, ids)
    hidden = torch.where(chosen & (fate >= 0.8) & (fate < 0.9), others, hidden)
    return Masked(hidden, torch.where(chosen, ids, UNKNOWN))


@dataclass(frozen=True)
class Masking:
    """Hides other tokens each time it is asked; the same for the same rows and seed.

    Parameters
    ----------
    inputs : dict of str to Tensor
        ``input_ids`` and ``attention_mask``, with nothing hidden.
    vocabulary : WordPieces
    share : float
    """

    inputs: dict[str, Tensor] = field(repr=False)
    vocabulary: WordPieces
    share: float = 0.15

    def __call__(self, index: Tensor, seed: int) -> dict[str, Tensor]:
        return {**self._taken(index), "input_ids": self._hidden(index, seed).input_ids}

    def labels(self, index: Tensor, seed: int) -> Tensor:
        """Return what the tokens were that a call with the same index and seed hides, -1 elsewhere."""
        return self._hidden(index, seed).labels

    def _taken(self, index: Tensor) -> dict[str, Tensor]:
        return {name: tensor[index] for name, tensor in self.inputs.items()}

    def _hidden(self, index: Tensor, seed: int) -> Masked:
        ids = self.inputs["input_ids"][index]
        ends = (ids == self.vocabulary.begin) | (ids == self.vocabulary.end)
        counts = self.inputs["attention_mask"][index].bool() & ~ends
        return hide(ids, counts, self.vocabulary, torch.Generator().manual_seed(seed), self.share)


def masked(
    parts: Splits | Sequence[Examples],
    vocabulary: WordPieces | None = None,
    share: float = 0.15,
    *,
    seed: int = 0,
    name: str = "",
    title: str = "",
) -> Splits:
    """Return data for masked language modeling: the labels are the hidden tokens, (N, L), -1 where none is hidden.

    Parameters
    ----------
    parts : Splits, or three Examples
        To learn from, validation and test, with the inputs ``input_ids`` and ``attention_mask``.
    vocabulary : WordPieces, optional
        Its symbols are the classes. Default: that of the data.
    share : float
        Of the tokens of a row that are to be found out; see ``kdviz.data.masking.hide``.
    seed : int
        Fixes what is hidden where data are measured: in validation and test, and in the stored draw of the training
        part. A run hides other tokens in each epoch, by its own seed.
    name, title : str
        Default: those of the data, with "-masked" and ", masked".

    Returns
    -------
    Splits

    Raises
    ------
    ValueError
        If the inputs are others, or the share is not in (0, 1).
    TypeError
        If the vocabulary has no [MASK].

    Examples
    --------
    >>> import kdviz as kd
    >>> data = kd.data.masked(kd.data.definitions())
    >>> data.classes[data.train.y[data.train.y >= 0][0]] in data.classes, data.train.y.shape
    (True, torch.Size([5600, 24]))
    """
    whole = parts if isinstance(parts, Splits) else None
    three = (parts.train, parts.validation, parts.test) if isinstance(parts, Splits) else tuple(parts)
    if whole is None and not name:
        raise ValueError("three parts have no name of their own: give name=")
    found = vocabulary if vocabulary is not None or whole is None else whole.vocabulary
    if not isinstance(found, WordPieces):
        raise TypeError(
            f"masking needs a vocabulary with [MASK], kd.data.WordPieces, got {type(found).__name__}; pass vocabulary="
        )
    vocabulary = found
    train, validation, test = (_part(one, vocabulary, share, seed + k) for k, one in enumerate(three))
    return Splits(
        name or f"{whole.name}-masked",  # type: ignore[union-attr]
        title or (f"{whole.title}, masked" if whole else name),
        vocabulary.symbols,
        Examples(train.x, train.y, train.groups, redraw=Masking(_inputs(three[0]), vocabulary, share)),
        validation,
        test,
        vocabulary=vocabulary,
        everywhere=True,
    )


def _inputs(examples: Examples) -> dict[str, Tensor]:
    x: Any = examples.x
    if not isinstance(x, dict) or not {"input_ids", "attention_mask"} <= set(x):
        raise ValueError(
            f"masking needs the inputs input_ids and attention_mask, got {examples.describe()}; "
            "kd.data.word_pieces().rows(texts, length) makes them"
        )
    return x


def _part(examples: Examples, vocabulary: WordPieces, share: float, seed: int) -> Examples:
    masking, every = Masking(_inputs(examples), vocabulary, share), torch.arange(len(examples))
    return Examples(masking(every, seed), masking.labels(every, seed), examples.groups)
