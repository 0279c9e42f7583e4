"""Encoders and lines to try schemes on."""

from __future__ import annotations

import torch

import kdviz as kd

PIECES = 30


def lines(rows: int = 64, length: int = 8, *, masked: bool) -> kd.data.Splits:
    """Return padded rows of ids with hidden words, or with the class of their second token."""
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(5, PIECES, (rows, length), generator=generator)
    mask = (torch.arange(length) < torch.randint(4, length + 1, (rows, 1), generator=generator)).long()
    y = torch.where((torch.rand(ids.shape, generator=generator) < 0.4) & mask.bool(), ids, -1)
    y[:, 1] = ids[:, 1]
    parts = [
        kd.data.Examples({"input_ids": (ids * mask)[s], "attention_mask": mask[s]}, (y if masked else ids[:, 1] % 3)[s])
        for s in (slice(0, rows // 2), slice(rows // 2, 3 * rows // 4), slice(3 * rows // 4, rows))
    ]
    classes = PIECES if masked else 3
    return kd.data.Splits(
        "masked" if masked else "lines", "Lines", tuple(map(str, range(classes))), *parts, everywhere=masked
    )


def encoder(blocks: int, *, width: int = 16, heads: int = 2, classes: int | None = None, seed: int = 0):
    return kd.models.encoder(PIECES, 8, width, blocks, heads, classes=classes, seed=seed)
