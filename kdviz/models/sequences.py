"""Small networks that read a text symbol by symbol and predict the next one: a decoder, and gated recurrent units."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kdviz.data.vocabulary import Vocabulary
from kdviz.models.architecture import Network, check_dropout, check_sizes, seeded
from kdviz.models.foreign import CannotAnswerError
from kdviz.models.inference import bare
from kdviz.models.transformer import Block

ENDLESS = 2**31 - 1  # the context of a network that reads any length
Cache = tuple[Tensor, ...]  # of each row what was read so far, rows first


class Embedded(nn.Module):
    """Turn ids (B, L) into rows of numbers (B, L, width): one for each symbol, and one for each position added.

    Parameters
    ----------
    symbols, width : int
    positions : int
        How many positions have numbers of their own; 0 for none.
    """

    def __init__(self, symbols: int, width: int, positions: int) -> None:
        super().__init__()
        self.symbol = nn.Embedding(symbols, width)
        nn.init.normal_(self.symbol.weight, std=0.02 if positions else 1.0)
        self.position = nn.Parameter(0.02 * torch.randn(positions, width)) if positions else None

    def forward(self, ids: Tensor, first: int = 0) -> Tensor:
        symbols = self.symbol.num_embeddings
        if ids.ndim != 2 or ids.is_floating_point() or ids.shape[1] < 1:
            raise CannotAnswerError(
                "a model of sequences must be given token ids, whole numbers of shape (rows, length) with at least 1 "
                f"in a row, got {str(ids.dtype).removeprefix('torch.')} of shape {tuple(ids.shape)}"
            )
        last = first + ids.shape[1]
        if self.position is not None and last > len(self.position):
            raise CannotAnswerError(
                f"a row must be at most {len(self.position)} tokens long, the context of this model, got {last}: cut "
                "the rows, or build the model with a longer context"
            )
        if ids.device.type == "cpu" and not 0 <= int(ids.min()) <= int(ids.max()) < symbols:
            raise CannotAnswerError(
                f"token ids must be from 0 to {symbols - 1}, the vocabulary of this model, got {int(ids.min())} to "
                f"{int(ids.max())}: encode the text with the vocabulary that the model was built for"
            )
        x: Tensor = self.symbol(ids)
        return x if self.position is None else x + self.position[first:last]


class CausalBlock(Block):
    """The block of the vision transformer, whose tokens see only those that stand before them."""

    def forward(self, x: Tensor) -> Tensor:
        seen = self.norm1(x)  # (B, L, width)
        later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).triu(1)  # True: not to be seen
        found = self.attention(seen, seen, seen, attn_mask=later, is_causal=True, need_weights=False)[0]
        return self._after(x, found)

    def step(self, x: Tensor, keys: Tensor | None, values: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Read new tokens (B, n, width) after those whose keys and values (B, heads, L, d) are kept; return all."""
        seen = self.norm1(x)
        of = self.attention
        together = F.linear(seen, of.in_proj_weight, of.in_proj_bias)
        q, k, v = (part.unflatten(-1, (of.num_heads, -1)).transpose(1, 2) for part in together.chunk(3, -1))
        if keys is not None and values is not None:
            k, v = torch.cat([keys, k], 2), torch.cat([values, v], 2)
        new, all_ = q.shape[2], k.shape[2]
        allowed = torch.ones(new, all_, dtype=torch.bool, device=x.device).tril(all_ - new)
        found = F.scaled_dot_product_attention(q, k, v, attn_mask=None if new == 1 else allowed)
        return self._after(x, of.out_proj(found.transpose(1, 2).flatten(2))), k, v


