"""Models that people bring, and runs of them, which tests of the engine share."""

from __future__ import annotations

import torch
from torch import nn

import kdviz as kd


def trained(run: kd.Distillation) -> kd.Distillation:
    return run.train(progress=False)


class Reads(nn.Module):
    """Reads tokens by name; one answer an example, or one a token."""

    def __init__(self, width=8, classes=3, each=False):
        super().__init__()
        self.embedding, self.head, self.each = nn.Embedding(20, width), nn.Linear(width, classes), each

    def forward(self, input_ids, attention_mask):
        assert input_ids.dtype == torch.int64
        seen = self.embedding(input_ids)
        if self.each:
            return {"logits": self.head(seen)}
        weights = attention_mask[..., None].to(seen.dtype)
        return {"logits": self.head((seen * weights).sum(1) / weights.sum(1))}


def texts(n=240, each=False):
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(1, 20, (n, 6), generator=generator)
    mask = torch.ones_like(ids)
    mask[::2, 4:] = 0
    y = ids % 3 if each else ids[:, 0] % 3
    if each:
        y = torch.where(mask.bool(), y, -100)
    return {"input_ids": ids, "attention_mask": mask}, y
