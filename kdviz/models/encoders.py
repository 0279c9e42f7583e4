"""Small encoder of text, as BERT: it reads a whole line at once, and finds hidden words or names a class."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kdviz.data.vocabulary import Vocabulary
from kdviz.models.architecture import Architecture, check_dropout, check_sizes, seeded
from kdviz.models.sequences import vocabulary_of
from kdviz.models.transformer import ClassToken

EPSILON = 1e-12  # of BERT's normalizations
SPREAD, WIDE = 0.02, 768  # the standard deviation of BERT's initial weights, and its width


class Embedding(nn.Module):
    """Word and position of each token, added and normalized.

    Parameters
    ----------
    symbols, context, width : int
        Size of the vocabulary, most tokens of a row, numbers in a token.
    dropout : float
    """

    def __init__(self, symbols: int, context: int, width: int, dropout: float) -> None:
        super().__init__()
        self.word = nn.Embedding(symbols, width)
        self.position = nn.Embedding(context, width)
        self.norm = nn.LayerNorm(width, EPSILON)
        self.dropout = nn.Dropout(dropout)

    def forward(self, input_ids: Tensor) -> Tensor:
        length, most = input_ids.shape[1], self.position.num_embeddings
        if length > most:
            raise ValueError(f"a row can have at most {most} tokens, the encoder's context, got {length}")
        return self.dropout(self.norm(self.word(input_ids) + self.position.weight[:length]))  # (B, L, width)


class PostNormBlock(nn.Module):
    """Self-attention, then two linear layers; what each gives is added to its input, and the sum normalized.

    Parameters
    ----------
    width, heads, inner : int
        Numbers in a token, heads that share them, and units between the two linear layers.
    dropout : float
        On attention, and on what is added.
    """

    def __init__(self, width: int, heads: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(width, heads, dropout=dropout, batch_first=True)
        self.norm1 = nn.LayerNorm(width, EPSILON)
        self.expand = nn.Linear(width, inner)
        self.gelu = nn.GELU()
        self.contract = nn.Linear(inner, width)
        self.norm2 = nn.LayerNorm(width, EPSILON)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, padding: Tensor | None = None) -> Tensor:
        seen = self.attention(x, x, x, key_padding_mask=padding, need_weights=False)[0]
        x = self.norm1(x + self.dropout(seen))
        return self.norm2(x + self.dropout(self.contract(self.gelu(self.expand(x)))))


class MaskedHead(nn.Module):
    """Logits over the vocabulary for each token; the last weights are the words' own embeddings (tied).

    Parameters
    ----------
    symbols, width : int
    """

    def __init__(self, symbols: int, width: int) -> None:
        super().__init__()
        self.transform = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width, EPSILON)
        self.bias = nn.Parameter(torch.zeros(symbols))

    def forward(self, x: Tensor, words: Tensor) -> Tensor:
        return F.linear(self.norm(F.gelu(self.transform(x))), words, self.bias)  # (B, L, symbols)


class Encoder(nn.Module):
    """What :func:`encoder` builds.

    Attributes
    ----------
    architecture : dict
        For :func:`kdviz.models.build`.
    seed : int
        Of its initial weights.
    context : int
        Most tokens of a row.
    fingerprint : str
        Of its vocabulary; empty where only the size was given.
    """

    architecture: Architecture
    seed: int
    context: int

    def __init__(self, architecture: Architecture, *, seed: int) -> None:
        super().__init__()
        a, self.architecture, self.seed = architecture, architecture, seed
        self.context = a["context"]
        width, dropout = a["width"], a["dropout"]
        with seeded(seed):
            self.embed = Embedding(a["vocabulary"], a["context"], width, dropout)
            for number in range(1, a["blocks"] + 1):
                self.add_module(f"block{number}", PostNormBlock(width, a["heads"], a["inner"], dropout))
            if a["classes"] is None:
                self.masked = MaskedHead(a["vocabulary"], width)
            else:
                self.class_token, self.pool, self.tanh = ClassToken(), nn.Linear(width, width), nn.Tanh()
                self.dropout, self.logits = nn.Dropout(dropout), nn.Linear(width, a["classes"])
            self._initialize(SPREAD * (WIDE / width) ** 0.5)

    @property
    def fingerprint(self) -> str:
        return str(self.architecture["fingerprint"])

    def _initialize(self, spread: float) -> None:
        for name, parameter in self.named_parameters():
            if parameter.ndim > 1:
                nn.init.normal_(parameter, std=spread)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        padding = None if attention_mask is None else attention_mask == 0  # (B, L)
        if padding is not None:  # a row of nothing but padding reads it: attention to no token at all is no number
            padding = padding & ~padding.all(1, keepdim=True)
        x = self.embed(input_ids)
        for number in range(1, self.architecture["blocks"] + 1):
            x = self.get_submodule(f"block{number}")(x, padding)
        if self.architecture["classes"] is None:
            return self.masked(x, self.embed.word.weight)
        return self.logits(self.dropout(self.tanh(self.pool(self.class_token(x)))))


def encoder(
    vocabulary: Vocabulary | int,
    context: int = 24,
    width: int = 64,
    blocks: int = 2,
    heads: int = 4,
    *,
    classes: int | None = None,
    inner: int | None = None,
    dropout: float = 0.0,
    fingerprint: str = "",
    seed: int = 0,
) -> Encoder:
    """Build an encoder of text, as BERT: words and learned positions, blocks of self-attention, and one of two heads.

    Parameters
    ----------
    vocabulary : Vocabulary or int
        What it reads, such as ``data.vocabulary``; or how many symbols that has.
    context : int
        Most tokens of a row.
    width : int
        Numbers in a token.
    blocks : int
    heads : int
        Heads of each block; they share the width evenly.
    classes : int, optional
        Name one of so many classes, from the first token, [CLS], by BERT's pooler and a linear layer. Default: masked
        language modeling, logits over the vocabulary for each token, whose last weights are those of the embedding.
    inner : int, optional
        Units between the two linear layers of a block, four times the width by default.
    dropout : float
        Probability of dropping a number while training.
    fingerprint : str
        Of the vocabulary, where only its size is given.
    seed : int
        Fixes the initial weights; torch's global generator is left alone.

    Returns
    -------
    Encoder
        Maps ``input_ids`` (B, L), int64, and ``attention_mask`` (B, L), 0 at padding, to logits (B, L, symbols), or (B,
        classes). The blocks are called block1, block2, ...; the attention of the first is `block1.attention`, the
        embedding `embed`.

    Raises
    ------
    ValueError
        If a size is below 1, the heads do not share the width evenly, `dropout` is outside [0, 1), or the fingerprint
        is not that of the vocabulary.

    Notes
    -----
    Normalization comes after each sum, as in BERT ("post-LN"). BERT adds a third embedding that says to which of two
    sentences a token belongs; here a row is one, and that vector would be part of every position. Initial weights have
    BERT's standard deviation, 0.02 at width 768, times √(768 / width).

    A classifier begins with what a masked language model has learned by ``kd.models.inherit(classifier, learned)``.

    References
    ----------
    Devlin, Chang, Lee, Toutanova (2019), BERT, NAACL, arXiv:1810.04805.

    Examples
    --------
    >>> ids = torch.tensor([[2, 7, 8, 3, 0]])
    >>> encoder(20, 5, 16, 1, 2)(ids, ids > 0).shape, encoder(20, 5, 16, 1, 2, classes=3)(ids).shape
    (torch.Size([1, 5, 20]), torch.Size([1, 3]))
    """
    size, fingerprint = vocabulary_of(vocabulary, fingerprint)
    inner = 4 * width if inner is None else inner
    check_sizes(vocabulary=size, context=context, width=width, blocks=blocks, heads=heads, inner=inner)
    if classes is not None:
        check_sizes(classes=classes)
    check_dropout(dropout)
    if width % heads:
        raise ValueError(f"heads must share the width evenly, and {heads} does not divide {width}")
    architecture: dict[str, Any] = {
        "name": "encoder",
        "vocabulary": size,
        "context": context,
        "width": width,
        "blocks": blocks,
        "heads": heads,
        "classes": classes,
        "inner": inner,
        "dropout": dropout,
        "fingerprint": fingerprint,
    }
    return Encoder(architecture, seed=seed)
