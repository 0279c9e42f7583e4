"""Little texts with teachers that have learned some of them, and students of some hundred weights."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import torch

import kdviz as kd
from kdviz.data import Examples, Splits
from kdviz.data.wordpiece import SPECIAL, WordPieces
from kdviz.distill import Teacher
from kdviz.panels.schemes.text_setting import OFFERS, TextSetting

from ..writing.conftest import small_text

PIECES = WordPieces([*SPECIAL, *"abcdefghij"])
LENGTH = 9


def _lines(n: int) -> Examples:
    """Lines of three kinds: of each the words follow one another in another order, and some are shorter."""
    ids, y = torch.zeros(n, LENGTH, dtype=torch.int64), torch.arange(n) % 3
    for i in range(n):
        words = [(i + (1 + int(y[i])) * k) % 10 + len(SPECIAL) for k in range(5 + i % 3)]
        line = [PIECES.begin, *words, PIECES.end]
        ids[i, : len(line)] = torch.tensor(line)
    return Examples({"input_ids": ids, "attention_mask": (ids != PIECES.pad).to(torch.int64)}, y)


def _encoder(blocks: int, width: int, seed: int, classes: int | None = None) -> torch.nn.Module:
    return kd.models.encoder(PIECES, LENGTH, width=width, blocks=blocks, heads=2, classes=classes, seed=seed)


@cache
def _encoded(masked: bool) -> tuple[Splits, Teacher]:
    parts = [_lines(n) for n in (60, 24, 24)]
    data = Splits("lines", "Little lines", ("one", "two", "three"), *parts, vocabulary=PIECES)
    if masked:
        data = kd.data.masked(data, share=0.4)  # several words of a line
    teacher = _encoder(4, 8, 7, None if masked else 3)
    run = kd.Distillation(None, teacher, data, kd.HardLabels(), epochs=30, batch_size=12, learning_rate=1e-2)
    return data, Teacher(run.train(progress=False, evaluate=False).student.eval())


@cache
def small_of(holds: str) -> TextSetting:
    """Return a small setting, by what its examples are."""
    given: dict = {"hidden": (), "epochs": 4, "batch_size": 12, "holds": holds, "count": OFFERS[holds].count}
    if holds in ("tasks", "text"):
        data, teacher = small_text(holds == "text")
        return TextSetting(data, teacher, **given, make=lambda seed: kd.models.gru(data.vocabulary, width=4, seed=seed))
    data, teacher = _encoded(holds == "masked")
    if holds == "masked":
        data = replace(data, everywhere=True)
        return TextSetting(data, teacher, **given, make=lambda seed: _encoder(2, 8, seed))
    text, general = _encoded(True)
    return TextSetting(data, teacher, **given, general=(general, text), make=lambda seed: _encoder(2, 4, seed, 3))
