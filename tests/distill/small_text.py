"""Small causal models of text, and text, which tests of sequences share."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

import kdviz as kd
from kdviz.data import Examples, Splits

SYMBOLS = 7
END = 6


class Causal(nn.Module):
    """Logits (B, L, V) of each next token, from the mean of what was read so far."""

    def __init__(self, width: int = 12, seed: int = 0, symbols: int = SYMBOLS, dropout: float = 0.0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.embedding = nn.Embedding(symbols, width)
        self.mix, self.drop = nn.Linear(2 * width, width), nn.Dropout(dropout)
        self.head = nn.Linear(width, symbols)
        self.context = 64

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embedding(ids)
        mean = x.cumsum(1) / torch.arange(1, ids.shape[1] + 1)[:, None]
        return self.head(self.drop(torch.tanh(self.mix(torch.cat((x, mean), 2)))))


def chain(n: int, length: int, seed: int = 0) -> Tensor:
    """Text in which each token mostly follows from the one before: ids (n, length)."""
    g = torch.Generator().manual_seed(seed)
    ids = torch.randint(0, 5, (n, length), generator=g)
    for i in range(1, length):
        follows = (2 * ids[:, i - 1] + 1) % 5
        ids[:, i] = torch.where(torch.rand(n, generator=g) < 0.8, follows, ids[:, i])
    return ids


def text(n: int = 60, length: int = 8, *, answers: bool = True, seed: int = 0) -> Splits:
    """Running text (labels everywhere), or answers of different length to prompts of two and three tokens."""
    whole = chain(n, length + 1, seed)
    y = whole[:, 1:].clone()
    if answers:
        place = torch.arange(length)
        begins, ends = 1 + torch.arange(n) % 2, length - 1 - torch.arange(n) % 3
        inside = (place >= begins[:, None]) & (place <= ends[:, None])
        y[torch.arange(n), ends] = END
        whole[:, 1:] = torch.where(place <= ends[:, None], y, 0)
        y = y.masked_fill(~inside, -1)
    parts = [Examples(whole[i::3, :-1].contiguous(), y[i::3].contiguous()) for i in range(3)]
    return Splits("text", "Text", tuple(map(str, range(SYMBOLS))), *parts)


def taught(width: int = 24, data: Splits | None = None, epochs: int = 60) -> nn.Module:
    """A teacher that has learned the text."""
    data = text(240) if data is None else data
    run = kd.Distillation(None, Causal(width, seed=5), data, kd.HardLabels(), epochs=epochs, learning_rate=1e-2)
    teacher = run.train(progress=False, evaluate=False).student.eval()
    teacher.zero_grad(set_to_none=True)
    return teacher


def by_name(data: Splits) -> Splits:
    """The same text as a dict of ids and a mask."""

    def named(part: Examples) -> Examples:
        mask = torch.ones_like(part.x)
        return Examples({"input_ids": part.x, "attention_mask": mask}, part.y)

    return replace(data, train=named(data.train), validation=named(data.validation), test=named(data.test))