class Recurrent(nn.Module):
    """Gated recurrent units that read the tokens in their order; outputs (B, L, width).

    Parameters
    ----------
    width, depth : int
    dropout : float
        Between layers.
    """

    def __init__(self, width: int, depth: int, dropout: float) -> None:
        super().__init__()
        self.gru = nn.GRU(width, width, depth, batch_first=True, dropout=dropout if depth > 1 else 0.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.gru(x)[0]


class SequenceModel(Network):
    """A network from token ids (B, L) to logits (B, L, symbols), at each place for the next symbol.

    Attributes
    ----------
    context : int
        Most tokens that it can read.
    fingerprint : str
        Of the vocabulary that it was built for; empty where only its size was given.
    """

    tokens: Embedded
    logits: nn.Linear

    @property
    def context(self) -> int:
        return int(self.architecture.get("context", ENDLESS))

    @property
    def fingerprint(self) -> str:
        return str(self.architecture.get("fingerprint", ""))

    def steps(self, ids: Tensor, cache: Cache | None = None) -> tuple[Tensor, Cache]:
        """Read tokens after those of the cache.

        Parameters
        ----------
        ids : Tensor of int64, shape (B, n)
            New tokens.
        cache : tuple of Tensors, optional
            As an earlier call returned it; None at the beginning. All have the B rows on the first axis.

        Returns
        -------
        logits : Tensor, shape (B, symbols)
            For the symbol after the last one.
        cache : tuple of Tensors
        """
        raise NotImplementedError


class Decoder(SequenceModel):
    """A transformer that looks back."""

    norm: nn.LayerNorm

    def steps(self, ids: Tensor, cache: Cache | None = None) -> tuple[Tensor, Cache]:
        held = [] if cache is None else list(cache)
        x = self.tokens(ids, held[0].shape[2] if held else 0)
        kept: list[Tensor] = []
        for number in range(self.architecture["blocks"]):
            before = (held[2 * number], held[2 * number + 1]) if held else (None, None)
            x, keys, values = getattr(self, f"block{number + 1}").step(x, *before)
            kept += [keys, values]
        logits: Tensor = self.logits(self.norm(x[:, -1]))
        return logits, tuple(kept)


class GRU(SequenceModel):
    """Gated recurrent units."""

    reader: Recurrent

    def steps(self, ids: Tensor, cache: Cache | None = None) -> tuple[Tensor, Cache]:
        state = None if cache is None else cache[0].transpose(0, 1).contiguous()  # (depth, B, width)
        x, state = self.reader.gru(self.tokens(ids), state)
        last = x[:, -1]
        logits: Tensor = self.logits(getattr(self, "dropout", nn.Identity())(last))
        return logits, (state.transpose(0, 1),)


def decoder(
    vocabulary: Vocabulary | int,
    context: int = 64,
    width: int = 64,
    blocks: int = 2,
    heads: int = 4,
    *,
    dropout: float = 0.0,
    fingerprint: str = "",
    seed: int = 0,
) -> Decoder:
    """Build a transformer that predicts the next symbol from those before it: a decoder, as of GPT.

    Parameters
    ----------
    vocabulary : Vocabulary or int
        What it reads and writes, such as ``data.vocabulary``; or how many symbols that has.
    context : int
        Most tokens in a row.
    width : int
        Numbers in a token.
    blocks : int
        Blocks of attention and two linear layers.
    heads : int
        Heads of each block; they share the width evenly.
    dropout : float
        Probability of dropping a number of what a block adds, while training.
    fingerprint : str
        Of the vocabulary, where only its size is given.
    seed : int
        Fixes the initial weights; torch's global generator is left alone.

    Returns
    -------
    Decoder
        Input ids (B, L), output logits (B, L, symbols), where those at one place depend on the tokens up to it. Layers:
        tokens, block1, block2, ..., norm, logits; the attention of the first block is ``block1.attention``.

    Raises
    ------
    ValueError
        If a size is below 1, the heads do not share the width evenly or `dropout` is outside [0, 1).

    References
    ----------
    Vaswani et al. 2017, "Attention Is All You Need"; Radford et al. 2019, "Language Models are Unsupervised Multitask
    Learners": normalization first, learned positions.

    Examples
    --------
    >>> import torch
    >>> decoder(27, width=16, blocks=1)(torch.zeros(5, 64, dtype=torch.int64)).shape
    torch.Size([5, 64, 27])
    """
    size, fingerprint = vocabulary_of(vocabulary, fingerprint)
    check_sizes(vocabulary=size, context=context, width=width, blocks=blocks, heads=heads)
    check_dropout(dropout)
    if width % heads:
        raise ValueError(f"heads must share the width evenly, and {heads} does not divide {width}")
    architecture = {
        "name": "decoder",
        "vocabulary": size,
        "context": context,
        "width": width,
        "blocks": blocks,
        "heads": heads,
        "dropout": dropout,
        "fingerprint": fingerprint,
    }
    layers: dict[str, nn.Module] = {}
    with seeded(seed):
        layers["tokens"] = Embedded(size, width, context)
        for number in range(1, blocks + 1):
            layers[f"block{number}"] = CausalBlock(width, heads, dropout)
        layers["norm"] = nn.LayerNorm(width)
        layers["logits"] = nn.Linear(width, size)
    return Decoder(architecture, layers, seed=seed)


def gru(
    vocabulary: Vocabulary | int,
    width: int = 64,
    depth: int = 1,
    *,
    dropout: float = 0.0,
    fingerprint: str = "",
    seed: int = 0,
) -> GRU:
    """Build a network of gated recurrent units that predicts the next symbol; it reads rows of any length.

    Parameters
    ----------
    vocabulary : Vocabulary or int
        What it reads and writes, such as ``data.vocabulary``; or how many symbols that has.
    width : int
        Units of each layer.
    depth : int
        Layers.
    dropout : float
        Probability of dropping a unit's output, between the layers and before the logits, while training.
    fingerprint : str
        Of the vocabulary, where only its size is given.
    seed : int
        Fixes the initial weights; torch's global generator is left alone.

    Returns
    -------
    GRU
        Input ids (B, L), output logits (B, L, symbols). Layers: tokens, reader, logits.

    Raises
    ------
    ValueError
        If a size is below 1 or `dropout` is outside [0, 1).

    References
    ----------
    Cho et al. 2014, "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation".

    Examples
    --------
    >>> import torch
    >>> gru(27, width=16)(torch.zeros(5, 64, dtype=torch.int64)).shape
    torch.Size([5, 64, 27])
    """
    size, fingerprint = vocabulary_of(vocabulary, fingerprint)
    check_sizes(vocabulary=size, width=width, depth=depth)
    check_dropout(dropout)
    architecture = {
        "name": "gru",
        "vocabulary": size,
        "width": width,
        "depth": depth,
        "dropout": dropout,
        "fingerprint": fingerprint,
    }
    with seeded(seed):
        layers: dict[str, nn.Module] = {
            "tokens": Embedded(size, width, 0),
            "reader": Recurrent(width, depth, dropout),
        }
        if dropout:
            layers["dropout"] = nn.Dropout(dropout)
        layers["logits"] = nn.Linear(width, size)
    return GRU(architecture, layers, seed=seed)


def vocabulary_of(vocabulary: Vocabulary | int, fingerprint: str) -> tuple[int, str]:
    """Return the number of symbols and the fingerprint."""
    if isinstance(vocabulary, Vocabulary):
        if fingerprint not in ("", vocabulary.fingerprint):
            raise ValueError(f"fingerprint must be that of the vocabulary, {vocabulary.fingerprint}, or left out")
        return len(vocabulary), vocabulary.fingerprint
    if isinstance(vocabulary, bool) or not isinstance(vocabulary, int):
        raise ValueError(
            f"vocabulary must be a kd.data.Vocabulary or a number of symbols, got {type(vocabulary).__name__}"
        )
    return vocabulary, fingerprint


def check_vocabularies(models: Mapping[str, nn.Module | None], vocabulary: Vocabulary | None = None) -> None:
    """Raise if models of text were built for different vocabularies, or for another one than that of the data.

    Parameters
    ----------
    models : mapping of str to nn.Module
        By what they are called in a sentence: "teacher", "student". Those that do not say for which vocabulary they
        were built are taken on trust.
    vocabulary : Vocabulary, optional
        That of the data.

    Raises
    ------
    ValueError
        In one sentence, with what to do.
    """
    known = {who: getattr(bare(model), "fingerprint", None) for who, model in models.items() if model is not None}
    prints = {who: fingerprint for who, fingerprint in known.items() if isinstance(fingerprint, str) and fingerprint}
    if len(set(prints.values())) > 1:
        (one, its), (other, others) = list(prints.items())[:2]
        raise ValueError(
            f"the {one} and the {other} have different vocabularies ({its} and {others}), so that an id is another "
            "symbol to each: build both for one vocabulary, or let the teacher write text and learn from that text "
            "(kd.models.generate, then vocabulary.decode and encode)"
        )
    for who, fingerprint in prints.items():
        if vocabulary is not None and fingerprint != vocabulary.fingerprint:
            raise ValueError(
                f"the {who} was built for another vocabulary ({fingerprint}) than that of the data "
                f"({vocabulary.fingerprint}): encode the data with the vocabulary of the {who}, or build the {who} for "
                "data.vocabulary"
            )
