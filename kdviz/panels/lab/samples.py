"""A few training examples as the student will see them: what is told of each, and what it really is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...data import Splits
from ...data.faults import HALF, NONE
from ..views.probes import gray
from .choices import Choices

SHOWN = 5  # with a label; as many again without
ABOUT = 2  # of them that the fault is about
WORDS = 4  # of a row of a table
NO_SAMPLES: dict[str, Any] = {"samples": [], "sample_images": b"", "sample_shape": [0, 0], "sample_seen": 1.0}


def plain(choices: Choices) -> bool:
    """Whether the student learns from labelled examples as they are, so that there is nothing to be shown of them."""
    return choices.fault == NONE and choices.extra == NONE and not choices.keep_unlabelled


def samples(choices: Choices, data: Splits) -> dict[str, Any]:
    """Return traits of the Setup widget: a few examples of ``data``, which were made by these choices.

    >>> samples(Choices(labels=100), Choices(labels=100).splits())["samples"]
    []
    """
    if plain(choices):
        return NO_SAMPLES
    really = data.train.y
    if choices.fault == "noisy_labels":  # the same rows, before
        drawn = replace(choices, fault=NONE, extra=NONE).splits().train.y
        really = torch.cat((drawn, torch.full((len(really) - len(drawn),), -1)))
    chosen = _chosen(choices, data, really)
    rows = [_row(choices, data, int(really[i]), i) for i in chosen]
    x = data.train.take(torch.tensor(chosen)).x
    if not isinstance(x, Tensor) or x.ndim != 4 or x.dtype != torch.uint8:
        return {**NO_SAMPLES, "samples": rows}
    images = gray(x).numpy()
    seen = images.shape[-1] // 2 / images.shape[-1] if choices.fault == HALF else 1.0
    return {
        "samples": rows,
        "sample_images": images.tobytes(),
        "sample_shape": list(images.shape[1:]),
        "sample_seen": seen,
    }


def _chosen(choices: Choices, data: Splits, really: Tensor) -> list[int]:
    """Return which examples are shown: some that the fault is about, others with a label, then some without."""
    known = data.train.known.numpy()
    mixed = np.random.RandomState(0).permutation(len(known))
    labelled, rest = mixed[known[mixed]], mixed[~known[mixed]]
    about = (data.train.y != really).numpy()
    if choices.fault == "rare_class":
        about = (data.train.y == len(data.classes) - 1).numpy()
    labelled = np.concatenate((labelled[about[labelled]][:ABOUT], labelled[~about[labelled]]))
    if choices.extra != NONE:  # they come last
        rest = rest[rest >= len(known) - _added(choices)]
    return [int(i) for part in (labelled, rest) for i in part[:SHOWN]]


def _added(choices: Choices) -> int:
    return choices.examples - replace(choices, extra=NONE).examples


def _row(choices: Choices, data: Splits, really: int, i: int) -> dict[str, str]:
    y = int(data.train.y[i])
    if y < 0:
        made_up = choices.extra != NONE and i >= len(data.train) - _added(choices)
        row = {"kind": "extra" if made_up else "unlabelled", "given": "", "really": choices.extra if made_up else ""}
    else:
        row = {"kind": "labelled", "given": data.classes[y], "really": data.classes[really] if really != y else ""}
    return {**row, "text": _text(data, i)}


def _text(data: Splits, i: int) -> str:
    """Return what a row of a table says of the person, as far as it is in words."""
    if not data.features:
        return ""
    x = data.train.take(torch.tensor([i])).x[0].tolist()
    words = [name.partition("=")[2] for name, value in zip(data.features, x, strict=True) if "=" in name and value == 1]
    return ", ".join([word for word in words if word != "?"][:WORDS])
